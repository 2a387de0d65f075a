"""Reads and searches organizations.

Every object of ZITADEL lives in an organization, and every call of the management API acts on the one that its header names.
The calls that change organizations are those of the resource type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.lists import PAGE_V2, ObjectList, read_listed
from pulumi_zorg.api.operations import Endpoint, Implementation, Operations, Proves
from pulumi_zorg.api.records import OrganizationRecord
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


def _whole(listed: ObjectList[OrganizationRecord]) -> Implementation[Sequence[OrganizationRecord]]:
    def read(transport: Transport, operation: str, at_most: int | None) -> Sequence[OrganizationRecord]:
        return listed.all(transport, operation, at_most=at_most)

    return Implementation((listed.endpoint,), read, Proves.ID)


#: The implementations of the list of all organizations. That of v2 is an error for a caller who may not see all that it counts.
LIST_ORGANIZATIONS = (_whole(ORGANIZATIONS), _whole(VISIBLE))
#: The implementations of the search for organizations. Each returns the list and its first page.
SEARCH_ORGANIZATIONS = (_first_page(VISIBLE), _first_page(ORGANIZATIONS))


def _read_v1(transport: Transport, operations: Operations, operation: str, org_id: str) -> OrganizationRecord:
    record = transport.fetch(OrganizationRecord, READ_ORGANIZATION.call(operation, org=org_id, reads=True), "org")
    if record.id != org_id:
        raise HeaderIgnored(
            f"{operation}: the server answered for organization {clean(record.id)} instead. It, or something in front of it, "
            "ignores the header x-zitadel-orgid, so that every change would hit the wrong organization. Nothing was "
            "written. Let the header through, or use a server that honours it."
        )
    return record.model_copy(update={"by_header": True})


def _read_v2(transport: Transport, operations: Operations, operation: str, org_id: str) -> OrganizationRecord:
    def find() -> OrganizationRecord | None:
        _, found = VISIBLE.page(transport, operation, {"idQuery": {"id": org_id}})
        return next((each for each in found if each.id == org_id), None)

    return read_listed(operation, org_id, find, operations.made, transport.sleep)


#: The implementations of the read of an organization. v1 shows the last write, and removed organizations.
_READ = (
    Implementation((READ_ORGANIZATION,), _read_v1),
    Implementation((VISIBLE.endpoint,), _read_v2, Proves.ID),
)


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

        A removed organization is shown as well; see :attr:`OrganizationRecord.removed`. A server without v1 shows it in no list.

        :raises HeaderIgnored: where the answer is about another organization.
        """
        return self._operations.first(
            _READ, self._transport, self._operations, f"Reading organization {clean(org_id)}", org_id
        )

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
        return self.whole("Listing the organizations of the instance")

    def whole(self, operation: str, at_most: int | None = None) -> Sequence[OrganizationRecord]:
        """Return the same. See :func:`all_pages` for ``at_most``."""
        return self._operations.first(LIST_ORGANIZATIONS, self._transport, operation, at_most)

    def some(self) -> Sequence[OrganizationRecord]:
        """Return organizations that the caller may see, as many as one page has; none where no list can be read."""
        with suppress(ApiError, UnexpectedAnswer):
            return self.search("Listing organizations", whole=False)
        return ()
