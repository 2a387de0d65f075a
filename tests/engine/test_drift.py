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


def test_a_refresh_of_many_that_finds_no_change_leaves_the_state_as_it_is(server: Server, stack: Stack) -> None:
    """So many that a list confirms most of them: the provider returns what it was given, and no inputs."""
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(8)]
    stack.declare(
        **{f"grant{number}": grant(server.home, user, server.project, ["viewer"]) for number, user in enumerate(users)}
    )
    stack.up()
    before = stack.resources()
    stack.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    for name, resource in stack.resources().items():
        for part in ("id", "inputs", "outputs", "modified"):
            assert resource.get(part) == before[name].get(part), (name, part)
    server.admin.deactivate_grant(server.home, users[7], stack.id("grant7"))
    assert stack.preview("--refresh") == {"grant7": ["update", "active"]}
