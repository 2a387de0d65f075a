"""The settings in every process that reads them: the program (lookups), the provider (resources), and the commands of zorg."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from tests.support.servers import Server, emulated
from tests.support.stack import Run, Stack

PROGRAM = """
import pulumi
import pulumi_zorg as zorg

pulumi.export("home", zorg.get_organization(name="Furniture").id)
zorg.Organization("acme", name="Acme")
"""
YES = ("--yes", "--skip-preview")


def run_in(folder: Path, stack: Stack, *command: str) -> Run:
    """Run a command in this folder."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=stack.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=240,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def must_in(folder: Path, stack: Stack, *command: str) -> Run:
    """Run a command that must succeed."""
    run = run_in(folder, stack, *command)
    assert run.code == 0, f"{' '.join(command)} in {folder} ended with {run.code}:\n{run.out}"
    return run


@pytest.fixture
def files(server: Server, stack: Stack) -> Stack:
    """A stack whose key and CA certificates are files in the project's folder, and whose program is in a folder of it."""
    robot = server.admin.create_user(server.home, "robot")
    server.admin.add_instance_member(robot, "IAM_OWNER")
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    answer = server.admin.call("POST", f"/management/v1/users/{robot}/keys", body, org=server.home)
    keys = stack.folder / "keys"
    keys.mkdir()
    (keys / "key.json").write_bytes(base64.b64decode(answer["keyDetails"]))
    shutil.copy(certifi.where(), keys / "ca.pem")
    (stack.folder / "__main__.py").unlink()
    program = stack.folder / "app" / "src"
    program.mkdir(parents=True)
    (program / "__main__.py").write_text(PROGRAM)
    (stack.folder / "Pulumi.yaml").write_text("name: tests\nruntime: python\nmain: app/src\n")
    del stack.env["ZITADEL_TOKEN"]
    stack.env["ZITADEL_AUDIENCE"] = server.proxy.target  # the proxy is not the issuer
    return stack


def every_command(folder: Path, stack: Stack, where: tuple[str, ...] = ()) -> None:
    """Each command that reads the settings succeeds in this folder.

    :param where: the option that names the project's folder.
    """
    zorg = tuple("--cwd" if each == "-C" else each for each in where)
    pulumi = ("pulumi", "--non-interactive", *where)
    must_in(folder, stack, *pulumi, "up", *YES)
    must_in(folder, stack, *pulumi, "refresh", *YES, "--expect-no-changes")
    must_in(folder, stack, *pulumi, "preview", "--refresh", "--expect-no-changes")
    must_in(folder, stack, "zorg", "drift", *zorg)
    assert "was not read" not in must_in(folder, stack, "zorg", "preview-guard", "--run", *zorg).out
    must_in(folder, stack, "zorg", "doctor", *zorg)
    must_in(folder, stack, "zorg", "generate", "--all", *zorg)
    must_in(folder, stack, *pulumi, "destroy", *YES)


CONFIGURATION = {"jwtProfileFile": "keys/key.json", "caFile": "keys/ca.pem"}
ENVIRONMENT = {"ZITADEL_JWT_PROFILE_FILE": "keys/key.json", "ZITADEL_CA_FILE": "./keys/ca.pem"}


@pytest.mark.parametrize(("place", "where"), [("configuration", "subfolder"), ("environment", "elsewhere")])
def test_a_relative_path_starts_at_the_folder_of_the_project_file_in_every_process(
    files: Stack, place: str, where: str
) -> None:
    if place == "configuration":
        for name, value in CONFIGURATION.items():
            files.must("config", "set", f"zorg:{name}", value)
    else:
        files.env |= ENVIRONMENT
    if where == "subfolder":
        every_command(files.folder / "app" / "src", files)
        return
    other = files.folder.with_name("other")
    other.mkdir()
    every_command(other, files, ("-C", str(files.folder)))


def test_a_relative_path_is_refused_where_the_project_folder_is_not_known(files: Stack) -> None:
    """The provider is started in the program's folder, and nothing tells it where a Pulumi.yaml elsewhere is."""
    for name, value in CONFIGURATION.items():
        files.must("config", "set", f"zorg:{name}", value)
    program = files.folder.with_name("program")
    (files.folder / "app" / "src").rename(program)
    (files.folder / "Pulumi.yaml").write_text("name: tests\nruntime: python\nmain: ../program\n")
    zorg = [("zorg", "drift"), ("zorg", "generate", "--all"), ("zorg", "doctor")]
    says = ("zorg:jwtProfileFile", "is a relative path", "Give an absolute path")
    for command in [("pulumi", "preview"), *zorg]:
        run = run_in(files.folder, files, *command)
        assert run.code == 1, (command, run.out)
        assert run.shows(*says), (command, run.out)
    # The provider's process, which reads the path too.
    (program / "__main__.py").write_text("import pulumi_zorg as zorg\nzorg.Organization('acme', name='Acme')\n")
    refused = files.run("preview")
    assert refused.code != 0
    assert refused.shows(*says), refused.out
    assert "Traceback" not in refused.out
    for name, value in CONFIGURATION.items():
        files.must("config", "set", f"zorg:{name}", str(files.folder / value))
    (program / "__main__.py").write_text(PROGRAM)
    must_in(files.folder, files, "pulumi", "--non-interactive", "up", *YES)
    must_in(files.folder, files, "zorg", "drift")


# Lookups and resources on two instances.

