"""What newer engines offer loses no object and deletes none wrongly. docs/engines.md has the table."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.engine.test_killed import _killed_at_write
from tests.support.command import run_zorg
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project

ACME = "urn:pulumi:test::tests::pulumi-python:dynamic/zorg:Organization::acme"
#: In place of the answer to a create that the server made.
LOST = Fault("replace", method="POST", path="/orgs$", status=200, body="<html></html>")


def state_of(server: Server, name: str) -> list[str]:
    return [str(each["state"]) for each in server.admin.organizations().values() if each["name"] == name]


@pytest.mark.parametrize("how", ["up", "destroy"])
def test_ignore_protect_deletes_what_is_protected(server: Server, stack: Stack, how: str) -> None:
    """An older engine does not know the option. Neither deletes anything without it."""
    stack.declare(acme=org("Acme", opts={"protect": True}), beta=org("Beta"))
    stack.up()
    stack.declare(beta=org("Beta"))
    command = [how, "--yes", *(() if how == "destroy" else ("--skip-preview",))]
    assert stack.run(*command).shows("cannot be deleted because it is protected")
    assert state_of(server, "Acme") == state_of(server, "Beta") == ["ORG_STATE_ACTIVE"]
    run = stack.run(*command, "--ignore-protect")
    if not stack.has_option(how, "--ignore-protect"):
        assert run.shows("unknown flag: --ignore-protect")
        assert state_of(server, "Acme") == ["ORG_STATE_ACTIVE"]
        return
    assert (run.code, state_of(server, "Acme")) == (0, [])
    assert list(stack.resources()) == ([] if how == "destroy" else ["beta"])


def test_ignore_protect_does_not_remove_the_own_organization(server: Server, stack: Stack) -> None:
    """`allow_lockout` is another protection, and the provider's own."""
    own = server.admin.call("GET", "/management/v1/orgs/me")["org"]
    stack.declare(own=org(own["name"], adopt=True, opts={"protect": True}))
    stack.up()
    stack.declare()
    run = stack.run("up", "--yes", "--skip-preview", "--ignore-protect")
    expected = "allow_lockout=True" if stack.has_option("up", "--ignore-protect") else "unknown flag"
    assert (run.code != 0, run.shows(expected)) == (True, True)
    assert state_of(server, own["name"]) == ["ORG_STATE_ACTIVE"]
    assert list(stack.resources()) == ["own"]


def test_a_stack_that_is_migrated_asks_before_it_takes_over_an_unfinished_create(server: Server, stack: Stack) -> None:
    """Pending creates belong to a backend. The object is neither lost nor created twice."""
    stack.declare(other=org("Other"))
    stack.up()
    stack.declare(other=org("Other"), acme=org("Acme", active=False))
    stack.env["ZITADEL_RETRY_DEADLINE"] = "0.001"
    server.proxy.add(replace(LOST, times=None))
    stack.fails()
    server.proxy.clear()
    (new := stack.folder / "new").mkdir()
    old, stack.env["PULUMI_BACKEND_URL"] = stack.env["PULUMI_BACKEND_URL"], new.as_uri()
    migrated = stack.run("stack", "migrate", old, "test", "--yes")
    if not stack.must("stack", "--help").shows("migrate"):
        assert migrated.code != 0
        stack.env["PULUMI_BACKEND_URL"] = old
        assert stack.up().shows("was created by an earlier attempt of this resource; resuming that create")
        return
    assert migrated.code == 0, migrated.out
    server.proxy.clear()
    doctor = run_zorg("doctor", cwd=stack.folder, env=stack.env)
    assert "this machine keeps no unfinished create" in doctor.out
    refused = stack.fails()
    assert refused.shows("created by", "this credential's own user", "as far as this machine knows", "adopt=True")
    assert state_of(server, "Acme") == ["ORG_STATE_ACTIVE"]
    assert server.proxy.writes == ["POST /management/v1/orgs"]
    stack.declare(other=org("Other"), acme=org("Acme", active=False, adopt=True))
    stack.up()
    assert state_of(server, "Acme") == ["ORG_STATE_INACTIVE"]
    stack.assert_settled()


