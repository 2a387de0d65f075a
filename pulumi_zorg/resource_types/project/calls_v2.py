"""The calls of v2 that create and change projects and their roles. They name the project in the body, and no organization.

Document: https://zitadel.com/docs/apis/resources/project_service_v2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, ObjectList
from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.api.records import NonEmpty, Wire
from pulumi_zorg.api.roles import Role
from pulumi_zorg.errors import clean

_SERVICE = "/zitadel.project.v2.ProjectService/"


def _endpoint(procedure: str, permission: str) -> Endpoint:
    return Endpoint("POST", _SERVICE + procedure, permission)


CREATE = _endpoint("CreateProject", "project.create")
UPDATE = _endpoint("UpdateProject", "project.write")
GET = _endpoint("GetProject", "project.read")
#: The changes that name only the project.
SWITCHES = {
    "deactivate": _endpoint("DeactivateProject", "project.write"),
    "reactivate": _endpoint("ActivateProject", "project.write"),
    "remove": _endpoint("DeleteProject", "project.delete"),
}
ADD_ROLE = _endpoint("AddProjectRole", "project.role.write")
CHANGE_ROLE = _endpoint("UpdateProjectRole", "project.role.write")
REMOVE_ROLE = _endpoint("RemoveProjectRole", "project.role.delete")

#: What v2 calls the settings of a project that have another name in v1.
_SETTINGS = {"projectRoleCheck": "authorizationRequired", "hasProjectCheck": "projectAccessRequired"}


class _Created(Wire):
    project_id: NonEmpty


class _Role(Role):
    """A role as the list of v2 shows it."""

    project_id: str = ""


ROLES = ObjectList(_endpoint("ListProjectRoles", "project.role.read"), _Role, rows="projectRoles", size=PAGE_V2)


def settings_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a call of v1 with the names of v2."""
    return {_SETTINGS.get(name, name): value for name, value in body.items()}


def create(client: Client, operation: str, org_id: str, body: Mapping[str, Any], id: str | None) -> str:
    """Create a project, and return its id.

    :param body: that of v1.
    :param id: the id that it gets; None where the server chooses one.
    """
    sent = {"organizationId": org_id, **({"projectId": id} if id else {}), **settings_of(body)}
    return client.change(_Created, CREATE, operation, body=sent).project_id


def list_roles(client: Client, operation: str, project_id: str) -> Sequence[Role]:
    """Return the roles of a project. The list may lag, and is empty for a caller who may not read them.

    :raises UnexpectedAnswer: where the server counts roles that it does not show to the caller.
    """
    return ROLES.all(client.transport, operation, more={"projectId": project_id})


def add_role(client: Client, of_project: str, project_id: str, role: Mapping[str, str]) -> None:
    """Add a role.

    :param of_project: the project, as the end of a sentence.
    :param role: as v1 adds it.
    """
    body = {"projectId": project_id, "roleKey": role["key"], **{name: role[name] for name in ("displayName", "group")}}
    client.change(Wire, ADD_ROLE, f"Adding role {clean(role['key'])!r} {of_project}", body=body)
