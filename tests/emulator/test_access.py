"""What each switch really stops, cell by cell: the table that was measured on two real servers.

test_recordings.py replays the calls of these measurements that were recorded. These tests make the others: every switch for
every kind of user, and after it was undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.emulator import Emulator, ProfileName, Snapshot
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from tests.emulator import access_columns as columns
from tests.emulator.access_by_rules import agree, in_force, reported
from tests.emulator.access_in_previews import PLANNED, losing_in_a_preview, losing_in_the_table
from tests.emulator.access_world import MANAGEMENT, PASSWORD, World, base_world

pytestmark = pytest.mark.slow

ALL = "o c x y"


@dataclass
class Fixture:
    """The objects, and the emulator's state with them."""

    world: World
    state: Snapshot


@pytest.fixture(scope="module", params=["2026-07", "2025-12"])
def fixture(request: pytest.FixtureRequest) -> Iterator[Fixture]:
    like: ProfileName = request.param
    with Emulator(like=like) as emulator, httpx.Client(base_url=emulator.url, timeout=30) as client:
        world = base_world(emulator, client)
        columns.build(world)
        yield Fixture(world, emulator.snapshot())


@pytest.fixture
def client(fixture: Fixture) -> Iterator[Client]:
    """A client of the package, as `zorg access` has it."""
    emulator = fixture.world.emulator
    with closing(
        Client.connect(Settings(emulator.url, PersonalAccessToken(Secret(emulator.token)), emulator.url))
    ) as client:
        yield client


SAME = "roles roles roles roles roles works/roles works works"
NO_ROLES = "no no no no no works/no works works"
REST = "rest rest rest rest rest works/rest works works"
OUT = "none refused 401 na refused 401/na refused 401"
GONE = "none refused 401 na refused 401/na 404 401"
BACK = "roles roles 401 na roles 401/na works 401"
NO_LOGIN = "A cl roles uc roles works/uc works works"
NO_LOGIN_NO_ROLES = "A cl no uc no works/uc works works"


# The switches.


def _users(world: World, name: str, end: str, method: str = "POST") -> None:
    for kind in ("human", "machine"):
        user, org = world.accounts[f"{kind}.{name}"], world.ids[world.accounts[f"{kind}.{name}"].org]
        world.made(f"{MANAGEMENT}/users/{user.id}{end}", None, org, method)


def _grants(world: World, name: str, end: str, method: str = "POST", body: Any = None) -> None:
    for kind in ("human", "machine"):
        path = f"{MANAGEMENT}/users/{world.ids[f'{kind}.{name}']}/grants/{world.ids[f'grant.{kind}.{name}']}{end}"
        world.made(path, body, world.ids[f"org.{columns.USERS[name][1]}"], method)


def _on(path: str, org: str = "org.o", method: str = "POST", body: Any = None) -> Callable[[World], None]:
    """Return a call on a path with names of objects in it, such as `{p}`."""

    def switch(world: World) -> None:
        names = {name.replace(".", "_"): value for name, value in world.ids.items()}
        world.made(MANAGEMENT + path.format(**names), body, world.ids[org], method)

    return switch


def _remove_org(name: str) -> Callable[[World], None]:
    return lambda world: world.made(f"/admin/v1/orgs/{world.ids[name]}", None, method="DELETE")


def _settings(**flags: bool) -> Callable[[World], None]:
    return _on("/projects/{p}", method="PUT", body={"name": "Portal", "projectRoleAssertion": True, **flags})


def _role(method: str) -> Callable[[World], None]:
    return _on("/projects/{p}/roles/admin", method=method)


Switch = Callable[[World], None]
_PROJECT, _GRANT, _APP, _API = "/projects/{p}", "/projects/{p}/grants/{project_grant_c}", "/apps/{app}", "/apps/{api}"

