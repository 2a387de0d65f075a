"""Reads and searches organizations, and reads who the caller is: which user the credential belongs to, and what it may do where.

Every object of ZITADEL lives in an organization, and every call of the management API acts on the one that its header names.
The calls that change organizations are those of the resource type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.lists import PAGE_V2, ObjectList
from pulumi_zorg.api.operations import Call, Endpoint, Implementation, Operations
from pulumi_zorg.api.records import Details, OrganizationRecord, UserRecord, Wire
from pulumi_zorg.errors import ApiError, HeaderIgnored, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

READ_ORGANIZATION = Endpoint("GET", "/management/v1/orgs/me", "org.read")
#: All organizations of the instance, for a caller with a right on it.
ORGANIZATIONS = ObjectList(Endpoint("POST", "/admin/v1/orgs/_search", "iam.read"), OrganizationRecord)
#: The organizations that the caller may see.
VISIBLE = ObjectList(Endpoint("POST", "/v2/organizations/_search", "org.read"), OrganizationRecord, size=PAGE_V2)


FirstPage = tuple[ObjectList[OrganizationRecord], tuple[int, Sequence[OrganizationRecord]]]


def _first_page(listed: ObjectList[OrganizationRecord]) -> Implementation[FirstPage]:
    def read(transport: Transport, operation: str, queries: Sequence[Mapping[str, Any]]) -> FirstPage:
        return listed, listed.page(transport, operation, *queries)

    return Implementation((listed.endpoint,), read, reads=True, may_lack_right=listed is ORGANIZATIONS)


#: The implementations of the search for organizations. Each returns the list and its first page.
SEARCH_ORGANIZATIONS = (_first_page(VISIBLE), _first_page(ORGANIZATIONS))


class Organizations:
    """The read of an organization, and the search for organizations.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (My organization),
    https://zitadel.com/docs/apis/resources/org_service_v2 (ListOrganizations), and for servers without it
    https://zitadel.com/docs/apis/resources/admin (Search Organizations).
    """

    def __init__(self, transport: Transport, operations: Operations) -> None:
        self._transport, self._operations = transport, operations

    def read(self, org_id: str) -> OrganizationRecord:
        """Return the organization as the server shows it to a call that names it in the header.

        A removed organization is shown as well; see :attr:`OrganizationRecord.removed`.

        :raises HeaderIgnored: where the answer is about another organization.
        """
        operation = f"Reading organization {clean(org_id)}"
        call = READ_ORGANIZATION.call(operation, org=org_id, reads=True)
        record = self._transport.fetch(OrganizationRecord, call, "org")
        if record.id != org_id:
            raise HeaderIgnored(
                f"{operation}: the server answered for organization {clean(record.id)} instead. It, or something in front of it, "
                "ignores the header x-zitadel-orgid, so that every change would hit the wrong organization. Nothing was "
                "written. Let the header through, or use a server that honours it."
            )
        return record

    def search(self, operation: str, *queries: Mapping[str, Any], whole: bool = True) -> Sequence[OrganizationRecord]:
        """Return the organizations that match all queries, as far as the caller may see them. The list may lag.

        :param whole: read all pages; else the first one, as far as the server shows it.
        :raises UnexpectedAnswer: of the whole list, where the server counts more than it shows to the caller.
        :raises PermissionDenied: for a caller without a right on the instance, on a server that has only the list for those.
        """
        listed, first = self._operations.first(SEARCH_ORGANIZATIONS, self._transport, operation, queries)
        return listed.all(self._transport, operation, *queries, first=first) if whole else first[1]

    def all(self) -> Sequence[OrganizationRecord]:
        """Return all organizations of the instance. The list may lag.

        :raises PermissionDenied: for a caller without a right on the instance.
        """
        return ORGANIZATIONS.all(self._transport, "Listing the organizations of the instance")

    def some(self) -> Sequence[OrganizationRecord]:
        """Return organizations that the caller may see, as many as one page has; none where no list can be read."""
        with suppress(ApiError, UnexpectedAnswer):
            return self.search("Listing organizations", whole=False)
        return ()


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


class Caller:
    """The calls about the caller."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def me(self) -> UserRecord:
        """Return the caller's user; ``details.resource_owner`` is the organization that it lives in.

        Document: https://zitadel.com/docs/apis/resources/auth (Get my user).

        :raises UnexpectedAnswer: where the answer does not name that organization.
        """
        call = Call("Reading the credential's own user", "GET", "/auth/v1/users/me", reads=True)
        user = self._transport.fetch(UserRecord, call, "user")
        if not user.details.resource_owner:
            raise UnexpectedAnswer(
                f"{call.operation}: the answer does not name the user's organization, so it is not ZITADEL's.",
                may_have_applied=False,
            )
        return user

    def permissions(self, org_id: str) -> frozenset[str]:
        """Return the caller's permissions in the organization, like ``user.grant.read``.

        Document: https://zitadel.com/docs/apis/resources/auth (My ZITADEL permissions).
        """
        operation = f"Reading the credential's rights in organization {clean(org_id)}"
        call = Call(operation, "POST", "/auth/v1/permissions/zitadel/me/_search", org=org_id, reads=True)
        return frozenset(self._transport.fetch(_Permissions, call).result)

    def memberships(self) -> tuple[Membership, ...]:
        """Return the caller's memberships. The list may lag.

        Document: https://zitadel.com/docs/apis/resources/auth (Search My Memberships).
        """
        return tuple(_MEMBERSHIPS.all(self._transport, "Listing the credential's memberships"))

    def own_project(self) -> str:
        """Return the id of ZITADEL's own project, which has the console and the API. Every caller may read it.

        Document: https://zitadel.com/docs/apis/resources/mgmt (Instance information).
        """
        return self._instance("Reading which project is ZITADEL's own").iam_project_id

    def server_version(self) -> str | None:
        """Return the version of ZITADEL, like ``v4.15.0-a97999e5``; None where the server does not show it to this caller.

        Document: https://zitadel.com/docs/apis/resources/admin (Get My Instance). It needs ``iam.read``.
        """
        call = Call("Reading the version of the server", "GET", "/admin/v1/instances/me", reads=True)
        try:
            return self._transport.fetch(_Details, call, "instance").version or None
        except ApiError:
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
            lambda: self._instance(operation).default_org_id,
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
        return None

    def _instance(self, operation: str) -> _Instance:
        return self._transport.fetch(_Instance, Call(operation, "GET", "/management/v1/iam", reads=True))
