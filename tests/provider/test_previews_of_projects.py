"""What a preview says about projects and project grants. It reads all organizations, and makes few calls."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Run, grant, org, project, project_grant

ROLES = {"admin": "Admin", "viewer": "Viewer"}
TO_TAKE_ROLES = "To take roles away, deactivate the user grants"
FAILS = (
    "every login to its applications, every refresh and every introspection by its APIs fails, for the users of all organizations. No "
    f"token loses a role, and service accounts still get new ones. {TO_TAKE_ROLES}"
)
STOPS = "its people then cannot log in where the project has has_project_check, and no token loses a role"


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
    told, name = preview(stack), server.name("Shop")
    assert f"deactivates {shop_of(server, stack)}: {FAILS}" in told
    assert f"deactivates {grant_of(server, stack)}: {STOPS}. {TO_TAKE_ROLES} or remove the project grant" in told
    # The project lets in everybody of the instance. Its service accounts lose nothing.
    (who,) = [each for each in told if not each.startswith("deactivates")]
    assert re.search(f"loses? the login to {name}: the project is deactivated$", who)
    assert not any(f"{each}{server.tag}" in who for each in ("ann", "bob", "both"))
    assert len(server.proxy.exchanges) <= 7


def test_who_loses_a_removed_role_is_known_in_all_organizations(any_server: Server, tenant: InProcessStack) -> None:
    server, stack = any_server, tenant
    resources = declared(server, roles={"viewer": "Viewer"})
    resources["granted"]["args"]["role_keys"] = ["viewer"]
    resources["ann"]["args"]["role_keys"] = []
    stack.declare(**resources)
    server.proxy.clear()
    assert preview(stack) == [
        f"ann{server.tag}, both{server.tag} lose the role admin of {server.name('Shop')}",
        f"removes the role admin of {shop_of(server, stack)}: every user grant loses it",
        f"takes the role admin from {grant_of(server, stack)}, and from the user grants made by it",
        f"takes the role admin from user grant {stack.id('ann')} of ann{server.tag} in {server.name('Shop')}",
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


def test_roles_that_become_managed_are_read(any_server: Server, tenant: InProcessStack) -> None:
    """The state does not have them, and an `up` removes those that are not declared."""
    server, stack, admin = any_server, tenant, any_server.admin
    stack.declare(**declared(server, roles=None))
    stack.up()
    admin.add_project_role(server.home, stack.id("shop"), "left-over")
    stack.declare(**declared(server))
    assert preview(stack) == [
        "nobody loses access by these creates and updates",
        f"removes the role left-over of {shop_of(server, stack)}: every user grant loses it",
    ]
    stack.up()
    assert set(admin.project_roles(server.home, stack.id("shop"))) == set(ROLES)
    admin.add_project_role(server.home, stack.id("shop"), "by-hand")
    assert preview(stack, "--refresh") == [
        "nobody loses access by these creates and updates",
        f"removes the role by-hand of {shop_of(server, stack)}: every user grant loses it",
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
    where, told = f"project {server.name('Shop')} ({shop})", preview(stack)
    assert told[0] == f"bob{server.tag} loses the role admin of {server.name('Shop')}"
    assert f"removes the role admin of {where}: every user grant loses it" in told
    assert f"deactivates {where}: {FAILS}" in told
    of_grant = f"the grant of {server.name('Shop')} to {server.name('Acme')} ({granted})"
    assert f"takes the role admin from {of_grant}, and from the user grants made by it" in told
    (logins,) = [each for each in told if " the login to " in each]
    assert logins.endswith(f" the login to {server.name('Shop')}: the project is deactivated")
    assert len(told) == 5
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
    shop = stack.id("shop")
    assert [each for each in told if "project whose name is secret" in each] == [
        f"deactivates project whose name is secret ({shop}): {FAILS}",
        f"removes the role admin of project whose name is secret ({shop}): every user grant loses it",
    ]
    assert any(each.endswith(f" the login to project {shop}: the project is deactivated") for each in told)
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
    "no rights": (NO_RIGHT, "403: No matching permissions found (AUTH-5mWD2)"),
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
    assert [each.partition(" of ")[0] for each in told] == [
        "removes the role admin",
        "takes the role admin from the grant",
        "who loses access by the change",
    ]
    assert told[-1].endswith(f" is not known: {why}")
    assert not any(number in each for each in told for number in (" 0 ", " 1 ", " 2 "))


@pytest.mark.slow
def test_a_slow_server_and_many_roles_stay_within_the_budget(server: Server, stack: InProcessStack) -> None:
    many = {f"r{number}": f"Role {number}" for number in range(40)}
    stack.declare(shop=project(server.home, "Shop", roles=many))
    stack.up()
    stack.declare(shop=project(server.home, "Shop", roles={"r0": "Role 0"}))
    server.proxy.clear()
    nobody, roles = preview(stack)
    assert roles.endswith("r9 of project Shop (" + stack.id("shop") + "): every user grant loses them")
    assert nobody == "nobody loses access by these creates and updates"
    assert len(server.proxy.exchanges) == 7
    server.proxy.add(Fault("delay", times=None, seconds=30))
    began = time.monotonic()
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    assert time.monotonic() - began < 20
    assert told[-1].endswith("is not known: the server did not answer")
