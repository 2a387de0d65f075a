"""What exists already: read with `get`, taken over with `adopt`, kept by a deletion policy."""

from __future__ import annotations

import pytest

from tests.support.servers import World
from tests.support.stack import Stack, grant, org


@pytest.mark.engine_too
def test_get_reads_what_exists_and_writes_nothing(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    acme = world.console.create_organization(world.name("Acme"))
    world.console.deactivate_organization(acme)
    ann = world.console.create_grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(
        acme=org() | {"get": acme, "export": ["name", "active", "state", "primary_domain"]},
        ann={
            "kind": "grant",
            "args": {"org_id": world.home},
            "get": ann,
            "export": ["user_id", "project_id", "role_keys", "active", "state"],
        },
    )
    up = stack.up()
    assert up.shows(world.name("Acme"), "ORG_STATE_INACTIVE", world.ann, world.project, "USER_GRANT_STATE_ACTIVE")
    assert world.proxy.writes == []
    stack.destroy()
    assert world.proxy.writes == [], "what was only read is not removed"
    assert world.console.organization(acme)["state"] == "ORG_STATE_INACTIVE"


def test_get_finds_the_organization_of_a_grant_by_itself(world: World, stack: Stack) -> None:
    ann = world.console.create_grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(ann={"kind": "grant", "args": {}, "get": ann, "export": ["org_id"]})
    assert stack.up().shows(world.home)


@pytest.mark.engine_too
def test_get_fails_for_what_does_not_exist(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    removed = world.console.create_organization(world.name("Acme"))
    world.console.remove_organization(removed)
    stack.declare(acme=org() | {"get": removed})
    assert stack.fails().shows(f"There is no organization {removed} to get")
    stack.declare(acme=org() | {"get": "424242"})
    assert stack.fails().shows("This instance has never had organization 424242")
    stack.declare(ann={"kind": "grant", "args": {"org_id": world.home}, "get": "424242"})
    assert stack.fails().shows("This instance has never had user grant 424242")


@pytest.mark.engine_too
def test_a_name_that_is_taken_is_an_error_that_says_what_to_do(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    acme = world.console.create_organization(world.name("Acme"))
    ann = world.console.create_grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(acme=org(world.name("Acme")), ann=grant(world.home, world.ann, world.project, ["admin"]))
    failed = stack.fails()
    assert failed.shows(acme, ann, "adopt=True")
    assert stack.resources() == {}
    assert world.console.grant(world.home, world.ann, ann)["roleKeys"] == ["viewer"]


@pytest.mark.engine_too
def test_adopt_takes_over_and_brings_to_what_is_declared(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    acme = world.console.create_organization(world.name("Acme"))
    ann = world.console.create_grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(
        acme=org(world.name("Acme"), adopt=True, active=False),
        ann=grant(world.home, world.ann, world.project, ["admin"], adopt=True),
        bob=grant(world.home, world.bob, world.project, ["viewer"], adopt=True),
    )
    stack.up()
    assert (stack.id("acme"), stack.id("ann")) == (acme, ann)
    assert sorted(world.proxy.writes) == sorted(
        [
            "POST /management/v1/orgs/me/_deactivate",
            f"PUT /management/v1/users/{world.ann}/grants/{ann}",
            f"POST /management/v1/users/{world.bob}/grants",
        ]
    )
    stack.assert_settled()


def test_adopt_writes_nothing_where_it_agrees(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    acme = world.console.create_organization(world.name("Acme"))
    ann = world.console.create_grant(world.home, world.ann, world.project, ["viewer", "admin"])
    stack.declare(
        acme=org(world.name("Acme"), adopt=True),
        ann=grant(world.home, world.ann, world.project, ["admin", "viewer"], adopt=True),
    )
    stack.up()
    assert (stack.id("acme"), stack.id("ann")) == (acme, ann)
    assert world.proxy.writes == []
    stack.assert_settled()


@pytest.mark.engine_too
def test_the_deletion_policy_says_what_is_left(any_world: World, any_stack: Stack) -> None:
    world, stack = any_world, any_stack
    stack.declare(
        off=org(world.name("Off"), deletion_policy="deactivate"),
        kept=org(world.name("Kept"), deletion_policy="retain"),
        ann=grant(world.home, world.ann, world.project, ["viewer"], deletion_policy="deactivate"),
        bob=grant(world.home, world.bob, world.project, ["viewer"], deletion_policy="retain"),
    )
    stack.up()
    ids = {name: stack.id(name) for name in ("off", "kept", "ann", "bob")}
    world.proxy.clear()
    stack.destroy()
    assert stack.resources() == {}
    assert sorted(world.proxy.writes) == sorted(
        [
            "POST /management/v1/orgs/me/_deactivate",
            f"POST /management/v1/users/{world.ann}/grants/{ids['ann']}/_deactivate",
        ]
    )
    assert world.console.organization(ids["off"])["state"] == "ORG_STATE_INACTIVE"
    assert world.console.organization(ids["kept"])["state"] == "ORG_STATE_ACTIVE"
    states = {each["id"]: each["state"] for each in world.console.grants(world.home).values()}
    assert states == {ids["ann"]: "USER_GRANT_STATE_INACTIVE", ids["bob"]: "USER_GRANT_STATE_ACTIVE"}
