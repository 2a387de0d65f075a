"""Write models: what a command knows of one aggregate, folded from its events and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from .store import Event, EventStore, stamp


@dataclass(frozen=True)
class Details:
    """Where an object stands: the last sequence a command saw, when, and who owns the object."""

    sequence: int = 0
    changed: int = 0
    owner: str = ""


class WriteModel:
    """The state of one aggregate as a command sees it.

    With an `owner`, only events of that resource owner count: an aggregate of another one looks as if it did not exist.
    """

    aggregate_type: ClassVar[str]
    types: ClassVar[frozenset[str]]

    def __init__(self, store: EventStore, aggregate_id: str, owner: str = "") -> None:
        self.id = aggregate_id
        self.owner = owner
        self.sequence = 0
        self.changed = 0
        self.state = ""
        self.apply(
            event
            for event in store.aggregate(self.aggregate_type, aggregate_id)
            if event.type in self.types and (not owner or event.resource_owner == owner)
        )

    @property
    def exists(self) -> bool:
        """Neither never heard of nor removed."""
        return self.state not in ("", "REMOVED")

    def accepts(self, event: Event) -> bool:
        """Whether the event counts for this model.

        By default everything does that was pushed together with its own events: that is why the sequence in an answer
        can be the one of another aggregate.
        """
        return True

    def reduce(self, event: Event) -> None:
        """What the event changes. Only events of this aggregate arrive here."""

    def apply(self, events: Iterable[Event]) -> None:
        """Take notice of events."""
        last = None
        for event in events:
            if self.accepts(event):
                last = event
                if event.aggregate_id == self.id:
                    self.reduce(event)
        if last is not None:
            self.owner = self.owner or last.resource_owner
            self.sequence = last.sequence
            self.changed = last.created_at

    @property
    def details(self) -> Details:
        """What an answer says about the object."""
        return Details(self.sequence, self.changed, self.owner)


def of_event(event: Event, owner: str | None = None) -> Details:
    """Details of an answer that goes by the last event pushed."""
    return Details(event.sequence, event.created_at, event.resource_owner if owner is None else owner)


def of_row(row: Any) -> Details:
    """Details of something read."""
    return Details(row.sequence, row.changed, row.owner)


def pb(**fields: Any) -> dict[str, Any]:
    """A message as proto JSON writes it: without zero values. Messages that are set stay, even empty ones."""
    return {name: value for name, value in fields.items() if value or isinstance(value, dict)}


def int64(number: int) -> str:
    """64-bit numbers are texts in proto JSON; zero is left out."""
    return str(number) if number else ""


def when(micros: int) -> str:
    """A moment, or nothing."""
    return stamp(micros) if micros else ""


def never(micros: int) -> str:
    """A moment that must be told: one that never was is the year 1."""
    return stamp(micros) if micros else "0001-01-01T00:00:00Z"


def added(details: Details) -> dict[str, Any]:
    """Details of a creation: the moment is the creation date."""
    return pb(sequence=int64(details.sequence), creationDate=when(details.changed), resourceOwner=details.owner)


def changed(details: Details) -> dict[str, Any]:
    """Details of a change."""
    return pb(sequence=int64(details.sequence), changeDate=when(details.changed), resourceOwner=details.owner)


def viewed(row: Any) -> dict[str, Any]:
    """Details of something read: any row with sequence, created, changed and owner."""
    return pb(
        sequence=int64(row.sequence),
        creationDate=when(row.created),
        changeDate=when(row.changed),
        resourceOwner=row.owner,
    )
