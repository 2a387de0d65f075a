"""`pulumi up --replace`, a taint or a replacement trigger of an object that its deletion policy keeps: it is taken back."""

from __future__ import annotations

import pytest

from pulumi_zorg.testing import Fault
from tests.support.each_type import WITH_STATES, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import project

KEPT = pytest.mark.parametrize("policy", ["deactivate", "retain"])
EVERY_TYPE = pytest.mark.parametrize("kind", WITH_STATES)
ERROR = {"status": 403, "body": '{"code": 7, "message": "x"}', "headers": {"Content-Type": "application/json"}}


@KEPT
@EVERY_TYPE
def test_an_object_that_is_kept_is_taken_back(
    every_server: Server, every_stack: InProcessStack, kind: str, policy: str
) -> None:
    stack, it = every_stack, example(kind, every_server)
    stack.declare(it=it.declare(deletion_policy=policy))
    stack.up()
    it_id = stack.id("it")
    if kind != "org":  # under another name it would not be in the way
        it.change_outside(it_id)
    preview = stack.must("preview", "--replace", "it")
    kept = "is deactivated" if policy == "deactivate" else "stays"
    assert preview.shows(f"({it_id})" if kind in ("org", "project") else it_id, "exists. If this resource is replaced")
    assert preview.shows(
        f'the object {kept}, because deletion_policy is "{policy}", and the resource takes the same object back and changes it '
        "to what is declared"
    )
    run = stack.up("--replace", "it")
    assert run.shows("was kept when its resource was replaced, and is taken back by it")
    assert stack.id("it") == it_id
    assert it.is_active(it_id)
    outputs = {name: value for name, value in stack.outputs("it").items() if name != "__filled"}
    assert outputs == it.outputs(deletion_policy=policy), "it is brought to what is declared"
    stack.assert_settled()


@EVERY_TYPE
def test_a_replacement_that_fails_in_between_goes_on_in_the_next_run(
    every_server: Server, every_stack: InProcessStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare(deletion_policy="deactivate"))
    stack.up()
    it_id = stack.id("it")
    server.proxy.add(Fault("answer", method="POST", path=it.create_path, times=1, **ERROR))
    assert stack.run("up", "--replace", "it").code != 0
    assert not it.is_active(it_id)
    stack.up()
    assert stack.id("it") == it_id
    assert it.is_active(it_id)
    stack.assert_settled()


@EVERY_TYPE
def test_what_somebody_else_has_made_in_between_is_not_taken(
    every_server: Server, every_stack: InProcessStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    removed = stack.id("it")
    server.proxy.add(Fault("answer", method="POST", path=it.create_path, times=1, **ERROR))
    assert stack.run("up", "--replace", "it").code != 0
    assert it.is_gone(removed), "its policy is to remove it"
    theirs = it.make()
    run = stack.fails()
    assert run.shows("NameTaken", theirs, "adopt=True")


@KEPT
def test_a_new_resource_of_a_name_that_exists_is_announced(server: Server, stack: InProcessStack, policy: str) -> None:
    it = example("org", server)
    existing = it.make()
    stack.declare(it=it.declare(deletion_policy=policy))
    assert stack.must("preview").shows(existing, "If this resource is new, its create is refused without adopt=True.")
    stack.fails()


@KEPT
@EVERY_TYPE
@pytest.mark.parametrize("active", [True, False])
def test_what_the_program_ignores_stays_on_an_object_that_is_taken_back(
    every_server: Server, every_stack: InProcessStack, kind: str, policy: str, active: bool
) -> None:
    """An object that the replacement itself has deactivated is active again."""
    stack, it = every_stack, example(kind, every_server)
    stack.declare(it=it.declare(deletion_policy=policy, opts={"ignore_changes": ["active"]}))
    stack.up()
    it_id = stack.id("it")
    if not active:
        it.set_active(it_id, False)
    stack.up("--replace", "it")
    assert stack.id("it") == it_id
    assert it.is_active(it_id) is active


@KEPT
@EVERY_TYPE
def test_a_deactivation_by_the_replacement_is_taken_back_in_the_next_run_too(
    server: Server, stack: InProcessStack, kind: str, policy: str
) -> None:
    it = example(kind, server)
    stack.declare(it=it.declare(deletion_policy=policy, opts={"ignore_changes": ["active"]}))
    stack.up()
    it_id = stack.id("it")
    server.proxy.add(Fault("answer", method="POST", path=it.create_path, times=1, **ERROR))
    assert stack.run("up", "--replace", "it").code != 0
    assert it.is_active(it_id) is (policy == "retain")
    stack.up()
    assert stack.id("it") == it_id
    assert it.is_active(it_id)


@KEPT
def test_settings_that_the_program_leaves_out_stay_on_a_project_that_is_taken_back(
    every_server: Server, every_stack: InProcessStack, policy: str
) -> None:
    """A check that is switched off lets everybody log in."""
    server, stack = every_server, every_stack
    stack.declare(shop=project(server.home, server.name("Shop"), deletion_policy=policy))
    stack.up()
    shop = stack.id("shop")
    on = {"projectRoleCheck": True, "hasProjectCheck": True}
    server.admin.set_project_flags(server.home, shop, **on)
    stack.up("--replace", "shop")
    assert stack.id("shop") == shop
    found = server.admin.project(server.home, shop)
    assert {name: found.get(name) for name in on} == on
    stack.assert_settled()
