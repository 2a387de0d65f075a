"""The read model of project roles, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.project_roles.aggregate import Role

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class RoleReadModel(Role, ReadModel):
    """A role of a project. `id` is the id of the project."""

    key: str = field(kw_only=True)


@on("project.role.added", updates="roles")
def _added(read_models: ReadModels, event: Event) -> None:
    role = RoleReadModel.from_event(event, key=event.get("key"))
    role.transition(event)
    read_models.roles.put((role.id, role.key), role)


@on("project.role.changed", updates="roles")
def _changed(read_models: ReadModels, event: Event) -> None:
    role = read_models.roles.get((event.aggregate_id, event.get("key")))
    if role is not None:
        role.transition(event)
        role.touch(event)
        read_models.roles.move_to_end((role.id, role.key))


@on("project.role.removed", updates="roles user_grants")
def _removed(read_models: ReadModels, event: Event) -> None:
    key = event.get("key")
    read_models.roles.delete((event.aggregate_id, key))
    for grant in read_models.user_grants.where("project_id", event.aggregate_id):
        grant.role_keys = [role_key for role_key in grant.role_keys if role_key != key]
