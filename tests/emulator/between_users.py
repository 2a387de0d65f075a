"""What happened on the recorded servers between the exchanges of users.jsonl, and was not recorded."""

from __future__ import annotations

import re
from typing import Any

from tests.emulator.replay import Replay

_PREFIX = "ux-q2-"
_STATE = re.compile(r"state: (?P<kind>human|machine), (?P<state>\w+): ")
_TURN = re.compile(r"in turn \(.*\): v1 (?P<call>_\w+)")
_CREDENTIALS = re.compile(r"v1 tokens of the (?P<state>deactivated|reactivated|removed) user")

#: The recorded servers answered these reads from an older state: that of the recorded moment.
LATE = {
    ("2025-12", "v1 phone: read right after it"): "2026-11-28T20:07:25.251290Z",
    ("2026-07", "v1 phone: read right after it"): "2026-11-28T20:07:25.563449Z",
    ("2025-12", "scim: read"): "2026-11-28T20:07:43.660256Z",
    ("2025-12", "scim: read, locked"): "2026-11-28T20:07:46.428218Z",
}


class BetweenUsers:
    """Makes the users that no exchange creates, and the changes that no exchange makes."""

    def __init__(self, replay: Replay, server: str, recorded: list[dict[str, Any]]) -> None:
        self.replay = replay
        self.server = server
        self.recorded = recorded
        #: The service accounts that changed themselves and still exist: path and organization.
        self.themselves: list[tuple[str, str]] = []
        self.late = False

    def before(self, index: int) -> None:
        """Do what happened before an exchange."""
        recorded = self.recorded[index]
        title, request = recorded["title"], recorded["request"]
        self._lag(LATE.get((self.server, title), ""))
        if match := _STATE.match(title):
            self._user_in_state(recorded, self.recorded[index + 1], match["kind"], match["state"])
        elif (match := _TURN.match(title)) and self._is_new(request):
            self._human(request, f"{_PREFIX}seq{match['call']}")
        elif match := _CREDENTIALS.match(title):
            self._change_holder(request, match["state"])
        elif title.startswith("oneself, "):
            self._let_it_own(request)
        elif title.startswith("machine user "):
            self._remove_themselves()

    def _lag(self, since: str) -> None:
        """Let lists stand still at a recorded moment, or end that."""
        if since or self.late:
            moment = self.replay.map.moments[self.replay.canonical(since)] if since else ""
            self.replay.call("POST", "/debug/lag", {"since": moment})
        self.late = bool(since)

    def _id_of(self, request: dict[str, Any]) -> str:
        """Return the recorded id of the user that a request is about."""
        return str(re.split(r"/users/", request["path"])[1].partition("/")[0])

    def _is_new(self, request: dict[str, Any]) -> bool:
        return self._id_of(request) not in self.replay.map.ids

    def _org(self, request: dict[str, Any]) -> str:
        return str(self.replay.map.translate(request["org"]))

    def _bind(self, request: dict[str, Any], user_id: str) -> None:
        self.replay.map.bind(self.replay.map.ids, self._id_of(request), user_id)

    def _human(self, request: dict[str, Any], username: str) -> None:
        human = {
            "organization": {"orgId": self._org(request)},
            "username": username,
            "profile": {"givenName": "Ann", "familyName": "Berg"},
            "email": {"email": f"{username}@example.com", "isVerified": True},
        }
        self._bind(request, self.replay.call("POST", "/v2/users/human", human)["userId"])

    def _user_in_state(self, recorded: dict[str, Any], read: dict[str, Any], kind: str, state: str) -> None:
        """Create the user whose state an exchange changes, which the read after it shows, and give it the state before."""
        username = read["response"]["user"]["username"]
        organization = read["response"]["details"]["resourceOwner"]
        request = {**recorded["request"], "org": organization}
        org = self._org(request)
        if kind == "machine":
            machine = {"userName": username, "name": username.removeprefix(_PREFIX)}
            self._bind(request, self.replay.call("POST", "/management/v1/users/machine", machine, org)["userId"])
        elif state == "initial":
            human = {
                "userName": username,
                "profile": {"firstName": "Ann", "lastName": "Berg"},
                "email": {"email": f"{username}@example.com"},
            }
            self._bind(request, self.replay.call("POST", "/management/v1/users/human/_import", human, org)["userId"])
        else:
            self._human(request, username)
        call = {"inactive": "_deactivate", "locked": "_lock"}.get(state)
        if call is not None:
            user_id = self.replay.map.ids[self._id_of(request)]
            self.replay.call("POST", f"/management/v1/users/{user_id}/{call}", {}, org)

    def _change_holder(self, request: dict[str, Any], state: str) -> None:
        """Change the state of the service account whose tokens and keys are listed."""
        path = f"/management/v1/users/{self.replay.map.ids[self._id_of(request)]}"
        if state == "removed":
            self.replay.call("DELETE", path, org=self._org(request))
        else:
            self.replay.call("POST", f"{path}/_{state.removesuffix('d')}", {}, self._org(request))

    def _let_it_own(self, request: dict[str, Any]) -> None:
        """Make a service account an ORG_OWNER with a token, which the next two exchanges use."""
        org, user_id = self._org(request), self.replay.map.ids[self._id_of(request)]
        path = f"/management/v1/users/{user_id}"
        self.replay.call("POST", "/management/v1/orgs/me/members", {"userId": user_id, "roles": ["ORG_OWNER"]}, org)
        self.replay.pat = self.replay.call("POST", f"{path}/pats", {}, org)["token"]
        if request["method"] != "DELETE":
            self.themselves.append((path, org))

    def _remove_themselves(self) -> None:
        while self.themselves:
            path, org = self.themselves.pop()
            self.replay.call("DELETE", path, org=org)
