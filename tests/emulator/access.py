"""Replay of access.jsonl: what each switch stops. The exchanges of one switch are a scenario, with objects of its own.

The recording is a choice of the calls that were made. The others, and the objects that existed before, are made by the
scenarios: `_prepare` once, and `_between` when a phase begins.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.emulator.access_world import PASSWORD, REDIRECT, VERIFIER, Login, World, code_of
from tests.emulator.replay import Disagreement, Replay

_PHASE = re.compile(r"(?P<scenario>.*?), (?P<phase>switch|undo|undone|at once|15 s|10 s)\b(?:, |: )(?P<what>.*)")
_WHO = re.compile(r"(human|service account) (\w+):")
AUDIENCE = re.compile(r"project:id:(\d+):aud")
ZITADEL_SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
_STEPS = ("switch", "at once", "15 s", "10 s", "undo", "undone")

#: The first call after a switch that the recorded server answered from an older state, and the tables that were late.
#: "The first call right after a switch may still see the old state; the second never did."
_LATE: dict[tuple[str, str, str], str] = {
    ("2026-07", "role removed from project", "token"): "user_grants",
    ("2025-12", "role removed from project", "token"): "user_grants",
    ("2025-12", "API application deactivated", "API application"): "applications",
    ("2025-12", "owner organization deactivated", "API application"): "orgs",
    ("2026-07", "managers, their own organization removed", "service account, PAT"): "pats",
    ("2025-12", "managers, their own organization removed", "service account, PAT"): "pats members",
    ("2025-12", "managers, their own organization removed", "service account, token from before"): "users",
    ("2026-07", "managers, T removed", "service account, PAT"): "members",
    ("2025-12", "managers, T removed", "service account, PAT"): "members",
    ("2025-12", "managers, T removed", "service account, token from before"): "members",
}


def scenario_of(title: str) -> str:
    """Return the scenario that an exchange belongs to."""
    match = _PHASE.match(title)
    if match:
        return match["scenario"]
    return "extra" if title.startswith("extra") else title.partition(":")[0]


class Scenario:
    """The exchanges of one switch, with the objects that they are about."""

    def __init__(self, world: World, replay: Replay, server: str, exchanges: list[dict[str, Any]]) -> None:
        self.world = world
        self.server = server
        self.exchanges = exchanges
        self.name = scenario_of(exchanges[0]["title"])
        self.replay = replay
        self.phase = ""
        self.last_token = ""
        self.codes: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.before_switch = ""
        self.late = dict(_LATE)

    def run(self) -> list[str]:
        """Replay all exchanges, and return the disagreements."""
        self._prepare()
        for recorded_id, name in self._roles():
            # An object that this scenario does not make is one of an exchange, and is mapped by its answer.
            if recorded_id and name in self.world.ids:
                self.replay.map.bind(self.replay.map.ids, recorded_id, self.world.ids[name])
        found = []
        for recorded in self.exchanges:
            try:
                self._enter(recorded["title"])
                response = self._send_late(recorded)
                self._remember(recorded, response)
                self.replay.check(_readable(recorded), _with_location(response))
            except Disagreement as error:
                found.append(f"{recorded['title']} ({recorded['caller']}): {error}")
        return found

    # What the kinds of scenarios have of their own.

    def _prepare(self) -> None:
        """Make what existed before."""

    def _roles(self) -> list[tuple[str, str]]:
        """Return the recorded ids that requests have, and the names of these objects."""
        return []

    def _between(self, phase: str) -> None:
        """Make the calls that were not recorded before a phase began."""

    def _account(self, recorded: dict[str, Any]) -> str:
        """Return the name of the account that an exchange is about."""
        match = _WHO.search(recorded["title"])
        return f"{'human' if match[1] == 'human' else 'machine'}.{match[2]}" if match else ""

    def _login(self, recorded: dict[str, Any]) -> Login:
        """Return the login whose access token a call has."""
        what = recorded["title"].rpartition(", ")[2]
        name = {"token from before": "before", "refreshed token": "refreshed"}.get(what, "new")
        found = self.world.accounts[self._account(recorded)].logins.get(name)
        if found is None:
            raise Disagreement(f"no token: {name}")
        return found

    # Phases.

    def _enter(self, title: str) -> None:
        match = _PHASE.match(title)
        if match is None:
            return
        for phase in _STEPS[_STEPS.index(self.phase) + 1 if self.phase else 0 : _STEPS.index(match["phase"]) + 1]:
            self._between(phase)
            if phase == "switch":
                self.mark_switch()
        self.phase = match["phase"]

    def mark_switch(self) -> None:
        """Remember the time: the switch is next."""
        self.before_switch = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")

    def _send_late(self, recorded: dict[str, Any]) -> httpx.Response:
        key = self.server, self.name, recorded["caller"]
        tables = self.late.pop(key, None) if self.phase == "at once" else None
        if tables is None:
            return self._send(recorded)
        control = {"since": self.before_switch, "tables": tables.split()}
        self.world.client.post("/debug/lag", json=control)
        response = self._send(recorded)
        self.world.client.post("/debug/lag", json={"seconds": 0})
        return response

    # Requests.

    def _send(self, recorded: dict[str, Any]) -> httpx.Response:
        path, body = recorded["request"]["path"], recorded["request"]["body"]
        if path.startswith("/oauth/v2/authorize"):
            query = dict(parse_qsl(urlsplit(path).query)) or {"client_id": self._new_client(), "scope": "openid"}
            return self.world.authorize(self.replay.map.translate(query))
        if path == "/oauth/v2/introspect":
            return self._introspect(recorded)
        if path == "/oauth/v2/token":
            return self._token(recorded, self.replay.map.translate(body))
        if path == "/oidc/v1/userinfo":
            return self.world.call("GET", path, token=self._login(recorded).access_token)
        if path == "/v2/sessions":
            body = json.loads(json.dumps(body).replace("<redacted>", PASSWORD))
        if path.startswith("/v2/oidc/auth_requests/"):
            return self._finish(recorded)
        return self.world.call(
            recorded["request"]["method"],
            self.replay.map.translate(path),
            self.replay.map.translate(body),
            self.replay.map.translate(recorded["request"]["org"] or ""),
            self._token_of(recorded),
        )

    def _new_client(self) -> str:
        return ""

    def _token_of(self, recorded: dict[str, Any]) -> str:
        caller = recorded["caller"]
        if caller == "IAM_OWNER":
            return self.world.admin
        if caller == "IAM_LOGIN_CLIENT":
            return self.world.accounts["login"].pat
        account = self.world.accounts[self._account(recorded)]
        if caller in ("service account", "service account, PAT", "service account, ORG_OWNER"):
            return account.pat
        kind = {"token from before": "before", "refreshed token": "refreshed", "new token": "new"}
        return account.logins[kind[caller.partition(", ")[2]]].access_token

    def _introspect(self, recorded: dict[str, Any]) -> httpx.Response:
        app = "app.q" if "another project" in recorded["title"] else "app.api"
        if recorded["title"].endswith("of the PAT"):
            token = self.world.accounts[self._account(recorded)].pat
        else:
            token = self._introspected(recorded)
        credentials = self.world.ids[f"client.{app}"], self.world.secrets[app]
        return self.world.client.post("/oauth/v2/introspect", data={"token": token}, auth=credentials)

    def _introspected(self, recorded: dict[str, Any]) -> str:
        return self._login(recorded).access_token

    def _token(self, recorded: dict[str, Any], form: dict[str, str]) -> httpx.Response:
        world, account = self.world, self._account(recorded)
        if form["grant_type"] == "client_credentials":
            return world.credentials(account, form["scope"])
        if form["grant_type"] == "refresh_token":
            return world.refresh(account, form["client_id"], form["scope"])
        if form["grant_type"] == "authorization_code":
            if account not in self.codes:
                self.codes[account] = world.code(account, "client.app.1", self._scope())
            shown = {"code": self.codes.pop(account), "code_verifier": VERIFIER, "redirect_uri": REDIRECT}
            return world.client.post("/oauth/v2/token", data={**form, **shown})
        return world.client.post("/oauth/v2/token", data={**form, "assertion": world.assertion(account)})

    def _scope(self) -> str:
        ids = self.world.ids
        return (
            "openid urn:zitadel:iam:org:projects:roles "
            f"urn:zitadel:iam:org:project:id:{ids['p']}:aud urn:zitadel:iam:org:project:id:{ids['q']}:aud"
        )

    def _finish(self, recorded: dict[str, Any]) -> httpx.Response:
        """Finish a login. Its start and its session are made now, unless they are recorded too."""
        ids, world, account = self.replay.map.ids, self.world, self._account(recorded)
        request = recorded["request"]["path"].rpartition("V2_")[2]
        if request not in ids:
            query = {"client_id": world.ids["client.app.1"], "scope": self._scope()}
            self.replay.map.bind(ids, request, world.authorize(query).headers["location"].rpartition("V2_")[2])
        session = recorded["request"]["body"]["session"]["sessionId"]
        if session not in ids:
            earlier = self.sessions.get(account, "") if "session from before" in recorded["title"] else ""
            self.replay.map.bind(ids, session, earlier or world.session(account))
        body = {"session": {"sessionId": ids[session], "sessionToken": world.session_tokens[ids[session]]}}
        path = self.replay.map.translate(recorded["request"]["path"])
        return world.call("POST", path, body, token=world.accounts["login"].pat)

    # Answers.

    def _remember(self, recorded: dict[str, Any], response: httpx.Response) -> None:
        """Keep the codes, tokens and sessions of an answer for later exchanges."""
        if not response.content or not response.headers.get("content-type", "").startswith("application/json"):
            return
        found = response.json()
        if "callbackUrl" in found:
            self.codes[self._account(recorded)] = code_of(found["callbackUrl"])
        if "sessionToken" in found:
            self.world.session_tokens[found["sessionId"]] = found["sessionToken"]
        if "access_token" in found:
            self.last_token = found["access_token"]
            if recorded["request"]["body"]["grant_type"] == "authorization_code":
                self.world.accounts[self._account(recorded)].logins["new"] = Login(self.last_token)


def _readable(recorded: dict[str, Any]) -> dict[str, Any]:
    """Return an exchange whose answer can be changed."""
    return {**recorded, "response": json.loads(json.dumps(recorded["response"]))}


def _with_location(response: httpx.Response) -> httpx.Response:
    """Return a redirect as the recording has it: as JSON with the location."""
    if response.status_code != 302:
        return response
    return httpx.Response(302, json={"location": response.headers["location"]})
