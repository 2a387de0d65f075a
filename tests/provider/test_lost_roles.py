"""Roles that a project or a project grant loses: nobody keeps one that the preview said they lose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import project, project_grant

THREE = ["admin", "editor", "viewer"]
JSON = {"Content-Type": "application/json"}
REFUSED = '{"code": 7, "message": "No matching permissions found"}'


@dataclass
class Scene:
    """The project of the home is granted to a partner by the stack, and the partner has given its roles to a user."""

    server: Server
    stack: InProcessStack
    partner: str
    user: str
    grant: str = ""

    def declare(self, *roles: str, **args: Any) -> None:
        self.stack.declare(
            granted=project_grant(self.server.home, self.server.project, self.partner, list(roles), **args)
        )

    def give(self, *roles: str) -> None:
        self.grant = self.server.admin.create_grant(
            self.partner, self.user, self.server.project, roles, self.stack.id("granted")
        )

    def has(self) -> list[str]:
        """The roles of the user, as a read of the user grant and its events show them."""
        read = self.server.admin.grant(self.partner, self.user, self.grant).get("roleKeys", [])
        body = {"aggregateId": self.grant, "asc": True}
        events = self.server.admin.call("POST", "/admin/v1/events/_search", body)["events"]
        kinds = ("user.grant.added", "user.grant.changed", "user.grant.cascade.changed")
        last = [each.get("payload", {}) for each in events if each["type"]["type"] in kinds][-1]
        assert sorted(last.get("roleKeys") or []) == sorted(read)
        return sorted(read)


def scene_on(server: Server, folder: Path) -> Scene:
    partner = server.admin.create_organization(server.name("Partner"))
    user = server.admin.create_user(partner, f"cara{server.tag}")
    made = Scene(server, InProcessStack(folder / "stack", server.proxy.url, server.token), partner, user)
    made.declare(*THREE)
    made.stack.up()
    made.give(*THREE)
    return made


@pytest.fixture
def scene(every_server: Server, level: str, tmp_path: Path) -> Scene:
    return scene_on(every_server, tmp_path)


@pytest.mark.every_profile
def test_several_roles_leave_a_project_grant_and_the_user_grants_made_by_it(scene: Scene) -> None:
    """Servers before 4.16.0 leave some of them with the users where one call takes several out (GHSA-v859-c572-qh5p)."""
    scene.declare("viewer")
    scene.stack.up()
    assert scene.has() == ["viewer"]
    puts = [each for each in scene.server.proxy.writes if each.startswith("PUT")]
    assert len(puts) == 2, "one role a call, and no user grant had to be changed"
    scene.stack.assert_settled()


@pytest.mark.every_profile
def test_a_role_that_somebody_left_with_the_users_is_taken_from_them(scene: Scene) -> None:
    """The console takes several roles out in one call. The program declares the same afterwards."""
    admin, server = scene.server.admin, scene.server
    admin.set_project_grant_roles(server.home, server.project, scene.stack.id("granted"), ["viewer"])
    left = scene.has()
    assert left in (["viewer"], ["editor", "viewer"])
    scene.declare("viewer")
    scene.stack.up()
    assert scene.has() == ["viewer"]
    scene.stack.assert_settled()


@pytest.mark.parametrize("effect", ["drop", "cut"])
def test_a_lost_answer_does_not_skip_the_users(scene: Scene, effect: Any) -> None:
    scene.server.proxy.add(Fault(effect, method="PUT", path="/grants/", times=2))
    scene.declare("viewer")
    scene.stack.up()
    assert scene.has() == ["viewer"]
    assert [each for each in scene.server.proxy.exchanges if "ListAuthorizations" in each.path]


def test_who_still_has_a_role_is_named_where_it_cannot_be_taken(tmp_path: Path) -> None:
    with emulated("2025-12") as server:
        scene = scene_on(server, tmp_path)
        admin = server.admin
        admin.set_project_grant_roles(server.home, server.project, scene.stack.id("granted"), ["viewer"])
        assert scene.has() == ["editor", "viewer"]
        server.proxy.add(
            Fault("answer", method="PUT", path="/users/", times=None, status=403, headers=JSON, body=REFUSED)
        )
        scene.declare("viewer")
        for _ in range(2):  # and so in every later run
            failed = scene.stack.fails()
            assert failed.shows("RolesRemain", f"user grant {scene.grant} of user {scene.user}", scene.partner), failed
        server.proxy.clear()
        scene.stack.up()
        assert scene.has() == ["viewer"]


def test_a_role_that_somebody_left_with_the_users_goes_with_the_next(tmp_path: Path) -> None:
    """The server refuses to set the roles of a user grant while one of them is not in the project grant."""
    with emulated("2025-12") as server:
        scene = scene_on(server, tmp_path)
        admin, granted = server.admin, scene.stack.id("granted")
        admin.add_project_role(server.home, server.project, "owner")
        four = ["admin", "editor", "owner", "viewer"]
        scene.declare(*four)
        scene.stack.up()
        admin.set_roles(scene.partner, scene.user, scene.grant, four)
        admin.set_project_grant_roles(server.home, server.project, granted, ["owner", "viewer"])
        assert scene.has() == ["editor", "owner", "viewer"]
        scene.stack.run("refresh")
        admin.set_project_grant_roles(server.home, server.project, granted, [])
        assert scene.has() == ["editor", "viewer"]
        scene.declare()
        scene.stack.up()
        assert scene.has() == []


def test_user_grants_that_the_credential_may_not_see_are_counted(tmp_path: Path) -> None:
    """An ORG_OWNER of the project's organization has no right in the organization that it is granted to."""
    with emulated("2025-12") as server:
        scene = scene_on(server, tmp_path)
        admin = server.admin
        owner = admin.create_user(server.home, "owner")
        admin.add_member(server.home, owner, "ORG_OWNER")
        admin.set_project_grant_roles(server.home, server.project, scene.stack.id("granted"), ["viewer"])
        scene.stack.env["ZITADEL_TOKEN"] = admin.create_token(server.home, owner)
        scene.declare("viewer")
        assert scene.stack.fails().shows("RolesRemain", "1 user grant with 'editor' that the credential may not see")


