"""One object, one resource: what one resource of the program manages, another neither takes nor removes."""

from __future__ import annotations

import time

import pytest

from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project


def test_what_is_adopted_under_another_resource_name_is_not_removed_under_the_old_one(
    any_server: Server, any_stack: Stack
) -> None:
    """The engine creates the new resource, which adopts, and then deletes the one that left the program."""
    server, stack = any_server, any_stack
    viewer = grant(server.home, server.ann, server.project, ["viewer"], adopt=True)
    stack.declare(acme=org(server.name("Acme"), adopt=True), ann=viewer)
    stack.up()
    acme, ann = stack.id("acme"), stack.id("ann")
    server.proxy.clear()
    stack.declare(tenant=org(server.name("Acme"), adopt=True), member=viewer)
    up = stack.up()
    assert up.shows(f"organization {acme} stays as it is: Organization 'tenant' of this program manages it now")
    assert (stack.id("tenant"), stack.id("member")) == (acme, ann)
    assert set(stack.resources()) == {"tenant", "member"}
    assert server.proxy.writes == []
    stack.assert_settled()
    stack.destroy()
    assert server.shows(lambda: acme not in server.admin.organizations())
    assert server.shows(lambda: ann not in server.admin.grants(server.home))


@pytest.mark.engine_too
def test_a_name_is_passed_on_in_one_run_to_a_resource_that_waits_for_it(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare(acme=org("Acme Holding"), newcomer=org("Acme", opts={"depends_on": ["acme"]}))
    stack.up()
    names = {each["id"]: each["name"] for each in server.admin.organizations().values()}
    assert (names[stack.id("acme")], names[stack.id("newcomer")]) == ("Acme Holding", "Acme")
    stack.assert_settled()


def with_one_id(server: Server, name: str) -> str:
    """Make an organization and a project that have one id, as callers of the v2 API may choose it."""
    chosen = f"same-id-{time.monotonic_ns()}"
    server.admin.call("POST", "/v2/organizations", {"name": name, "orgId": chosen})
    body = {"organizationId": server.home, "name": name, "projectId": chosen}
    server.admin.call("POST", "/zitadel.project.v2.ProjectService/CreateProject", body)
    return chosen


def test_an_organization_and_a_project_of_one_id_are_two_objects(any_server: Server, any_stack: Stack) -> None:
    server, stack, name = any_server, any_stack, any_server.name("Same")
    both = with_one_id(server, name)
    same = org(name, adopt=True)
    stack.declare(same=same, site=project(server.home, name, adopt=True))
    stack.up()
    assert (stack.id("same"), stack.id("site")) == (both, both)
    stack.assert_settled()
    # The project leaves the program, while the organization of that id stays in it.
    stack.declare(same=same)
    up = stack.up()
    assert not up.shows("stays as it is")
    assert server.shows(lambda: both not in server.admin.projects(server.home))
    assert both in server.admin.organizations()
    stack.assert_settled()
    stack.destroy()
    assert server.shows(lambda: both not in server.admin.organizations())
