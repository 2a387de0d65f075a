"""Finding a project that exists, and its roles: :func:`get_project` and :func:`get_project_roles`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

import pulumi

from pulumi_zorg.api.api_services import PROJECTS, needs_service
from pulumi_zorg.errors import NotFound, NotProven, ZorgError, clean
from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.resource_types.project.calls import GrantedProject, ProjectCalls, ProjectRecord

_WAY_OUT = "Without it, projects are looked up in one organization only: give org_id."


class ProjectRoleResult(TypedDict):
    """A role of a project that exists. Without a group, the group is empty."""

    display_name: str
    group: str


@dataclass(frozen=True)
class ProjectResult:
    """A project that exists. The flags and the roles are those of the resource.

    :ivar org_id: the organization that owns it.
    :ivar roles: its roles by their keys, sorted. A :class:`Project` takes them as they are.
    :ivar state: ``PROJECT_STATE_ACTIVE`` or ``PROJECT_STATE_INACTIVE``.
    """

    id: str
    org_id: str
    name: str
    roles: Mapping[str, ProjectRoleResult] = field(hash=False)
    project_role_assertion: bool
    project_role_check: bool
    has_project_check: bool
    private_labeling_setting: str
    active: bool
    state: str


def get_project(*, name: str | None = None, id: str | None = None, org_id: str | None = None) -> ProjectResult:
    """Return the project with this name or id. Exactly one of them is given.

    :param id: a project that was created just now is found by its id. The list of names may lag. The roles do not lag for a
        credential that may read the event store.
    :param org_id: only a project of this organization. Without it, those of all organizations are searched, which a server
        without the v2 API cannot do.
    :raises NoMatch: where there is none that the credential may see. The error lists similar names.
    :raises SeveralMatches: where several organizations have a project of that name.
    :raises LookupFailed: without ``org_id``, where the server does not have the v2 API.
    :raises PermissionDenied: where the credential may see the project, but not its roles.
    :raises UnexpectedAnswer: where the server counts more than the credential may see.
    :raises HeaderIgnored: where the server searches another organization than ``org_id``.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjects, GetProject), and with ``org_id``
    https://zitadel.com/docs/apis/resources/mgmt (Search Projects, Project By ID). For the roles
    https://zitadel.com/docs/apis/resources/admin (Search Events), and without the right to it
    https://zitadel.com/docs/apis/resources/mgmt (Search Project Roles).
    """
    question = lookup.Question("get_project", locals())
    by, value = question.exactly_one_of("name", "id")

    found = question.answer(
        ProjectResult, lambda client: lookup.result_of(ProjectResult, _find(client, by, value, org_id))
    )
    return replace(found, roles=deepcopy(found.roles))  # the answer is kept, and the caller may change a dictionary


def get_project_output(
    *,
    name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[ProjectResult]:
    """Return the same as :func:`get_project`, for arguments that may be known later."""
    return lookup.as_output(get_project, locals())


@dataclass(frozen=True)
class _Roles:
    """What mocks return for :func:`get_project_roles`."""

    roles: Mapping[str, ProjectRoleResult]


def get_project_roles(
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    org_id: str | None = None,
    granted_org_id: str | None = None,
) -> Mapping[str, ProjectRoleResult]:
    """Return the roles of the project with this id or name, by their keys and sorted. No roles at all is no error.

    Exactly one of ``project_id`` and ``project_name`` is given. Without ``granted_org_id``, this is ``get_project(…).roles``.

    :param org_id: only a project that this organization owns. See :func:`get_project`.
    :param granted_org_id: an organization that the project is granted to. Then the result has only the roles that the project
        grant gives, and a credential of that organization is enough. The lists of projects and roles may lag.
    :raises NoMatch: where there is no such project that the credential may see, or none that is granted to the organization. The
        error lists similar names.
    :raises SeveralMatches: where several organizations have a project of that name.
    :raises InputError: for a wrong argument, before anything is called. All other errors are those of :func:`get_project`.

    Document: that of :func:`get_project`, and with ``granted_org_id`` https://zitadel.com/docs/apis/resources/mgmt (Search
    Granted Projects, Search Granted Project Roles).
    """
    question = lookup.Question("get_project_roles", locals())
    named, value = question.exactly_one_of("project_id", "project_name")
    by = named.removeprefix("project_")

    def find(client: Client) -> _Roles:
        if granted_org_id is None:
            return _Roles(lookup.result_of(ProjectResult, _find(client, by, value, org_id)).roles)
        return _Roles(_granted_roles(client, by, value, org_id, granted_org_id))

    return deepcopy(question.answer(_Roles, find).roles)  # the answer is kept, and the caller may change a dictionary


def get_project_roles_output(
    *,
    project_id: pulumi.Input[str] | None = None,
    project_name: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
    granted_org_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[Mapping[str, ProjectRoleResult]]:
    """Return the same as :func:`get_project_roles`, for arguments that may be known later."""
    return lookup.as_output(get_project_roles, locals())


def _calls() -> ProjectCalls:
    from pulumi_zorg.resource_types.project.declaration import TYPE

    return TYPE.calls


def _find(client: Client, by: str, value: str, org_id: str | None) -> ProjectRecord:
    """Return the one project, with its roles."""
    what = f"project with the {by} {lookup.quoted(value)}{f' in organization {clean(org_id)}' if org_id else ''}"

    def search(text: str) -> Sequence[ProjectRecord]:
        """Return similar projects, those of the organization first."""
        found: dict[str, ProjectRecord] = {}
        for place in dict.fromkeys((org_id, None)):
            with suppress(ZorgError):
                near = _by_id(client, text, place) if by == "id" else _by_name(client, text, place, lookup.CONTAINS)
                found |= {each.id: each for each in near if each.id not in found}
        return tuple(found.values())

    matches = _by_id(client, value, org_id) if by == "id" else _by_name(client, value, org_id)
    similar = lookup.similar_by(value, search) if by != "id" else lambda: search(value)
    return _calls().with_roles(client, lookup.one(matches, what, lookup.shown, similar, "org_id"))


def _granted_roles(
    client: Client, by: str, value: str, org_id: str | None, granted_org_id: str
) -> Mapping[str, ProjectRoleResult]:
    """Return the roles that the grant of a project to an organization gives."""
    place = f"{f'in organization {clean(org_id)} ' if org_id else ''}that is granted to organization {clean(granted_org_id)}"
    what = f"project with the {by} {lookup.quoted(value)} {place}"
    granted = lookup.in_organization(client, granted_org_id, _calls().granted_to(client, granted_org_id))
    found = [each for each in granted if value == getattr(each, by) and org_id in (None, each.org_id)]
    return _calls().granted_roles(client, lookup.one(found, what, _described, lambda: granted, "project_id"))


def _described(granted: GrantedProject) -> str:
    return f"{lookup.quoted(granted.name)} ({clean(granted.id)} in organization {clean(granted.org_id)})"


def _by_name(client: Client, name: str, org_id: str | None, method: str = lookup.EQUALS) -> Sequence[ProjectRecord]:
    with needs_service(client.transport, PROJECTS, _WAY_OUT):
        found = _calls().named(client, name, method, org_id)
    if org_id is not None:
        found = lookup.in_organization(client, org_id, found)
    # Not only the server decides whether a name is the one that was looked for.
    return [each for each in found if method != lookup.EQUALS or each.name == name]


def _by_id(client: Client, id: str, org_id: str | None) -> Sequence[ProjectRecord]:
    from pulumi_zorg.world.observed import Address

    try:
        if org_id is None:
            with needs_service(client.transport, PROJECTS, _WAY_OUT):
                return (_calls().read_v2(client, id),)
        return (_calls().read(client, id, Address({"org_id": org_id}, frozenset({"roles"}))),)
    except (NotFound, NotProven):  # servers differ about a project of another organization
        return () if org_id is None else lookup.in_organization(client, org_id, ())
