"""What each switch really stops, cell by cell: the table that was measured on two real servers.

test_recordings.py replays the calls of these measurements that were recorded. These tests make the others: every switch for
every kind of user, and after it was undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from pulumi_zorg.emulator import Emulator, ProfileName, Snapshot
from tests.emulator.access_world import MANAGEMENT, World, base_world, code_of

pytestmark = pytest.mark.slow

#: Name of a user -> its organization, the organization of its user grant, the project grant, and its roles.
#: o is in the organization that owns the project, c in a customer's with a project grant, x and y in a third one.
USERS = {
    "o": ("o", "o", "", ["admin", "viewer"]),
    "c": ("c", "c", "c", ["admin", "viewer"]),
    "x": ("x", "c", "c", ["admin", "viewer"]),  # with a user grant of the customer
    "y": ("x", "o", "", ["admin", "viewer"]),  # with a user grant of the project's owner
    "empty": ("c", "c", "c", []),
    "bare": ("c", "", "", []),  # without a user grant
}
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
        for letter in "ocx":
            world.org(f"org.{letter}", f"Org {letter}")
        world.project("p", "org.o", ("admin", "viewer"), "Portal", projectRoleAssertion=True)
        world.oidc_app("app", "p", "org.o")
        world.api_app("api", "p", "org.o")
        world.grant_project("project_grant.c", "p", "org.o", "org.c", ["admin", "viewer"])
        for name in USERS:
            _user(world, name)
        yield Fixture(world, emulator.snapshot())


def _scope(world: World) -> str:
    return f"openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:{world.ids['p']}:aud"


def _user(world: World, name: str) -> None:
    org, grant_org, project_grant, roles = USERS[name]
    world.human(f"human.{name}", f"org.{org}", name)
    world.machine(f"machine.{name}", f"org.{org}", f"{name}-m")
    for account in (f"human.{name}", f"machine.{name}") if grant_org else ():
        grant = f"project_grant.{project_grant}" if project_grant else ""
        world.grant_user(account, "p", f"org.{grant_org}", roles, grant)
    world.member(f"{MANAGEMENT}/orgs/me", f"machine.{name}", "ORG_OWNER", f"org.{org}")
    human = world.accounts[f"human.{name}"]
    world.ids[f"session.{name}"] = world.session(f"human.{name}")
    for login in ("before", "refreshed"):
        human.logins[login] = world.log_in(f"human.{name}", "client.app", _scope(world) + " offline_access")


# The columns of the table.


def _roles(answer: dict[str, Any], world: World) -> str:
    roles = set(answer.get(f"urn:zitadel:iam:org:project:{world.ids['p']}:roles", {}))
    return {(): "no", ("viewer",): "rest", ("admin", "viewer"): "roles"}[tuple(sorted(roles))]


def _userinfo(world: World, token: str) -> str:
    response = world.call("GET", "/oidc/v1/userinfo", token=token)
    return _roles(response.json(), world) if response.status_code == 200 else str(response.status_code)


def _introspected(world: World, token: str) -> str:
    credentials = world.ids["client.api"], world.secrets["api"]
    response = world.client.post("/oauth/v2/introspect", data={"token": token}, auth=credentials)
    if response.status_code == 400:
        assert response.json() == {"error": "unauthorized_client"}
        return "uc"
    answer = response.json()
    return _roles(answer, world) if answer["active"] else "na"


def _login(world: World, name: str) -> str:
    """Log in as the V2 login does: with the session from before, which needs no password."""
    started = world.authorize({"client_id": world.ids["client.app"], "scope": _scope(world)})
    if started.status_code == 400:
        assert started.json()["error_description"] == "Errors.App.NotFound"
        return "A"
    session = world.ids[f"session.{name}"]
    body = {"session": {"sessionId": session, "sessionToken": world.session_tokens[session]}}
    path = f"/v2/oidc/auth_requests/{started.headers['location'].partition('authRequest=')[2]}"
    finished = world.call("POST", path, body, token=world.accounts["login"].pat)
    if finished.status_code == 403:
        message = finished.json()["message"]
        return {"Errors.User.GrantRequired": "G", "Errors.User.ProjectRequired": "R"}[message.split()[0]]
    exchanged = world.exchange("client.app", code_of(finished.json()["callbackUrl"]))
    if exchanged.status_code != 200:
        return "none"
    return _userinfo(world, exchanged.json()["access_token"])


def _refresh(world: World, name: str) -> str:
    account = f"human.{name}"
    response = world.refresh(account, world.ids["client.app"], _scope(world) + " offline_access")
    if response.status_code == 200:
        return _userinfo(world, world.accounts[account].logins["refreshed"].access_token)
    return "cl" if response.json()["error"] == "invalid_client" else "refused"


def _new_token(world: World, name: str) -> str:
    response = world.credentials(f"machine.{name}", _scope(world))
    return _userinfo(world, response.json()["access_token"]) if response.status_code == 200 else "refused"


def _pat(world: World, name: str) -> str:
    pat = world.accounts[f"machine.{name}"].pat
    status = world.call("GET", "/auth/v1/users/me", token=pat).status_code
    return f"{'works' if status == 200 else status}/{_introspected(world, pat)}"


def _session(world: World, name: str) -> str:
    human = world.accounts[f"human.{name}"]
    body = {"checks": {"user": {"userId": human.id}, "password": {"password": "Recorded-1-password!"}}}
    response = world.call("POST", "/v2/sessions", body, token=world.accounts["login"].pat)
    return {201: "works", 400: "refused"}.get(response.status_code, str(response.status_code))


def _write(world: World, name: str) -> str:
    machine = world.accounts[f"machine.{name}"]
    path, org = f"{MANAGEMENT}/metadata/k", world.ids[machine.org]
    status = world.call("POST", path, {"value": "dg=="}, org, machine.pat).status_code
    return "works" if status == 200 else str(status)


def row(world: World, name: str) -> str:
    """Return a row of the table: login, refresh, userinfo, introspection, new token, PAT, session, manager's writes."""
    before = world.accounts[f"human.{name}"].logins["before"].access_token
    cells = [
        _login(world, name),
        _refresh(world, name),
        _userinfo(world, before),
        _introspected(world, before),
        _new_token(world, name),
        _pat(world, name),
        _session(world, name),
        _write(world, name),
    ]
    return " ".join(cells)


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
        world.made(path, body, world.ids[f"org.{USERS[name][1]}"], method)


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


