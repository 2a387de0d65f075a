"""Who can get in: lists of users and grants, and the settings that decide it. For sentences and limits of a preview.

Each method that lists makes at most :data:`PAGES` calls.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import AliasPath, Field

from pulumi_zorg.api.lists import PAGE_V2, Found, ObjectList, chunks
from pulumi_zorg.api.operations import Call, Endpoint
from pulumi_zorg.api.records import NonEmpty, Wire, check_id
from pulumi_zorg.api.roles import AUTHORIZATIONS, authorization_filters
from pulumi_zorg.api.searches import USERS, USERS_OF_ORGANIZATION, Owned, UserOfOrganization
from pulumi_zorg.api.users import FoundUser
from pulumi_zorg.errors import HeaderIgnored, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.organizations import Organizations
    from pulumi_zorg.api.transport import Transport


#: Pages of 1,000 entries that one list takes at most.
PAGES = 5

Row = TypeVar("Row", bound=Wire)
OwnedRow = TypeVar("OwnedRow", bound=Owned)


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


class FoundProject(Owned):
    """A project of an organization."""

    state: str = ""
    project_role_check: bool = False
    has_project_check: bool = False

    @property
    def login(self) -> Login:
        """What decides who can log in to its applications."""
        active = self.state != "PROJECT_STATE_INACTIVE"
        return Login(self.details.resource_owner, active, self.project_role_check, self.has_project_check)


class _ProjectV2(Wire):
    project_id: NonEmpty
    organization_id: str = ""
    state: str = ""
    authorization_required: bool = False
    project_access_required: bool = False


class FoundProjectGrant(Owned):
    """A project grant."""

    id: NonEmpty = Field(alias="grantId")
    project_id: NonEmpty
    granted_org_id: NonEmpty
    state: str = ""

    @property
    def active(self) -> bool:
        """Whether it is active. A state that this release does not know counts as active."""
        return self.state != "PROJECT_GRANT_STATE_INACTIVE"


class _Policy(Wire):
    user_login_must_be_domain: bool = False


class _Features(Wire):
    v2_required: bool = Field(False, validation_alias=AliasPath("loginV2", "required"))


_PROJECTS = ObjectList(Endpoint("POST", "/management/v1/projects/_search", "project.read"), FoundProject, size=PAGE_V2)
_PROJECT_GRANTS = ObjectList(
    Endpoint("POST", "/management/v1/projectgrants/_search", "project.grant.read"), FoundProjectGrant, size=PAGE_V2
)
_READ_PROJECT = "/zitadel.project.v2.ProjectService/GetProject"


class Access:
    """Who can get in.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Search Users, Search Projects, Search All Project Grants, Get
    Domain Settings), https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers),
    https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations),
    https://zitadel.com/docs/apis/resources/project_service_v2 (GetProject) and
    https://zitadel.com/docs/apis/resources/feature_service_v2 (GetInstanceFeatures).

    The methods that list the objects of an organization raise HeaderIgnored where the server answers for another one.
    """

    def __init__(self, transport: Transport, organizations: Organizations) -> None:
        self._transport, self._organizations = transport, organizations
        #: Organizations that an answer was about, and not about the caller's own.
        self._verified: set[str] = set()

    def users(self, org_id: str) -> Users:
        """Return the users that live in the organization."""
        operation = f"Listing the users of organization {clean(org_id)}"
        found = self._of_organization(USERS_OF_ORGANIZATION, org_id, operation)
        return _users(found.entries, found.total)

    def kinds(self, ids: Collection[str]) -> Users:
        """Return which of these users are people and which are service accounts, as far as the caller may see them."""
        found: list[FoundUser] = []
        for part in chunks(sorted(ids), PAGE_V2):
            queries = {"inUserIdsQuery": {"userIds": list(part)}}
            found += USERS.page(self._transport, "Listing users by their ids", queries)[1]
        return _users(found, len(ids))

    def grants(self, **only: str | None) -> Found[FoundGrant]:
        """Return user grants of all organizations.

        :param only: the project or the organization, the role, … that they have. See :func:`authorization_filters`.
        """
        project_id = only.get("project_id")
        of_project = project_id and f"project {clean(project_id)}"
        what = of_project or f"organization {clean(only.get('org_id') or '')}"
        found = self._list(AUTHORIZATIONS, f"Listing the user grants of {what}", *authorization_filters(**only))
        # A state that this release does not know counts as active: nobody is then left out of those who lose access.
        grants = (
            FoundGrant(each.user.id, each.user.organization_id, each.state != "STATE_INACTIVE")
            for each in found.entries
        )
        return Found(found.total, tuple(grants))

    def projects(self, org_id: str) -> Found[FoundProject]:
        """Return the projects that the organization owns."""
        operation = f"Listing the projects of organization {clean(org_id)}"
        return self._of_organization(_PROJECTS, org_id, operation)

    def project_grants(self, org_id: str) -> Found[FoundProjectGrant]:
        """Return the grants of the projects that the organization owns."""
        operation = f"Listing the project grants of organization {clean(org_id)}"
        return self._of_organization(_PROJECT_GRANTS, org_id, operation)

    def login(self, project_id: str) -> Login:
        """Return what decides who can log in to the applications of a project, for a caller who may not know its owner.

        :raises NotFound: for a project that the caller may not see, and on servers without the v2 API.
        """
        operation = f"Reading the settings of project {clean(project_id)}"
        call = Call(operation, "POST", _READ_PROJECT, body={"projectId": project_id}, reads=True)
        found = self._transport.fetch(_ProjectV2, call, "project")
        check_id(found.project_id, project_id, "project", operation)
        active = found.state != "PROJECT_STATE_INACTIVE"
        return Login(found.organization_id, active, found.authorization_required, found.project_access_required)

    def login_names_have_domain(self, org_id: str) -> bool:
        """Whether the login names of the organization's users end with its domain (``userLoginMustBeDomain``)."""
        operation = f"Reading the domain settings of organization {clean(org_id)}"
        call = Call(operation, "GET", "/management/v1/policies/domain", org=org_id, reads=True)
        return self._transport.fetch(_Policy, call, "policy").user_login_must_be_domain

    def login_v2_required(self) -> bool:
        """Whether all applications of the instance use the V2 login, whatever they are set to.

        :raises NotFound: on servers without the v2 API.
        """
        call = Call("Reading the features of the instance", "GET", "/v2/features/instance", reads=True)
        return self._transport.fetch(_Features, call).v2_required

    def _of_organization(self, listed: ObjectList[OwnedRow], org_id: str, operation: str) -> Found[OwnedRow]:
        """Return the entries of a list of the organization that the header names.

        :raises HeaderIgnored: where the answer is about another organization.
        """
        found = self._list(listed, operation, org=org_id)
        if any(each.details.resource_owner != org_id for each in found.entries):
            raise HeaderIgnored(f"{operation}: the server answered for another organization.")
        # Without the header the caller, who is a user, would be listed among users.
        if not found.entries and listed is not USERS_OF_ORGANIZATION and org_id not in self._verified:
            self._organizations.read(org_id)
        self._verified.add(org_id)
        return found

    def _list(
        self, listed: ObjectList[Row], operation: str, *filters: Mapping[str, Any], org: str | None = None
    ) -> Found[Row]:
        """Return the entries of a list; only those of the first page where all take more than :data:`PAGES`."""
        total, rows = listed.page(self._transport, operation, *filters, org=org)
        if rows and total <= len(rows) * PAGES:
            while len(rows) < total:
                _, more = listed.page(self._transport, operation, *filters, org=org, offset=len(rows))
                if not more:
                    break
                rows += more
        return Found(total, rows)


def _users(found: Collection[UserOfOrganization | FoundUser], total: int) -> Users:
    machines = frozenset(each.id for each in found if each.machine is not None)
    return Users(frozenset(each.id for each in found) - machines, machines, total)
