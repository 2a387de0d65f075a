"""How many calls a refresh makes, and that a list never hides a change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from pulumi_zorg.resource_types.user_grant.calls import UserGrantCalls
from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import World
from tests.support.stack import grant, org
from tests.unit.clients import Clients

MANY = 40
REFUSED = json.dumps({"code": 7, "message": "No matching permissions found (AUTH-5mWD2)", "details": []})


@pytest.fixture
def clients() -> Iterator[Clients]:
    with Clients() as made:
        yield made


def many(world: World, stack: InProcessStack) -> list[str]:
    """Brings up many organizations, and many grants in one organization; returns the users."""
    users = [world.console.create_user(world.home, f"user{number}") for number in range(MANY)]
    organizations = {f"org{number}": org(f"Tenant {number}") for number in range(MANY)}
    grants = {f"grant{number}": grant(world.home, user, world.project, ["viewer"]) for number, user in enumerate(users)}
    stack.declare(**organizations, **grants)
    stack.up()
    world.proxy.clear()
    return users


def calls(world: World) -> Counter[str]:
    return Counter(f"{each.method} {each.path}" for each in world.proxy.exchanges)


def test_many_resources_are_refreshed_with_few_calls(world: World, stack: InProcessStack) -> None:
    many(world, stack)
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert sum(calls(world).values()) <= 16, calls(world)


def test_few_resources_are_read_by_id(world: World, stack: InProcessStack) -> None:
    stack.declare(**{f"org{number}": org(f"Tenant {number}") for number in range(5)})
    stack.up()
    world.proxy.clear()
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert calls(world) == {"GET /management/v1/orgs/me": 5}


def test_changes_of_some_of_many_resources_are_seen(world: World, stack: InProcessStack) -> None:
    users = many(world, stack)
    console = world.console
    console.deactivate_grant(world.home, users[30], stack.id("grant30"))
    console.remove_grant(world.home, users[31], stack.id("grant31"))
    console.rename_organization(stack.id("org32"), "Other")
    console.remove_organization(stack.id("org33"))
    assert stack.preview("--refresh") == {
        "grant30": ["update", "active"],
        "grant31": ["create"],
        "org32": ["update", "name"],
        "org33": ["create"],
    }


def test_a_list_that_lags_hides_no_recent_change(
    world: World, stack: InProcessStack, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = many(world, stack)
    outdated = UserGrantCalls().list_organization(clients.owner(world), world.home)
    world.console.deactivate_grant(world.home, users[30], stack.id("grant30"))
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: outdated)
    assert stack.preview("--refresh") == {"grant30": ["update", "active"]}


def test_without_lists_everything_is_read_by_id(world: World, stack: InProcessStack) -> None:
    many(world, stack)
    world.proxy.add(Fault("answer", path="(_search|ListAuthorizations)$", status=403, body=REFUSED, times=None))
    assert stack.run("refresh", "--expect-no-changes").code == 0
    found = calls(world)
    assert found["GET /management/v1/orgs/me"] == MANY
    assert sum(count for call, count in found.items() if call.startswith("GET /management/v1/users/")) == MANY


def test_a_few_resources_of_a_large_instance_are_refreshed_with_few_calls(world: World, stack: InProcessStack) -> None:
    """The instance has more pages than the stack has resources: no list of the instance is read to its end."""
    users = [world.console.create_user(world.home, f"user{number}") for number in range(MANY)]
    tenants = [world.console.create_organization(f"Tenant {number}") for number in range(8)]
    for tenant in tenants:
        world.console.grant_project(world.home, world.project, tenant, ["viewer"])
    stack.declare(
        **{
            f"grant{number}": grant(tenant, users[number], world.project, ["viewer"])
            for number, tenant in enumerate(tenants)
        }
    )
    stack.up()
    pages = '{"pagination": {"totalResult": "20000"}, "authorizations": []}'
    world.proxy.clear()
    world.proxy.add(Fault("answer", path="ListAuthorizations$", status=200, body=pages, times=None))
    assert stack.run("refresh", "--expect-no-changes").code == 0
    found = calls(world)
    assert found["POST /zitadel.authorization.v2.AuthorizationService/ListAuthorizations"] == 1
    assert sum(found.values()) == 9
