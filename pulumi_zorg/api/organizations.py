"""Reads and searches organizations.

Every object of ZITADEL lives in an organization, and every call of the management API acts on the one that its header names.
The calls that change organizations are those of the resource type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.lists import PAGE_V2, ObjectList, all_pages
from pulumi_zorg.api.operations import Endpoint, Implementation, Operations
from pulumi_zorg.api.records import OrganizationRecord
from pulumi_zorg.errors import ApiError, HeaderIgnored, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


READ_ORGANIZATION = Endpoint("GET", "/management/v1/orgs/me", "org.read")
#: All organizations of the instance, for a caller with a right on it.
ORGANIZATIONS = ObjectList(Endpoint("POST", "/admin/v1/orgs/_search", "iam.read"), OrganizationRecord)
#: The organizations that the caller may see.
VISIBLE_ORGANIZATIONS = ObjectList(
    Endpoint("POST", "/v2/organizations/_search", "org.read"), OrganizationRecord, size=PAGE_V2
)


_Page = tuple[int, Sequence[OrganizationRecord]]
FirstPage = tuple[ObjectList[OrganizationRecord], _Page]


def _first_page(listed: ObjectList[OrganizationRecord]) -> Implementation[FirstPage]:
    def read(transport: Transport, operation: str, queries: Sequence[Mapping[str, Any]]) -> FirstPage:
        return listed, listed.page(transport, operation, *queries)

    return Implementation((listed.endpoint,), read, reads=True, needs_right_on_instance=listed is ORGANIZATIONS)


#: The implementations of the search for organizations. Each returns the list and its first page.
SEARCH_ORGANIZATIONS = (_first_page(VISIBLE_ORGANIZATIONS), _first_page(ORGANIZATIONS))


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
        if not whole:
            return first[1]

        def page(offset: int) -> _Page:
            return listed.page(self._transport, operation, *queries, offset=offset) if offset else first

        return all_pages(page, operation)

    def some(self) -> Sequence[OrganizationRecord]:
        """Return organizations that the caller may see, as many as one page has; none where no list can be read."""
        with suppress(ApiError, UnexpectedAnswer):
            return self.search("Listing organizations", whole=False)
        return ()
