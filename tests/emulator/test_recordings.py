"""The emulator gives the same answers as two real servers, exchange by exchange."""

from __future__ import annotations

import pytest

from pulumi_zorg.emulator import Emulator
from tests.emulator.access_scenarios import replay_all
from tests.emulator.between_users import BetweenUsers
from tests.emulator.managers import FILES, Managers
from tests.emulator.replay import ACCOUNTS, SESSIONS, Disagreement, Replay, exchanges

pytestmark = pytest.mark.slow

SERVERS = {
    "2026-07": {"url": "http://localhost:8082", "iac": "400712249020845094"},
    "2025-12": {"url": "http://localhost:8081", "iac": "400707796297387046"},
}

#: The addresses of the servers of users.jsonl.
USERS = {"2026-07": "http://localhost:18026", "2025-12": "http://localhost:18025"}

#: The addresses of the servers of access.jsonl, which had servers of its own too.
ACCESS = {"2026-07": "http://localhost:18036", "2025-12": "http://localhost:18035"}

#: Exchanges of which only the status is compared, and why.
NOT_WHOLE = {
    ("2025-12", "page 3 of five grants"): (
        "a search without a sorting column: the older server's database returned the five grants in another order than "
        "that of their creation"
    ),
}

#: Lists in which the recorded servers also showed other objects. Only the items with these display names are compared, and
#: not the total.
ITEMS = {("lookups", "my memberships"): ("Rec10 Acme", "Rec10 Acme Two")}


def _between(replay: Replay, server: str, name: str, title: str) -> None:
    """Do what happened on the recorded servers outside the recording."""
    if (server, name, title) == ("2026-07", "organizations", "create org v1"):
        replay.fixture("fixA", "400712273850534950", "400712273917643814")
    elif (server, name, title) == ("2025-12", "v2_and_permissions", "create v2"):
        replay.crowd()
        replay.fixture("pzfix", "400708660138871846", "400708660155649062")
    elif (name, title) == ("authentication", "jwt profile"):
        replay.add_key(SERVERS[server]["iac"])
    elif (name, title) == ("cross_org_and_cascades", "page 1 of five grants"):
        replay.five_grants()
    elif (name, title) == ("projects", "org"):
        replay.earlier_project()
    elif replay.managers is not None:
        replay.managers.before(name, title)


@pytest.fixture(scope="module", params=list(SERVERS))
def replayed(request: pytest.FixtureRequest) -> tuple[str, dict[str, list[str]]]:
    """Replay every file of a server, each session on one emulator, and return the disagreements of each file."""
    server: str = request.param
    found: dict[str, list[str]] = {}
    for names, account in zip(SESSIONS, ACCOUNTS, strict=True):
        # The parameter is a text, and not one of the literal names.
        url = USERS[server] if names == ("users",) else SERVERS[server]["url"]
        with Emulator(like=server) as emulator, Replay(emulator, url, account) as replay:  # type: ignore[arg-type]
            if names == FILES:
                replay.managers = Managers(replay, server, {name: exchanges(server, name) for name in names})
            for name in names:
                found[name] = _disagreements(replay, server, name)
    return server, found


def _disagreements(replay: Replay, server: str, name: str) -> list[str]:
    found = []
    recordings = exchanges(server, name)
    users = BetweenUsers(replay, server, recordings) if name == "users" else None
    for index, recorded in enumerate(recordings):
        title = recorded["title"]
        _between(replay, server, name, title)
        if users is not None:
            users.before(index)
        try:
            response = replay.exchange(recorded, name)
            replay.check(recorded, response, whole=(server, title) not in NOT_WHOLE, names=ITEMS.get((name, title), ()))
        except Disagreement as error:
            found.append(f"{title}: {error}")
    return found


@pytest.mark.parametrize("name", [name for names in SESSIONS for name in names])
def test_every_exchange_agrees(replayed: tuple[str, dict[str, list[str]]], name: str) -> None:
    server, found = replayed
    total = len(exchanges(server, name))
    print(f"{server}/{name}: {total - len(found[name])} of {total} agree")
    assert not found[name], "\n".join(found[name])


@pytest.mark.parametrize("server", list(ACCESS))
def test_every_exchange_about_who_gets_in_agrees(server: str) -> None:
    recorded = exchanges(server, "access")
    # The parameter is a text, and not one of the literal names.
    with Emulator(like=server) as emulator:  # type: ignore[arg-type]
        found = replay_all(emulator, server, ACCESS[server], recorded)
    print(f"{server}/access: {len(recorded) - len(found)} of {len(recorded)} agree")
    assert not found, "\n".join(found)
