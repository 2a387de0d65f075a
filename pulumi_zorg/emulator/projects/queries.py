"""Queries on projects, for the v1 and v2 APIs."""

from __future__ import annotations

from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.projects.projection import ProjectReadModel


def by_id(instance: Instance, project_id: str) -> ProjectReadModel:
    """Return a project of any organization.

    :raises ApiError: 404, if the project does not exist or is a phantom.
    """
    project = instance.read_models.projects.get(project_id)
    if project is None or project_id in instance.phantoms:
        raise not_found("QUERY-fk2fs", "Errors.Project.NotFound")
    return project
