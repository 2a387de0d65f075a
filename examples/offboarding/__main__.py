"""A person and a customer leave: deactivated first, removed much later. README.md explains each step."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config()

# --- A person leaves ------------------------------------------------------------------------------------------------

#: The roles of each person, by project. The resources have these names, in lower case.
ACCESS = {
    "Portal": {"ann": ["admin"], "bob": ["editor", "viewer"]},
    "Billing": {"bob": ["viewer"]},
}
domain = config.get("domain") or "vendor.example"
leavers = (config.get("leavers") or "").replace(",", " ").split()

if unknown := set(leavers).difference(*ACCESS.values()):
    raise pulumi.RunError(f"leavers: nobody here is called {', '.join(sorted(unknown))}")

vendor = zorg.get_organization(name=config.get("vendor") or "Vendor")
for name, members in ACCESS.items():
    project = zorg.get_project(name=name, org_id=vendor.id)
    for person, roles in members.items():
        zorg.UserGrant(
            f"{name.lower()}-{person}",
            org_id=vendor.id,
            user_id=zorg.get_user(login_name=f"{person}@{domain}").id,
            project_id=project.id,
            role_keys=roles,
            # An inactive grant keeps its roles, so they stay on record and can be given back.
            active=person not in leavers,
            # A grant that is deleted from the program stays on the server, inactive. When it returns, it is adopted.
            deletion_policy="deactivate",
            adopt=True,
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
        # Two locks until the stage is "condemned": the engine refuses to delete the resource. If somebody removes that
        # protection, deleting the resource deactivates the organization instead of removing it with all its users.
        deletion_policy="remove" if stage == "condemned" else "deactivate",
        opts=pulumi.ResourceOptions(protect=stage != "condemned"),
    )
    pulumi.export("customer_id", customer.id)
    pulumi.export("customer_state", customer.state)
