"""Changes of a user's state that the server accepts and never shows, as measured on the server of July 2026 (users.md).

The event store and the commands have the change, and tokens follow them. All reads and the session API's check do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.servers import Server

_ZITADEL = "openid urn:zitadel:iam:org:project:id:zitadel:aud"


@dataclass
class _Robot:
    """A service account with a secret and a personal access token."""

    server: Server
    id: str
    client: tuple[str, str]
    token: str

    def change(self, call: str, *, v2: bool = False) -> None:
        path = f"/v2/users/{self.id}/{call}" if v2 else f"/management/v1/users/{self.id}/_{call}"
        self.server.admin.call("POST", path, {}, org=self.server.home)

    def lose(self, call: str) -> None:
        """Make a change that is never shown."""
        self.server.admin.call("POST", "/debug/lost-changes", {"next": 1})
        self.change(call)

    def refusal(self, call: str) -> Any:
        with pytest.raises(httpx.HTTPStatusError) as refused:
            self.change(call)
        return refused.value.response.status_code, refused.value.response.json()["code"]

    def shown(self) -> set[str]:
        """The states that reads by id and lists show, in v1 and v2, each of the lists without and with a filter."""
        admin, org = self.server.admin, self.server.home
        states = {
            admin.call("GET", f"/management/v1/users/{self.id}", org=org)["user"]["state"],
            admin.call("GET", f"/v2/users/{self.id}")["user"]["state"],
        }
        for path in ("/management/v1/users/_search", "/v2/users"):
            mine: dict[str, Any] = {"inUserIdsQuery": {"userIds": [self.id]}}
            [listed] = admin.call("POST", path, {"queries": [mine]}, org=org)["result"]
            states.add(listed["state"])
            for state in ("ACTIVE", "INACTIVE", "LOCKED"):
                queries = [mine, {"stateQuery": {"state": f"USER_STATE_{state}"}}]
                if admin.call("POST", path, {"queries": queries}, org=org).get("result"):
                    states.add(f"USER_STATE_{state}")
        return {state.removeprefix("USER_STATE_") for state in states}

    def session_status(self) -> int:
        """The status of the first step of a login: the session API's check of the user."""
        headers = {"Authorization": f"Bearer {self.server.token}"}
        body = {"checks": {"user": {"userId": self.id}}}
        return httpx.post(f"{self.server.proxy.target}/v2/sessions", json=body, headers=headers).status_code

    def new_token_status(self) -> int:
        form = {"grant_type": "client_credentials", "scope": _ZITADEL}
        return httpx.post(f"{self.server.proxy.target}/oauth/v2/token", data=form, auth=self.client).status_code

    def old_token_status(self) -> int:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"{self.server.proxy.target}/auth/v1/users/me", headers=headers).status_code

    def last_event(self) -> str:
        body = {"aggregateId": self.id, "asc": False, "limit": 1, "aggregateTypes": ["user"]}
        return str(self.server.admin.call("POST", "/admin/v1/events/_search", body)["events"][0]["type"]["type"])


@pytest.fixture
def robot(server: Server) -> _Robot:
    user = server.admin.create_user(server.home, "robot")
    made = server.admin.call("PUT", f"/management/v1/users/{user}/secret", {}, org=server.home)
    token = server.admin.create_token(server.home, user)
    return _Robot(server, user, (made["clientId"], made["clientSecret"]), token)


@pytest.mark.parametrize("call", ["deactivate", "lock"])
def test_a_lost_deactivation_or_lock_stops_tokens_and_is_not_shown(robot: _Robot, call: str) -> None:
    robot.lose(call)
    assert robot.shown() == {"ACTIVE"}
    assert robot.session_status() == 201
    assert (robot.new_token_status(), robot.old_token_status()) == (400, 401)
    assert robot.last_event() == {"deactivate": "user.deactivated", "lock": "user.locked"}[call]
    assert robot.refusal(call) == (400, 9)


def test_a_lost_reactivation_gives_new_tokens_and_is_not_shown(robot: _Robot) -> None:
    robot.change("deactivate")
    assert (robot.shown(), robot.session_status()) == ({"INACTIVE"}, 400)
    robot.lose("reactivate")
    assert (robot.shown(), robot.session_status()) == ({"INACTIVE"}, 400)
    # The old personal access token ended with the deactivation.
    assert (robot.new_token_status(), robot.old_token_status()) == (200, 401)
    assert robot.refusal("reactivate") == (400, 9)


@pytest.mark.parametrize(
    ("lost", "opposite", "state"), [("deactivate", "reactivate", "INACTIVE"), ("lock", "unlock", "LOCKED")]
)
@pytest.mark.parametrize("v2", [False, True])
def test_the_opposite_and_the_wanted_change_repair_it(
    robot: _Robot, lost: str, opposite: str, state: str, v2: bool
) -> None:
    robot.lose(lost)
    # Another change of the user does not show it.
    robot.server.admin.call(
        "PUT", f"/management/v1/users/{robot.id}/machine", {"name": "renamed"}, org=robot.server.home
    )
    assert robot.shown() == {"ACTIVE"}
    robot.change(opposite, v2=v2)
    assert robot.shown() == {"ACTIVE"}
    robot.change(lost, v2=v2)
    assert (robot.shown(), robot.session_status(), robot.new_token_status()) == ({state}, 400, 400)


def test_a_user_whose_creation_was_lost_is_never_read_and_can_be_deactivated(server: Server) -> None:
    server.admin.call("POST", "/debug/lost-changes", {"next": 1, "events": ["user.machine.added"]})
    user = server.admin.create_user(server.home, "nobody")
    for path in (f"/management/v1/users/{user}", f"/v2/users/{user}"):
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            server.admin.call("GET", path, org=server.home)
    mine = {"queries": [{"inUserIdsQuery": {"userIds": [user]}}]}
    assert "result" not in server.admin.call("POST", "/v2/users", mine)
    server.admin.call("POST", f"/management/v1/users/{user}/_deactivate", {}, org=server.home)
    assert "result" not in server.admin.call("POST", "/v2/users", mine)
