"""Lists of the API as data: an :class:`ObjectList` knows its endpoint, and the form of its requests and answers.

A list takes few calls, but it does not prove that an object was removed: it lags behind the last writes, it can miss an
object that exists for good, and the v2 API leaves out what the caller may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import Field, create_model
from typing_extensions import Unpack

from pulumi_zorg.api.operations import CallOptions, Endpoint
from pulumi_zorg.api.records import ListDetails, Wire
from pulumi_zorg.api.retry import poll
from pulumi_zorg.errors import NotFound, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_zorg.api.transport import Transport

PAGE = 5_000  # entries of a page of the v1 API; both recorded servers accept it
PAGE_V2 = 1_000  # the v2 API refuses more


class TooLong(Exception):
    """A list takes more calls than its caller allows."""


class Identified(Protocol):
    """An entry of a list."""

    @property
    def id(self) -> str: ...


Entry = TypeVar("Entry", bound=Identified)
Item = TypeVar("Item")


def all_pages(
    page: Callable[[int], tuple[int, Sequence[Any]]],
    operation: str,
    at_most: int | None = None,
    into: Callable[[Any], Entry] = lambda row: row,
) -> tuple[Entry, ...]:
    """Return all pages as one list. While the server makes a page, the one before it is converted.

    :param page: returns the number of all entries, and the entries from an offset on.
    :param operation: as the beginning of a sentence.
    :param at_most: how many calls it may take; None is any number.
    :param into: what is kept of an entry, with its ``id``. An entry itself takes some kilobytes of memory.
    :raises TooLong: where it takes more, after the first call.
    :raises UnexpectedAnswer: where the list changed while it was read, so that some entries were not shown.
    """
    found: dict[str, Entry] = {}
    total, rows = page(0)
    offset = len(rows)
    if at_most is not None and total > at_most * len(rows):
        raise TooLong
    with ThreadPoolExecutor(1, thread_name_prefix="zorg") as ahead:
        # A server may return fewer entries than requested, so a short page is not always the last one.
        while rows and offset < total:
            following = ahead.submit(page, offset)
            found.update((each.id, each) for each in map(into, rows))
            counted, rows = following.result()
            total, offset = max(total, counted), offset + len(rows)
    found.update((each.id, each) for each in map(into, rows))
    if len(found) < total:
        raise UnexpectedAnswer(
            f"{operation}: the server counts {total}, but showed {len(found)} of them. The list seems to have changed while it "
            "was read, or the credential may not see all of it (IAM_OWNER_VIEWER on the instance may); try again.",
            may_have_applied=False,
        )
    return tuple(found.values())


#: Seconds within which a list shows an object that was just made.
_LISTED_WITHIN = 5.0


def read_listed(
    operation: str,
    id: str,
    find: Callable[[], Item | None],
    made: Collection[str],
    sleep: Callable[[float], None],
    absent: str = "the list of v2 does not have it, which proves nothing",
) -> Item:
    """Return an object that only a list shows. It is waited for where this process made it.

    :param find: returns it, or None where the list does not have it.
    :param made: the ids of the objects that this process made.
    :param absent: what is said where the list does not have it. v2 leaves out what the caller may not see.
    :raises NotFound: where the list does not have it.
    """
    found = poll(find, lambda each: each is not None, within=_LISTED_WITHIN if id in made else 0.0, sleep=sleep)
    if found is None:
        raise NotFound(operation, 200, None, absent)
    return found


def chunks(values: Iterable[str], size: int) -> Iterator[Sequence[str]]:
    """Return the values in parts of at most ``size``."""
    kept = list(values)
    for start in range(0, len(kept), size):
        yield kept[start : start + size]


@dataclass(frozen=True)
class Found(Generic[Item]):
    """The entries of a list.

    :param total: how many there are by the server's count.
    :param entries: those that were read.
    """

    total: int
    entries: tuple[Item, ...]

    @property
    def complete(self) -> bool:
        """Whether all were read. The server counts entries that it does not show to the caller."""
        return len(self.entries) == self.total


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
        if self.endpoint.is_of_connect:
            return ("pagination", "filters", "pagination")
        return ("query", "queries", "details")

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
        offset: int = 0,
        limit: int | None = None,
        asc: bool = True,
        more: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> tuple[int, tuple[Row, ...]]:
        """Return how many entries match, and a page of them.

        :param operation: what the call is for, as the beginning of a sentence.
        :param filters: the conditions that an entry matches, as the API has them.
        :param limit: another number of entries than that of all pages.
        :param more: other fields of the request.
        :param options: the organization that the header names, and the ids in the endpoint's path.
        """
        paged, filtered, _ = self._names
        body: dict[str, Any] = {paged: {"offset": str(offset), "limit": limit or self.size, "asc": asc}}
        if filters:
            body[filtered] = list(filters)
        if self.sorted_by:
            body["sortingColumn"] = self.sorted_by
        options["body"] = {**body, **(more or {})}
        found = transport.fetch(self._answer, self.endpoint.call(operation, reads=True, **options))
        return found.counted.total_result, found.entries

    def all(
        self,
        transport: Transport,
        operation: str,
        *filters: Mapping[str, Any],
        first: tuple[int, Sequence[Row]] | None = None,
        at_most: int | None = None,
        more: Mapping[str, Any] | None = None,
        into: Callable[[Row], Any] = lambda row: row,
        **options: Unpack[CallOptions],
    ) -> Sequence[Any]:
        """Return all entries. See :meth:`page`, and :func:`all_pages` for ``at_most`` and the errors.

        :param first: the first page, where it was read already.
        :param into: what is kept of an entry, with its ``id``. An entry itself takes some kilobytes of memory.
        """

        def page(offset: int) -> tuple[int, Sequence[Any]]:
            if first and not offset:
                return first
            return self.page(transport, operation, *filters, offset=offset, more=more, **options)

        return all_pages(page, operation, at_most, into)
