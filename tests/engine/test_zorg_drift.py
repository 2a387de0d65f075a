"""`zorg drift` beside the engine: the same result, the same exit codes, and nothing written.

tests/provider/test_zorg_drift.py has what needs no engine.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import run_zorg
from tests.support.schema import fits_schema
from tests.support.servers import Server
from tests.support.stack import Run, Stack, grant, org, project, project_grant

IN_SYNC, ERROR, DRIFT = 0, 1, 7


def zorg(stack: Stack, *args: str, cwd: Path | None = None) -> Run:
    """Run `zorg drift`, which must not change the state."""
    before = _bytes(stack)
    done = run_zorg("drift", *args, cwd=cwd or stack.folder, env=stack.env)
    assert _bytes(stack) == before, "the state is as it was"
    assert "Traceback" not in done.err, done.err
    shown = done.out if done.code != ERROR else done.out + done.err
    assert stack.env["ZITADEL_TOKEN"] not in shown + done.err
    return Run(done.code, shown)


def report_of(stack: Stack, *args: str, code: int) -> dict[str, Any]:
    run = zorg(stack, "--format", "json", *args)
    assert run.code == code, run.out
    found: dict[str, Any] = json.loads(run.out)
    assert fits_schema("drift", found)
    assert found["schema"] == "zorg-drift/1"
    assert found["stack"] == stack.name
    assert found["in_sync"] is (code == IN_SYNC)
    return found


def drifted(report: dict[str, Any]) -> dict[str, Any]:
    """Return `removed`, or the recorded and the live value of each property, by resource."""
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
def stack(stack: Stack) -> Stack:
    """A stack of which `zorg` reads the same state more than once."""
    stack.replay()
    return stack


@pytest.fixture
def any_stack(any_stack: Stack) -> Stack:
    """The same on :func:`any_server`."""
    any_stack.replay()
    return any_stack


@pytest.fixture
def tenants(any_server: Server, any_stack: Stack) -> Stack:
    """Four organizations and four grants, as declared."""
    server, stack = any_server, any_stack
    users = [server.admin.create_user(server.home, f"user{number}{server.tag}") for number in range(4)]
    stack.declare(
        **{f"o{number}": org(server.name(f"Org {number}")) for number in range(4)},
        **{f"g{number}": grant(server.home, users[number], server.project, ["viewer"]) for number in range(4)},
    )
    stack.up()
    server.proxy.clear()
    return stack


def user_of(stack: Stack, name: str) -> str:
    return str(stack.outputs(name)["user_id"])


def test_six_changes_and_one_unmanaged_grant(any_server: Server, tenants: Stack) -> None:
    server, admin, stack = any_server, any_server.admin, tenants
    assert report_of(stack, "--unmanaged", code=IN_SYNC)["unmanaged"] == []
    assert engine_says(stack) == IN_SYNC

    admin.remove_organization(stack.id("o0"))
    admin.deactivate_organization(stack.id("o1"))
    admin.rename_organization(stack.id("o2"), server.name("Other"))
    admin.deactivate_grant(server.home, user_of(stack, "g0"), stack.id("g0"))
    admin.remove_grant(server.home, user_of(stack, "g1"), stack.id("g1"))
    admin.set_roles(server.home, user_of(stack, "g2"), stack.id("g2"), ["viewer", "admin"])
    extra = admin.create_grant(server.home, server.bob, server.project, ["admin"])
    server.proxy.clear()

    report = report_of(stack, code=DRIFT)
    expected = {
        "o0": "removed",
        "o1": {"active": (True, False)},
        "o2": {"name": (server.name("Org 2"), server.name("Other"))},
        "g0": {"active": (True, False)},
        "g1": "removed",
        "g2": {"role_keys": (["viewer"], ["admin", "viewer"])},
    }
    assert drifted(report) == expected
    assert report["unmanaged"] is None
    assert {each["id"] for each in report["drifted"]} == {stack.id(name) for name in expected}
    assert all(each["when"] and each["by"] for each in report["drifted"])

    report = report_of(stack, "--unmanaged", code=DRIFT)
    assert drifted(report) == expected
    assert [(each["id"], each["properties"]["role_keys"]) for each in report["unmanaged"]] == [(extra, ["admin"])]
    assert report["unmanaged"][0]["by"]
    report = report_of(stack, "--unmanaged", "--since", "last-update", code=DRIFT)
    assert (drifted(report), [each["id"] for each in report["unmanaged"]]) == (expected, [extra])
    everywhere = report_of(stack, "--unmanaged=instance", code=DRIFT)["unmanaged"]
    assert {extra, server.home} <= {each["id"] for each in everywhere}
    assert server.proxy.writes == []

    # The engine finds the same properties, and corrects them.
    assert engine_says(stack) == DRIFT
    proposed = stack.preview("--refresh")
    assert {name: "removed" if what == ["create"] else set(what) - {"update"} for name, what in proposed.items()} == {
        name: what if what == "removed" else set(what) for name, what in expected.items()
    }
    stack.up("--refresh")
    assert report_of(stack, code=IN_SYNC)["drifted"] == []
    assert engine_says(stack) == IN_SYNC
    assert [each["id"] for each in report_of(stack, "--unmanaged", code=DRIFT)["unmanaged"]] == [extra]


def test_properties_that_a_resource_ignores_are_ignored_by_both(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    stack.declare(
        acme=org(server.name("Acme"), opts={"ignore_changes": ["name"]}),
        ann=grant(server.home, server.ann, server.project, ["viewer"], opts={"ignore_changes": ["*"]}),
    )
    stack.up()
    server.admin.rename_organization(stack.id("acme"), server.name("Other"))
    server.admin.set_roles(server.home, server.ann, stack.id("ann"), ["admin"])
    assert (zorg(stack).code, engine_says(stack)) == (IN_SYNC, IN_SYNC)
    server.admin.deactivate_organization(stack.id("acme"))
    assert drifted(report_of(stack, code=DRIFT)) == {"acme": {"active": (True, False)}}
    assert engine_says(stack) == DRIFT


IGNORED = [
    ("role_keys[*]", ["admin"], IN_SYNC),
    ("role_keys[0]", ["editor"], IN_SYNC),
    ("role_keys[1]", ["editor"], DRIFT),
    ("role_keys[*]", ["admin", "viewer"], DRIFT),
    ('["role_keys"]', ["admin", "viewer"], IN_SYNC),
    ("[*]", ["admin"], IN_SYNC),
]


def test_an_ignored_path_means_the_same_as_to_the_engine(server: Server, stack: Stack) -> None:
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(len(IGNORED))]
    stack.declare(
        **{
            f"g{number}": grant(
                server.home, user, server.project, ["viewer"], opts={"ignore_changes": [IGNORED[number][0]]}
            )
            for number, user in enumerate(users)
        }
    )
    stack.up()
    for number, user in enumerate(users):
        server.admin.set_roles(server.home, user, stack.id(f"g{number}"), IGNORED[number][1])
    expected = {f"g{number}" for number, (_, _, verdict) in enumerate(IGNORED) if verdict == DRIFT}
    assert set(drifted(report_of(stack, code=DRIFT))) == expected
    refreshed = stack.run("refresh", "--preview-only", "--expect-no-changes")
    assert set(re.findall(r"UserGrant (\w+) .*\[diff: ", refreshed.out)) == expected, refreshed.out


def test_a_resource_that_only_reads_its_object_is_compared_too(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    theirs = server.admin.create_organization(server.name("Theirs"))
    stack.declare(theirs={"kind": "org", "get": theirs, "args": {}})
    stack.up()
    assert (zorg(stack).code, engine_says(stack)) == (IN_SYNC, IN_SYNC)
    server.admin.rename_organization(theirs, server.name("Other"))
    assert (zorg(stack).code, engine_says(stack)) == (DRIFT, DRIFT)
    server.admin.remove_organization(theirs)
    assert drifted(report_of(stack, code=DRIFT)) == {"theirs": "removed"}
    assert engine_says(stack) == DRIFT


def test_settings_come_from_the_stacks_configuration(server: Server, stack: Stack, tmp_path: Path) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    token, url = stack.env["ZITADEL_TOKEN"], stack.env["ZITADEL_URL"]
    stack.must("config", "set", "--secret", "zorg:token", token)
    stack.must("config", "set", "zorg:url", url)
    stack.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "of-the-environment"}
    del stack.env["PULUMI_STACK"]
    stack.must("stack", "init", "other")
    stack.must("stack", "select", "test")
    assert report_of(stack, code=IN_SYNC)["drifted"] == []
    assert report_of(stack, "--stack", "test", "--cwd", str(stack.folder), code=IN_SYNC)["drifted"] == []
    away = tmp_path / "away"
    away.mkdir()
    assert zorg(stack, "--cwd", str(stack.folder), cwd=away).code == IN_SYNC
    run = zorg(stack, cwd=away)
    assert (run.code, run.shows("Error: `pulumi stack")) == (ERROR, True)
    run = zorg(stack, "--stack", "nope")
    assert (run.code, run.shows("no stack named 'nope'")) == (ERROR, True)
    assert token not in run.out


def test_files_of_the_project_are_found_from_a_folder_in_it(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Other")
    (stack.folder / ".zorgignore").write_text("Organization:name\n")
    (stack.folder / "ca.pem").write_text("no certificate")
    stack.must("config", "set", "zorg:caFile", "ca.pem")
    (stack.folder / "sub").mkdir()
    run = zorg(stack, cwd=stack.folder / "sub")
    assert run.code == ERROR
    assert run.shows("zorg:caFile has no readable certificate in PEM")  # and was found
    stack.must("config", "rm", "zorg:caFile")
    assert zorg(stack, cwd=stack.folder / "sub").code == IN_SYNC


def test_an_exported_state_is_compared_as_the_stack_is(server: Server, stack: Stack, tmp_path: Path) -> None:
    """With the settings of the environment, or with --stack those of the stack's configuration."""
    stack.declare(acme=org("!Classified"), beta=org("Beta"))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Revealed")
    server.admin.remove_organization(stack.id("beta"))
    expected = {"acme": {"name": ("[secret]", "[secret]")}, "beta": "removed"}
    assert drifted(report_of(stack, code=DRIFT)) == expected
    (away := tmp_path / "away").mkdir()
    shown, hidden = str(away / "shown.json"), str(away / "hidden.json")
    stack.must("stack", "export", "--show-secrets", "--file", shown)
    stack.must("stack", "export", "--file", hidden)
    run = zorg(stack, "--state", shown, "--format", "json", "--since", "last-update", cwd=away)
    assert (run.code, drifted(json.loads(run.out))) == (DRIFT, expected)
    run = zorg(stack, "--state", hidden, cwd=away)
    assert (run.code, run.shows("encrypted secret", "--show-secrets")) == (ERROR, True)
    stack.must("config", "set", "--secret", "zorg:token", stack.env["ZITADEL_TOKEN"])
    stack.must("config", "set", "zorg:url", stack.env["ZITADEL_URL"])
    stack.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "of-the-environment"}
    assert zorg(stack, "--state", shown, "--stack", "test").code == DRIFT
    run = zorg(stack, "--state", shown, "--stack", "other")
    assert (run.code, run.shows("This is the state of stack test, but --stack names other")) == (ERROR, True)


