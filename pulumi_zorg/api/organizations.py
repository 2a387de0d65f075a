"""The organization that calls name in their header: ``GET /management/v1/orgs/me``.

Every object of ZITADEL lives in an organization, and every call of the management API acts on one. The calls that change
organizations are those of the resource type.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.records import OrganizationRecord, Wire, parse
from pulumi_zorg.errors import ApiError, HeaderIgnored, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

__all__ = ["READ_ORGANIZATION", "Organizations"]

READ_ORGANIZATION = Endpoint("GET", "/management/v1/orgs/me", "org.read")


class _Found(Wire):
    org: OrganizationRecord


class _Listed(Wire):
    result: tuple[OrganizationRecord, ...] = ()


class Organizations:
    """The read of an organization. Document: https://zitadel.com/docs/apis/resources/mgmt (My organization)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, org_id: str) -> OrganizationRecord:
        """Return the organization as the server shows it to a call that names it in the header.

        A removed organization is shown as well; see :attr:`OrganizationRecord.removed`.

        :raises HeaderIgnored: where the answer is about another organization.
        """
        operation = f"Reading organization {clean(org_id)}"
        call = Call(operation, READ_ORGANIZATION.method, READ_ORGANIZATION.path, org=org_id, reads=True)
        record = parse(_Found, self._transport.send(call), operation).org
        if record.id != org_id:
            raise HeaderIgnored(
                f"{operation}: the server answered for organization {clean(record.id)} instead. It, or something in front of it, "
                "ignores the header x-zitadel-orgid, so that every change would hit the wrong organization. Nothing was "
                "written. Let the header through, or use a server that honours it."
            )
        return record

    def some(self) -> tuple[OrganizationRecord, ...]:
        """Return organizations that the caller may see, as many as one page has; none where no list can be read.

        The list may lag. Documents: https://zitadel.com/docs/apis/resources/admin (Search Organizations), and the
        organization service's list.
        """
        operation = "Listing organizations"
        for path in ("/admin/v1/orgs/_search", "/v2/organizations/_search"):
            with suppress(ApiError, UnexpectedAnswer):
                answer = self._transport.send(Call(operation, "POST", path, reads=True))
                return parse(_Listed, answer, operation).result
        return ()
