"""Lists that change between two of their pages while `zorg access` reads them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from pulumi_zorg.access import read
from pulumi_zorg.access.rules import user_works
from tests.support.servers import Server
from tests.unit.clients import Clients


@pytest.fixture
def accounts(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Service accounts, oldest first, and a list of users whose pages have three."""
    monkeypatch.setattr(read, "USERS", replace(read.USERS, size=3))
    return [server.admin.create_user(server.home, f"account{number}") for number in range(6)]


def after_each_page_of_users(change: Callable[[], None]) -> Callable[[str, int, int], None]:
    return lambda what, number, total: change() if what == "users" else None


def remove(server: Server, user_id: str) -> None:
    server.admin.call("DELETE", f"/management/v1/users/{user_id}", org=server.home)


def test_a_user_who_is_in_no_list_is_not_known(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of users is read, and then comes a user whose grant is on the next page of the other list."""
    monkeypatch.setattr(read, "AUTHORIZATIONS", replace(read.AUTHORIZATIONS, size=2))
    for each in (server.ann, server.bob, server.admin.create_user(server.home, "carl")):
        server.admin.create_grant(server.home, each, server.project, ["viewer"])
    users_read, created = threading.Event(), list[str]()

    def progress(what: str, number: int, total: int) -> None:
        if what == "users" and number >= total:
            users_read.set()
        if what == "user grants" and not created:
            assert users_read.wait(10)
            created.append(server.admin.create_user(server.home, "new"))
            server.admin.create_grant(server.home, created[0], server.project, ["viewer"])

    found = read.read_instance(clients.owner(server), progress)
    assert created[0] in {each.user_id for each in found.user_grants.values()}
    # Either the user was created after the list of users was read, or the server misses the user in its list for good.
    assert (user_works(found, created[0]).works, found.unlisted) == (None, {})


@pytest.mark.parametrize("created", [False, True])
def test_a_user_is_not_missed_where_others_are_removed_meanwhile(
    server: Server, clients: Clients, accounts: list[str], created: bool
) -> None:
    """A removal moves the rest of the list to an earlier page, also where a create keeps the count."""
    removed = iter([server.ann])

    def change() -> None:
        for each in removed:
            remove(server, each)
            if created:
                server.admin.create_user(server.home, "new")

    found = read.read_instance(clients.owner(server), after_each_page_of_users(change))
    assert {server.bob, *accounts} <= {*found.users}
    assert found.unlisted == {}


def test_a_list_that_never_stays_the_same_is_not_known_to_be_whole(
    server: Server, clients: Clients, accounts: list[str]
) -> None:
    others = iter([server.ann, server.bob, *accounts])

    def change() -> None:
        remove(server, next(others))
        server.admin.create_user(server.home, f"new{len(server.proxy.exchanges)}")

    found = read.read_instance(clients.owner(server), after_each_page_of_users(change))
    assert found.unlisted == {"users": "the list changed while it was read: run the command again"}
