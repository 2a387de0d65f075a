"""`zorg drift --state`: an exported state beside the instance, without the engine. Nothing is written.

tests/engine/test_zorg_drift.py compares the same command with the engine's own refresh.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Zorg, run_zorg
from tests.support.in_process import InProcessStack
from tests.support.schema import fits_schema
from tests.support.servers import Server, emulated
from tests.support.stack import Run, grant, org, project_grant

IN_SYNC, ERROR, DRIFT = 0, 1, 7
FORMS = ["table", "json", "markdown", "github"]


@dataclass
class Drift:
    """`zorg drift` on the state of a stack, or on another one."""

    stack: InProcessStack
    zorg: Zorg

    @property
    def folder(self) -> Path:
        """The folder in which it runs."""
        return self.zorg.folder

    def run(
        self,
        *args: str,
        state: dict[str, Any] | None = None,
        env: dict[str, str] | None = None,
        stdin: str | None = None,
    ) -> Run:
        """Run the command. The output has standard error only where the exit code is 1."""
        self.export(state)
        return self.zorg.run(
            "drift", "--state", "state.json", *args, env={**self.stack.env, **(env or {})}, stdin=stdin
        )

    def report(self, *args: str, code: int, **more: Any) -> dict[str, Any]:
        """Return the JSON of a run, which must be as its model has it."""
        run = self.run("--format", "json", *args, **more)
        assert run.code == code, run.out
        found: dict[str, Any] = json.loads(run.out)
        assert fits_schema("drift", found)
        assert found["in_sync"] is (code == IN_SYNC)
        return found

    def drifted(self, *args: str, code: int = DRIFT, **more: Any) -> dict[str, Any]:
        """Return `removed`, or the recorded and the live value of each property, by resource."""
        return {
            each["urn"].rsplit("::", 1)[1]: "removed"
            if each["removed"]
            else {change["property"]: (change["recorded"], change["live"]) for change in each["changes"]}
            for each in self.report(*args, code=code, **more)["drifted"]
        }

    def export(self, state: dict[str, Any] | None = None) -> None:
        """Write the file that the command reads."""
        (self.folder / "state.json").write_text(json.dumps(state or self.stack.state()))


MakeDrift = Callable[[InProcessStack], Drift]


@pytest.fixture
def drift_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> MakeDrift:
    """`zorg drift` in a folder without a project, and in an environment without settings or `pulumi`."""
    zorg = Zorg(tmp_path / "elsewhere", monkeypatch, capsys)
    return lambda stack: Drift(stack, zorg)


def changed(stack: InProcessStack, name: str, **more: Any) -> dict[str, Any]:
    """The state of a stack, with something else about one resource."""
    state = stack.state()
    for each in state["deployment"]["resources"]:
        if each["urn"].endswith(f"::{name}"):
            each.update(more)
    return state


def test_six_changes_and_one_unmanaged_grant(
    every_server: Server, every_stack: InProcessStack, drift_of: MakeDrift
) -> None:
    server, admin, stack, drift = every_server, every_server.admin, every_stack, drift_of(every_stack)
    users = [server.admin.create_user(server.home, f"user{number}{server.tag}") for number in range(4)]
    stack.declare(
        **{f"o{number}": org(server.name(f"Org {number}")) for number in range(4)},
        **{f"g{number}": grant(server.home, users[number], server.project, ["viewer"]) for number in range(4)},
    )
    stack.up()
    assert drift.report("--unmanaged", code=IN_SYNC)["unmanaged"] == []
    admin.remove_organization(stack.id("o0"))
    admin.deactivate_organization(stack.id("o1"))
    admin.rename_organization(stack.id("o2"), server.name("Other"))
    admin.deactivate_grant(server.home, users[0], stack.id("g0"))
    admin.remove_grant(server.home, users[1], stack.id("g1"))
    admin.set_roles(server.home, users[2], stack.id("g2"), ["viewer", "admin"])
    extra = admin.create_grant(server.home, server.bob, server.project, ["admin"])
    server.proxy.clear()
    report = drift.report("--unmanaged", code=DRIFT)
    assert [(each["id"], each["properties"]["role_keys"]) for each in report["unmanaged"]] == [(extra, ["admin"])]
    assert all(each["when"] and each["by"] for each in (*report["drifted"], *report["unmanaged"]))
    assert report["stack"] == stack.name
    assert drift.drifted() == {
        "o0": "removed",
        "o1": {"active": (True, False)},
        "o2": {"name": (server.name("Org 2"), server.name("Other"))},
        "g0": {"active": (True, False)},
        "g1": "removed",
        "g2": {"role_keys": (["viewer"], ["admin", "viewer"])},
    }
    assert server.proxy.writes == []


def test_reactivated_outside_pulumi(any_server: Server, any_stack: InProcessStack, drift_of: MakeDrift) -> None:
    server, stack, drift = any_server, any_stack, drift_of(any_stack)
    stack.declare(
        acme=org(server.name("Acme"), active=False),
        ann=grant(server.home, server.ann, server.project, ["viewer"], active=False),
    )
    stack.up()
    server.admin.reactivate_organization(stack.id("acme"))
    server.admin.reactivate_grant(server.home, server.ann, stack.id("ann"))
    expected = {"acme": {"active": (False, True)}, "ann": {"active": (False, True)}}
    assert drift.drifted() == expected
    table = drift.run()
    assert (table.code, table.shows("reactivated", stack.id("acme"), "test: 2 drifted")) == (DRIFT, True)
    for only in ("UserGrant", "usergrant", "zorg:UserGrant", "pulumi-python:dynamic/zorg:UserGrant"):
        assert drift.drifted("--only", only) == {"ann": expected["ann"]}
    assert drift.drifted("--only", "UserGrant", "--only", "Organization") == expected


def test_a_token_without_rights_is_an_error_and_no_drift(
    any_server: Server, any_stack: InProcessStack, drift_of: MakeDrift
) -> None:
    server, stack, drift = any_server, any_stack, drift_of(any_stack)
    stack.declare(acme=org(server.name("Acme")), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    nobody = server.admin.create_user(server.home, f"nobody{server.tag}")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, nobody)
    for args in ([], ["--unmanaged"], ["--unmanaged=instance"], ["--since", "2026-01-01"], ["--format", "markdown"]):
        run = drift.run(*args)
        assert run.code == ERROR, run.out
        assert run.shows("IAM_OWNER_VIEWER"), run.out
        assert not run.shows("in sync")
    server.admin.add_instance_member(nobody, "IAM_OWNER_VIEWER")
    assert drift.report("--unmanaged", "--since", "2026-01-01", code=IN_SYNC)["unknown"] == []


def test_the_state_is_read_from_standard_input(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"))
    stack.up()
    assert drift.run("--state", "-", stdin=json.dumps(stack.state())).code == IN_SYNC
    run = drift.run("--state", "-", stdin="")
    assert (run.code, run.shows("standard input is empty")) == (ERROR, True)


def test_since_the_last_update(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Other")
    state = stack.state()
    run = drift.run("--since", "last-update")
    assert (run.code, run.shows("does not say when it was last updated")) == (ERROR, True)
    state["deployment"]["manifest"] = {"time": "2020-01-01T00:00:00Z"}
    assert set(drift.drifted("--since", "last-update", state=state)) == {"acme"}
    state["deployment"]["manifest"] = {"time": "2999-01-01T00:00:00Z"}
    assert drift.drifted("--since", "last-update", state=state, code=IN_SYNC) == {}


def test_a_secret_property_is_compared_and_not_shown(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Classified"))
    stack.up()
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    inputs = stack.resources()["acme"]["inputs"]
    state = changed(stack, "acme", inputs={**inputs, "name": {**mark, "plaintext": '"Classified"'}})
    assert drift.run(state=state).code == IN_SYNC
    server.admin.rename_organization(stack.id("acme"), "Revealed")
    for form in FORMS:
        run = drift.run("--format", form, state=state)
        assert run.code == DRIFT
        assert run.shows("[secret]")
        assert not run.shows("Classified")
        assert not run.shows("Revealed")
    hidden = changed(stack, "acme", inputs={**inputs, "name": {**mark, "ciphertext": "v1:x"}})
    run = drift.run(state=hidden)
    assert (run.code, run.shows("pulumi stack export --show-secrets")) == (ERROR, True)


def test_what_a_file_of_patterns_names_is_no_drift(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Other")
    server.admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    rules = drift.folder / ".zorgignore"
    rules.write_text("# renamed by their own people\nOrganization:name\n")
    assert set(drift.drifted()) == {"ann"}
    rules.write_text("urn:pulumi:test::*::ann\nOrganization::*\n")
    assert drift.run().code == IN_SYNC
    rules.write_bytes(b"\xef\xbb\xbfOrganization:name\nUserGrant:active\n")
    assert drift.run().code == IN_SYNC
    other = drift.folder / "rules"
    other.write_text("nonsense\n")
    run = drift.run("--ignore-file", str(other))
    assert (run.code, run.shows("line 1: 'nonsense' is not a pattern")) == (ERROR, True)


@pytest.mark.parametrize(
    "args",
    [
        ["--bogus"],
        ["--format", "yaml"],
        ["--only", "User"],
        ["--since", "yesterday"],
        ["--since", "2999-01-01"],
        ["--ignore-file", "nowhere"],
        ["--cwd", "nowhere"],
        ["--state", "nowhere"],
        ["surplus"],
    ],
)
def test_a_mistake_in_the_options_is_an_error(
    server: Server, stack: InProcessStack, drift_of: MakeDrift, args: list[str]
) -> None:
    assert drift_of(stack).run(*args).code == ERROR
    assert server.proxy.exchanges == []


def test_no_connection_and_no_credential_are_errors(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"))
    stack.up()
    run = drift.run(env={"ZITADEL_TOKEN": "wrong"})
    assert (run.code, run.shows("credential is not accepted")) == (ERROR, True)
    run = drift.run(env={"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_RETRY_DEADLINE": "1"})
    assert (run.code, run.shows("cannot be reached")) == (ERROR, True)
    run = drift.run("--stack", "test")
    assert (run.code, run.shows("`pulumi` is not found")) == (ERROR, True)  # its configuration is wanted
    run = drift.run("--stack", "other")
    assert (run.code, run.shows("This is the state of stack test, but --stack names other")) == (ERROR, True)


def test_another_instance_is_an_error_and_not_in_sync(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.admin.remove_organization(stack.id("acme"))
    with emulated() as other:
        env = {"ZITADEL_URL": other.proxy.url, "ZITADEL_TOKEN": other.token}
        for args in ([], ["--unmanaged"], ["--since", "2020-01-01"], ["--since", "2020-01-01", "--unmanaged"]):
            run = drift.run(*args, env=env)
            assert (run.code, run.shows("This instance has never had")) == (ERROR, True), (args, run.out)
            assert not run.shows("in sync")
    # A removed object shows that it is the right instance, as an existing one does.
    assert drift.drifted("--since", "2020-01-01") == {"acme": "removed"}


def test_two_resources_of_the_state_with_one_id_are_an_error(
    any_server: Server, any_stack: InProcessStack, drift_of: MakeDrift
) -> None:
    """Whatever else is compared or ignored: the next destroy of one of them would remove what the other manages."""
    server, stack, drift = any_server, any_stack, drift_of(any_stack)
    stack.declare(new=org(server.name("Acme")))
    stack.up()
    new = stack.resources()["new"]
    old = {**new, "urn": f"{new['urn'].removesuffix('new')}old"}
    state = stack.state()
    state["deployment"]["resources"] = [old, new]
    (drift.folder / ".zorgignore").write_text("Organization::*\n")
    for form in FORMS:
        run = drift.run("--format", form, "--only", "UserGrant", state=state)
        commands = (f"pulumi state delete '{old['urn']}'", f"pulumi state delete '{new['urn']}'")
        assert (run.code, run.shows(*commands)) == (ERROR, True)
    state["deployment"]["resources"] = [{**old, "external": True}, new]
    assert drift.report(state=state, code=IN_SYNC)["shared"] == []


def test_a_state_without_resources_is_in_sync(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    drift = drift_of(stack)
    for state in ({"version": 3, "deployment": {"resources": []}}, {"version": 3, "deployment": {}}):
        assert drift.drifted("--unmanaged", state=state, code=IN_SYNC) == {}
        assert drift.drifted("--unmanaged", "--since", "2020-01-01", state=state, code=IN_SYNC) == {}


def test_for_github(any_server: Server, any_stack: InProcessStack, drift_of: MakeDrift) -> None:
    server, stack, drift = any_server, any_stack, drift_of(any_stack)
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    server.admin.deactivate_organization(stack.id("acme"))
    run = drift.run("--format", "github")
    assert run.code == DRIFT
    (line,) = run.out.splitlines()
    assert line.startswith(f"::warning title=Drift of acme::{stack.resources()['acme']['urn']} ({stack.id('acme')}): ")
    assert "deactivated: true → false" in line


def test_unmanaged_grants_are_not_looked_for_in_organizations_that_the_stack_only_reads(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    drift = drift_of(stack)
    shared = server.admin.create_organization("Shared")
    server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(home={"kind": "org", "get": server.home, "args": {}}, acme=org("Acme"))
    stack.up()
    assert drift.report("--unmanaged", code=IN_SYNC)["unmanaged"] == []
    found = drift.report("--unmanaged=instance", code=DRIFT)["unmanaged"]
    assert server.home not in {each["id"] for each in found}
    assert shared in {each["id"] for each in found}


@pytest.mark.slow
def test_neither_an_encoding_nor_a_reader_that_leaves_changes_the_exit_code(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"), beta=org("Beta"))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Ångström → Żubr")
    drift.export()
    zorg = f"{Path(sys.executable).parent / 'zorg'} drift --state state.json"
    env = {**os.environ, **stack.env, "PATH": "/usr/bin:/bin"}
    piped = ["bash", "-c", f"{zorg} | true; exit ${{PIPESTATUS[0]}}"]
    assert subprocess.run(piped, cwd=drift.folder, env=env, check=False, timeout=120).returncode == DRIFT
    for form in FORMS:
        done = run_zorg(*zorg.split()[1:], "--format", form, cwd=drift.folder, env=env, encoding="cp1252")
        assert done.code == DRIFT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a state"),
        ("[]", "not a state"),
        ("{}", "not a state"),
        ('{"deployment": {"resources": [1]}}', "not a state"),
        ('{"deployment": {"resources": [{"urn": "urn:pulumi:a::b::c::d", "inputs": [1]}]}}', "not a state"),
        (
            '{"deployment": {"resources": [{"urn": "u", "type": "pulumi-python:dynamic/zorg:Organization"}]}}',
            "without an id",
        ),
        ('{"deployment": {"resources": ' + "[" * 100_000, "not a state"),
    ],
)
def test_a_file_that_is_no_state_is_an_error(
    server: Server, stack: InProcessStack, drift_of: MakeDrift, text: str, why: str
) -> None:
    drift = drift_of(stack)
    (drift.folder / "other.json").write_text(text)
    run = drift.run("--state", "other.json")
    assert (run.code, run.shows(why)) == (ERROR, True)


@pytest.mark.parametrize("many", [False, True])
def test_a_role_that_the_project_does_not_have_any_more_is_drift(
    server: Server, stack: InProcessStack, drift_of: MakeDrift, many: bool
) -> None:
    """The removal of the role missed a project grant that was made a moment before. State and instance agree."""
    admin, drift = server.admin, drift_of(stack)
    partner = admin.create_organization("Partner")
    projects = [admin.create_project(server.home, f"Shop {number}", ["admin", "viewer"]) for number in range(7)]
    projects = projects if many else projects[:1]
    stack.declare(
        **{f"g{n}": project_grant(server.home, each, partner, ["admin", "viewer"]) for n, each in enumerate(projects)}
    )
    stack.up()
    assert drift.report(code=IN_SYNC)["drifted"] == []
    granted = stack.id("g0")
    admin.call("POST", "/debug/missed-by-cascades", {"ids": [granted]})
    admin.remove_project_role(server.home, projects[0], "admin")
    [found] = drift.report(code=DRIFT)["drifted"]
    assert found["id"] == granted
    [change] = found["changes"]
    assert change["live"] == change["recorded"] == ["admin", "viewer"]
    assert change["why"] == "Shop 0 has no role 'admin'; it has viewer"
    for form in FORMS:
        shown = " ".join(drift.run("--format", form).out.split())
        assert "has no role" in shown, form


def test_a_role_that_the_project_grant_does_not_have_any_more_is_drift(tmp_path: Path, drift_of: MakeDrift) -> None:
    """On a server before 4.16.0, somebody takes several roles out of a project grant in the console."""
    with emulated("2025-12") as server:
        admin = server.admin
        partner = admin.create_organization("Partner")
        cara = admin.create_user(partner, "cara")
        granted = admin.grant_project(server.home, server.project, partner, ["admin", "editor", "viewer"])
        stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
        roles = ["admin", "editor", "viewer"]
        stack.declare(cara=grant(partner, cara, server.project, roles, project_grant_id=granted))
        stack.up()
        admin.set_project_grant_roles(server.home, server.project, granted, ["viewer"])
        [found] = drift_of(stack).report(code=DRIFT)["drifted"]
        [change] = found["changes"]
        assert change["live"] == ["editor", "viewer"]
        assert change["why"] == f"the grant of Portal to organization {partner} has no role 'editor'; it has viewer"


def test_a_role_that_the_resource_ignores_is_no_drift(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    admin = server.admin
    partner = admin.create_organization("Partner")
    stack.declare(granted=project_grant(server.home, server.project, partner, ["admin"]))
    stack.up()
    admin.call("POST", "/debug/missed-by-cascades", {"ids": [stack.id("granted")]})
    admin.remove_project_role(server.home, server.project, "admin")
    state = changed(stack, "granted", ignoreChanges=["role_keys"])
    assert drift_of(stack).report(code=IN_SYNC, state=state)["drifted"] == []


def test_a_deactivation_that_the_server_lost(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    """Reads show the grant as active, and its roles are in new tokens. The state may agree with that, or not."""
    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["viewer"]),
        bob=grant(server.home, server.bob, server.project, ["viewer"]),
    )
    stack.up()
    server.admin.call("POST", "/debug/lost-changes", {"next": 2})
    server.admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    server.admin.deactivate_grant(server.home, server.bob, stack.id("bob"))
    drift, ann = drift_of(stack), stack.resources()["ann"]
    inactive = changed(
        stack, "ann", inputs={**ann["inputs"], "active": False}, outputs={**ann["outputs"], "active": False}
    )
    for args in ([], ["--since", "2026-01-01"]):
        found = drift.report(*args, code=DRIFT, state=inactive)["drifted"]
        changes = {each["urn"].rsplit("::", 1)[1]: each["changes"] for each in found}
        (of_ann,), (of_bob,) = changes["ann"], changes["bob"]
        assert (of_ann["recorded"], of_ann["live"], of_bob["recorded"], of_bob["live"]) == (False, True, True, True)
        assert of_ann["lost"].endswith("`pulumi up --refresh` makes the deactivation again.")
        assert "set active=False and run `pulumi up`" in of_bob["lost"]
        assert all(each["when"] and each["by"] for each in (of_ann, of_bob))
    for form in FORMS:
        run = drift.run("--format", form, state=inactive)
        assert (run.code, run.shows("lost", "it still gives access")) == (DRIFT, True), run.out


def test_a_removal_that_the_server_lost(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    """Reads show the grant as active, and it cannot be removed again: both seen on a server of July 2026."""
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.admin.call("POST", "/debug/lost-changes", {"next": 1, "events": ["user.grant.removed"]})
    server.admin.remove_grant(server.home, server.ann, stack.id("ann"))
    run = drift_of(stack).run()
    assert (run.code, run.shows("removal was lost", "it still gives access", "It is removed only with its user")) == (
        DRIFT,
        True,
    ), run.out
    refreshed = stack.must("refresh")
    assert list(stack.resources()) == ["ann"], refreshed.out
    assert stack.destroy().shows("warning:", "ZITADEL removed it and lost that")


def test_a_list_that_lost_a_change_of_an_organization_hides_no_drift(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    """A read of an organization by its id is right where the list is not."""
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(24)})
    stack.up()
    server.admin.call("POST", "/debug/lost-changes", {"next": 1})
    server.admin.deactivate_organization(stack.id("o7"))
    (found,) = drift_of(stack).report(code=DRIFT)["drifted"]
    assert [(each["recorded"], each["live"], each["lost"]) for each in found["changes"]] == [(True, False, None)]


def test_what_was_switched_and_is_shown_is_in_sync(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=False))
    stack.up()
    server.admin.reactivate_grant(server.home, server.ann, stack.id("ann"))
    server.admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    drift_of(stack).report(code=IN_SYNC)


def test_a_credential_without_events_gets_its_report(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    owner = server.admin.create_user(server.home, "owner")
    server.admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.wait_for_rights(server.admin.create_token(server.home, owner), server.home)
    drift_of(stack).report(code=IN_SYNC)


def test_a_phantom_is_drift_of_its_own_kind(server: Server, stack: InProcessStack, drift_of: MakeDrift) -> None:
    """Its user has no roles, although nothing differs between the state and what the event store has."""
    theirs = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    server.admin.call("POST", "/debug/phantoms", {"ids": [theirs]})
    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["viewer"], adopt=True),
        bob=grant(server.home, server.bob, server.project, ["viewer"]),
    )
    stack.up()
    assert stack.id("ann") == theirs
    assert stack.run("refresh", "--yes", "--skip-preview").shows("is a phantom", "gives its user no roles")
    drift = drift_of(stack)
    urn = next(each["urn"] for each in stack.state()["deployment"]["resources"] if each["urn"].endswith("::ann"))
    for args in ([], ["--only", "UserGrant"]):
        (found,) = drift.report(*args, code=DRIFT)["drifted"]
        assert (found["urn"], found["id"], found["removed"], found["changes"]) == (urn, theirs, False, [])
        assert f"pulumi up --replace '{urn}'" in found["phantom"]
    for form in FORMS:
        run = drift.run("--format", form)
        said = [] if form == "json" else ["not shown by ZITADEL; gives no roles"]
        assert (run.code, run.shows(*said, f"pulumi up --replace '{urn}'")) == (DRIFT, True), run.out
    (drift.folder / "ignored").write_text("UserGrant:*\n")
    drift.report("--ignore-file", "ignored", code=DRIFT)
    (drift.folder / "ignored").write_text(f"UserGrant::{theirs}\n")
    drift.report("--ignore-file", "ignored", code=IN_SYNC)


def test_a_phantom_whose_stack_only_reads_it_is_drift(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    theirs = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(ann={"kind": "grant", "args": {"org_id": server.home}, "opts": {}, "get": theirs, "export": []})
    stack.up()
    server.admin.call("POST", "/debug/phantoms", {"ids": [theirs]})
    (found,) = drift_of(stack).report(code=DRIFT)["drifted"]
    assert "the stack that manages it" in found["phantom"]
    assert "--replace" not in found["phantom"]


def test_who_is_active_again_in_an_organization_that_is_off_with_its_users(
    server: Server, stack: InProcessStack, drift_of: MakeDrift
) -> None:
    admin, drift = server.admin, drift_of(stack)
    acme = admin.create_organization("Acme")
    users = [admin.create_user(acme, f"user-{number}") for number in range(3)]
    stack.declare(acme=org("Acme", adopt=True, active=False, cascade="users"))
    stack.up()
    drift.report(code=IN_SYNC)
    admin.change_user_state(acme, users[1], "reactivate")
    assert drift.drifted() == {"acme": {"cascade": ("users", "not all users")}}
    (row,) = drift.report(code=DRIFT)["drifted"]
    (change,) = row["changes"]
    assert re.fullmatch(
        rf"1 of its users is active: user-1 \({users[1]}, reactivated 20\d\d-.+ UTC by {change['by']}\)", change["why"]
    )
    assert row["when"]
    gained = [(each["name"], each["what"]) for each in row["access"]["gained"]]
    assert gained == [("user-1", "everything")]
    run = drift.run("--format", "table")
    assert run.shows("1 of its users is active: user-1")
