"""One object, one resource: what one resource of the program stands for, another neither takes nor does away with."""

from __future__ import annotations

import copy

from tests.support.servers import World
from tests.support.stack import Stack, grant, org, twins


def test_a_state_that_has_an_object_twice_loses_one_resource_and_not_the_object(world: World, stack: Stack) -> None:
    """As the engine leaves it when it dies between the adoption and the deletion."""
    stack.declare(tenant=org("Acme", adopt=True))
    stack.up()
    acme = stack.id("tenant")
    state = stack.state()
    resources = state["deployment"]["resources"]
    twin = copy.deepcopy(next(each for each in resources if each["urn"].endswith("::tenant")))
    twin["urn"] = twin["urn"].removesuffix("tenant") + "acme"
    resources.append(twin)
    stack.load(state)
    assert stack.id("acme") == acme
    world.proxy.clear()
    stack.up()
    assert set(stack.resources()) == {"tenant"}
    assert world.proxy.writes == []


def test_a_replacement_still_removes_what_it_replaces(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme", adopt=True), ann=grant(world.home, world.ann, world.project, ["viewer"]))
    stack.up()
    before = {name: stack.id(name) for name in ("acme", "ann")}
    stack.declare(acme=org("Acme", adopt=True), ann=grant(world.home, world.bob, world.project, ["viewer"]))
    urn = stack.resources()["acme"]["urn"]
    stack.up("--replace", urn)
    assert world.shows(lambda: before["acme"] not in world.console.organizations())
    assert set(world.console.grants(world.home)) == {stack.id("ann")} != {before["ann"]}
    assert world.console.organization(stack.id("acme"))["state"] == "ORG_STATE_ACTIVE"


def test_a_replacement_that_adopts_before_it_deletes_keeps_the_object(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme", adopt=True, opts={"delete_before_replace": False}))
    stack.up()
    acme = stack.id("acme")
    stack.up("--replace", stack.resources()["acme"]["urn"])
    assert stack.id("acme") == acme
    assert world.console.organization(acme)["state"] == "ORG_STATE_ACTIVE"


def test_a_name_that_another_resource_gives_up_in_the_same_run_takes_a_second_up(
    any_world: World, any_stack: Stack
) -> None:
    world, stack = any_world, any_stack
    stack.declare(acme=org(world.name("Acme")))
    stack.up()
    acme = stack.id("acme")
    # The newcomer comes first in the program, and is refused if it is created first.
    stack.declare(newcomer=org(world.name("Acme")), acme=org(world.name("Acme Holding")))
    first = stack.run("up", "--yes", "--skip-preview", "--continue-on-error")
    assert first.code == 0 or first.shows("run `pulumi up` again"), first.out
    stack.up()
    names = {each["id"]: each["name"] for each in world.console.organizations().values()}
    assert names[acme] == world.name("Acme Holding")
    assert names[stack.id("newcomer")] == world.name("Acme")


def test_two_resources_with_one_id_are_an_error_if_both_are_declared_and_else_one_goes(
    world: World, stack: Stack
) -> None:
    """A resource is renamed in the program, and only the new one is brought up: both are in the state with one id."""
    twins(world, stack)
    acme = stack.id("old")
    stack.declare(new=org("Acme", adopt=True), old=org("Acme Holding", adopt=True))
    failed = stack.run("preview")
    assert failed.code != 0
    assert failed.shows(
        "Organization 'new'", "Organization 'old'", "only one resource can manage", "pulumi state delete"
    )
    stack.declare(new=org("Acme", adopt=True))
    up = stack.up()
    assert up.shows(f"organization {acme} stays as it is: Organization 'new' of this program manages it now")
    assert set(stack.resources()) == {"new"}
    assert world.proxy.writes == []


def test_a_name_that_is_not_given_up_is_an_error_that_names_the_other_resource(world: World, stack: Stack) -> None:
    """The engine calls either resource first: whichever comes second is refused, and nothing is written or removed."""
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    world.proxy.clear()
    stack.declare(newcomer=org("Acme", adopt=True), acme=org("Acme Holding", opts={"ignore_changes": ["name"]}))
    failed = stack.fails()
    assert failed.shows("is declared twice")
    assert {stack.id(name) for name in stack.resources()} == {acme}
    assert world.proxy.writes == []
