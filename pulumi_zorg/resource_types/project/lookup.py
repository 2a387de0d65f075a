"""Finding a project that exists: :func:`get_project`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.errors import clean
from pulumi_zorg.lookup import Question, as_output, one, quoted, shown

if TYPE_CHECKING:
    from pulumi_zorg.client import Client
    from pulumi_zorg.resource_types.project.calls import ProjectRecord

__all__ = ["ProjectResult", "get_project", "get_project_output"]


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

    :param org_id: only a project of this organization. Without it, those of all organizations are searched, which a server
        without the v2 API cannot do.
    :raises NoMatch: where there is none that the credential may see. The error lists names that are near.
    :raises SeveralMatches: where several organizations have a project of that name.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjects), and with ``org_id``
    https://zitadel.com/docs/apis/resources/mgmt (Search Projects).
    """
    question = Question("get_project", name=name, id=id, org_id=org_id)
    by = question.exactly_one_of("name", "id")
    value = question.given[by]

    def ask(client: Client) -> ProjectResult:
        from pulumi_zorg.resource_types.project.declaration import TYPE

        def listed(place: str | None) -> Sequence[ProjectRecord]:
            found = TYPE.calls.list_organization(client, place) if place else TYPE.calls.list_instance(client)
            return found or ()

        what = f"project with the {by} {quoted(value)}{f' in organization {clean(org_id)}' if org_id else ''}"
        projects = listed(org_id)

        def near() -> list[ProjectRecord]:
            elsewhere = listed(None) if org_id else projects
            return [each for each in elsewhere if each.id == value or value.lower() in each.name.lower()]

        found = [each for each in projects if value == (each.id if by == "id" else each.name)]
        return _result(one(found, what, lambda each: shown(each, each.name), near))

    return question.answer(ProjectResult, ask)


def get_project_output(
    *,
    name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[ProjectResult]:
    """Return the same as :func:`get_project`, for arguments that may be known later."""
    return as_output(get_project, name=name, id=id, org_id=org_id)


def _result(record: ProjectRecord) -> ProjectResult:
    known = {name: value for name, value in record.properties().items() if name in ProjectResult.__dataclass_fields__}
    return ProjectResult(id=record.id, **known)
