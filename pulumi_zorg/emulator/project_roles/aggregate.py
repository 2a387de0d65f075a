"""Roles of projects: transitions and the write model. Their events belong to the project's aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event

if TYPE_CHECKING:
    from pulumi_zorg.emulator.instance import Instance


@dataclass
class Role(AggregateState):
    """The state of a role."""

    display_name: str = ""
    group: str = ""

    def transition(self, event: Event) -> None:
        """Apply an event of the role, or of its project."""
        match event.type:
            case "project.role.added":
                self.state = "ACTIVE"
                self.display_name, self.group = event.get("displayName", ""), event.get("group", "")
            case "project.role.changed":
                self.display_name = event.get("displayName", self.display_name)
                self.group = event.get("group", self.group)
            case "project.role.removed" | "project.removed":
                self.state = "REMOVED"
            case "project.added":
                self.state = ""


class RoleWriteModel(WriteModel, Role):
    """One role of a project as commands see it. An empty key stands for no role: the model then sees the project only."""

    aggregate_type = "project"
    types = frozenset(
        {"project.added", "project.role.added", "project.role.changed", "project.role.removed", "project.removed"}
    )

    def __init__(self, instance: Instance, project_id: str, owner: str, key: str) -> None:
        self.key = key
        self._cascades_count = instance.profile.details_follow_cascades
        super().__init__(instance.store, project_id, owner)

    def accepts(self, event: Event) -> bool:
        """Events of other roles do not count. Cascades on other aggregates count if the server's profile says so."""
        if event.type in ("project.role.added", "project.role.changed", "project.role.removed"):
            return bool(event.get("key") == self.key)
        return self._cascades_count or (event.aggregate_id == self.id and event.type in self.types)
