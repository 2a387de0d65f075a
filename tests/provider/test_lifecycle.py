"""The life of organizations and user grants under the real engine: each change makes the calls of the README's
table, and no other write; each preview after an `up` is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project


@pytest.mark.engine_too
def test_an_organization_lives_its_life(every_server: Server, every_stack: Stack) -> None:
    server, stack, proxy = every_server, every_stack, every_server.proxy
    name, other = server.name("Acme"), server.name("Acme Inc")

    stack.declare(acme=org(name))
    assert stack.preview() == {"acme": ["create"]}
    assert proxy.writes == []
    stack.up()
    acme = stack.id("acme")
    assert proxy.writes == ["POST /management/v1/orgs"]
    found = server.admin.organization(acme)
    assert (found["name"], found["state"]) == (name, "ORG_STATE_ACTIVE")
    assert stack.outputs("acme") == {
        "name": name,
        "active": True,
        "adopt": False,
        "allow_lockout": False,
        "deletion_policy": "remove",
        "state": "ORG_STATE_ACTIVE",
        "primary_domain": found["primaryDomain"],
    }

    proxy.clear()
    stack.declare(acme=org(name, active=False))
    assert stack.preview("--refresh") == {"acme": ["update", "active"]}
    stack.up()
    assert proxy.writes == server.changes_of(acme, "deactivate")
    assert server.admin.organization(acme)["state"] == "ORG_STATE_INACTIVE"
    assert stack.outputs("acme")["state"] == "ORG_STATE_INACTIVE"

    proxy.clear()
    stack.declare(acme=org(other, active=False))
    assert stack.preview("--refresh") == {"acme": ["update", "name"]}
    stack.up()
    assert proxy.writes == server.changes_of(acme, "rename")
    renamed = server.admin.organization(acme)
    assert (renamed["name"], renamed["state"]) == (other, "ORG_STATE_INACTIVE")
    assert stack.outputs("acme")["primary_domain"] == renamed["primaryDomain"] != found["primaryDomain"]

    proxy.clear()
    stack.declare(acme=org(name, active=True))
    stack.up()
    assert proxy.writes == server.changes_of(acme, "rename", "activate")
    assert server.admin.organization(acme)["state"] == "ORG_STATE_ACTIVE"
    stack.assert_settled()

    proxy.clear()
    stack.destroy()
    assert proxy.writes == server.changes_of(acme, "remove")
    assert server.shows(lambda: acme not in server.admin.organizations())
    assert stack.resources() == {}


@pytest.mark.engine_too
def test_a_user_grant_lives_its_life(every_server: Server, every_stack: Stack) -> None:
    server, stack, proxy = every_server, every_stack, every_server.proxy
    home, project, ann, bob = server.home, server.project, server.ann, server.bob

    stack.declare(ann=grant(home, ann, project, ["viewer", "admin", "viewer"]))
    stack.up()
    made = stack.id("ann")
    path = f"/management/v1/users/{ann}/grants"
    assert proxy.writes == [f"POST {path}"]
    assert stack.outputs("ann") == {
        "org_id": home,
        "user_id": ann,
        "project_id": project,
        "role_keys": ["admin", "viewer"],
        "active": True,
        "adopt": False,
        "deletion_policy": "remove",
        "state": "USER_GRANT_STATE_ACTIVE",
    }

    proxy.clear()
    stack.declare(ann=grant(home, ann, project, ["admin", "viewer"]))
    assert stack.preview("--refresh") == {}, "role keys are a set"

    stack.declare(ann=grant(home, ann, project, ["admin", "viewer"], active=False))
    assert stack.preview() == {"ann": ["update", "active"]}
    stack.up()
    assert proxy.writes == [f"POST {path}/{made}/_deactivate"]
    assert server.admin.grant(home, ann, made)["state"] == "USER_GRANT_STATE_INACTIVE"

    proxy.clear()
    stack.declare(ann=grant(home, ann, project, ["editor"], active=False))
    assert stack.preview("--refresh") == {"ann": ["update", "role_keys"]}
    stack.up()
    assert proxy.writes == [f"PUT {path}/{made}"]
    found = server.admin.grant(home, ann, made)
    assert (found["roleKeys"], found["state"]) == (["editor"], "USER_GRANT_STATE_INACTIVE")

    proxy.clear()
    stack.declare(ann=grant(home, ann, project, [], active=True))
    stack.up()
    assert proxy.writes == [f"PUT {path}/{made}", f"POST {path}/{made}/_reactivate"]

    proxy.clear()
    stack.declare(ann=grant(home, bob, project, ["viewer"]))
    preview = stack.preview("--refresh")["ann"]
    assert "replace" in preview
    assert "user_id" in preview
    stack.up()
    assert proxy.writes == [f"DELETE {path}/{made}", f"POST /management/v1/users/{bob}/grants"]
    assert list(server.admin.grants(home)) == [stack.id("ann")]
    stack.assert_settled()

    proxy.clear()
    last = stack.id("ann")
    stack.destroy()
    assert proxy.writes == [f"DELETE /management/v1/users/{bob}/grants/{last}"]
    assert server.admin.grants(home) == {}


def test_an_organization_is_deactivated_before_it_is_renamed(every_server: Server, every_stack: Stack) -> None:
    server, stack = every_server, every_stack
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    server.proxy.clear()
    stack.declare(acme=org(server.name("Acme Inc"), active=False))
    stack.up()
    assert server.proxy.writes == server.changes_of(stack.id("acme"), "deactivate", "rename")
    stack.assert_settled()


def test_what_is_born_inactive_is_created_then_deactivated(every_server: Server, every_stack: Stack) -> None:
    server, stack, proxy = every_server, every_stack, every_server.proxy
    stack.declare(
        acme=org(server.name("Acme"), active=False),
        ann=grant(server.home, server.ann, server.project, ["viewer"], active=False),
    )
    stack.up("--parallel", "1")
    acme, ann = stack.id("acme"), stack.id("ann")
    path = f"/management/v1/users/{server.ann}/grants"
    assert sorted(proxy.writes) == sorted(
        [
            "POST /management/v1/orgs",
            *server.changes_of(acme, "deactivate"),
            f"POST {path}",
            f"POST {path}/{ann}/_deactivate",
        ]
    )
    assert server.admin.organization(acme)["state"] == "ORG_STATE_INACTIVE"
    assert server.admin.grant(server.home, server.ann, ann)["state"] == "USER_GRANT_STATE_INACTIVE"
    stack.destroy()
    assert server.shows(lambda: acme not in server.admin.organizations())
    assert server.admin.grants(server.home) == {}


@pytest.mark.engine_too
def test_a_grant_in_an_organization_of_the_same_stack(server: Server, stack: Stack) -> None:
    """Its id is unknown in the first preview."""
    admin = server.admin
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    granted = admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])

    stack.declare(acme=org("Acme"), ann=grant("@acme", server.ann, server.project, ["viewer"]))
    assert stack.preview() == {"ann": ["create"]}
    stack.up()
    assert admin.grants(acme)[stack.id("ann")]["roleKeys"] == ["viewer"]
    assert admin.grants(acme)[stack.id("ann")]["projectGrantId"] == granted, "ZITADEL found the project grant"

    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.preview() == {}, "what the server filled in is no drift"

    stack.declare(
        acme=org("Acme"), ann=grant("@acme", server.ann, server.project, ["viewer"], project_grant_id=granted)
    )
    stack.up()
    assert [each for each in server.proxy.writes if "grants" in each] == [
        f"POST /management/v1/users/{server.ann}/grants"
    ]
    stack.assert_settled()


@pytest.mark.engine_too
def test_unknown_ids_pass_a_preview(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"), ann=grant("@acme", server.ann, server.project, ["viewer"]))
    assert stack.preview() == {"acme": ["create"], "ann": ["create"]}


@pytest.mark.slow
def test_thirty_organizations_and_thirty_grants_go_up_and_down(server: Server, stack: Stack) -> None:
    users = [server.admin.create_user(server.home, f"user{i}") for i in range(30)]
    declared = {f"org{i}": org(f"Tenant {i}", active=i % 3 != 0) for i in range(30)}
    declared |= {
        f"grant{i}": grant(server.home, user, server.project, ["viewer"], active=i % 2 == 0)
        for i, user in enumerate(users)
    }
    before = set(server.admin.organizations())
    stack.declare(**declared)
    stack.up()
    assert stack.preview() == {}
    made = stack.resources()
    assert len(made) == 60
    states = {each["name"]: each["state"] for each in server.admin.organizations().values()}
    assert [states[f"Tenant {i}"] for i in range(30)] == [
        "ORG_STATE_INACTIVE" if i % 3 == 0 else "ORG_STATE_ACTIVE" for i in range(30)
    ]
    grants = server.admin.grants(server.home)
    assert [grants[made[f"grant{i}"]["id"]]["state"].rsplit("_", 1)[1] for i in range(30)] == [
        "ACTIVE",
        "INACTIVE",
    ] * 15
    stack.destroy()
    assert set(server.admin.organizations()) == before
    assert server.admin.grants(server.home) == {}


@pytest.mark.parametrize("declare", [org, lambda name: project("@home", name)], ids=["org", "project"])
def test_two_resources_that_swap_names_are_told_the_way(
    server: Server, stack: Stack, declare: Callable[[str], dict[str, Any]]
) -> None:
    home = {"home": org("Home")}
    stack.declare(**home, a=declare("A"), b=declare("B"))
    stack.up()
    stack.declare(**home, a=declare("B"), b=declare("A"))
    assert stack.fails().shows("give one of them a third name first")
    stack.declare(**home, a=declare("C"), b=declare("A"))
    stack.up()
    stack.declare(**home, a=declare("B"), b=declare("A"))
    stack.up()
    stack.assert_settled()
