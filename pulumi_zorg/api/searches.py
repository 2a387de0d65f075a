"""Searches for users by names and email addresses, and the names for sentences that people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from pulumi_zorg.api.lists import PAGE_V2, ObjectList
from pulumi_zorg.api.operations import Call, Endpoint
from pulumi_zorg.api.records import Details, NonEmpty, Record, Wire, check_id
from pulumi_zorg.errors import clean

if TYPE_CHECKING:
    from pulumi_zorg.api.organizations import Organizations
    from pulumi_zorg.api.transport import Transport

_READ_USER = Endpoint("GET", "/v2/users/{id}", "user.read")


class _Profile(Wire):
    display_name: str = ""


class _Email(Wire):
    email: str = ""
    is_verified: bool = False


class _Human(Wire):
    profile: _Profile = Field(default_factory=_Profile)
    email: _Email = Field(default_factory=_Email)


class _Machine(Wire):
    name: str = ""


class FoundUser(Wire):
    """A user as ``POST /v2/users`` shows it: a person (``human``) or a service account (``machine``)."""

    id: NonEmpty = Field(alias="userId")
    details: Details
    state: str = ""
    username: str = ""
    login_names: tuple[str, ...] = ()
    preferred_login_name: str = ""
    human: _Human | None = None
    machine: _Machine | None = None


USERS = ObjectList(
    Endpoint("POST", "/v2/users", "user.read"), FoundUser, sorted_by="USER_FIELD_NAME_CREATION_DATE", size=PAGE_V2
)


class _User(Wire):
    user_name: str = ""
    username: str = ""


class _Project(Wire):
    name: str


class _GrantedProject(Wire):
    project_id: str = ""
    project_name: str = ""


_GRANTED_PROJECTS = ObjectList(
    Endpoint("POST", "/management/v1/granted_projects/_search", "project.read"), _GrantedProject, size=1_000
)


class Searches:
    """The read of a user and the search for users; and names, on which no decision rests.

    Documents: https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers, GetUserByID) and
    https://zitadel.com/docs/apis/resources/mgmt (User by ID, Project By ID, Search Granted Projects).

    The methods about an organization raise HeaderIgnored where the server answers for another one, as far as that can be seen.
    """

    def __init__(self, transport: Transport, organizations: Organizations) -> None:
        self._transport, self._organizations = transport, organizations

    def user(self, operation: str, id: str) -> FoundUser:
        """Return the user as a read by its id shows it. It does not lag, as lists do."""
        user = self._transport.fetch(FoundUser, _READ_USER.call(operation, ids={"id": id}, reads=True), "user")
        check_id(user.id, id, "user", operation)
        return user

    def users(self, operation: str, *queries: Mapping[str, Any]) -> Sequence[FoundUser]:
        """Return the users that match all queries, in all organizations, as far as the caller may see them.

        The server does not count users that it does not show to the caller, so none may mean that the caller may see none.
        Every user sees itself.

        :raises UnexpectedAnswer: where the list changed while it was read.
        """
        return USERS.all(self._transport, operation, *queries)

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
        return (lambda: self._organizations.read(id).name,) if property.endswith("org_id") else ()

    def user_name(self, org_id: str, user_id: str) -> str:
        """The name of a user of that organization.

        :raises NotFound: for a user of another one; see :meth:`user_name_anywhere`.
        """
        return self._read(_User, "user", "/management/v1/users/", user_id, org_id).user_name

    def user_name_anywhere(self, user_id: str) -> str:
        """The name of a user of any organization. Servers without the v2 API do not have this call."""
        return self._read(_User, "user", "/v2/users/", user_id, None).username

    def project_name(self, org_id: str, project_id: str) -> str:
        """The name of a project that the organization owns.

        :raises NotFound: for a project of another one, except on older servers; see :meth:`granted_project_name`.
        """
        return self._read(_Project, "project", "/management/v1/projects/", project_id, org_id).name

    def granted_project_name(self, org_id: str, project_id: str) -> str | None:
        """The name of a project that is granted to the organization; None where it is not."""
        operation = f"Searching project {clean(project_id)} among those granted to organization {clean(org_id)}"
        _, found = _GRANTED_PROJECTS.page(self._transport, operation, org=org_id)
        return next((each.project_name for each in found if each.project_id == project_id), None)

    def _read(self, model: type[Record], noun: str, path: str, id: str, org_id: str | None) -> Record:
        call = Call(f"Reading {noun} {clean(id)}", "GET", path + quote(id, safe=""), org=org_id, reads=True)
        return self._transport.fetch(model, call, noun)
