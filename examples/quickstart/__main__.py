"""An organization and a user grant. README.md lists the configuration."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config()
active = config.get_bool("active") is not False

acme = zorg.Organization("acme", name=config.get("name") or "Acme", active=active)
pulumi.export("org_id", acme.id)
pulumi.export("org_state", acme.state)

if user_id := config.get("user_id"):
    ann = zorg.UserGrant(
        "ann",
        org_id=config.get("org_id") or acme.id,
        user_id=user_id,
        project_id=config.require("project_id"),
        role_keys=[config.get("role") or "viewer"],
        active=active,
    )
    pulumi.export("grant_state", ann.state)