def test_without_the_command_pulumi_the_error_names_it(stack: Stack) -> None:
    stack.env["PATH"] = str(stack.folder)
    run = zorg(stack)
    assert (run.code, run.shows("`pulumi` is not found")) == (ERROR, True)


def test_from_the_row_of_a_lost_deactivation_to_a_grant_that_is_off(server: Server, stack: Stack) -> None:
    """The server accepted a deactivation and lost it. The row says which command makes it again, and it does."""
    admin, off = server.admin, {"active": False}
    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["viewer"], **off),
        bob=grant(server.home, server.bob, server.project, ["viewer"]),
    )
    stack.up()
    ann, bob = stack.id("ann"), stack.id("bob")
    admin.reactivate_grant(server.home, server.ann, ann)
    admin.call("POST", "/debug/lost-changes", {"next": 2})
    admin.deactivate_grant(server.home, server.ann, ann)
    admin.deactivate_grant(server.home, server.bob, bob)

    run = zorg(stack)
    assert run.code == DRIFT
    assert run.shows(
        "deactivation was lost", "ann: ZITADEL accepted the deactivation and lost it", "`pulumi up --refresh`"
    )
    assert run.shows("bob: ZITADEL accepted the deactivation and lost it", "set active=False and run `pulumi up`")
    up = stack.up("--refresh")
    assert up.shows("warning:", ann, "accepted its deactivation", "was made again"), up.out
    assert admin.grant(server.home, server.ann, ann)["state"] == "USER_GRANT_STATE_INACTIVE"
    assert drifted(report_of(stack, code=DRIFT)) == {"bob": {"active": (True, True)}}

    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["viewer"], **off),
        bob=grant(server.home, server.bob, server.project, ["viewer"], **off),
    )
    assert stack.up().shows("was made again")
    assert admin.grant(server.home, server.bob, bob)["state"] == "USER_GRANT_STATE_INACTIVE"
    assert zorg(stack).code == IN_SYNC


