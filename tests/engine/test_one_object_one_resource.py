"""One object, one resource: what one resource of the program stands for, another neither takes nor does away with."""

from __future__ import annotations

import copy

from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project_grant, twins


def test_a_state_that_has_an_object_twice_loses_one_resource_and_not_the_object(server: Server, stack: Stack) -> None:
    """As the engine leaves it when it dies between the adoption and the deletion."""
    stack.declare(tenant=org("Acme", adopt=True))
    stack.up()
    acme = stack.id("tenant")
    state = stack.state()
    resources = state["deployment"]["resources"]
    twin = copy.deepcopy(next(each for each in resources if each["urn"].endswith("::tenant")))
    twin["urn"] = twin["urn"].removesuffix("tenant") + "acme"
    resources.append(twin)
    stack.load(state)
    assert stack.id("acme") == acme
    server.proxy.clear()
    stack.up()
    assert set(stack.resources()) == {"tenant"}
    assert server.proxy.writes == []


def test_a_replacement_still_removes_what_it_replaces(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", adopt=True), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    before = {name: stack.id(name) for name in ("acme", "ann")}
    stack.declare(acme=org("Acme", adopt=True), ann=grant(server.home, server.bob, server.project, ["viewer"]))
    urn = stack.resources()["acme"]["urn"]
    stack.up("--replace", urn)
    assert server.shows(lambda: before["acme"] not in server.admin.organizations())
    assert set(server.admin.grants(server.home)) == {stack.id("ann")} != {before["ann"]}
    assert server.admin.organization(stack.id("acme"))["state"] == "ORG_STATE_ACTIVE"


def test_a_replacement_that_adopts_before_it_deletes_keeps_the_object(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", adopt=True, opts={"delete_before_replace": False}))
    stack.up()
    acme = stack.id("acme")
    stack.up("--replace", stack.resources()["acme"]["urn"])
    assert stack.id("acme") == acme
    assert server.admin.organization(acme)["state"] == "ORG_STATE_ACTIVE"


def test_a_name_that_another_resource_gives_up_in_the_same_run_takes_a_second_up(
    any_server: Server, any_stack: Stack
) -> None:
    server, stack = any_server, any_stack
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    acme = stack.id("acme")
    # The newcomer comes first in the program, and is refused if it is created first.
    stack.declare(newcomer=org(server.name("Acme")), acme=org(server.name("Acme Holding")))
    first = stack.run("up", "--yes", "--skip-preview", "--continue-on-error")
    assert first.code == 0 or first.shows("run `pulumi up` again"), first.out
    stack.up()
    names = {each["id"]: each["name"] for each in server.admin.organizations().values()}
    assert names[acme] == server.name("Acme Holding")
    assert names[stack.id("newcomer")] == server.name("Acme")


def test_two_resources_with_one_id_are_an_error_if_both_are_declared_and_else_one_goes(
    server: Server, stack: Stack
) -> None:
    """A resource is renamed in the program, and only the new one is brought up: both are in the state with one id."""
    twins(server, stack)
    acme = stack.id("old")
    stack.declare(new=org("Acme", adopt=True), old=org("Acme Holding", adopt=True))
    failed = stack.run("preview")
    assert failed.code != 0
    assert failed.shows(
        "Organization 'new'", "Organization 'old'", "only one resource can manage", "pulumi state delete"
    )
    stack.declare(new=org("Acme", adopt=True))
    up = stack.up()
    assert up.shows(f"organization {acme} stays as it is: Organization 'new' of this program manages it now")
    assert set(stack.resources()) == {"new"}
    assert server.proxy.writes == []


def test_a_name_that_is_not_given_up_is_an_error_that_names_the_other_resource(server: Server, stack: Stack) -> None:
    """The engine calls either resource first: whichever comes second is refused, and nothing is written or removed."""
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    server.proxy.clear()
    stack.declare(newcomer=org("Acme", adopt=True), acme=org("Acme Holding", opts={"ignore_changes": ["name"]}))
    failed = stack.fails()
    assert failed.shows("is declared twice")
    assert {stack.id(name) for name in stack.resources()} == {acme}
    assert server.proxy.writes == []


def test_a_user_grant_gets_the_project_grant_that_the_same_run_has_made_anew(server: Server, stack: Stack) -> None:
    """ZITADEL fills in the project grant. One that this run has removed is none of it."""
    tenant = server.admin.create_organization("Tenant")
    granted = project_grant(server.home, server.project, tenant, ["viewer"])
    stack.declare(granted=granted)
    stack.up()
    first = stack.id("granted")
    stack.declare(
        ann=grant(tenant, server.ann, server.project, ["viewer"]),
        granted={**granted, "opts": {"depends_on": ["ann"]}},
        bob=grant(tenant, server.bob, server.project, ["viewer"], opts={"depends_on": ["granted"]}),
    )
    stack.up("--replace", stack.resources()["granted"]["urn"])
    assert stack.outputs("ann")["__filled"] == {"project_grant_id": first}
    assert stack.outputs("bob")["__filled"] == {"project_grant_id": stack.id("granted")} != {"project_grant_id": first}


def test_an_update_with_a_refresh_takes_nothing_over_from_another_resource(server: Server, stack: Stack) -> None:
    """The refresh and the update are one process. What the refresh has seen is no object that this resource had before."""
    stack.declare(acme=org("Acme", opts={"protect": True}))
    stack.up()
    acme = stack.id("acme")
    stack.declare(tenant=org("Acme"))
    server.proxy.clear()
    run = stack.fails("--refresh", "--skip-preview")
    assert run.shows("adopt=True"), run.out
    assert set(stack.resources()) == {"acme"}
    assert stack.id("acme") == acme
