"""The state's format is a promise: a state that a release wrote must refresh and destroy ever after.

The fixtures are what `pulumi stack export` gave, with placeholders for ids; README.md beside them says how they are made.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.write import declared
from tests.support.servers import World
from tests.support.stack import Stack

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("state-*.json"))


@pytest.fixture
def ids(world: World) -> dict[str, str]:
    """Objects as the fixtures have them, made outside Pulumi."""
    console = world.console
    acme, beta = console.create_organization("Acme"), console.create_organization("Beta")
    console.deactivate_organization(beta)
    granted = console.grant_project(world.home, world.project, acme, ["viewer"])
    ann = console.create_grant(world.home, world.ann, world.project, ["admin", "viewer"])
    bob = console.create_grant(world.home, world.bob, world.project, ["editor"])
    console.deactivate_grant(world.home, world.bob, bob)
    guest = console.create_grant(acme, world.ann, world.project, ["viewer"])
    shop, tools = console.create_project(world.home, "Shop"), console.create_project(world.home, "Tools")
    console.set_project_flags(world.home, shop, projectRoleCheck=True)
    console.add_project_role(world.home, shop, "viewer", "Viewer")
    console.add_project_role(world.home, shop, "admin", "Admin", "staff")
    console.deactivate_project(world.home, tools)
    shop_granted = console.grant_project(world.home, shop, acme, ["viewer"])
    console.deactivate_project_grant(world.home, shop, shop_granted)
    clerk = console.create_grant(acme, world.bob, shop, ["viewer"], shop_granted)
    return {
        "ACME": acme,
        "BETA": beta,
        "ANN": ann,
        "BOB": bob,
        "GUEST": guest,
        "GRANTED": granted,
        "SHOP": shop,
        "TOOLS": tools,
        "SHOP-GRANTED": shop_granted,
        "CLERK": clerk,
        "HOME": world.home,
        "PROJECT": world.project,
        "USER-ANN": world.ann,
        "USER-BOB": world.bob,
    }


def _load(fixture: Path, ids: dict[str, str]) -> dict[str, Any]:
    text = fixture.read_text()
    for name, value in ids.items():
        text = text.replace(f"<{name}>", value)
    assert "<" not in text.replace("<=", "")
    state: dict[str, Any] = json.loads(text)
    return state


def _declare(stack: Stack, world: World, fixture: Path = FIXTURES[0]) -> None:
    """Declare the resources that the fixture has."""
    text = fixture.read_text()
    stack.declare(**{name: each for name, each in declared(world).items() if f'::{name}"' in text})


def test_there_are_fixtures() -> None:
    assert FIXTURES


@pytest.mark.engine_too
@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.stem)
def test_a_state_of_an_earlier_release_refreshes_and_destroys(
    world: World, stack: Stack, ids: dict[str, str], fixture: Path
) -> None:
    stack.load(_load(fixture, ids))
    _declare(stack, world, fixture)
    assert stack.preview() == {}
    assert stack.run("refresh", "--preview-only", "--expect-no-changes").code == 0
    world.console.deactivate_organization(ids["ACME"])
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.outputs("acme")["active"] is False
    stack.up()
    stack.destroy()
    left = world.console.organizations()
    assert ids["ACME"] not in left
    assert left[ids["BETA"]]["state"] == "ORG_STATE_INACTIVE"
    assert world.console.grants(world.home) == {}
    in_state = "<SHOP>" in fixture.read_text()
    assert (ids["SHOP"] in world.console.projects(world.home)) is not in_state


def _without(state: dict[str, Any], *properties: str) -> dict[str, Any]:
    changed = copy.deepcopy(state)
    for each in changed["deployment"]["resources"]:
        for part in ("inputs", "outputs"):
            for name in properties:
                each.get(part, {}).pop(name, None)
    return changed


@pytest.mark.parametrize(
    "missing", ["adopt", "deletion_policy", "allow_lockout", "state", "primary_domain", "active", "role_keys"]
)
def test_a_state_with_a_property_missing_refreshes_and_destroys(
    world: World, stack: Stack, ids: dict[str, str], missing: str
) -> None:
    stack.load(_without(_load(FIXTURES[0], ids), missing))
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.outputs("ann")["role_keys"] == ["admin", "viewer"]
    assert stack.outputs("beta")["active"] is False
    stack.destroy()
    assert world.shows(lambda: ids["ACME"] not in world.console.organizations())
    assert world.console.grants(world.home) == {}


@pytest.mark.engine_too
def test_a_state_with_an_unknown_property_refreshes_and_destroys(
    world: World, stack: Stack, ids: dict[str, str]
) -> None:
    state = _load(FIXTURES[0], ids)
    for each in state["deployment"]["resources"]:
        if each["type"].startswith("pulumi-python:dynamic"):
            each["inputs"]["colour"] = each["outputs"]["colour"] = "blue"
    stack.load(state)
    _declare(stack, world)
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.preview() == {}
    stack.destroy()
    assert world.shows(lambda: ids["ACME"] not in world.console.organizations())


def test_a_state_that_lost_what_names_the_object_says_what_is_missing(
    world: World, stack: Stack, ids: dict[str, str]
) -> None:
    stack.load(_without(_load(FIXTURES[0], ids), "user_id"))
    destroyed = stack.run("destroy", "--yes", "--skip-preview")
    assert destroyed.code != 0
    assert destroyed.shows("user_id is missing"), destroyed.out
    assert ids["ANN"] in world.console.grants(world.home)
    stack.must("refresh", "--yes", "--skip-preview")
    stack.destroy()
    assert world.console.grants(world.home) == {}
