"""A tenant from nothing: an organization, a project with roles, and a user grant. README.md lists the configuration."""

import os

import httpx
import pulumi

import pulumi_zorg as zorg


def own_user() -> str:
    """Return the id of the user that the credential belongs to.

    This package does not create users. So the program gives a role to the service account that runs it, and reads from
    ZITADEL which one that is: the call "Get my user", https://zitadel.com/docs/apis/resources/auth.

    :raises pulumi.RunError: if that cannot be read. The configuration key ``user`` then names a user.
    """
    url, token = os.environ.get("ZITADEL_URL"), os.environ.get("ZITADEL_TOKEN")
    if not url or not token:
        raise pulumi.RunError("set ZITADEL_URL and ZITADEL_TOKEN in the environment, or user in the configuration")
    try:
        answer = httpx.get(f"{url.rstrip('/')}/auth/v1/users/me", headers={"Authorization": f"Bearer {token}"})
        return str(answer.raise_for_status().json()["user"]["id"])
    except httpx.HTTPError as error:
        raise pulumi.RunError(f"the credential's own user cannot be read, so set user: {error}") from None


config = pulumi.Config()
active = config.get_bool("active") is not False
user = config.get("user")

acme = zorg.Organization("acme", name=config.get("name") or "Acme", active=active)
portal = zorg.Project(
    "portal",
    org_id=acme.id,
    name="Portal",
    roles={"admin": "Administrator", "editor": "Editor", "viewer": "Viewer"},
    project_role_assertion=True,  # tokens and userinfo have the roles
)
access = zorg.UserGrant(
    "access",
    org_id=acme.id,
    user_id=zorg.get_user(login_name=user).id if user else own_user(),
    project_id=portal.id,
    role_keys=[config.get("role") or "viewer"],
    active=active,  # the project has such a flag too, but it takes no role out of any token
)

pulumi.export("org_id", acme.id)
pulumi.export("org_state", acme.state)
pulumi.export("project_id", portal.id)
pulumi.export("grant_state", access.state)
