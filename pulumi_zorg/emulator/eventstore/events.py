"""Events: what happened, to which aggregate, and when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any


@dataclass(frozen=True)
class Unique:
    """A unique constraint that an event sets or releases.

    :param kind: the kind of value, such as `org_name`.
    :param field: the value itself. Case does not matter.
    :param message: the message key of the 409 answer when the value is taken. None releases the value.
    """

    kind: str
    field: str
    message: str | None = None


@dataclass(frozen=True)
class NewEvent:
    """An event that a command wants to store. `EventStore.push` turns it into an `Event`."""

    aggregate_type: str
    aggregate_id: str
    resource_owner: str
    type: str
    payload: dict[str, Any] | None = None
    uniques: tuple[Unique, ...] = ()


@dataclass(frozen=True)
class Event:
    """A stored event.

    `created_at` is in microseconds since 1970. All events of one push have the same value.
    """

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
        """Return a field of the payload."""
        return default if self.payload is None else self.payload.get(name, default)


def format_timestamp(micros: int) -> str:
    """Return a time as proto JSON writes it: with zero, three or six digits after the second."""
    text = datetime.fromtimestamp(micros // 1_000_000, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    rest = micros % 1_000_000
    if not rest:
        return text + "Z"
    if rest % 1000:
        return f"{text}.{rest:06}Z"
    return f"{text}.{rest // 1000:03}Z"


def parse_timestamp(text: str) -> int:
    """Return the microseconds since 1970 of a time that `format_timestamp` wrote."""
    whole, _, rest = text.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0") if rest else 0)


def now_micros() -> int:
    """Return the wall clock in microseconds since 1970."""
    return time.time_ns() // 1000