def test_an_adopted_phantom_is_drift_until_its_resource_is_replaced(server: Server, stack: Stack) -> None:
    """Its user has no roles. The engine's refresh warns, and finds nothing to change."""
    theirs = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    server.admin.call("POST", "/debug/phantoms", {"ids": [theirs]})
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], adopt=True))
    stack.up()
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows(f"user grant {theirs}", "is a phantom", "gives its user no roles", "pulumi up --replace")
    assert stack.id("ann") == theirs
    (found,) = report_of(stack, code=DRIFT)["drifted"]
    command = re.search(r"pulumi up --replace '([^']+)'", found["phantom"])
    assert command is not None
    stack.up("--replace", command.group(1))
    assert stack.id("ann") != theirs
    assert server.admin.grants(server.home).keys() == {stack.id("ann")}
    report_of(stack, code=IN_SYNC)


def test_an_owner_of_the_organization_forgets_nothing_while_the_server_shows_nothing(
    server: Server, stack: Stack
) -> None:
    """So it is after an upgrade: reads by id answer 404, and lists are empty. The owner may not read the event store."""

    def kept() -> dict[str, Any]:
        # A refresh leaves out how the properties depend on other resources.
        return {name: [each[key] for key in ("id", "inputs", "outputs")] for name, each in stack.resources().items()}

    admin = server.admin
    acme = admin.create_organization("Acme")
    users = [admin.create_user(server.home, f"user{number}") for number in range(25)]
    stack.declare(
        portal=project(server.home, "Other"),
        partner=project_grant(server.home, server.project, acme, ["viewer"]),
        **{f"g{number}": grant(server.home, user, server.project, ["viewer"]) for number, user in enumerate(users)},
    )
    stack.up()
    owner = admin.create_user(server.home, "owner")
    admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.wait_for_rights(admin.create_token(server.home, owner), server.home)
    report_of(stack, code=IN_SYNC)
    ids = [stack.id(name) for name in stack.resources()]
    admin.call("POST", "/debug/phantoms", {"ids": ids})
    before = kept()
    refreshed = stack.run("refresh", "--yes", "--skip-preview")
    assert refreshed.code != 0
    assert refreshed.shows("It stays in the state", "IAM_OWNER_VIEWER"), refreshed.out
    assert kept() == before
    run = zorg(stack)
    assert (run.code, run.shows(f"0 drifted, {len(ids)} unknown")) == (ERROR, True), run.out
    admin.call("POST", "/debug/phantoms", {"ids": []})
    report_of(stack, code=IN_SYNC)
    admin.remove_project(server.home, stack.id("portal"))
    admin.remove_project_grant(server.home, server.project, stack.id("partner"))
    # The grants are created at the same time, and the removal of the newest one cannot be shown.
    oldest = min(range(len(users)), key=lambda number: int(stack.id(f"g{number}")))
    admin.remove_grant(server.home, users[oldest], stack.id(f"g{oldest}"))
    report = report_of(stack, code=DRIFT)
    assert drifted(report) == {"portal": "removed", "partner": "removed", f"g{oldest}": "removed"}
    assert sorted(str(each["by"]) for each in report["drifted"]) == ["IaC", "IaC", "None"], "no log has user grants"
    stack.must("refresh", "--yes", "--skip-preview")
    assert before.keys() - stack.resources().keys() == {"portal", "partner", f"g{oldest}"}