@pytest.mark.every_profile
def test_a_project_grant_that_the_removal_of_a_role_has_missed_loses_it(
    every_server: Server, level: str, tmp_path: Path
) -> None:
    server, admin = every_server, every_server.admin
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    partner = admin.create_organization(server.name("Partner"))
    roles = {each: each for each in THREE}
    stack.declare(shop=project(server.home, "Shop", roles=roles))
    stack.up()
    granted = admin.grant_project(server.home, stack.id("shop"), partner, THREE)
    if server.tag == "":
        admin.call("POST", "/debug/missed-by-cascades", {"ids": [granted]})
    stack.declare(shop=project(server.home, "Shop", roles={"viewer": "viewer"}))
    stack.up()
    assert admin.project_grant(server.home, stack.id("shop"), granted)["grantedRoleKeys"] == ["viewer"]


def test_a_role_that_an_earlier_run_left_in_a_project_grant_goes_with_the_next(
    server: Server, level: str, tmp_path: Path
) -> None:
    """The server refuses a call that leaves it there. A refresh made the state forget that the project had it."""
    admin = server.admin
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    partner = admin.create_organization("Partner")
    stack.declare(shop=project(server.home, "Shop", roles={each: each for each in THREE}))
    stack.up()
    granted = admin.grant_project(server.home, stack.id("shop"), partner, THREE)
    admin.call("POST", "/debug/missed-by-cascades", {"ids": [granted]})
    server.proxy.add(Fault("answer", method="PUT", path="/grants/", times=None, status=403, headers=JSON, body=REFUSED))
    stack.declare(shop=project(server.home, "Shop", roles={"editor": "editor", "viewer": "viewer"}))
    stack.fails()
    stack.run("refresh")
    server.proxy.clear()
    stack.up()
    stack.declare(shop=project(server.home, "Shop", roles={"viewer": "viewer"}))
    stack.up()
    assert admin.project_grant(server.home, stack.id("shop"), granted)["grantedRoleKeys"] == ["viewer"]


def test_a_project_grant_that_keeps_a_role_is_named(server: Server, level: str, tmp_path: Path) -> None:
    admin = server.admin
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    partner = admin.create_organization("Partner")
    stack.declare(shop=project(server.home, "Shop", roles={each: each for each in THREE}))
    stack.up()
    granted = admin.grant_project(server.home, stack.id("shop"), partner, THREE)
    admin.call("POST", "/debug/missed-by-cascades", {"ids": [granted]})
    server.proxy.add(Fault("answer", method="PUT", path="/grants/", times=None, status=403, headers=JSON, body=REFUSED))
    stack.declare(shop=project(server.home, "Shop", roles={"viewer": "viewer"}))
    for _ in range(2):
        assert stack.fails().shows("RolesRemain", f"project grant {granted} to organization {partner}")
    server.proxy.clear()
    stack.up()
    assert admin.project_grant(server.home, stack.id("shop"), granted)["grantedRoleKeys"] == ["viewer"]


