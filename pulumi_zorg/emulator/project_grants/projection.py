"""The read model of project grants, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrant

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class ProjectGrantReadModel(ProjectGrant, ReadModel):
    """A project that is granted to another organization."""

    project_id: str = field(kw_only=True)


@on("project.grant.added", updates="project_grants")
def _added(read_models: ReadModels, event: Event) -> None:
    grant = ProjectGrantReadModel.from_event(event, event.get("grantId"), project_id=event.aggregate_id)
    grant.transition(event)
    read_models.granted_org_of[grant.project_id, grant.id] = grant.granted_org_id
    read_models.project_grants.put(grant.id, grant)


@on("project.grant.changed", "project.grant.cascade.changed", updates="project_grants user_grants")
def _changed(read_models: ReadModels, event: Event) -> None:
    grant = read_models.project_grants.get(event.get("grantId"))
    if grant is not None:
        grant.transition(event)
        grant.touch(event)
    role_keys = event.get("roleKeys", [])
    for user_grant in read_models.user_grants.where("project_grant_id", event.get("grantId")):
        # The database intersects two sets: duplicates disappear, and the order is its own (recorded: the reverse).
        user_grant.role_keys = list(dict.fromkeys(key for key in reversed(user_grant.role_keys) if key in role_keys))


@on("project.grant.deactivated", "project.grant.reactivated", updates="project_grants")
def _state_changed(read_models: ReadModels, event: Event) -> None:
    grant = read_models.project_grants.get(event.get("grantId"))
    if grant is not None:
        grant.transition(event)
        grant.touch(event)


@on("project.grant.removed", updates="project_grants user_grants members")
def _removed(read_models: ReadModels, event: Event) -> None:
    grant_id = event.get("grantId")
    read_models.project_grants.delete(grant_id)
    read_models.user_grants.delete_where("project_grant_id", grant_id)
    read_models.members.delete_where("object_id", grant_id)
