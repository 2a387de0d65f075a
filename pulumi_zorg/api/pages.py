"""Reads whole lists, in pages.

A list takes few calls, but it does not prove that an object was removed: it lags behind the last writes, it can miss an
object that exists for good, and the v2 API leaves out what the caller may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from pulumi_zorg.errors import UnexpectedAnswer

PAGE = 5_000  # entries of a page of the v1 API; both recorded servers accept it
PAGE_V2 = 1_000  # the v2 API refuses more


class TooLong(Exception):
    """A list takes more calls than its caller allows."""


class Identified(Protocol):
    """An entry of a list."""

    @property
    def id(self) -> str: ...


Entry = TypeVar("Entry", bound=Identified)


def v1_query(offset: int) -> dict[str, Any]:
    """Return the part of a v1 search's body that names the page."""
    return {"offset": str(offset), "limit": PAGE, "asc": True}


def all_pages(
    page: Callable[[int], tuple[int, Sequence[Entry]]], operation: str, at_most: int | None = None
) -> tuple[Entry, ...]:
    """Return all pages as one list.

    :param page: returns the number of all entries, and the entries from an offset on.
    :param operation: as the beginning of a sentence.
    :param at_most: how many calls it may take; None is any number.
    :raises TooLong: where it takes more, after the first call.
    :raises UnexpectedAnswer: where the list changed while it was read, so that some entries were not shown.
    """
    found: dict[str, Entry] = {}
    total = offset = 0
    while True:
        counted, rows = page(offset)
        total = max(total, counted)
        if offset == 0 and at_most is not None and total > at_most * len(rows):
            raise TooLong
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


def chunks(values: Iterable[str], size: int) -> Iterator[Sequence[str]]:
    """Return the values in parts of at most ``size``."""
    kept = list(values)
    for start in range(0, len(kept), size):
        yield kept[start : start + size]
