"""Reads who made the newest changes of user grants and of managers' rights, from ZITADEL's event store."""

from __future__ import annotations

from pulumi_zorg.access.instance import Level
from pulumi_zorg.access.report import History
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import BEGINNING

_USER_GRANT = ("added", "changed", "cascade.changed", "deactivated", "reactivated")
_MEMBERS = {
    "instance": Level.INSTANCE,
    "org": Level.ORGANIZATION,
    "project": Level.PROJECT,
    "project.grant": Level.PROJECT_GRANT,
}
_PROJECT_GRANTED = "project.grant.added"
_MEMBER = {f"{of}.member.{what}": level for of, level in _MEMBERS.items() for what in ("added", "changed")}
_KINDS = (*(f"user.grant.{each}" for each in _USER_GRANT), *_MEMBER, _PROJECT_GRANTED)


def read_history(client: Client) -> History | None:
    """Return who made the newest change of each user grant and right. The events of all are read in pages.

    None where they cannot all be read: more happened at one moment than an answer holds.

    :raises PermissionDenied: without ``events.read``, a right on the instance (IAM_OWNER, IAM_OWNER_VIEWER).
    """
    events = client.events.since(BEGINNING, _KINDS)
    if events is None:
        return None
    found: dict[object, str] = {}
    granted: dict[str, str] = {}
    for event in events:
        of, payload = event.aggregate.id, event.payload
        level = _MEMBER.get(event.kind)
        if event.kind == _PROJECT_GRANTED:
            granted[str(payload.get("grantId"))] = f"{of}:{payload.get('grantedOrgId')}"
        elif level is None:
            found[of] = event.by or ""
        else:
            on = granted.get(str(payload.get("grantId")), "") if level is Level.PROJECT_GRANT else of
            object_id = "" if level is Level.INSTANCE else on
            found[level.value, object_id, str(payload.get("userId"))] = event.by or ""
    return {key: by for key, by in found.items() if by}
