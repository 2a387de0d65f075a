"""The read models of metadata, and the projections of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, Table, on
from pulumi_zorg.emulator.metadata.aggregate import MetadataEntry

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class MetadataReadModel(MetadataEntry, ReadModel):
    """An entry of a user or an organization. `id` is the id of the user or the organization."""

    key: str = field(kw_only=True)


def _set(table: Table[MetadataReadModel], event: Event) -> None:
    key = (event.aggregate_id, event.get("key"))
    entry = table.get(key)
    if entry is None:
        entry = MetadataReadModel.from_event(event, key=event.get("key"))
        table.put(key, entry)
    entry.transition(event)
    entry.touch(event)
    table.move_to_end(key)


@on("user.metadata.set", updates="user_metadata")
def _user_set(read_models: ReadModels, event: Event) -> None:
    _set(read_models.user_metadata, event)


@on("user.metadata.removed", updates="user_metadata")
def _user_removed(read_models: ReadModels, event: Event) -> None:
    read_models.user_metadata.delete((event.aggregate_id, event.get("key")))


@on("org.metadata.set", updates="org_metadata")
def _organization_set(read_models: ReadModels, event: Event) -> None:
    _set(read_models.org_metadata, event)


@on("org.metadata.removed", updates="org_metadata")
def _organization_removed(read_models: ReadModels, event: Event) -> None:
    read_models.org_metadata.delete((event.aggregate_id, event.get("key")))
