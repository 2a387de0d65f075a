"""Who owns an object that exists: what an interrupted create left, and what the stack no longer manages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pulumi_zorg.testing import Fault
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org

JSON = {"Content-Type": "application/json"}
GRANTS = r"/users/[^/]+/grants$"

SAME_NAME = """
import pulumi
import pulumi_zorg as zorg

class Tenant(pulumi.ComponentResource):
    def __init__(self, name, of, **opts):
        super().__init__(f"test:index:{{name.title()}}", name, opts=pulumi.ResourceOptions(**opts))
        self.org = zorg.Organization("main", name=of, opts=pulumi.ResourceOptions(parent=self))

top = zorg.Organization("main", name="Top")
one = Tenant("one", "One", depends_on=[top])
two = Tenant("two", "{two}", depends_on=[one])
"""


def names(server: Server) -> dict[str, str]:
    return {each["name"]: org_id for org_id, each in server.admin.organizations().items()}


def test_resources_of_one_name_under_different_parents_are_different(server: Server, stack: Stack) -> None:
    # Of another length than "One": within a second, Python takes a module of the same length for the one that it compiled.
    (stack.folder / "__main__.py").write_text(SAME_NAME.format(two="Second"))
    stack.up()
    assert {"Top", "One", "Second"} <= set(names(server))
    assert not any(call.startswith("PUT") for call in server.proxy.writes)
    (stack.folder / "__main__.py").write_text(SAME_NAME.format(two="One"))
    assert stack.fails().shows("is declared twice: Organization 'main' is the same organization")


@pytest.mark.parametrize("how", ["state delete", "retain", "another stack"])
def test_what_the_stack_no_longer_manages_is_not_touched(server: Server, stack: Stack, how: str) -> None:
    """Resources of the same names declare something else: neither is renamed, nor removed."""
    opts = {"retain_on_delete": True} if how == "retain" else {}
    stack.declare(
        acme=org("Acme", opts=opts), ann=grant(server.home, server.ann, server.project, ["viewer"], opts=opts)
    )
    stack.up()
    acme, ann = stack.id("acme"), stack.id("ann")
    if how == "state delete":
        for resource in list(stack.resources().values()):
            stack.must("state", "delete", "--yes", resource["urn"])
    elif how == "retain":
        stack.declare()
        stack.up()
    else:
        stack.must("stack", "rename", "prod")
        stack.must("stack", "init", "test")
    server.proxy.clear()
    stack.declare(acme=org("Beta"), ann=grant(server.home, server.bob, server.project, ["viewer"]))
    stack.up()
    assert names(server)["Acme"] == acme
    assert set(server.admin.grants(server.home)) == {ann, stack.id("ann")}
    assert all(call.startswith("POST") for call in server.proxy.writes)


def test_what_was_moved_to_another_stack_is_neither_taken_back_nor_removed(server: Server, stack: Stack) -> None:
    """`pulumi state move` calls no provider. One `up`, so that no later run has shown that the state has the id."""
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    stack.must("stack", "init", "other")
    stack.must("state", "move", "--yes", "--source", "test", "--dest", "other", stack.resources()["acme"]["urn"])
    assert stack.resources() == {}
    server.proxy.clear()
    assert stack.fails().shows(f"It is organization {acme}", "adopt=True")
    stack.declare()
    stack.up()
    assert names(server)["Acme"] == acme
    assert server.proxy.writes == ["POST /management/v1/orgs"]


def test_another_backend_on_the_same_machine_takes_nothing(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    (other := stack.folder / "other").mkdir()
    stack.env["PULUMI_BACKEND_URL"] = other.as_uri()
    stack.must("stack", "init", "test")
    stack.declare(acme=org("Acme", active=False))
    server.proxy.clear()
    assert stack.fails().shows("which this resource did not make", "adopt=True")
    assert not any("_deactivate" in call for call in server.proxy.writes)


def test_folders_with_the_same_relative_backend_are_different_stacks(server: Server, stack: Stack) -> None:
    """Both have the same project, stack, resource and machine; only the engine knows that the backends differ."""
    stack.declare(acme=org("Acme"))
    folders = [stack.folder / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
        for file in ("__main__.py", "declared.json"):
            shutil.copy(stack.folder / file, folder)
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: tests\nruntime: python\nbackend:\n  url: file://./state\n")
    del stack.env["PULUMI_BACKEND_URL"]
    stack.folder = folders[0]
    stack.must("stack", "init", "test")
    stack.up()
    stack.folder = folders[1]
    stack.must("stack", "init", "test")
    assert stack.fails().shows("which this resource did not make", "adopt=True")
    stack.destroy()
    assert "Acme" in names(server)


@pytest.mark.parametrize("first", [None, False], ids=["the old one first", "the new one first"])
def test_a_replacement_whose_answer_is_lost_is_recovered(server: Server, stack: Stack, first: bool | None) -> None:
    opts = {} if first is None else {"delete_before_replace": first}
    stack.env["ZITADEL_RETRY_DEADLINE"] = "2"
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], opts=opts))
    stack.up()
    server.proxy.add(Fault("drop", method="POST", path=GRANTS), Fault("answer", method="POST", path=GRANTS, times=None))
    stack.declare(ann=grant(server.home, server.bob, server.project, ["viewer"], opts=opts))
    stack.fails()
    server.proxy.clear()
    stack.up()
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]


def test_an_instance_that_was_set_up_anew_at_the_same_address_is_no_obstacle(tmp_path: Path) -> None:
    from pulumi_zorg.emulator import Emulator

    emulator = Emulator()
    emulator.start()
    try:
        stack = Stack(tmp_path / "stack", emulator.url, emulator.token)
        stack.declare(acme=org("Acme"))
        stack.up()
        emulator.stop()
        emulator.start()
        stack.must("stack", "rm", "test", "--force", "--yes")
        stack.must("stack", "init", "test")
        stack.up()
    finally:
        emulator.stop()
