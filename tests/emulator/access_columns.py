"""The columns of the table of what each switch stops, as calls: how a user gets in, and what with."""

from __future__ import annotations

from typing import Any

from tests.emulator.access_world import MANAGEMENT, PASSWORD, World, code_of

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


def scope(world: World) -> str:
    return f"openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:{world.ids['p']}:aud"


def add_user(world: World, name: str) -> None:
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
        human.logins[login] = world.log_in(f"human.{name}", "client.app", scope(world) + " offline_access")


def build(world: World) -> None:
    """Create the project *Portal* of O with two applications, its grant to C, and the users."""
    for letter in "ocx":
        world.org(f"org.{letter}", f"Org {letter}")
    world.project("p", "org.o", ("admin", "viewer"), "Portal", projectRoleAssertion=True)
    world.oidc_app("app", "p", "org.o")
    world.api_app("api", "p", "org.o")
    world.grant_project("project_grant.c", "p", "org.o", "org.c", ["admin", "viewer"])
    for name in USERS:
        add_user(world, name)


# The columns of the table.


def roles(answer: dict[str, Any], world: World) -> str:
    roles = set(answer.get(f"urn:zitadel:iam:org:project:{world.ids['p']}:roles", {}))
    return {(): "no", ("viewer",): "rest", ("admin", "viewer"): "roles"}[tuple(sorted(roles))]


def userinfo(world: World, token: str) -> str:
    response = world.call("GET", "/oidc/v1/userinfo", token=token)
    return roles(response.json(), world) if response.status_code == 200 else str(response.status_code)


def introspected(world: World, token: str) -> str:
    credentials = world.ids["client.api"], world.secrets["api"]
    response = world.client.post("/oauth/v2/introspect", data={"token": token}, auth=credentials)
    if response.status_code == 400:
        assert response.json() == {"error": "unauthorized_client"}
        return "uc"
    answer = response.json()
    return roles(answer, world) if answer["active"] else "na"


def login(world: World, name: str) -> str:
    """Log in as the V2 login does: with the session from before, which needs no password."""
    started = world.authorize({"client_id": world.ids["client.app"], "scope": scope(world)})
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
    return userinfo(world, exchanged.json()["access_token"])


def refresh(world: World, name: str) -> str:
    account = f"human.{name}"
    response = world.refresh(account, world.ids["client.app"], scope(world) + " offline_access")
    if response.status_code == 200:
        return userinfo(world, world.accounts[account].logins["refreshed"].access_token)
    return "cl" if response.json()["error"] == "invalid_client" else "refused"


def new_token(world: World, name: str) -> str:
    response = world.credentials(f"machine.{name}", scope(world))
    return userinfo(world, response.json()["access_token"]) if response.status_code == 200 else "refused"


def pat(world: World, name: str) -> str:
    pat = world.accounts[f"machine.{name}"].pat
    status = world.call("GET", "/auth/v1/users/me", token=pat).status_code
    return f"{'works' if status == 200 else status}/{introspected(world, pat)}"


def session(world: World, name: str) -> str:
    human = world.accounts[f"human.{name}"]
    body = {"checks": {"user": {"userId": human.id}, "password": {"password": PASSWORD}}}
    response = world.call("POST", "/v2/sessions", body, token=world.accounts["login"].pat)
    return {201: "works", 400: "refused"}.get(response.status_code, str(response.status_code))


def write(world: World, name: str) -> str:
    machine = world.accounts[f"machine.{name}"]
    path, org = f"{MANAGEMENT}/metadata/k", world.ids[machine.org]
    status = world.call("POST", path, {"value": "dg=="}, org, machine.pat).status_code
    return "works" if status == 200 else str(status)


def row(world: World, name: str) -> str:
    """Return a row of the table: login, refresh, userinfo, introspection, new token, PAT, session, manager's writes."""
    before = world.accounts[f"human.{name}"].logins["before"].access_token
    cells = [
        login(world, name),
        refresh(world, name),
        userinfo(world, before),
        introspected(world, before),
        new_token(world, name),
        pat(world, name),
        session(world, name),
        write(world, name),
    ]
    return " ".join(cells)
