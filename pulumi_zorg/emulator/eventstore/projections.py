"""Projections: functions that keep the read models up to date, one event at a time.

A projection is registered for event types with `on`. `ReadModels.apply` calls it for each such event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pulumi_zorg.emulator.eventstore.events import Event

if TYPE_CHECKING:
    from typing_extensions import Self

    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class ReadModel:
    """What every read model has.

    `sequence` and `changed` are those of the last event that the projection of this read model takes notice of. That need
    not be the last event of the aggregate.
    """

    id: str
    owner: str
    created: int
    changed: int
    sequence: int

    @classmethod
    def from_event(cls, event: Event, id: str = "", **fields: Any) -> Self:
        """Create the read model of what the event created, without applying the event's transition.

        :param id: the id of the object. The default is the id of the aggregate.
        """
        return cls(
            id=id or event.aggregate_id,
            owner=event.resource_owner,
            created=event.created_at,
            changed=event.created_at,
            sequence=event.sequence,
            **fields,
        )

    def touch(self, event: Event) -> None:
        """Record the event as the last change."""
        self.changed = event.created_at
        self.sequence = event.sequence


R = TypeVar("R", bound=ReadModel)


class Table(Generic[R]):
    """Read models by key, in the order of insertion, with indexes on attributes that never change.

    `last_event` is the time of the last event that a projection of this table handled.
    """

    def __init__(self, *indexes: str) -> None:
        self.by_key: dict[Hashable, R] = {}
        self.last_event = 0
        self._indexes: dict[str, dict[Any, dict[Hashable, None]]] = {name: defaultdict(dict) for name in indexes}

    def put(self, key: Hashable, item: R) -> None:
        """Add or replace an item."""
        self.delete(key)
        self.by_key[key] = item
        for name, index in self._indexes.items():
            index[getattr(item, name)][key] = None

    def delete(self, key: Hashable) -> None:
        """Delete an item, if it exists."""
        item = self.by_key.pop(key, None)
        if item is not None:
            for name, index in self._indexes.items():
                index[getattr(item, name)].pop(key, None)

    def move_to_end(self, key: Hashable) -> None:
        """Move an item to the end, where a database without an ORDER BY finds a changed row again."""
        item = self.by_key.get(key)
        if item is not None:
            self.put(key, item)

    def get(self, key: Hashable) -> R | None:
        """Return the item with that key."""
        return self.by_key.get(key)

    def all(self) -> list[R]:
        """Return all items, in order."""
        return list(self.by_key.values())

    def where(self, name: str, value: Any) -> list[R]:
        """Return the items whose indexed attribute has that value, in order."""
        return [self.by_key[key] for key in self._indexes[name].get(value, ())]

    def delete_where(self, name: str, value: Any) -> None:
        """Delete the items whose indexed attribute has that value."""
        for key in list(self._indexes[name].get(value, ())):
            self.delete(key)


Projection = Callable[["ReadModels", Event], None]

#: event type -> (names of the tables whose `last_event` moves, the projection).
PROJECTIONS: dict[str, list[tuple[tuple[str, ...], Projection]]] = defaultdict(list)


def on(*types: str, updates: str) -> Callable[[Projection], Projection]:
    """Register a projection for event types.

    :param updates: the names of the tables of `ReadModels` whose `last_event` the event moves, separated by blanks. Lists
        report that time as `viewTimestamp`.
    """

    def register(projection: Projection) -> Projection:
        for event_type in types:
            PROJECTIONS[event_type].append((tuple(updates.split()), projection))
        return projection

    return register
