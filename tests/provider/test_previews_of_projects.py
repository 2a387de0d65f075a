"""What a preview says about projects and project grants. It counts over all organizations, and makes few calls."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import World
from tests.support.stack import Run, grant, org, project, project_grant

ROLES = {"admin": "Admin", "viewer": "Viewer"}
NO_TOKEN = "which takes no role out of any token: to do that, deactivate the user grants"


def said(run: Run) -> list[str]:
    """The sentences, each once, in order."""
    told = run.out.partition("Diagnostics:")[2].splitlines()
    return sorted(line.strip().removeprefix("zorg: ") for line in told if line.strip().startswith("zorg: "))


def preview(stack: InProcessStack, *args: str) -> list[str]:
    return said(stack.must("preview", *args))


def declared(world: World, **shop: Any) -> dict[str, dict[str, Any]]:
    return {
        "acme": org(world.name("Acme")),
        "shop": project(world.home, world.name("Shop"), **{"roles": ROLES, **shop}),
        "granted": project_grant(world.home, "@shop", "@acme", ["viewer", "admin"]),
        "ann": grant(world.home, world.ann, "@shop", ["admin"]),
        "bob": grant("@acme", world.bob, "@shop", ["viewer"], project_grant_id="@granted"),
    }


@pytest.fixture
def tenant(any_world: World, any_stack: InProcessStack) -> InProcessStack:
    """A project with user grants in its own organization and in another one: admin for 2 users, viewer for 2."""
    world, stack, console = any_world, any_stack, any_world.console
    stack.declare(**declared(world))
    stack.up()
    shop, acme, granted = (stack.id(name) for name in ("shop", "acme", "granted"))
    both = console.create_user(acme, f"both{world.tag}")
    console.create_grant(acme, both, shop, ["viewer", "admin"], granted)
    world.proxy.clear()
    return stack


def shop_of(world: World, stack: InProcessStack) -> str:
    return f"project {world.name('Shop')} ({stack.id('shop')})"


def grant_of(world: World, stack: InProcessStack) -> str:
    return f"the grant of {world.name('Shop')} to {world.name('Acme')} ({stack.id('granted')})"


def test_nothing_is_said_where_nobody_loses_anything(any_world: World, tenant: InProcessStack) -> None:
    world, stack = any_world, tenant
    assert preview(stack) == []
    more = {**ROLES, "editor": "Editor"}
    stack.declare(**declared(world, roles=more, has_project_check=True))
    assert preview(stack) == []
    stack.declare(**declared(world, roles=None), other=project(world.home, world.name("Other"), active=False))
    assert preview(stack) == []
    assert world.proxy.writes == []


def test_roles_that_are_no_longer_managed_stay(any_world: World, tenant: InProcessStack) -> None:
    world, stack = any_world, tenant
    stack.declare(**declared(world, roles=None))
    assert preview(stack) == []
    stack.up()
    assert world.proxy.writes == []
    assert set(world.console.project_roles(world.home, stack.id("shop"))) == set(ROLES)
    stack.assert_settled()


def test_deactivations_name_what_takes_roles_away(any_world: World, tenant: InProcessStack) -> None:
    world, stack = any_world, tenant
    resources = declared(world, active=False)
    resources["granted"]["args"]["active"] = False
    stack.declare(**resources)
    assert preview(stack) == [
        f"deactivates {shop_of(world, stack)}, {NO_TOKEN}",
        f"deactivates {grant_of(world, stack)}, {NO_TOKEN} or remove the project grant",
    ]
    assert len(world.proxy.exchanges) <= 8  # the credential, and the two names


def test_removed_roles_are_counted_over_all_organizations(any_world: World, tenant: InProcessStack) -> None:
    world, stack = any_world, tenant
    resources = declared(world, roles={"viewer": "Viewer"})
    resources["granted"]["args"]["role_keys"] = ["viewer"]
    resources["ann"]["args"]["role_keys"] = []
    stack.declare(**resources)
    world.proxy.clear()
    assert [each for each in preview(stack) if not each.startswith("takes the role admin of")] == [
        f"removes the role admin of {shop_of(world, stack)}: 2 user grants would lose it",
        f"takes the role admin from {grant_of(world, stack)}: 1 user grant would lose it",
    ]
    assert world.proxy.writes == []


@pytest.mark.parametrize("policy", ["remove", "deactivate", "retain"])
def test_a_replacement_is_shown_as_its_parts(any_world: World, tenant: InProcessStack, policy: str) -> None:
    """A project grant for another organization replaces the one there is."""
    world, stack = any_world, tenant
    resources = declared(world)
    resources["granted"]["args"]["deletion_policy"] = policy
    stack.declare(**resources)
    stack.up()
    del resources["bob"]
    beta = world.console.create_organization(world.name("Beta"))
    resources["granted"] = project_grant(world.home, "@shop", beta, ["viewer"], deletion_policy=policy)
    stack.declare(**resources)
    told = preview(stack)
    assert f"lets {world.name('Beta')} give the role viewer of {world.name('Shop')} to its users" in told


def test_roles_that_become_managed_are_read_and_counted(any_world: World, tenant: InProcessStack) -> None:
    """The state does not have them, and an `up` removes those that are not declared."""
    world, stack, console = any_world, tenant, any_world.console
    stack.declare(**declared(world, roles=None))
    stack.up()
    console.add_project_role(world.home, stack.id("shop"), "left-over")
    stack.declare(**declared(world))
    assert preview(stack) == [
        f"removes the role left-over of {shop_of(world, stack)}: 0 user grants would lose it",
    ]
    stack.up()
    assert set(console.project_roles(world.home, stack.id("shop"))) == set(ROLES)
    console.add_project_role(world.home, stack.id("shop"), "by-hand")
    assert preview(stack, "--refresh") == [
        f"removes the role by-hand of {shop_of(world, stack)}: 0 user grants would lose it",
    ]


def test_an_adoption_is_shown_as_the_change_of_what_exists(any_world: World, any_stack: InProcessStack) -> None:
    world, stack, console = any_world, any_stack, any_world.console
    acme = console.create_organization(world.name("Acme"))
    shop = console.create_project(world.home, world.name("Shop"), ["viewer", "admin"])
    granted = console.grant_project(world.home, shop, acme, ["viewer", "admin"])
    console.create_grant(acme, world.bob, shop, ["admin"], granted)
    stack.declare(
        shop=project(world.home, world.name("Shop"), roles={"viewer": "Viewer"}, active=False, adopt=True),
        granted=project_grant(world.home, shop, acme, ["viewer"], adopt=True),
    )
    where = f"project {world.name('Shop')} ({shop})"
    assert preview(stack) == [
        f"deactivates {where}, {NO_TOKEN}",
        f"removes the role admin of {where}: 1 user grant would lose it",
        f"takes the role admin from the grant of {world.name('Shop')} to {world.name('Acme')} ({granted}): "
        "1 user grant would lose it",
    ]
    assert world.proxy.writes == []


def test_what_is_known_only_later_is_said_to_be_so(world: World, stack: InProcessStack) -> None:
    stack.declare(
        acme=org("Acme"),
        shop=project("@acme", "Shop", roles=ROLES),
        granted=project_grant("@acme", "@shop", world.home, ["viewer"]),
    )
    assert preview(stack) == ["lets Furniture give the role viewer of a project that is not known yet to its users"]


def test_what_is_secret_is_not_shown(world: World, stack: InProcessStack) -> None:
    stack.declare(shop=project(world.home, "!Classified", roles=ROLES))
    stack.up()
    stack.declare(shop=project(world.home, "!Classified", roles={"viewer": "Viewer"}, active=False))
    told = preview(stack)
    assert len(told) == 2
    assert all("project whose name is secret" in each for each in told)
    assert not any("Classified" in each for each in told)


NO_RIGHT = Fault(
    "answer",
    path="^(?!/auth/v1/users/me)",  # which every user may read
    times=None,
    status=403,
    body='{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)"}',
    headers={"Content-Type": "application/json"},
)
UNANSWERED = {
    "an outage": (Fault("answer", times=None, status=503), "the server did not answer"),
    "a gateway's page": (Fault("answer", times=None, status=200), "the server did not answer"),
    "no rights": (NO_RIGHT, "the credential may not see that"),
}


@pytest.mark.parametrize("what", UNANSWERED)
def test_nothing_is_claimed_where_nothing_can_be_counted(world: World, stack: InProcessStack, what: str) -> None:
    stack.declare(**declared(world))
    stack.up()
    resources = declared(world, roles={"viewer": "Viewer"})
    resources["granted"]["args"]["role_keys"] = ["viewer"]
    stack.declare(acme=resources["acme"], shop=resources["shop"], granted=resources["granted"])
    fault, why = UNANSWERED[what]
    world.proxy.clear()
    world.proxy.add(fault)
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    unknown = f"every user grant loses it; how many could not be read: {why}"
    assert [
        each for each in told if each.startswith("removes the role admin of project Shop") and each.endswith(unknown)
    ]
    assert [
        each for each in told if each.startswith("takes the role admin from the grant of") and each.endswith(unknown)
    ]
    assert not any(number in each for each in told for number in (" 0 ", " 1 ", " 2 "))


def test_a_slow_server_and_many_roles_stay_within_the_budget(world: World, stack: InProcessStack) -> None:
    many = {f"r{number}": f"Role {number}" for number in range(40)}
    stack.declare(shop=project(world.home, "Shop", roles=many))
    stack.up()
    stack.declare(shop=project(world.home, "Shop", roles={"r0": "Role 0"}))
    world.proxy.clear()
    told = preview(stack)
    assert len(told) == 39
    assert len(world.proxy.exchanges) <= 20
    assert all("this preview has made enough calls" in each for each in told)
    world.proxy.add(Fault("delay", times=None, seconds=30))
    began = time.monotonic()
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    assert time.monotonic() - began < 20
    assert all("the server did not answer" in each for each in told)
