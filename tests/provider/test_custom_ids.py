"""Ids that a program chooses: each object is made with its id, or the run fails before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.resource_types.organization.declaration import TYPE as ORGANIZATION
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.changes import Changes
from pulumi_zorg.world.observed import Address, Sought
from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import Stack, human, machine, org, project
from tests.unit.clients import Clients

KINDS = ("org", "project", "machine", "human")
#: The creates of objects with an id of the program, as paths.
CREATES = r"/v2/organizations$|/CreateProject$|/users/machine$|/v2/users/human$"
EACH = pytest.mark.parametrize("kind", KINDS)
#: In an organization: the server does not refuse every id of these that is taken.
EACH_IN_ORG = pytest.mark.parametrize("kind", KINDS[1:])


def declared(server: Server, kind: str, name: str = "Acme", org_id: str | None = None, **args: Any) -> dict[str, Any]:
    """Declare an object of a type."""
    home = org_id or server.home
    args = {"deletion_policy": "remove", **args}
    if kind == "org":
        return org(name, **args)
    return {"project": project, "machine": machine, "human": human}[kind](home, name.lower(), **args)


@pytest.fixture
def clients() -> Iterator[Clients]:
    with Clients() as clients:
        yield clients


def made(server: Server) -> set[str]:
    """The ids of all that this file makes."""
    users = server.admin.call("POST", "/v2/users", {}).get("result", [])
    projects = server.admin.call("POST", "/zitadel.project.v2.ProjectService/ListProjects", {}).get("projects", [])
    ids = {each["userId"] for each in users} | {each["projectId"] for each in projects}
    return ids | server.admin.organizations().keys()


@pytest.mark.every_profile
@EACH
def test_an_object_gets_the_id_of_the_program(every_server: Server, every_stack: InProcessStack, kind: str) -> None:
    server, stack = every_server, every_stack
    if kind != "machine" and not has_v2(server):
        pytest.skip("the server has no v2 API")
    own_id = f"acme-{server.tag or 1}"
    stack.declare(acme=declared(server, kind, f"Acme{server.tag}", custom_id=own_id))
    assert stack.preview() == {"acme": ["create"]}
    stack.up()
    assert stack.id("acme") == own_id == stack.outputs("acme")["custom_id"]
    stack.assert_settled()
    stack.must("refresh")
    stack.destroy()
    stack.up()  # the id of what was removed is free
    assert stack.id("acme") == own_id
    stack.assert_settled()
    stack.destroy()


def has_v2(server: Server) -> bool:
    try:
        server.admin.call("POST", "/v2/users", {})
    except Exception:  # noqa: BLE001 - whatever the answer is
        return False
    return True


def visible(server: Server) -> set[str]:
    return {
        each
        for each in made(server)
        if (server.admin.organizations().get(each) or {}).get("state") != "ORG_STATE_REMOVED"
    }


@pytest.mark.engine_too
def test_an_organization_with_its_contents(server: Server, stack: Stack) -> None:
    stack.declare(
        acme=org("Acme", custom_id="acme"),
        crm=project("@acme", "CRM", custom_id="acme-crm", roles={"viewer": "Viewer"}, project_role_check=True),
        bot=machine("@acme", "bot", custom_id="acme-bot"),
        ann=human("@acme", "ann.b", custom_id="acme-ann", deletion_policy="remove"),
    )
    stack.up()
    assert [stack.id(each) for each in ("acme", "crm", "bot", "ann")] == ["acme", "acme-crm", "acme-bot", "acme-ann"]
    assert stack.outputs("crm")["project_role_check"] is True
    stack.assert_settled()
    # The credential's own user administers it, as without an id.
    members = server.admin.call("POST", "/management/v1/orgs/me/members/_search", {}, org="acme")["result"]
    assert [(each["userId"], each["roles"]) for each in members] == [(server.own_user, ["ORG_OWNER"])]
    stack.destroy()
    stack.up()
    stack.assert_settled()


@EACH
def test_without_an_id_the_calls_are_those_of_before(server: Server, stack: InProcessStack, kind: str) -> None:
    stack.declare(acme=declared(server, kind))
    server.proxy.clear()
    stack.up()
    paths = {
        "org": "/management/v1/orgs",
        "project": "/management/v1/projects",
        "machine": "/management/v1/users/machine",
    }
    assert server.proxy.writes == [f"POST {paths.get(kind, '/v2/users/human')}"]
    assert "custom_id" not in stack.outputs("acme")


@pytest.mark.engine_too
@pytest.mark.parametrize("kind", ["org", "machine"])
def test_the_present_id_is_no_change_and_another_one_is_refused(server: Server, stack: Stack, kind: str) -> None:
    stack.declare(acme=declared(server, kind))
    stack.up()
    acme = stack.id("acme")
    stack.declare(acme=declared(server, kind, custom_id=acme))
    assert stack.preview() == {}
    stack.up()
    assert stack.preview() == {}
    server.proxy.clear()
    stack.declare(acme=declared(server, kind, custom_id="another"))
    assert stack.fails().shows("custom_id is another", "the id of an object never changes", f"Declare {acme}")
    assert stack.run("preview").code != 0
    assert server.proxy.writes == []
    stack.declare(acme=declared(server, kind))  # left out again
    assert stack.preview() == {}
    stack.up()
    assert stack.id("acme") == acme


@EACH_IN_ORG
def test_a_replacement_in_another_organization_needs_another_id(
    server: Server, stack: InProcessStack, kind: str
) -> None:
    other = server.admin.create_organization("Other")
    stack.declare(acme=declared(server, kind, custom_id="acme-1"))
    stack.up()
    server.proxy.clear()
    stack.declare(acme=declared(server, kind, org_id=other, custom_id="acme-1"))
    assert stack.fails().shows("an id stays with its organization")
    assert server.proxy.writes == []
    stack.declare(acme=declared(server, kind, org_id=other, custom_id="acme-2"))
    stack.up()
    assert stack.id("acme") == "acme-2"


@EACH
def test_a_forced_replacement_keeps_the_id(server: Server, stack: InProcessStack, kind: str) -> None:
    stack.declare(acme=declared(server, kind, custom_id="acme-1", deletion_policy="remove"))
    stack.up()
    stack.up("--replace", "acme")
    assert stack.id("acme") == "acme-1"
    stack.assert_settled()


@EACH
def test_an_id_that_is_taken_is_refused_before_anything_is_created(
    server: Server, stack: InProcessStack, kind: str
) -> None:
    other = server.admin.create_organization("Other")
    elsewhere = InProcessStack(stack.folder / "elsewhere", server.proxy.url, server.token, "elsewhere")
    elsewhere.declare(theirs=declared(server, kind, "Theirs", other, custom_id="acme-1"))
    elsewhere.up()
    before = server.proxy.writes
    for adopt in (False, True):
        stack.declare(acme=declared(server, kind, custom_id="acme-1", adopt=adopt))
        failed = stack.fails()
        assert failed.shows("NameTaken", "custom_id declares acme-1, which is the id of", "adopt=True takes over only")
        assert failed.shows("created by ")
    assert server.proxy.writes == before
    elsewhere.assert_settled()


def test_the_id_of_a_person_is_not_given_to_a_service_account(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=human(server.home, "ann.b", custom_id="ann"))
    stack.up()
    server.proxy.clear()
    both = {"ann": human(server.home, "ann.b", custom_id="ann"), "bot": machine(server.home, "bot", custom_id="ann")}
    stack.declare(**both)
    assert stack.fails().shows("custom_id is declared twice: HumanUser 'ann' is the same user")
    stack.declare(bot=both["bot"])
    assert stack.fails().shows("which is the id of a user")
    assert server.proxy.writes == []


@EACH_IN_ORG
def test_an_id_is_not_used_again_in_another_organization(server: Server, stack: InProcessStack, kind: str) -> None:
    other = server.admin.create_organization("Other")
    stack.declare(acme=declared(server, kind, custom_id="acme-1", deletion_policy="remove"))
    stack.up()
    stack.destroy()
    server.proxy.clear()
    stack.declare(acme=declared(server, kind, org_id=other, custom_id="acme-1"))
    assert stack.fails().shows(
        "which was the id of a", f"of organization {server.home}. An id stays with its organization"
    )
    assert server.proxy.writes == []


@EACH
def test_an_adoption_takes_only_the_object_with_the_id(server: Server, stack: InProcessStack, kind: str) -> None:
    elsewhere = InProcessStack(stack.folder / "elsewhere", server.proxy.url, server.token, "elsewhere")
    elsewhere.declare(
        acme=declared(server, kind, custom_id="acme-1", deletion_policy="retain"),
        beta=declared(server, kind, "Beta", custom_id="beta-1", deletion_policy="retain"),
    )
    elsewhere.up()
    server.proxy.clear()
    stack.declare(acme=declared(server, kind, custom_id="another", adopt=True))
    assert stack.fails().shows("acme-1", "It has another id than custom_id declares, so it is not adopted")
    stack.declare(acme=declared(server, kind, custom_id="beta-1", adopt=True))
    assert stack.fails().shows("custom_id declares beta-1, which is the id of")
    assert [each for each in server.proxy.writes if "DELETE" in each or "PUT" in each] == []
    stack.declare(acme=declared(server, kind, custom_id="acme-1", adopt=True))
    stack.up()
    assert stack.id("acme") == "acme-1"
    stack.assert_settled()


def lose_the_run(server: Server) -> None:
    """After the create, whose answer is lost, the server is gone: it sees one read whether the id is taken, and no other."""
    server.proxy.add(Fault("cut", path="/events/_search$", times=None, skip=1))


@EACH
@pytest.mark.parametrize("by", ["the same run", "the next run"])
def test_a_lost_answer_is_resolved_by_reading_the_id(server: Server, stack: InProcessStack, kind: str, by: str) -> None:
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    stack.declare(acme=declared(server, kind, custom_id="acme-1"))
    server.proxy.add(Fault("drop", method="POST", path=CREATES))
    if by == "the next run":
        lose_the_run(server)
        stack.fails()
        server.proxy.clear()
    stack.up()
    assert stack.id("acme") == "acme-1"
    assert len([each for each in server.proxy.writes if "POST" in each and "_search" not in each]) <= 1
    stack.assert_settled()


@EACH
def test_what_a_lost_answer_left_goes_when_the_program_chooses_another_id(
    server: Server, stack: InProcessStack, kind: str
) -> None:
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("drop", method="POST", path=CREATES))
    lose_the_run(server)
    stack.declare(acme=declared(server, kind, custom_id="acme-1"))
    stack.fails()
    server.proxy.clear()
    stack.declare(acme=declared(server, kind, custom_id="acme-2"))
    stack.up()
    assert stack.id("acme") == "acme-2"
    assert "acme-1" not in visible(server)
    stack.assert_settled()


@pytest.mark.parametrize("kind", ["org", "machine", "human"])  # the call that makes a project with an id always took it
def test_a_server_that_ignores_the_id_is_an_error(server: Server, stack: InProcessStack, kind: str) -> None:
    """A server before the argument ignores what it does not know."""
    body = {
        "org": '{"organizationId": "300", "details": {"resourceOwner": "300"}}',
        "machine": '{"userId": "300", "details": {"resourceOwner": "HOME"}}',
        "human": '{"userId": "300", "details": {"resourceOwner": "HOME"}}',
    }[kind].replace("HOME", server.home)
    headers = {"Content-Type": "application/json"}
    server.proxy.add(Fault("replace", method="POST", path=CREATES, status=200, headers=headers, body=body))
    stack.declare(acme=declared(server, kind, custom_id="acme-1"))
    assert stack.fails().shows(
        "custom_id is ignored by this server", "has the id 300", "leave custom_id out and set adopt=True"
    )
    assert stack.resources() == {}


@pytest.mark.parametrize("kind", ["org", "project"])
def test_a_server_without_the_call_is_one_error_and_nothing_is_created(tmp_path: Path, kind: str) -> None:
    with emulated("seeds") as server:
        stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
        stack.declare(acme=declared(server, kind, custom_id="acme-1"))
        before = server.admin.organizations().keys()
        failed = stack.fails()
        assert failed.shows("that this server does not have: leave custom_id out"), failed.out
        assert server.admin.organizations().keys() == before


@pytest.mark.parametrize("wrong", ["", "a b", "a/b", "a:b", "ä", "x" * 201, 7, "..", "a#b"])
def test_an_id_that_no_call_could_name_is_refused_before_anything_is_called(
    server: Server, stack: InProcessStack, wrong: Any
) -> None:
    server.proxy.clear()
    stack.declare(acme=org("Acme", custom_id=wrong))
    assert stack.fails().shows("custom_id")
    assert server.proxy.exchanges == []


def test_a_project_does_not_get_an_id_with_which_its_roles_cannot_be_added(
    server: Server, stack: InProcessStack
) -> None:
    crm = project(server.home, "CRM", custom_id="crm", roles={"viewer": "Viewer", "admin": "Admin"})
    stack.declare(crm=crm)
    stack.up()
    server.admin.call("DELETE", "/management/v1/projects/crm", org=server.home)
    stack.must("refresh")
    server.proxy.clear()
    assert stack.fails().shows("which was the id of a project that was removed with the roles admin, viewer")
    assert server.proxy.writes == []


@EACH_IN_ORG
def test_a_credential_that_may_not_read_the_event_store(server: Server, stack: InProcessStack, kind: str) -> None:
    """It reads the id: what it may not see in other organizations, it cannot keep from being taken."""
    owner = server.admin.create_user(server.home, "owner")
    server.admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, owner)
    stack.declare(acme=declared(server, kind, custom_id="acme-1"))
    stack.up()
    assert stack.id("acme") == "acme-1"
    server.proxy.clear()
    stack.declare(
        acme=declared(server, kind, custom_id="acme-1"), beta=declared(server, kind, "Beta", custom_id="acme-1")
    )
    assert stack.fails().shows("custom_id is declared twice")
    elsewhere = InProcessStack(stack.folder / "elsewhere", server.proxy.url, stack.env["ZITADEL_TOKEN"], "elsewhere")
    elsewhere.declare(beta=declared(server, kind, "Beta", custom_id="acme-1"))
    assert elsewhere.fails().shows("custom_id declares acme-1, which is the id of a")
    assert server.proxy.writes == []


@pytest.mark.parametrize("removed", ["the object", "its organization"])
@EACH_IN_ORG
def test_what_was_removed_outside_pulumi_is_seen_and_can_be_deleted(
    server: Server, stack: InProcessStack, kind: str, removed: str
) -> None:
    home = server.admin.create_organization("Home")
    args = {"roles": {"viewer": "Viewer"}} if kind == "project" else {}
    stack.declare(acme=declared(server, kind, org_id=home, custom_id="acme-1", **args))
    stack.up()
    before = stack.state()
    if removed == "its organization":
        server.admin.remove_organization(home)
    else:
        path = "projects" if kind == "project" else "users"
        server.admin.call("DELETE", f"/management/v1/{path}/acme-1", org=home)
    stack.must("refresh")
    assert stack.resources() == {}
    stack.load(before)
    stack.destroy()


@EACH
def test_what_was_made_again_with_its_id_is_what_the_stack_has(
    server: Server, stack: InProcessStack, kind: str
) -> None:
    """The events of an object are those since it was created last."""
    stack.declare(acme=declared(server, kind, custom_id="acme-1"))
    stack.up()
    before = stack.state()
    stack.destroy()
    stack.up()
    stack.load(before)
    stack.must("refresh")
    assert stack.id("acme") == "acme-1"
    stack.assert_settled()


def test_a_removal_before_the_id_was_used_again_is_no_proof(server: Server, stack: InProcessStack) -> None:
    """A read that does not show the object yet must not take it out of the state."""
    admin, bot = server.admin, {"userName": "bot", "name": "Robot", "userId": "bot-1"}

    def make() -> None:
        admin.call("POST", "/v2/organizations", {"name": "Home", "orgId": "home-1"})
        admin.call("POST", "/management/v1/users/machine", bot, org="home-1")

    make()
    stack.declare(bot=machine("home-1", "bot", custom_id="bot-1", adopt=True))
    stack.up()
    admin.call("DELETE", "/management/v1/users/bot-1", org="home-1")
    admin.remove_organization("home-1")
    make()
    missing = '{"code": 5, "message": "User could not be found (QUERY-Dfbg2)"}'
    headers = {"Content-Type": "application/json"}
    server.proxy.add(
        Fault("answer", "GET", "/users/bot-1$", times=None, status=404, headers=headers, body=missing),
    )
    assert stack.run("refresh").shows("ZITADEL's event store has no removal of it, so it still exists")
    assert stack.id("bot") == "bot-1"


def test_many_objects_that_lists_do_not_show_yet_are_not_removed_by_an_earlier_removal(
    server: Server, clients: Clients
) -> None:
    body = {"name": "Home", "orgId": "home-1"}
    server.admin.call("POST", "/v2/organizations", body)
    server.admin.remove_organization("home-1")
    sought = [Sought(ORGANIZATION.key("home-1", {}), Address())]
    changes = Changes(clients.owner(server), {ORGANIZATION.token: ORGANIZATION})
    assert [each.id for each in changes.removals(sought)] == ["home-1"]
    server.admin.call("POST", "/v2/organizations", body)
    assert changes.removals(sought) == {}
