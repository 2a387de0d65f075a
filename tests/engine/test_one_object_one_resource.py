"""One object, one resource: what one resource of the program stands for, another neither takes nor does away with."""

from __future__ import annotations

import copy

from tests.support.servers import World
from tests.support.stack import Stack, grant, org


def test_what_is_adopted_under_another_resource_name_is_not_removed_under_the_old_one(
    any_world: World, any_stack: Stack
) -> None:
    """The engine creates the new resource, which adopts, and then deletes the one that left the program."""
    world, stack = any_world, any_stack
    viewer = grant(world.home, world.ann, world.project, ["viewer"], adopt=True)
    stack.declare(acme=org(world.name("Acme"), adopt=True), ann=viewer)
    stack.up()
    acme, ann = stack.id("acme"), stack.id("ann")
    world.proxy.clear()
    stack.declare(tenant=org(world.name("Acme"), adopt=True), member=viewer)
    up = stack.up()
    assert up.shows(f"organization {acme} is left as it is: Organization 'tenant' of this program stands for it now")
    assert (stack.id("tenant"), stack.id("member")) == (acme, ann)
    assert set(stack.resources()) == {"tenant", "member"}
    assert world.proxy.writes == []
    stack.assert_settled()
    stack.destroy()
    assert world.shows(lambda: acme not in world.console.organizations())
    assert world.shows(lambda: ann not in world.console.grants(world.home))


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
    stack.assert_settled()


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
    stack.assert_settled()


def test_a_replacement_that_adopts_before_it_deletes_keeps_the_object(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme", adopt=True, opts={"delete_before_replace": False}))
    stack.up()
    acme = stack.id("acme")
    stack.up("--replace", stack.resources()["acme"]["urn"])
    assert stack.id("acme") == acme
    assert world.console.organization(acme)["state"] == "ORG_STATE_ACTIVE"
    stack.assert_settled()


def test_a_name_can_be_passed_on_within_one_run(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    stack.declare(acme=org(world.name("Acme")))
    stack.up()
    acme = stack.id("acme")
    # The newcomer comes first in the program, and may be the first to be tried.
    stack.declare(newcomer=org(world.name("Acme")), acme=org(world.name("Acme Holding")))
    stack.up()
    names = {each["id"]: each["name"] for each in world.console.organizations().values()}
    assert names[acme] == world.name("Acme Holding")
    assert names[stack.id("newcomer")] == world.name("Acme")
    stack.assert_settled()


def test_a_name_that_is_not_given_up_is_an_error_that_names_the_other_resource(world: World, stack: Stack) -> None:
    """The other one ignores the change of its name, so that it goes on standing there."""
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    stack.declare(newcomer=org("Acme", adopt=True), acme=org("Acme Holding", opts={"ignore_changes": ["name"]}))
    failed = stack.fails()
    assert failed.shows("is declared twice")
    assert set(stack.resources()) == {"acme"}
    assert world.console.organization(acme)["name"] == "Acme"


def test_names_and_users_move_on_in_a_chain_within_one_run(any_world: World, any_stack: Stack) -> None:
    """Each organization gets the name that the next one gives up; the grants change their users in a ring."""
    world, stack = any_world, any_stack
    cleo = world.console.create_user(world.home, f"cleo{world.tag}")
    users = [world.ann, world.bob, cleo]
    stack.declare(
        **{f"o{number}": org(world.name(f"Org {number}")) for number in range(3)},
        **{f"g{number}": grant(world.home, users[number], world.project, ["viewer"]) for number in range(3)},
    )
    stack.up()
    ids = [stack.id(f"o{number}") for number in range(3)]
    stack.declare(
        **{f"o{number}": org(world.name(f"Org {number + 1}")) for number in range(3)},
        **{f"g{number}": grant(world.home, users[(number + 1) % 3], world.project, ["admin"]) for number in range(3)},
    )
    stack.up()
    names = {each["id"]: each["name"] for each in world.console.organizations().values()}
    assert [names[each] for each in ids] == [world.name(f"Org {number + 1}") for number in range(3)]
    assert {each["userId"]: each["roleKeys"] for each in world.console.grants(world.home).values()} == {
        user: ["admin"] for user in users
    }
    stack.assert_settled()
