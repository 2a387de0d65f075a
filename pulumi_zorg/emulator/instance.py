"""One instance of the emulated ZITADEL: its event store, its read models, its settings and its permissions."""

from __future__ import annotations

import copy
import secrets
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, TypeVar

from pulumi_zorg.emulator.errors import denied, not_found
from pulumi_zorg.emulator.eventstore.events import Event, now_micros
from pulumi_zorg.emulator.eventstore.projections import ReadModel
from pulumi_zorg.emulator.eventstore.store import EventStore
from pulumi_zorg.emulator.members.permissions import PERMISSIONS
from pulumi_zorg.emulator.members.projection import MemberReadModel
from pulumi_zorg.emulator.profiles import PROFILES
from pulumi_zorg.emulator.read_models import ReadModels

_T = TypeVar("_T", bound=ReadModel)


#: The order of memberships by what they are of.
_KINDS = ("org", "iam", "project", "project_grant")


class Instance:
    """The event store, the read models and the settings of one instance.

    :param profile: name of the server profile.
    :param token: the personal access token of the service account `iac`.
    :param store: the events so far.
    :param without_v1: the status of the answers to all calls of the v1 API; 0 for an instance that has it.
    """

    def __init__(self, profile: str, token: str, store: EventStore, without_v1: int = 0) -> None:
        self.without_v1 = without_v1
        self.profile = PROFILES[profile]
        self.token = token
        self.store = store
        self.store.takes_new_owner = self.profile.new_owner_of_id
        self.secret = self.store.meta("secret", secrets.token_hex)
        #: The positions of events that the projection of their object has missed: reads and lists never show them.
        self._missed: set[int] = set()
        #: How many of the next events of these types the projections miss.
        self._misses = 0
        self._missed_types: frozenset[str] = frozenset()
        self.read_models = ReadModels(self.store.events, self._missed)
        self.store.listeners.append(self._miss)
        self.store.listeners.append(self.read_models.apply)
        #: Ids of objects that reads and lists do not show, although they exist: the projection has missed their event.
        self.phantoms: set[str] = set()
        #: Ids of project grants that the removal of a role does not see, as it misses one that was made a moment before.
        self.missed_by_cascades: set[str] = set()
        self.calls: list[dict[str, Any]] = []
        #: How long each call waits before it is handled, in seconds.
        self.delay = 0.0
        #: How many calls are answered in a second; the others get 429. None for any number.
        self.calls_a_second: int | None = None
        #: The host names that the instance has, without a port. Without any, it has all.
        self.hosts: list[str] = []
        self._second = 0.0  # when the present second began, by the monotonic clock
        self._calls_left = 0
        self._lag = 0.0
        self._lag_from: int | None = None
        self._lagging_tables: tuple[str, ...] = ()
        self._lagging: ReadModels | None = None
        self._pending: deque[Event] = deque()
        self.store.listeners.append(self._queue)
        self.instance_id = ""
        self.default_org_id = ""
        self.project_id = ""
        self.iac_user_id = ""

    def miss(self, events: int, types: Iterable[str]) -> None:
        """Make the projections miss the next events of these types, as those of the real server do under load."""
        self._misses, self._missed_types = events, frozenset(types)

    def has_host(self, host: str) -> bool:
        """Whether the instance has a host name.

        :param host: with its port, if it has one.
        """
        return not self.hosts or host.rpartition(":")[0] in self.hosts or host in self.hosts

    def takes_call(self) -> bool:
        """Whether the rate limit allows a call now."""
        if self.calls_a_second is None:
            return True
        now = time.monotonic()
        if now >= self._second + 1:
            self._second, self._calls_left = now, self.calls_a_second
        self._calls_left -= 1
        return self._calls_left >= 0

    def set_lag(self, seconds: float, *, since: int | None = None, tables: Iterable[str] = ()) -> None:
        """Make lists show the state of `seconds` ago from now on.

        :param since: show the state of this moment instead, in microseconds since 1970: the projections stand still.
        :param tables: tables of `ReadModels` that tokens, logins and permissions see as late as lists do.
        """
        self._lag, self._lag_from, self._lagging_tables = seconds, since, tuple(tables)
        self._lagging = None
        self._pending.clear()
        if seconds > 0 or since is not None:
            border = self._border()
            settled = (event for event in self.store.events if event.created_at <= border)
            self._lagging = ReadModels(settled, self._missed)
            self._pending.extend(event for event in self.store.events if event.created_at > border)

    def _border(self) -> int:
        return now_micros() - int(self._lag * 1_000_000) if self._lag_from is None else self._lag_from

    @property
    def list_read_models(self) -> ReadModels:
        """The read models that lists use. They lag behind `read_models` if `set_lag` says so."""
        if self._lagging is None:
            return self.read_models
        border = self._border()
        while self._pending and self._pending[0].created_at <= border:
            self._lagging.apply(self._pending.popleft())
        return self._lagging

    @property
    def seen(self) -> ReadModels:
        """The read models that tokens, logins and permissions use: `read_models`, but for tables that lag for them too."""
        if self._lagging is None or not self._lagging_tables:
            return self.read_models
        late, seen = self.list_read_models, copy.copy(self.read_models)
        for table in self._lagging_tables:
            setattr(seen, table, getattr(late, table))
        return seen

    def shown(self, items: Iterable[_T]) -> list[_T]:
        """Return the read models that lists show: all but phantoms."""
        return [item for item in items if item.id not in self.phantoms]

    def memberships(self, user_id: str, org_id: str) -> list[MemberReadModel]:
        """Return the memberships of a user that count in an organization."""
        members = self.seen.members
        counting = [*members.where("owner", org_id), *members.where("owner", self.instance_id)]
        counting += [member for member in members.where("granted_org", org_id) if self._is_granted_to(member, org_id)]
        own = {id(member): member for member in counting if member.user_id == user_id}
        return sorted(own.values(), key=lambda member: _KINDS.index(member.kind))

    def permissions(self, members: Iterable[MemberReadModel], permission: str = "") -> tuple[str, ...]:
        """Return the permissions of memberships. Those of memberships in projects are bound to the object.

        :param permission: return only grants of this permission.
        """
        found: dict[str, None] = {}
        for member in members:
            bound = ":" + member.object_id if member.kind.startswith("project") else ""
            for role in member.roles:
                for granted in PERMISSIONS.get(role, ()):
                    if not permission or granted.partition(":")[0] == permission:
                        found[granted + bound] = None
        return tuple(found)

    def check(self, user_id: str, permission: str, org_id: str, object_id: str) -> None:
        """Check that a user has a permission, as `Call.check` does for the caller."""
        members = self.memberships(user_id, org_id)
        if not members:
            raise not_found("AUTHZ-cdgFk", "membership not found")
        found = self.permissions(members, permission)
        if not found:
            raise denied("AUTH-AWfge", "No matching permissions found")
        if not object_id or any(":" not in one or one.partition(":")[2] == object_id for one in found):
            return
        raise denied("AUTH-Swrgg2", "No matching permissions found")

    def _is_granted_to(self, member: MemberReadModel, org_id: str) -> bool:
        if member.kind != "project_grant":
            return False
        grant = self.read_models.project_grants.get(member.object_id)
        return grant is not None and grant.granted_org_id == org_id

    def _miss(self, event: Event) -> None:
        if self._misses > 0 and event.type in self._missed_types:
            self._misses -= 1
            self._missed.add(event.position)

    def _queue(self, event: Event) -> None:
        if self._lagging is not None:
            self._pending.append(event)
