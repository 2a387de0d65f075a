"""Who the caller is: which user the credential belongs to, what it may do where, and what of the instance is shown to it.

Each read has implementations in v1 and, for servers without it, in v2. Only v1 shows the caller's permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field

from pulumi_zorg.api.administrators import ADMINISTRATORS, Administrator
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.operations import Call, Endpoint, Implementation, Operations
from pulumi_zorg.api.organizations import ORGANIZATIONS, VISIBLE
from pulumi_zorg.api.projects import PROJECTS
from pulumi_zorg.api.records import Details, NonEmpty, OrganizationRecord, UserRecord, Wire, check_id
from pulumi_zorg.errors import ApiError, NotFound, PermissionDenied, Unauthenticated, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


class _Instance(Wire):
    iam_project_id: str  # always there: an answer without it is not ZITADEL's
    default_org_id: str = ""  # older servers do not have it


class _Details(Wire):
    version: str = ""


class Membership(Wire):
    """A membership of the caller, with its roles: on the instance, in an organization, or on a project.

    :ivar iam: whether it is on the instance.
    :ivar org_id: the organization that it is on; empty where it is on something else.
    """

    details: Details
    roles: tuple[str, ...] = ()
    iam: bool = False
    org_id: str = ""
    project_id: str = ""
    project_grant_id: str = ""

    @property
    def id(self) -> str:
        """What the membership is on."""
        return "instance" if self.iam else self.org_id or f"{self.project_id}/{self.project_grant_id}"

    @property
    def within(self) -> str:
        """The organization in which its roles count; empty for the instance."""
        return "" if self.iam else self.org_id or self.details.resource_owner


#: Every caller may list its own.
_MEMBERSHIPS = ObjectList(Endpoint("POST", "/auth/v1/memberships/me/_search", ""), Membership)


class _Permissions(Wire):
    result: tuple[str, ...] = ()


_INSTANCE = Endpoint("GET", "/management/v1/iam", "")
_ME = Endpoint("GET", "/auth/v1/users/me", "")
_USERINFO = Endpoint("GET", "/oidc/v1/userinfo", "")
_USER = Endpoint("GET", "/v2/users/{id}", "")  # every user may read itself


class _Userinfo(Wire):
    sub: NonEmpty


class _UserV2(Wire):
    id: NonEmpty = Field(alias="userId")
    details: Details
    username: str = ""


def _me(transport: Transport, operation: str) -> UserRecord:
    return transport.fetch(UserRecord, _ME.call(operation, reads=True), "user")


def _me_v2(transport: Transport, operation: str) -> UserRecord:
    try:
        own = transport.fetch(_Userinfo, _USERINFO.call(operation, reads=True)).sub
    except UnexpectedAnswer as refused:
        if refused.status != 401:
            raise
        # This endpoint refuses a token in OAuth's words.
        raise Unauthenticated(operation, 401, None, "invalid token", transport.settings.credential_origin) from None
    user = transport.fetch(_UserV2, _USER.call(operation, ids={"id": own}, reads=True), "user")
    check_id(user.id, own, "user", operation)
    return UserRecord(id=own, details=user.details, user_name=user.username)


def _memberships(transport: Transport, operation: str, user_id: Callable[[], str]) -> Sequence[Membership]:
    return _MEMBERSHIPS.all(transport, operation)


def _memberships_v2(transport: Transport, operation: str, user_id: Callable[[], str]) -> Sequence[Membership]:
    found = ADMINISTRATORS.all(transport, operation, {"inUserIdsFilter": {"ids": [user_id()]}})
    return [_membership(each) for each in found]


def _membership(row: Administrator) -> Membership:
    on, grant = row.project or row.project_grant, row.project_grant
    return Membership(
        details=Details(resource_owner=on.organization_id if on else ""),
        roles=row.roles,
        iam=on is None and row.organization is None,
        org_id=row.organization.id if row.organization else "",
        project_id=grant.project_id if grant else row.project.id if row.project else "",
        project_grant_id=grant.id if grant else "",
    )


def _own_project(transport: Transport, operation: str) -> str:
    return _instance(transport, operation).iam_project_id


def _own_project_v2(transport: Transport, operation: str) -> str:
    """Return the oldest project with the name of ZITADEL's own, which is made with the instance; empty where the caller sees none."""
    name = {"projectNameFilter": {"projectName": _OWN_PROJECT, "method": "TEXT_FILTER_METHOD_EQUALS"}}
    _, found = PROJECTS.page(transport, operation, name)
    own = [each for each in found if not each.granted_organization_id and each.name == _OWN_PROJECT]
    return min(own, key=lambda each: each.creation_date or _NEVER).project_id if own else ""


