"""How many calls a refresh makes, and that a list never hides a change."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pulumi_zorg.resource_types.user_grant.calls import UserGrantCalls
from pulumi_zorg.testing import Fault
from tests.provider.test_zorg_drift import MakeDrift, drift_of  # noqa: F401 - the fixture
from tests.support.in_process import InProcessStack
from tests.support.measured_calls import MANY as SOME
from tests.support.measured_calls import kinds
from tests.support.servers import Server
from tests.support.stack import TOKENS, grant, org
from tests.unit.clients import Clients

MANY, FEW = 40, 8
BROKEN = json.dumps({"code": 13, "message": "An internal error occurred", "details": []})
REFUSED = json.dumps({"code": 7, "message": "No matching permissions found (AUTH-5mWD2)", "details": []})


@pytest.fixture
def clients() -> Iterator[Clients]:
    with Clients() as made:
        yield made


def many(server: Server, stack: InProcessStack) -> list[str]:
    """Brings up many organizations, and many grants in one organization; returns the users."""
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(MANY)]
    organizations = {f"org{number}": org(f"Tenant {number}") for number in range(MANY)}
    grants = {
        f"grant{number}": grant(server.home, user, server.project, ["viewer"]) for number, user in enumerate(users)
    }
    stack.declare(**organizations, **grants)
    stack.up()
    server.proxy.clear()
    return users


def calls(server: Server) -> Counter[str]:
    return Counter(f"{each.method} {each.path}" for each in server.proxy.exchanges)


@pytest.mark.slow
def test_many_resources_are_refreshed_with_few_calls(server: Server, stack: InProcessStack) -> None:
    many(server, stack)
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert sum(calls(server).values()) <= 16, calls(server)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOKENS)
def test_a_refresh_right_after_a_change_of_everything_takes_as_many_calls_as_later(
    server: Server, stack: InProcessStack, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = kinds(server)[kind]
    states: list[Mapping[str, Any]] = [{}, {"active": False}, {"active": True}] if made.has_states else [{}]
    taken = list[Counter[str]]()
    for changed in (*states, None):
        given = [made.changed(number) if changed is None else changed for number in range(SOME)]
        stack.declare(**{f"r{number}": made.declare(number, **each) for number, each in enumerate(given)})
        stack.up()
        server.proxy.clear()
        assert stack.run("refresh", "--expect-no-changes").code == 0
        taken.append(calls(server))
    monkeypatch.setattr("pulumi_zorg.world.changes.LONGEST_LAG", timedelta(seconds=-5))  # an hour later
    server.proxy.clear()
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert [each.total() for each in taken] == [calls(server).total()] * len(taken), taken


def test_few_resources_are_read_by_id(server: Server, stack: InProcessStack) -> None:
    stack.declare(**{f"org{number}": org(f"Tenant {number}") for number in range(5)})
    stack.up()
    server.proxy.clear()
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert calls(server) == {"GET /management/v1/orgs/me": 5}


@pytest.mark.slow
def test_changes_of_some_of_many_resources_are_seen(server: Server, stack: InProcessStack) -> None:
    users = many(server, stack)
    admin = server.admin
    admin.deactivate_grant(server.home, users[30], stack.id("grant30"))
    admin.remove_grant(server.home, users[31], stack.id("grant31"))
    admin.rename_organization(stack.id("org32"), "Other")
    admin.remove_organization(stack.id("org33"))
    assert stack.preview("--refresh") == {
        "grant30": ["update", "active"],
        "grant31": ["create"],
        "org32": ["update", "name"],
        "org33": ["create"],
    }


@pytest.mark.slow
def test_a_list_that_lags_hides_no_recent_change(
    server: Server, stack: InProcessStack, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = many(server, stack)
    outdated = UserGrantCalls().list_organization(clients.owner(server), server.home)
    server.admin.deactivate_grant(server.home, users[30], stack.id("grant30"))
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: outdated)
    assert stack.preview("--refresh") == {"grant30": ["update", "active"]}


@pytest.mark.parametrize("command", ["refresh", "drift"])
def test_lists_that_stand_still_after_a_change_of_everything_hide_no_later_change(
    server: Server,
    stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
    command: str,
) -> None:
    admin, users = server.admin, [server.admin.create_user(server.home, f"user{number}") for number in range(24)]

    def declared(**args: Any) -> dict[str, Any]:
        made = [grant(server.home, user, server.project, **args) for user in users]
        return {f"grant{number}": each for number, each in enumerate(made)}

    stack.declare(**declared(roles=["viewer"]))
    stack.up()
    stack.declare(**declared(roles=["editor"], active=False))
    stack.up()
    admin.call("POST", "/debug/lag", {"since": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"})
    for number in (8, 9, 10):
        admin.reactivate_grant(server.home, users[number], stack.id(f"grant{number}"))
    admin.deactivate_grant(server.home, users[9], stack.id("grant9"))
    for number in (10, 11):
        admin.set_roles(server.home, users[number], stack.id(f"grant{number}"), ["admin"])
    admin.remove_grant(server.home, users[12], stack.id("grant12"))
    admin.call("DELETE", f"/management/v1/users/{users[13]}", org=server.home)
    server.proxy.clear()
    if command == "refresh":
        found = {name: rest for name, (_, *rest) in stack.preview("--refresh").items()}
    else:
        drifted = drift_of(stack).drifted()
        found = {name: [] if rest == "removed" else sorted(rest) for name, rest in drifted.items()}
    assert found == {
        "grant8": ["active"],
        "grant10": ["active", "role_keys"],
        "grant11": ["role_keys"],
        "grant12": [],
        "grant13": [],
    }
    read_by_id = [each for each in server.proxy.exchanges if re.search("/users/[0-9]+/grants/", each.path)]
    assert len({each.path for each in read_by_id}) <= 12, "the list confirms the others"


def test_a_list_hides_no_change_that_was_lost_after_a_change_of_everything(
    server: Server,
    stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
) -> None:
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(24)]
    for active in (True, False):
        stack.declare(
            **{
                f"grant{number}": grant(server.home, user, server.project, ["viewer"], active=active)
                for number, user in enumerate(users)
            }
        )
        stack.up()
    server.admin.call("POST", "/debug/lost-changes", {"next": 1})
    server.admin.reactivate_grant(server.home, users[9], stack.id("grant9"))
    assert stack.must("refresh").shows("warning:", stack.id("grant9"), "accepted its reactivation")
    (found,) = drift_of(stack).report(code=7)["drifted"]
    assert found["urn"].endswith("::grant9")
    assert found["changes"][0]["lost"]


@pytest.mark.slow
def test_without_lists_everything_is_read_by_id(server: Server, stack: InProcessStack) -> None:
    many(server, stack)
    server.proxy.add(Fault("answer", path="(_search|ListAuthorizations)$", status=403, body=REFUSED, times=None))
    assert stack.run("refresh", "--expect-no-changes").code == 0
    found = calls(server)
    assert found["GET /management/v1/orgs/me"] == MANY
    assert sum(count for call, count in found.items() if call.startswith("GET /management/v1/users/")) == MANY


def test_without_a_proper_answer_of_the_event_store_everything_is_read_by_id(
    server: Server, stack: InProcessStack
) -> None:
    """A refusal is another matter: such a caller never sees what a list may not show yet."""
    stack.declare(**{f"org{number}": org(f"Tenant {number}") for number in range(FEW)})
    stack.up()
    server.proxy.clear()
    server.proxy.add(Fault("answer", path="events/_search$", status=500, body=BROKEN, times=None))
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert calls(server)["GET /management/v1/orgs/me"] == FEW


#: The first page of a list that has many: with v1's name of the number of all entries, and with v2's.
LONG_LIST = json.dumps({"details": {"totalResult": "100000"}, "pagination": {"totalResult": "100000"}})


def refreshed_beside_a_long_list(server: Server, stack: InProcessStack, path: str) -> Counter[str]:
    """Refreshes the stack where a list has more pages than the stack has resources; returns the calls by their path."""
    server.proxy.clear()
    server.proxy.add(Fault("answer", path=f"{path}$", status=200, body=LONG_LIST, times=None))
    assert stack.run("refresh", "--expect-no-changes").code == 0
    return Counter(each.path for each in server.proxy.exchanges)


def test_a_few_grants_of_a_large_instance_are_refreshed_with_few_calls(server: Server, stack: InProcessStack) -> None:
    tenants = [server.admin.create_organization(f"Tenant {number}") for number in range(FEW)]
    for tenant in tenants:
        server.admin.grant_project(server.home, server.project, tenant, ["viewer"])
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(FEW)]
    stack.declare(
        **{
            f"grant{number}": grant(tenant, users[number], server.project, ["viewer"])
            for number, tenant in enumerate(tenants)
        }
    )
    stack.up()
    found = refreshed_beside_a_long_list(server, stack, "ListAuthorizations")
    assert found["/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"] == 1
    assert sum(found.values()) == FEW + 1


def test_a_few_grants_of_a_large_organization_are_refreshed_with_few_calls(
    server: Server, stack: InProcessStack
) -> None:
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(FEW)]
    stack.declare(
        **{f"grant{number}": grant(server.home, user, server.project, ["viewer"]) for number, user in enumerate(users)}
    )
    stack.up()
    found = refreshed_beside_a_long_list(server, stack, "users/grants/_search")
    assert found["/management/v1/users/grants/_search"] == 1
    # The list of the instance is not that long here.
    assert sum(found.values()) <= FEW + 3


def test_a_few_organizations_of_a_large_instance_are_refreshed_with_few_calls(
    server: Server, stack: InProcessStack
) -> None:
    stack.declare(**{f"org{number}": org(f"Tenant {number}") for number in range(FEW)})
    stack.up()
    found = refreshed_beside_a_long_list(server, stack, "orgs/_search")
    assert found["/management/v1/orgs/me"] == FEW
    assert found["/admin/v1/orgs/_search"] == 1


def test_grants_whose_project_grant_zitadel_filled_in_are_confirmed_by_a_list(
    server: Server, stack: InProcessStack
) -> None:
    """The state has what was filled in apart from what was declared, and a list shows it as any other property."""
    tenant = server.admin.create_organization("Tenant")
    granted = server.admin.grant_project(server.home, server.project, tenant, ["viewer"])
    users = [server.admin.create_user(tenant, f"user{number}") for number in range(2 * FEW)]
    stack.declare(
        **{f"grant{number}": grant(tenant, user, server.project, ["viewer"]) for number, user in enumerate(users)}
    )
    stack.up()
    assert stack.outputs("grant0")["__filled"] == {"project_grant_id": granted}
    server.proxy.clear()
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert sum(calls(server).values()) <= FEW + 3, calls(server)


def test_a_project_grant_that_is_another_one_by_now_is_not_confirmed(server: Server, stack: InProcessStack) -> None:
    tenant = server.admin.create_organization("Tenant")
    first = server.admin.grant_project(server.home, server.project, tenant, ["viewer"])
    users = [server.admin.create_user(tenant, f"user{number}") for number in range(FEW)]
    stack.declare(
        **{f"grant{number}": grant(tenant, user, server.project, ["viewer"]) for number, user in enumerate(users)}
    )
    stack.up()
    last = f"grant{FEW - 1}"
    assert stack.outputs(last)["__filled"] == {"project_grant_id": first}
    stack.outputs(last)["__filled"] = {"project_grant_id": "another"}
    server.proxy.clear()
    stack.must("refresh")
    assert calls(server)[f"GET /management/v1/users/{users[-1]}/grants/{stack.id(last)}"] == 1


def test_a_refresh_after_many_organizations_were_removed_takes_as_many_calls_as_later(
    server: Server, stack: InProcessStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, users = server.admin, [server.admin.create_user(server.home, f"user{number}") for number in range(2 * FEW)]
    granted = {
        f"grant{number}": grant(server.home, user, server.project, ["viewer"]) for number, user in enumerate(users)
    }
    stack.declare(**granted)
    stack.up()
    for each in [admin.create_organization(f"Tenant {number}") for number in range(2 * FEW)]:
        admin.remove_organization(each)
    server.proxy.clear()
    assert stack.run("refresh", "--expect-no-changes").code == 0
    directly = calls(server)
    monkeypatch.setattr("pulumi_zorg.world.changes.LONGEST_LAG", timedelta(seconds=-5))  # an hour later
    server.proxy.clear()
    assert stack.run("refresh", "--expect-no-changes").code == 0
    assert directly.total() == calls(server).total(), directly


@pytest.mark.parametrize("of_the_project", [False, True])
def test_a_list_hides_no_grant_that_went_with_another_organization(
    server: Server, stack: InProcessStack, of_the_project: bool
) -> None:
    """The organization of the users, or of the project, was removed, which writes no event of the user grants."""
    admin, tenant, vendor = server.admin, server.admin.create_organization("Tenant"), server.home
    project, owner = server.project, tenant
    if of_the_project:
        vendor = admin.create_organization("Vendor")
        project, owner = admin.create_project(vendor, "Shop", ["viewer"]), server.home
    project_grant = admin.grant_project(vendor, project, tenant, ["viewer"]) if of_the_project else None
    users = [admin.create_user(owner, f"user{number}") for number in range(2 * FEW)]
    org_id = tenant if of_the_project else server.home
    granted = [grant(org_id, user, project, ["viewer"], project_grant_id=project_grant) for user in users]
    stack.declare(**{f"grant{number}": each for number, each in enumerate(granted)})
    stack.up()
    admin.call("POST", "/debug/lag", {"since": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"})
    admin.remove_organization(vendor if of_the_project else tenant)
    refreshed = stack.must("refresh")
    assert stack.resources() == {}, refreshed.out
