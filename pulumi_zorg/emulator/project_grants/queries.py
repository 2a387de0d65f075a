"""Queries on project grants."""

from __future__ import annotations

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.project_grants.projection import ProjectGrantReadModel


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
