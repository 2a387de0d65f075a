"""The reader of what exists, with the resource types of this release, and its answers about the resources of a state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event
from pulumi_zorg.drift import pipeline
from pulumi_zorg.drift.report import Undetermined
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world import reader, unmanaged
from pulumi_zorg.world.observed import Key, Observed, Removal, Sought

__all__ = ["Observation", "World", "affected_by", "events_since", "find", "find_unmanaged", "observe"]


class World(reader.World):
    """What exists on the instance of a client."""

    def __init__(self, client: Client) -> None:
        super().__init__(client, RESOURCE_TYPES)


@dataclass
class Observation:
    """What the instance showed of the objects of a state."""

    objects: dict[Key, Observed | Removal]
    unknown: list[Undetermined]

    @property
    def warnings(self) -> list[str]:
        return [each.warning for each in self.objects.values() if isinstance(each, Observed) and each.warning]


def observe(world: reader.World, recorded: Sequence[Recorded]) -> Observation:
    """Observe the objects of a state, as `zorg drift` does it."""
    found = world.observe([pipeline.sought(each) for each in recorded])
    objects = {key: each for key, each in found.items() if isinstance(each, Observed | Removal)}
    return Observation(objects, pipeline.unknown(recorded, found))


def find_unmanaged(
    world: reader.World,
    recorded: Sequence[Recorded],
    *,
    whole_instance: bool,
    types: Collection[str],
    events: Sequence[Event] | None = None,
) -> tuple[tuple[Observed, ...], tuple[Undetermined, ...]]:
    """Find what no resource of a state manages, as `zorg drift --unmanaged` does it."""
    scope = None if whole_instance else pipeline.organizations_of(recorded)
    found, unknown = unmanaged.find_unmanaged(world, {each.key for each in recorded}, scope, types, events)
    return tuple(unmanaged.unexpected(world, found)), tuple(
        Undetermined(None, key.token, key.id, why) for key, why in unknown
    )


def find(client: Client, token: str, id: str, properties: Mapping[str, Any]) -> Observed | Removal:
    """Find one object that has these properties."""
    resource_type = RESOURCE_TYPES[token]
    return World(client).find(Sought(resource_type.key(id, properties), resource_type.address_in(properties)))


def events_since(client: Client, moment: datetime) -> tuple[Event, ...] | None:
    """Return the events by which objects can change after a moment."""
    return World(client).changes.since(moment)


def affected_by(world: reader.World, events: Sequence[Event], recorded: Sequence[Recorded]) -> list[Recorded]:
    """Return the resources of a state whose objects events changed or removed."""
    affected = world.changes.affected_by(events, [pipeline.sought(each) for each in recorded])
    return [each for each in recorded if each.key in affected]
