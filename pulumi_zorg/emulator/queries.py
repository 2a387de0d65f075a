"""Searching rows: comparing texts, sorting, paging, and the details every list comes with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .errors import invalid
from .model import int64, pb
from .schema import Msg
from .store import stamp
from .tables import Row, Table

T = TypeVar("T")
Predicate = Callable[[T], bool]

_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda text, wanted: text == wanted,
    "STARTS_WITH": lambda text, wanted: text.startswith(wanted),
    "CONTAINS": lambda text, wanted: wanted in text,
    "ENDS_WITH": lambda text, wanted: text.endswith(wanted),
}


def matches(method: str, text: str, wanted: str) -> bool:
    """Compare by one of ZITADEL's text methods."""
    name = method.partition("_METHOD_")[2]
    if name.endswith("_IGNORE_CASE"):
        return _COMPARE[name[: -len("_IGNORE_CASE")]](text.lower(), wanted.lower())
    return _COMPARE[name](text, wanted)


def kind_of(query: Msg) -> tuple[str, Msg]:
    """Which of the kinds of a query was sent, and its message."""
    for name, inner in query.items():
        if inner is not None:
            return name, inner
    return "", {}


def page(rows: list[T], query: Msg | None) -> tuple[int, list[T]]:
    """The total and the part asked for.

    The database counts together with the rows it returns: a page beyond the end knows no total.
    """
    total = len(rows)
    if query:
        start = query["offset"]
        rows = rows[start : start + query["limit"]] if query["limit"] else rows[start:]
    return (total if rows else 0), rows


def ordered(rows: Iterable[T], key: Callable[[T], Any] | None, query: Msg | None) -> list[T]:
    """Sorted by that key, descending unless asked otherwise; without a key in the order in which they came."""
    if key is None:
        return list(rows)
    return sorted(rows, key=key, reverse=not (query and query["asc"]))


def listed(total: int, rows: list[Any], table: Table[Any], name: str = "result") -> dict[str, Any]:
    """A v1 list."""
    timestamp = stamp(table.last_event) if table.last_event else ""
    return pb(details=pb(totalResult=int64(total), viewTimestamp=timestamp), **{name: rows})


def listed_v2(total: int, rows: list[Any], table: Table[Any]) -> dict[str, Any]:
    """A v2 list, which names its moment `timestamp`."""
    return pb(details=pb(totalResult=int64(total), timestamp=stamp(table.last_event)), result=rows)


#: The number of rows a v2 list returns at most, and without a limit.
_MAX_LIMIT = 1000
_DEFAULT_LIMIT = 100


def pagination(request: Msg) -> Msg:
    """Return the pagination of a v2 list, with a limit.

    :raises ApiError: 400 QUERY-4M0fs, for a limit over 1,000.
    """
    found = dict(request["pagination"] or {"offset": 0, "limit": 0, "asc": False})
    if found["limit"] > _MAX_LIMIT:
        raise invalid("QUERY-4M0fs", "Errors.Query.LimitExceeded")
    found["limit"] = found["limit"] or _DEFAULT_LIMIT
    return found


def paginated(total: int, asked: Msg, **rows: list[Any]) -> dict[str, Any]:
    """Return a v2 list: the rows under their name, and the pagination."""
    return pb(pagination=pb(totalResult=int64(total), appliedLimit=int64(asked["limit"])), **rows)


def all_of(rows: Iterable[T], predicates: list[Predicate[T]]) -> list[T]:
    """The rows for which all predicates hold."""
    return [row for row in rows if all(holds(row) for holds in predicates)]


def text_of(row: Row | None, name: str) -> str:
    """A text of a row that may be missing: a left join."""
    return "" if row is None else str(getattr(row, name))
