"""Answers the reads of a refresh from lists, where many objects are read.

The engine asks for one object after the other, and a provider does not know how many will come. So the first objects of a type
are read by id, and a list is read once it takes no more calls than have been made by id. That is at most twice the calls that
somebody would make who knew.

A list lags behind the last writes, leaves out what the caller may not see, and does not show phantoms. So it only answers for
an object that it shows exactly as the state has it, and that has not changed recently. Everything else is read by id.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.affected_by import recent_events, recently_changed
from pulumi_zorg.client import Client
from pulumi_zorg.errors import ApiError, UnexpectedAnswer
from pulumi_zorg.models import Event, ObjectRecord
from pulumi_zorg.observed import Observed
from pulumi_zorg.resource_type import ResourceType
from pulumi_zorg.state import Recorded
from pulumi_zorg.tokens import Key

__all__ = ["BulkReads"]

#: So many objects of a type are read by id before a list is considered, and so many in one organization.
_FEW = 5


@dataclass
class _Lists:
    """What the lists of one type have shown.

    :param reads: how many objects were asked for, in all and by organization.
    :param next_try: the number of reads at which the list of the instance is tried; None where it is not tried again.
    :param listed: the organizations that were listed.
    """

    reads: int = 0
    reads_in: dict[str, int] = field(default_factory=dict)
    next_try: int | None = _FEW + 1
    listed: set[str] = field(default_factory=set)
    entries: dict[str, Observed] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class _Recent:
    """The events that lists may not show yet; None where they cannot all be read."""

    events: tuple[Event, ...] | None


class BulkReads:
    """The reads of one run."""

    def __init__(self) -> None:
        self._lists: dict[str, _Lists] = {}
        self._written: set[str] = set()
        self._lock = threading.Lock()
        #: None until they were read.
        self._recent: _Recent | None = None
        self._recent_lock = threading.Lock()

    def written(self, id: str) -> None:
        """Remember that this run changes the object: no list is used for it any more."""
        with self._lock:
            self._written.add(id)

    def find(self, client: Client, type: ResourceType[Any], id: str, known: Mapping[str, Any]) -> Observed | None:
        """Return the object, if a list shows it exactly as the state has it; None where it is to be read by id.

        :param known: what the state has of it.
        """
        with self._lock:
            if id in self._written:
                return None
            lists = self._lists.setdefault(type.token, _Lists())
        with lists.lock:
            self._count(client, lists, type, str(known.get("org_id") or ""))
            found = lists.entries.get(id)
        if found is None or any(name in known and name not in found.properties for name in type.updatable):
            return None
        return found if all(known.get(name) == value for name, value in found.properties.items()) else None

    def _count(self, client: Client, lists: _Lists, type: ResourceType[Any], org_id: str) -> None:
        """Count a read, and read a list where it has become worth it."""
        lists.reads += 1
        lists.reads_in[org_id] = lists.reads_in.get(org_id, 0) + 1
        if org_id in lists.listed:
            return
        records: Sequence[ObjectRecord] | None = None
        if type.in_organization and lists.reads_in[org_id] > _FEW:
            lists.listed.add(org_id)
            with suppress(ApiError, UnexpectedAnswer):  # then everything is read by id
                records = type.calls.list_organization(client, org_id)
        elif lists.next_try is not None and lists.reads >= lists.next_try:
            lists.next_try = None
            with suppress(ApiError, UnexpectedAnswer):
                records = type.calls.list_instance(client, lists.reads - 1)
                # A list that is too long now may be worth it later.
                lists.next_try = 2 * lists.reads if records is None else None
        if records:
            lists.entries |= self._settled(client, type, records)

    def _settled(self, client: Client, type: ResourceType[Any], records: Sequence[ObjectRecord]) -> dict[str, Observed]:
        """Return the objects that a list shows, without those that it may not show as they are."""
        shown: dict[str, Observed] = {}
        for record in records:
            with suppress(UnexpectedAnswer):  # this release does not know its state
                shown[record.id] = type.observed(record)
        recorded = [Recorded("", type.token, each.id, each.properties, each.properties) for each in shown.values()]
        changed: set[Key] = set()
        with suppress(ApiError):  # without the event store nothing shows what changed
            changed = {each.key for each in recently_changed(client, self._recent_events(client), recorded)}
        return {each.id: each for each in shown.values() if each.key not in changed}

    def _recent_events(self, client: Client) -> tuple[Event, ...] | None:
        """Return the events that lists may not show yet, read once in a run. What a list answers is true at that moment."""
        with self._recent_lock:
            if self._recent is None:
                self._recent = _Recent(recent_events(client))
            return self._recent.events
