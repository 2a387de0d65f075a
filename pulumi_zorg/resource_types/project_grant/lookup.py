"""Finding a project grant that exists: :func:`get_project_grant`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.api.api_services import PROJECTS, needs_service
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantRecord

_WAY_OUT = "Without it, the project's organization is not found out: give org_id."


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


def get_project_grant(
    *,
    project_id: str | None = None,
    granted_org_id: str | None = None,
    id: str | None = None,
    org_id: str | None = None,
) -> ProjectGrantResult:
    """Return the grant of a project to an organization, of which there is at most one, or the grant with this id.

    :param project_id: needed with ``granted_org_id``.
    :param granted_org_id: the organization that the project is granted to. Exactly one of it and ``id`` is given.
    :param id: needs ``project_id`` or ``org_id``: ZITADEL does not find a project grant by its id alone.
    :param org_id: the organization that owns the project. Without it, ZITADEL is queried for it, which needs the v2 API.
    :raises NoMatch: where there is none that the credential may see. The error lists the project's other grants.
    :raises LookupFailed: without ``org_id``, where the server does not have the v2 API.
    :raises UnexpectedAnswer: where the server counts more than the credential may see.
    :raises HeaderIgnored: where the server searches another organization than ``org_id``.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/mgmt (Search Project Grants), and without ``org_id``
    https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjectGrants).
    """
    question = lookup.Question("get_project_grant", locals())
    by, value = question.exactly_one_of("granted_org_id", "id")
    question.require("project_id", unless="org_id" if by == "id" else None)

    def find(client: Client) -> ProjectGrantResult:
        grant = f"grant {clean(value)}" if by == "id" else "grant"
        of = f"project {clean(project_id)}" if project_id else f"a project of organization {clean(org_id or '')}"
        what = f"{grant} of {of}{'' if by == 'id' else f' to organization {clean(value)}'}"
        grants = _listed(client, project_id, org_id)
        found = [each for each in grants if value == (each.id if by == "id" else each.granted_org_id)]
        record = lookup.one(found, what, _described, lambda: grants, label="Other project grants")
        return lookup.result_of(ProjectGrantResult, record)

    return question.answer(ProjectGrantResult, find)


def get_project_grant_output(
    *,
    project_id: pulumi.Input[str] | None = None,
    granted_org_id: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[ProjectGrantResult]:
    """Return the same as :func:`get_project_grant`, for arguments that may be known later."""
    return lookup.as_output(get_project_grant, locals())


def _listed(client: Client, project_id: str | None, org_id: str | None) -> Sequence[ProjectGrantRecord]:
    """Return the grants of a project, or those of all projects of an organization."""
    from pulumi_zorg.resource_types.project_grant.declaration import TYPE

    owner = org_id
    if owner is None and project_id is not None:
        with needs_service(client.transport, PROJECTS, _WAY_OUT):
            owner = TYPE.calls.owner(client, project_id)
    if owner is None:
        return ()
    if project_id is None:
        return lookup.in_organization(client, owner, TYPE.calls.list_organization(client, owner))
    found = lookup.in_organization(client, owner, TYPE.calls.of_project(client, owner, project_id))
    return [each for each in found if each.project_id == project_id]


def _described(record: ProjectGrantRecord) -> str:
    state = "" if lookup.is_active(record.state) else ", inactive"
    return f"{clean(record.id)} (to organization {clean(record.granted_org_id)}{state})"
