"""A person and a customer leave: deactivated first, removed much later. README.md explains each step."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config()
#: What deleting a person, or a grant, from the program does.
when_deleted = pulumi.Output.from_input(config.get("deletion_policy") or "deactivate")

# --- A person leaves ------------------------------------------------------------------------------------------------

#: The roles of each person, by project. The resources have these names, in lower case.
ACCESS = {
    "ann": {"Portal": ["admin"]},
    "bob": {"Portal": ["editor", "viewer"], "Billing": ["viewer"]},
}
domain = config.get("domain") or "vendor.example"
leavers = (config.get("leavers") or "").replace(",", " ").split()

if unknown := set(leavers).difference(ACCESS):
    raise pulumi.RunError(f"leavers: nobody here is called {', '.join(sorted(unknown))}")

vendor = zorg.get_organization(name=config.get("vendor") or "Vendor")
for name, roles_by_project in ACCESS.items():
    # The program decides only whether the person is active. The name and the address stay the person's own.
    person = zorg.HumanUser(
        name,
        org_id=vendor.id,
        user_name=f"{name}@{domain}",
        active=name not in leavers,
        adopt=True,
        deletion_policy=when_deleted,
    )
    for project, roles in roles_by_project.items():
        # The grants of somebody who left stay as they are: they are on record, and give a deactivated user nothing.
        zorg.UserGrant(
            f"{project.lower()}-{name}",
            org_id=vendor.id,
            user_id=person.id,
            project_id=zorg.get_project(name=project, org_id=vendor.id).id,
            role_keys=roles,
            adopt=True,
            deletion_policy=when_deleted,
        )

# --- A customer leaves ----------------------------------------------------------------------------------------------

STAGES = ("active", "inactive", "condemned", "removed")
stage = config.get("customer") or "active"
if stage not in STAGES:
    raise pulumi.RunError(f"customer must be one of {', '.join(STAGES)}, not {stage!r}")

if stage != "removed":
    customer = zorg.Organization(
        "initech",
        name=config.get("customer_name") or "Initech",
        active=stage == "active",
        # Without this, deactivating the organization would cut off nobody of it.
        cascade="users",
        # Two locks until the stage is "condemned": the engine refuses to delete the resource. If somebody removes that
        # protection, deleting the resource deactivates the organization instead of removing it with all its users.
        deletion_policy="remove" if stage == "condemned" else "deactivate",
        opts=pulumi.ResourceOptions(protect=stage != "condemned"),
    )
    # The customer's first person, who invites the others in ZITADEL. They go along with the organization too.
    zorg.HumanUser(
        "cleo",
        org_id=customer.id,
        user_name="cleo@initech.example",
        given_name="Cleo",
        family_name="Roth",
        email="cleo@initech.example",
        email_verified=True,  # so ZITADEL sends no mail to this address, which does not exist
        adopt=True,
    )
    pulumi.export("customer_id", customer.id)
    pulumi.export("customer_state", customer.state)
