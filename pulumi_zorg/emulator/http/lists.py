"""Lists: comparing texts, filtering, sorting, paging, and the details that come with every list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pulumi_zorg.emulator.errors import invalid
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.eventstore.projections import ReadModel, Table
from pulumi_zorg.emulator.http.responses import int64, message
from pulumi_zorg.emulator.http.schema import MessageDict

T = TypeVar("T")
Predicate = Callable[[T], bool]

#: The largest limit of a v2 list, and the limit of a request without one.
_MAX_LIMIT = 1000
_DEFAULT_LIMIT = 100

_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda text, expected: text == expected,
    "STARTS_WITH": lambda text, expected: text.startswith(expected),
    "CONTAINS": lambda text, expected: expected in text,
    "ENDS_WITH": lambda text, expected: text.endswith(expected),
}


def matches(method: str, text: str, expected: str) -> bool:
    """Compare two texts with one of ZITADEL's text methods."""
    name = method.partition("_METHOD_")[2]
    if name.endswith("_IGNORE_CASE"):
        return _COMPARE[name[: -len("_IGNORE_CASE")]](text.lower(), expected.lower())
    return _COMPARE[name](text, expected)


def kind_of(query: MessageDict) -> tuple[str, MessageDict]:
    """Return which kind of query was sent, and its message."""
    for name, inner in query.items():
        if inner is not None:
            return name, inner
    return "", {}


def filter_all(items: Iterable[T], predicates: list[Predicate[T]]) -> list[T]:
    """Return the items for which all predicates hold."""
    return [item for item in items if all(holds(item) for holds in predicates)]


def ordered(items: Iterable[T], key: Callable[[T], Any] | None, query: MessageDict | None) -> list[T]:
    """Return the items sorted by the key, descending unless the query asks for ascending. Without a key keep the order."""
    if key is None:
        return list(items)
    return sorted(items, key=key, reverse=not (query and query["asc"]))


def page(items: list[T], query: MessageDict | None) -> tuple[int, list[T]]:
    """Return the total and the requested page.

    The real database returns the total together with the rows of the page, so a page beyond the end has the total 0.
    """
    total = len(items)
    if query:
        start = query["offset"]
        items = items[start : start + query["limit"]] if query["limit"] else items[start:]
    return (total if items else 0), items


def pagination(request: MessageDict) -> MessageDict:
    """Return the pagination of a v2 list, with a limit.

    :raises ApiError: 400 QUERY-4M0fs, for a limit over 1,000.
    """
    found = dict(request["pagination"] or {"offset": 0, "limit": 0, "asc": False})
    if found["limit"] > _MAX_LIMIT:
        raise invalid("QUERY-4M0fs", "Errors.Query.LimitExceeded")
    found["limit"] = found["limit"] or _DEFAULT_LIMIT
    return found


def list_response(total: int, items: list[Any], table: Table[Any]) -> dict[str, Any]:
    """Return a v1 list."""
    view = format_timestamp(table.last_event) if table.last_event else ""
    return message(details=message(totalResult=int64(total), viewTimestamp=view), result=items)


def list_response_v2(total: int, items: list[Any], table: Table[Any]) -> dict[str, Any]:
    """Return a list of the older v2 services, whose details have a `timestamp`."""
    details = message(totalResult=int64(total), timestamp=format_timestamp(table.last_event))
    return message(details=details, result=items)


def paginated_response(total: int, window: MessageDict, **items: list[Any]) -> dict[str, Any]:
    """Return a list of the newer v2 services.

    :param window: the pagination of the request, as `pagination` returned it.
    """
    return message(pagination=message(totalResult=int64(total), appliedLimit=int64(window["limit"])), **items)


def joined_text(read_model: ReadModel | None, name: str) -> str:
    """Return a text of a read model that can be missing, like a left join."""
    return "" if read_model is None else str(getattr(read_model, name))
