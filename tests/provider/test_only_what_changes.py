"""An update changes only what the program changes, an adoption only what the program declares.

What somebody changed outside Pulumi besides stays as it is, and one line says so. `pulumi up --refresh` corrects it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.each_type import WITH_STATES, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project

AnyStack = InProcessStack | Stack
EVERY_TYPE = pytest.mark.parametrize("kind", WITH_STATES)
LEFT = "The program did not change that, so this update left it. `pulumi up --refresh` shows and corrects it."


@EVERY_TYPE
def test_an_update_of_something_else_does_not_reactivate(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    it_id = stack.id("it")
    it.set_active(it_id, False)
    server.proxy.clear()

    stack.declare(it=it.declare(it.changed))
    assert stack.preview() == {"it": ["update", *sorted(it.changed)]}
    run = stack.up()
    assert not it.is_active(it_id)
    assert not set(it.reactivate_writes(it_id)) & set(server.proxy.writes)
    assert run.shows("active is False on the server", LEFT)
    assert stack.outputs("it")["active"] is False
    assert stack.outputs("it")["state"].endswith("_INACTIVE")
    assert stack.preview() == {}, "the program declares what it declared before"

    server.proxy.clear()
    stack.declare(it=it.declare())
    stack.up()
    assert not it.is_active(it_id), "the next update does not know it as its own change either"
    assert stack.preview("--refresh") == {"it": ["update", "active"]}
    stack.up("--refresh")
    assert it.is_active(it_id)
    stack.assert_settled()


@EVERY_TYPE
def test_a_deactivation_in_the_program_leaves_what_was_changed_outside(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    stack, it = every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    it_id = stack.id("it")
    it.change_outside(it_id)
    every_server.proxy.clear()
    stack.declare(it=it.declare(active=False))
    run = stack.up()
    assert every_server.proxy.writes == it.deactivate_writes(it_id)
    assert run.shows(f"{it.drifts} is ", LEFT)
    assert stack.preview("--refresh")["it"] == ["update", it.drifts]


@EVERY_TYPE
@pytest.mark.parametrize("given", [{"deletion_policy": "retain"}, {"adopt": True}])
def test_what_is_only_in_the_state_changes_only_the_state(
    every_server: Server, every_stack: AnyStack, kind: str, given: dict[str, Any]
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    it_id = stack.id("it")
    it.set_active(it_id, False)
    it.change_outside(it_id)
    before = stack.outputs("it")
    server.proxy.clear()
    stack.declare(it=it.declare(given))
    stack.up()
    assert server.proxy.exchanges == []
    assert stack.outputs("it") == {**before, **given}


def test_lockout_protection_alone_changes_only_the_state(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    server.admin.deactivate_organization(stack.id("acme"))
    server.proxy.clear()
    stack.declare(acme=org(server.name("Acme"), allow_lockout=True))
    stack.up()
    assert server.proxy.exchanges == []
    assert stack.outputs("acme")["allow_lockout"] is True


@EVERY_TYPE
@pytest.mark.parametrize("refresh", [[], ["--refresh"]])
def test_ignored_properties_are_neither_changed_nor_taken_back(
    every_server: Server, every_stack: AnyStack, kind: str, refresh: list[str]
) -> None:
    stack, it = every_stack, example(kind, every_server)
    opts = {"ignore_changes": ["active", it.drifts]}
    stack.declare(it=it.declare(opts=opts))
    stack.up()
    it_id = stack.id("it")
    it.set_active(it_id, False)
    it.change_outside(it_id)
    outside = it.record(it_id)

    stack.declare(it=it.declare(deletion_policy="retain", opts=opts))
    stack.up(*refresh)
    rest = {name: value for name, value in it.changed.items() if name != it.drifts}
    stack.declare(it=it.declare(rest, deletion_policy="retain", opts=opts))
    stack.up(*refresh)
    assert not it.is_active(it_id)
    now = it.record(it_id)
    for name in ("name", "projectRoleAssertion", "grantedRoleKeys", "roleKeys"):
        if name in outside and name not in rest:
            assert now.get(name) == outside[name]


@EVERY_TYPE
def test_an_adoption_leaves_what_the_resource_ignores(every_server: Server, every_stack: AnyStack, kind: str) -> None:
    """Only the adoption of an object is no update for the engine, which does not look at the option then."""
    server, stack, it = every_server, every_stack, example(kind, every_server)
    it_id = it.make()
    it.set_active(it_id, False)
    server.proxy.clear()
    stack.declare(it=it.declare(adopt=True, opts={"ignore_changes": ["active"]}))
    stack.up()
    assert stack.id("it") == it_id
    assert server.proxy.writes == []
    assert stack.outputs("it")["active"] is False
    assert stack.preview() == {}
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.preview() == {}
    assert stack.outputs("it")["active"] is False


# Roles


def test_a_role_that_was_taken_away_outside_does_not_come_back(every_server: Server, every_stack: AnyStack) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    stack.declare(ann=grant(server.home, server.ann, server.project, ["admin", "viewer"]))
    stack.up()
    ann = stack.id("ann")
    admin.set_roles(server.home, server.ann, ann, ["viewer"])
    stack.declare(ann=grant(server.home, server.ann, server.project, ["admin", "editor", "viewer"]))
    run = stack.up()
    assert admin.grant(server.home, server.ann, ann)["roleKeys"] == ["editor", "viewer"]
    assert run.shows('role_keys is ["editor", "viewer"] on the server', LEFT)
    stack.up("--refresh")
    assert admin.grant(server.home, server.ann, ann)["roleKeys"] == ["admin", "editor", "viewer"]


def test_a_role_that_was_given_outside_is_not_taken_by_a_change_of_another_one(
    every_server: Server, every_stack: AnyStack
) -> None:
    """The preview says only who gets a role. Nobody loses one."""
    server, stack, admin = every_server, every_stack, every_server.admin
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    ann = stack.id("ann")
    admin.set_roles(server.home, server.ann, ann, ["admin", "viewer"])
    stack.declare(ann=grant(server.home, server.ann, server.project, ["editor", "viewer"]))
    stack.up()
    assert sorted(admin.grant(server.home, server.ann, ann)["roleKeys"]) == ["admin", "editor", "viewer"]


def test_a_role_of_a_project_that_was_added_outside_stays_when_another_one_is_added(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    name = server.name("Shop")
    stack.declare(shop=project(server.home, name, roles={"viewer": "Viewer", "admin": "Admin"}))
    stack.up()
    shop = stack.id("shop")
    admin.add_project_role(server.home, shop, "by-hand", "By hand")
    admin.remove_project_role(server.home, shop, "admin")
    stack.declare(shop=project(server.home, name, roles={"viewer": "Viewer", "admin": "Admin", "editor": "Editor"}))
    run = stack.up()
    assert set(admin.project_roles(server.home, shop)) == {"by-hand", "editor", "viewer"}
    assert run.shows('roles is ["by-hand", "editor", "viewer"] on the server', LEFT)
    stack.up("--refresh")
    assert set(admin.project_roles(server.home, shop)) == {"admin", "editor", "viewer"}


# Settings of a project that the program leaves out


def _checks(server: Server, shop: str) -> dict[str, Any]:
    found = server.admin.project(server.home, shop)
    return {name: found.get(name, False) for name in ("projectRoleCheck", "hasProjectCheck", "projectRoleAssertion")}


ON = {"projectRoleCheck": True, "hasProjectCheck": True, "projectRoleAssertion": True}


def test_an_adoption_changes_no_setting_that_the_program_leaves_out(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    name = server.name("Shop")
    shop = admin.create_project(server.home, name)
    admin.set_project_flags(server.home, shop, **ON)
    stack.declare(shop=project(server.home, name, adopt=True))
    stack.up()
    assert stack.id("shop") == shop
    assert _checks(server, shop) == ON
    assert stack.outputs("shop")["has_project_check"] is True
    stack.assert_settled()

    # A PUT sends everything: what the program leaves out is sent as the server has it.
    stack.declare(shop=project(server.home, server.name("Shop 2"), adopt=True, project_role_assertion=False))
    assert stack.preview()["shop"] == ["update", "name", "project_role_assertion"]
    stack.up()
    assert _checks(server, shop) == {**ON, "projectRoleAssertion": False}
    admin.set_project_flags(server.home, shop, projectRoleCheck=False, hasProjectCheck=True)
    stack.assert_settled()

    stack.declare(
        shop=project(server.home, server.name("Shop 2"), has_project_check=False, project_role_assertion=False)
    )
    stack.up()
    assert _checks(server, shop)["hasProjectCheck"] is False, "left out before, and declared now"


def test_a_setting_that_the_program_no_longer_gives_stays(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    name = server.name("Shop")
    stack.declare(shop=project(server.home, name, has_project_check=True))
    stack.up()
    server.proxy.clear()
    stack.declare(shop=project(server.home, name))
    assert stack.preview() == {}
    stack.declare(shop=project(server.home, server.name("Shop 2")))
    stack.up()
    assert _checks(server, stack.id("shop"))["hasProjectCheck"] is True
    stack.assert_settled()


def test_a_setting_that_was_changed_outside_is_not_reset_by_another_change(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack = every_server, every_stack
    stack.declare(shop=project(server.home, server.name("Shop")))
    stack.up()
    shop = stack.id("shop")
    server.admin.set_project_flags(server.home, shop, **ON)
    stack.declare(shop=project(server.home, server.name("Shop 2")))
    stack.up()
    assert _checks(server, shop) == ON
    stack.up("--refresh")
    assert _checks(server, shop) == ON, "the program leaves them out"
    stack.assert_settled()


@pytest.mark.engine_too
def test_everything_is_ignored(server: Server, stack: AnyStack) -> None:
    """The engine takes away the internal inputs with the rest, unless the properties are named."""
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    server.admin.deactivate_organization(acme)
    server.proxy.clear()
    stack.declare(acme=org("Acme B", deletion_policy="retain", opts={"ignore_changes": ["*"]}))
    stack.up()
    stack.up("--refresh")
    assert server.proxy.writes == []
    assert stack.outputs("acme")["name"] == "Acme"
    assert stack.outputs("acme")["active"] is False


def test_a_deactivation_outside_survives_a_rename(server: Server, stack: AnyStack) -> None:
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.admin.deactivate_organization(stack.id("acme"))
    server.admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    stack.declare(acme=org("Acme B"), ann=grant(server.home, server.ann, server.project, ["editor", "viewer"]))
    assert stack.preview() == {"acme": ["update", "name"], "ann": ["update", "role_keys"]}
    run = stack.up()
    assert run.shows("Organization 'Acme B'", "active is False on the server", LEFT)
    assert server.admin.organization(stack.id("acme"))["state"] == "ORG_STATE_INACTIVE"
    assert server.admin.grant(server.home, server.ann, stack.id("ann"))["state"] == "USER_GRANT_STATE_INACTIVE"
    assert stack.preview() == {}
    assert stack.run("refresh", "--preview-only", "--expect-no-changes").code == 7, "it is drift"
    stack.up("--refresh")
    assert server.admin.organization(stack.id("acme"))["state"] == "ORG_STATE_ACTIVE"


def test_a_project_is_adopted_with_its_checks(server: Server, stack: AnyStack) -> None:
    shop = server.admin.create_project(server.home, "Shop")
    server.admin.set_project_flags(server.home, shop, **ON)
    declared = project(server.home, "Shop", adopt=True) | {"export": ["has_project_check"]}
    stack.declare(shop=declared)
    stack.up()
    assert _checks(server, shop) == ON
    stack.assert_settled()
    assert stack.run("refresh", "--preview-only", "--expect-no-changes").code == 0


def test_the_live_value_of_a_secret_property_is_not_shown(server: Server, stack: InProcessStack) -> None:
    """Nobody has declared that value, so that no text of the program masks it. `zorg drift` does not show it either."""
    stack.declare(acme=org("!Acme"))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Merger")
    stack.declare(acme=org("!Acme", active=False))
    run = stack.up()
    assert run.shows("name is [secret] on the server", LEFT), run.out
    assert "Merger" not in run.out
