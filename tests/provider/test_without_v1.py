"""A server without the v1 API: each resource type lives its life by v2, and what v2 cannot is one clear error."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pulumi_zorg.emulator import Emulator
from pulumi_zorg.testing import Fault
from tests.support.command import Ended, run_zorg
from tests.support.each_type import EXAMPLES, example
from tests.support.in_process import InProcessStack
from tests.support.managers import LEVELS, place
from tests.support.plans import plan_text
from tests.support.servers import Server
from tests.support.stack import Stack, grant, manager, org, project, project_grant
from tests.support.types import ORGANIZATION
from tests.support.without_v1 import ANSWERS, calls_of_v1, refuse_v1

AnyStack = Stack | InProcessStack
#: v2 does not show the id of a project grant, so none is created without v1.
CREATED_BY_V1 = "project_grant"
#: The paths of the creates by v2.
CREATES = {
    "org": "/v2/organizations$",
    "machine": "CreateUser$",
    "human": "/v2/users/human$",
    "project": "CreateProject$",
    "grant": "CreateAuthorization$",
    "manager": "CreateAdministrator$",
}


@contextmanager
def v1_for_a_moment(server: Server, answer: str) -> Iterator[None]:
    """Let v1 answer meanwhile."""
    server.proxy.clear()
    yield
    refuse_v1(server, answer)


def _lives(server: Server, stack: AnyStack, kind: str, answer: str) -> None:
    it = example(kind, server)
    refuse_v1(server, answer)
    stack.declare(it=it.declare())
    if kind == CREATED_BY_V1:
        with v1_for_a_moment(server, answer):
            stack.up()
    stack.up()
    it_id = stack.id("it")
    assert it.is_active(it_id)
    assert stack.outputs("it") == it.outputs()
    stack.assert_settled()

    if it.has_states:
        stack.declare(it=it.declare(active=False))
        stack.up()
        assert not it.is_active(it_id)
        stack.assert_settled()

    stack.declare(it=it.declare(it.changed))
    stack.up()
    assert it.is_active(it_id)
    assert stack.outputs("it") == it.outputs(it.changed)
    stack.assert_settled()

    stack.declare(it=it.declare())
    stack.up()
    it.change_outside(it_id)
    assert server.shows(lambda: stack.preview("--refresh") == {"it": ["update", it.drifts]})
    stack.up("--refresh")
    stack.assert_settled()

    stack.destroy()
    assert it.is_gone(it_id)
    assert stack.resources() == {}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_object_lives_its_life(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    _lives(any_server, any_stack, kind, "501")


@pytest.mark.parametrize("answer", sorted(ANSWERS.keys() - {"501"}))
def test_a_server_can_lack_v1_in_several_ways(server: Server, stack: AnyStack, answer: str) -> None:
    _lives(server, stack, "grant", answer)


def test_the_emulator_has_a_server_without_v1(tmp_path: Path) -> None:
    for status in (404, 501):
        with Emulator(without_v1=status) as zitadel:
            stack = InProcessStack(tmp_path / str(status), zitadel.url, zitadel.token)
            stack.declare(acme=org("Acme"))
            stack.up()
            stack.declare(acme=org("Acme"), shop=project(stack.id("acme"), "Shop", roles={"viewer": "Viewer"}))
            stack.up()
            stack.assert_settled()
            stack.destroy()
            calls = httpx.get(f"{zitadel.url}/debug/calls").json()
            refused = {
                each["status"] for each in calls if each["path"].startswith(("/management/", "/admin/", "/auth/"))
            }
            assert refused == {status}


def test_what_a_server_does_not_have_is_found_out_once_for_all_objects(server: Server, stack: AnyStack) -> None:
    refuse_v1(server)
    stack.declare(**{f"o{number}": org(f"Acme {number}") for number in range(8)})
    stack.up()
    server.proxy.exchanges.clear()
    stack.declare(**{f"o{number}": org(f"Acme {number}", active=False) for number in range(8)})
    stack.up("--refresh")
    assert set(Counter(calls_of_v1(server)).values()) == {1}
    server.proxy.exchanges.clear()
    stack.destroy()
    assert set(Counter(calls_of_v1(server)).values()) == {1}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_removal_by_somebody_else_is_not_proven_and_a_destroy_needs_no_proof(
    any_server: Server, any_stack: AnyStack, kind: str
) -> None:
    server, stack, it = any_server, any_stack, example(kind, any_server)
    stack.declare(it=it.declare())
    stack.up()
    before = stack.resources()
    it.remove(stack.id("it"))
    refuse_v1(server)
    if kind != "human":  # a read by id shows the removal of the others only after the list does
        assert server.shows(lambda: stack.run("refresh", "--yes", "--skip-preview").code != 0)
    refreshed = stack.run("refresh", "--yes", "--skip-preview")
    assert refreshed.code != 0
    assert refreshed.shows("It is not known whether", "does not have the v1 API", "It stays in the state")
    assert stack.resources() == before
    if kind == "org":  # v2 answers the same where the instance never had it
        assert stack.run("destroy", "--yes", "--skip-preview").code != 0
        assert stack.resources() == before
        return
    stack.destroy()
    assert stack.resources() == {}


def test_an_object_that_exists_and_is_not_listed_stays_in_the_state(server: Server, stack: AnyStack) -> None:
    """A phantom: only the event store has it."""
    it = example("grant", server)
    stack.declare(it=it.declare())
    stack.up()
    it.hide(stack.id("it"))
    refuse_v1(server)
    assert stack.run("refresh", "--yes", "--skip-preview").shows("It is not known whether")
    assert stack.id("it")


@pytest.mark.parametrize("kind", ["org", "machine", "project", "grant", "manager"])
def test_an_object_that_exists_is_adopted(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    server, stack, it = any_server, any_stack, example(kind, any_server)
    made = it.make()
    refuse_v1(server)
    stack.declare(it=it.declare(adopt=True))
    stack.up()
    assert stack.id("it") == made
    stack.assert_settled()


def test_a_project_grant_is_not_created_and_nothing_is_left(any_server: Server, any_stack: AnyStack) -> None:
    server, stack, it = any_server, any_stack, example("project_grant", any_server)
    refuse_v1(server)
    stack.declare(it=it.declare())
    assert stack.fails().shows("v2 shows no id of a project grant")
    assert (stack.resources(), it.ids()) == ({}, set())


def test_an_email_address_is_not_marked_as_verified_later(any_server: Server, any_stack: AnyStack) -> None:
    server, stack, it = any_server, any_stack, example("human", any_server)
    refuse_v1(server)
    stack.declare(it=it.declare(email_verified=None, phone=None))
    stack.up()
    stack.declare(it=it.declare(email_verified=True, phone=None))
    assert stack.fails().shows("v2 marks no address as verified that a person has already")


def test_a_user_grant_by_a_project_grant_keeps_it(any_server: Server, any_stack: AnyStack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    customer = admin.create_organization(server.name("Customer"))
    cleo = admin.create_user(customer, f"cleo{server.tag}")
    by = admin.grant_project(server.home, server.project, customer, ["viewer", "editor"])
    refuse_v1(server)
    declared = grant(customer, cleo, server.project, ["viewer"], project_grant_id=by)
    stack.declare(cleo=declared)
    stack.up()
    assert stack.outputs("cleo")["project_grant_id"] == by
    stack.assert_settled()
    assert admin.grant(customer, cleo, stack.id("cleo"))["projectGrantId"] == by


def test_lost_roles_are_taken_out_of_project_grants_and_user_grants(any_server: Server, any_stack: AnyStack) -> None:
    """v2 takes no role out of the user grants that a project grant has made, and shows no role that the project has lost."""
    server, stack, admin = any_server, any_stack, any_server.admin
    customer = admin.create_organization(server.name("Customer"))
    cleo = admin.create_user(customer, f"cleo{server.tag}")
    roles = {"viewer": "Viewer", "editor": "Editor", "admin": "Admin"}
    stack.declare(shop=project(server.home, server.name("Shop"), roles=roles))
    stack.up()
    shop = stack.id("shop")
    declared = {"by": project_grant(server.home, shop, customer, ["viewer", "editor", "admin"])}
    stack.declare(shop=project(server.home, server.name("Shop"), roles=roles), **declared)
    stack.up()
    held = admin.create_grant(customer, cleo, shop, ["viewer", "editor", "admin"], stack.id("by"))
    own = admin.create_grant(server.home, server.ann, shop, ["viewer", "editor", "admin"])
    refuse_v1(server)
    declared = {"by": project_grant(server.home, shop, customer, ["viewer"])}
    stack.declare(shop=project(server.home, server.name("Shop"), roles=roles), **declared)
    stack.up()
    assert admin.grant(customer, cleo, held)["roleKeys"] == ["viewer"]
    stack.declare(shop=project(server.home, server.name("Shop"), roles={"viewer": "Viewer"}), **declared)
    stack.up()
    assert admin.grant(server.home, server.ann, own)["roleKeys"] == ["viewer"]
    stack.assert_settled()


def test_users_go_along_with_their_organization(any_server: Server, any_stack: AnyStack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    refuse_v1(server)
    acme = org(server.name("Acme"))
    stack.declare(acme=acme)
    stack.up()
    user = admin.create_user(stack.id("acme"), f"dora{server.tag}")
    assert server.shows(lambda: user in admin.users(stack.id("acme")))
    stack.declare(acme=org(server.name("Acme"), active=False, cascade="users"))
    stack.up()
    assert admin.user(stack.id("acme"), user)["state"] == "USER_STATE_INACTIVE"
    stack.assert_settled()
    stack.declare(acme=org(server.name("Acme"), active=True, cascade="users"))
    stack.up()
    assert admin.user(stack.id("acme"), user)["state"] == "USER_STATE_ACTIVE"


@pytest.mark.parametrize("of", LEVELS)
def test_managers_of_each_level(any_server: Server, any_stack: AnyStack, of: str) -> None:
    server, stack, where = any_server, any_stack, place(any_server, of)
    first, second = LEVELS[of]
    refuse_v1(server)
    if of == "project_grant":  # v2 shows its id with a user grant, or a manager
        where.add(server.bob, first)
        assert server.shows(lambda: server.bob in where.roles())
    stack.declare(it=manager(server.ann, [first], **where.args))
    stack.up()
    stack.assert_settled()
    stack.declare(it=manager(server.ann, [second], **where.args))
    stack.up()
    assert where.roles()[server.ann] == [second]
    stack.destroy()
    assert server.ann not in where.roles()


def test_the_credentials_own_organization_and_zitadels_project_are_protected(server: Server, stack: AnyStack) -> None:
    default = server.admin.call("GET", "/admin/v1/orgs/default")["org"]
    own_project = server.admin.call("GET", "/management/v1/iam")["iamProjectId"]
    refuse_v1(server)
    stack.declare(own=org(default["name"], adopt=True), zitadel=project(default["id"], "ZITADEL", adopt=True))
    stack.up()
    assert stack.id("zitadel") == own_project
    stack.declare()
    failed = stack.fails()
    assert failed.shows("is refused", "allow_lockout=True") or failed.shows("is ZITADEL's own project")
    assert server.proxy.writes == []


@pytest.mark.parametrize("kind", CREATES)
def test_a_create_whose_answer_is_lost_makes_one_object(server: Server, stack: AnyStack, kind: str) -> None:
    it = example(kind, server)
    refuse_v1(server)
    server.proxy.add(Fault("drop", path=CREATES[kind]))
    stack.declare(it=it.declare())
    assert stack.up().shows("was created by an earlier attempt of this resource")
    assert it.ids() == {stack.id("it")}
    stack.assert_settled()


@pytest.mark.parametrize("kind", ["org", "machine", "human", "project"])
def test_the_program_chooses_the_id(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    server, stack, it = any_server, any_stack, example(kind, any_server)
    chosen = f"{kind}-{server.tag or 'x'}-1"
    refuse_v1(server)
    more = {"description": ""} if kind == "machine" else {}
    stack.declare(it=it.declare(custom_id=chosen, **more))
    stack.up()
    assert stack.id("it") == chosen
    stack.assert_settled()
    stack.destroy()
    assert it.is_gone(chosen)


def test_many_objects_are_compared_in_lists(server: Server, stack: InProcessStack, tmp_path: Path) -> None:
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(25)]
    stack.declare(
        **{f"g{number}": grant(server.home, each, server.project, ["viewer"]) for number, each in enumerate(users)}
    )
    stack.up()
    refuse_v1(server)
    (tmp_path / "state.json").write_text(json.dumps(stack.state()))
    server.proxy.exchanges.clear()
    drift = run_zorg("drift", "--state", "state.json", cwd=tmp_path, env=stack.env)
    assert (drift.code, drift.err) == (0, "")
    assert len(server.proxy.exchanges) < 10
    server.admin.set_roles(server.home, users[3], stack.id("g3"), ["editor"])
    assert run_zorg("drift", "--state", "state.json", cwd=tmp_path, env=stack.env).code == 7


def test_the_commands(any_server: Server, any_stack: InProcessStack, tmp_path: Path) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    acme, ann = org(server.name("Acme")), example("grant", server)
    stack.declare(acme=acme, ann=ann.declare())
    stack.up()
    admin.rename_organization(stack.id("acme"), server.name("Emca"))
    assert server.shows(lambda: server.name("Emca") in {each["name"] for each in admin.organizations().values()})
    refuse_v1(server)
    (tmp_path / "state.json").write_text(json.dumps(stack.state()))

    def zorg(*args: str) -> Ended:
        return run_zorg(*args, cwd=tmp_path, env=stack.env)

    drift = zorg("drift", "--state", "state.json", "--format", "json")
    assert (drift.code, drift.err) == (7, "")
    assert [each["urn"].rsplit("::")[-1] for each in json.loads(drift.out)["drifted"]] == ["acme"]

    made = zorg("generate", "--org", server.home)
    assert made.code == 1, "it is not all"
    assert "zorg.UserGrant(" in made.out
    assert "zorg.MachineUser(" in made.out
    assert "v2 shows no id of a project grant" in made.err

    access = zorg("access", "--format", "json")
    assert access.code == 0, access.err
    assert server.ann in access.out

    removed = {"op": "delete", "urn": f"urn:pulumi:dev::shop::{ORGANIZATION}::home"}
    before = {"id": server.home, "inputs": {"name": server.name("Furniture"), "active": True}}
    (tmp_path / "plan.json").write_text(plan_text({**removed, "oldState": before}))
    guard = zorg("preview-guard", "plan.json", "--max-remove", "0", "--format", "json")
    assert guard.code == 7, guard.err
    assert server.ann in guard.out

    doctor = zorg("doctor", "--org", server.home, "--format", "json")
    found = {each["check"]: each for each in json.loads(doctor.out)["findings"] if each["status"] != "ok"}
    assert {"rights", "events", "api"} <= found.keys()
    assert all("docs/without-v1.md" in found[each]["message"] for each in ("rights", "events", "api"))
    assert {each["status"] for name, each in found.items() if name in ("rights", "events", "api")} == {"warning"}
