"""Finding a project grant that exists: :func:`get_project_grant`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.errors import clean
from pulumi_zorg.lookup import Question, as_output, is_active, one

if TYPE_CHECKING:
    from pulumi_zorg.client import Client
    from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantRecord

__all__ = ["ProjectGrantResult", "get_project_grant", "get_project_grant_output"]


@dataclass(frozen=True)
class ProjectGrantResult:
    """A project grant that exists.

    :ivar org_id: the organization that owns the project.
    :ivar granted_org_id: the organization that the project is granted to.
    :ivar state: ``PROJECT_GRANT_STATE_ACTIVE`` or ``PROJECT_GRANT_STATE_INACTIVE``.
    """

    id: str
    org_id: str
    project_id: str
    granted_org_id: str
    role_keys: tuple[str, ...]
    active: bool
    state: str


def get_project_grant(*, org_id: str, project_id: str, granted_org_id: str) -> ProjectGrantResult:
    """Return the grant of a project to an organization. There is at most one.

    :param org_id: the organization that owns the project.
    :param granted_org_id: the organization that the project is granted to.
    :raises NoMatch: where there is none that the credential may see. The error lists the project's other grants.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/mgmt (Search Project Grants).
    """
    question = Question("get_project_grant", org_id=org_id, project_id=project_id, granted_org_id=granted_org_id)
    question.require("org_id", "project_id", "granted_org_id")

    def ask(client: Client) -> ProjectGrantResult:
        from pulumi_zorg.resource_types.project_grant.declaration import TYPE

        grants: Sequence[ProjectGrantRecord] = TYPE.calls.list_organization(client, org_id)
        of_project = [each for each in grants if each.project_id == project_id]
        found = [each for each in of_project if each.granted_org_id == granted_org_id]
        what = f"grant of project {clean(project_id)} to organization {clean(granted_org_id)}"
        return _result(one(found, what, _described, lambda: of_project))

    return question.answer(ProjectGrantResult, ask)


def get_project_grant_output(
    *, org_id: pulumi.Input[str], project_id: pulumi.Input[str], granted_org_id: pulumi.Input[str]
) -> pulumi.Output[ProjectGrantResult]:
    """Return the same as :func:`get_project_grant`, for arguments that may be known later."""
    return as_output(get_project_grant, org_id=org_id, project_id=project_id, granted_org_id=granted_org_id)


def _described(record: ProjectGrantRecord) -> str:
    state = "" if is_active(record.state) else ", inactive"
    return f"{clean(record.id)} (to organization {clean(record.granted_org_id)}{state})"


def _result(record: ProjectGrantRecord) -> ProjectGrantResult:
    properties = record.properties()
    roles = tuple(properties.pop("role_keys"))
    known = {name: value for name, value in properties.items() if name in ProjectGrantResult.__dataclass_fields__}
    return ProjectGrantResult(id=record.id, role_keys=roles, **known)
