"""Metadata of users and organizations: transitions and write models. The events belong to the user or the organization."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.store import EventStore


@dataclass
class MetadataEntry(AggregateState):
    """The state of one entry. `value` is in base64."""

    value: str = ""

    def transition(self, event: Event) -> None:
        """Apply an event of the entry, or of the user or organization that has it."""
        match event.type:
            case "user.metadata.set" | "org.metadata.set":
                self.state, self.value = "ACTIVE", event.get("value")
            case "user.metadata.removed" | "org.metadata.removed" | "user.removed" | "org.removed":
                self.state, self.value = "REMOVED", ""


@dataclass
class Metadata(AggregateState):
    """The state of all entries of a user or an organization, by key."""

    entries: dict[str, MetadataEntry] = field(default_factory=dict)

    def transition(self, event: Event) -> None:
        """Apply an event of one of the entries, or of their owner. A new owner and a removed one have no entries."""
        if event.type.endswith((".metadata.set", ".metadata.removed")):
            self.entries.setdefault(event.get("key"), MetadataEntry()).transition(event)
        else:
            self.entries = {}

    @property
    def values(self) -> dict[str, str]:
        """The values that are set, by key."""
        return {key: entry.value for key, entry in self.entries.items() if entry.state == "ACTIVE"}


class UserMetadataWriteModel(WriteModel, Metadata):
    """All entries of a user, as commands see them."""

    aggregate_type = "user"
    types = frozenset(
        {"user.human.added", "user.machine.added", "user.removed", "user.metadata.set", "user.metadata.removed"}
    )


class OrganizationMetadataWriteModel(WriteModel, Metadata):
    """All entries of an organization, as commands see them."""

    aggregate_type = "org"
    types = frozenset({"org.removed", "org.metadata.set", "org.metadata.removed"})

    def __init__(self, store: EventStore, org_id: str) -> None:
        super().__init__(store, org_id, org_id)
