"""The steps of the drift pipeline against a server: observe, prove removals, find unmanaged objects, explain."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.drift.compare import compare
from pulumi_zorg.drift.pipeline import explain, explain_unmanaged
from pulumi_zorg.drift.report import Drift
from pulumi_zorg.engine.exported import parse_time
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import PermissionDenied, Unauthenticated, UnexpectedAnswer
from pulumi_zorg.resource_types.organization.calls import OrganizationCalls
from pulumi_zorg.resource_types.user_grant.calls import UserGrantCalls
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.reader import FEW, FEW_LISTS
from tests.support.calls import Organizations, UserGrants
from tests.support.servers import Server, emulated
from tests.support.types import ORGANIZATION, USER_GRANT
from tests.support.world import World, affected_by, events_since, find, find_unmanaged, observe
from tests.unit.clients import Clients

BOTH = (ORGANIZATION, USER_GRANT)

ORGANIZATIONS, USER_GRANTS = OrganizationCalls(), UserGrantCalls()


def an_organization(server: Server, name: str) -> Recorded:
    org_id = server.admin.create_organization(server.name(name))
    values = {"name": server.name(name), "active": True}
    return Recorded(f"urn:pulumi:dev::shop::o::{name}", ORGANIZATION, org_id, values, values)


def a_grant(server: Server, user: str, *, org_id: str | None = None, project: str | None = None) -> Recorded:
    where, project = org_id or server.home, project or server.project
    grant_id = server.admin.create_grant(where, user, project, ["viewer"])
    values = {"org_id": where, "user_id": user, "project_id": project, "role_keys": ["viewer"], "active": True}
    return Recorded(f"urn:pulumi:dev::shop::g::{user}", USER_GRANT, grant_id, values, values)


def many(server: Server, count: int = 2 * FEW) -> list[Recorded]:
    """More grants and organizations than are read by id."""
    users = [server.admin.create_user(server.home, f"user{number}{server.tag}") for number in range(count)]
    grants = [a_grant(server, user) for user in users]
    organizations = [an_organization(server, f"Org {number}") for number in range(count)]
    assert server.shows(lambda: {each.id for each in organizations} <= server.organizations())
    assert server.shows(lambda: {each.id for each in grants} <= set(server.admin.grants(server.home)))
    return [*organizations, *grants]


def drifts(client: Client, recorded: Sequence[Recorded]) -> tuple[Drift, ...]:
    observation = observe(World(client), recorded)
    assert observation.unknown == []
    return compare(recorded, observation.objects)


def calls(server: Server) -> Counter[str]:
    return Counter(f"{each.method} {each.path.rsplit('/', 1)[-1]}" for each in server.proxy.exchanges)


def lag(server: Server, seconds: float) -> None:
    httpx.post(f"{server.proxy.target}/debug/lag", json={"seconds": seconds}).raise_for_status()


def test_many_objects_in_sync_take_few_calls(profile_server: Server, clients: Clients) -> None:
    recorded = many(profile_server)
    client = clients.owner(profile_server)
    profile_server.proxy.clear()
    assert drifts(client, recorded) == ()
    assert sum(calls(profile_server).values()) <= 4, calls(profile_server)


def grants_in_many_organizations(server: Server) -> list[Recorded]:
    found = []
    for number in range(FEW + 1):
        tenant = server.admin.create_organization(server.name(f"Tenant {number}"))
        project = server.admin.create_project(tenant, "P", ("viewer",))
        found.append(a_grant(server, server.admin.create_user(tenant, f"u{number}"), org_id=tenant, project=project))
    return found


def test_grants_in_many_organizations_are_not_read_one_by_one(profile_server: Server, clients: Clients) -> None:
    recorded = grants_in_many_organizations(profile_server)
    client = clients.owner(profile_server)
    profile_server.proxy.clear()
    assert drifts(client, recorded) == ()
    assert calls(profile_server)["GET " + recorded[0].id] == 0


@pytest.mark.parametrize(("others", "lists"), [(0, 1), (5_000, 2)])
def test_grants_are_listed_by_their_ids_if_the_instance_has_many_others(
    clients: Clients, others: int, lists: int
) -> None:
    with emulated() as server:
        recorded = grants_in_many_organizations(server)
        client = clients.owner(server)
        server.proxy.clear()
        if others:
            first = json.dumps({"pagination": {"totalResult": str(others)}, "authorizations": []})
            server.proxy.add(Fault("answer", path="ListAuthorizations$", status=200, body=first))
        assert drifts(client, recorded) == ()
        assert calls(server)["POST ListAuthorizations"] == lists
        assert calls(server)["GET " + recorded[0].id] == 0


def test_an_object_that_lists_do_not_show_yet_is_read_by_id(server: Server, clients: Clients) -> None:
    recorded = many(server)
    lag(server, 3600)  # the lists are empty
    server.admin.deactivate_grant(server.home, recorded[-1].all_properties["user_id"], recorded[-1].id)
    assert [each.urn for each in drifts(clients.owner(server), recorded)] == [recorded[-1].urn]


def test_an_object_that_changed_recently_is_read_by_id(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = many(server)
    client = clients.owner(server)
    records = USER_GRANTS.list_organization(client, server.home)
    organizations = ORGANIZATIONS.list_instance(client)
    changed, gone, renamed = recorded[-1], recorded[-2], recorded[0]
    server.admin.set_roles(server.home, changed.all_properties["user_id"], changed.id, ["admin"])
    server.admin.remove_grant(server.home, gone.all_properties["user_id"], gone.id)
    server.admin.rename_organization(renamed.id, server.name("Other"))
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
    monkeypatch.setattr(OrganizationCalls, "list_instance", lambda *args: organizations)
    assert {each.urn for each in drifts(client, recorded)} == {changed.urn, gone.urn, renamed.urn}


def test_where_the_event_store_fails_an_outdated_list_hides_no_change(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = many(server)
    client = clients.owner(server)
    records = USER_GRANTS.list_organization(client, server.home)
    changed = recorded[-1]
    server.admin.set_roles(server.home, changed.all_properties["user_id"], changed.id, ["admin"])
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
    failure = json.dumps({"code": 13, "message": "An internal error occurred", "details": []})
    server.proxy.add(Fault("answer", path="events/_search$", status=500, body=failure, times=None))
    assert [each.urn for each in drifts(client, recorded)] == [changed.urn]


def test_an_outdated_list_is_no_drift(server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = many(server)
    # Without the event store only the read by id shows the change.
    client = clients.member(server, "ORG_OWNER_VIEWER", of=server.home)
    records = USER_GRANTS.list_organization(client, server.home)
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
    last = recorded[-1]
    server.admin.set_roles(server.home, last.all_properties["user_id"], last.id, ["admin"])
    grants = [each for each in recorded[:-1] if each.token == USER_GRANT]
    updated = replace(last, properties={**last.properties, "role_keys": ["admin"]})
    assert drifts(client, [*grants, updated]) == ()


def test_a_phantom_is_drift_although_nothing_of_it_differs(server: Server, clients: Clients) -> None:
    recorded = many(server)
    httpx.post(f"{server.proxy.target}/debug/phantoms", json={"ids": [recorded[-1].id]}).raise_for_status()
    observation = observe(World(clients.owner(server)), recorded)
    assert ["phantom" in warning for warning in observation.warnings] == [True]
    (found,) = compare(recorded, observation.objects)
    assert found.changes == ()
    assert found.urn == recorded[-1].urn
    assert found.phantom is not None
    assert found.phantom.effect == "gives no roles"
    assert f"pulumi up --replace '{found.urn}'" in found.phantom.advice
    renamed, changed = (
        replace(each, properties={**each.properties, "active": False}) for each in (recorded[0], recorded[-1])
    )
    in_order = compare([renamed, *recorded[1:-1], changed], observation.objects)
    assert [(each.urn, bool(each.changes), each.phantom is not None) for each in in_order] == [
        (renamed.urn, True, False),
        (found.urn, True, True),
    ]


def test_without_the_event_store_the_absence_of_many_objects_is_no_removal(server: Server, clients: Clients) -> None:
    """After an upgrade, reads by id can answer 404 and lists be empty for a while."""
    recorded = many(server)
    grants = [each for each in recorded if each.token == USER_GRANT]
    assert len(grants) > FEW
    client = clients.member(server, "ORG_OWNER", of=server.home)
    httpx.post(f"{server.proxy.target}/debug/phantoms", json={"ids": [each.id for each in grants]}).raise_for_status()
    observation = observe(World(client), grants)
    assert observation.objects == {}
    assert len(observation.unknown) == len(grants)
    assert all("Neither reads nor lists have it" in each.why for each in observation.unknown)
    assert all("It stays in the state" in each.why for each in observation.unknown)


def test_removals_are_proven_and_explained(every_server: Server, clients: Clients) -> None:
    server = every_server
    recorded = many(server)
    server.admin.remove_organization(recorded[0].id)
    server.admin.remove_user(server.home, recorded[-1].all_properties["user_id"])
    found = drifts(clients.owner(server), recorded)
    assert [(each.urn, each.removed is not None) for each in found] == [
        (recorded[0].urn, True),
        (recorded[-1].urn, True),
    ]
    assert found[0].by is not None


@pytest.mark.parametrize("count", [2, 2 * FEW])
def test_a_reading_role_on_the_instance_finds_all_drift(server: Server, clients: Clients, count: int) -> None:
    recorded = many(server, count)
    server.admin.deactivate_organization(recorded[0].id)
    server.admin.remove_grant(server.home, recorded[-1].all_properties["user_id"], recorded[-1].id)
    extra = server.admin.create_grant(server.home, server.ann, server.project, ["admin"])
    viewer = clients.member(server, "IAM_OWNER_VIEWER")
    server.proxy.clear()
    assert [each.urn for each in drifts(viewer, recorded)] == [recorded[0].urn, recorded[-1].urn]
    unmanaged, unknown = find_unmanaged(World(viewer), recorded, whole_instance=False, types=BOTH)
    assert ([each.id for each in unmanaged], unknown) == ([extra], ())
    assert server.proxy.writes == []


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 2 * FEW])
def test_a_credential_without_roles_finds_nothing_and_reports_unknown(
    server: Server, clients: Clients, count: int
) -> None:
    recorded = many(server, count)
    observation = observe(World(clients.member(server)), recorded)
    assert observation.objects == {}
    assert [each.urn for each in observation.unknown] == [each.urn for each in recorded]
    assert all("IAM_OWNER_VIEWER" in each.why for each in observation.unknown)
    _, unknown = find_unmanaged(World(clients.member(server)), recorded, whole_instance=False, types=BOTH)
    assert unknown
    with pytest.raises(PermissionDenied):
        find_unmanaged(World(clients.member(server)), recorded, whole_instance=True, types=BOTH)


def test_objects_that_the_credential_may_not_read_are_unknown(server: Server, clients: Clients) -> None:
    mine, other = an_organization(server, "Mine"), an_organization(server, "Other")
    server.admin.deactivate_organization(mine.id)
    observation = observe(World(clients.member(server, "ORG_OWNER_VIEWER", of=mine.id)), [mine, other])
    assert [each.urn for each in compare([mine, other], observation.objects)] == [mine.urn]
    assert [each.urn for each in observation.unknown] == [other.urn]


def test_a_refused_token_is_an_error(server: Server, clients: Clients) -> None:
    recorded = many(server, 1)
    with pytest.raises(Unauthenticated):
        observe(World(clients.holder(server, "wrong")), recorded)


# Unmanaged objects.


def test_unmanaged_objects_of_the_stack_and_of_the_instance_are_found(every_server: Server, clients: Clients) -> None:
    server = every_server
    recorded = [an_organization(server, "Acme"), a_grant(server, server.ann)]
    inside = server.admin.create_project(recorded[0].id, "P", ("viewer",))
    extra = {
        server.admin.create_grant(server.home, server.bob, server.project, ["admin"]),
        server.admin.create_grant(recorded[0].id, server.ann, inside, ["viewer"]),
    }
    elsewhere = server.admin.create_organization(server.name("Elsewhere"))
    foreign = server.admin.create_project(elsewhere, "P", ("viewer",))
    outside = server.admin.create_grant(elsewhere, server.bob, foreign, ["viewer"])
    world = World(clients.owner(server))
    unmanaged, unknown = find_unmanaged(world, recorded, whole_instance=False, types=BOTH)
    assert ({each.id for each in unmanaged}, unknown) == (extra, ())
    unmanaged, unknown = find_unmanaged(world, recorded, whole_instance=True, types=BOTH)
    assert unknown == ()
    assert {*extra, outside, elsewhere, server.home} <= {each.id for each in unmanaged}
    assert not {each.id for each in recorded} & {each.id for each in unmanaged}
    only, _ = find_unmanaged(world, recorded, whole_instance=True, types=(ORGANIZATION,))
    assert {each.token for each in only} == {ORGANIZATION}


def test_an_unmanaged_grant_that_lists_do_not_show_yet_is_found(server: Server, clients: Clients) -> None:
    recorded = [a_grant(server, server.ann)]
    lag(server, 3600)
    extra = server.admin.create_grant(server.home, server.bob, server.project, ["admin"])
    unmanaged, _ = find_unmanaged(World(clients.owner(server)), recorded, whole_instance=False, types=BOTH)
    assert [each.id for each in unmanaged] == [extra]


def test_a_removed_organization_has_no_unmanaged_grants(server: Server, clients: Clients) -> None:
    recorded = [an_organization(server, "Acme")]
    server.admin.remove_organization(recorded[0].id)
    assert find_unmanaged(World(clients.owner(server)), recorded, whole_instance=False, types=BOTH) == ((), ())


def test_a_credential_that_sees_only_some_grants_reports_unknown(server: Server, clients: Clients) -> None:
    part = server.admin.create_user(server.home, "part")
    server.admin.add_member(server.home, part, "ORG_SETTINGS_MANAGER")  # reads the organization, and no grant in it
    body = {"userId": part, "roles": ["PROJECT_OWNER"]}
    server.admin.call("POST", f"/management/v1/projects/{server.project}/members", body, org=server.home)
    other = server.admin.create_project(server.home, "Other", ("viewer",))
    server.admin.create_grant(server.home, server.bob, other, ["viewer"])
    client = clients.holder(server, server.admin.create_token(server.home, part))
    unmanaged, unknown = find_unmanaged(World(client), [a_grant(server, server.ann)], whole_instance=False, types=BOTH)
    assert unmanaged == ()
    assert ["user.grant.read" in each.why for each in unknown] == [True]


def test_a_lost_header_is_unknown_and_shows_no_other_organizations_grants(server: Server, clients: Clients) -> None:
    server.proxy.add(Fault("strip", times=None))
    recorded = [an_organization(server, "Acme")]
    unmanaged, unknown = find_unmanaged(World(clients.owner(server)), recorded, whole_instance=False, types=BOTH)
    assert unmanaged == ()
    assert ["x-zitadel-orgid" in each.why for each in unknown] == [True]


def test_a_list_that_changed_while_it_was_read_is_an_error(server: Server, clients: Clients) -> None:
    body = '{"details": {"totalResult": "2"}, "result": []}'
    server.proxy.add(Fault("answer", path="grants/_search", status=200, body=body, times=None))
    with pytest.raises(UnexpectedAnswer, match="counts 2, but showed 0"):
        USER_GRANTS.list_organization(clients.owner(server), server.home)


def test_many_unmanaged_grants_take_few_calls(profile_server: Server, clients: Clients) -> None:
    server, admin = profile_server, profile_server.admin
    users = [admin.create_user(server.home, f"user{number}") for number in range(30)]
    extra = {admin.create_grant(server.home, user, server.project, ["admin"]) for user in users}
    world = World(clients.owner(server))
    server.proxy.clear()
    unmanaged, unknown = find_unmanaged(world, [a_grant(server, server.ann)], whole_instance=False, types=BOTH)
    explained = explain_unmanaged(world, unmanaged)
    assert ({each.observed.id for each in explained}, unknown) == (extra, ())
    assert all(each.by and each.observed.created for each in explained)
    assert sum(calls(server).values()) <= 6, calls(server)
    # They are explained as a read by id shows them.
    for each in unmanaged[:2]:
        read = find(world.client, each.token, each.id, {"org_id": server.home})
        assert isinstance(read, Observed)
        assert (each.properties, each.created) == (read.properties, read.created)


def test_unmanaged_grants_in_many_organizations_take_few_calls(server: Server, clients: Clients) -> None:
    recorded = [an_organization(server, f"Org {number}") for number in range(2 * FEW_LISTS)]
    gone = recorded.pop()
    project = server.admin.create_project(recorded[0].id, "P", ("viewer",))
    extra = server.admin.create_grant(recorded[0].id, server.ann, project, ["viewer"])
    server.admin.create_grant(server.home, server.bob, server.project, ["admin"])  # not of the stack
    server.admin.remove_organization(gone.id)
    world = World(clients.owner(server))
    server.proxy.clear()
    unmanaged, unknown = find_unmanaged(world, [*recorded, gone], whole_instance=False, types=BOTH)
    assert ([each.id for each in unmanaged], unknown) == ([extra], ())
    assert sum(calls(server).values()) <= 9, calls(server)


def test_a_removed_grant_that_lists_still_show_is_not_reported(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = [a_grant(server, server.ann)]
    extra = server.admin.create_grant(server.home, server.bob, server.project, ["admin"])
    owner, viewer = clients.owner(server), clients.member(server, "ORG_OWNER_VIEWER", of=server.home)
    records = USER_GRANTS.list_organization(owner, server.home)
    server.admin.remove_grant(server.home, server.bob, extra)
    for client in (owner, viewer):
        monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
        assert find_unmanaged(World(client), recorded, whole_instance=False, types=BOTH) == ((), ())


@pytest.mark.parametrize("how", ["organization", "project", "users"])
def test_many_grants_removed_with_another_object_take_few_calls(
    profile_server: Server, clients: Clients, how: str
) -> None:
    server, admin = profile_server, profile_server.admin
    tenant = an_organization(server, "Tenant")
    project = admin.create_project(tenant.id, "P", ("viewer",))
    users = [admin.create_user(tenant.id, f"user{number}") for number in range(30)]
    taken = [a_grant(server, user, org_id=tenant.id, project=project) for user in users]
    people = [admin.create_user(server.home, f"other{number}") for number in range(30)]
    left = [a_grant(server, user) for user in people]
    client = clients.owner(server)
    match how:
        case "organization":
            admin.remove_organization(tenant.id)
        case "project":
            admin.call("DELETE", f"/management/v1/projects/{project}", org=tenant.id)
        case "users":
            for user in users:
                admin.remove_user(tenant.id, user)
    server.proxy.clear()
    found = drifts(client, [*taken, *left])
    assert [each.urn for each in found if each.removed] == [each.urn for each in taken]
    assert len(found) == len(taken)
    assert all(each.when for each in found)
    assert sum(calls(server).values()) <= 10, calls(server)


def test_an_instance_that_shows_no_organizations_is_an_error(server: Server, clients: Clients) -> None:
    server.proxy.add(Fault("answer", path="admin/v1/orgs/_search", status=200, body='{"details": {}}', times=None))
    world = World(clients.owner(server))
    with pytest.raises(UnexpectedAnswer, match="the server shows none"):
        find_unmanaged(world, [], whole_instance=True, types=BOTH)


# The event store.


def test_events_are_read_to_the_last_page(server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.api.events._PAGE", 7)
    client = clients.owner(server)
    begun = Organizations(client).read(server.home).details.creation_date
    assert begun is not None
    made = {server.admin.create_organization(server.name(f"Org {number}")) for number in range(20)}
    events = client.events.since(begun, ["org.added"])
    assert events is not None
    assert made <= {event.aggregate.id for event in events}


def test_more_events_at_one_moment_than_an_answer_holds_are_not_all_known(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulumi_zorg.api.events._PAGE", 2)
    at = "2026-11-23T08:00:00.000000Z"
    kind = {"type": "org.added"}
    events = [{"type": kind, "aggregate": {"id": str(number), "type": kind}, "creationDate": at} for number in range(2)]
    body = json.dumps({"events": events})
    server.proxy.add(Fault("answer", path="events/_search", status=200, body=body, times=None))
    assert clients.owner(server).events.since(parse_time("2026-11-23"), ["org.added"]) is None


@pytest.mark.parametrize("how", ["user", "project", "role", "grant"])
def test_the_removal_of_another_object_affects_a_grant(server: Server, clients: Clients, how: str) -> None:
    project = server.admin.create_project(server.home, "Shop", ("viewer",))
    taken, left = a_grant(server, server.ann, project=project), a_grant(server, server.bob)
    client = clients.owner(server)
    since = UserGrants(client).read(server.home, left.id, server.bob).details.creation_date
    assert since is not None
    match how:
        case "user":
            server.admin.remove_user(server.home, server.ann)
        case "project":
            server.admin.call("DELETE", f"/management/v1/projects/{project}", org=server.home)
        case "role":
            server.admin.call("DELETE", f"/management/v1/projects/{project}/roles/viewer", org=server.home)
        case "grant":
            server.admin.remove_grant(server.home, server.ann, taken.id)
    events = events_since(client, since)
    assert events is not None
    assert affected_by(World(client), events, [taken, left]) == [taken]
    assert [each.urn for each in drifts(client, [taken, left])] == [taken.urn]


def test_the_removal_of_the_users_organization_affects_a_grant(server: Server, clients: Clients) -> None:
    tenant = server.admin.create_organization(server.name("Tenant"))
    grant = a_grant(server, server.admin.create_user(tenant, "guest"))
    client = clients.owner(server)
    since = UserGrants(client).read(server.home, grant.id).details.creation_date
    assert since is not None
    server.admin.remove_organization(tenant)
    events = events_since(client, since)
    assert events is not None
    assert affected_by(World(client), events, [grant]) == [grant]
    assert isinstance(observe(World(client), [grant]).objects[grant.key], Removal)


def test_changes_are_explained_with_who_and_when(server: Server, clients: Clients) -> None:
    acme = an_organization(server, "Acme")
    server.admin.rename_organization(acme.id, server.name("Other"))
    server.admin.deactivate_organization(acme.id)
    client = clients.owner(server)
    (drift,) = explain(World(client), drifts(client, [acme]), [acme])
    explained = {each.property: (each.by, each.when) for each in drift.changes}
    assert {by for by, _ in explained.values()} == {drift.by} != {None}
    assert explained["name"][1] < explained["active"][1] == drift.when  # type: ignore[operator]  # None would fail the test


def test_without_the_event_store_drift_is_reported_without_who_and_when(server: Server, clients: Clients) -> None:
    acme = an_organization(server, "Acme")
    server.admin.deactivate_organization(acme.id)
    client = clients.member(server, "ORG_OWNER_VIEWER", of=acme.id)
    (drift,) = explain(World(client), drifts(client, [acme]), [acme])
    assert (drift.by, drift.when) == (None, None)
    assert isinstance(observe(World(client), [acme]).objects[acme.key], Observed)