#: Name -> the switch, the rows that it changes, how to undo it, and the rows afterwards. All other rows stay the same.
SWITCHES: dict[str, tuple[Switch, dict[str, str], Switch | None, dict[str, str]]] = {
    "user deactivated": (
        lambda world: _users(world, "c", "/_deactivate"),
        {"c": OUT},
        lambda world: _users(world, "c", "/_reactivate"),
        {"c": BACK},
    ),
    "user locked": (
        lambda world: _users(world, "c", "/_lock"),
        {"c": OUT},
        lambda world: _users(world, "c", "/_unlock"),
        {"c": BACK},
    ),
    "user removed": (lambda world: _users(world, "x", "", "DELETE"), {"x": GONE}, None, {}),
    "user grant deactivated": (
        lambda world: _grants(world, "c", "/_deactivate"),
        {"c": NO_ROLES},
        lambda world: _grants(world, "c", "/_reactivate"),
        {},
    ),
    "user grant removed": (lambda world: _grants(world, "x", "", "DELETE"), {"x": NO_ROLES}, None, {}),
    "user grant without roles": (
        lambda world: _grants(world, "o", "", "PUT", {"roleKeys": []}),
        {"o": NO_ROLES},
        lambda world: _grants(world, "o", "", "PUT", {"roleKeys": ["admin", "viewer"]}),
        {},
    ),
    "project grant deactivated": (_on(_GRANT + "/_deactivate"), {}, _on(_GRANT + "/_reactivate"), {}),
    "project grant removed": (
        _on(_GRANT, method="DELETE"),
        {"c": NO_ROLES, "x": NO_ROLES},
        lambda world: world.grant_project("project_grant.again", "p", "org.o", "org.c", ["admin", "viewer"]),
        {"c": NO_ROLES, "x": NO_ROLES},
    ),
    "role removed from the project": (
        _role("DELETE"),
        dict.fromkeys(ALL.split(), REST),
        _on("/projects/{p}/roles", body={"roleKey": "admin", "displayName": "admin"}),
        dict.fromkeys(ALL.split(), REST),
    ),
    "role removed from the project grant": (
        _on(_GRANT, method="PUT", body={"roleKeys": ["viewer"]}),
        {"c": REST, "x": REST},
        _on(_GRANT, method="PUT", body={"roleKeys": ["admin", "viewer"]}),
        {"c": REST, "x": REST},
    ),
    "project deactivated": (
        _on(_PROJECT + "/_deactivate"),
        dict.fromkeys(ALL.split(), NO_LOGIN),
        _on(_PROJECT + "/_reactivate"),
        {},
    ),
    "project removed": (_on(_PROJECT, method="DELETE"), dict.fromkeys(ALL.split(), NO_LOGIN_NO_ROLES), None, {}),
    "OIDC application deactivated": (
        _on(_PROJECT + _APP + "/_deactivate"),
        dict.fromkeys(ALL.split(), "A cl roles roles roles works/roles works works"),
        _on(_PROJECT + _APP + "/_reactivate"),
        {},
    ),
    "OIDC application removed": (
        _on(_PROJECT + _APP, method="DELETE"),
        dict.fromkeys(ALL.split(), "A cl roles roles roles works/roles works works"),
        None,
        {},
    ),
    "API application deactivated": (
        _on(_PROJECT + _API + "/_deactivate"),
        dict.fromkeys(ALL.split(), "roles roles roles uc roles works/uc works works"),
        _on(_PROJECT + _API + "/_reactivate"),
        {},
    ),
    "owner organization deactivated": (
        _on("/orgs/me/_deactivate"),
        dict.fromkeys(ALL.split(), NO_LOGIN),
        _on("/orgs/me/_reactivate"),
        {},
    ),
    "owner organization removed": (
        _remove_org("org.o"),
        {"o": "A cl 401 uc refused 401/uc 404 401", **dict.fromkeys("cxy", NO_LOGIN_NO_ROLES)},
        None,
        {},
    ),
    "customer organization deactivated": (
        _on("/orgs/me/_deactivate", "org.c"),
        {},
        _on("/orgs/me/_reactivate", "org.c"),
        {},
    ),
    "customer organization removed": (_remove_org("org.c"), {"c": GONE, "x": NO_ROLES}, None, {}),
    "project_role_check on": (
        _settings(projectRoleCheck=True),
        {"empty": NO_ROLES, "bare": NO_ROLES.replace("no", "G", 1)},
        _settings(),
        {"empty": NO_ROLES, "bare": NO_ROLES},
    ),
    "has_project_check on": (
        _settings(hasProjectCheck=True),
        {"x": SAME.replace("roles", "R", 1), "y": SAME.replace("roles", "R", 1)},
        _settings(),
        {},
    ),
}


def _compare(
    fixture: Fixture, users: list[str], changed: dict[str, str], client: Client, *, applications: bool
) -> None:
    """Compare what was measured with the emulator, the emulator with the rules of access, and both with `zorg access`.

    :param applications: whether the switch is about applications, which `zorg access` does not read.
    """
    rows = {one: columns.row(fixture.world, one) for one in users}
    assert rows == {one: changed.get(one, SAME) for one in users}
    differing = {one: agree(fixture.world, one, row) for one, row in rows.items()}
    assert not any(differing.values()), differing
    if not applications:
        assert {one: reported(fixture.world, client, one) for one in users} == {
            one: in_force(row) for one, row in rows.items()
        }


@pytest.mark.parametrize("name", list(SWITCHES))
def test_a_switch_stops_what_was_measured(fixture: Fixture, name: str, client: Client) -> None:
    fixture.world.emulator.reset(fixture.state)
    switch, changed, undo, undone = SWITCHES[name]
    users = [*ALL.split(), *(one for one in changed if one not in ALL)]
    logins = {name: dict(account.logins) for name, account in fixture.world.accounts.items()}
    try:
        switch(fixture.world)
        _compare(fixture, users, changed, client, applications="application" in name)
        if undo is not None:
            undo(fixture.world)
            _compare(fixture, users, undone, client, applications="application" in name)
    finally:
        for account, found in logins.items():
            fixture.world.accounts[account].logins = found


