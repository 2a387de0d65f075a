"""Roles that a project does not have: an error in the preview where that is known, and refused before the write."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project, project_grant

AnyStack = Stack | InProcessStack
PORTAL = "Portal has no role 'viewr'; it has admin, editor, viewer"
ROLES = {"admin": "Admin", "editor": "Editor", "viewer": "Viewer"}
JSON = {"Content-Type": "application/json"}


def _fails_in_preview(stack: AnyStack, *texts: str) -> None:
    preview = stack.run("preview")
    assert preview.code != 0, preview.out
    assert preview.shows(*texts), preview.out


@pytest.mark.every_profile
def test_a_role_that_the_project_does_not_have_is_refused(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewr"]))
    _fails_in_preview(stack, PORTAL)
    assert stack.fails("--skip-preview").shows(PORTAL)
    assert server.proxy.writes == []
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.proxy.clear()
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer", "viewr"]))
    _fails_in_preview(stack, PORTAL)
    assert stack.fails("--skip-preview").shows(PORTAL)
    assert server.proxy.writes == []


@pytest.mark.every_profile
def test_a_project_grant_with_a_role_that_the_project_does_not_have_is_refused(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack = every_server, every_stack
    partner = server.admin.create_organization(server.name("Partner"))
    stack.declare(granted=project_grant(server.home, server.project, partner, ["viewr"]))
    _fails_in_preview(stack, PORTAL)
    assert stack.fails("--skip-preview").shows(PORTAL)
    assert server.proxy.writes == []


@pytest.mark.every_profile
@pytest.mark.parametrize("named", [True, False])
def test_a_role_that_the_project_grant_does_not_have_is_refused(
    every_server: Server, every_stack: AnyStack, named: bool
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    partner = admin.create_organization(server.name("Partner"))
    cara = admin.create_user(partner, f"cara{server.tag}")
    granted = admin.grant_project(server.home, server.project, partner, ["viewer"])
    more = {"project_grant_id": granted} if named else {}
    stack.declare(cara=grant(partner, cara, server.project, ["admin"], **more))
    sentence = f"the grant of Portal to organization {partner} has no role 'admin'; it has viewer"
    _fails_in_preview(stack, sentence)
    assert stack.fails("--skip-preview").shows(sentence)
    assert server.proxy.writes == []


def _shop(server: Server, *keys: str) -> dict[str, Any]:
    return project(server.home, "Shop", roles={key: key for key in keys})


def _declared(server: Server, roles: list[str], keys: list[str], granted: list[str]) -> dict[str, Any]:
    return {
        "acme": org(server.name("Acme")),
        "shop": _shop(server, *roles),
        "granted": project_grant(server.home, "@shop", "@acme", granted),
        "ann": grant("@acme", server.ann, "@shop", keys, project_grant_id="@granted"),
    }


@pytest.mark.every_profile
@pytest.mark.engine_too
def test_a_role_that_leaves_the_project_while_a_grant_declares_it_is_an_error_of_the_preview(
    every_server: Server, every_stack: AnyStack
) -> None:
    """Without it, `up` takes the role away, a plain `up` shows nothing, and `up --refresh` gives it back."""
    server, stack = every_server, every_stack
    stack.declare(**_declared(server, ["admin", "viewer"], ["admin", "viewer"], ["admin", "viewer"]))
    stack.up()
    server.proxy.clear()
    stack.declare(**_declared(server, ["viewer"], ["admin", "viewer"], ["admin", "viewer"]))
    _fails_in_preview(stack, "Shop has no role 'admin'; it has viewer", "This program takes the role out of it")
    stack.declare(**_declared(server, ["viewer"], ["admin", "viewer"], ["viewer"]))
    _fails_in_preview(stack, "has no role 'admin'; it has viewer")
    stack.declare(**_declared(server, ["admin", "viewer"], ["admin", "viewer"], ["viewer"]))
    _fails_in_preview(stack, "has no role 'admin'; it has viewer")
    assert server.proxy.writes == []
    stack.declare(**_declared(server, ["viewer"], ["viewer"], ["viewer"]))
    stack.up()
    stack.assert_settled()


@pytest.mark.every_profile
def test_a_role_that_was_removed_is_not_given_back_by_a_refresh(every_server: Server, every_stack: AnyStack) -> None:
    """The server accepts it where the user grant is made by a project grant."""
    server, stack, admin = every_server, every_stack, every_server.admin
    partner = admin.create_organization(server.name("Partner"))
    cara = admin.create_user(partner, f"cara{server.tag}")
    granted = admin.grant_project(server.home, server.project, partner, ["admin", "viewer"])
    stack.declare(cara=grant(partner, cara, server.project, ["admin", "viewer"], project_grant_id=granted))
    stack.up()
    admin.remove_project_role(server.home, server.project, "admin")
    server.proxy.clear()
    assert stack.fails("--refresh").shows("Portal has no role 'admin'; it has editor, viewer")
    assert server.proxy.writes == []
    assert admin.grant(partner, cara, stack.id("cara"))["roleKeys"] == ["viewer"]


def test_a_project_gets_the_role_before_the_grant_within_one_run(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(**_declared(server, ["viewer"], ["viewer"], ["viewer"]))
    stack.up()
    stack.declare(**_declared(server, ["admin", "viewer"], ["admin", "viewer"], ["admin", "viewer"]))
    assert stack.preview() == {each: ["update", each_name] for each, each_name in CHANGES.items()}
    stack.up()
    stack.assert_settled()


CHANGES = {"shop": "roles", "granted": "role_keys", "ann": "role_keys"}


def test_what_is_not_known_is_not_refused(server: Server, stack: AnyStack) -> None:
    """A project that is made in the run, a server that does not answer, and a caller who may not read the event store."""
    stack.declare(**_declared(server, ["viewer"], ["viewer"], ["viewer"]))
    assert set(stack.preview()) == {"acme", "shop", "granted", "ann"}
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewr"]))
    server.proxy.add(Fault("answer", path="/events/_search$", times=None, status=503))
    assert set(stack.preview()) == {"ann"}
    server.proxy.clear()
    owner = server.admin.create_user(server.home, "owner")
    server.admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, owner)
    assert set(stack.preview()) == {"ann"}
    assert stack.fails().shows("the project (or the project grant) has"), "the server decides"


def test_a_caller_without_the_event_store_reads_the_project_grant(server: Server, stack: AnyStack) -> None:
    admin = server.admin
    partner = admin.create_organization("Partner")
    cara = admin.create_user(partner, "cara")
    granted = admin.grant_project(server.home, server.project, partner, ["admin", "viewer"])
    admin.remove_project_role(server.home, server.project, "admin")
    owner = admin.create_user(partner, "owner")
    admin.add_member(partner, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = admin.create_token(partner, owner)
    stack.declare(cara=grant(partner, cara, server.project, ["admin"], project_grant_id=granted))
    assert stack.fails().shows(f"the grant of the project to organization {partner} has no role 'admin'; it has viewer")
    assert server.proxy.writes == []


def test_roles_that_the_program_ignores_are_not_compared(server: Server, stack: AnyStack) -> None:
    def declare(roles: list[str]) -> None:
        stack.declare(
            shop=_shop(server, *roles),
            ann=grant(server.home, server.ann, "@shop", ["admin", "viewer"], opts={"ignore_changes": ["role_keys"]}),
        )

    declare(["admin", "viewer"])
    stack.up()
    declare(["viewer"])
    stack.up()
    assert server.admin.grants(server.home)[stack.id("ann")]["roleKeys"] == ["viewer"]
    assert not any(name.startswith("__ignored") for name in stack.resources()["ann"]["inputs"])
    assert stack.preview() == {}


def test_a_secret_role_is_not_shown(server: Server, stack: AnyStack) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["!Hush"]))
    preview = stack.run("preview")
    assert preview.code != 0
    assert "Hush" not in preview.out
    assert preview.shows("Portal has no role '[secret]'; it has admin, editor, viewer"), preview.out


def test_many_grants_of_one_project_take_one_more_call(server: Server, stack: AnyStack) -> None:
    users = [server.admin.create_user(server.home, f"u{number}") for number in range(8)]
    stack.declare(**{each: grant(server.home, each, server.project, ["viewer"]) for each in users})
    assert len(stack.preview()) == 8
    reads = [each for each in server.proxy.exchanges if each.path.endswith("/events/_search")]
    assert len(reads) == 1
    server.proxy.clear()
    stack.up()
    reads = [each for each in server.proxy.exchanges if each.path.endswith("/events/_search")]
    assert len(reads) == 1
