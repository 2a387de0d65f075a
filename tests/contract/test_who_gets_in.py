"""The rules of who gets in agree with the tokens of a real server, on what the package's reader shows of it.

tests/emulator/test_access.py compares the rules with the emulator, switch by switch; here one of them shows that this test works.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import httpx
import pytest

from pulumi_zorg.access.read import read_instance
from pulumi_zorg.api.client import Client
from tests.conftest import started
from tests.emulator import access_columns as columns
from tests.emulator.access_by_rules import agree, in_force, reported
from tests.emulator.access_world import World, base_world
from tests.emulator.test_access import SWITCHES
from tests.support.servers import Server, real_is_given
from tests.unit.clients import Clients

SAMPLE = (
    "user deactivated",
    "user locked",
    "user removed",
    "user grant deactivated",
    "project grant deactivated",
    "project grant removed",
    "role removed from the project grant",
    "project deactivated",
    "owner organization deactivated",
    "customer organization deactivated",
    "customer organization removed",
    "project_role_check on",
    "has_project_check on",
)
CASES = [("2026-07", "has_project_check on"), *([("real", name) for name in SAMPLE] if real_is_given() else [])]
#: Seconds in which a real server comes to show a change to all of its services.
_LAG = 20


@contextmanager
def built(server: Server) -> Iterator[World]:
    """The objects of access.md, which are removed afterwards."""
    tag = f"-{uuid.uuid4().hex[:6]}"
    address = SimpleNamespace(url=server.proxy.target, token=server.token)
    with httpx.Client(base_url=address.url, timeout=30) as client:
        world = base_world(address, client, tag)
        try:
            columns.build(world)
            yield world
        finally:
            world.admin = server.token
            for org in ("org.o", "org.c", "org.x", "org.base"):
                with suppress(AssertionError, KeyError):  # removed, or never created
                    world.made(f"/admin/v1/orgs/{world.ids[org]}", None, method="DELETE")
            for account in ("admin", "login"):
                world.call("DELETE", f"/v2/users/{world.ids[account]}")


def _comes_to_agree(world: World, client: Client, users: Iterable[str]) -> None:
    """Compare the tokens of each user with the rules, until they agree or the server had time to show everything."""
    until = time.monotonic() + _LAG
    while True:
        instance = read_instance(client)
        rows = {each: columns.row(world, each) for each in users}
        differing: dict[str, object] = {
            each: found for each, row in rows.items() if (found := agree(world, each, row, instance))
        }
        shown = {each: reported(world, client, each) for each in rows}
        differing |= {f"zorg access: {each}": shown[each] for each, row in rows.items() if shown[each] != in_force(row)}
        if not differing:
            return
        assert time.monotonic() < until, (differing, rows)
        time.sleep(1)


@pytest.mark.slow
@pytest.mark.parametrize(("like", "name"), CASES)
def test_the_rules_agree_with_the_tokens_of_the_server(like: str, name: str, clients: Clients) -> None:
    with started(like) as server, built(server) as world:
        client = clients.owner(server)
        _comes_to_agree(world, client, ("o", "c", "x"))
        SWITCHES[name][0](world)
        _comes_to_agree(world, client, columns.USERS)