def _instance(transport: Transport, operation: str) -> _Instance:
    return transport.fetch(_Instance, _INSTANCE.call(operation, reads=True))


def _sees_instance(transport: Transport, operation: str, memberships: Callable[[], Sequence[Membership]]) -> bool:
    try:
        ORGANIZATIONS.page(transport, operation, limit=1)
    except (PermissionDenied, NotFound) as refused:
        if refused.is_missing_call:
            raise
        return False
    return True


def _sees_instance_v2(transport: Transport, operation: str, memberships: Callable[[], Sequence[Membership]]) -> bool:
    return any(each.iam and not _READERS.isdisjoint(each.roles) for each in memberships())


def _version_v1(transport: Transport, operation: str) -> str | None:
    return transport.fetch(_Details, _VERSION.call(operation, reads=True), "instance").version or None


def _version_v2(transport: Transport, operation: str) -> str | None:
    return transport.fetch(_Details, _VERSION_V2.call(operation, reads=True), "instance").version or None


_VERSION = Endpoint("GET", "/admin/v1/instances/me", "iam.read")
_VERSION_V2 = Endpoint("POST", "/zitadel.instance.v2.InstanceService/GetInstance", "iam.read")
_READ_VERSION = (Implementation((_VERSION,), _version_v1), Implementation((_VERSION_V2,), _version_v2))
_SEES_INSTANCE = (
    Implementation((ORGANIZATIONS.endpoint,), _sees_instance),
    Implementation((ADMINISTRATORS.endpoint,), _sees_instance_v2),
)
#: ZITADEL's roles that may read everything where they are given, and what that is.
_READERS = frozenset({"IAM_OWNER", "IAM_OWNER_VIEWER", "ORG_OWNER", "ORG_OWNER_VIEWER"})
_READ_PERMISSIONS = frozenset(
    f"{each}.read"
    for each in (
        "org", "org.member", "user", "user.grant", "project", "project.role", "project.member", "project.grant",
        "project.grant.member",
    )
)  # fmt: skip
#: What ZITADEL calls its own project.
_OWN_PROJECT = "ZITADEL"
_NEVER = datetime.max.replace(tzinfo=timezone.utc)
_READ_ME = (Implementation((_ME,), _me), Implementation((_USERINFO, _USER), _me_v2))
_READ_MEMBERSHIPS = (
    Implementation((_MEMBERSHIPS.endpoint,), _memberships),
    Implementation((ADMINISTRATORS.endpoint,), _memberships_v2),
)
_READ_OWN_PROJECT = (Implementation((_INSTANCE,), _own_project), Implementation((PROJECTS.endpoint,), _own_project_v2))


