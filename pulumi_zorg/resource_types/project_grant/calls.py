"""The operations on project grants: ``/management/v1/projects/{projectId}/grants``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import Field

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import read_listed
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import Details, NonEmpty, ObjectRecord, RoleKeys, Wire, states_of
from pulumi_zorg.api.roles import GRANTS_V2, ListedGrant
from pulumi_zorg.errors import ApiError, FailedPrecondition, NotFound, clean
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


_SERVICE = "/zitadel.project.v2.ProjectService/"
_UPDATE_V2 = Endpoint("POST", f"{_SERVICE}UpdateProjectGrant", "project.grant.write")
_SWITCHES_V2 = {
    "deactivate": Endpoint("POST", f"{_SERVICE}DeactivateProjectGrant", "project.grant.write"),
    "reactivate": Endpoint("POST", f"{_SERVICE}ActivateProjectGrant", "project.grant.write"),
    "remove": Endpoint("POST", f"{_SERVICE}DeleteProjectGrant", "project.grant.delete"),
}
_NO_ID = "this server does not have v1, and v2 shows no id of a project grant, which its resource and those of user grants need"


def _no_ids(client: Client, org_id: str, *queries: Any, at_most: int | None = None) -> Sequence[ProjectGrantRecord]:
    raise ApiError(f"Listing the project grants of organization {clean(org_id)}", 501, None, _NO_ID)


class ProjectGrantCalls(ManagementCalls[ProjectGrantInputs, ProjectGrantRecord]):
    """Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove Project Grant,
    Project Grant By ID, Search All Project Grants, Search Granted Projects) and
    https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjectGrants, and for servers without v1 Update, Deactivate,
    Activate and Delete Project Grant).

    v2 names a project grant by its project and organization, and does not show its id. So by v2 none can be created or searched for, and
    one that somebody has removed and made anew is taken for the same.
    """

    v1 = management_endpoints(
        "/management/v1/projects/{project_id}/grants", "project.grant", "/management/v1/projectgrants/_search"
    )
    record = ProjectGrantRecord
    shown_as, created_as = "projectGrant", "grantId"
    switches_v2 = _SWITCHES_V2
    # The server does not look at the project in the path, and shows a grant to the granted organization as well.
    verified_by = ("org_id", "project_id")
    hint = "A project grant needs the project's own organization as org_id, another organization, and roles of the project."

    @cached_property
    def v2(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        return {
            **super().v2,
            "create": (Implementation((), self._create_v2, Proves.ID),),
            "update": (Implementation((_UPDATE_V2,), self._update_v2, Proves.ID),),
            "read": (Implementation((GRANTS_V2.endpoint,), self._read_v2, Proves.ID),),
        }

    @cached_property
    def lists_v2(self) -> Sequence[Implementation[Sequence[ProjectGrantRecord]]]:
        return (Implementation((GRANTS_V2.endpoint,), _no_ids, Proves.ID),)

    def _create_v2(self, client: Client, inputs: ProjectGrantInputs) -> str:
        raise ApiError(self.creating(inputs), 501, None, _NO_ID)

    def _read_v2(self, client: Client, id: str, address: Address) -> ProjectGrantRecord:
        known = self.known(id, address, "granted_org_id")
        operation = self.operation("Reading", id, known["org_id"])
        filters = (
            {"inProjectIdsFilter": {"ids": [known["project_id"]]}},
            {"grantedOrganizationIdFilter": {"id": known["granted_org_id"]}},
        )

        def find() -> ListedGrant | None:
            _, rows = GRANTS_V2.page(client.transport, operation, *filters)
            pair = known["project_id"], known["granted_org_id"]
            return next((each for each in rows if (each.project_id, each.granted_organization_id) == pair), None)

        row = read_listed(operation, id, find, client.operations.made, client.transport.sleep)
        values = {
            "grantId": id,
            "details": Details(creation_date=row.creation_date, resource_owner=row.organization_id),
            "state": row.state,
            "projectId": row.project_id,
            "grantedOrgId": row.granted_organization_id,
            "grantedRoleKeys": row.granted_role_keys,
        }
        record = ProjectGrantRecord.model_validate(values)
        self.verify(record, known)
        return record

    def _update_v2(self, client: Client, id: str, inputs: ProjectGrantInputs, changed: Collection[str]) -> None:
        """Set the roles. The call takes no role out of user grants: that is done afterwards, for each that has one."""
        found = self.read(client, id, Address.of(vars(inputs))).role_keys
        client.roles.take("project_grant_id", id, [key for key in found if key not in inputs.role_keys])
        body = {**self.named_v2(id, inputs), "roleKeys": list(inputs.role_keys)}
        client.change(Wire, _UPDATE_V2, self.operation("Changing", id, inputs.org_id), body=body, hint=self.hint)

    def named_v2(self, id: str, inputs: ProjectGrantInputs) -> dict[str, Any]:
        return {"projectId": inputs.project_id, "grantedOrganizationId": inputs.granted_org_id}

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

    def _switch(
        self, action: str, verb: str, client: Client, id: str, inputs: ProjectGrantInputs, changed: Collection[str]
    ) -> None:
        self._verify_id(client, id, inputs)
        super()._switch(action, verb, client, id, inputs, changed)

    def _verify_id(self, client: Client, id: str, inputs: ProjectGrantInputs) -> None:
        """Verify that the id is not that of a removed project grant whose organization has got another one.

        A server of July 2026 makes a change that names the old id to the new project grant, which is somebody else's.

        :raises NotFound: if it is.
        """
        try:
            self._read(client, id, Address.of(vars(inputs)))  # by v1: v2 names a project grant otherwise
        except NotFound as refused:
            # Of a phantom, reads show nothing, and there is no other.
            if refused.is_missing_call or any(each.id != id for each in self._search(client, inputs)):
                raise

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
        rows = GRANTS_V2.all(client.transport, operation, {"inProjectIdsFilter": {"ids": [project_id]}})
        return next((each.organization_id for each in rows if each.project_id == project_id), None)

    def list_removed_with(self, client: Client, org_id: str) -> Sequence[ProjectGrantRecord]:
        own = self.list_organization(client, org_id)  # without v1, this is an error
        return [*own, *self.pages(client, org_id, _SEARCH_GRANTED)]
