"""What only managers do: four levels in one type, roles as a set, and the right that nobody may lose by accident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_zorg.engine.state import State
from pulumi_zorg.generate.pipeline import generate
from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.managers import LEVELS, place
from tests.support.servers import Server
from tests.support.stack import TOKENS, Stack, manager, org
from tests.support.world import World, find_unmanaged
from tests.unit.clients import Clients

AnyStack = Stack | InProcessStack
EVERY_LEVEL = pytest.mark.parametrize("level_of_manager", LEVELS)


@pytest.mark.every_profile
@EVERY_LEVEL
def test_a_manager_lives_its_life_on_every_level(
    every_server: Server, every_stack: AnyStack, level_of_manager: str
) -> None:
    server, stack, it = every_server, every_stack, place(every_server, level_of_manager)
    first, second = LEVELS[level_of_manager]
    stack.declare(ann=manager(server.ann, [second, first], **it.args))
    assert stack.preview() == {"ann": ["create"]}
    server.proxy.clear()
    stack.up()
    assert server.proxy.writes == [f"POST {it.path}"]
    assert stack.id("ann") == it.id(server.ann)
    common = {"adopt": False, "deletion_policy": "remove", "allow_lockout": False}
    expected = {**common, **it.args, "user_id": server.ann, "roles": sorted([first, second])}
    assert stack.outputs("ann") == expected
    stack.assert_settled()
    stack.declare(ann=manager(server.ann, [first, second], **it.args))
    assert stack.preview() == {}, "roles are a set"

    server.proxy.clear()
    stack.declare(ann=manager(server.ann, [first], **it.args))
    assert stack.preview() == {"ann": ["update", "roles"]}
    stack.up()
    assert server.proxy.writes == [f"PUT {it.path}/{server.ann}"]
    assert it.roles()[server.ann] == [first]
    stack.assert_settled()

    it.change(server.ann, second)
    assert server.shows(lambda: it.roles().get(server.ann) == [second])
    assert stack.preview("--refresh") == {"ann": ["update", "roles"]}
    stack.must("refresh", "--yes", "--skip-preview")
    stack.up()
    assert server.shows(lambda: it.roles()[server.ann] == [first])

    it.remove(server.ann)
    assert server.shows(lambda: server.ann not in it.roles())
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows(f"manager {it.id(server.ann)} does not exist any more", "was removed by"), refreshed.out
    assert stack.resources() == {}
    stack.up()
    assert it.roles()[server.ann] == [first]

    server.proxy.clear()
    stack.destroy()
    assert server.proxy.writes == [f"DELETE {it.path}/{server.ann}"]
    assert server.shows(lambda: server.ann not in it.roles())


@EVERY_LEVEL
def test_another_user_replaces_the_manager(every_server: Server, every_stack: AnyStack, level_of_manager: str) -> None:
    server, stack, it = every_server, every_stack, place(every_server, level_of_manager)
    role = LEVELS[level_of_manager][0]
    stack.declare(it=manager(server.ann, [role], **it.args))
    stack.up()
    stack.declare(it=manager(server.bob, [role], **it.args))
    assert stack.preview()["it"][-1] == "user_id"
    stack.up()
    assert stack.id("it") == it.id(server.bob)
    assert server.shows(lambda: server.ann not in it.roles())


@pytest.mark.every_profile
@EVERY_LEVEL
def test_who_is_a_manager_already_is_refused_and_can_be_adopted(
    every_server: Server, every_stack: AnyStack, level_of_manager: str
) -> None:
    """Of a project grant, the server answers 404 to that, and not 409."""
    server, stack, it = every_server, every_stack, place(every_server, level_of_manager)
    first, second = LEVELS[level_of_manager]
    it.add(server.ann, first)
    stack.declare(ann=manager(server.ann, [second], **it.args))
    failed = stack.fails()
    assert failed.shows(f"It is manager {it.id(server.ann)}, created by", "adopt=True"), failed.out
    assert it.roles()[server.ann] == [first]
    stack.declare(ann=manager(server.ann, [second], adopt=True, **it.args))
    stack.up()
    assert server.shows(lambda: it.roles()[server.ann] == [second])
    stack.assert_settled()


def test_an_unknown_user_is_refused_in_the_preview(every_server: Server, every_stack: AnyStack) -> None:
    every_stack.declare(it=manager("424242", ["ORG_OWNER"], org_id=every_server.home))
    assert every_stack.fails().shows("user_id is 424242: there is no such user")


def test_a_role_that_zitadel_does_not_have_is_left_to_the_server(every_server: Server, every_stack: AnyStack) -> None:
    """A server can be configured with roles of its own."""
    every_stack.declare(it=manager(every_server.ann, ["ORG_ASTRONAUT"], org_id=every_server.home))
    failed = every_stack.fails()
    assert failed.shows("400, code 3", "roles that ZITADEL has on this level"), failed.out
    assert every_stack.resources() == {}


def test_get_needs_only_the_id(every_server: Server, every_stack: AnyStack) -> None:
    it = place(every_server, "project_grant")
    found_by = it.add(every_server.ann, "PROJECT_GRANT_OWNER")
    every_stack.declare(it={"kind": "manager", "args": {}, "get": found_by, "opts": {}, "export": ["roles"]})
    every_stack.up()
    found = every_stack.outputs("it")
    assert {name: found[name] for name in (*it.args, "roles")} == {**it.args, "roles": ["PROJECT_GRANT_OWNER"]}


def test_get_of_an_id_of_another_kind_is_an_error(every_server: Server, every_stack: AnyStack) -> None:
    every_stack.declare(it={"kind": "manager", "args": {}, "get": "424242", "opts": {}, "export": ["roles"]})
    assert every_stack.fails().shows("id is not that of a manager, like organization:ORG:USER")


# What is removed along

GOES_WITH = ["project", "project_grant", "user", "organization", "organization of the user"]


@pytest.mark.parametrize("gone", GOES_WITH)
def test_a_manager_that_went_with_something_else_leaves_the_state_with_a_proof(
    every_server: Server, every_stack: AnyStack, gone: str
) -> None:
    """The removals of a project, a project grant and an organization write no event of the managers."""
    server, stack, admin = every_server, every_stack, every_server.admin
    home, elsewhere = (
        admin.create_organization(server.name("Home")),
        admin.create_organization(server.name("Elsewhere")),
    )
    user, project = admin.create_user(elsewhere, f"user{home}"), admin.create_project(home, "Shop", ["viewer"])
    grant = admin.grant_project(home, project, elsewhere, ["viewer"])
    args: dict[str, Any] = {"org_id": home}
    roles = ["ORG_OWNER_VIEWER"]
    if gone == "project":
        args, roles = {**args, "project_id": project}, ["PROJECT_OWNER"]
    elif gone == "project_grant":
        args, roles = {**args, "project_id": project, "project_grant_id": grant}, ["PROJECT_GRANT_OWNER"]
    stack.declare(it=manager(user, roles, **args))
    stack.up()
    if gone == "project":
        admin.remove_project(home, project)
    elif gone == "project_grant":
        admin.remove_project_grant(home, project, grant)
    elif gone == "user":
        admin.remove_user(elsewhere, user)
    else:
        admin.remove_organization(home if gone == "organization" else elsewhere)
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows("does not exist any more"), refreshed.out
    assert stack.resources() == {}


# Protection


def test_the_last_org_owner_is_neither_removed_nor_demoted(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    it = place(server, "organization")
    made = server.admin.create_organization(server.name("Alone"))
    it.args["org_id"] = made
    it.add(server.bob, "ORG_OWNER_VIEWER")
    stack.declare(ann=manager(server.ann, ["ORG_OWNER"], org_id=made))
    stack.up()
    it.remove(server.own_user)
    assert server.shows(lambda: set(it.roles()) == {server.ann, server.bob})
    server.proxy.clear()
    stack.declare(ann=manager(server.ann, ["ORG_OWNER_VIEWER"], org_id=made))
    refused = "is the last one with the role ORG_OWNER"
    assert stack.fails().shows(refused, "allow_lockout=True")
    stack.declare()
    assert stack.fails().shows(refused, "Nothing was done")
    assert server.proxy.writes == []
    stack.declare(ann=manager(server.ann, ["ORG_OWNER_VIEWER"], org_id=made, allow_lockout=True))
    stack.up()
    assert server.shows(lambda: it.roles()[server.ann] == ["ORG_OWNER_VIEWER"])


def test_a_second_owner_can_be_demoted_and_get_other_roles(every_server: Server, every_stack: AnyStack) -> None:
    server, stack, it = every_server, every_stack, place(every_server, "organization")
    for roles in (["ORG_OWNER"], ["ORG_OWNER", "ORG_OWNER_VIEWER"], ["ORG_OWNER_VIEWER"], ["ORG_USER_MANAGER"]):
        stack.declare(ann=manager(server.ann, roles, **it.args))
        stack.up()
    stack.destroy()
    assert server.shows(lambda: server.ann not in it.roles())


@EVERY_LEVEL
def test_no_role_is_taken_from_the_credentials_own_user(
    every_server: Server, every_stack: AnyStack, level_of_manager: str
) -> None:
    server, stack, it = every_server, every_stack, place(every_server, level_of_manager)
    first, second = LEVELS[level_of_manager]
    # A real instance keeps its managers from one run of the tests to the next.
    own = [each for each in it.roles().get(server.own_user, []) if each not in (first, second)]
    stack.declare(me=manager(server.own_user, [*own, first, second], adopt=True, **it.args))
    stack.up()
    server.proxy.clear()
    stack.declare(me=manager(server.own_user, [*own, first], adopt=True, **it.args))
    assert stack.fails().shows(f"it would take {second} on", "from the credential's own user")
    stack.declare()
    assert stack.fails().shows("from the credential's own user", "allow_lockout=True")
    assert server.proxy.writes == []
    stack.declare(me=manager(server.own_user, own or [first], adopt=True, allow_lockout=True, **it.args))
    stack.up()


def test_a_list_of_managers_that_cannot_be_read_protects_all_of_them(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, it = every_server, every_stack, place(every_server, "organization")
    stack.declare(ann=manager(server.ann, ["ORG_OWNER"], **it.args))
    stack.up()
    stack.declare(ann=manager(server.ann, ["ORG_OWNER_VIEWER"], **it.args))
    # The first search finds ann, the second one is for all.
    refused = '{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)"}'
    server.proxy.add(Fault("answer", "POST", r"/orgs/me/members/_search$", skip=1, status=403, body=refused))
    assert stack.fails().shows("whom it would lock out is not known, because the list of managers cannot be read")
    assert it.roles()[server.ann] == ["ORG_OWNER"]


def test_two_owners_are_not_removed_in_one_run(every_server: Server, every_stack: AnyStack) -> None:
    """Lists lag: each of the two resources would see the other one's owner."""
    server, stack = every_server, every_stack
    made = server.admin.create_organization(server.name("Two"))
    stack.declare(
        ann=manager(server.ann, ["ORG_OWNER"], org_id=made), bob=manager(server.bob, ["ORG_OWNER"], org_id=made)
    )
    stack.up()
    server.admin.call("DELETE", f"/management/v1/orgs/me/members/{server.own_user}", org=made)
    stack.declare()
    assert stack.fails().shows("is the last one with the role ORG_OWNER")
    assert len(stack.resources()) == 1


