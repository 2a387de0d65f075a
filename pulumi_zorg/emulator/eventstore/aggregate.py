"""The state of one aggregate, and the write model that a command decides on.

The transitions of an aggregate are written once, in the `transition` method of its state class (`<resource>/aggregate.py`).
Both sides inherit them: the write model (`WriteModel`), which a command builds from the events of one aggregate, and the
read model (`ReadModel` in `projections.py`), which a projection keeps up to date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.store import EventStore


@dataclass(frozen=True)
class Details:
    """The `details` of an answer: the last sequence that counts, when that event was created, and the resource owner."""

    sequence: int = 0
    changed: int = 0
    owner: str = ""


def details_after(event: Event, owner: str | None = None) -> Details:
    """Return the details of an answer that reports the last pushed event."""
    return Details(event.sequence, event.created_at, event.resource_owner if owner is None else owner)


def details_of(read_model: Any) -> Details:
    """Return the details of a read model."""
    return Details(read_model.sequence, read_model.changed, read_model.owner)


@dataclass
class AggregateState:
    """What the events of an aggregate say about it.

    `state` is empty before the first event and `REMOVED` after the last one.
    """

    state: str = ""

    def transition(self, event: Event) -> None:
        """Apply one event. Events without a meaning for this state are ignored."""
        raise NotImplementedError


class WriteModel(AggregateState):
    """The state of one aggregate as a command sees it, built from the events of the aggregate alone.

    With an `owner`, only events of that resource owner count: an aggregate of another owner looks as if it did not exist.

    A concrete write model inherits the state class too: `class ProjectWriteModel(WriteModel, Project)`.
    """

    #: The aggregate's type, as events name it. A constant of the class, as `types` is, except for members.
    aggregate_type: str
    #: The event types that are read. Each of them moves `details`.
    types: frozenset[str]
    #: Event types that change the state, but do not move `details`.
    silent_types: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, store: EventStore, aggregate_id: str, owner: str = "") -> None:
        super().__init__()
        self.id = aggregate_id
        self.owner = owner
        self.sequence = 0
        self.changed = 0
        for event in store.aggregate(self.aggregate_type, aggregate_id):
            if owner and event.resource_owner != owner:
                continue
            if event.type in self.types:
                self.apply([event])
            elif event.type in self.silent_types:
                self.transition(event)

    @property
    def exists(self) -> bool:
        """Whether the aggregate was created and not removed."""
        return self.state not in ("", "REMOVED")

    def accepts(self, event: Event) -> bool:
        """Whether the event counts for this model.

        By default, every event counts that was pushed together with its own events. That is why the sequence in an answer
        can be the one of another aggregate.
        """
        return True

    def apply(self, events: Iterable[Event]) -> None:
        """Apply events of the aggregate, or the events that a command has just pushed."""
        last = None
        for event in events:
            if self.accepts(event):
                last = event
                if event.aggregate_id == self.id:
                    self.transition(event)
        if last is not None:
            self.owner = self.owner or last.resource_owner
            self.sequence = last.sequence
            self.changed = last.created_at

    @property
    def details(self) -> Details:
        """What an answer says about the object."""
        return Details(self.sequence, self.changed, self.owner)
