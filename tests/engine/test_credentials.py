"""All three kinds of credential, through the engine."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.support.servers import World
from tests.support.stack import Stack, grant, org


@pytest.fixture
def robot(any_world: World) -> str:
    """A service account that owns the instance."""
    console = any_world.console
    robot = console.create_user(any_world.home, f"robot{any_world.tag}")
    console.add_instance_member(robot, "IAM_OWNER")
    return robot


def _key(world: World, user: str) -> str:
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    answer = world.console.call("POST", f"/management/v1/users/{user}/keys", body, org=world.home)
    return base64.b64decode(answer["keyDetails"]).decode()


def _lives(world: World, stack: Stack) -> None:
    stack.declare(acme=org(world.name("Acme")), ann=grant(world.home, world.ann, world.project, ["viewer"]))
    stack.up()
    assert world.console.organization(stack.id("acme"))["state"] == "ORG_STATE_ACTIVE"
    asked = [each.path for each in world.proxy.exchanges].count("/oauth/v2/token")
    assert asked == 1, "one token serves all threads of a process"
    stack.destroy()


def test_a_service_account_key(any_world: World, any_stack: Stack, robot: str) -> None:
    del any_stack.env["ZITADEL_TOKEN"]
    # The proxy is not the issuer, as a private address is not.
    any_stack.must("config", "set", "zorg:audience", any_world.proxy.target)
    key = _key(any_world, robot)
    any_stack.must("config", "set", "--secret", "zorg:jwtProfileJson", key)
    _lives(any_world, any_stack)
    assert json.loads(key)["key"] not in json.dumps(any_stack.state())


def test_a_service_account_key_in_a_file(any_world: World, any_stack: Stack, robot: str, tmp_path: Path) -> None:
    del any_stack.env["ZITADEL_TOKEN"]
    (any_stack.folder / "key.json").write_text(_key(any_world, robot))
    any_stack.env |= {"ZITADEL_JWT_PROFILE_FILE": "key.json", "ZITADEL_AUDIENCE": any_world.proxy.target}
    _lives(any_world, any_stack)


def test_client_credentials(any_world: World, any_stack: Stack, robot: str) -> None:
    del any_stack.env["ZITADEL_TOKEN"]
    answer = any_world.console.call("PUT", f"/management/v1/users/{robot}/secret", org=any_world.home)
    any_stack.must("config", "set", "zorg:clientId", answer["clientId"])
    any_stack.env["ZITADEL_CLIENT_SECRET"] = answer["clientSecret"]
    _lives(any_world, any_stack)


def test_a_wrong_secret_is_told_and_not_shown(any_world: World, any_stack: Stack, robot: str) -> None:
    answer = any_world.console.call("PUT", f"/management/v1/users/{robot}/secret", org=any_world.home)
    del any_stack.env["ZITADEL_TOKEN"]
    any_stack.env |= {"ZITADEL_CLIENT_ID": answer["clientId"], "ZITADEL_CLIENT_SECRET": "hush-hush"}
    any_stack.declare(acme=org(any_world.name("Acme")))
    failed = any_stack.fails()
    assert failed.shows(
        "ZITADEL gave no token for the client credentials of", "Check zorg:clientId and zorg:clientSecret"
    )
    assert "hush-hush" not in failed.out
