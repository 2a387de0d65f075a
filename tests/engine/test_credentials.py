"""Credentials through the engine: all three kinds, and which command uses which after a change (docs/credentials.md)."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.servers import Server, emulated
from tests.support.stack import Stack, grant, org


@pytest.fixture
def robot(any_server: Server) -> str:
    """A service account that owns the instance."""
    admin = any_server.admin
    robot = admin.create_user(any_server.home, f"robot{any_server.tag}")
    admin.add_instance_member(robot, "IAM_OWNER")
    return robot


def _key(server: Server, user: str) -> str:
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    answer = server.admin.call("POST", f"/management/v1/users/{user}/keys", body, org=server.home)
    return base64.b64decode(answer["keyDetails"]).decode()


def _lives(server: Server, stack: Stack) -> None:
    stack.declare(acme=org(server.name("Acme")), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    assert server.admin.organization(stack.id("acme"))["state"] == "ORG_STATE_ACTIVE"
    asked = [each.path for each in server.proxy.exchanges].count("/oauth/v2/token")
    assert asked == 1, "one token serves all threads of a process"


def test_a_service_account_key(any_server: Server, any_stack: Stack, robot: str) -> None:
    del any_stack.env["ZITADEL_TOKEN"]
    # The proxy is not the issuer, as a private address is not.
    key = _key(any_server, robot)
    any_stack.configure(audience=any_server.proxy.target, jwtProfileJson=key)
    _lives(any_server, any_stack)
    assert json.loads(key)["key"] not in json.dumps(any_stack.state())


def test_a_service_account_key_in_a_file(any_server: Server, any_stack: Stack, robot: str, tmp_path: Path) -> None:
    del any_stack.env["ZITADEL_TOKEN"]
    (any_stack.folder / "key.json").write_text(_key(any_server, robot))
    any_stack.env |= {"ZITADEL_JWT_PROFILE_FILE": "key.json", "ZITADEL_AUDIENCE": any_server.proxy.target}
    _lives(any_server, any_stack)


def test_client_credentials(any_server: Server, any_stack: Stack, robot: str) -> None:
    del any_stack.env["ZITADEL_TOKEN"]
    answer = any_server.admin.call("PUT", f"/management/v1/users/{robot}/secret", org=any_server.home)
    any_stack.must("config", "set", "zorg:clientId", answer["clientId"])
    any_stack.env["ZITADEL_CLIENT_SECRET"] = answer["clientSecret"]
    _lives(any_server, any_stack)


def test_a_wrong_secret_is_told_and_not_shown(any_server: Server, any_stack: Stack, robot: str) -> None:
    answer = any_server.admin.call("PUT", f"/management/v1/users/{robot}/secret", org=any_server.home)
    del any_stack.env["ZITADEL_TOKEN"]
    any_stack.env |= {"ZITADEL_CLIENT_ID": answer["clientId"], "ZITADEL_CLIENT_SECRET": "hush-hush"}
    any_stack.declare(acme=org(any_server.name("Acme")))
    failed = any_stack.fails()
    assert failed.shows(
        "ZITADEL gave no token for the client credentials of",
        "The credential was read from ZITADEL_CLIENT_ID and ZITADEL_CLIENT_SECRET in the environment.",
    )
    assert "--run-program" not in failed.out
    assert "hush-hush" not in failed.out


# After a change. The engine stores the stack's configuration in the state at each `up`, and configures the provider with
# that in a refresh and in a destroy.

WAY_OUT = "add --run-program or run `pulumi up` without --refresh"
YES = ("--yes", "--skip-preview")
CHECK = ("refresh", "--preview-only", "--expect-no-changes")


@dataclass
class Owner:
    """A service account that owns the instance, and its tokens.

    :param token: the newest one.
    """

    server: Server
    user: str
    token: str = ""
    token_id: str = ""

    def rotate(self) -> str:
        """Replaces the token; the old one is refused from now on."""
        path = f"/management/v1/users/{self.user}/pats"
        body = {"expirationDate": "2099-01-01T00:00:00Z"}
        made = self.server.admin.call("POST", path, body, org=self.server.home)
        if self.token:
            self.server.admin.call("DELETE", f"{path}/{self.token_id}", org=self.server.home)
        self.token, self.token_id = made["token"], made["tokenId"]
        return self.token


@pytest.fixture
def owner(server: Server) -> Owner:
    user = server.admin.create_user(server.home, "robot")
    server.admin.add_instance_member(user, "IAM_OWNER")
    return Owner(server, user)


@pytest.fixture
def configured(server: Server, stack: Stack, owner: Owner) -> Stack:
    """A stack that is in sync, with its token in its configuration."""
    del stack.env["ZITADEL_TOKEN"]
    stack.configure(token=owner.rotate())
    stack.declare(**both(server))
    stack.up()
    server.proxy.clear()
    return stack


def both(server: Server, name: str = "Acme") -> dict[str, dict[str, object]]:
    return {"acme": org(name), "ann": grant(server.home, server.ann, server.project, ["viewer"])}


def urns(stack: Stack) -> list[str]:
    return sorted(each["urn"] for each in stack.state()["deployment"]["resources"])


def refuses(stack: Stack, *commands: tuple[str, ...], shows: tuple[str, ...]) -> None:
    """Each command is an error that says this; the state keeps all resources."""
    before = urns(stack)
    for command in commands:
        run = stack.run(*command)
        assert run.code not in (0, 7), (command, run.out)
        assert run.shows(*shows), (command, run.out)
        assert "Traceback" not in run.out
        assert urns(stack) == before, command


def used(server: Server) -> set[str]:
    """The tokens with which calls came since the last look."""
    found = {(each.authorization or "").removeprefix("Bearer ") for each in server.proxy.exchanges}
    server.proxy.clear()
    return found


def drift(stack: Stack) -> int:
    return subprocess.run(["zorg", "drift"], cwd=stack.folder, env=stack.env, check=False, timeout=120).returncode


def stored(stack: Stack) -> str:
    """All that the backend has on its disk: the state, its copies and the history."""
    files = [each for each in (stack.folder / "backend").rglob("*") if each.is_file()]
    return "\n".join(each.read_bytes().decode("utf-8", "replace") for each in files)


def test_a_refresh_with_a_rotated_token_fails_and_names_the_way_out(
    server: Server, configured: Stack, owner: Owner
) -> None:
    stack, old = configured, owner.token
    new = owner.rotate()
    stack.configure(token=new)
    refuses(
        stack,
        ("refresh", *YES),
        CHECK,
        ("up", "--refresh", *YES),
        ("destroy", *YES),
        shows=("ZITADEL answered 401", "The credential was read from zorg:token", WAY_OUT),
    )
    assert used(server) == {old}
    # Either way out uses the token that is configured now.
    stack.must(*CHECK, "--run-program")
    assert drift(stack) == 0
    stack.declare(**both(server, "Acme B"))
    stack.up()
    assert used(server) == {new}
    # That `up` has stored it.
    stack.must(*CHECK)
    assert used(server) == {new}


def test_a_rotated_token_is_used_with_run_program(server: Server, configured: Stack, owner: Owner) -> None:
    stack = configured
    stack.configure(token=owner.rotate())
    stack.declare(**both(server, "Acme B"))
    stack.must("up", "--refresh", "--run-program", *YES)
    assert server.admin.organization(stack.id("acme"))["name"] == "Acme B"
    stack.configure(token=owner.rotate())
    stack.env["PULUMI_RUN_PROGRAM"] = "true"
    stack.must("refresh", *YES)
    stack.configure(token=owner.rotate())
    acme = stack.id("acme")
    stack.must("destroy", *YES)
    assert acme not in server.admin.organizations()


def test_an_up_that_changes_nothing_stores_the_rotated_token_and_encrypts_it(
    server: Server, configured: Stack, owner: Owner
) -> None:
    configured.configure(token=owner.rotate())
    configured.up()
    configured.must(*CHECK)
    assert used(server) == {owner.token}
    assert owner.token not in stored(configured)
    # Not if it is set without --secret.
    configured.must("config", "set", "--plaintext", "zorg:token", owner.token)
    configured.up()
    assert owner.token in json.dumps(configured.state())


def test_the_last_resource_leaves_the_program_with_the_token_of_the_last_up(
    server: Server, configured: Stack, owner: Owner
) -> None:
    """A program that declares no resource of this package declares no provider either."""
    stack, acme = configured, configured.id("acme")
    stack.configure(token=owner.rotate())
    stack.declare()
    refuses(stack, ("up", *YES), shows=("ZITADEL answered 401", WAY_OUT))
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare()
    stack.up()
    assert stack.resources() == {}
    assert acme not in server.admin.organizations()


def test_a_token_of_the_environment_is_used_by_every_command(server: Server, stack: Stack, owner: Owner) -> None:
    first = stack.env["ZITADEL_TOKEN"] = owner.rotate()
    stack.declare(**both(server))
    stack.up()
    # Rotated, and not in the environment yet.
    owner.rotate()
    refuses(
        stack,
        ("refresh", *YES),
        ("destroy", *YES),
        shows=("ZITADEL answered 401", "The credential was read from ZITADEL_TOKEN in the environment."),
    )
    assert "--run-program" not in stack.run(*CHECK).out
    stack.env["ZITADEL_TOKEN"] = owner.token
    server.proxy.clear()
    for command in (("refresh", *YES), CHECK, ("up", "--refresh", *YES)):
        stack.must(*command)
        assert used(server) == {owner.token}, command
    stack.declare()
    stack.up()
    assert used(server) == {owner.token}
    assert not [token for token in (first, owner.token) if token in stored(stack)]


def test_a_token_that_moves_between_configuration_and_environment(
    server: Server, configured: Stack, owner: Owner
) -> None:
    """Until the next `up` a refresh takes it from where that one had it, the configuration first."""
    stack, recorded = configured, owner.token
    stack.must("config", "rm", "zorg:token")
    stack.env["ZITADEL_TOKEN"] = server.token
    stack.must(*CHECK)
    assert used(server) == {recorded}
    stack.up()
    stack.must(*CHECK)
    assert used(server) == {server.token}
    assert recorded not in json.dumps(stack.state())
    # And back.
    del stack.env["ZITADEL_TOKEN"]
    stack.configure(token=recorded)
    refuses(stack, ("refresh", *YES), ("destroy", *YES), shows=("no credential is given", "zorg:token", WAY_OUT))
    stack.must(*CHECK, "--run-program")
    assert used(server) == {recorded}


def test_a_key_file_is_read_by_each_command_and_is_not_in_the_state(server: Server, stack: Stack, owner: Owner) -> None:
    del stack.env["ZITADEL_TOKEN"]
    stack.configure(jwtProfileFile="key.json", audience=server.proxy.target)
    file = stack.folder / "key.json"
    file.write_text(_key(server, owner.user))
    first = json.loads(file.read_text())
    stack.declare(acme=org("Acme"))
    stack.up()
    assert first["key"].splitlines()[1] not in stored(stack)
    server.admin.call("DELETE", f"/management/v1/users/{owner.user}/keys/{first['keyId']}", org=server.home)
    refuses(
        stack,
        ("refresh", *YES),
        shows=("ZITADEL gave no token for the service-account key", "read from zorg:jwtProfileFile"),
    )
    file.write_text(_key(server, owner.user))
    stack.must(*CHECK)


def test_another_address_is_used_after_an_up_or_with_run_program_and_proves_nothing(
    server: Server, configured: Stack
) -> None:
    stack = configured
    stack.configure(url=server.proxy.url)
    stack.up()
    with emulated() as other:
        stack.configure(url=other.proxy.url, token=other.token)
        # Without --run-program the engine goes where the last `up` went.
        stack.must(*CHECK)
        assert used(server)
        assert other.proxy.exchanges == []
        stack.declare(**both(server, "Acme B"))
        never = ("This instance has never had", "is zorg:url")
        refuses(
            stack,
            ("refresh", "--run-program", *YES),
            ("destroy", "--run-program", *YES),
            ("up", *YES),
            # That `up` failed, and has stored the address.
            ("refresh", *YES),
            shows=never,
        )
        assert other.proxy.writes == []
        assert server.proxy.exchanges == []
        assert server.admin.organization(stack.id("acme"))["name"] == "Acme"
