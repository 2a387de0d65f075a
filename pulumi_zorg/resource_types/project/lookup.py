"""Finding a project that exists: :func:`get_project`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.errors import NotFound, NotProven, ZorgError, clean
from pulumi_zorg.lookup import (
    CONTAINS,
    EQUALS,
    Question,
    as_output,
    in_organization,
    needs_service,
    one,
    quoted,
    shown,
    similar_by,
)

if TYPE_CHECKING:
    from pulumi_zorg.client import Client
    from pulumi_zorg.resource_types.project.calls import ProjectRecord

__all__ = ["ProjectResult", "get_project", "get_project_output"]

_WAY_OUT = "Without it, projects are looked up in one organization only: give org_id."


@dataclass(frozen=True)
class ProjectResult:
    """A project that exists. The flags are those of the resource.

    :ivar org_id: the organization that owns it.
    :ivar state: ``PROJECT_STATE_ACTIVE`` or ``PROJECT_STATE_INACTIVE``.
    """

    id: str
    org_id: str
    name: str
    project_role_assertion: bool
    project_role_check: bool
    has_project_check: bool
    private_labeling_setting: str
    active: bool
    state: str


def get_project(*, name: str | None = None, id: str | None = None, org_id: str | None = None) -> ProjectResult:
    """Return the project with this name or id. Exactly one of them is given.

    :param id: a project that was created just now is found by its id. The list of names may lag.
    :param org_id: only a project of this organization. Without it, those of all organizations are searched, which a server
        without the v2 API cannot do.
    :raises NoMatch: where there is none that the credential may see. The error lists names that are near.
    :raises SeveralMatches: where several organizations have a project of that name.
    :raises LookupFailed: without ``org_id``, where the server does not have the v2 API.
    :raises UnexpectedAnswer: where the server counts more than the credential may see.
    :raises HeaderIgnored: where the server searches another organization than ``org_id``.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjects, GetProject), and with ``org_id``
    https://zitadel.com/docs/apis/resources/mgmt (Search Projects, Project By ID).
    """
    question = Question("get_project", name=name, id=id, org_id=org_id)
    by = question.exactly_one_of("name", "id")
    value = question.given[by]

    def ask(client: Client) -> ProjectResult:
        what = f"project with the {by} {quoted(value)}{f' in organization {clean(org_id)}' if org_id else ''}"
        find = _by_id if by == "id" else _by_name
        return _result(
            one(find(client, value, org_id), what, _described, lambda: _near(client, by, value, org_id), "org_id")
        )

    return question.answer(ProjectResult, ask)


def get_project_output(
    *,
    name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[ProjectResult]:
    """Return the same as :func:`get_project`, for arguments that may be known later."""
    return as_output(get_project, name=name, id=id, org_id=org_id)


def _by_name(client: Client, name: str, org_id: str | None, method: str = EQUALS) -> Sequence[ProjectRecord]:
    from pulumi_zorg.client.api_services import PROJECTS
    from pulumi_zorg.resource_types.project.declaration import TYPE

    with needs_service(client, PROJECTS, _WAY_OUT):
        found = TYPE.calls.named(client, name, method, org_id)
    if org_id is not None:
        found = in_organization(client, org_id, found)
    # Not only the server decides whether a name is the one that was looked for.
    return [each for each in found if method != EQUALS or each.name == name]


def _by_id(client: Client, id: str, org_id: str | None) -> Sequence[ProjectRecord]:
    from pulumi_zorg.client.api_services import PROJECTS
    from pulumi_zorg.resource_types.project.declaration import TYPE

    try:
        if org_id is None:
            with needs_service(client, PROJECTS, _WAY_OUT):
                return (TYPE.calls.read_v2(client, id),)
        # Of a project with a name, the roles are not read.
        return (TYPE.calls.read(client, id, {"org_id": org_id, "name": ""}),)
    except (NotFound, NotProven):  # servers differ about a project of another organization
        return () if org_id is None else in_organization(client, org_id, ())


def _near(client: Client, by: str, value: str, org_id: str | None) -> Sequence[ProjectRecord]:
    """Return similar projects, those of the organization first."""

    def search(text: str) -> Sequence[ProjectRecord]:
        found: dict[str, ProjectRecord] = {}
        for place in dict.fromkeys((org_id, None)):
            with suppress(ZorgError):
                near = _by_id(client, text, place) if by == "id" else _by_name(client, text, place, CONTAINS)
                for each in near:
                    found.setdefault(each.id, each)
        return tuple(found.values())

    return search(value) if by == "id" else similar_by(value, search)()


def _described(record: ProjectRecord) -> str:
    return shown(record, record.name)


def _result(record: ProjectRecord) -> ProjectResult:
    known = {name: value for name, value in record.properties().items() if name in ProjectResult.__dataclass_fields__}
    return ProjectResult(id=record.id, **known)
