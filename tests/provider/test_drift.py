"""What was changed outside Pulumi: seen by a refresh, and put right by an `up`."""

from __future__ import annotations

import pytest

from tests.support.servers import World
from tests.support.stack import Stack, grant, org


@pytest.fixture
def made(any_world: World, any_stack: Stack) -> Stack:
    """An organization and a grant, as declared."""
    any_stack.declare(
        acme=org(any_world.name("Acme")),
        ann=grant(any_world.home, any_world.ann, any_world.project, ["viewer"]),
    )
    any_stack.up()
    any_world.proxy.clear()
    return any_stack


@pytest.mark.engine_too
def test_a_refresh_writes_down_what_is(any_world: World, made: Stack) -> None:
    console = any_world.console
    acme = made.id("acme")
    console.rename_organization(acme, any_world.name("Other"))
    console.deactivate_organization(acme)
    made.must("refresh", "--yes", "--skip-preview")
    outputs = made.outputs("acme")
    assert outputs["name"] == any_world.name("Other")
    assert outputs["active"] is False
    assert outputs["state"] == "ORG_STATE_INACTIVE"
    assert outputs["primary_domain"] == console.organization(acme)["primaryDomain"]
    assert any_world.proxy.writes == []


@pytest.mark.engine_too
def test_an_object_that_was_removed_outside_pulumi_is_created_again(any_world: World, made: Stack) -> None:
    world, console = any_world, any_world.console
    acme, ann = made.id("acme"), made.id("ann")
    console.remove_organization(acme)
    console.remove_grant(world.home, world.ann, ann)
    assert made.preview("--refresh") == {"acme": ["create"], "ann": ["create"]}
    made.up("--refresh")
    assert made.id("acme") != acme
    assert console.organization(made.id("acme"))["state"] == "ORG_STATE_ACTIVE"
    assert list(console.grants(world.home)) == [made.id("ann")] != [ann]
    made.assert_settled()


def test_a_grant_that_went_with_its_user_is_seen(any_world: World, made: Stack) -> None:
    any_world.console.remove_user(any_world.home, any_world.ann)
    refreshed = made.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows("does not exist any more")
    assert set(made.resources()) == {"acme"}


def test_a_role_taken_from_the_project_is_drift(any_world: World, made: Stack) -> None:
    any_world.console.call("DELETE", f"/management/v1/projects/{any_world.project}/roles/viewer", org=any_world.home)
    assert made.preview("--refresh") == {"ann": ["update", "role_keys"]}


def test_destroy_of_what_is_gone_already_ends_well(any_world: World, made: Stack) -> None:
    console = any_world.console
    console.remove_grant(any_world.home, any_world.ann, made.id("ann"))
    console.remove_organization(made.id("acme"))
    made.destroy()
    assert made.resources() == {}
    assert set(any_world.console.organizations()) >= {any_world.home}


def test_what_is_already_as_wanted_is_not_written_again(any_world: World, made: Stack) -> None:
    world = any_world
    world.console.deactivate_organization(made.id("acme"))
    world.console.deactivate_grant(world.home, world.ann, made.id("ann"))
    made.declare(
        acme=org(world.name("Acme"), active=False),
        ann=grant(world.home, world.ann, world.project, ["viewer"], active=False),
    )
    made.up()
    assert world.proxy.writes == []
    assert made.outputs("acme")["state"] == "ORG_STATE_INACTIVE"
    made.assert_settled()