def test_a_role_that_is_not_ascii_is_changed_and_removed(server: Server, level: str, tmp_path: Path) -> None:
    """The v1 calls have the key in the path, and the server answers 500 to it."""
    admin = server.admin
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    stack.declare(shop=project(server.home, "Shop", roles={"prüfer": "Auditor", "viewer": "Viewer"}))
    stack.up()
    stack.declare(shop=project(server.home, "Shop", roles={"prüfer": "Prüferin", "viewer": "Viewer"}))
    stack.up()
    assert admin.project_roles(server.home, stack.id("shop"))["prüfer"]["displayName"] == "Prüferin"
    admin.add_project_role(server.home, stack.id("shop"), "管理者")
    stack.declare(shop=project(server.home, "Shop", roles={"viewer": "Viewer"}))
    stack.up("--refresh")
    assert list(admin.project_roles(server.home, stack.id("shop"))) == ["viewer"]
    stack.assert_settled()


@pytest.mark.parametrize("refresh", [["refresh"], ["up", "--refresh"]])
def test_a_refresh_does_not_forget_who_still_has_a_role(tmp_path: Path, refresh: list[str]) -> None:
    """The project grant itself reads as declared then, so nothing else would show that its change is not finished."""
    with emulated("2025-12") as server:
        scene = scene_on(server, tmp_path)
        server.admin.set_project_grant_roles(server.home, server.project, scene.stack.id("granted"), ["viewer"])
        assert scene.has() == ["editor", "viewer"]
        fault = Fault("answer", method="PUT", path="/users/", times=None, status=403, headers=JSON, body=REFUSED)
        server.proxy.add(fault)
        scene.declare("viewer")
        scene.stack.fails()
        if refresh == ["refresh"]:
            for _ in range(2):
                scene.stack.must(*refresh)
            assert scene.stack.must("preview").shows("an earlier update of project grant", "failed half way")
        else:
            assert scene.stack.fails("--refresh").shows("RolesRemain", scene.user)
        server.proxy.clear()
        scene.stack.up(*refresh[1:])
        assert scene.has() == ["viewer"]
        assert "__lost" not in scene.stack.outputs("granted")
        scene.stack.assert_settled()


@pytest.mark.parametrize("reverted", [False, True])
def test_users_that_could_not_be_searched_are_searched_after_a_refresh(
    server: Server, stack: InProcessStack, reverted: bool
) -> None:
    partner = server.admin.create_organization("Partner")
    three = {"granted": project_grant(server.home, server.project, partner, THREE)}
    stack.declare(**three)
    stack.up()
    server.proxy.add(Fault("answer", path="ListAuthorizations", times=None, status=403, headers=JSON, body=REFUSED))
    stack.declare(granted=project_grant(server.home, server.project, partner, ["viewer"]))
    assert stack.fails().shows('changed role_keys from ["admin", "editor", "viewer"] to ["viewer"]')
    server.proxy.clear()
    stack.must("refresh", "--yes", "--skip-preview")
    if reverted:
        stack.declare(**three)
    assert stack.preview()["granted"][0] == "update"
    server.proxy.clear()  # the preview lists user grants too
    stack.up()
    searched = any("ListAuthorizations" in each.path for each in server.proxy.exchanges)
    assert searched is not reverted
    assert stack.outputs("granted")["role_keys"] == (THREE if reverted else ["viewer"])
    assert "__lost" not in str(stack.state())
    stack.assert_settled()


@pytest.mark.parametrize("change", [{"active": False}, {"deletion_policy": "deactivate", "active": False}])
def test_an_update_of_something_else_takes_no_role_from_users(tmp_path: Path, change: dict[str, Any]) -> None:
    """Somebody has taken a role out of the project grant, which the program still declares. The preview shows no role."""
    with emulated("2025-12") as server:
        scene = scene_on(server, tmp_path)
        server.admin.set_project_grant_roles(server.home, server.project, scene.stack.id("granted"), ["viewer"])
        assert scene.has() == ["editor", "viewer"]
        scene.declare(*THREE, **change)
        assert scene.stack.preview() == {"granted": ["update", *sorted(change)]}
        scene.stack.up()
        assert scene.has() == ["editor", "viewer"]
