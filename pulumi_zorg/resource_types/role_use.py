"""Whether a project, and its project grant, have the roles that an object gives.

The server does not always refuse a role that was removed from the project. A role is refused here only if it is certainly missing: a
caller without the permission to read the event store gets no answer about a project.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.roles import GrantedRoles, ProjectRoles
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.inputs import RoleUse

#: So many roles are listed in a sentence.
_LISTED = 20


def why_refused(client: Client, use: RoleUse) -> str | None:
    """Return why the roles cannot be given, as a sentence; None where they can, or where that is not known.

    What this process has read before is read again before anything is refused: this run may have added the role since.
    """
    if lacking(client.roles.known(use.project_id), use) is not None:
        return lacking(client.roles.read(use.project_id), use)
    if client.roles.known(use.project_id) is None and use.project_grant_id is not None:
        granted = client.roles.granted(use.org_id, use.project_id, use.project_grant_id)
        return None if granted is None else _lacking_in_grant("the project", granted, use.keys)
    return None


def lacking(
    known: ProjectRoles | None, use: RoleUse, offered: Mapping[tuple[str, str], Collection[str]] | None = None
) -> str | None:
    """Return which of the roles the project, or its project grant, does not have, as a sentence; None for none.

    :param known: the roles of the project; None where they are not known.
    :param offered: the roles that the program gives to projects and project grants, by the property that has their id
        (``project_id``, ``project_grant_id``), and the id.
    """
    if known is None:
        return None
    offered = offered or {}
    has = {*known.keys, *offered.get(("project_id", use.project_id), ())}
    missing = [key for key in use.keys if key not in has]
    if missing:
        return has_not(known.name or "the project", missing, has)
    if not use.by_grant:
        return None
    for grant_id, granted in known.grants.items():
        is_it = grant_id == use.project_grant_id
        if not is_it and use.project_grant_id is None and use.org_id != known.org_id:
            is_it = granted.granted_org_id == use.org_id
        if is_it:
            then = GrantedRoles(
                granted.granted_org_id, (*granted.keys, *offered.get(("project_grant_id", grant_id), ()))
            )
            return _lacking_in_grant(known.name or "the project", then, use.keys)
    return None


def has_not(title: str, missing: Collection[str], has: Collection[str]) -> str:
    """Return the sentence that something does not have roles, and which ones it has, without the full stop."""
    word = "role" if len(missing) == 1 else "roles"
    listed = sorted(has)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    shown = ", ".join(map(clean, listed[:_LISTED])) or "none"
    return (
        f"{clean(title)} has no {word} {', '.join(repr(clean(each)) for each in sorted(missing))}; it has {shown}{more}"
    )


def _lacking_in_grant(title: str, granted: GrantedRoles, keys: Collection[str]) -> str | None:
    missing = [key for key in keys if key not in granted.keys]
    return (
        has_not(f"the grant of {title} to organization {granted.granted_org_id}", missing, granted.keys)
        if missing
        else None
    )
