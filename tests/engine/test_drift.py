"""What somebody changed outside Pulumi: seen by a refresh, told by a preview, put right by an `up`."""

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


def test_drift_is_shown_by_property_and_corrected(any_server: Server, made: Stack) -> None:
    server, admin = any_server, any_server.admin
    acme, ann = made.id("acme"), made.id("ann")
    admin.rename_organization(acme, server.name("Other"))
    admin.deactivate_organization(acme)
    admin.set_roles(server.home, server.ann, ann, ["admin", "viewer"])
    admin.deactivate_grant(server.home, server.ann, ann)

    before = made.state()
    drift = made.run("refresh", "--preview-only", "--expect-no-changes", "--diff")
    assert drift.code == 7
    assert drift.shows("~ active: true => false", "~ name:", "~ role_keys:")
    assert made.preview("--refresh") == {
        "acme": ["update", "active", "name"],
        "ann": ["update", "active", "role_keys"],
    }
    assert made.state() == before, "a preview changes nothing"
    assert server.proxy.writes == []

    made.up("--refresh")
    found = admin.organization(acme)
    assert (found["name"], found["state"]) == (server.name("Acme"), "ORG_STATE_ACTIVE")
    put_right = admin.grant(server.home, server.ann, ann)
    assert (put_right["roleKeys"], put_right["state"]) == (["viewer"], "USER_GRANT_STATE_ACTIVE")
    assert made.run("refresh", "--preview-only", "--expect-no-changes").code == 0