class Caller:
    """The calls about the caller."""

    def __init__(self, transport: Transport, operations: Operations) -> None:
        self._transport, self._operations = transport, operations
        self._has_permissions = True

    def me(self) -> UserRecord:
        """Return the caller's user; ``details.resource_owner`` is the organization that it lives in.

        Documents: https://zitadel.com/docs/apis/resources/auth (Get my user), and for servers without v1
        https://zitadel.com/docs/apis/openidoauth/endpoints (userinfo) and https://zitadel.com/docs/apis/resources/user_service_v2
        (GetUserByID).

        :raises UnexpectedAnswer: where the answer does not name that organization.
        """
        operation = "Reading the credential's own user"
        user = self._operations.first(_READ_ME, self._transport, operation)
        if not user.details.resource_owner:
            raise UnexpectedAnswer(
                f"{operation}: the answer does not name the user's organization, so it is not ZITADEL's.",
                may_have_applied=False,
            )
        return user

    def permissions(self, org_id: str) -> frozenset[str]:
        """Return the caller's permissions in the organization, like ``user.grant.read``.

        Document: https://zitadel.com/docs/apis/resources/auth (My ZITADEL permissions). v2 has no such call.

        :raises ApiError: on a server without v1, with the status 501.
        """
        operation = f"Reading the credential's rights in organization {clean(org_id)}"
        call = Call(operation, "POST", "/auth/v1/permissions/zitadel/me/_search", org=org_id, reads=True)
        try:
            if self._has_permissions:
                return frozenset(self._transport.fetch(_Permissions, call).result)
        except (ApiError, UnexpectedAnswer) as refused:
            if not self._operations.lacks(refused):
                raise
            self._has_permissions = False
        raise ApiError(operation, 501, None, "this server does not have v1, and v2 shows nobody's rights")

    def rights_to_list(self, org_id: str) -> frozenset[str]:
        """Return the permissions by which lists of an organization show everything to the caller. No removal is proven by them.

        On a server without v1, they are those that ZITADEL's own roles for owners and viewers have unless an operator changes that.
        """
        try:
            return self.permissions(org_id)
        except ApiError as refused:
            if refused.status != 501:
                raise
        of = {role for each in self.memberships() if each.iam or each.org_id == org_id for role in each.roles}
        return frozenset() if of.isdisjoint(_READERS) else _READ_PERMISSIONS

    def sees_instance(self) -> bool:
        """Return whether lists over the instance show everything to the caller. Those of users do not count what they leave out."""
        operation = "Listing the organizations of the instance"
        return self._operations.first(_SEES_INSTANCE, self._transport, operation, self.memberships)

    def memberships(self) -> tuple[Membership, ...]:
        """Return the caller's memberships. The list may lag.

        Documents: https://zitadel.com/docs/apis/resources/auth (Search My Memberships), and for servers without v1
        https://zitadel.com/docs/apis/resources/internal_permission_service_v2 (ListAdministrators).
        """
        operation = "Listing the credential's memberships"
        found = self._operations.first(_READ_MEMBERSHIPS, self._transport, operation, lambda: self.me().id)
        return tuple(found)

    def own_project(self) -> str:
        """Return the id of ZITADEL's own project, which has the console and the API. Every caller may read it.

        A server without v1 does not tell. There it is the oldest project of that name that the caller may see, or empty.

        Documents: https://zitadel.com/docs/apis/resources/mgmt (Instance information) and
        https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjects).
        """
        operation = "Reading which project is ZITADEL's own"
        return self._operations.first(_READ_OWN_PROJECT, self._transport, operation)

    def server_version(self) -> str | None:
        """Return the version of ZITADEL, like ``v4.15.0-a97999e5``; None where the server does not show it to this caller.

        Documents: https://zitadel.com/docs/apis/resources/admin (Get My Instance), and for servers without v1
        https://zitadel.com/docs/apis/resources/instance_service_v2 (GetInstance). It needs ``iam.read``.
        """
        try:
            return self._operations.first(_READ_VERSION, self._transport, "Reading the version of the server")
        except ApiError:
            return None
        except UnexpectedAnswer as refused:
            if not self._operations.lacks(refused):
                raise
            return None

    def default_organization(self) -> str | None:
        """Return the id of the default organization; None where the server does not report it to this caller.

        The management API reports it to every caller. Where a server refuses that, the admin API and the v2 API are queried.

        Documents: https://zitadel.com/docs/apis/resources/mgmt (Instance information),
        https://zitadel.com/docs/apis/resources/admin (Get default organization), and the organization service's list
        with its query for the default one.
        """
        operation, fetch = "Reading the default organization", self._transport.fetch
        of_v2 = partial(VISIBLE.page, self._transport, operation, {"defaultQuery": {}})
        of_admin_api = Call(operation, "GET", "/admin/v1/orgs/default", reads=True)
        reads: tuple[Callable[[], str], ...] = (
            lambda: _instance(self._transport, operation).default_org_id,
            lambda: fetch(OrganizationRecord, of_admin_api, "org").id,
            lambda: next((each.id for each in of_v2()[1]), ""),
        )
        for read in reads:
            try:
                if org_id := read():
                    return org_id
            except ApiError as refusal:
                if refusal.is_outage:
                    raise
            except UnexpectedAnswer as refusal:
                if not self._operations.lacks(refusal):
                    raise
        return None
