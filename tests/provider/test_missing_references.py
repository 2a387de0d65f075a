"""An id that nobody has, in each property that names an object: an error that names the property and the object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project, project_grant

AnyStack = Stack | InProcessStack
Declare = Callable[[Server, str], dict[str, Any]]

#: The property, what it names, and a resource with a wrong id there. ``other`` is another organization.
NAMED: dict[str, tuple[str, str, str, Declare]] = {
    "user": ("user_id", "9999", "user", lambda at, other: grant(at.home, "9999", at.project, ["viewer"])),
    "an email address": (
        "user_id",
        "ann@acme.example",
        "user",
        lambda at, other: grant(at.home, "ann@acme.example", at.project, ["viewer"]),
    ),
    "project": ("project_id", "9999", "project", lambda at, other: grant(at.home, at.ann, "9999", ["viewer"])),
    "organization": ("org_id", "9999", "organization", lambda at, other: grant("9999", at.ann, at.project, ["viewer"])),
    "project grant": (
        "project_grant_id",
        "9999",
        "project grant",
        lambda at, other: grant(other, at.ann, at.project, ["viewer"], project_grant_id="9999"),
    ),
    "granted organization": (
        "granted_org_id",
        "9999",
        "granted organization",
        lambda at, other: project_grant(at.home, at.project, "9999", ["viewer"]),
    ),
    "project of a project grant": (
        "project_id",
        "9999",
        "project",
        lambda at, other: project_grant(at.home, "9999", other, ["viewer"]),
    ),
    "organization of a project grant": (
        "org_id",
        "9999",
        "organization",
        lambda at, other: project_grant("9999", at.project, other, ["viewer"]),
    ),
    "organization of a project": ("org_id", "Acme", "organization", lambda at, other: project("Acme", "Shop")),
}


@pytest.mark.every_profile
@pytest.mark.parametrize("named", NAMED)
def test_an_id_that_nobody_has_is_an_error_of_the_preview_and_of_the_update(
    every_server: Server, every_stack: AnyStack, named: str
) -> None:
    server, stack = every_server, every_stack
    name, wrong, noun, declare = NAMED[named]
    other = server.admin.create_organization(server.name("Other"))
    stack.declare(x=declare(server, other))
    server.proxy.clear()
    said = f"{name} is {wrong}: there is no such {noun}"
    preview = stack.run("preview")
    assert preview.code != 0, preview.out
    assert preview.shows(said), preview.out
    assert len(server.proxy.exchanges) <= 20
    up = stack.fails("--skip-preview")
    assert up.shows(said), up.out
    assert "lacks the right" not in up.out


@pytest.mark.every_profile
@pytest.mark.parametrize("named", [each for each in NAMED if each != "project grant"])
def test_a_caller_without_the_event_store_is_told_that_it_may_exist(
    every_server: Server, every_stack: AnyStack, named: str
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    name, wrong, noun, declare = NAMED[named]
    other = admin.create_organization(server.name("Other"))
    owner = admin.create_user(server.home, f"owner{server.tag}")
    for org_id in (server.home, other):
        admin.add_member(org_id, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.wait_for_rights(admin.create_token(server.home, owner), server.home, other)
    stack.declare(x=declare(server, other))
    stack.must("preview")
    up = stack.fails("--skip-preview")
    assert up.shows(f"{name} is {wrong}: there is no such {noun}, or this credential may not see it"), up.out
    assert "lacks the right" not in up.out


def test_an_object_that_was_removed_is_said_to_be_so(server: Server, stack: InProcessStack) -> None:
    cleo = server.admin.create_user(server.home, "cleo")
    server.admin.call("DELETE", f"/management/v1/users/{cleo}", org=server.home)
    stack.declare(x=grant(server.home, cleo, server.project, ["viewer"]))
    preview = stack.run("preview")
    assert (preview.code, preview.shows(f"user_id is {cleo}: that user was removed")) == (1, True), preview.out
    assert stack.fails().shows(f"user_id is {cleo}: that user was removed")


def test_a_secret_id_is_not_shown(server: Server, stack: InProcessStack) -> None:
    stack.declare(x=grant(server.home, "!hushhush", server.project, ["viewer"]))
    for run in (stack.run("preview"), stack.run("up")):
        assert run.code == 1
        assert "hushhush" not in run.out
        assert run.shows("user_id is [secret]: there is no such user"), run.out


def test_what_is_only_visible_to_others_is_not_refused(server: Server, stack: InProcessStack) -> None:
    """The owner of an organization may give roles to a user of another one, whom it cannot read."""
    admin = server.admin
    other = admin.create_organization("Other")
    cleo = admin.create_user(other, "cleo")
    owner = admin.create_user(server.home, "owner")
    admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = admin.create_token(server.home, owner)
    stack.declare(x=grant(server.home, cleo, server.project, ["viewer"]))
    stack.must("preview")
    stack.up()


def test_few_of_many_references_are_looked_for(server: Server, stack: InProcessStack) -> None:
    """The calls are for what the changes mean to people."""
    stack.declare(acme=org("Acme"))
    stack.up()
    users = [server.admin.create_user(server.home, f"u{number}") for number in range(30)]
    grants = {f"g{each}": grant(server.home, each, server.project, ["viewer"], active=False) for each in users}
    stack.declare(**grants, acme=org("Acme", active=False))
    server.proxy.clear()
    preview = stack.must("preview")
    assert preview.shows("deactivates organization Acme", "which cuts off none of its users")
    assert len(server.proxy.exchanges) < 20


ROLES = {"admin": "Admin", "editor": "Editor", "viewer": "Viewer"}


def test_a_role_that_a_project_of_the_same_program_does_not_have_is_refused(
    any_server: Server, any_stack: AnyStack
) -> None:
    server, stack = any_server, any_stack
    said = "cannot be given: Portal has no role 'viewr'; it has admin, editor, viewer"
    portal = project(server.home, "Portal 2", roles=ROLES)
    stack.declare(acme=org("Acme"), portal=portal, x=grant(server.home, server.ann, "@portal", ["viewr"]))
    preview = stack.run("preview")
    assert (preview.code != 0, preview.shows(said.replace("Portal", "Portal 2"))) == (True, True), preview.out
    stack.declare(acme=org("Acme"), portal=portal, x=project_grant(server.home, "@portal", "@acme", ["viewr"]))
    preview = stack.run("preview")
    assert (preview.code != 0, preview.shows(said.replace("Portal", "Portal 2"))) == (True, True), preview.out
    shared = project_grant(server.home, "@portal", "@acme", ["viewer"])
    ann = grant("@acme", server.ann, "@portal", ["admin"], project_grant_id="@shared")
    stack.declare(acme=org("Acme"), portal=portal, shared=shared, x=ann)
    preview = stack.run("preview")
    assert preview.code != 0
    assert preview.shows("the project grant has no role 'admin'; it has viewer"), preview.out
    ann = grant("@acme", server.ann, "@portal", ["viewer"], project_grant_id="@shared")
    stack.declare(acme=org("Acme"), portal=portal, shared=shared, x=ann)
    stack.must("preview")
    assert not any(name.startswith("__declared") for name in stack.resources().get("x", {}).get("inputs", {}))


def test_a_role_of_a_project_that_is_adopted_in_the_same_program(server: Server, stack: InProcessStack) -> None:
    """Its id is read in the preview: it has the roles of the server, unless the program declares them."""
    grants = {"x": grant("@home", server.ann, "@portal", ["viewr"])}
    home = org(server.admin.organizations()[server.home]["name"], adopt=True)
    stack.declare(home=home, portal=project("@home", "Portal", adopt=True), **grants)
    preview = stack.run("preview")
    assert (preview.code, preview.shows("Portal has no role 'viewr'; it has admin, editor, viewer")) == (1, True)
    stack.declare(home=home, portal=project("@home", "Portal", adopt=True, roles={"viewr": "V"}), **grants)
    stack.must("preview")


@pytest.mark.parametrize("key", ["viewer ", " viewer", "viewer\t"])
def test_a_role_key_with_white_space_at_an_end_is_refused(server: Server, stack: InProcessStack, key: str) -> None:
    stack.declare(x=grant(server.home, server.ann, server.project, [key]))
    assert stack.fails().shows("role_keys has the role key", "begins or ends with white space")
    stack.declare(x=project(server.home, "Shop", roles={key: "Viewer"}))
    assert stack.fails().shows("roles has the role key", "begins or ends with white space")
    assert server.proxy.writes == []