def test_an_organization_that_keeps_its_creator_loses_other_owners(every_server: Server, every_stack: AnyStack) -> None:
    stack = every_stack
    stack.declare(acme=org(every_server.name("Acme")))
    stack.up()
    stack.declare(
        acme=org(every_server.name("Acme")), ann=manager(every_server.ann, ["ORG_OWNER"], org_id=stack.id("acme"))
    )
    stack.up()
    stack.destroy()
    assert stack.resources() == {}


# Who administers a new organization


def _owners(server: Server, org_id: str) -> set[str]:
    found = server.admin.call("POST", "/management/v1/orgs/me/members/_search", {}, org=org_id)
    return {each["userId"] for each in found.get("result", [])}


@pytest.mark.parametrize("admins", [None, "ann", "nobody"])
def test_a_program_says_who_becomes_owner_of_a_new_organization(
    every_server: Server, every_stack: AnyStack, admins: str | None
) -> None:
    server, stack = every_server, every_stack
    given = {None: {}, "ann": {"admins": [server.ann]}, "nobody": {"admins": []}}[admins]
    stack.declare(acme=org(server.name("Acme"), **given), other=org(server.name("Other"), **given))
    said = "becomes ORG_OWNER of each new organization; admins=[…] says who shall be instead"
    assert stack.run("preview").out.count(said) == (admins is None)
    stack.up()
    owners = {None: {server.own_user}, "ann": {server.ann}, "nobody": set()}[admins]
    assert server.shows(lambda: _owners(server, stack.id("acme")) == owners)
    stack.assert_settled()


