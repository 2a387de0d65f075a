"""Counts and names, for sentences that people read. No decision rests on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.records import Details, Record, Wire, parse
from pulumi_zorg.errors import HeaderIgnored, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.organizations import Organizations
    from pulumi_zorg.api.transport import Transport


class _Row(Wire):
    details: Details = Field(default_factory=Details)


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


_USERS = ObjectList(Endpoint("POST", "/management/v1/users/_search", "user.read"), _Row)
_GRANTED_PROJECTS = ObjectList(
    Endpoint("POST", "/management/v1/granted_projects/_search", "project.read"), _GrantedProject, size=1_000
)


class Counts:
    """Counts and names.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Search Users, Search Projects, Search User Grants, User by
    ID, Project By ID, Search Granted Projects) and https://zitadel.com/docs/apis/resources/user_service_v2 (User by ID).

    Every method raises HeaderIgnored where the server answers for another organization, as far as that can be seen.
    """

    def __init__(self, transport: Transport, organizations: Organizations) -> None:
        self._transport, self._organizations = transport, organizations

    def service_accounts(self, org_id: str) -> int:
        """How many service accounts live in the organization."""
        operation = f"Counting the service accounts of organization {clean(org_id)}"
        machines = {"typeQuery": {"type": "TYPE_MACHINE"}}
        total, rows = _USERS.page(self._transport, operation, machines, org=org_id, limit=1)
        if any(each.details.resource_owner != org_id for each in rows):
            raise HeaderIgnored(f"{operation}: the server answered for another organization.")
        return total

    def organization_name(self, org_id: str) -> str:
        """The name of an organization.

        :raises HeaderIgnored: where the server answers with another organization.
        """
        return self._organizations.read(org_id).name

    def names(self, property: str, id: str, org_id: str | None) -> tuple[Callable[[], str | None], ...]:
        """Return the calls that give the name of an object, to be tried in order; none where no call is known.

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
        return (lambda: self.organization_name(id),) if property.endswith("org_id") else ()

    def user_name(self, org_id: str, user_id: str) -> str:
        """The name of a user of that organization.

        :raises NotFound: for a user of another one; see :meth:`user_name_anywhere`.
        """
        return self._read(_FoundUser, "user", "/management/v1/users/", user_id, org_id).user.user_name

    def user_name_anywhere(self, user_id: str) -> str:
        """The name of a user of any organization. Servers without the v2 API do not have this call."""
        return self._read(_FoundUser, "user", "/v2/users/", user_id, None).user.username

    def project_name(self, org_id: str, project_id: str) -> str:
        """The name of a project that the organization owns.

        :raises NotFound: for a project of another one, except on older servers; see :meth:`granted_project_name`.
        """
        return self._read(_FoundProject, "project", "/management/v1/projects/", project_id, org_id).project.name

    def granted_project_name(self, org_id: str, project_id: str) -> str | None:
        """The name of a project that is granted to the organization; None where it is not."""
        operation = f"Searching project {clean(project_id)} among those granted to organization {clean(org_id)}"
        _, found = _GRANTED_PROJECTS.page(self._transport, operation, org=org_id)
        return next((each.project_name for each in found if each.project_id == project_id), None)

    def _read(self, model: type[Record], noun: str, path: str, id: str, org_id: str | None) -> Record:
        operation = f"Reading {noun} {clean(id)}"
        answer = self._transport.send(Call(operation, "GET", path + quote(id, safe=""), org=org_id, reads=True))
        return parse(model, answer, operation)
