"""Queries on project grants."""

from __future__ import annotations

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.project_grants.projection import ProjectGrantReadModel


def by_id(instance: Instance, grant_id: str) -> ProjectGrantReadModel:
    """Return a project grant of any project.

    :raises ApiError: 404, if the project grant does not exist or is a phantom.
    """
    grant = instance.read_models.project_grants.get(grant_id)
    if grant is None or grant_id in instance.phantoms:
        raise not_found("QUERY-n98GGs", "Errors.ProjectGrant.NotFound")
    return grant


def can_read_grant(call: Call, grant: ProjectGrantReadModel) -> bool:
    """Whether the caller may read a project grant: by the grant, or by its project."""
    return any(
        call.may("project.grant.read", org_id, object_id)
        for org_id, object_id in (
            (grant.owner, grant.id),
            (grant.granted_org_id, grant.id),
            (grant.owner, grant.project_id),
        )
    )