@pytest.mark.parametrize("name", PLANNED)
def test_a_preview_names_those_whom_a_switch_stops(fixture: Fixture, name: str) -> None:
    """Those whose cell of the table changes, which the test above measures on the emulator."""
    fixture.world.emulator.reset(fixture.state)
    _, changed, _, _ = SWITCHES[name]
    users = [*ALL.split(), *(one for one in changed if one not in ALL)]
    before = {"empty": NO_ROLES, "bare": NO_ROLES}
    stopped = {
        account
        for one in users
        for account in losing_in_the_table(before.get(one, SAME), changed.get(one, before.get(one, SAME)), one)
    }
    accounts = {f"{kind}.{one}" for kind in ("human", "machine") for one in users}
    assert losing_in_a_preview(fixture.world, name) & accounts == stopped


def test_two_checks_and_a_deactivated_project_grant(fixture: Fixture) -> None:
    """The user's own organization counts for `has_project_check`, and any active user grant for `project_role_check`."""
    world = fixture.world
    world.emulator.reset(fixture.state)
    _settings(hasProjectCheck=True, projectRoleCheck=True)(world)
    assert [columns.login(world, name) for name in ("o", "c", "empty", "bare", "x")] == [
        "roles",
        "roles",
        "no",
        "G",
        "R",
    ]
    _on(_GRANT + "/_deactivate")(world)
    assert [columns.login(world, name) for name in ("o", "c", "bare")] == ["roles", "R", "R"]
    _settings(projectRoleCheck=True)(world)
    assert [columns.login(world, name) for name in ("c", "x")] == ["roles", "roles"]
    for name in ("c", "x"):
        _grants(world, name, "/_deactivate")
    assert [columns.login(world, name) for name in ("c", "x")] == ["G", "G"]


def test_a_refresh_ends_the_access_token_before_it(fixture: Fixture) -> None:
    world = fixture.world
    world.emulator.reset(fixture.state)
    login = world.log_in("human.c", "client.app", columns.scope(world) + " offline_access")
    world.accounts["human.c"].logins["refreshed"] = login
    assert (columns.refresh(world, "c"), columns.userinfo(world, login.access_token)) == ("roles", "401")
    world.accounts["human.c"].logins["refreshed"] = login
    assert columns.refresh(world, "c") == "refused"


def test_a_jwt_keeps_its_roles_where_nobody_asks_the_server(fixture: Fixture) -> None:
    world = fixture.world
    world.emulator.reset(fixture.state)
    token = world.credentials("machine.c", columns.scope(world)).json()["access_token"]
    keys = jwt.PyJWKClient(f"{world.emulator.url}/oauth/v2/keys")

    def offline() -> str:
        key = keys.get_signing_key_from_jwt(token)
        return columns.roles(jwt.decode(token, key.key, ["RS256"], audience=world.ids["p"]), world)

    assert (offline(), columns.userinfo(world, token), columns.introspected(world, token)) == (
        "roles",
        "roles",
        "roles",
    )
    _grants(world, "c", "/_deactivate")
    assert (offline(), columns.userinfo(world, token), columns.introspected(world, token)) == ("roles", "no", "no")
    new = world.credentials("machine.c", columns.scope(world)).json()["access_token"]
    assert columns.roles(jwt.decode(new, options={"verify_signature": False}), world) == "no"
    _users(world, "c", "/_deactivate")
    assert (offline(), columns.userinfo(world, token), columns.introspected(world, token)) == ("roles", "401", "na")


def test_a_password_can_be_checked_after_the_user(fixture: Fixture) -> None:
    world = fixture.world
    world.emulator.reset(fixture.state)
    login = world.accounts["login"].pat
    found = {"checks": {"user": {"loginName": "c"}}}
    made = world.call("POST", "/v2/sessions", found, token=login).json()
    path = f"/v2/sessions/{made['sessionId']}"
    wrong = world.call("PATCH", path, {"checks": {"password": {"password": "wrong"}}}, token=login)
    assert (wrong.status_code, wrong.json()["code"]) == (400, 3)
    right = world.call("PATCH", path, {"checks": {"password": {"password": PASSWORD}}}, token=login).json()
    world.session_tokens[made["sessionId"]] = made["sessionToken"]
    started = world.authorize({"client_id": world.ids["client.app"], "scope": columns.scope(world)}).headers["location"]
    request = f"/v2/oidc/auth_requests/{started.partition('authRequest=')[2]}"
    # The check has replaced the token of the session.
    body = {"session": {"sessionId": made["sessionId"], "sessionToken": made["sessionToken"]}}
    assert world.call("POST", request, body, token=login).status_code == 403
    body["session"]["sessionToken"] = right["sessionToken"]
    assert world.call("POST", request, body, token=login).status_code == 200
    # A code is valid once, and so is a request.
    assert world.call("POST", request, body, token=login).json()["message"].endswith("(COMMAND-Sx208nt)")


def test_a_login_needs_the_right_of_the_login_client(fixture: Fixture) -> None:
    world = fixture.world
    world.emulator.reset(fixture.state)
    started = world.authorize({"client_id": world.ids["client.app"], "scope": columns.scope(world)}).headers["location"]
    session = world.ids["session.c"]
    body = {"session": {"sessionId": session, "sessionToken": world.session_tokens[session]}}
    answer = world.call("POST", f"/v2/oidc/auth_requests/{started.partition('authRequest=')[2]}", body)
    assert answer.status_code == 403
