"""What was changed outside Pulumi: seen by a refresh, and put right by an `up`."""

from __future__ import annotations

import pytest

from tests.support.servers import Server
from tests.support.stack import Stack, grant, org


@pytest.fixture
def made(any_server: Server, any_stack: Stack) -> Stack:
    """An organization and a grant, as declared."""
    any_stack.declare(
        acme=org(any_server.name("Acme")),
        ann=grant(any_server.home, any_server.ann, any_server.project, ["viewer"]),
    )
    any_stack.up()
    any_server.proxy.clear()
    return any_stack


def test_a_refresh_writes_down_what_is(any_server: Server, made: Stack) -> None:
    admin = any_server.admin
    acme = made.id("acme")
    admin.rename_organization(acme, any_server.name("Other"))
    admin.deactivate_organization(acme)
    made.must("refresh", "--yes", "--skip-preview")
    outputs = made.outputs("acme")
    assert outputs["name"] == any_server.name("Other")
    assert outputs["active"] is False
    assert outputs["state"] == "ORG_STATE_INACTIVE"
    assert outputs["primary_domain"] == admin.organization(acme)["primaryDomain"]
    assert any_server.proxy.writes == []


def test_an_object_that_was_removed_outside_pulumi_is_created_again(any_server: Server, made: Stack) -> None:
    server, admin = any_server, any_server.admin
    acme, ann = made.id("acme"), made.id("ann")
    admin.remove_organization(acme)
    admin.remove_grant(server.home, server.ann, ann)
    assert made.preview("--refresh") == {"acme": ["create"], "ann": ["create"]}
    made.up("--refresh")
    assert made.id("acme") != acme
    assert admin.organization(made.id("acme"))["state"] == "ORG_STATE_ACTIVE"
    assert list(admin.grants(server.home)) == [made.id("ann")] != [ann]
    made.assert_settled()


def test_a_grant_that_went_with_its_user_is_seen(any_server: Server, made: Stack) -> None:
    any_server.admin.remove_user(any_server.home, any_server.ann)
    refreshed = made.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows("does not exist any more")
    assert set(made.resources()) == {"acme"}


def test_a_role_taken_from_the_project_is_drift(any_server: Server, made: Stack) -> None:
    any_server.admin.call("DELETE", f"/management/v1/projects/{any_server.project}/roles/viewer", org=any_server.home)
    assert made.run("refresh", "--preview-only", "--expect-no-changes").code == 7
    # The role cannot be given back.
    assert made.run("preview", "--refresh").shows("Portal has no role 'viewer'; it has admin, editor")


def test_destroy_of_what_is_gone_already_ends_well(any_server: Server, made: Stack) -> None:
    admin = any_server.admin
    admin.remove_grant(any_server.home, any_server.ann, made.id("ann"))
    admin.remove_organization(made.id("acme"))
    made.destroy()
    assert made.resources() == {}
    assert set(any_server.admin.organizations()) >= {any_server.home}


def test_what_is_already_as_wanted_is_not_changed_again(any_server: Server, made: Stack) -> None:
    server = any_server
    server.admin.deactivate_organization(made.id("acme"))
    server.admin.deactivate_grant(server.home, server.ann, made.id("ann"))
    made.declare(
        acme=org(server.name("Acme"), active=False),
        ann=grant(server.home, server.ann, server.project, ["viewer"], active=False),
    )
    made.up()
    # Nothing is read before a user grant is deactivated. Once more changes nothing, and writes no event.
    ann = made.id("ann")
    assert {each.rpartition("/grants/")[2] for each in server.proxy.writes} <= {f"{ann}/_deactivate"}
    deactivations = {"aggregateId": ann, "eventTypes": ["user.grant.deactivated"], "limit": 10}
    assert len(server.admin.call("POST", "/admin/v1/events/_search", deactivations)["events"]) == 1
    assert made.outputs("acme")["state"] == "ORG_STATE_INACTIVE"
    made.assert_settled()
