"""Lists of the API as data: an :class:`ObjectList` knows its endpoint, and the form of its requests and answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import Field, create_model

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.pages import PAGE, all_pages
from pulumi_zorg.api.records import ListDetails, Wire, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_zorg.api.transport import Transport


Row = TypeVar("Row", bound=Wire)


@dataclass(frozen=True)
class ObjectList(Generic[Row]):
    """A list of the API.

    :param row: the model of an entry. Its ``id`` distinguishes entries.
    :param rows: the field of an answer that has the entries.
    :param sorted_by: the column by which the entries are sorted; empty for the server's own order.
    :param size: how many entries a page has at most.
    """

    endpoint: Endpoint
    row: type[Row]
    rows: str = "result"
    sorted_by: str = ""
    size: int = PAGE

    @property
    def _names(self) -> tuple[str, str, str]:
        """What requests call the page and the filters, and what answers call the number of entries."""
        of_connect = self.endpoint.path.startswith("/zitadel.")
        return ("pagination", "filters", "pagination") if of_connect else ("query", "queries", "details")

    @cached_property
    def _answer(self) -> type[Any]:
        row: Any = self.row
        # An answer without the number of entries is not ZITADEL's.
        fields: dict[str, Any] = {
            "counted": (ListDetails, Field(alias=self._names[2])),
            "entries": (tuple[row, ...], Field((), alias=self.rows)),
        }
        return create_model("_Answer", __base__=Wire, **fields)

    def page(
        self,
        transport: Transport,
        operation: str,
        *filters: Mapping[str, Any],
        org: str | None = None,
        ids: Mapping[str, str] | None = None,
        offset: int = 0,
        **paging: Any,
    ) -> tuple[int, tuple[Row, ...]]:
        """Return how many entries match, and a page of them.

        :param operation: what the call is for, as the beginning of a sentence.
        :param filters: the conditions that an entry matches, as the API has them.
        :param org: the organization that the header names.
        :param ids: the ids in the endpoint's path.
        :param paging: other values than those of all pages, like ``limit``.
        """
        paged, filtered, _ = self._names
        body: dict[str, Any] = {paged: {"offset": str(offset), "limit": self.size, "asc": True, **paging}}
        if filters:
            body[filtered] = list(filters)
        if self.sorted_by:
            body["sortingColumn"] = self.sorted_by
        path = self.endpoint.at(ids or {})
        answer = transport.send(Call(operation, self.endpoint.method, path, org=org, body=body, reads=True))
        found = parse(self._answer, answer, operation)
        return found.counted.total_result, found.entries

    def all(
        self,
        transport: Transport,
        operation: str,
        *filters: Mapping[str, Any],
        org: str | None = None,
        ids: Mapping[str, str] | None = None,
        at_most: int | None = None,
    ) -> Sequence[Row]:
        """Return all entries. See :meth:`page`, and :func:`all_pages` for ``at_most`` and the errors."""

        def page(offset: int) -> tuple[int, Sequence[Any]]:
            return self.page(transport, operation, *filters, org=org, ids=ids, offset=offset)

        return all_pages(page, operation, at_most)
