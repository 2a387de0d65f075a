"""The roles of a project: managed or not, in each form, and when a call about them goes wrong."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project, project_grant

AnyStack = Stack | InProcessStack

JSON = {"Content-Type": "application/json"}
ROLES = {"viewer": "Viewer", "admin": {"display_name": "Admin", "group": "staff"}}
REFUSED = Fault(
    "answer", times=None, status=403, headers=JSON, body='{"code": 7, "message": "No matching permissions found"}'
)


def _shop(server: Server, roles: Any = None, **args: Any) -> dict[str, Any]:
    return project(server.home, "Shop", **({} if roles is None else {"roles": roles}), **args)


def _fault(fault: Fault, **changes: Any) -> Fault:
    return Fault(**{**vars(fault), "happened": 0, **changes})


def _lists_user_grants(server: Server) -> bool:
    """Whether the server can count the user grants of a project: the oldest ones cannot."""
    try:
        server.admin.call("POST", "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations", {})
    except httpx.HTTPStatusError:
        return False
    return True


# Roles


def test_a_role_is_a_display_name_or_a_display_name_and_a_group(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(shop=_shop(server, ROLES))
    stack.up()
    found = server.admin.project_roles(server.home, stack.id("shop"))
    assert {key: (each["displayName"], each.get("group", "")) for key, each in found.items()} == {
        "viewer": ("Viewer", ""),
        "admin": ("Admin", "staff"),
    }
    server.proxy.clear()
    stack.declare(
        shop=_shop(server, {"admin": {"group": "staff", "display_name": "Admin"}, "viewer": {"display_name": "Viewer"}})
    )
    assert stack.preview() == {}, "both forms mean the same"
    stack.declare(shop=_shop(server, {"viewer": "Viewer", "admin": "Admin"}))
    stack.up()
    assert server.admin.project_roles(server.home, stack.id("shop"))["admin"].get("group", "") == ""
    assert server.proxy.writes == [f"PUT /management/v1/projects/{stack.id('shop')}/roles/admin"]
    stack.assert_settled()


def test_roles_that_are_left_out_are_not_managed(every_server: Server, every_stack: AnyStack) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    stack.declare(shop=_shop(server))
    stack.up()
    shop = stack.id("shop")
    admin.add_project_role(server.home, shop, "viewer")
    stack.assert_settled()
    assert stack.run("refresh", "--preview-only", "--expect-no-changes").code == 0
    stack.declare(shop=_shop(server, project_role_check=True))
    stack.up()
    assert list(admin.project_roles(server.home, shop)) == ["viewer"]

    stack.declare(shop=_shop(server, {}, project_role_check=True))
    stack.up()
    assert admin.project_roles(server.home, shop) == {}, "an empty mapping is managed: there are no roles"
    stack.assert_settled()

    stack.declare(shop=_shop(server, ROLES, project_role_check=True))
    stack.up()
    stack.declare(shop=_shop(server, project_role_check=True))
    stack.up()
    admin.remove_project_role(server.home, shop, "viewer")
    stack.assert_settled()
    assert list(admin.project_roles(server.home, shop)) == ["admin"], "they stay, and are not managed any more"


def test_a_role_that_was_added_outside_pulumi_is_drift_where_roles_are_managed(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    stack.declare(shop=_shop(server, ROLES))
    stack.up()
    shop = stack.id("shop")
    admin.add_project_role(server.home, shop, "root", "Root")
    admin.change_project_role(server.home, shop, "viewer", "Reader")
    assert stack.preview("--refresh") == {"shop": ["update", "roles"]}
    server.proxy.clear()
    stack.up("--refresh")
    path = f"/management/v1/projects/{shop}/roles"
    assert server.proxy.writes == [f"DELETE {path}/root", f"PUT {path}/viewer"]
    stack.assert_settled()


@pytest.mark.parametrize("key", ["a/b", "a b:c", "100%", "a?b#c", "{key}", "a%2Fb"])
def test_a_role_key_may_have_any_printable_character(every_server: Server, every_stack: AnyStack, key: str) -> None:
    server, stack = every_server, every_stack
    stack.declare(shop=_shop(server, {key: "One", "viewer": "Viewer"}))
    stack.up()
    stack.declare(shop=_shop(server, {key: "Two", "viewer": "Viewer"}))
    stack.up()
    roles = server.admin.project_roles(server.home, stack.id("shop"))
    assert {each: found["displayName"] for each, found in roles.items()} == {key: "Two", "viewer": "Viewer"}
    stack.declare(shop=_shop(server, {"viewer": "Viewer"}))
    stack.up()
    assert list(server.admin.project_roles(server.home, stack.id("shop"))) == ["viewer"]


def test_a_role_whose_key_would_make_another_path_is_removed_by_a_call_without_it(
    server: Server, stack: AnyStack
) -> None:
    """Servers and proxies read `..` in a path as the folder above: a removal of the role would be one of the project."""
    stack.declare(shop=_shop(server, ROLES))
    stack.up()
    shop = stack.id("shop")
    server.admin.add_project_role(server.home, shop, "..", "Dots")
    server.proxy.clear()
    stack.up("--refresh")
    assert server.proxy.writes == ["POST /zitadel.project.v2.ProjectService/RemoveProjectRole"]
    assert server.admin.project(server.home, shop)["name"] == "Shop"
    assert set(server.admin.project_roles(server.home, shop)) == {"viewer", "admin"}


def test_removing_a_role_takes_it_from_project_grants_and_user_grants(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin

    def declare(roles: dict[str, Any], keys: list[str]) -> None:
        stack.declare(
            acme=org(server.name("Acme")),
            shop=_shop(server, roles),
            granted=project_grant(server.home, "@shop", "@acme", keys),
            ann=grant("@acme", server.ann, "@shop", keys, project_grant_id="@granted"),
            bob=grant(server.home, server.bob, "@shop", keys),
        )

    declare(ROLES, ["admin", "viewer"])
    stack.up()
    shop = stack.id("shop")
    server.proxy.clear()
    declare({"viewer": "Viewer"}, ["viewer"])
    preview = stack.must("preview")
    assert preview.shows(f"removes the role admin of project Shop ({shop}): every user grant loses it"), preview.out
    who = "ann, bob lose the role admin of Shop" if _lists_user_grants(server) else "who else loses access"
    assert preview.shows(who), preview.out
    stack.up()
    assert server.proxy.writes == [f"DELETE /management/v1/projects/{shop}/roles/admin"], "the server does the rest"
    assert admin.project_grant(server.home, shop, stack.id("granted"))["grantedRoleKeys"] == ["viewer"]
    assert admin.grants(stack.id("acme"))[stack.id("ann")]["roleKeys"] == ["viewer"]
    assert admin.grants(server.home)[stack.id("bob")]["roleKeys"] == ["viewer"]
    stack.assert_settled()


def test_a_preview_says_which_existing_roles_go_when_roles_are_declared_for_the_first_time(
    every_server: Server, every_stack: AnyStack
) -> None:
    """The state does not have them: they were not managed."""
    server, stack = every_server, every_stack
    stack.declare(shop=_shop(server))
    stack.up()
    shop = stack.id("shop")
    server.admin.add_project_role(server.home, shop, "root", "Root")
    server.admin.create_grant(server.home, server.ann, shop, ["root"])
    stack.declare(shop=_shop(server, ROLES))
    preview = stack.must("preview")
    assert preview.shows(f"removes the role root of project Shop ({shop}): every user grant loses it"), preview.out
    assert preview.shows("ann loses the role root of Shop" if _lists_user_grants(server) else "who loses access"), (
        preview.out
    )
    server.proxy.add(_fault(REFUSED, path="(roles|events)/_search$"))
    assert stack.must("preview").shows(f"may remove roles that are not known yet of project Shop ({shop})")
    server.proxy.clear()
    stack.up()
    assert server.admin.grants(server.home)[next(iter(server.admin.grants(server.home)))].get("roleKeys", []) == []


def test_a_preview_of_an_adoption_says_which_roles_go(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    shop = server.admin.create_project(server.home, "Shop", ["root", "viewer"])
    stack.declare(shop=_shop(server, ROLES, adopt=True))
    preview = stack.must("preview")
    assert preview.shows(f"removes the role root of project Shop ({shop})"), preview.out
    stack.declare(shop=_shop(server, adopt=True))
    assert not stack.must("preview").shows("removes the role"), "roles that are left out stay"


def test_a_role_that_is_not_known_yet_passes_a_preview(server: Server, stack: AnyStack) -> None:
    stack.declare(
        acme=org("Acme"), shop=_shop(server, {"viewer": "@acme", "admin": {"display_name": "Admin", "group": "@acme"}})
    )
    assert stack.preview() == {"acme": ["create"], "shop": ["create"]}
    stack.up()
    acme = stack.id("acme")
    assert stack.outputs("shop")["roles"] == {
        "admin": {"display_name": "Admin", "group": acme},
        "viewer": {"display_name": acme, "group": ""},
    }
    stack.assert_settled()


def test_a_role_that_is_not_known_yet_is_checked_when_it_is_known(server: Server, stack: AnyStack) -> None:
    stack.declare(
        acme=org("Acme"), shop=_shop(server, {"viewer": {"display_name": "Viewer", "group": "@acme", "colour": "x"}})
    )
    assert stack.run("preview").code == 0
    assert stack.fails().shows("roles must give role 'viewer' a display name")
    assert stack.resources().keys() == {"acme"}


def test_secret_roles_are_in_no_message_and_their_removal_is_told(server: Server, stack: AnyStack) -> None:
    stack.declare(shop=_shop(server, {"viewer": "!Hush", "admin": "Admin"}))
    assert "Hush" not in stack.up().out
    assert stack.outputs("shop")["roles"]["viewer"]["display_name"] == "Hush"
    stack.declare(shop=_shop(server, {"viewer": "!Hush"}))
    preview = stack.must("preview").out
    assert "Hush" not in preview
    assert "may remove roles that are secret of project Shop" in preview
    server.proxy.add(_fault(REFUSED, path="/roles"))
    failed = stack.fails()
    assert "Hush" not in failed.out


# A create that makes a project but not its roles


@pytest.mark.parametrize("active", [True, False])
def test_roles_that_are_refused_after_the_create_are_an_error_and_the_next_up_adds_them(
    every_server: Server, every_stack: AnyStack, active: bool
) -> None:
    server, stack = every_server, every_stack
    stack.env["ZITADEL_RETRY_DEADLINE"] = "2"
    server.proxy.add(_fault(REFUSED, path="_bulk$"))
    stack.declare(shop=_shop(server, ROLES, active=active))
    assert stack.fails().shows("Adding the roles of project", "No matching permissions found")
    assert stack.resources() == {}, "the state would say that the roles are there"
    server.proxy.clear()
    stack.up()
    shop = stack.id("shop")
    assert "POST /management/v1/projects" not in server.proxy.writes
    assert set(server.admin.projects(server.home)) == {server.project, shop}
    assert set(server.admin.project_roles(server.home, shop)) == {"viewer", "admin"}
    stack.assert_settled()


@pytest.mark.parametrize("effect", ["drop", "cut"])
def test_a_lost_answer_to_any_call_about_roles_ends_with_the_declared_roles(
    every_server: Server, every_stack: AnyStack, effect: Any
) -> None:
    server, stack = every_server, every_stack

    def hit(*paths: tuple[str, str]) -> None:
        server.proxy.clear()
        server.proxy.add(*(Fault(effect, method=method, path=path, times=1) for method, path in paths))

    hit(("POST", "_bulk$"), ("POST", "roles/_search$"), ("POST", "/projects$"))
    stack.declare(shop=_shop(server, ROLES))
    stack.up()
    stack.assert_settled()
    hit(("DELETE", "roles/admin$"), ("PUT", "roles/viewer$"), ("POST", "_bulk$"), ("PUT", r"/projects/\d+$"))
    stack.declare(shop=_shop(server, {"viewer": "Reader", "editor": "Editor"}, has_project_check=True))
    stack.up()
    stack.assert_settled()
    assert set(server.admin.projects(server.home)) == {server.project, stack.id("shop")}
    assert set(server.admin.project_roles(server.home, stack.id("shop"))) == {"viewer", "editor"}


def test_a_role_that_somebody_else_adds_meanwhile_is_no_error(every_server: Server, every_stack: AnyStack) -> None:
    """The list of roles did not show it: it lagged, or somebody was faster."""
    server, stack = every_server, every_stack
    stack.declare(shop=_shop(server, {"viewer": "Viewer"}))
    stack.up()
    shop = stack.id("shop")
    server.admin.add_project_role(server.home, shop, "admin", "Admin")
    stale = json.dumps({"details": {"totalResult": "1"}, "result": [{"key": "viewer", "displayName": "Viewer"}]})
    server.proxy.add(Fault("replace", path="roles/_search$", times=2, status=200, headers=JSON, body=stale))
    stack.declare(shop=_shop(server, {"viewer": "Viewer", "admin": "Admin"}))
    stack.up()
    stack.assert_settled()


def test_a_role_that_can_never_be_added_is_an_error_about_the_role(server: Server, stack: AnyStack) -> None:
    stack.declare(shop=_shop(server, {}))
    stack.up()
    taken = '{"code": 6, "message": "Role already exists (V3-DKcYh)"}'
    server.proxy.add(Fault("answer", path="_bulk$", times=None, status=409, headers=JSON, body=taken))
    stack.declare(shop=_shop(server, ROLES))
    failed = stack.fails()
    assert failed.shows("Adding the roles of project", "Role already exists"), failed.out
    assert "adopt=True" not in failed.out


# Role keys that a program may not declare


def test_a_role_key_with_a_space_that_somebody_added_is_drift_that_an_up_corrects(
    server: Server, stack: AnyStack
) -> None:
    """The server takes it, and the state has no such input."""
    admin, home = server.admin, server.home
    stack.declare(shop=_shop(server, {"viewer": "Viewer"}))
    stack.up()
    shop = stack.id("shop")
    stack.declare(shop=_shop(server, {"viewer": "Viewer"}), ann=grant(home, server.ann, shop, ["viewer"]))
    stack.up()
    admin.add_project_role(home, shop, "viewer ")
    admin.set_roles(home, server.ann, stack.id("ann"), ["viewer", "viewer "])
    stack.must("refresh", "--yes")
    assert stack.outputs("ann")["role_keys"] == ["viewer", "viewer "]
    assert stack.preview() == {"shop": ["update", "roles"], "ann": ["update", "role_keys"]}
    stack.up()
    assert list(admin.project_roles(home, shop)) == ["viewer"]
    assert admin.grant(home, server.ann, stack.id("ann"))["roleKeys"] == ["viewer"]
    stack.assert_settled()


def test_what_has_a_role_key_with_a_space_can_be_removed(server: Server, stack: AnyStack) -> None:
    admin, home = server.admin, server.home
    stack.declare(shop=_shop(server, {"viewer": "Viewer"}), ann=grant(home, server.ann, "@shop", ["viewer"]))
    stack.up()
    admin.add_project_role(home, stack.id("shop"), "viewer ")
    admin.set_roles(home, server.ann, stack.id("ann"), ["viewer "])
    stack.must("refresh", "--yes")
    stack.destroy()
    assert admin.grants(home) == {}
    assert admin.projects(home).keys() == {server.project}
