"""A tenant from nothing: an organization, a project with roles, a person, and a user grant. README.md lists the configuration."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config()
user = config.get("user") or "ann@acme.example"

acme = zorg.Organization(
    "acme",
    name=config.get("name") or "Acme",
    active=config.get_bool("active") is not False,
    cascade="users",  # without it, deactivating the organization would cut off nobody of it
)
portal = zorg.Project(
    "portal",
    org_id=acme.id,
    name="Portal",
    roles={"admin": "Administrator", "editor": "Editor", "viewer": "Viewer"},
    project_role_assertion=True,  # tokens and userinfo have the roles
)
ann = zorg.HumanUser(
    "ann",
    org_id=acme.id,
    user_name=user,
    given_name="Ann",
    family_name="Berg",
    email=user,
    email_verified=True,  # so ZITADEL sends no mail to this address, which need not exist
)
access = zorg.UserGrant(
    "access",
    org_id=acme.id,
    user_id=ann.id,
    project_id=portal.id,
    role_keys=[config.get("role") or "viewer"],
)

pulumi.export("org_id", acme.id)
pulumi.export("org_state", acme.state)
pulumi.export("project_id", portal.id)
pulumi.export("user_id", ann.id)
pulumi.export("grant_state", access.state)
