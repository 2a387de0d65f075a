"""Reads whole lists, in pages.

A list takes few calls, but it does not prove that an object was removed: it lags behind the last writes, it can miss an
object that exists for good, and the v2 API leaves out what the caller may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import Field

from pulumi_zorg.client.transport import Call, Transport
from pulumi_zorg.errors import UnexpectedAnswer, clean
from pulumi_zorg.models import Authorization, OrganizationRecord, UserGrantRecord, Wire, parse

__all__ = ["Listings"]

_PAGE = 5_000  # entries of a page of the v1 API; both recorded servers accept it
_PAGE_V2 = 1_000  # AuthorizationService refuses more

_AUTHORIZATIONS = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"


class _Count(Wire):
    total_result: int = 0


class _Organizations(Wire):
    details: _Count = _Count()
    result: tuple[OrganizationRecord, ...] = ()


class _Grants(Wire):
    details: _Count = _Count()
    result: tuple[UserGrantRecord, ...] = ()


class _Authorizations(Wire):
    pagination: Annotated[_Count, Field(default_factory=_Count)]
    authorizations: tuple[Authorization, ...] = ()


Listed = TypeVar("Listed", OrganizationRecord, UserGrantRecord, Authorization)


class Listings:
    """The lists of an instance.

    Documents: https://zitadel.com/docs/apis/resources/admin (Search Organizations),
    https://zitadel.com/docs/apis/resources/mgmt (Search User Grants) and
    https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def organizations(self) -> tuple[OrganizationRecord, ...]:
        """Return all organizations of the instance.

        :raises PermissionDenied: without ``iam.read``, a right on the instance (IAM_OWNER, IAM_OWNER_VIEWER).
        """
        operation = "Listing the organizations of the instance"

        def page(offset: int) -> tuple[int, tuple[OrganizationRecord, ...]]:
            body = {"query": _query(offset), "sortingColumn": "ORG_FIELD_NAME_NAME"}
            answer = self._transport.send(Call(operation, "POST", "/admin/v1/orgs/_search", body=body, reads=True))
            found = parse(_Organizations, answer, operation)
            return found.details.total_result, found.result

        return _all(page, operation)

    def user_grants(self, org_id: str) -> tuple[UserGrantRecord, ...]:
        """Return the user grants that were made in the organization and that the caller may see."""
        operation = f"Listing the user grants of organization {clean(org_id)}"

        def page(offset: int) -> tuple[int, tuple[UserGrantRecord, ...]]:
            path, body = "/management/v1/users/grants/_search", {"query": _query(offset)}
            answer = self._transport.send(Call(operation, "POST", path, org=org_id, body=body, reads=True))
            found = parse(_Grants, answer, operation)
            return found.details.total_result, found.result

        # A server that ignores the header lists another organization's grants.
        return tuple(each for each in _all(page, operation) if each.org_id == org_id)

    def authorizations(self, ids: Sequence[str]) -> tuple[Authorization, ...]:
        """Return the user grants with these ids, of all organizations, that the caller may see."""
        operation = "Listing user grants by their ids"
        found: list[Authorization] = []
        for wanted in _chunks(ids, _PAGE_V2):
            filters = [{"authorizationIds": {"ids": list(wanted)}}]
            found += self._authorizations(operation, 0, filters)[1]
        return tuple(found)

    def all_authorizations(self, at_most: int | None = None) -> tuple[Authorization, ...] | None:
        """Return all user grants of the instance that the caller may see.

        :param at_most: how many calls it may take. Where more are needed, it returns None after the first one.
        """
        operation = "Listing the user grants of the instance"
        first = self._authorizations(operation, 0, [])
        if at_most is not None and first[0] > at_most * _PAGE_V2:
            return None
        return _all(lambda offset: self._authorizations(operation, offset, []) if offset else first, operation)

    def _authorizations(self, operation: str, offset: int, filters: list[Any]) -> tuple[int, tuple[Authorization, ...]]:
        body = {
            "pagination": {"offset": offset, "limit": _PAGE_V2, "asc": True},
            # The oldest first, so that a grant that is created meanwhile moves no other grant to another page.
            "sortingColumn": "AUTHORIZATION_FIELD_NAME_CREATED_DATE",
            "filters": filters,
        }
        answer = self._transport.send(Call(operation, "POST", _AUTHORIZATIONS, body=body, reads=True))
        found = parse(_Authorizations, answer, operation)
        return found.pagination.total_result, found.authorizations


def _query(offset: int) -> dict[str, Any]:
    return {"offset": str(offset), "limit": _PAGE, "asc": True}


def _all(page: Callable[[int], tuple[int, tuple[Listed, ...]]], operation: str) -> tuple[Listed, ...]:
    """Return all pages as one list.

    :raises UnexpectedAnswer: where the list changed while it was read, so that some entries were not shown.
    """
    found: dict[str, Listed] = {}
    total = offset = 0
    while True:
        counted, rows = page(offset)
        total = max(total, counted)
        found.update((row.id, row) for row in rows)
        offset += len(rows)
        # A server may return fewer entries than requested, so a short page is not always the last one.
        if not rows or offset >= total:
            break
    if len(found) < total:
        raise UnexpectedAnswer(
            f"{operation}: the server counts {total}, but showed {len(found)} of them. The list seems to have changed while it "
            "was read, or the credential may not see all of it (IAM_OWNER_VIEWER on the instance may); try again.",
            may_have_applied=False,
        )
    return tuple(found.values())


def _chunks(values: Iterable[str], size: int) -> Iterator[Sequence[str]]:
    kept = list(values)
    for start in range(0, len(kept), size):
        yield kept[start : start + size]
