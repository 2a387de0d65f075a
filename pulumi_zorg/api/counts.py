"""Counts and names, for sentences that people read. No decision rests on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.records import Details, ListDetails, OrganizationRecord, Wire, parse
from pulumi_zorg.errors import HeaderIgnored, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

__all__ = ["Counts"]


class _Row(Wire):
    details: Details = Field(default_factory=Details)


class _Listed(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_Row, ...] = ()


class _FoundOrganization(Wire):
    org: OrganizationRecord


class _User(Wire):
    user_name: str = ""
    username: str = ""


class _FoundUser(Wire):
    user: _User


class _Project(Wire):
    name: str


class _FoundProject(Wire):
    project: _Project


class _GrantedProject(Wire):
    project_id: str = ""
    project_name: str = ""


class _GrantedProjects(Wire):
    result: tuple[_GrantedProject, ...] = ()


class Counts:
    """Counts and names.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Search Users, Search Projects, Search User Grants, User by
    ID, Project By ID, Search Granted Projects) and https://zitadel.com/docs/apis/resources/user_service_v2 (User by ID).

    Every method raises HeaderIgnored where the server answers for another organization, as far as that can be seen.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def service_accounts(self, org_id: str) -> int:
        """How many service accounts live in the organization."""
        only = {"queries": [{"typeQuery": {"type": "TYPE_MACHINE"}}]}
        return self._count("service accounts", "/management/v1/users/_search", org_id, only)

    def organization_name(self, org_id: str) -> str:
        """The name of an organization.

        :raises HeaderIgnored: where the server answers with another one, whose name nobody asked for.
        """
        operation = f"Reading organization {clean(org_id)}"
        answer = self._transport.send(Call(operation, "GET", "/management/v1/orgs/me", org=org_id, reads=True))
        found = parse(_FoundOrganization, answer, operation).org
        if found.id != org_id:
            raise HeaderIgnored(f"{operation}: the server answered for another organization.")
        return found.name

    def names(self, property: str, id: str, org_id: str | None) -> tuple[Callable[[], str | None], ...]:
        """Return the calls that give the name of an object, to be tried in order.

        :param property: the property that has its id, like ``user_id``.
        :param org_id: the organization of the resource that names it, where that is known.
        """
        if property == "user_id":
            here = (lambda: self.user_name(org_id, id),) if org_id else ()
            return (*here, lambda: self.user_name_anywhere(id))
        if property == "project_id":
            if not org_id:
                return ()
            return (lambda: self.project_name(org_id, id), lambda: self.granted_project_name(org_id, id))
        return (lambda: self.organization_name(id),)

    def user_name(self, org_id: str, user_id: str) -> str:
        """The name of a user of that organization.

        :raises NotFound: for a user of another one; see :meth:`user_name_anywhere`.
        """
        return self._user_name(f"/management/v1/users/{quote(user_id, safe='')}", user_id, org_id)

    def user_name_anywhere(self, user_id: str) -> str:
        """The name of a user of any organization. Servers without the v2 API do not have this call."""
        return self._user_name(f"/v2/users/{quote(user_id, safe='')}", user_id, None)

    def project_name(self, org_id: str, project_id: str) -> str:
        """The name of a project that the organization owns.

        :raises NotFound: for a project of another one, except on older servers; see :meth:`granted_project_name`.
        """
        operation = f"Reading project {clean(project_id)}"
        path = f"/management/v1/projects/{quote(project_id, safe='')}"
        answer = self._transport.send(Call(operation, "GET", path, org=org_id, reads=True))
        return parse(_FoundProject, answer, operation).project.name

    def granted_project_name(self, org_id: str, project_id: str) -> str | None:
        """The name of a project that is granted to the organization; None where it is not."""
        operation = f"Searching project {clean(project_id)} among those granted to organization {clean(org_id)}"
        body: dict[str, Any] = {"query": {"limit": 1_000}}
        path = "/management/v1/granted_projects/_search"
        answer = self._transport.send(Call(operation, "POST", path, org=org_id, body=body, reads=True))
        found = parse(_GrantedProjects, answer, operation).result
        return next((each.project_name for each in found if each.project_id == project_id), None)

    def _count(self, what: str, path: str, org_id: str, only: Mapping[str, Any] | None = None) -> int:
        operation = f"Counting the {what} of organization {clean(org_id)}"
        body = {"query": {"limit": 1}, **(only or {})}
        answer = self._transport.send(Call(operation, "POST", path, org=org_id, body=body, reads=True))
        found = parse(_Listed, answer, operation)
        owners = {row.details.resource_owner for row in found.result}
        if owners - {org_id}:
            raise HeaderIgnored(f"{operation}: the server answered for another organization.")
        return found.details.total_result

    def _user_name(self, path: str, user_id: str, org_id: str | None) -> str:
        operation = f"Reading user {clean(user_id)}"
        answer = self._transport.send(Call(operation, "GET", path, org=org_id, reads=True))
        found = parse(_FoundUser, answer, operation).user
        return found.user_name or found.username