def test_a_change_of_the_admins_makes_no_call_and_names_the_way(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(acme=org(server.name("Acme"), admins=[server.ann]))
    stack.up()
    for changed in ({"admins": [server.bob]}, {}):
        stack.declare(acme=org(server.name("Acme"), **changed))
        server.proxy.clear()
        run = stack.up()
        assert run.shows("admins is used only where the organization is created", "Declare a zorg.Manager"), run.out
        assert server.proxy.writes == []
        stack.assert_settled()
    assert _owners(server, stack.id("acme")) == {server.ann}


def test_an_unknown_admin_is_an_error_and_no_organization_is_made(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    before = server.organizations()
    stack.declare(acme=org(server.name("Acme"), admins=["424242"]))
    assert stack.fails().shows("User could not be found", "Each of admins must be the id of a user that exists")
    assert server.organizations() == before


# Commands


@pytest.fixture
def clients() -> Iterator[Clients]:
    with Clients() as clients:
        yield clients


def test_a_generated_program_has_the_managers_of_its_organizations_apart_from_the_credentials_own(
    server: Server, clients: Clients
) -> None:
    acme = server.admin.create_organization("Acme")
    shop = server.admin.create_project(acme, "Shop")
    server.admin.add_member(acme, server.ann, "ORG_OWNER")
    server.admin.call(
        "POST",
        f"/management/v1/projects/{shop}/members",
        {"userId": server.bob, "roles": ["PROJECT_OWNER_VIEWER", "PROJECT_OWNER"]},
        org=acme,
    )
    text = generate(World(clients.owner(server)), [acme], None).text
    assert text.count("zorg.Manager(") == 2
    assert 'roles=["PROJECT_OWNER", "PROJECT_OWNER_VIEWER"]' in text
    assert "project_id=shop.id" in text
    assert text.count("who is the credential's own user is left out") == 1


def test_unmanaged_managers_are_those_who_were_added_to_an_organization_later(
    every_server: Server, every_stack: InProcessStack, clients: Clients
) -> None:
    """Who created it, and whom it was created with, are not reported, also not to a credential that only reads."""
    server, stack = every_server, every_stack
    stack.declare(acme=org(server.name("Acme")), beta=org(server.name("Beta"), admins=[server.ann]))
    stack.up()
    acme, beta = stack.id("acme"), stack.id("beta")
    for each in (acme, beta):
        server.admin.add_member(each, server.bob, "ORG_OWNER")
    reader = server.admin.create_user(server.home, "reader")
    server.admin.add_instance_member(reader, "IAM_OWNER_VIEWER")
    world = World(clients.holder(server, server.admin.create_token(server.home, reader)))
    found, unknown = find_unmanaged(
        world, State.of(stack.state()).resources, whole_instance=False, types=(TOKENS["manager"],)
    )
    assert unknown == ()
    assert {each.id for each in found} == {f"organization:{each}:{server.bob}" for each in (acme, beta)}
