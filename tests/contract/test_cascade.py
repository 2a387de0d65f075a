"""An organization that is deactivated with its users lets nobody in, by real tokens: no login, refresh, new token or write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import started
from tests.contract.test_who_gets_in import built
from tests.emulator import access_columns as columns
from tests.emulator.access_by_rules import in_force, reported
from tests.emulator.test_access import BACK, OUT
from tests.support.in_process import InProcessStack
from tests.support.servers import real_is_given
from tests.support.stack import org
from tests.unit.clients import Clients

#: People and service accounts besides those whose tokens are looked at. With these, a real server has 50 and 5.
PEOPLE, ACCOUNTS = 47, 2
FEW = 4
SERVERS = ["2026-07", "2025-12", *(["real"] if real_is_given() else [])]


@pytest.mark.slow
@pytest.mark.parametrize("like", SERVERS)
def test_an_organization_that_is_off_with_its_users_lets_nobody_in_until_it_is_on_again(
    like: str, tmp_path: Path, clients: Clients
) -> None:
    with started(like) as server, built(server) as world:
        admin, acme = server.admin, world.ids["org.c"]
        people = PEOPLE if like == "real" else FEW
        users = [admin.create_human(acme, f"person-{number}{world.tag}") for number in range(people)]
        users += [admin.create_user(acme, f"account-{number}{world.tag}") for number in range(ACCOUNTS)]
        off = {users[0], users[-1]}
        for each in off:
            admin.change_user_state(acme, each, "deactivate")
        before = {each: columns.row(world, each) for each in ("o", "c", "x")}
        stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
        name, client = admin.organization(acme)["name"], clients.owner(server)

        def declare(*, active: bool) -> None:
            stack.declare(acme=org(name, adopt=True, active=active, cascade="users"))
            stack.up()
            stack.assert_settled()

        def working() -> int:
            return sum(each["state"] == "USER_STATE_ACTIVE" for each in admin.users(acme).values())

        assert server.shows(lambda: len(admin.users(acme)) - working() == len(off))
        number = working()
        declare(active=False)
        assert server.shows(lambda: working() == 0)
        assert columns.row(world, "c") == OUT
        assert reported(world, client, "c") == in_force(OUT)
        assert {each: columns.row(world, each) for each in ("o", "x")} == {each: before[each] for each in ("o", "x")}
        declare(active=True)
        assert server.shows(lambda: working() == number), "exactly those who were active before"
        assert columns.row(world, "c") == BACK
        assert {each for each, found in admin.users(acme).items() if found["state"] != "USER_STATE_ACTIVE"} == off
