"""Projects: their events, their transitions, and the write model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.emulator.errors import precondition
from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, Unique
from pulumi_zorg.emulator.eventstore.store import EventStore


@dataclass
class Project(AggregateState):
    """The state of a project. `flags` has the settings under the names that events and v1 use."""

    name: str = ""
    flags: dict[str, Any] = field(default_factory=dict)

    def transition(self, event: Event) -> None:
        """Apply an event of the project itself. Roles and project grants have states of their own."""
        match event.type:
            case "project.added":
                self.flags = dict(event.payload or {})
                self.name, self.state = self.flags.pop("name", ""), "ACTIVE"
            case "project.changed":
                self.flags = {**self.flags, **(event.payload or {})}
                self.name = self.flags.pop("name", self.name)
            case "project.deactivated":
                self.state = "INACTIVE"
            case "project.reactivated":
                self.state = "ACTIVE"
            case "project.removed":
                self.state, self.name, self.flags = "REMOVED", "", {}


class ProjectWriteModel(WriteModel, Project):
    """A project as commands see it, with the keys of its roles.

    `former_role_keys` are those that an earlier project with the same id had when it was removed. The real server still
    accepts them for project grants.
    """

    aggregate_type = "project"
    types = frozenset(
        {"project.added", "project.changed", "project.deactivated", "project.reactivated", "project.removed"}
    )
    silent_types = frozenset({"project.role.added", "project.role.removed"})

    def __init__(self, store: EventStore, project_id: str, owner: str = "") -> None:
        self.role_keys: set[str] = set()
        self.former_role_keys: set[str] = set()
        super().__init__(store, project_id, owner)

    def transition(self, event: Event) -> None:
        """Apply an event of the project, or of one of its roles."""
        super().transition(event)
        if event.type == "project.role.added":
            self.role_keys.add(event.get("key"))
        elif event.type == "project.role.removed":
            self.role_keys.discard(event.get("key"))
            self.former_role_keys.discard(event.get("key"))
        elif event.type == "project.removed":
            self.former_role_keys |= self.role_keys
            self.role_keys = set()


def project_event(project_id: str, owner: str, event_type: str, payload: Any = None, *uniques: Unique) -> NewEvent:
    """Return a new event of a project."""
    return NewEvent("project", project_id, owner, event_type, payload, uniques)


def require_project(store: EventStore, project_id: str, owner: str) -> ProjectWriteModel:
    """Return the project of that owner.

    :raises ApiError: 400, if the project does not exist there.
    """
    model = ProjectWriteModel(store, project_id, owner)
    if not model.exists:
        raise precondition("COMMAND-EbFMN", "Errors.Project.NotFound")
    return model
