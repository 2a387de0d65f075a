"""The caller: which user the credential belongs to, what it may do, and which organization is the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.pages import all_pages, v1_query
from pulumi_zorg.api.records import Details, ListDetails, OrganizationRecord, UserRecord, Wire, parse
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

__all__ = ["Caller", "Membership"]


class _Me(Wire):
    user: UserRecord


class _Instance(Wire):
    iam_project_id: str  # always there: an answer without it is not ZITADEL's
    default_org_id: str = ""  # older servers do not have it


class _Details(Wire):
    version: str = ""


class _InstanceDetails(Wire):
    instance: _Details


class _Org(Wire):
    org: OrganizationRecord


class _Orgs(Wire):
    result: tuple[OrganizationRecord, ...] = ()


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


class _Memberships(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[Membership, ...] = ()


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
        operation = "Reading the credential's own user"
        user = parse(_Me, self._transport.send(Call(operation, "GET", "/auth/v1/users/me", reads=True)), operation).user
        if not user.details.resource_owner:
            raise UnexpectedAnswer(
                f"{operation}: the answer does not name the user's organization, so it is not ZITADEL's.",
                may_have_applied=False,
            )
        return user

    def permissions(self, org_id: str) -> frozenset[str]:
        """Return the caller's permissions in the organization, like ``user.grant.read``.

        Document: https://zitadel.com/docs/apis/resources/auth (My ZITADEL permissions).
        """
        operation = f"Reading the credential's rights in organization {clean(org_id)}"
        path = "/auth/v1/permissions/zitadel/me/_search"
        answer = self._transport.send(Call(operation, "POST", path, org=org_id, reads=True))
        return frozenset(parse(_Permissions, answer, operation).result)

    def memberships(self) -> tuple[Membership, ...]:
        """Return the caller's memberships. The list may lag.

        Document: https://zitadel.com/docs/apis/resources/auth (Search My Memberships).
        """
        operation = "Listing the credential's memberships"

        def page(offset: int) -> tuple[int, tuple[Membership, ...]]:
            body = {"query": v1_query(offset)}
            call = Call(operation, "POST", "/auth/v1/memberships/me/_search", body=body, reads=True)
            found = parse(_Memberships, self._transport.send(call), operation)
            return found.details.total_result, found.result

        return all_pages(page, operation)

    def own_project(self) -> str:
        """Return the id of ZITADEL's own project, which has the console and the API. Every caller may read it.

        Document: https://zitadel.com/docs/apis/resources/mgmt (Instance information).
        """
        operation = "Reading which project is ZITADEL's own"
        answer = self._transport.send(Call(operation, "GET", "/management/v1/iam", reads=True))
        return parse(_Instance, answer, operation).iam_project_id

    def server_version(self) -> str | None:
        """Return the version of ZITADEL, like ``v4.15.0-a97999e5``; None where the server does not show it to this caller.

        Document: https://zitadel.com/docs/apis/resources/admin (Get My Instance). It needs ``iam.read``.
        """
        operation = "Reading the version of the server"
        try:
            answer = self._transport.send(Call(operation, "GET", "/admin/v1/instances/me", reads=True))
        except ApiError:
            return None
        return parse(_InstanceDetails, answer, operation).instance.version or None

    def default_organization(self) -> str | None:
        """Return the id of the default organization; None where the server does not tell this caller.

        The management API tells every caller. Where a server refuses that, the admin API and the v2 API are queried.

        Documents: https://zitadel.com/docs/apis/resources/mgmt (Instance information),
        https://zitadel.com/docs/apis/resources/admin (Get default organization), and the organization service's list
        with its query for the default one.
        """
        for read in (self._default_of_instance, self._default_of_admin_api, self._default_of_v2):
            try:
                default = read("Reading the default organization")
            except ApiError as refusal:
                if refusal.is_outage:
                    raise
            else:
                if default:
                    return default
        return None

    def _default_of_instance(self, operation: str) -> str:
        answer = self._transport.send(Call(operation, "GET", "/management/v1/iam", reads=True))
        return parse(_Instance, answer, operation).default_org_id

    def _default_of_admin_api(self, operation: str) -> str:
        answer = self._transport.send(Call(operation, "GET", "/admin/v1/orgs/default", reads=True))
        return parse(_Org, answer, operation).org.id

    def _default_of_v2(self, operation: str) -> str | None:
        body: dict[str, Any] = {"queries": [{"defaultQuery": {}}]}
        answer = self._transport.send(Call(operation, "POST", "/v2/organizations/_search", body=body, reads=True))
        return next((record.id for record in parse(_Orgs, answer, operation).result), None)
