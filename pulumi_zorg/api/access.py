"""Who can get in: lists of users and grants, and the settings that decide it. For sentences and limits of a preview.

Each method that lists makes at most :data:`PAGES` calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.pages import PAGE_V2, chunks
from pulumi_zorg.api.records import Details, ListDetails, NonEmpty, OrganizationRecord, Wire, check_id, parse
from pulumi_zorg.errors import HeaderIgnored, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

__all__ = ["PAGES", "Access", "Found", "FoundGrant", "FoundProject", "FoundProjectGrant", "Login", "Users"]

#: Pages of 1,000 entries that one list takes at most.
PAGES = 5

Entry = TypeVar("Entry")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Found(Generic[Entry]):
    """The entries of a list.

    :param total: how many there are by the server's count.
    :param entries: those that were read.
    """

    total: int
    entries: tuple[Entry, ...]

    @property
    def complete(self) -> bool:
        """Whether all were read. The server counts entries that it does not show to the caller."""
        return len(self.entries) == self.total


@dataclass(frozen=True)
class Users:
    """Users by their kind.

    :param people: the ids of people.
    :param service_accounts: the ids of service accounts.
    :param total: how many users there are.
    """

    people: frozenset[str]
    service_accounts: frozenset[str]
    total: int

    @property
    def complete(self) -> bool:
        """Whether all were read."""
        return len(self.people) + len(self.service_accounts) == self.total


@dataclass(frozen=True)
class FoundGrant:
    """A user grant.

    :param user_org: the organization of its user.
    """

    user_id: str
    user_org: str
    active: bool


@dataclass(frozen=True)
class Login:
    """What decides who can log in to the applications of a project.

    :param owner: the organization that owns the project.
    """

    owner: str
    active: bool
    role_check: bool
    project_check: bool


@dataclass(frozen=True)
class FoundProject:
    """A project of an organization."""

    id: str
    login: Login


@dataclass(frozen=True)
class FoundProjectGrant:
    """A project grant."""

    project_id: str
    granted_org_id: str
    active: bool


class _Owned(Wire):
    details: Details = Field(default_factory=Details)


class _FoundOrganization(Wire):
    org: OrganizationRecord


class _UserRow(_Owned):
    id: NonEmpty
    machine: dict[str, Any] | None = None


class _UserRows(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_UserRow, ...] = ()


class _UserRowV2(Wire):
    user_id: NonEmpty
    machine: dict[str, Any] | None = None


class _UserRowsV2(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_UserRowV2, ...] = ()


class _Reference(Wire):
    id: NonEmpty
    organization_id: str = ""


class _GrantRow(Wire):
    id: NonEmpty
    state: str = ""
    user: _Reference

    @property
    def grant(self) -> FoundGrant:
        # A state that this release does not know counts as active: nobody is then left out of those who lose access.
        return FoundGrant(self.user.id, self.user.organization_id, self.state != "STATE_INACTIVE")


class _GrantRows(Wire):
    pagination: ListDetails = Field(default_factory=ListDetails)
    authorizations: tuple[_GrantRow, ...] = ()


class _ProjectRow(_Owned):
    id: NonEmpty
    state: str = ""
    project_role_check: bool = False
    has_project_check: bool = False

    @property
    def project(self) -> FoundProject:
        active = self.state != "PROJECT_STATE_INACTIVE"
        login = Login(self.details.resource_owner, active, self.project_role_check, self.has_project_check)
        return FoundProject(self.id, login)


class _ProjectRows(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_ProjectRow, ...] = ()


class _ProjectRowV2(Wire):
    project_id: NonEmpty
    organization_id: str = ""
    state: str = ""
    authorization_required: bool = False
    project_access_required: bool = False


class _ProjectV2(Wire):
    project: _ProjectRowV2


class _ProjectGrantRow(_Owned):
    project_id: NonEmpty
    granted_org_id: NonEmpty
    state: str = ""


class _ProjectGrantRows(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_ProjectGrantRow, ...] = ()


class _Policy(Wire):
    user_login_must_be_domain: bool = False


class _FoundPolicy(Wire):
    policy: _Policy


class _LoginV2(Wire):
    required: bool = False


class _Features(Wire):
    login_v2: _LoginV2 = Field(default_factory=_LoginV2, alias="loginV2")


class Access:
    """Who can get in.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Search Users, Search Projects, Search All Project Grants, Get
    Domain Settings), https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers),
    https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations),
    https://zitadel.com/docs/apis/resources/project_service_v2 (GetProject) and
    https://zitadel.com/docs/apis/resources/feature_service_v2 (GetInstanceFeatures).

    The methods that list the objects of an organization raise HeaderIgnored where the server answers for another one.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        #: Organizations that an answer was about, and not about the caller's own.
        self._verified: set[str] = set()

    def users(self, org_id: str) -> Users:
        """Return the users that live in the organization."""
        operation = f"Listing the users of organization {clean(org_id)}"

        def page(offset: int) -> tuple[int, Sequence[_UserRow]]:
            body = {"query": _v1(offset), "sortingColumn": "USER_FIELD_NAME_CREATION_DATE"}
            found = parse(_UserRows, self._send("/management/v1/users/_search", operation, body, org_id), operation)
            self._verify(found.result, org_id, operation)
            return found.details.total_result, found.result

        total, rows = _pages(page)
        self._verified.add(org_id)  # without the header the caller, who is a user, would be listed
        machines = frozenset(each.id for each in rows if each.machine is not None)
        return Users(frozenset(each.id for each in rows) - machines, machines, total)

    def kinds(self, ids: Collection[str]) -> Users:
        """Return which of these users are people and which are service accounts, as far as the caller may see them."""
        operation = "Listing users by their ids"
        people: set[str] = set()
        machines: set[str] = set()
        for part in chunks(sorted(ids), PAGE_V2):
            body = {"query": {"limit": PAGE_V2, "asc": True}, "queries": [{"inUserIdsQuery": {"userIds": list(part)}}]}
            found = parse(_UserRowsV2, self._send("/v2/users", operation, body), operation).result
            machines.update(each.user_id for each in found if each.machine is not None)
            people.update(each.user_id for each in found if each.machine is None)
        return Users(frozenset(people), frozenset(machines), len(ids))

    def grants(
        self,
        *,
        project_id: str | None = None,
        role: str | None = None,
        project_grant: str | None = None,
        org_id: str | None = None,
    ) -> Found[FoundGrant]:
        """Return user grants of all organizations.

        :param project_id: only those on this project.
        :param role: only those with this role.
        :param project_grant: only those made by this project grant.
        :param org_id: only those made in this organization.
        """
        filters: list[dict[str, Any]] = []
        if project_id is not None:
            filters.append({"projectId": {"id": project_id}})
        if role is not None:
            filters.append({"roleKey": {"key": role, "method": "TEXT_FILTER_METHOD_EQUALS"}})
        if project_grant is not None:
            filters.append({"projectGrantId": {"id": project_grant}})
        if org_id is not None:
            filters.append({"organizationId": {"id": org_id}})
        what = f"of project {clean(project_id)}" if project_id is not None else f"of organization {clean(org_id or '')}"
        operation = f"Listing the user grants {what}"
        path = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"

        def page(offset: int) -> tuple[int, Sequence[_GrantRow]]:
            body = {
                "pagination": {"offset": str(offset), "limit": PAGE_V2, "asc": True},
                "sortingColumn": "AUTHORIZATION_FIELD_NAME_CREATED_DATE",
                "filters": filters,
            }
            found = parse(_GrantRows, self._send(path, operation, body), operation)
            return found.pagination.total_result, found.authorizations

        total, rows = _pages(page)
        return Found(total, tuple(each.grant for each in rows))

    def projects(self, org_id: str) -> Found[FoundProject]:
        """Return the projects that the organization owns."""
        operation = f"Listing the projects of organization {clean(org_id)}"

        def page(offset: int) -> tuple[int, Sequence[_ProjectRow]]:
            body = {"query": _v1(offset)}
            found = parse(
                _ProjectRows, self._send("/management/v1/projects/_search", operation, body, org_id), operation
            )
            self._verify(found.result, org_id, operation)
            return found.details.total_result, found.result

        total, rows = _pages(page)
        self._verify_header(org_id, operation)
        return Found(total, tuple(each.project for each in rows))

    def login(self, project_id: str) -> Login:
        """Return what decides who can log in to the applications of a project, for a caller who may not know its owner.

        :raises NotFound: for a project that the caller may not see, and on servers without the v2 API.
        """
        operation = f"Reading the settings of project {clean(project_id)}"
        path = "/zitadel.project.v2.ProjectService/GetProject"
        found = parse(_ProjectV2, self._send(path, operation, {"projectId": project_id}), operation).project
        check_id(found.project_id, project_id, "project", operation)
        active = found.state != "PROJECT_STATE_INACTIVE"
        return Login(found.organization_id, active, found.authorization_required, found.project_access_required)

    def project_grants(self, org_id: str) -> Found[FoundProjectGrant]:
        """Return the grants of the projects that the organization owns."""
        operation = f"Listing the project grants of organization {clean(org_id)}"
        path = "/management/v1/projectgrants/_search"

        def page(offset: int) -> tuple[int, Sequence[_ProjectGrantRow]]:
            found = parse(_ProjectGrantRows, self._send(path, operation, {"query": _v1(offset)}, org_id), operation)
            self._verify(found.result, org_id, operation)
            return found.details.total_result, found.result

        total, rows = _pages(page)
        self._verify_header(org_id, operation)
        return Found(
            total,
            tuple(
                FoundProjectGrant(each.project_id, each.granted_org_id, each.state != "PROJECT_GRANT_STATE_INACTIVE")
                for each in rows
            ),
        )

    def login_names_have_domain(self, org_id: str) -> bool:
        """Whether the login names of the organization's users end with its domain (``userLoginMustBeDomain``)."""
        operation = f"Reading the domain settings of organization {clean(org_id)}"
        call = Call(operation, "GET", "/management/v1/policies/domain", org=org_id, reads=True)
        return parse(_FoundPolicy, self._transport.send(call), operation).policy.user_login_must_be_domain

    def login_v2_required(self) -> bool:
        """Whether all applications of the instance use the V2 login, whatever they are set to.

        :raises NotFound: on servers without the v2 API.
        """
        operation = "Reading the features of the instance"
        answer = self._transport.send(Call(operation, "GET", "/v2/features/instance", reads=True))
        return parse(_Features, answer, operation).login_v2.required

    def _verify(self, rows: Sequence[_Owned], org_id: str, operation: str) -> None:
        """Verify that the entries of a list are of the organization that the call named."""
        if any(each.details.resource_owner != org_id for each in rows):
            raise HeaderIgnored(f"{operation}: the server answered for another organization.")
        if rows:
            self._verified.add(org_id)

    def _verify_header(self, org_id: str, operation: str) -> None:
        """Verify that an empty list was about the organization that the call named."""
        if org_id in self._verified:
            return
        answer = self._transport.send(Call(operation, "GET", "/management/v1/orgs/me", org=org_id, reads=True))
        if parse(_FoundOrganization, answer, operation).org.id != org_id:
            raise HeaderIgnored(f"{operation}: the server answered for another organization.")
        self._verified.add(org_id)

    def _send(self, path: str, operation: str, body: dict[str, Any], org_id: str | None = None) -> dict[str, Any]:
        return self._transport.send(Call(operation, "POST", path, org=org_id, body=body, reads=True))


def _v1(offset: int) -> dict[str, Any]:
    return {"offset": str(offset), "limit": PAGE_V2, "asc": True}


def _pages(page: Callable[[int], tuple[int, Sequence[Row]]]) -> tuple[int, list[Row]]:
    """Return the number of all rows, and the rows; only those of the first page where all take more than :data:`PAGES`."""
    total, first = page(0)
    rows = list(first)
    if first and total <= len(first) * PAGES:
        while len(rows) < total:
            _, more = page(len(rows))
            if not more:
                break
            rows += more
    return total, rows
