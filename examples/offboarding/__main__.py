"""A person and a customer leave: deactivated first, removed much later. README.md explains each step."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config()

# --- A person leaves ------------------------------------------------------------------------------------------------

ACCESS = {
    "portal": {"ann": ["admin"], "bob": ["editor", "viewer"]},
    "billing": {"bob": ["viewer"]},
}
leavers = (config.get("leavers") or "").replace(",", " ").split()

if unknown := set(leavers).difference(*ACCESS.values()):
    raise pulumi.RunError(f"leavers: nobody here is called {', '.join(sorted(unknown))}")

for project, members in ACCESS.items():
    for person, roles in members.items():
        zorg.UserGrant(
            f"{project}-{person}",
            org_id=config.require("org_id"),
            user_id=config.require(person),
            project_id=config.require(project),
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
