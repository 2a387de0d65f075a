"""Subclasses of the resource classes in a program: their type is that of the class that they extend."""

from __future__ import annotations

import pytest

from tests.engine.test_zorg_drift import ERROR, IN_SYNC, report_of, zorg
from tests.support.command import run_zorg
from tests.support.servers import Server
from tests.support.stack import TOKENS, Stack

PROGRAM = """
import pulumi
import pulumi_zorg as zorg

class Tenant(zorg.Organization):
    def __init__(self, name, **given):
        super().__init__(name, name=name.title(), **given)
{more}
acme = Tenant("acme", active={active})
zorg.Project("shop", org_id=acme.id, name="Shop")
"""
#: What releases before 2026-11-28 did.
EARLIER = """
    pass

Tenant._resource_type_name = "dynamic:Resource"
"""


def write(stack: Stack, *, active: bool = True, earlier: bool = False) -> None:
    """Write the program. It has another length each time: Python takes one of the same second and length as compiled."""
    (stack.folder / "__main__.py").write_text(PROGRAM.format(active=active, more=EARLIER if earlier else ""))


def test_a_subclass_is_managed_compared_and_guarded_as_the_class_that_it_extends(server: Server, stack: Stack) -> None:
    write(stack)
    stack.up()
    assert stack.resources()["acme"]["type"] == TOKENS["org"]
    stack.assert_settled()
    assert zorg(stack).code == IN_SYNC
    server.admin.rename_organization(stack.id("acme"), "Renamed")
    assert [each["id"] for each in report_of(stack, code=7)["drifted"]] == [stack.id("acme")]
    (stack.folder / "__main__.py").write_text("import pulumi\n")
    guard = run_zorg("preview-guard", "--max-remove", "0", cwd=stack.folder, env=stack.env)
    assert guard.code == 7, guard.out + guard.err
    assert "1 organization would be removed" in guard.out


def test_a_subclass_of_an_earlier_release_is_an_error_until_an_up_has_given_it_its_type(
    server: Server, stack: Stack
) -> None:
    write(stack, earlier=True)
    stack.up()
    (urn,) = (
        each["urn"]
        for each in stack.state()["deployment"]["resources"]
        if each["type"] == "pulumi-python:dynamic:Resource"
    )
    drift = zorg(stack)
    assert drift.code == ERROR
    assert drift.shows(f"{urn} is of this package")
    guard = run_zorg("preview-guard", "--run", cwd=stack.folder, env=stack.env)
    assert guard.code == ERROR
    assert "`pulumi up` with this release corrects it" in guard.err
    doctor = run_zorg("doctor", cwd=stack.folder, env=stack.env)
    assert doctor.code == ERROR
    assert f"{urn} is of this package" in " ".join(doctor.out.split())
    before = set(server.admin.organizations())
    server.proxy.clear()
    write(stack)
    stack.up()
    assert server.proxy.writes == []
    assert set(server.admin.organizations()) == before
    assert {each["type"] for each in stack.resources().values()} == {TOKENS["org"], TOKENS["project"]}
    assert zorg(stack).code == IN_SYNC
    stack.assert_settled()
    stack.destroy()


@pytest.mark.parametrize("what", ["newer", "read"])
def test_a_resource_of_a_newer_release_is_an_error(server: Server, stack: Stack, what: str) -> None:
    write(stack)
    stack.up()
    state = stack.state()
    for each in state["deployment"]["resources"]:
        if each["type"] == TOKENS["project"]:
            each["type"] = each["type"].replace("Project", "Application")
            each["urn"] = each["urn"].replace("dynamic/zorg:Project", "dynamic/zorg:Application")
            if what == "read":
                each["external"] = True
    stack.load(state)
    run = zorg(stack)
    assert run.code == ERROR
    assert run.shows("This release does not know the type of", "dynamic/zorg:Application::shop")
