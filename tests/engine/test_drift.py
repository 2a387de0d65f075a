"""What somebody changed outside Pulumi: seen by a refresh, told by a preview, put right by an `up`."""

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


def test_drift_is_shown_by_property_and_corrected(any_world: World, made: Stack) -> None:
    world, console = any_world, any_world.console
    acme, ann = made.id("acme"), made.id("ann")
    console.rename_organization(acme, world.name("Other"))
    console.deactivate_organization(acme)
    console.set_roles(world.home, world.ann, ann, ["admin", "viewer"])
    console.deactivate_grant(world.home, world.ann, ann)

    before = made.state()
    drift = made.run("refresh", "--preview-only", "--expect-no-changes", "--diff")
    assert drift.code == 7
    assert drift.shows("~ active: true => false", "~ name:", "~ role_keys:")
    assert made.preview("--refresh") == {
        "acme": ["update", "active", "name"],
        "ann": ["update", "active", "role_keys"],
    }
    assert made.state() == before, "a preview changes nothing"
    assert world.proxy.writes == []

    made.up("--refresh")
    found = console.organization(acme)
    assert (found["name"], found["state"]) == (world.name("Acme"), "ORG_STATE_ACTIVE")
    put_right = console.grant(world.home, world.ann, ann)
    assert (put_right["roleKeys"], put_right["state"]) == (["viewer"], "USER_GRANT_STATE_ACTIVE")
    assert made.run("refresh", "--preview-only", "--expect-no-changes").code == 0
