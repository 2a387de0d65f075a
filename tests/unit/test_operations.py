"""The seam between an operation and its implementations: which one a server has is found out once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Endpoint, Implementation, Operations, Proves, permissions_of
from pulumi_zorg.api.records import ObjectRecord
from pulumi_zorg.errors import ApiError, FailedPrecondition, NotFound, PermissionDenied, UnexpectedAnswer, ZorgError
from pulumi_zorg.resource_types.calls import Calls
from pulumi_zorg.resource_types.inputs import Inputs

NEW, OLD = Endpoint("POST", "/v2/things", "thing.write"), Endpoint("POST", "/v1/things", "iam.write")
MISSING = [
    NotFound("Changing", 404, 5, "Not Found"),
    ApiError("Changing", 501, 12, "unknown service"),
    UnexpectedAnswer("a page of a proxy", may_have_applied=False, status=404),
    UnexpectedAnswer("a redirect to the console", may_have_applied=False, status=302),
]


class Server:
    """Two implementations of one operation, and what they were called with."""

    def __init__(self, refusal: ZorgError | None, last: ZorgError | None = None, *, instance: bool = False) -> None:
        self.refusals = {"new": refusal, "old": last}
        self.calls: list[str] = []
        self.both = (
            Implementation((NEW,), lambda value: self._call("new", value), may_lack_right=instance),
            Implementation((OLD,), lambda value: self._call("old", value)),
        )

    def _call(self, name: str, value: int) -> str:
        self.calls.append(name)
        refusal = self.refusals[name]
        if refusal is not None:
            raise refusal
        return f"{name} {value}"


@pytest.mark.parametrize("missing", MISSING)
def test_what_a_server_does_not_have_is_tried_once_in_a_process(missing: ZorgError) -> None:
    server, operations = Server(missing), Operations()
    assert [operations.first(server.both, each) for each in (1, 2)] == ["old 1", "old 2"]
    assert server.calls == ["new", "old", "old"]


def test_the_first_implementation_that_a_server_has_is_used() -> None:
    server = Server(None)
    assert Operations().first(server.both, 1) == "new 1"
    assert server.calls == ["new"]


@pytest.mark.parametrize(
    "refusal",
    [
        PermissionDenied("Changing", 403, 7, "No matching permissions found"),
        NotFound("Changing", 404, 5, "Thing could not be found (QUERY-1)"),
        FailedPrecondition("Changing", 400, 9, "Thing is already inactive"),
        UnexpectedAnswer("a gateway's page, after the server may have acted", may_have_applied=True),
    ],
)
def test_a_refusal_is_no_reason_to_make_a_change_in_another_way(refusal: ZorgError) -> None:
    server = Server(refusal)
    with pytest.raises(type(refusal)):
        Operations().first(server.both, 1)
    assert server.calls == ["new"]


def test_a_caller_without_a_right_on_the_instance_uses_the_next_one_each_time() -> None:
    server, operations = Server(PermissionDenied("Changing", 403, 7, ""), instance=True), Operations()
    assert [operations.first(server.both, each) for each in (1, 2)] == ["old 1", "old 2"]
    assert server.calls == ["new", "old"] * 2


@pytest.mark.parametrize("last", [PermissionDenied("Changing", 403, 7, "second"), *MISSING])
def test_of_several_refusals_the_first_one_counts(last: ZorgError) -> None:
    server = Server(PermissionDenied("Changing", 403, 7, "first"), last, instance=True)
    with pytest.raises(PermissionDenied, match="first"):
        Operations().first(server.both, 1)


def test_an_outage_does_not_show_what_a_server_has() -> None:
    server, operations = Server(MISSING[0], UnexpectedAnswer("the old one fails", may_have_applied=True)), Operations()
    with pytest.raises(UnexpectedAnswer):
        operations.first(server.both, 1)
    server.refusals = {"new": None, "old": None}
    assert operations.first(server.both, 1) == "new 1"


def test_a_refusal_by_the_next_one_shows_what_a_server_does_not_have_too() -> None:
    server, operations = Server(MISSING[0], NotFound("Changing", 404, 5, "Thing not found (QUERY-1)")), Operations()
    for _ in range(2):
        with pytest.raises(NotFound, match="Thing not found"):
            operations.first(server.both, 1)
    assert server.calls == ["new", "old", "old"]


def test_where_a_server_has_none_of_them_the_last_refusal_is_raised_and_all_are_tried_again() -> None:
    server, operations = Server(MISSING[0], MISSING[1]), Operations()
    for _ in range(2):
        with pytest.raises(ApiError, match="docs/without-v1"):
            operations.first(server.both, 1)
    assert server.calls == ["new", "old"] * 2


def test_of_several_implementations_the_permissions_of_one_are_enough() -> None:
    server = Server(None)
    assert permissions_of(server.both) == (frozenset({"thing.write", "iam.write"}),)
    two_calls = Implementation((NEW, Endpoint("GET", "/v2/things", "thing.read")), print)
    assert permissions_of([two_calls]) == (frozenset({"thing.write"}), frozenset({"thing.read"}))


def test_the_header_is_verified_only_for_calls_that_need_it() -> None:
    """A call that names its object by the id acts on no other, whatever becomes of the header."""

    class ThingCalls(Calls[Inputs, ObjectRecord]):
        implementations = {  # noqa: RUF012 - as a type declares it
            "create": [Implementation((NEW,), print, Proves.ID)],
            "update": [Implementation((NEW,), print, Proves.ID), Implementation((OLD,), print)],
        }

    client = cast(Client, SimpleNamespace(operations=Operations()))
    assert not ThingCalls().needs_header(client, "create")
    assert ThingCalls().needs_header(client, "update")
    assert ThingCalls().endpoints == {"create": (NEW,), "update": (NEW, OLD)}
