"""What a preview says about projects and project grants. It counts over all organizations, and makes few calls."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Run, grant, org, project, project_grant

ROLES = {"admin": "Admin", "viewer": "Viewer"}
FAILS = "every login to its applications, every refresh and every introspection by its APIs fails, for the users of all organizations"
NEEDS_NOTHING = "without project_role_check and has_project_check, nobody needs a user grant to log in to"
NOTHING = "which stops nothing: the project has no has_project_check, and no token loses a role"
TO_TAKE_ROLES = "To take roles away, deactivate the user grants or remove the project grant"


def said(run: Run) -> list[str]:
    """The sentences, each once, in order."""
    told = run.out.partition("Diagnostics:")[2].splitlines()
    return sorted(line.strip().removeprefix("zorg: ") for line in told if line.strip().startswith("zorg: "))


def preview(stack: InProcessStack, *args: str) -> list[str]:
    return said(stack.must("preview", *args))


def declared(server: Server, **shop: Any) -> dict[str, dict[str, Any]]:
    return {
        "acme": org(server.name("Acme")),
        "shop": project(server.home, server.name("Shop"), **{"roles": ROLES, **shop}),
        "granted": project_grant(server.home, "@shop", "@acme", ["viewer", "admin"]),
        "ann": grant(server.home, server.ann, "@shop", ["admin"]),
        "bob": grant("@acme", server.bob, "@shop", ["viewer"], project_grant_id="@granted"),
    }


@pytest.fixture
def tenant(any_server: Server, any_stack: InProcessStack) -> InProcessStack:
    """A project with user grants in its own organization and in another one: admin for 2 users, viewer for 2."""
    server, stack, admin = any_server, any_stack, any_server.admin
    stack.declare(**declared(server))
    stack.up()
    shop, acme, granted = (stack.id(name) for name in ("shop", "acme", "granted"))
    both = admin.create_user(acme, f"both{server.tag}")
    admin.create_grant(acme, both, shop, ["viewer", "admin"], granted)
    server.proxy.clear()
    return stack


def shop_of(server: Server, stack: InProcessStack) -> str:
    return f"project {server.name('Shop')} ({stack.id('shop')})"


def grant_of(server: Server, stack: InProcessStack) -> str:
    return f"the grant of {server.name('Shop')} to {server.name('Acme')} ({stack.id('granted')})"


def test_nothing_is_said_where_nobody_loses_anything(any_server: Server, tenant: InProcessStack) -> None:
    server, stack = any_server, tenant
    assert preview(stack) == []
    stack.declare(**declared(server, roles={**ROLES, "editor": "Editor"}))
    assert preview(stack) == []
    stack.declare(**declared(server, roles=None), other=project(server.home, server.name("Other"), active=False))
    assert preview(stack) == []
    assert server.proxy.writes == []


def test_roles_that_are_no_longer_managed_stay(any_server: Server, tenant: InProcessStack) -> None:
    server, stack = any_server, tenant
    stack.declare(**declared(server, roles=None))
    assert preview(stack) == []
    stack.up()
    assert server.proxy.writes == []
    assert set(server.admin.project_roles(server.home, stack.id("shop"))) == set(ROLES)
    stack.assert_settled()


def test_deactivations_name_what_takes_roles_away(any_server: Server, tenant: InProcessStack) -> None:
    server, stack = any_server, tenant
    resources = declared(server, active=False)
    resources["granted"]["args"]["active"] = False
    stack.declare(**resources)
    shop = shop_of(server, stack)
    assert preview(stack) == [
        f"deactivates {shop}: {FAILS}",
        f"deactivates {grant_of(server, stack)}, {NOTHING}. {TO_TAKE_ROLES}",
        f"shuts out everybody else of the instance: {NEEDS_NOTHING} {shop}",
        f"shuts out nobody with an active user grant on {shop}; 1 organization has an active grant of it, without people",
        f"takes no role of {shop} out of any token (3 service accounts have a user grant on it): to do that, deactivate the user "
        "grants",
    ]
    # The credential, the two names, the project's settings, the user grants, their users, the project grants, and their people.
    assert len(server.proxy.exchanges) <= 10


def test_removed_roles_are_counted_over_all_organizations(any_server: Server, tenant: InProcessStack) -> None:
    server, stack = any_server, tenant
    resources = declared(server, roles={"viewer": "Viewer"})
    resources["granted"]["args"]["role_keys"] = ["viewer"]
    resources["ann"]["args"]["role_keys"] = []
    stack.declare(**resources)
    server.proxy.clear()
    assert [each for each in preview(stack) if not each.startswith("takes the role admin of")] == [
        f"removes the role admin of {shop_of(server, stack)}: 2 user grants would lose it",
        f"takes the role admin from {grant_of(server, stack)}: 1 user grant would lose it",
    ]
    assert server.proxy.writes == []


@pytest.mark.parametrize("policy", ["remove", "deactivate", "retain"])
def test_a_replacement_is_shown_as_its_parts(any_server: Server, tenant: InProcessStack, policy: str) -> None:
    """A project grant for another organization replaces the one there is."""
    server, stack = any_server, tenant
    resources = declared(server)
    resources["granted"]["args"]["deletion_policy"] = policy
    stack.declare(**resources)
    stack.up()
    del resources["bob"]
    beta = server.admin.create_organization(server.name("Beta"))
    resources["granted"] = project_grant(server.home, "@shop", beta, ["viewer"], deletion_policy=policy)
    stack.declare(**resources)
    told = preview(stack)
    assert f"lets {server.name('Beta')} give the role viewer of {server.name('Shop')} to its users" in told


def test_roles_that_become_managed_are_read_and_counted(any_server: Server, tenant: InProcessStack) -> None:
    """The state does not have them, and an `up` removes those that are not declared."""
    server, stack, admin = any_server, tenant, any_server.admin
    stack.declare(**declared(server, roles=None))
    stack.up()
    admin.add_project_role(server.home, stack.id("shop"), "left-over")
    stack.declare(**declared(server))
    assert preview(stack) == [
        f"removes the role left-over of {shop_of(server, stack)}: no user grant would lose it",
    ]
    stack.up()
    assert set(admin.project_roles(server.home, stack.id("shop"))) == set(ROLES)
    admin.add_project_role(server.home, stack.id("shop"), "by-hand")
    assert preview(stack, "--refresh") == [
        f"removes the role by-hand of {shop_of(server, stack)}: no user grant would lose it",
    ]


def test_an_adoption_is_shown_as_the_change_of_what_exists(any_server: Server, any_stack: InProcessStack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    acme = admin.create_organization(server.name("Acme"))
    shop = admin.create_project(server.home, server.name("Shop"), ["viewer", "admin"])
    granted = admin.grant_project(server.home, shop, acme, ["viewer", "admin"])
    admin.create_grant(acme, server.bob, shop, ["admin"], granted)
    stack.declare(
        shop=project(server.home, server.name("Shop"), roles={"viewer": "Viewer"}, active=False, adopt=True),
        granted=project_grant(server.home, shop, acme, ["viewer"], adopt=True),
    )
    where = f"project {server.name('Shop')} ({shop})"
    assert preview(stack) == [
        f"deactivates {where}: {FAILS}",
        f"removes the role admin of {where}: 1 user grant would lose it",
        f"shuts out everybody else of the instance: {NEEDS_NOTHING} {where}",
        f"shuts out nobody with an active user grant on {where}; 1 organization has an active grant of it, without people",
        f"takes no role of {where} out of any token (1 service account has a user grant on it): to do that, deactivate the user "
        "grants",
        f"takes the role admin from the grant of {server.name('Shop')} to {server.name('Acme')} ({granted}): "
        "1 user grant would lose it",
    ]
    assert server.proxy.writes == []


def test_what_is_known_only_later_is_said_to_be_so(server: Server, stack: InProcessStack) -> None:
    stack.declare(
        acme=org("Acme"),
        shop=project("@acme", "Shop", roles=ROLES),
        granted=project_grant("@acme", "@shop", server.home, ["viewer"]),
    )
    assert preview(stack) == [
        "gives roles by 1 project grant in organizations or projects that this run creates. They are counted here and not listed",
        "iac, the credential's own user, becomes ORG_OWNER of each new organization; admins=[…] says who shall be instead",
    ]


def test_what_is_secret_is_not_shown(server: Server, stack: InProcessStack) -> None:
    stack.declare(shop=project(server.home, "!Classified", roles=ROLES))
    stack.up()
    stack.declare(shop=project(server.home, "!Classified", roles={"viewer": "Viewer"}, active=False))
    told = preview(stack)
    assert len(told) == 5
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
def test_nothing_is_claimed_where_nothing_can_be_counted(server: Server, stack: InProcessStack, what: str) -> None:
    stack.declare(**declared(server))
    stack.up()
    resources = declared(server, roles={"viewer": "Viewer"})
    resources["granted"]["args"]["role_keys"] = ["viewer"]
    stack.declare(acme=resources["acme"], shop=resources["shop"], granted=resources["granted"])
    fault, why = UNANSWERED[what]
    server.proxy.clear()
    server.proxy.add(fault)
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    unknown = f"every user grant loses it; how many could not be read: {why}"
    assert [
        each for each in told if each.startswith("removes the role admin of project Shop") and each.endswith(unknown)
    ]
    assert [
        each for each in told if each.startswith("takes the role admin from the grant of") and each.endswith(unknown)
    ]
    assert not any(number in each for each in told for number in (" 0 ", " 1 ", " 2 "))


@pytest.mark.slow
def test_a_slow_server_and_many_roles_stay_within_the_budget(server: Server, stack: InProcessStack) -> None:
    many = {f"r{number}": f"Role {number}" for number in range(40)}
    stack.declare(shop=project(server.home, "Shop", roles=many))
    stack.up()
    stack.declare(shop=project(server.home, "Shop", roles={"r0": "Role 0"}))
    server.proxy.clear()
    told = preview(stack)
    assert len(told) == 39
    assert len(server.proxy.exchanges) == 20
    assert sum("this preview has made enough calls" in each for each in told) == 39 - 19, "one call used the credential"
    server.proxy.add(Fault("delay", times=None, seconds=30))
    began = time.monotonic()
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    assert time.monotonic() - began < 20
    assert all("the server did not answer" in each for each in told)