def test_a_create_that_is_finished_before_the_migration_needs_no_adoption(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"), token=org("!Classified"))
    stack.up()
    (new := stack.folder / "new").mkdir()
    old, stack.env["PULUMI_BACKEND_URL"] = stack.env["PULUMI_BACKEND_URL"], new.as_uri()
    server.proxy.clear()
    if stack.run("stack", "migrate", old, "test", "--yes", "--target", "prod").code != 0:
        assert not stack.must("stack", "--help").shows("migrate")
        return
    stack.name = stack.env["PULUMI_STACK"] = "prod"
    stack.up("--refresh")
    assert server.proxy.writes == []
    stack.assert_settled()


@pytest.mark.parametrize("option", ["import", "clear", "neither"])
def test_a_refresh_after_a_killed_create_loses_nothing(server: Server, stack: Stack, option: str) -> None:
    """`--import-pending-creates` imports nothing: the engine drops its pending operation and calls no provider."""
    stack.declare(acme=org("Acme", active=False))
    _killed_at_write(server, stack, ["up", "--yes", "--skip-preview"], 0)
    (acme,) = (org_id for org_id, each in server.admin.organizations().items() if each["name"] == "Acme")
    assert pending_operations(stack) == ["creating"]
    server.proxy.clear()
    imported = ("--import-pending-creates", ACME, "--import-pending-creates", acme)
    options = {"import": imported, "clear": ("--clear-pending-creates",), "neither": ()}[option]
    stack.must("refresh", "--yes", "--skip-preview", *options)
    assert pending_operations(stack) == (["creating"] if option == "neither" else [])
    assert (server.proxy.exchanges, stack.resources()) == ([], {})
    assert stack.up().shows(
        f"organization {acme} was created by an earlier attempt of this resource; resuming that create"
    )
    assert stack.id("acme") == acme
    assert state_of(server, "Acme") == ["ORG_STATE_INACTIVE"]
    stack.assert_settled()


def pending_operations(stack: Stack) -> list[str]:
    return [each["type"] for each in stack.state()["deployment"].get("pending_operations") or ()]


def test_the_import_file_of_a_preview_imports_nothing(server: Server, stack: Stack) -> None:
    """It has neither inputs nor outputs of a dynamic resource, so the engine reads the object and cannot."""
    acme = server.admin.create_organization("Acme")
    stack.declare(acme=org("Acme", active=False))
    stack.must("preview", "--import-file", "import.json")
    file = stack.folder / "import.json"
    (entry,) = json.loads(file.read_text())["resources"]
    assert entry == {"type": "pulumi-python:dynamic/zorg:Organization", "name": "acme", "id": "<PLACEHOLDER>"}
    file.write_text(json.dumps({"resources": [{**entry, "id": acme}]}))
    server.proxy.clear()
    run = stack.run("import", "--file", "import.json", "--yes", "--generate-code=false")
    assert (run.code != 0, run.shows("KeyError: '__provider'")) == (True, True)
    assert (server.proxy.exchanges, stack.resources()) == ([], {})


def test_state_get_shows_no_secret(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("!Classified"))
    stack.up()
    server.proxy.clear()
    run = stack.run("state", "get", ACME, "--output", "json")
    if not stack.must("state", "--help").shows("Show a resource's state"):
        assert run.code != 0
        return
    shown = json.loads(run.out)
    assert shown["inputs"]["name"] == "[secret]"
    assert "Classified" not in run.out
    assert server.token not in run.out
    assert server.proxy.exchanges == []


HOOKS = """
import json
import pathlib

import pulumi
import pulumi_zorg as zorg

fails = pathlib.Path("fails").read_text()

def hook(name):
    def run(args):
        if name == fails:
            raise Exception("no " + name)
    return pulumi.ResourceHook(name, run)

def retry(args):
    with open("retried", "a") as retried:
        retried.write(args.failed_operation + " ")
    return len(args.errors) < 2

kinds = [f"{when}_{what}" for when in ("before", "after") for what in ("create", "update", "delete")]
hooks = pulumi.ResourceHookBinding(**{kind: [hook(kind)] for kind in kinds}, on_error=[pulumi.ErrorHook("retry", retry)])
for name, active in json.loads(pathlib.Path("active").read_text()).items():
    zorg.Organization(name, name=name, active=active, opts=pulumi.ResourceOptions(hooks=hooks))
"""


REFUSED: dict[str, Any] = {
    "status": 403,
    "headers": {"Content-Type": "application/json"},
    "body": '{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)"}',
}


def engine_is_at_least(stack: Stack, minor: int) -> bool:
    found = stack.must("version").out.strip().lstrip("v").split(".")
    return (int(found[0]), int(found[1])) >= (3, minor)


def hooked(stack: Stack, fails: str = "", **active: bool) -> None:
    (stack.folder / "__main__.py").write_text(HOOKS)
    (stack.folder / "fails").write_text(fails)
    (stack.folder / "active").write_text(json.dumps(active))


def test_a_hook_that_fails_before_a_change_stops_it_and_one_after_it_takes_nothing_back(
    server: Server, stack: Stack
) -> None:
    hooked(stack, "before_create", Acme=True)
    assert stack.fails().shows('before hook "before_create" failed: no before_create')
    assert state_of(server, "Acme") == []
    hooked(stack, "after_create", Acme=True)
    fails_the_run = engine_is_at_least(stack, 238)  # an older one warns
    after = stack.run("up", "--yes", "--skip-preview")
    assert after.shows('after hook "after_create" failed: no after_create')
    assert (after.code != 0) is fails_the_run
    # The object is in the state, and the hook does not run again.
    assert (state_of(server, "Acme"), list(stack.resources())) == (["ORG_STATE_ACTIVE"], ["Acme"])
    assert stack.preview() == {}
    hooked(stack, "before_update", Acme=False)
    assert stack.fails().shows('before hook "before_update" failed')
    assert (state_of(server, "Acme"), stack.outputs("Acme")["active"]) == (["ORG_STATE_ACTIVE"], True)
    hooked(stack, "after_update", Acme=False)
    after = stack.run("up", "--yes", "--skip-preview")
    assert after.shows('after hook "after_update" failed')
    assert (after.code != 0) is fails_the_run
    assert (state_of(server, "Acme"), stack.outputs("Acme")["active"]) == (["ORG_STATE_INACTIVE"], False)
    assert stack.preview() == {}


def test_a_hook_that_fails_before_a_deletion_keeps_the_object(server: Server, stack: Stack) -> None:
    hooked(stack, Acme=True)
    stack.up()
    # The program has the hooks, so a destroy needs it.
    assert stack.run("destroy", "--yes", "--skip-preview").code != 0
    hooked(stack, "before_delete", Acme=True)
    refused = stack.run("destroy", "--yes", "--skip-preview", "--run-program")
    assert (refused.code != 0, refused.shows('before hook "before_delete" failed')) == (True, True)
    assert (state_of(server, "Acme"), list(stack.resources())) == (["ORG_STATE_ACTIVE"], ["Acme"])
    hooked(stack, "after_delete", Acme=True)
    stack.run("destroy", "--yes", "--skip-preview", "--run-program")
    assert (state_of(server, "Acme"), list(stack.resources())) == ([], [])


def test_an_error_hook_that_retries_ends_with_one_object(server: Server, stack: Stack) -> None:
    """The create was made, and its answer was lost: the retry finds its own object."""
    stack.env["ZITADEL_RETRY_DEADLINE"] = "0.001"
    hooked(stack, Acme=True)
    server.proxy.add(replace(LOST))
    if not engine_is_at_least(stack, 244):  # an older one asks the hook about few errors
        stack.fails()
        stack.up()
        assert state_of(server, "Acme") == ["ORG_STATE_ACTIVE"]
        return
    stack.up()
    assert state_of(server, "Acme") == ["ORG_STATE_ACTIVE"]
    acme = stack.id("Acme")
    # The same for an update and a deletion that are refused once.
    hooked(stack, Acme=False)
    server.proxy.add(Fault("answer", method="POST", path="/deactivate$", **REFUSED))
    stack.up()
    assert (stack.id("Acme"), state_of(server, "Acme")) == (acme, ["ORG_STATE_INACTIVE"])
    server.proxy.add(Fault("answer", method="DELETE", times=3, **REFUSED))  # there are three calls that remove it
    stack.must("destroy", "--yes", "--skip-preview", "--run-program")
    assert (state_of(server, "Acme"), list(stack.resources())) == ([], [])
    assert (stack.folder / "retried").read_text().split() == ["create", "update", "delete"]


def test_continue_on_error_deletes_nothing_that_the_program_still_declares(server: Server, stack: Stack) -> None:
    """What depends on a resource that failed is not registered, and stays."""
    declared = {
        "acme": org("Acme"),
        "portal": project("@acme", "Portal", roles={"viewer": "Viewer"}),
        "ann": grant(server.home, server.ann, server.project, ["viewer"]),
    }
    stack.declare(**declared)
    stack.up()
    server.admin.create_organization("Taken")
    stack.declare(acme=org("Taken"), portal=declared["portal"], beta=org("Beta"))
    server.proxy.clear()
    run = stack.run("up", "--yes", "--skip-preview", "--continue-on-error")
    assert (run.code != 0, run.shows("Organisation's name or id already taken")) == (True, True)
    deleted = [call for call in server.proxy.writes if call.startswith("DELETE")]
    assert [call.split("/")[-2] for call in deleted] == ["grants"], "ann, who left the program"
    assert set(stack.resources()) == {"acme", "portal", "beta"}


MERGES = """
import pathlib

import pulumi
import pulumi_zorg as zorg

def merge(args):
    a, b = (next(each["urn"] for each in args.old_state if each["urn"].endswith(end)) for end in ("::a", "::b"))
    kept = [each for each in args.old_state if each["urn"] != b]
    return pulumi.StateMigrationResult(new_state=kept, successors={b: a})

class Tenant(pulumi.ComponentResource):
    def __init__(self, names, **opts):
        super().__init__("test:index:Tenant", "tenant", None, pulumi.ResourceOptions(**opts))
        for name in names:
            zorg.Organization(name, name=name.upper(), opts=pulumi.ResourceOptions(parent=self))

if pathlib.Path("merges").exists():
    Tenant("a", state_migrations=[merge])
else:
    Tenant("ab")
"""


def test_a_state_migration_that_would_forget_an_object_is_refused(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(MERGES)
    stack.up()
    (stack.folder / "merges").touch()
    run = stack.run("up", "--yes", "--skip-preview")
    assert run.code != 0
    if engine_is_at_least(stack, 261):  # an older one does not know the option
        assert run.shows("migrations must preserve managed resource identity")
    assert set(stack.resources()) == {"a", "b"}
    assert state_of(server, "A") == state_of(server, "B") == ["ORG_STATE_ACTIVE"]
