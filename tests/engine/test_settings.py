"""Extra headers and a token's file through the engine, in each process that reads them.

tests/unit/test_settings_of_processes.py has all settings. Here the engine gives them, as it stores an object with secret parts.
"""

from __future__ import annotations

import json
import subprocess

from pulumi_zorg.testing import Fault
from tests.engine.test_credentials import CHECK, YES, Owner, owner, stored, used  # noqa: F401 - owner is a fixture
from tests.support.servers import Server
from tests.support.stack import Run, Stack

VALUE = "Bearer s3cr3t-of-the-proxy"
HIDDEN = "s3cr3t-of-the-proxy"
PROGRAM = """
import pulumi
import pulumi_zorg as zorg

zorg.Organization("acme", name="Acme", active=pulumi.Config("tests").get_bool("active") is not False)
pulumi.export("found", zorg.get_organization(name="Furniture").id)
"""
COMMANDS = (("drift",), ("preview-guard", "--run"), ("doctor",), ("generate", "--all"))
WANTS = "give the header that the proxy wants in zorg:headers (ZITADEL_HEADERS)"


def zorg(stack: Stack, *args: str) -> Run:
    done = subprocess.run(
        ["zorg", *args], cwd=stack.folder, env=stack.env, capture_output=True, text=True, check=False, timeout=120
    )
    return Run(done.returncode, done.stdout + done.stderr)


def all_succeed(server: Server, stack: Stack) -> str:
    """Run all processes, and return all that they print."""
    shown = []
    for command in (("preview",), ("up", *YES), CHECK):
        shown.append(stack.must(*command).out)
    # Something to report, so that the guard reads the instance.
    stack.must("config", "set", "tests:active", "false")
    for args in COMMANDS:
        server.proxy.exchanges.clear()
        run = zorg(stack, *args)
        assert run.code == 0, (args, run.out)
        assert server.proxy.exchanges, args
        assert {each.fault for each in server.proxy.exchanges} == {None}, args
        shown.append(run.out)
    stack.must("config", "rm", "tests:active")
    return "\n".join(shown)


def test_headers_are_sent_by_each_process_and_are_secret(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(PROGRAM)
    stack.env["ZORG_LOG"] = "debug"
    server.proxy.add(Fault("require", times=None, status=403, header="Proxy-Authorization", value=VALUE))
    refused = stack.run("preview")
    assert refused.code != 0
    assert refused.shows("the answer 403 is not a ZITADEL error response", WANTS)
    assert "Traceback" not in refused.out
    for args in (("drift", "--unmanaged", "instance"), ("generate", "--all"), ("doctor",)):
        run = zorg(stack, *args)
        assert (run.code, run.shows(WANTS)) == (1, True), run.out
    # An object of which one part is a secret. The engine makes a number of the other one.
    stack.must("config", "set", "--path", "zorg:headers.Proxy-Authorization", "--secret", VALUE)
    stack.must("config", "set", "--path", "zorg:headers.X-Tenant", "12")
    shown = all_succeed(server, stack)
    assert HIDDEN not in shown + stored(stack)
    assert HIDDEN not in json.dumps(stack.state())
    # In the environment: nothing is stored.
    stack.must("config", "rm", "zorg:headers")
    stack.env["ZITADEL_HEADERS"] = json.dumps({"Proxy-Authorization": VALUE})
    for command in (("up", *YES), CHECK):
        assert HIDDEN not in stack.must(*command).out
    assert "zorg:headers" not in json.dumps(stack.state())
    stack.env["ZITADEL_HEADERS"] = json.dumps({"Proxy-Authorization": VALUE, "x-zitadel-orgid": "1"})
    server.proxy.exchanges.clear()
    for run in (stack.run("up", *YES), *(zorg(stack, *args) for args in COMMANDS if args[0] != "preview-guard")):
        assert run.code in {1, 255}, run.out
        assert run.shows("ZITADEL_HEADERS must not have x-zitadel-orgid: each call names in it the organization")
        assert HIDDEN not in run.out
    assert server.proxy.exchanges == []


def test_a_tokens_file_is_read_by_each_process_and_its_token_is_not_stored(
    server: Server,
    stack: Stack,
    owner: Owner,  # noqa: F811
) -> None:
    (stack.folder / "__main__.py").write_text(PROGRAM)
    del stack.env["ZITADEL_TOKEN"]
    file = stack.folder / "iam-admin.pat"
    file.write_text(f"{owner.rotate()}\n")
    # The engine takes some paths for a secret, by the name of the setting.
    stack.must("config", "set", "--plaintext", "zorg:tokenFile", str(file))
    shown = all_succeed(server, stack)
    assert owner.token not in shown + stored(stack)
    # A refresh has the path of the last `up`, and reads the file that is there now.
    old = owner.token
    file.write_text(owner.rotate())
    server.proxy.clear()
    stack.must(*CHECK)
    assert used(server) == {owner.token}
    # The old token is refused and the file is not rotated yet.
    file.write_text(old)
    refused = stack.run(*CHECK)
    assert refused.code not in (0, 7)
    assert refused.shows("ZITADEL answered 401", "The credential was read from zorg:tokenFile")
    assert old not in refused.out


def test_a_token_that_is_rotated_during_an_update_is_used_without_a_restart(
    server: Server,
    stack: Stack,
    owner: Owner,  # noqa: F811
) -> None:
    (stack.folder / "__main__.py").write_text(PROGRAM.replace("pulumi.export", "# "))
    del stack.env["ZITADEL_TOKEN"]
    file = stack.folder / "iam-admin.pat"
    file.write_text(owner.rotate())
    old = owner.token
    stack.env["ZITADEL_TOKEN_FILE"] = str(file)

    def rotate(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/orgs") and owner.token == old:
            file.write_text(owner.rotate())

    server.proxy.before = rotate
    stack.up()
    writes = [each for each in server.proxy.exchanges if each.writes]
    assert [(each.status, each.authorization) for each in writes] == [
        (401, f"Bearer {old}"),
        (200, f"Bearer {owner.token}"),
    ]
    assert [each["name"] for each in server.admin.organizations().values()].count("Acme") == 1
