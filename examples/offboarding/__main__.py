"""A leaver, and a customer who leaves: switched off first, removed much later. README.md tells it step by step."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config()

# --- A leaver -------------------------------------------------------------------------------------------------------

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
            # Off, with its roles kept: what the leaver had stays on record, and giving it back is one word.
            active=person not in leavers,
            # Deleting the line one day leaves the record as well, and bringing it back takes it over.
            deletion_policy="deactivate",
            adopt=True,
        )

# --- A customer who leaves ------------------------------------------------------------------------------------------

STAGES = ("active", "inactive", "condemned", "removed")
stage = config.get("customer") or "active"
if stage not in STAGES:
    raise pulumi.RunError(f"customer must be one of {', '.join(STAGES)}, not {stage!r}")

if stage != "removed":
    customer = zorg.Organization(
        "initech",
        name=config.get("customer_name") or "Initech",
        active=stage == "active",
        # Until it is condemned, two locks: the engine refuses to delete the resource, and if somebody takes that lock
        # away too, deleting it switches the organization off instead of removing it with all its users.
        deletion_policy="remove" if stage == "condemned" else "deactivate",
        opts=pulumi.ResourceOptions(protect=stage != "condemned"),
    )
    pulumi.export("customer_id", customer.id)
    pulumi.export("customer_state", customer.state)
