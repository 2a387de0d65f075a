"""The caller: which user the credential belongs to, what it may do, and which organization is the default one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.operations import Call, Endpoint
from pulumi_zorg.api.organizations import VISIBLE_ORGANIZATIONS
from pulumi_zorg.api.records import Details, OrganizationRecord, UserRecord, Wire
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean

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
        of_v2 = partial(VISIBLE_ORGANIZATIONS.page, self._transport, operation, {"defaultQuery": {}})
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
