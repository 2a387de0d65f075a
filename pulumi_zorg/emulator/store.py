"""The event store: what happened, in order, and nothing else. Everything that can be read is folded from here."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .errors import already_exists

#: Sonyflakes count units of 10 ms from this moment.
_FLAKE_EPOCH_MS = 1_409_529_600_000
_FLAKE_MACHINE = 26214


@dataclass(frozen=True)
class Unique:
    """A value that may exist once: `message` is the key of the refusal, None for giving the value free again."""

    kind: str
    field: str
    message: str | None = None


@dataclass(frozen=True)
class Command:
    """An event about to be pushed."""

    aggregate_type: str
    aggregate_id: str
    resource_owner: str
    type: str
    payload: dict[str, Any] | None = None
    uniques: tuple[Unique, ...] = ()


@dataclass(frozen=True)
class Event:
    """An event as it was stored; `created_at` is in microseconds since 1970 and the same for all events of a push."""

    position: int
    aggregate_type: str
    aggregate_id: str
    resource_owner: str
    sequence: int
    type: str
    editor: str
    created_at: int
    payload: dict[str, Any] | None

    def get(self, name: str, default: Any = None) -> Any:
        """A field of the payload."""
        return default if self.payload is None else self.payload.get(name, default)


def stamp(micros: int) -> str:
    """A moment as proto JSON writes it: no, three or six digits after the second."""
    text = datetime.fromtimestamp(micros // 1_000_000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    rest = micros % 1_000_000
    if not rest:
        return text + "Z"
    if rest % 1000:
        return f"{text}.{rest:06}Z"
    return f"{text}.{rest // 1000:03}Z"


def moment(text: str) -> int:
    """The microseconds since 1970 of a moment as `stamp` writes it."""
    whole, _, rest = text.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0") if rest else 0)


def now_micros() -> int:
    """The wall clock in microseconds since 1970."""
    return time.time_ns() // 1000


class EventStore:
    """An append-only list of events with a sequence per aggregate and the unique constraints that follow from it.

    With `data`, events are kept in that SQLite file. Listeners are called once per event, in order.
    """

    def __init__(self, data: Path | None = None) -> None:
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event], None]] = []
        self._aggregates: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._by_id: dict[str, list[Event]] = defaultdict(list)
        self._uniques: set[tuple[str, str]] = set()
        self._last_moment = 0
        self._last_flake = 0
        self._file: sqlite3.Connection | None = None
        if data is not None:
            self._open(data)

    def close(self) -> None:
        """Give the data file free."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def new_id(self) -> str:
        """The next id: a decimal number that only grows, like the Sonyflakes of the real server."""
        flake = (time.time_ns() // 1_000_000 - _FLAKE_EPOCH_MS) // 10 << 24 | _FLAKE_MACHINE
        if flake <= self._last_flake:
            flake = self._last_flake + (1 << 16)
        self._last_flake = flake
        return str(flake)

    def push(self, editor: str, commands: Iterable[Command]) -> list[Event]:
        """Store the commands as events, all or none.

        :raises ApiError: 409 V3-DKcYh, when a unique value is taken.
        """
        commands = list(commands)
        self._check_uniques(commands)
        created_at = max(now_micros(), self._last_moment + 1)
        pushed = []
        for command in commands:
            earlier = self._aggregates[command.aggregate_type, command.aggregate_id]
            # The owner of an aggregate never changes, whatever the command says.
            owner = earlier[-1].resource_owner if earlier else command.resource_owner
            event = Event(
                len(self.events) + 1,
                command.aggregate_type,
                command.aggregate_id,
                owner,
                len(earlier) + 1,
                command.type,
                editor,
                created_at,
                command.payload,
            )
            self._append(event, command.uniques)
            pushed.append(event)
        if self._file is not None:
            with self._file:
                self._file.executemany(
                    "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [_row(event, command) for event, command in zip(pushed, commands, strict=True)],
                )
        return pushed

    def aggregate(self, aggregate_type: str, aggregate_id: str) -> list[Event]:
        """All events of one aggregate, oldest first."""
        return self._aggregates.get((aggregate_type, aggregate_id), [])

    def of_id(self, aggregate_id: str) -> list[Event]:
        """All events of all aggregates with that id, oldest first."""
        return self._by_id.get(aggregate_id, [])

    def meta(self, name: str, make: Callable[[], str]) -> str:
        """A secret of this instance, made once and kept with the data."""
        if self._file is None:
            return make()
        found = self._file.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if found is not None:
            return str(found[0])
        value = make()
        with self._file:
            self._file.execute("INSERT INTO meta VALUES (?, ?)", (name, value))
        return value

    def _check_uniques(self, commands: list[Command]) -> None:
        # The real store frees values first and takes new ones then, for the whole push.
        uniques = [unique for command in commands for unique in command.uniques]
        freed = {(unique.kind, unique.field.lower()) for unique in uniques if unique.message is None}
        taken: set[tuple[str, str]] = set()
        for unique in uniques:
            if unique.message is None:
                continue
            key = (unique.kind, unique.field.lower())
            if key in taken or (key in self._uniques and key not in freed):
                raise already_exists("V3-DKcYh", unique.message)
            taken.add(key)

    def _append(self, event: Event, uniques: Iterable[Unique]) -> None:
        self.events.append(event)
        self._aggregates[event.aggregate_type, event.aggregate_id].append(event)
        self._by_id[event.aggregate_id].append(event)
        self._last_moment = event.created_at
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
        # One process writes and a lost power supply loses a test's data at worst: speed counts for more here.
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY, aggregate_type TEXT, aggregate_id TEXT,"
            " resource_owner TEXT, sequence INTEGER, type TEXT, editor TEXT, created_at INTEGER, payload TEXT,"
            " uniques TEXT)"
        )
        for row in self._file.execute("SELECT * FROM events ORDER BY position"):
            payload = None if row[8] is None else json.loads(row[8])
            self._append(
                Event(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], payload),
                [Unique(*unique) for unique in json.loads(row[9])],
            )
            if row[2].isdecimal():
                self._last_flake = max(self._last_flake, int(row[2]) if len(row[2]) < 20 else 0)


def _row(event: Event, command: Command) -> tuple[Any, ...]:
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
        json.dumps([(unique.kind, unique.field, unique.message) for unique in command.uniques]),
    )