@pytest.mark.parametrize("name", list(SWITCHES))
def test_a_switch_stops_what_was_measured(fixture: Fixture, name: str) -> None:
    fixture.world.emulator.reset(fixture.state)
    switch, changed, undo, undone = SWITCHES[name]
    users = [*ALL.split(), *(one for one in changed if one not in ALL)]
    logins = {name: dict(account.logins) for name, account in fixture.world.accounts.items()}
    try:
        switch(fixture.world)
        assert {one: row(fixture.world, one) for one in users} == {one: changed.get(one, SAME) for one in users}
        if undo is not None:
            undo(fixture.world)
            assert {one: row(fixture.world, one) for one in users} == {one: undone.get(one, SAME) for one in users}
    finally:
        for account, found in logins.items():
            fixture.world.accounts[account].logins = found


def test_two_checks_and_a_deactivated_project_grant(fixture: Fixture) -> None:
    """The user's own organization counts for `has_project_check`, and any active user grant for `project_role_check`."""
    world = fixture.world
    world.emulator.reset(fixture.state)
    _settings(hasProjectCheck=True, projectRoleCheck=True)(world)
    assert [_login(world, name) for name in ("o", "c", "empty", "bare", "x")] == ["roles", "roles", "no", "G", "R"]
    _on(_GRANT + "/_deactivate")(world)
    assert [_login(world, name) for name in ("o", "c", "bare")] == ["roles", "R", "R"]
    _settings(projectRoleCheck=True)(world)
    assert [_login(world, name) for name in ("c", "x")] == ["roles", "roles"]
    for name in ("c", "x"):
        _grants(world, name, "/_deactivate")
    assert [_login(world, name) for name in ("c", "x")] == ["G", "G"]


def test_a_refresh_ends_the_access_token_before_it(fixture: Fixture) -> None:
    world = fixture.world
    world.emulator.reset(fixture.state)
    login = world.log_in("human.c", "client.app", _scope(world) + " offline_access")
    world.accounts["human.c"].logins["refreshed"] = login
    assert (_refresh(world, "c"), _userinfo(world, login.access_token)) == ("roles", "401")
    world.accounts["human.c"].logins["refreshed"] = login
    assert _refresh(world, "c") == "refused"
