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
from tests.support.servers import Server
from tests.support.stack import Stack

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("state-*.json"))


@pytest.fixture
def ids(server: Server) -> dict[str, str]:
    """Objects as the fixtures have them, made outside Pulumi."""
    admin = server.admin
    acme, beta = admin.create_organization("Acme"), admin.create_organization("Beta")
    admin.deactivate_organization(beta)
    granted = admin.grant_project(server.home, server.project, acme, ["viewer"])
    ann = admin.create_grant(server.home, server.ann, server.project, ["admin", "viewer"])
    bob = admin.create_grant(server.home, server.bob, server.project, ["editor"])
    admin.deactivate_grant(server.home, server.bob, bob)
    guest = admin.create_grant(acme, server.ann, server.project, ["viewer"])
    shop, tools = admin.create_project(server.home, "Shop"), admin.create_project(server.home, "Tools")
    admin.set_project_flags(server.home, shop, projectRoleCheck=True)
    admin.add_project_role(server.home, shop, "viewer", "Viewer")
    admin.add_project_role(server.home, shop, "admin", "Admin", "staff")
    admin.deactivate_project(server.home, tools)
    shop_granted = admin.grant_project(server.home, shop, acme, ["viewer"])
    admin.deactivate_project_grant(server.home, shop, shop_granted)
    clerk = admin.create_grant(acme, server.bob, shop, ["viewer"], shop_granted)
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
        "HOME": server.home,
        "PROJECT": server.project,
        "USER-ANN": server.ann,
        "USER-BOB": server.bob,
    }


def _load(fixture: Path, ids: dict[str, str]) -> dict[str, Any]:
    text = fixture.read_text()
    for name, value in ids.items():
        text = text.replace(f"<{name}>", value)
    assert "<" not in text.replace("<=", "")
    state: dict[str, Any] = json.loads(text)
    return state


def _declare(stack: Stack, server: Server, fixture: Path = FIXTURES[0]) -> None:
    """Declare the resources that the fixture has."""
    text = fixture.read_text()
    stack.declare(**{name: each for name, each in declared(server).items() if f'::{name}"' in text})


def test_there_are_fixtures() -> None:
    assert FIXTURES


@pytest.mark.engine_too
@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.stem)
def test_a_state_of_an_earlier_release_refreshes_and_destroys(
    server: Server, stack: Stack, ids: dict[str, str], fixture: Path
) -> None:
    stack.load(_load(fixture, ids))
    _declare(stack, server, fixture)
    assert stack.preview() == {}
    assert stack.run("refresh", "--preview-only", "--expect-no-changes").code == 0
    server.admin.deactivate_organization(ids["ACME"])
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.outputs("acme")["active"] is False
    stack.up()
    stack.destroy()
    left = server.admin.organizations()
    assert ids["ACME"] not in left
    assert left[ids["BETA"]]["state"] == "ORG_STATE_INACTIVE"
    assert server.admin.grants(server.home) == {}
    in_state = "<SHOP>" in fixture.read_text()
    assert (ids["SHOP"] in server.admin.projects(server.home)) is not in_state


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
    server: Server, stack: Stack, ids: dict[str, str], missing: str
) -> None:
    stack.load(_without(_load(FIXTURES[0], ids), missing))
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.outputs("ann")["role_keys"] == ["admin", "viewer"]
    assert stack.outputs("beta")["active"] is False
    stack.destroy()
    assert server.shows(lambda: ids["ACME"] not in server.admin.organizations())
    assert server.admin.grants(server.home) == {}


@pytest.mark.engine_too
def test_a_state_with_an_unknown_property_refreshes_and_destroys(
    server: Server, stack: Stack, ids: dict[str, str]
) -> None:
    state = _load(FIXTURES[0], ids)
    for each in state["deployment"]["resources"]:
        if each["type"].startswith("pulumi-python:dynamic"):
            each["inputs"]["colour"] = each["outputs"]["colour"] = "blue"
    stack.load(state)
    _declare(stack, server)
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.preview() == {}
    stack.destroy()
    assert server.shows(lambda: ids["ACME"] not in server.admin.organizations())


def test_a_state_that_lost_what_names_the_object_says_what_is_missing(
    server: Server, stack: Stack, ids: dict[str, str]
) -> None:
    stack.load(_without(_load(FIXTURES[0], ids), "user_id"))
    destroyed = stack.run("destroy", "--yes", "--skip-preview")
    assert destroyed.code != 0
    assert destroyed.shows("user_id is missing"), destroyed.out
    assert ids["ANN"] in server.admin.grants(server.home)
    stack.must("refresh", "--yes", "--skip-preview")
    stack.destroy()
    assert server.admin.grants(server.home) == {}
