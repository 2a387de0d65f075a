"""The read model of projects, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.projects.aggregate import Project

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class ProjectReadModel(Project, ReadModel):
    """A project. A removed one has no read model."""


@on("project.added", updates="projects")
def _added(read_models: ReadModels, event: Event) -> None:
    if event.aggregate_id in read_models.projects.by_key:
        return  # the real projection fails, and shows the first one
    project = ProjectReadModel.from_event(event)
    project.transition(event)
    read_models.owner_of[project.id] = project.owner
    read_models.projects.put(project.id, project)


@on("project.changed", "project.deactivated", "project.reactivated", updates="projects")
def _changed(read_models: ReadModels, event: Event) -> None:
    project = read_models.projects.get(event.aggregate_id)
    if project is not None:
        project.transition(event)
        project.touch(event)


@on("project.removed", updates="projects applications roles project_grants user_grants members")
def _removed(read_models: ReadModels, event: Event) -> None:
    project_id = event.aggregate_id
    read_models.projects.delete(project_id)
    read_models.applications.delete_where("project_id", project_id)
    read_models.roles.delete_where("id", project_id)
    read_models.project_grants.delete_where("project_id", project_id)
    read_models.user_grants.delete_where("project_id", project_id)
    read_models.members.delete_where("project_id", project_id)
