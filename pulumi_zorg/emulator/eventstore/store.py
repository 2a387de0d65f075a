"""The event store: an append-only list of all events. Write models and read models are built from it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulumi_zorg.emulator.errors import already_exists
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, Unique, now_micros

#: Ids are Sonyflakes, as ZITADEL's are: they count units of 10 ms from this time, in milliseconds since 1970.
_FLAKE_EPOCH_MS = 1_409_529_600_000
_FLAKE_MACHINE = 26214
#: The events that give an aggregate a new owner, where the server has that.
_TAKES_OWNER = ("user.human.added", "user.machine.added", "project.added")


class EventStore:
    """An append-only list of events, with a sequence for each aggregate and the unique constraints that are set.

    With `data`, the events are also stored in that SQLite file. Listeners are called once for each event, in order.

    :ivar takes_new_owner: what is created with an id that was used before has the owner that its event names. Else it has the first one.
    """

    def __init__(self, data: Path | None = None) -> None:
        self.events: list[Event] = []
        self.takes_new_owner = True
        self.listeners: list[Callable[[Event], None]] = []
        self._aggregates: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._by_id: dict[str, list[Event]] = defaultdict(list)
        self._uniques: set[tuple[str, str]] = set()
        self._last_created_at = 0
        self._moment: int | None = None
        self._last_flake = 0
        self._meta: dict[str, str] = {}
        self._file: sqlite3.Connection | None = None
        if data is not None:
            self._open(data)

    def copy(self) -> EventStore:
        """Return a store in memory with the same values and events, of which the last one has happened just now."""
        copy = EventStore()
        later = now_micros() - self._last_created_at
        for event in self.events:
            copy._append(replace(event, created_at=event.created_at + later), ())
        copy._uniques = set(self._uniques)
        copy._last_flake = self._last_flake
        copy._meta = dict(self._meta)
        return copy

    def close(self) -> None:
        """Close the data file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def new_id(self) -> str:
        """Return the next id: a decimal number that only grows."""
        flake = (time.time_ns() // 1_000_000 - _FLAKE_EPOCH_MS) // 10 << 24 | _FLAKE_MACHINE
        if flake <= self._last_flake:
            flake = self._last_flake + (1 << 16)
        self._last_flake = flake
        return str(flake)

    def push(self, editor: str, new_events: Iterable[NewEvent]) -> list[Event]:
        """Store new events, all or none, and return them as stored.

        :raises ApiError: 409 V3-DKcYh, if a unique value is taken.
        """
        new_events = list(new_events)
        self._check_uniques(new_events)
        created_at = self._moment or max(now_micros(), self._last_created_at + 1)
        pushed = []
        for new_event in new_events:
            earlier = self._aggregates[new_event.aggregate_type, new_event.aggregate_id]
            # The owner of an aggregate does not change, whatever the new event says.
            keeps_owner = earlier and not (self.takes_new_owner and new_event.type in _TAKES_OWNER)
            owner = earlier[-1].resource_owner if keeps_owner else new_event.resource_owner
            event = Event(
                len(self.events) + 1,
                new_event.aggregate_type,
                new_event.aggregate_id,
                owner,
                len(earlier) + 1,
                new_event.type,
                editor,
                created_at,
                new_event.payload,
            )
            self._append(event, new_event.uniques)
            pushed.append(event)
        if self._file is not None:
            with self._file:
                self._file.executemany(
                    "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [_columns(event, new_event) for event, new_event in zip(pushed, new_events, strict=True)],
                )
        return pushed

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Give the events of several pushes the same time, where the real server stores them with one push."""
        self._moment = max(now_micros(), self._last_created_at + 1)
        try:
            yield
        finally:
            self._moment = None

    def aggregate(self, aggregate_type: str, aggregate_id: str) -> list[Event]:
        """Return all events of one aggregate, oldest first."""
        return self._aggregates.get((aggregate_type, aggregate_id), [])

    def of_id(self, aggregate_id: str) -> list[Event]:
        """Return all events of all aggregates with that id, oldest first."""
        return self._by_id.get(aggregate_id, [])

    def meta(self, name: str, create: Callable[[], str]) -> str:
        """Return a value of this instance that is created once and stored with the data."""
        if name not in self._meta:
            self._meta[name] = create()
            if self._file is not None:
                with self._file:
                    self._file.execute("INSERT INTO meta VALUES (?, ?)", (name, self._meta[name]))
        return self._meta[name]

    def _check_uniques(self, new_events: list[NewEvent]) -> None:
        # The real store releases values first and then takes new ones, for the whole push.
        uniques = [unique for new_event in new_events for unique in new_event.uniques]
        released = {(unique.kind, unique.field.lower()) for unique in uniques if unique.message is None}
        taken: set[tuple[str, str]] = set()
        for unique in uniques:
            if unique.message is None:
                continue
            key = (unique.kind, unique.field.lower())
            if key in taken or (key in self._uniques and key not in released):
                raise already_exists("V3-DKcYh", unique.message)
            taken.add(key)

    def _append(self, event: Event, uniques: Iterable[Unique]) -> None:
        self.events.append(event)
        self._aggregates[event.aggregate_type, event.aggregate_id].append(event)
        self._by_id[event.aggregate_id].append(event)
        self._last_created_at = event.created_at
        for unique in uniques:
            if unique.message is None:
                self._uniques.discard((unique.kind, unique.field.lower()))
        for unique in uniques:
            if unique.message is not None:
                self._uniques.add((unique.kind, unique.field.lower()))
        for listener in self.listeners:
            listener(event)

    def _open(self, data: Path) -> None:
        self._file = sqlite3.connect(data, check_same_thread=False)
        # Only one process writes, and a power failure loses test data at worst. Speed matters more here.
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY, aggregate_type TEXT, aggregate_id TEXT,"
            " resource_owner TEXT, sequence INTEGER, type TEXT, editor TEXT, created_at INTEGER, payload TEXT,"
            " uniques TEXT)"
        )
        self._meta.update(self._file.execute("SELECT name, value FROM meta"))
        for columns in self._file.execute("SELECT * FROM events ORDER BY position"):
            payload = None if columns[8] is None else json.loads(columns[8])
            self._append(
                Event(
                    columns[0],
                    columns[1],
                    columns[2],
                    columns[3],
                    columns[4],
                    columns[5],
                    columns[6],
                    columns[7],
                    payload,
                ),
                [Unique(*unique) for unique in json.loads(columns[9])],
            )
            if columns[2].isdecimal():
                self._last_flake = max(self._last_flake, int(columns[2]) if len(columns[2]) < 20 else 0)


def _columns(event: Event, new_event: NewEvent) -> tuple[Any, ...]:
    return (
        event.position,
        event.aggregate_type,
        event.aggregate_id,
        event.resource_owner,
        event.sequence,
        event.type,
        event.editor,
        event.created_at,
        None if event.payload is None else json.dumps(event.payload),
        json.dumps([(unique.kind, unique.field, unique.message) for unique in new_event.uniques]),
    )
