"""The calls about project grants: ``/management/v1/projects/{projectId}/grants``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from pulumi_zorg.client import Client
from pulumi_zorg.client.endpoints import Endpoint
from pulumi_zorg.management_calls import ManagementCalls, management_endpoints
from pulumi_zorg.models import NonEmpty, ObjectRecord, RoleKeys
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs

__all__ = ["ProjectGrantCalls", "ProjectGrantRecord"]

_SEARCH_GRANTED = Endpoint("POST", "/management/v1/granted_projects/_search", "project.read")


class ProjectGrantRecord(ObjectRecord):
    """A project grant as ``GET /management/v1/projects/{projectId}/grants/{grantId}`` shows it."""

    noun = "project grant"
    states = "PROJECT_GRANT_STATE"
    shown = ("org_id", "project_id", "granted_org_id", "role_keys")

    id: NonEmpty = Field(alias="grantId")
    project_id: NonEmpty
    granted_org_id: NonEmpty
    role_keys: RoleKeys = Field((), alias="grantedRoleKeys")


class ProjectGrantCalls(ManagementCalls[ProjectGrantInputs, ProjectGrantRecord]):
    """Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove Project Grant,
    Project Grant By ID, Search All Project Grants, Search Granted Projects)."""

    endpoints = management_endpoints(
        "/management/v1/projects/{project_id}/grants", "project.grant", "/management/v1/projectgrants/_search"
    )
    record = ProjectGrantRecord
    shown_as, created_as = "projectGrant", "grantId"
    # The server does not look at the project in the path, and shows a grant to the granted organization as well.
    verified_by = ("org_id", "project_id")
    hint = "A project grant needs the project's own organization as org_id, another organization, and roles of the project."

    def path(self, id: str, known: Mapping[str, Any]) -> dict[str, str]:
        return {"id": id, "project_id": known["project_id"]}

    def body(self, inputs: ProjectGrantInputs) -> dict[str, Any]:
        return {"roleKeys": list(inputs.role_keys)}

    def create_body(self, inputs: ProjectGrantInputs) -> dict[str, Any]:
        return {"grantedOrgId": inputs.granted_org_id, **self.body(inputs)}

    def search(self, client: Client, inputs: ProjectGrantInputs) -> Sequence[ProjectGrantRecord]:
        found = self.list(client, inputs.org_id, {"projectIdQuery": {"projectId": inputs.project_id}})
        return [each for each in found if each.granted_org_id == inputs.granted_org_id]

    def list_removed_with(self, client: Client, org_id: str) -> Sequence[ProjectGrantRecord]:
        return [*self.list_organization(client, org_id), *self.pages(client, org_id, _SEARCH_GRANTED)]