#: A program that the automation API runs in its own process: with an environment of its own, and with `env_vars` for the engine.
INLINE = """
import json, os, sys
from pulumi import automation

import pulumi_zorg as zorg

given = json.loads(sys.argv[1])


def program():
    if given["lookups"] == "before":
        zorg.get_organization(name="Furniture")
    if given["lookups"] == "outputs":  # the server is asked while the resource is declared
        home = zorg.get_organization_output(name="Furniture")
    acme = zorg.Organization("acme", name="Acme")
    if given["lookups"] == "late":  # made while the program waits for the id: after all resources are declared
        home = acme.id.apply(lambda id: zorg.get_organization(name="Furniture").id)
        zorg.Project("portal", org_id=home, name="Inline")


os.environ.update(given["own"])
stack = automation.create_or_select_stack(
    "test", project_name="tests", program=program, opts=automation.LocalWorkspaceOptions(env_vars=given["env_vars"])
)
for name, value in given["config"].items():
    stack.set_config(name, automation.ConfigValue(value))
try:
    stack.up()
except automation.errors.CommandError as error:
    print(error)
    sys.exit(1)
"""


@pytest.fixture
def second() -> Iterator[Server]:
    """Another instance."""
    with emulated() as server:
        yield server


def inline(stack: Stack, lookups: str, own: Server | None, engine: Server | None, config: Server | None = None) -> Run:
    """Run an inline program: with the address of `own` in its environment, and that of `engine` in `env_vars`."""

    def environment(of: Server | None) -> dict[str, str]:
        return {} if of is None else {"ZITADEL_URL": of.proxy.url, "ZITADEL_TOKEN": of.token}

    for name in ("ZITADEL_URL", "ZITADEL_TOKEN", "PULUMI_STACK"):
        stack.env.pop(name, None)
    given = {
        "lookups": lookups,
        "own": environment(own),
        "env_vars": environment(engine),
        "config": {"zorg:url": config.proxy.url} if config else {},
    }
    (stack.folder / "inline.py").write_text(INLINE)
    return run_in(stack.folder, stack, sys.executable, "inline.py", json.dumps(given))


@pytest.mark.parametrize("lookups", ["before", "outputs", "late"])
def test_an_inline_program_that_looks_up_on_another_instance_is_refused(
    server: Server, second: Server, stack: Stack, lookups: str
) -> None:
    run = inline(stack, lookups, own=server, engine=second)
    assert run.code == 1, run.out
    assert run.shows(
        f"The program's lookups use {server.proxy.url} (from ZITADEL_URL in the environment of the program's process)",
        f"its resources are on {second.proxy.url} (from ZITADEL_URL in the environment of the provider's process)",
        "zorg:url",
    ), run.out
    assert server.token not in run.out
    assert second.token not in run.out
    assert server.proxy.writes == []
    if lookups != "late":  # the organization comes before the first lookup
        assert second.proxy.writes == []
    assert not [each for each in second.admin.projects(second.home).values() if each["name"] == "Inline"]


def test_an_inline_program_without_lookups_has_an_environment_of_its_own(
    server: Server, second: Server, stack: Stack
) -> None:
    """What its own environment says is used by nothing."""
    run = inline(stack, "none", own=server, engine=second)
    assert run.code == 0, run.out
    assert "Acme" in [each["name"] for each in second.admin.organizations().values()]


def test_the_configuration_of_the_stack_reaches_the_program_and_the_provider(
    server: Server, second: Server, stack: Stack
) -> None:
    run = inline(stack, "before", own=server, engine=second, config=second)
    assert run.code == 0, run.out
    assert "Acme" in [each["name"] for each in second.admin.organizations().values()]
    assert server.proxy.exchanges == []


DOTENV = """
import os
import pulumi_zorg as zorg

os.environ.update(line.strip().split("=", 1) for line in open(".env"))
zorg.get_organization(name="Furniture")
zorg.Organization("acme", name="Acme")
"""


def test_an_env_file_that_only_the_program_reads(server: Server, second: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(DOTENV)
    (stack.folder / ".env").write_text(f"ZITADEL_URL={second.proxy.url}\nZITADEL_TOKEN={second.token}\n")
    run = stack.run("up", *YES)
    assert run.code != 0
    assert run.shows(f"The program's lookups use {second.proxy.url}", f"its resources are on {server.proxy.url}"), (
        run.out
    )
    assert server.proxy.writes == second.proxy.writes == []
    # With the same address another credential is fine.
    (stack.folder / ".env").write_text(f"ZITADEL_URL={server.proxy.url}/\nZITADEL_TOKEN={server.token}\n")
    stack.up()
    stack.must("preview", "--expect-no-changes")


def test_the_error_for_missing_settings_says_which_process_lacks_them(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(DOTENV)
    given = f"ZITADEL_URL={stack.env.pop('ZITADEL_URL')}\nZITADEL_TOKEN={stack.env.pop('ZITADEL_TOKEN')}\n"
    reaches = "The stack's configuration reaches every process"
    (stack.folder / ".env").write_text(given)
    provider = stack.run("preview")
    assert provider.shows(
        "no address of a ZITADEL is given in the provider's process, which manages the resources", reaches
    )
    (stack.folder / ".env").write_text("")
    program = stack.run("preview")
    assert program.shows("no address of a ZITADEL is given in the program's process, which makes the lookups", reaches)
    stack.configure(url=server.proxy.url)
    program = stack.run("preview")
    assert program.shows("no credential is given in the program's process, which makes the lookups", reaches)
    drift = run_in(stack.folder, stack, "zorg", "drift")
    assert drift.shows("no credential is given to this command")
