"""`zorg drift` beside the engine: the same verdict, the same exit codes, and nothing written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import World, emulated
from tests.support.stack import Run, Stack, grant, org, twins

IN_SYNC, ERROR, DRIFT = 0, 1, 7


def zorg(stack: Stack, *args: str, cwd: Path | None = None) -> Run:
    """Runs `zorg drift`, which must leave the state and the instance as they are."""
    before = _bytes(stack)
    command = [str(Path(sys.executable).parent / "zorg"), "drift", *args]
    done = subprocess.run(
        command, cwd=cwd or stack.folder, env=stack.env, capture_output=True, text=True, timeout=120, check=False
    )
    assert _bytes(stack) == before, "the state is as it was"
    assert "Traceback" not in done.stderr, done.stderr
    shown = done.stdout if done.returncode != ERROR else done.stdout + done.stderr
    assert stack.env["ZITADEL_TOKEN"] not in shown + done.stderr
    return Run(done.returncode, shown)


def told(stack: Stack, *args: str, code: int) -> dict[str, Any]:
    run = zorg(stack, "--format", "json", *args)
    assert run.code == code, run.out
    found: dict[str, Any] = json.loads(run.out)
    assert found["schema"] == "zorg-drift/1"
    assert found["stack"] == stack.name
    assert found["in_sync"] is (code == IN_SYNC)
    return found


def drifted(report: dict[str, Any]) -> dict[str, Any]:
    """By resource: `removed`, or the properties with the recorded and the live value."""
    return {
        each["urn"].rsplit("::", 1)[1]: "removed"
        if each["removed"]
        else {change["property"]: (change["recorded"], change["live"]) for change in each["changes"]}
        for each in report["drifted"]
    }


def engine_says(stack: Stack) -> int:
    return stack.run("refresh", "--preview-only", "--expect-no-changes").code


def _bytes(stack: Stack) -> dict[str, bytes]:
    """All files of the backend, and those beside the program."""
    files = [*(stack.folder / "backend").rglob("*"), *stack.folder.glob("*.*")]
    return {str(file): file.read_bytes() for file in files if file.is_file() and file.suffix != ".pyc"}


@pytest.fixture
def tenants(every_world: World, every_stack: Stack) -> Stack:
    """Four organizations and four grants, as declared."""
    world, stack = every_world, every_stack
    users = [world.console.create_user(world.home, f"user{number}{world.tag}") for number in range(4)]
    stack.declare(
        **{f"o{number}": org(world.name(f"Org {number}")) for number in range(4)},
        **{f"g{number}": grant(world.home, users[number], world.project, ["viewer"]) for number in range(4)},
    )
    stack.up()
    world.proxy.clear()
    return stack


def user_of(stack: Stack, name: str) -> str:
    return str(stack.outputs(name)["user_id"])


def test_six_changes_and_one_grant_too_many(every_world: World, tenants: Stack) -> None:
    world, console, stack = every_world, every_world.console, tenants
    assert told(stack, "--unmanaged", code=IN_SYNC)["unmanaged"] == []
    assert engine_says(stack) == IN_SYNC

    console.remove_organization(stack.id("o0"))
    console.deactivate_organization(stack.id("o1"))
    console.rename_organization(stack.id("o2"), world.name("Other"))
    console.deactivate_grant(world.home, user_of(stack, "g0"), stack.id("g0"))
    console.remove_grant(world.home, user_of(stack, "g1"), stack.id("g1"))
    console.set_roles(world.home, user_of(stack, "g2"), stack.id("g2"), ["viewer", "admin"])
    extra = console.create_grant(world.home, world.bob, world.project, ["admin"])
    world.proxy.clear()

    report = told(stack, code=DRIFT)
    expected = {
        "o0": "removed",
        "o1": {"active": (True, False)},
        "o2": {"name": (world.name("Org 2"), world.name("Other"))},
        "g0": {"active": (True, False)},
        "g1": "removed",
        "g2": {"role_keys": (["viewer"], ["admin", "viewer"])},
    }
    assert drifted(report) == expected
    assert report["unmanaged"] is None
    assert {each["id"] for each in report["drifted"]} == {stack.id(name) for name in expected}
    assert all(each["when"] and each["by"] for each in report["drifted"])

    report = told(stack, "--unmanaged", code=DRIFT)
    assert drifted(report) == expected
    assert [(each["id"], each["properties"]["role_keys"]) for each in report["unmanaged"]] == [(extra, ["admin"])]
    assert report["unmanaged"][0]["by"]
    report = told(stack, "--unmanaged", "--since", "last-update", code=DRIFT)
    assert (drifted(report), [each["id"] for each in report["unmanaged"]]) == (expected, [extra])
    everywhere = told(stack, "--unmanaged=instance", code=DRIFT)["unmanaged"]
    assert {extra, world.home} <= {each["id"] for each in everywhere}
    assert world.proxy.writes == []

    # The engine sees the same, names the same, and puts it back.
    assert engine_says(stack) == DRIFT
    proposed = stack.preview("--refresh")
    assert {name: "removed" if what == ["create"] else set(what) - {"update"} for name, what in proposed.items()} == {
        name: what if what == "removed" else set(what) for name, what in expected.items()
    }
    stack.up("--refresh")
    assert told(stack, code=IN_SYNC)["drifted"] == []
    assert engine_says(stack) == IN_SYNC
    assert [each["id"] for each in told(stack, "--unmanaged", code=DRIFT)["unmanaged"]] == [extra]


def test_reactivated_by_hand(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    stack.declare(
        acme=org(world.name("Acme"), active=False),
        ann=grant(world.home, world.ann, world.project, ["viewer"], active=False),
    )
    stack.up()
    world.console.reactivate_organization(stack.id("acme"))
    world.console.reactivate_grant(world.home, world.ann, stack.id("ann"))
    expected = {"acme": {"active": (False, True)}, "ann": {"active": (False, True)}}
    assert drifted(told(stack, code=DRIFT)) == expected
    table = zorg(stack)
    assert (table.code, table.shows("reactivated", stack.id("acme"), "test: 2 drifted")) == (DRIFT, True)
    for only in ("UserGrant", "usergrant", "zorg:UserGrant", "pulumi-python:dynamic/zorg:UserGrant"):
        assert drifted(told(stack, "--only", only, code=DRIFT)) == {"ann": expected["ann"]}


def test_a_token_without_rights_is_an_error_and_no_drift(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    stack.declare(acme=org(world.name("Acme")), ann=grant(world.home, world.ann, world.project, ["viewer"]))
    stack.up()
    nobody = world.console.create_user(world.home, f"nobody{world.tag}")
    stack.env["ZITADEL_TOKEN"] = world.console.create_token(world.home, nobody)
    for args in ([], ["--unmanaged"], ["--unmanaged=instance"], ["--since", "2026-01-01"], ["--format", "markdown"]):
        run = zorg(stack, *args)
        assert run.code == ERROR, run.out
        assert run.shows("IAM_OWNER_VIEWER"), run.out
        assert not run.shows("in sync")
    world.console.add_instance_member(nobody, "IAM_OWNER_VIEWER")
    assert told(stack, "--unmanaged", "--since", "last-update", code=IN_SYNC)["unknown"] == []


def test_what_a_resource_ignores_is_ignored_by_both(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    stack.declare(
        acme=org(world.name("Acme"), opts={"ignore_changes": ["name"]}),
        ann=grant(world.home, world.ann, world.project, ["viewer"], opts={"ignore_changes": ["*"]}),
    )
    stack.up()
    world.console.rename_organization(stack.id("acme"), world.name("Other"))
    world.console.set_roles(world.home, world.ann, stack.id("ann"), ["admin"])
    assert (zorg(stack).code, engine_says(stack)) == (IN_SYNC, IN_SYNC)
    world.console.deactivate_organization(stack.id("acme"))
    assert drifted(told(stack, code=DRIFT)) == {"acme": {"active": (True, False)}}
    assert engine_says(stack) == DRIFT


@pytest.mark.parametrize(
    ("path", "roles", "verdict"),
    [
        ("role_keys[*]", ["admin"], IN_SYNC),
        ("role_keys[0]", ["editor"], IN_SYNC),
        ("role_keys[1]", ["editor"], DRIFT),
        ("role_keys[*]", ["admin", "viewer"], DRIFT),
        ('["role_keys"]', ["admin", "viewer"], IN_SYNC),
        ("[*]", ["admin"], IN_SYNC),
    ],
)
def test_a_path_of_what_is_ignored_means_what_it_means_to_the_engine(
    world: World, stack: Stack, path: str, roles: list[str], verdict: int
) -> None:
    stack.declare(ann=grant(world.home, world.ann, world.project, ["viewer"], opts={"ignore_changes": [path]}))
    stack.up()
    world.console.set_roles(world.home, world.ann, stack.id("ann"), roles)
    assert (zorg(stack).code, engine_says(stack)) == (verdict, verdict)


def test_what_was_got_by_its_id_is_compared_too(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    theirs = world.console.create_organization(world.name("Theirs"))
    stack.declare(theirs={"kind": "org", "get": theirs, "args": {}})
    stack.up()
    assert (zorg(stack).code, engine_says(stack)) == (IN_SYNC, IN_SYNC)
    world.console.rename_organization(theirs, world.name("Other"))
    assert (zorg(stack).code, engine_says(stack)) == (DRIFT, DRIFT)
    world.console.remove_organization(theirs)
    assert drifted(told(stack, code=DRIFT)) == {"theirs": "removed"}
    assert engine_says(stack) == DRIFT


def test_the_configuration_is_the_stacks(world: World, stack: Stack, tmp_path: Path) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    token, url = stack.env["ZITADEL_TOKEN"], stack.env["ZITADEL_URL"]
    stack.must("config", "set", "--secret", "zorg:token", token)
    stack.must("config", "set", "zorg:url", url)
    stack.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "of-the-environment"}
    stack.must("stack", "init", "other")
    stack.must("stack", "select", "test")
    assert told(stack, code=IN_SYNC)["drifted"] == []
    assert told(stack, "--stack", "test", "--cwd", str(stack.folder), code=IN_SYNC)["drifted"] == []
    away = tmp_path / "away"
    away.mkdir()
    assert zorg(stack, "--cwd", str(stack.folder), cwd=away).code == IN_SYNC
    run = zorg(stack, cwd=away)
    assert (run.code, run.shows("Error: `pulumi stack")) == (ERROR, True)
    run = zorg(stack, "--stack", "nope")
    assert (run.code, run.shows("no stack named 'nope'")) == (ERROR, True)
    assert token not in run.out


def test_a_secret_property_is_compared_and_not_shown(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Classified"))
    stack.up()
    state = stack.state()
    for each in state["deployment"]["resources"]:
        if each["urn"].endswith("::acme"):
            mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
            each["inputs"]["name"] = {**mark, "plaintext": '"Classified"'}
    stack.load(state)
    assert zorg(stack).code == IN_SYNC
    world.console.rename_organization(stack.id("acme"), "Revealed")
    for form in ("table", "json", "markdown", "github"):
        run = zorg(stack, "--format", form)
        assert run.code == DRIFT
        assert run.shows("[secret]")
        assert not run.shows("Classified")
        assert not run.shows("Revealed")


def test_what_a_file_says_is_no_drift(world: World, stack: Stack, tmp_path: Path) -> None:
    stack.declare(acme=org("Acme"), ann=grant(world.home, world.ann, world.project, ["viewer"]))
    stack.up()
    world.console.rename_organization(stack.id("acme"), "Other")
    world.console.deactivate_grant(world.home, world.ann, stack.id("ann"))
    rules = stack.folder / ".zorgignore"
    rules.write_text("# renamed by their own people\nOrganization:name\n")
    assert set(drifted(told(stack, code=DRIFT))) == {"ann"}
    rules.write_text("urn:pulumi:test::*::ann\nOrganization::*\n")
    assert zorg(stack).code == IN_SYNC
    other = tmp_path / "rules"
    other.write_text("nonsense\n")
    run = zorg(stack, "--ignore-file", str(other))
    assert (run.code, run.shows("line 1: 'nonsense' is no pattern")) == (ERROR, True)


def test_errors_end_with_one(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    for args in (
        ["--bogus"],
        ["--format", "yaml"],
        ["--only", "User"],
        ["--since", "yesterday"],
        ["--since", "2999-01-01"],
        ["--ignore-file", "nowhere"],
        ["--cwd", "nowhere"],
        ["surplus"],
    ):
        assert zorg(stack, *args).code == ERROR, args
    path = stack.env["PATH"]
    stack.env["PATH"] = str(stack.folder)
    run = zorg(stack)
    assert (run.code, run.shows("`pulumi` is not found")) == (ERROR, True)
    stack.env |= {"PATH": path, "ZITADEL_TOKEN": "wrong"}
    run = zorg(stack)
    assert (run.code, run.shows("credential is not accepted")) == (ERROR, True)
    stack.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_RETRY_DEADLINE": "1"}
    run = zorg(stack)
    assert (run.code, run.shows("cannot be reached")) == (ERROR, True)


def test_another_instance_is_an_error_and_not_in_sync(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"), ann=grant(world.home, world.ann, world.project, ["viewer"]))
    stack.up()
    world.console.remove_organization(stack.id("acme"))
    right = stack.env
    with emulated() as other:
        stack.env = {**right, "ZITADEL_URL": other.proxy.url, "ZITADEL_TOKEN": other.token}
        for args in ([], ["--unmanaged"], ["--since", "last-update"], ["--since", "2020-01-01", "--unmanaged"]):
            run = zorg(stack, *args)
            assert (run.code, run.shows("This instance has never had")) == (ERROR, True), (args, run.out)
            assert not run.shows("in sync")
    stack.env = right
    # An object that was removed shows the instance as well as one that is there.
    assert drifted(told(stack, "--since", "last-update", code=DRIFT)) == {"acme": "removed"}


def test_two_resources_of_the_state_with_one_id_are_an_error(any_world: World, any_stack: Stack) -> None:
    """Whatever else is compared or ignored: the next destroy of one of them would remove what the other manages."""
    world, stack = any_world, any_stack
    old, new = twins(world, stack)
    (stack.folder / ".zorgignore").write_text("Organization::*\n")
    for args in (["--format", "table"], ["--format", "json"], ["--format", "markdown"], ["--format", "github"]):
        run = zorg(stack, *args, "--only", "UserGrant")
        assert (run.code, run.shows(f"pulumi state delete '{old}'", f"pulumi state delete '{new}'")) == (ERROR, True)
    stack.must("state", "delete", "--yes", old)
    assert told(stack, code=IN_SYNC)["shared"] == []
    theirs = {"kind": "org", "get": stack.id("new"), "args": {}}
    stack.declare(new=org(world.name("Acme"), adopt=True), read=theirs)
    stack.up()
    assert told(stack, code=IN_SYNC)["shared"] == []


def test_a_stack_without_resources_is_in_sync(stack: Stack) -> None:
    assert told(stack, "--unmanaged", code=IN_SYNC)["drifted"] == []
    assert told(stack, "--unmanaged", "--since", "2020-01-01", code=IN_SYNC)["drifted"] == []


def test_for_github(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    stack.declare(acme=org(world.name("Acme")))
    stack.up()
    world.console.deactivate_organization(stack.id("acme"))
    run = zorg(stack, "--format", "github")
    assert run.code == DRIFT
    (line,) = run.out.splitlines()
    assert line.startswith(f"::warning title=Drift of acme::{stack.resources()['acme']['urn']} ({stack.id('acme')}): ")
    assert "deactivated: true → false" in line


def test_what_the_stack_only_reads_is_not_looked_after(world: World, stack: Stack) -> None:
    shared = world.console.create_organization("Shared")
    world.console.create_grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(home={"kind": "org", "get": world.home, "args": {}}, acme=org("Acme"))
    stack.up()
    assert told(stack, "--unmanaged", code=0)["unmanaged"] == []
    found = told(stack, "--unmanaged=instance", code=7)["unmanaged"]
    assert world.home not in {each["id"] for each in found}
    assert shared in {each["id"] for each in found}


def test_neither_a_mark_before_the_rules_nor_a_reader_that_leaves_changes_the_verdict(
    world: World, stack: Stack
) -> None:
    stack.declare(acme=org("Acme"), beta=org("Beta"))
    stack.up()
    world.console.rename_organization(stack.id("acme"), "Ångström → Żubr")
    command = f"{Path(sys.executable).parent / 'zorg'} drift | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=stack.folder, env=stack.env, check=False, timeout=120)
    assert done.returncode == 7
    narrow = {**stack.env, "PYTHONIOENCODING": "cp1252"}
    for form in ("table", "json", "markdown", "github"):
        args = [str(Path(sys.executable).parent / "zorg"), "drift", "--format", form]
        done = subprocess.run(args, cwd=stack.folder, env=narrow, check=False, timeout=120, stdin=subprocess.DEVNULL)
        assert done.returncode == 7
    (stack.folder / ".zorgignore").write_bytes(b"\xef\xbb\xbfOrganization:name\n")
    assert told(stack, code=0)["drifted"] == []


def test_in_a_folder_of_the_project_the_projects_files_are_found(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    world.console.rename_organization(stack.id("acme"), "Other")
    (stack.folder / ".zorgignore").write_text("Organization:name\n")
    (stack.folder / "ca.pem").write_text("no certificate")
    stack.must("config", "set", "zorg:caFile", "ca.pem")
    (stack.folder / "sub").mkdir()
    run = zorg(stack, cwd=stack.folder / "sub")
    assert run.code == ERROR
    assert run.shows("zorg:caFile holds no certificate in PEM that can be read")  # and was found
    stack.must("config", "rm", "zorg:caFile")
    assert zorg(stack, cwd=stack.folder / "sub").code == IN_SYNC


def test_a_state_that_cannot_be_read_is_an_error(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    export = stack.state()
    for resource in export["deployment"]["resources"]:
        resource.pop("id", None)
    fake = stack.folder / "bin"
    fake.mkdir()
    (stack.folder / "export.json").write_text(json.dumps(export))
    (fake / "pulumi").write_text(
        f'#!/bin/bash\nif [[ "$*" == *export* ]]; then cat {stack.folder}/export.json; else exec {shutil.which("pulumi")} "$@"; fi\n'
    )
    (fake / "pulumi").chmod(0o755)
    stack.env["PATH"] = f"{fake}:{stack.env['PATH']}"
    run = zorg(stack)
    assert run.code == 1
    assert run.shows("without an id")
