"""The operations on project grants: ``/management/v1/projects/{projectId}/grants``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import Field

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, ObjectList
from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.api.records import NonEmpty, ObjectRecord, RoleKeys, Wire, states_of
from pulumi_zorg.errors import FailedPrecondition, clean
from pulumi_zorg.resource_types.calls import ManagementCalls, management_endpoints
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.world.observed import Address

_SEARCH_GRANTED = Endpoint("POST", "/management/v1/granted_projects/_search", "project.read")


class ProjectGrantRecord(ObjectRecord):
    """A project grant as ``GET /management/v1/projects/{projectId}/grants/{grantId}`` shows it."""

    noun = "project grant"
    states = states_of("PROJECT_GRANT_STATE")
    shown = ("org_id", "project_id", "granted_org_id", "role_keys")

    id: NonEmpty = Field(alias="grantId")
    project_id: NonEmpty
    granted_org_id: NonEmpty
    role_keys: RoleKeys = Field((), alias="grantedRoleKeys")


class _Row(Wire):
    """A row of the v2 list, which does not show the grant's id."""

    project_id: NonEmpty
    organization_id: NonEmpty
    granted_organization_id: NonEmpty

    @property
    def id(self) -> str:
        """What distinguishes it in a list."""
        return self.granted_organization_id


_LIST_V2 = ObjectList(
    Endpoint("POST", "/zitadel.project.v2.ProjectService/ListProjectGrants", "project.grant.read"),
    _Row,
    rows="projectGrants",
    size=PAGE_V2,
)


class ProjectGrantCalls(ManagementCalls[ProjectGrantInputs, ProjectGrantRecord]):
    """Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove Project Grant,
    Project Grant By ID, Search All Project Grants, Search Granted Projects) and
    https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjectGrants)."""

    v1 = management_endpoints(
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

    def _update(self, client: Client, id: str, inputs: ProjectGrantInputs, changed: Collection[str]) -> None:
        """Set the roles. Each call takes at most one out.

        Servers before ZITADEL 4.16.0 can leave roles in user grants where one call takes several out of a project grant, and the
        v2 call writes no event of the user grants.
        """
        found = self.read(client, id, Address.of(vars(inputs))).role_keys
        self.set_roles(client, id, inputs, found, inputs.role_keys)

    def set_roles(
        self, client: Client, id: str, inputs: ProjectGrantInputs, found: Sequence[str], wanted: Sequence[str]
    ) -> None:
        """Set the roles of a project grant that has those in ``found``. The last call adds what is missing."""
        lost = [key for key in found if key not in wanted]
        client.roles.take("project_grant_id", id, lost)
        client.roles.granted_now(inputs.project_id, id, [key for key in found if key in wanted])
        for number, key in enumerate(lost[:-1], 1):
            left = [each for each in found if each not in lost[:number]]
            try:
                self.write(client, "update", f"Taking role {clean(key)!r} out of", id, inputs, {"roleKeys": left})
            except FailedPrecondition:
                break  # the project does not have one of the others any more: the server takes them only together
        self.write(client, "update", "Changing", id, inputs, {"roleKeys": list(wanted)})
        client.roles.granted_now(inputs.project_id, id, wanted)

    def _search(self, client: Client, inputs: ProjectGrantInputs) -> Sequence[ProjectGrantRecord]:
        found = self.of_project(client, inputs.org_id, inputs.project_id)
        return [each for each in found if each.granted_org_id == inputs.granted_org_id]

    def of_project(self, client: Client, org_id: str, project_id: str) -> Sequence[ProjectGrantRecord]:
        """Return the grants of a project that the organization owns. The list may lag."""
        return self.list(client, org_id, {"projectIdQuery": {"projectId": project_id}})

    def owner(self, client: Client, project_id: str) -> str | None:
        """Return the organization that owns a project which is granted; None where no grant of it can be seen."""
        operation = f"Listing the grants of project {clean(project_id)}"
        rows = _LIST_V2.all(client.transport, operation, {"inProjectIdsFilter": {"ids": [project_id]}})
        return next((each.organization_id for each in rows if each.project_id == project_id), None)

    def list_removed_with(self, client: Client, org_id: str) -> Sequence[ProjectGrantRecord]:
        return [*self.list_organization(client, org_id), *self.pages(client, org_id, _SEARCH_GRANTED)]
