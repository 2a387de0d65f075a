"""What exists already: read with `get`, taken over with `adopt`, kept by a deletion policy."""

from __future__ import annotations

import pytest

from tests.support.each_type import EXAMPLES, example
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org


@pytest.mark.engine_too
def test_get_reads_what_exists_and_writes_nothing(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    acme = server.admin.create_organization(server.name("Acme"))
    server.admin.deactivate_organization(acme)
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(
        acme=org() | {"get": acme, "export": ["name", "active", "state", "primary_domain"]},
        ann={
            "kind": "grant",
            "args": {"org_id": server.home},
            "get": ann,
            "export": ["user_id", "project_id", "role_keys", "active", "state"],
        },
    )
    up = stack.up()
    assert up.shows(server.name("Acme"), "ORG_STATE_INACTIVE", server.ann, server.project, "USER_GRANT_STATE_ACTIVE")
    assert server.proxy.writes == []
    stack.destroy()
    assert server.proxy.writes == [], "what was only read is not removed"
    assert server.admin.organization(acme)["state"] == "ORG_STATE_INACTIVE"


def test_get_finds_the_organization_of_a_grant_by_itself(server: Server, stack: Stack) -> None:
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(ann={"kind": "grant", "args": {}, "get": ann, "export": ["org_id"]})
    assert stack.up().shows(server.home)


def test_get_fails_for_what_does_not_exist(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    removed = server.admin.create_organization(server.name("Acme"))
    server.admin.remove_organization(removed)
    stack.declare(acme=org() | {"get": removed})
    assert stack.fails().shows(f"There is no organization {removed} to get")
    stack.declare(acme=org() | {"get": "424242"})
    failed = stack.fails()
    assert failed.shows("This instance has never had organization 424242: is the id right, and is zorg:url")
    assert not failed.shows("stays in the state"), "it is in no state"
    stack.declare(ann={"kind": "grant", "args": {"org_id": server.home}, "get": "424242"})
    assert stack.fails().shows("This instance has never had user grant 424242")


def test_a_name_that_is_taken_is_an_error_that_says_what_to_do(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    acme = server.admin.create_organization(server.name("Acme"))
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(acme=org(server.name("Acme")), ann=grant(server.home, server.ann, server.project, ["admin"]))
    failed = stack.fails()
    assert failed.shows(acme, ann, "adopt=True")
    assert stack.resources() == {}
    assert server.admin.grant(server.home, server.ann, ann)["roleKeys"] == ["viewer"]


@pytest.mark.engine_too
def test_adopt_takes_over_and_brings_to_what_is_declared(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    acme = server.admin.create_organization(server.name("Acme"))
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(
        acme=org(server.name("Acme"), adopt=True, active=False),
        ann=grant(server.home, server.ann, server.project, ["admin"], adopt=True),
        bob=grant(server.home, server.bob, server.project, ["viewer"], adopt=True),
    )
    stack.up()
    assert (stack.id("acme"), stack.id("ann")) == (acme, ann)
    assert sorted(server.proxy.writes) == sorted(
        [
            *server.changes_of(acme, "deactivate"),
            f"PUT /management/v1/users/{server.ann}/grants/{ann}",
            f"POST /management/v1/users/{server.bob}/grants",
        ]
    )
    stack.assert_settled()


def test_adopt_writes_nothing_where_it_agrees(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    acme = server.admin.create_organization(server.name("Acme"))
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer", "admin"])
    stack.declare(
        acme=org(server.name("Acme"), adopt=True),
        ann=grant(server.home, server.ann, server.project, ["admin", "viewer"], adopt=True),
    )
    stack.up()
    assert (stack.id("acme"), stack.id("ann")) == (acme, ann)
    assert server.proxy.writes == []
    stack.assert_settled()


def test_the_deletion_policy_says_what_is_left(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    stack.declare(
        off=org(server.name("Off"), deletion_policy="deactivate"),
        kept=org(server.name("Kept"), deletion_policy="retain"),
        ann=grant(server.home, server.ann, server.project, ["viewer"], deletion_policy="deactivate"),
        bob=grant(server.home, server.bob, server.project, ["viewer"], deletion_policy="retain"),
    )
    stack.up()
    ids = {name: stack.id(name) for name in ("off", "kept", "ann", "bob")}
    server.proxy.clear()
    stack.destroy()
    assert stack.resources() == {}
    assert sorted(server.proxy.writes) == sorted(
        [
            *server.changes_of(ids["off"], "deactivate"),
            f"POST /management/v1/users/{server.ann}/grants/{ids['ann']}/_deactivate",
        ]
    )
    assert server.admin.organization(ids["off"])["state"] == "ORG_STATE_INACTIVE"
    assert server.admin.organization(ids["kept"])["state"] == "ORG_STATE_ACTIVE"
    states = {each["id"]: each["state"] for each in server.admin.grants(server.home).values()}
    assert states == {ids["ann"]: "USER_GRANT_STATE_INACTIVE", ids["bob"]: "USER_GRANT_STATE_ACTIVE"}


@pytest.mark.parametrize("kind", [each for each in EXAMPLES if each != "org"])
def test_who_cannot_see_what_is_to_be_adopted_is_not_told_to_set_adopt(server: Server, stack: Stack, kind: str) -> None:
    """An owner of the organization may not read events, and no list has a phantom."""
    it = example(kind, server)
    made = it.make()
    it.hide(made)
    owner = server.admin.create_user(server.home, "owner")
    server.admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env |= {"ZITADEL_TOKEN": server.admin.create_token(server.home, owner), "ZITADEL_RETRY_DEADLINE": "1"}
    stack.declare(it=it.declare(adopt=True))
    failed = stack.fails()
    assert failed.shows("so it is not adopted", "IAM_OWNER_VIEWER"), failed.out
    assert "set adopt=True" not in failed.out
    stack.declare(it=it.declare())
    assert stack.fails().shows("set adopt=True on this resource")
