"""Answers the reads of a refresh from lists, where many objects are read.

The engine asks for one object after the other, and a provider does not know how many will come. So the first objects are read
by id, and a list is read once it takes no more calls than have been made by id. That is at most twice the calls that somebody
would make who knew.

A list lags behind the last writes, leaves out what the caller may not see, and does not show phantoms. So it only confirms an
object that it shows exactly as the state has it, and that has not changed recently. Everything else is read by id.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.pages import TooLong
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ApiError, PermissionDenied, UnexpectedAnswer, ZorgError
from pulumi_zorg.resource_types.inputs import FILLED
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.affected_by import recent_events, recently_changed
from pulumi_zorg.world.lost_switches import ACTIVE, last_switches, newest_switches, read_again
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.tokens import Key

__all__ = ["BulkReads"]

#: So many objects of a type are read by id before a list is considered, in all and in one organization.
_FEW = 5


@dataclass
class _List:
    """The list of a type in the whole instance, or in one organization.

    :param reads: how many of its objects were asked for.
    :param next_try: the number of reads at which the list is read; None where it was, or cannot be.
    """

    reads: int = 0
    next_try: int | None = _FEW + 1
    was_read: bool = False


@dataclass
class _OfType:
    """What was asked for of one type, and what lists have shown.

    :param instance: the list of the whole instance.
    :param organizations: the lists by organization.
    :param entries: what the lists show, without what may have changed since.
    """

    instance: _List = field(default_factory=_List)
    organizations: defaultdict[str, _List] = field(default_factory=lambda: defaultdict(_List))
    entries: dict[Key, Observed] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class _Recent:
    """The events that lists may not show yet; None where they cannot all be read."""

    events: tuple[Event, ...] | None


class BulkReads:
    """The reads of one run."""

    def __init__(self) -> None:
        self._types: defaultdict[str, _OfType] = defaultdict(_OfType)
        self._written: set[Key] = set()
        self._lock = threading.Lock()
        #: None until they were read.
        self._recent: _Recent | None = None
        self._recent_lock = threading.Lock()
        #: What the last change of state of each object made; None until it was read.
        self._switches: dict[Key, bool | None] | None = None
        self._switches_lock = threading.Lock()

    def written(self, key: Key) -> None:
        """Remember that this run changes the object: no list is used for it any more."""
        with self._lock:
            self._written.add(key)

    def confirm(self, client: Client, type: ResourceType[Any], id: str, known: Mapping[str, Any]) -> bool:
        """Return whether a list shows the object exactly as the state has it. Else it is to be read by id.

        :param known: what the state has of it.
        """
        key = type.key(id, known)
        with self._lock:
            if key in self._written:
                return False
            of_type = self._types[type.token]
        with of_type.lock:
            self._count(client, type, of_type, str(known.get("org_id") or ""))
            found = of_type.entries.get(key)
        if found is None or any(name in known and name not in found.properties for name in type.updatable):
            return False
        if self._disagrees(client, found):
            return False
        recorded = {**(known.get(FILLED) or {}), **known}
        return all(recorded.get(name) == value for name, value in found.properties.items())

    def lost_switch(self, client: Client, observed: Observed, known: Mapping[str, Any]) -> Event | None:
        """Return the last change of state of an object if the server has accepted it and a read by its id does not show it.

        The changes are read once in a run, where a list is used or where an object is not in the state that was recorded.

        :param observed: as a read by its id showed it.
        :param known: what the state has of it.
        """
        with self._switches_lock:
            skipped = self._switches is None
        if skipped and known.get(ACTIVE) == observed.properties[ACTIVE]:
            return None
        return read_again(client, observed, known)[1] if self._disagrees(client, observed) else None

    def _disagrees(self, client: Client, observed: Observed) -> bool:
        """Whether the last change of state that the event store has of an object made another one than was seen."""
        with self._switches_lock:
            if self._switches is None:
                self._switches = last_switches(newest_switches(client))
            return self._switches.get(observed.key, observed.properties[ACTIVE]) is not observed.properties[ACTIVE]

    def _count(self, client: Client, type: ResourceType[Any], of_type: _OfType, org_id: str) -> None:
        """Count a read, and read a list where it has become worth it."""
        lists = [of_type.organizations[org_id], of_type.instance] if type.in_organization else [of_type.instance]
        for each in lists:
            each.reads += 1
        if any(each.was_read for each in lists):
            return
        due = next((each for each in lists if each.next_try is not None and each.reads >= each.next_try), None)
        if due is None:
            return
        records: Sequence[ObjectRecord] = ()
        at_most, due.next_try = due.reads - 1, None
        try:
            if due is of_type.instance:
                records = type.calls.list_instance(client, at_most) or ()
            else:
                records = type.calls.list_organization(client, org_id, at_most)
            due.was_read = True
        except TooLong:
            due.next_try = 2 * due.reads  # it may be worth it later
        except (ApiError, UnexpectedAnswer):
            pass  # everything is read by id
        if records:
            of_type.entries |= self._settled(client, type, records)

    def _settled(self, client: Client, type: ResourceType[Any], records: Sequence[ObjectRecord]) -> dict[Key, Observed]:
        """Return the objects that a list shows, without those that it may not show as they are."""
        shown: dict[Key, Observed] = {}
        for record in records:
            with suppress(UnexpectedAnswer):  # this release does not know its state
                each = type.observed(record)
                shown[each.key] = each
        recorded = [Recorded("", type.token, each.id, each.properties, each.properties) for each in shown.values()]
        try:
            changed = {each.key for each in recently_changed(client, self._recent_events(client), recorded)}
        except PermissionDenied:
            changed = set()  # nothing shows this caller what changed
        except ZorgError:
            return {}
        return {key: each for key, each in shown.items() if key not in changed}

    def _recent_events(self, client: Client) -> tuple[Event, ...] | None:
        """Return the events that lists may not show yet, read once in a run. What a list answers is true at that moment."""
        with self._recent_lock:
            if self._recent is None:
                self._recent = _Recent(recent_events(client))
            return self._recent.events
