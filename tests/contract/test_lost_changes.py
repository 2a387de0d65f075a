"""No deactivation and no reactivation is lost by the provider, on a server that loses some under load.

On a real server: 400 user grants, six times each, on four threads. The emulator loses some of few.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.engine.reconcile import reconcile
from pulumi_zorg.engine.target import Target
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from tests.support.servers import Server
from tests.support.types import USER_GRANT

TYPE = RESOURCE_TYPES[USER_GRANT]
#: As many as the process of a dynamic provider has.
THREADS = 4


@pytest.fixture
def notices() -> list[str]:
    """What the provider reports."""
    return []


@pytest.fixture
def client(any_server: Server, notices: list[str]) -> Iterator[Client]:
    """A client without a proxy in front of the server."""
    url = any_server.proxy.target
    client = Client.connect(Settings(url, PersonalAccessToken(Secret(any_server.token)), url), notice=notices.append)
    yield client
    client.close()


@pytest.mark.timeout(1800)
def test_no_state_change_of_many_grants_is_lost(
    any_server: Server, client: Client, notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` makes a lost change again. So after each round reads, which access follows, and the event store agree."""
    server, is_real = any_server, bool(any_server.tag)
    count, rounds = (400, 6) if is_real else (8, 4)
    if not is_real:
        monkeypatch.setattr("pulumi_zorg.engine.shown.SHOWN_WITHIN", 0.1)
    users = [server.admin.create_user(server.home, f"user{number}{server.tag}") for number in range(count)]
    made = {server.admin.create_grant(server.home, user, server.project, ["viewer"]): user for user in users}

    def bring(grant_id: str, active: bool) -> bool:
        common = {"org_id": server.home, "user_id": made[grant_id], "project_id": server.project}
        inputs = UserGrantInputs(**common, role_keys=("viewer",), active=active)
        return bool(reconcile(Target(TYPE, client, grant_id, inputs), inputs.dump()).properties["active"])

    for number in range(rounds):
        active = bool(number % 2)
        if not is_real:
            server.admin.call("POST", "/debug/lost-changes", {"next": 1})
        with ThreadPoolExecutor(THREADS) as pool:
            assert set(pool.map(bring, made, [active] * count)) == {active}
        wrong = [each for each, shown in server.admin.grants(server.home).items() if is_active(shown) is not active]
        # Lists lag. A lost change stays wrong in a read by id.
        wrong = [each for each in wrong if is_active(server.admin.grant(server.home, made[each], each)) is not active]
        assert wrong == [], f"round {number}"
        assert set(last_events(client, server).values()) == {active}
    repaired = [each for each in notices if "was made again" in each]
    print(f"{count * rounds} changes, {len(repaired)} of them lost by the server and made again")
    assert is_real or len(repaired) == rounds, notices


def is_active(shown: dict[str, Any]) -> bool:
    """Whether the server shows a grant as active."""
    return str(shown["state"]).endswith("_ACTIVE")


def last_events(client: Client, server: Server) -> dict[str, bool]:
    """What the last event of each grant gives the flag."""
    own = TYPE.events
    newest = client.events.newest(own.changes["active"], server.home)
    return {own.subject(each): own.gives(each, "active", True) is True for each in reversed(newest)}
