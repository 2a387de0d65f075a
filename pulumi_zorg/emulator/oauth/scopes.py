"""The scopes with a meaning in ZITADEL, and the audience that they request."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_zorg.emulator.instance import Instance

OFFLINE_ACCESS = "offline_access"
ROLES = "urn:zitadel:iam:org:projects:roles"
RESOURCE_OWNER = "urn:zitadel:iam:user:resourceowner"
ROLE_PREFIX = "urn:zitadel:iam:org:project:role:"
_PROJECT = "urn:zitadel:iam:org:project:id:"


def requested_projects(instance: Instance, scopes: Iterable[str]) -> list[str]:
    """Return the projects that the scopes want in the audience. They need not exist."""
    found: dict[str, None] = {}
    for scope in scopes:
        if scope.startswith(_PROJECT) and scope.endswith(":aud"):
            project = scope[len(_PROJECT) : -len(":aud")]
            found[instance.project_id if project == "zitadel" else project] = None
    return list(found)
