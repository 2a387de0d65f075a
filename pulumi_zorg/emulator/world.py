"""One instance of the emulated ZITADEL: its events, its rows, and what makes it different from others."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import folds  # noqa: F401  (fills the table of folds)
from .errors import denied, not_found
from .likeness import LIKENESSES
from .roles import PERMISSIONS
from .schema import Msg
from .store import Command, Event, EventStore, now_micros
from .tables import MemberRow, Tables

#: The host name of the instance; the default domain of an organization ends in it.
DOMAIN = "localhost"


@dataclass
class Caller:
    """Who calls, in which organization, and what the token allows there."""

    user_id: str
    org_id: str
    resource_owner: str
    #: What the caller has of the permission the call asks for: `user.grant.write` or `user.grant.write:<object>`.
    permissions: tuple[str, ...] = ()

    @property
    def globally(self) -> bool:
        """Whether the permission is not bound to single objects."""
        return any(":" not in permission for permission in self.permissions)

    @property
    def objects(self) -> list[str]:
        """The objects the permission is bound to."""
        return [permission.partition(":")[2] for permission in self.permissions if ":" in permission]


@dataclass
class Call:
    """A call on its way: the world it meets, the caller, and the decoded request."""

    world: World
    caller: Caller
    request: Msg
    #: scheme://host:port the request came to.
    origin: str = ""

    def push(self, *commands: Command) -> list[Event]:
        """Store events in the caller's name."""
        return self.world.store.push(self.caller.user_id, commands)

    def check(self, permission: str, org_id: str, object_id: str) -> None:
        """Refuse a caller who has not that permission in the organization, or on the object.

        :raises ApiError: 404 without any membership there, 403 without the permission.
        """
        self.world.check(self.caller.user_id, permission, org_id, object_id)


class World:
    """Events, rows and settings of one instance."""

    def __init__(self, like: str, token: str, data: Path | None) -> None:
        self.like = LIKENESSES[like]
        self.token = token
        self.store = EventStore(data)
        self.secret = self.store.meta("secret", secrets.token_hex)
        self.tables = Tables(self.store.events)
        self.store.listeners.append(self.tables.fold)
        self.phantoms: set[str] = set()
        self.calls: list[dict[str, Any]] = []
        self._lag = 0.0
        self._late: Tables | None = None
        self._waiting: deque[Event] = deque()
        self.store.listeners.append(self._wait)
        self.instance_id = ""
        self.default_org_id = ""
        self.project_id = ""
        self.iac_user_id = ""

    def set_lag(self, seconds: float) -> None:
        """From now on lists show what was `seconds` ago."""
        self._lag = seconds
        self._late = None
        self._waiting.clear()
        if seconds > 0:
            border = now_micros() - int(seconds * 1_000_000)
            self._late = Tables(event for event in self.store.events if event.created_at <= border)
            self._waiting.extend(event for event in self.store.events if event.created_at > border)

    @property
    def lists(self) -> Tables:
        """The rows as lists show them: late, if so asked."""
        if self._late is None:
            return self.tables
        border = now_micros() - int(self._lag * 1_000_000)
        while self._waiting and self._waiting[0].created_at <= border:
            self._late.fold(self._waiting.popleft())
        return self._late

    def memberships(self, user_id: str, org_id: str) -> list[MemberRow]:
        """The manager roles of a user that count in an organization."""
        found = []
        for kind in ("org", "iam", "project", "project_grant"):
            for row in self.tables.members.by("user_id", user_id):
                if row.kind == kind and (row.owner in (org_id, self.instance_id) or self._granted(row, org_id)):
                    found.append(row)
        return found

    def permissions(self, rows: Iterable[MemberRow], wanted: str = "") -> tuple[str, ...]:
        """The permissions of those roles, bound to the object for roles on projects; only `wanted` if given."""
        found: dict[str, None] = {}
        for row in rows:
            bound = ":" + row.object_id if row.kind.startswith("project") else ""
            for role in row.roles:
                for permission in PERMISSIONS.get(role, ()):
                    if not wanted or permission.partition(":")[0] == wanted:
                        found[permission + bound] = None
        return tuple(found)

    def check(self, user_id: str, permission: str, org_id: str, object_id: str) -> None:
        """See `Call.check`."""
        rows = self.memberships(user_id, org_id)
        if not rows:
            raise not_found("AUTHZ-cdgFk", "membership not found")
        found = self.permissions(rows, permission)
        if not found:
            raise denied("AUTH-AWfge", "No matching permissions found")
        if not object_id or any(":" not in one or one.partition(":")[2] == object_id for one in found):
            return
        raise denied("AUTH-Swrgg2", "No matching permissions found")

    def _granted(self, row: MemberRow, org_id: str) -> bool:
        if row.kind != "project_grant":
            return False
        grant = self.tables.project_grants.get(row.object_id)
        return grant is not None and grant.granted_org_id == org_id

    def _wait(self, event: Event) -> None:
        if self._late is not None:
            self._waiting.append(event)
