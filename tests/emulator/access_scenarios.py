"""The kinds of scenarios in access.jsonl, with the objects that each of them had on the recorded servers."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from pulumi_zorg.emulator import Emulator
from tests.emulator.access import AUDIENCE, ZITADEL_SCOPE, Scenario, scenario_of
from tests.emulator.access_world import MANAGEMENT, Login, base_world
from tests.emulator.replay import Mapping, Replay

_METADATA = f"{MANAGEMENT}/metadata/ax"
_DOMAIN = re.compile(r'"(\d+)": "ax-[a-z0-9-]+-([a-z])\.localhost"')
_PERSON = re.compile(r"(?:human|service account) (\w)")


class _Users(Scenario):
    """A switch with users of the owner of the project (o), of a customer (c) and of a third organization (x)."""

    #: Name of the account -> its organization, the organization of its user grant, and the project grant.
    users: dict[str, tuple[str, str, str]]

    def _prepare(self) -> None:
        world, tag = self.world, self._tag(r"(ax-[a-z0-9]+-[a-z0-9]+)-[a-z](?:\.localhost|-m)")
        third = ("n1", "n2", "p1") if self.name.startswith("has_project_check") else ()
        for letter in ("o", "c", "x", *(("d", "n") if third else ())):
            world.org(f"org.{letter}", f"{tag} {letter.upper()}")
        checked = self.name.endswith(", project_role_check on")
        world.project(
            "p", "org.o", ("admin", "viewer"), "ax-portal", projectRoleAssertion=True, projectRoleCheck=checked
        )
        world.oidc_app("app.1", "p", "org.o")
        world.oidc_app("app.2", "p", "org.o")
        world.api_app("app.api", "p", "org.o")
        roles = ["admin", "viewer"]
        world.grant_project("project_grant.c", "p", "org.o", "org.c", roles)
        if third:
            world.grant_project("project_grant.d", "p", "org.o", "org.d", roles)
        self.users = {"o": ("o", "o", ""), "c": ("c", "c", "c"), "x": ("x", "c", "c")}
        if third:
            self.users |= {"p1": ("d", "d", "d"), "n1": ("n", "o", ""), "n2": ("n", "c", "c")}
        if self.name.startswith("project_role_check"):
            self.users |= {"c2": ("c", "c", "c"), "c3": ("c", "c", "c"), "c4": ("c", "", "")}
        wanted = {
            match[1] for one in self.exchanges for match in re.finditer(r"(?:human|account) (\w+):", one["title"])
        }
        for name in self.users:
            if name in wanted | {"o", "c"}:
                self._user(tag, name)

    def _user(self, tag: str, name: str) -> None:
        world, (org, grant_org, project_grant) = self.world, self.users[name]
        world.human(f"human.{name}", f"org.{org}", f"{tag}-{name}")
        world.machine(f"machine.{name}", f"org.{org}", f"{tag}-{name}-m")
        roles = [] if name == "c2" else ["admin", "viewer"]
        for kind in ("human", "machine") if grant_org else ():
            grant = f"project_grant.{project_grant}" if project_grant else ""
            world.grant_user(f"{kind}.{name}", "p", f"org.{grant_org}", roles, grant)
        if name in ("o", "c"):
            world.member(f"{MANAGEMENT}/orgs/me", f"machine.{name}", "ORG_OWNER", f"org.{org}")
            self._write(name)
        account, scope = f"human.{name}", self._scope() + " offline_access"
        self.sessions[account] = world.session(account)
        for login in ("before", "refreshed"):
            world.accounts[account].logins[login] = world.log_in(account, "client.app.1", scope, self.sessions[account])
        if name == "c3":
            for kind in ("human", "machine"):
                self._switch_grant(f"{kind}.{name}", f"org.{grant_org}")

    def _switch_grant(self, account: str, org: str) -> None:
        world = self.world
        path = f"{MANAGEMENT}/users/{world.ids[account]}/grants/{world.ids[f'grant.{account}']}/_deactivate"
        world.made(path, {}, world.ids[org])

    def _write(self, name: str) -> None:
        """Write as the service account that is ORG_OWNER. It was tried in each phase."""
        account = self.world.accounts[f"machine.{name}"]
        self.world.call("POST", _METADATA, {"value": "YQ=="}, self.world.ids[account.org], account.pat)

    def _tag(self, pattern: str) -> str:
        match = re.search(pattern, json.dumps([one["response"] for one in self.exchanges]))
        return match[1] if match else "ax-any-tag"

    def _between(self, phase: str) -> None:
        world = self.world
        if phase == "switch" and self.name.startswith("user "):
            self._switch_other()
        if phase == "switch" and self.name == "OIDC application removed":
            path = f"{MANAGEMENT}/projects/{world.ids['p']}/apps/{world.ids['app.1']}"
            world.made(path, None, world.ids["org.o"], "DELETE")
        if phase == "undo" and self.name in ("user deactivated", "user locked"):
            name = "_reactivate" if self.name == "user deactivated" else "_unlock"
            world.made(f"{MANAGEMENT}/users/{world.ids['human.c']}/{name}", {}, world.ids["org.c"])
        if phase == "at once":
            self._write("o")
            self._write("c")

    def _switch_other(self) -> None:
        """Do to the person what is recorded for the service account."""
        world, user, org = self.world, self.world.ids["human.c"], self.world.ids["org.c"]
        if self.name == "user removed":
            world.made(f"{MANAGEMENT}/users/{user}", None, org, "DELETE")
        elif self.name.startswith("user grant"):
            self._switch_grant("human.c", "org.c")
        else:
            name = "_deactivate" if self.name == "user deactivated" else "_lock"
            world.made(f"{MANAGEMENT}/users/{user}/{name}", {}, org)

    def _roles(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for one in self.exchanges:
            title, request = one["title"], one["request"]
            body = request["body"] or {}
            text = json.dumps(request)
            found += list(zip(AUDIENCE.findall(text), ("p", "q"), strict=False))
            found += [(org, f"org.{letter}") for org, letter in _DOMAIN.findall(json.dumps(one["response"]))]
            client = body.get("client_id") or next(iter(re.findall(r"client_id=(\d+)", request["path"])), "")
            found.append((client, "client.app.1"))
            match = _PERSON.search(title)
            if match and request["org"]:
                found.append((request["org"], f"org.{match[1]}"))
            if request["path"] == "/v2/sessions":
                found.append((body["checks"]["user"]["userId"], self._account(one)))
            if (": " in title and ", switch: " in title) or ", undo: " in title:
                found += self._switch_roles(title, request)
        return found

    def _switch_roles(self, title: str, request: dict[str, Any]) -> list[tuple[str, str]]:
        ids = re.findall(r"\d{15,}", request["path"])
        org = "org.c" if re.search(r" user| org C", title.partition(": ")[2]) or "user" in self.name else "org.o"
        found = [(request["org"] or "", org)]
        if "/users/" in request["path"]:
            return found + list(zip(ids, ("machine.c", "grant.machine.c"), strict=False))
        if "/admin/v1/orgs" in request["path"]:
            return [(ids[0], "org.c")]
        grant = "project_grant.d" if title.endswith(" of D") else "project_grant.c"
        app = "app.2" if self.name.startswith("OIDC") else "app.api"
        return found + list(zip(ids, ("p", app if "/apps/" in request["path"] else grant), strict=False))


class _Managers(_Users):
    """A switch with managers: a person and a service account for each right, in an organization of their own (h)."""

    rights = ("ORG_OWNER of T", "PROJECT_OWNER", "PROJECT_GRANT_OWNER", "IAM_OWNER_VIEWER", "ORG_OWNER of its own")

    def _prepare(self) -> None:
        world, tag = self.world, self._tag(r"(ax-[a-z0-9]+-[a-z0-9]+)(?: T|-\d)\b")
        for letter in ("h", "t", "g"):
            world.org(f"org.{letter}", f"{tag} {letter.upper()}")
        world.project("p", "org.t", ("viewer",))
        world.grant_project("project_grant.g", "p", "org.t", "org.g", ["viewer"])
        world.human("human.target", "org.g", f"{tag}-target")
        project = f"{MANAGEMENT}/projects/{world.ids['p']}"
        places = (
            (f"{MANAGEMENT}/orgs/me", "ORG_OWNER", "org.t"),
            (project, "PROJECT_OWNER", "org.t"),
            (f"{project}/grants/{world.ids['project_grant.g']}", "PROJECT_GRANT_OWNER", "org.t"),
            ("/admin/v1", "IAM_OWNER_VIEWER", ""),
            (f"{MANAGEMENT}/orgs/me", "ORG_OWNER", "org.h"),
        )
        for number, (path, role, org) in enumerate(places):
            human, machine = f"human.{number}", f"machine.{number}"
            world.human(human, "org.h", f"{tag}-{number}")
            world.machine(machine, "org.h", f"{tag}-{number}-m")
            for account in (human, machine):
                world.member(path, account, role, org)
            world.credentials(machine, ZITADEL_SCOPE)
            world.accounts[machine].logins["before"] = world.accounts[machine].logins["new"]
            for login in ("before", "refreshed"):
                world.accounts[human].logins[login] = world.log_in(
                    human, "client.app.managers", ZITADEL_SCOPE + " offline_access"
                )
        self._try_all()

    def _try_all(self) -> None:
        """Write with all tokens of those who may, as was done in each phase."""
        world = self.world
        for number, org in ((0, "org.t"), (4, "org.h")):
            human, machine = world.accounts[f"human.{number}"], world.accounts[f"machine.{number}"]
            world.credentials(f"machine.{number}", ZITADEL_SCOPE)
            world.refresh(f"human.{number}", world.ids["client.app.managers"], ZITADEL_SCOPE + " offline_access")
            tokens = [machine.pat, *(login.access_token for one in (machine, human) for login in one.logins.values())]
            for token in tokens:
                world.call("POST", _METADATA, {"value": "YQ=="}, world.ids[org], token)

    def _between(self, phase: str) -> None:
        world, ids = self.world, self.world.ids
        if phase == "at once":
            recorded_at_once = any(", at once, " in one["title"] for one in self.exchanges)
            self.mark_switch()
            self._switch()
            if not recorded_at_once:
                self._try_all()
        if phase == "10 s" and self.name.endswith("organization removed"):
            world.refresh("human.0", ids["client.app.managers"], ZITADEL_SCOPE + " offline_access")

    def _switch(self) -> None:
        """Do what the scenario is about. No switch of managers is recorded."""
        world, ids = self.world, self.world.ids
        name = self.name.removeprefix("managers, ")
        org = "org.t" if name.startswith("T ") else "org.h"
        if name.startswith("user "):
            for account in world.accounts.values():
                if account.org == "org.h":
                    method, end = ("DELETE", "") if name == "user removed" else ("POST", "/_deactivate")
                    world.made(f"{MANAGEMENT}/users/{account.id}{end}", {}, ids["org.h"], method)
        elif name.startswith("project grant"):
            path = f"{MANAGEMENT}/projects/{ids['p']}/grants/{ids['project_grant.g']}/_deactivate"
            world.made(path, {}, ids["org.t"])
        elif name.endswith("removed"):
            world.made(f"/admin/v1/orgs/{ids[org]}", None, method="DELETE")
        else:
            world.made(f"{MANAGEMENT}/orgs/me/_deactivate", {}, ids[org])

    def _account(self, recorded: dict[str, Any]) -> str:
        right = next(number for number, name in enumerate(self.rights) if f", {name}" in recorded["title"])
        person = "human" in recorded["caller"] or recorded["title"].endswith(": refresh")
        return f"{'human' if person else 'machine'}.{right}"

    def _send(self, recorded: dict[str, Any]) -> httpx.Response:
        if recorded["request"]["path"] == "/admin/v1/orgs/_search":
            self._fill_up(int(recorded["response"]["details"]["totalResult"]))
        return super()._send(recorded)

    def _fill_up(self, wanted: int) -> None:
        """Create organizations, until there are as many as on the recorded server, which had some of other scenarios."""
        found = self.world.made("/admin/v1/orgs/_search")["details"]["totalResult"]
        for number in range(int(found), wanted):
            self.world.org(f"org.filler.{number}", f"Filler {number}")

    def _roles(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        listed: list[str] = []
        for one in self.exchanges:
            title, request = one["title"], one["request"]
            path, org = request["path"], request["org"] or ""
            ids = re.findall(r"\d{15,}", path)
            number = self._account(one)[-1]
            if path.endswith("/memberships/_search") and ids:
                listed += ids if ids[0] not in listed else []
                found += [(ids[0], f"{('human', 'machine')[listed.index(ids[0])]}.{number}"), (org, "org.h")]
            elif path == _METADATA:
                found.append((org, "org.h" if "of its own" in title else "org.t"))
            elif path.endswith("/members/_search"):
                found += [(org, "org.t"), *zip(ids, ("p", "project_grant.g"), strict=False)]
            elif "/users/" in path:
                body = request["body"] or {}
                found += [(org, "org.g"), (ids[0], "human.target"), (body.get("projectId", ""), "p")]
                found.append((body.get("projectGrantId", ""), "project_grant.g"))
            elif path == "/oauth/v2/token":
                found.append((request["body"].get("client_id", ""), "client.app.managers"))
        return found


class _Cascade(Scenario):
    """A removal by v1 or v2. The exchanges make most objects themselves."""

    def _prepare(self) -> None:
        world = self.world
        text = json.dumps([one["response"] for one in self.exchanges])
        match = re.search(r"ax-[a-z0-9]+-v\d", text)
        tag = match[0] if match else "ax-any-v0"
        world.org("org.o", f"{tag} O")
        world.org("org.c", f"{tag} C")
        world.machine("machine.c", "org.c", tag, more=False)

    def _account(self, recorded: dict[str, Any]) -> str:
        return "machine.c"

    def _roles(self) -> list[tuple[str, str]]:
        project, grant, user_grant = (one["request"] for one in self.exchanges[:3])
        return [
            (project["org"], "org.o"),
            (grant["body"]["grantedOrgId"], "org.c"),
            (user_grant["path"].split("/")[4], "machine.c"),
        ]

    def _remember(self, recorded: dict[str, Any], response: httpx.Response) -> None:
        super()._remember(recorded, response)
        if recorded["title"].endswith(": project"):
            for role in ("admin", "editor", "viewer"):
                self.world.role(response.json()["id"], self.world.ids["org.o"], role)


class _Extra(_Users):
    """Scopes without `project_role_assertion`, memberships, and what the removal of an organization leaves."""

    def _prepare(self) -> None:
        world, tag = self.world, self._tag(r"(ax-[a-z0-9]+-e) X")
        for letter in ("o", "c", "x"):
            world.org(f"org.{letter}", f"{tag} {letter.upper()}")
        project = world.project("p", "org.o", ("admin", "viewer"), projectRoleAssertion=True)
        world.oidc_app("app.1", "p", "org.o")
        world.oidc_app("app.2", "p", "org.o")
        world.api_app("app.api", "p", "org.o")
        world.grant_project("project_grant.c", "p", "org.o", "org.c", ["admin", "viewer"])
        world.made(f"{MANAGEMENT}/projects/{project}", {"name": "ax-p"}, world.ids["org.o"], "PUT")
        for name, org in (("hc", "c"), ("hx", "x")):
            world.human(name, f"org.{org}", f"{tag}-{name}", family=name)
            world.member(f"{MANAGEMENT}/orgs/me", name, "ORG_OWNER", "org.x")
        for name, org in (("mc", "c"), ("mx", "x")):
            world.machine(name, f"org.{org}", f"{tag}-{name}")
        for name in ("hc", "hx", "mc", "mx"):
            world.grant_user(name, "p", "org.c", ["viewer", "admin"], "project_grant.c")
        self.sessions["hc"] = world.session("hc")

    def _account(self, recorded: dict[str, Any]) -> str:
        body = recorded["request"]["body"] or {}
        if body.get("grant_type") == "client_credentials":
            return "mx" if ", project removed" in recorded["title"] else "mc"
        return "hc"

    def _login(self, recorded: dict[str, Any]) -> Login:
        return Login(self.last_token)

    def _finish(self, recorded: dict[str, Any]) -> httpx.Response:
        session = recorded["request"]["body"]["session"]["sessionId"]
        self.replay.map.bind(self.replay.map.ids, session, self.sessions["hc"])
        return super()._finish(recorded)

    def _roles(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        clients: dict[str, None] = {}
        for one in self.exchanges:
            title, path, org = one["title"], one["request"]["path"], one["request"]["org"] or ""
            clients.update(dict.fromkeys(re.findall(r"client_id=(\d+)", path)))
            found += [(project, "p") for project in AUDIENCE.findall(path)]
            header = re.search(r"header ([OCX])$", title)
            if header:
                found.append((org, f"org.{header[1].lower()}"))
            user = re.search(r" (?:of|user) ?(?:grant of )?(hc|hx|mx)\b", title)
            ids = re.findall(r"\d{15,}", path)
            if user and "/users/" in path:
                found += list(zip(ids, (user[1], f"grant.{user[1]}"), strict=False))
            if title.endswith((": settings", ": remove project")):
                found += [(ids[0], "p"), (org, "org.o")]
            if title.endswith((" remove C", "members of X")):
                found.append((ids[0], "org.c") if ids else (org, "org.x"))
        return found + list(zip(clients, ("client.app.1", "client.app.2"), strict=True))


class _Given(Scenario):
    """An application that wants the V1 login, on an instance that requires the V2 login."""

    def _new_client(self) -> str:
        recorded: str = self.exchanges[2]["response"]["clientId"]
        return self.replay.map.ids[recorded]


def replay_all(emulator: Emulator, server: str, recorded_url: str, exchanges: list[dict[str, Any]]) -> list[str]:
    """Replay all scenarios, each on an emulator without the others, and return the disagreements."""
    scenarios: dict[str, list[dict[str, Any]]] = {}
    for one in exchanges:
        scenarios.setdefault(scenario_of(one["title"]), []).append(one)
    found = []
    with Replay(emulator, recorded_url, {}) as replay:
        base = base_world(emulator, replay.client)
        before = emulator.snapshot()
        for name, ones in scenarios.items():
            emulator.reset(before)
            replay.map = Mapping()
            kind = next(kind for start, kind in _KINDS.items() if name.startswith(start))
            found += kind(base.copy(), replay, server, ones).run()
    return found


#: How the name of a scenario begins -> its kind.
_KINDS: dict[str, type[Scenario]] = {
    "managers": _Managers,
    "v2 cascade": _Cascade,
    "extra": _Extra,
    "given server": _Given,
    "": _Users,
}
