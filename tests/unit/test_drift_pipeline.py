"""The steps of the drift pipeline against a server: observe, prove removals, find unmanaged objects, explain."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from pulumi_zorg.affected_by import affected_by, events_since
from pulumi_zorg.client import Client
from pulumi_zorg.drift.compare import compare
from pulumi_zorg.drift.concurrency import Reader
from pulumi_zorg.drift.explain import explain, explain_unmanaged
from pulumi_zorg.drift.observe import FEW, FEW_LISTS, find, observe
from pulumi_zorg.drift.report import Drift
from pulumi_zorg.drift.unmanaged import find_unmanaged
from pulumi_zorg.errors import PermissionDenied, Unauthenticated, UnexpectedAnswer
from pulumi_zorg.observed import Observed, Removal
from pulumi_zorg.resource_types.organization.calls import OrganizationCalls
from pulumi_zorg.resource_types.user_grant.calls import UserGrantCalls
from pulumi_zorg.state import Recorded, parse_time
from pulumi_zorg.testing import Fault
from tests.support.calls import Organizations, UserGrants
from tests.support.servers import World
from tests.support.types import ORGANIZATION, USER_GRANT
from tests.unit.clients import Clients

BOTH = (ORGANIZATION, USER_GRANT)

ORGANIZATIONS, USER_GRANTS = OrganizationCalls(), UserGrantCalls()


def an_organization(world: World, name: str) -> Recorded:
    org_id = world.console.create_organization(world.name(name))
    values = {"name": world.name(name), "active": True}
    return Recorded(f"urn:pulumi:dev::shop::o::{name}", ORGANIZATION, org_id, values, values)


def a_grant(world: World, user: str, *, org_id: str | None = None, project: str | None = None) -> Recorded:
    where, project = org_id or world.home, project or world.project
    grant_id = world.console.create_grant(where, user, project, ["viewer"])
    values = {"org_id": where, "user_id": user, "project_id": project, "role_keys": ["viewer"], "active": True}
    return Recorded(f"urn:pulumi:dev::shop::g::{user}", USER_GRANT, grant_id, values, values)


def many(world: World, count: int = 2 * FEW) -> list[Recorded]:
    """More grants and organizations than are read by id."""
    users = [world.console.create_user(world.home, f"user{number}{world.tag}") for number in range(count)]
    grants = [a_grant(world, user) for user in users]
    organizations = [an_organization(world, f"Org {number}") for number in range(count)]
    assert world.shows(lambda: {each.id for each in organizations} <= world.organizations())
    assert world.shows(lambda: {each.id for each in grants} <= set(world.console.grants(world.home)))
    return [*organizations, *grants]


def drifts(client: Client, recorded: Sequence[Recorded]) -> tuple[Drift, ...]:
    observation = observe(Reader(client), recorded)
    assert observation.unknown == []
    return compare(recorded, observation.objects)


def calls(world: World) -> Counter[str]:
    return Counter(f"{each.method} {each.path.rsplit('/', 1)[-1]}" for each in world.proxy.exchanges)


def lag(world: World, seconds: float) -> None:
    httpx.post(f"{world.proxy.target}/debug/lag", json={"seconds": seconds}).raise_for_status()


def test_many_objects_in_sync_take_few_calls(profile_world: World, clients: Clients) -> None:
    recorded = many(profile_world)
    client = clients.owner(profile_world)
    profile_world.proxy.clear()
    assert drifts(client, recorded) == ()
    assert sum(calls(profile_world).values()) <= 4, calls(profile_world)


def test_grants_in_many_organizations_are_listed_by_id(profile_world: World, clients: Clients) -> None:
    world, recorded = profile_world, []
    for number in range(FEW + 1):
        tenant = world.console.create_organization(world.name(f"Tenant {number}"))
        project = world.console.create_project(tenant, "P", ("viewer",))
        recorded.append(a_grant(world, world.console.create_user(tenant, f"u{number}"), org_id=tenant, project=project))
    client = clients.owner(world)
    world.proxy.clear()
    assert drifts(client, recorded) == ()
    assert calls(world)["GET " + recorded[0].id] == 0


def test_an_object_that_lists_do_not_show_yet_is_read_by_id(world: World, clients: Clients) -> None:
    recorded = many(world)
    lag(world, 3600)  # the lists are empty
    world.console.deactivate_grant(world.home, recorded[-1].known["user_id"], recorded[-1].id)
    assert [each.urn for each in drifts(clients.owner(world), recorded)] == [recorded[-1].urn]


def test_an_object_that_changed_recently_is_read_by_id(
    world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = many(world)
    client = clients.owner(world)
    records = USER_GRANTS.list_organization(client, world.home)
    organizations = ORGANIZATIONS.list_instance(client)
    changed, gone, renamed = recorded[-1], recorded[-2], recorded[0]
    world.console.set_roles(world.home, changed.known["user_id"], changed.id, ["admin"])
    world.console.remove_grant(world.home, gone.known["user_id"], gone.id)
    world.console.rename_organization(renamed.id, world.name("Other"))
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
    monkeypatch.setattr(OrganizationCalls, "list_instance", lambda *args: organizations)
    assert {each.urn for each in drifts(client, recorded)} == {changed.urn, gone.urn, renamed.urn}


def test_an_outdated_list_is_no_drift(world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = many(world)
    # Without the event store only the read by id shows the change.
    client = clients.member(world, "ORG_OWNER_VIEWER", of=world.home)
    records = USER_GRANTS.list_organization(client, world.home)
    monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
    last = recorded[-1]
    world.console.set_roles(world.home, last.known["user_id"], last.id, ["admin"])
    grants = [each for each in recorded[:-1] if each.type == USER_GRANT]
    updated = replace(last, properties={**last.properties, "role_keys": ["admin"]})
    assert drifts(client, [*grants, updated]) == ()


def test_a_phantom_is_no_drift(world: World, clients: Clients) -> None:
    recorded = many(world)
    httpx.post(f"{world.proxy.target}/debug/phantoms", json={"ids": [recorded[-1].id]}).raise_for_status()
    observation = observe(Reader(clients.owner(world)), recorded)
    assert compare(recorded, observation.objects) == ()
    assert ["phantom" in warning for warning in observation.warnings] == [True]


def test_removals_are_proven_and_explained(every_world: World, clients: Clients) -> None:
    world = every_world
    recorded = many(world)
    world.console.remove_organization(recorded[0].id)
    world.console.remove_user(world.home, recorded[-1].known["user_id"])
    found = drifts(clients.owner(world), recorded)
    assert [(each.urn, each.removed is not None) for each in found] == [
        (recorded[0].urn, True),
        (recorded[-1].urn, True),
    ]
    assert found[0].by is not None


@pytest.mark.parametrize("count", [2, 2 * FEW])
def test_a_reading_role_on_the_instance_finds_all_drift(world: World, clients: Clients, count: int) -> None:
    recorded = many(world, count)
    world.console.deactivate_organization(recorded[0].id)
    world.console.remove_grant(world.home, recorded[-1].known["user_id"], recorded[-1].id)
    extra = world.console.create_grant(world.home, world.ann, world.project, ["admin"])
    viewer = clients.member(world, "IAM_OWNER_VIEWER")
    world.proxy.clear()
    assert [each.urn for each in drifts(viewer, recorded)] == [recorded[0].urn, recorded[-1].urn]
    unmanaged, unknown = find_unmanaged(Reader(viewer), recorded, whole_instance=False, types=BOTH)
    assert ([each.id for each in unmanaged], unknown) == ([extra], ())
    assert world.proxy.writes == []


@pytest.mark.parametrize("count", [2, 2 * FEW])
def test_a_credential_without_roles_finds_nothing_and_reports_unknown(
    world: World, clients: Clients, count: int
) -> None:
    recorded = many(world, count)
    observation = observe(Reader(clients.member(world)), recorded)
    assert observation.objects == {}
    assert [each.urn for each in observation.unknown] == [each.urn for each in recorded]
    assert all("IAM_OWNER_VIEWER" in each.why for each in observation.unknown)
    _, unknown = find_unmanaged(Reader(clients.member(world)), recorded, whole_instance=False, types=BOTH)
    assert unknown
    with pytest.raises(PermissionDenied):
        find_unmanaged(Reader(clients.member(world)), recorded, whole_instance=True, types=BOTH)


def test_objects_that_the_credential_may_not_read_are_unknown(world: World, clients: Clients) -> None:
    mine, other = an_organization(world, "Mine"), an_organization(world, "Other")
    world.console.deactivate_organization(mine.id)
    observation = observe(Reader(clients.member(world, "ORG_OWNER_VIEWER", of=mine.id)), [mine, other])
    assert [each.urn for each in compare([mine, other], observation.objects)] == [mine.urn]
    assert [each.urn for each in observation.unknown] == [other.urn]


def test_a_refused_token_is_an_error(world: World, clients: Clients) -> None:
    recorded = many(world, 1)
    with pytest.raises(Unauthenticated):
        observe(Reader(clients.holder(world, "wrong")), recorded)


# Unmanaged objects.


def test_unmanaged_objects_of_the_stack_and_of_the_instance_are_found(every_world: World, clients: Clients) -> None:
    world = every_world
    recorded = [an_organization(world, "Acme"), a_grant(world, world.ann)]
    inside = world.console.create_project(recorded[0].id, "P", ("viewer",))
    extra = {
        world.console.create_grant(world.home, world.bob, world.project, ["admin"]),
        world.console.create_grant(recorded[0].id, world.ann, inside, ["viewer"]),
    }
    elsewhere = world.console.create_organization(world.name("Elsewhere"))
    foreign = world.console.create_project(elsewhere, "P", ("viewer",))
    outside = world.console.create_grant(elsewhere, world.bob, foreign, ["viewer"])
    reader = Reader(clients.owner(world))
    unmanaged, unknown = find_unmanaged(reader, recorded, whole_instance=False, types=BOTH)
    assert ({each.id for each in unmanaged}, unknown) == (extra, ())
    unmanaged, unknown = find_unmanaged(reader, recorded, whole_instance=True, types=BOTH)
    assert unknown == ()
    assert {*extra, outside, elsewhere, world.home} <= {each.id for each in unmanaged}
    assert not {each.id for each in recorded} & {each.id for each in unmanaged}
    only, _ = find_unmanaged(reader, recorded, whole_instance=True, types=(ORGANIZATION,))
    assert {each.type for each in only} == {ORGANIZATION}


def test_an_unmanaged_grant_that_lists_do_not_show_yet_is_found(world: World, clients: Clients) -> None:
    recorded = [a_grant(world, world.ann)]
    lag(world, 3600)
    extra = world.console.create_grant(world.home, world.bob, world.project, ["admin"])
    unmanaged, _ = find_unmanaged(Reader(clients.owner(world)), recorded, whole_instance=False, types=BOTH)
    assert [each.id for each in unmanaged] == [extra]


def test_a_removed_organization_has_no_unmanaged_grants(world: World, clients: Clients) -> None:
    recorded = [an_organization(world, "Acme")]
    world.console.remove_organization(recorded[0].id)
    assert find_unmanaged(Reader(clients.owner(world)), recorded, whole_instance=False, types=BOTH) == ((), ())


def test_a_credential_that_sees_only_some_grants_reports_unknown(world: World, clients: Clients) -> None:
    part = world.console.create_user(world.home, "part")
    world.console.add_member(world.home, part, "ORG_SETTINGS_MANAGER")  # reads the organization, and no grant in it
    body = {"userId": part, "roles": ["PROJECT_OWNER"]}
    world.console.call("POST", f"/management/v1/projects/{world.project}/members", body, org=world.home)
    other = world.console.create_project(world.home, "Other", ("viewer",))
    world.console.create_grant(world.home, world.bob, other, ["viewer"])
    client = clients.holder(world, world.console.create_token(world.home, part))
    unmanaged, unknown = find_unmanaged(Reader(client), [a_grant(world, world.ann)], whole_instance=False, types=BOTH)
    assert unmanaged == ()
    assert ["user.grant.read" in each.why for each in unknown] == [True]


def test_a_lost_header_is_unknown_and_shows_no_other_organizations_grants(world: World, clients: Clients) -> None:
    world.proxy.add(Fault("strip", times=None))
    recorded = [an_organization(world, "Acme")]
    unmanaged, unknown = find_unmanaged(Reader(clients.owner(world)), recorded, whole_instance=False, types=BOTH)
    assert unmanaged == ()
    assert ["x-zitadel-orgid" in each.why for each in unknown] == [True]


def test_a_list_that_changed_while_it_was_read_is_an_error(world: World, clients: Clients) -> None:
    body = '{"details": {"totalResult": "2"}, "result": []}'
    world.proxy.add(Fault("answer", path="grants/_search", status=200, body=body, times=None))
    with pytest.raises(UnexpectedAnswer, match="counts 2, but showed 0"):
        USER_GRANTS.list_organization(clients.owner(world), world.home)


def test_many_unmanaged_grants_take_few_calls(profile_world: World, clients: Clients) -> None:
    world, console = profile_world, profile_world.console
    users = [console.create_user(world.home, f"user{number}") for number in range(30)]
    extra = {console.create_grant(world.home, user, world.project, ["admin"]) for user in users}
    reader = Reader(clients.owner(world))
    world.proxy.clear()
    unmanaged, unknown = find_unmanaged(reader, [a_grant(world, world.ann)], whole_instance=False, types=BOTH)
    explained = explain_unmanaged(reader, unmanaged)
    assert ({each.observed.id for each in explained}, unknown) == (extra, ())
    assert all(each.by and each.observed.created for each in explained)
    assert sum(calls(world).values()) <= 6, calls(world)
    # They are explained as a read by id shows them.
    for each in unmanaged[:2]:
        read = find(reader.client, *each.key, {"org_id": world.home})
        assert isinstance(read, Observed)
        assert (each.properties, each.created) == (read.properties, read.created)


def test_unmanaged_grants_in_many_organizations_take_few_calls(world: World, clients: Clients) -> None:
    recorded = [an_organization(world, f"Org {number}") for number in range(2 * FEW_LISTS)]
    gone = recorded.pop()
    project = world.console.create_project(recorded[0].id, "P", ("viewer",))
    extra = world.console.create_grant(recorded[0].id, world.ann, project, ["viewer"])
    world.console.create_grant(world.home, world.bob, world.project, ["admin"])  # not of the stack
    world.console.remove_organization(gone.id)
    reader = Reader(clients.owner(world))
    world.proxy.clear()
    unmanaged, unknown = find_unmanaged(reader, [*recorded, gone], whole_instance=False, types=BOTH)
    assert ([each.id for each in unmanaged], unknown) == ([extra], ())
    assert sum(calls(world).values()) <= 9, calls(world)


def test_a_removed_grant_that_lists_still_show_is_not_reported(
    world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = [a_grant(world, world.ann)]
    extra = world.console.create_grant(world.home, world.bob, world.project, ["admin"])
    owner, viewer = clients.owner(world), clients.member(world, "ORG_OWNER_VIEWER", of=world.home)
    records = USER_GRANTS.list_organization(owner, world.home)
    world.console.remove_grant(world.home, world.bob, extra)
    for client in (owner, viewer):
        monkeypatch.setattr(UserGrantCalls, "list_organization", lambda *args: records)
        assert find_unmanaged(Reader(client), recorded, whole_instance=False, types=BOTH) == ((), ())


@pytest.mark.parametrize("how", ["organization", "project", "users"])
def test_many_grants_removed_with_another_object_take_few_calls(
    profile_world: World, clients: Clients, how: str
) -> None:
    world, console = profile_world, profile_world.console
    tenant = an_organization(world, "Tenant")
    project = console.create_project(tenant.id, "P", ("viewer",))
    users = [console.create_user(tenant.id, f"user{number}") for number in range(30)]
    taken = [a_grant(world, user, org_id=tenant.id, project=project) for user in users]
    people = [console.create_user(world.home, f"other{number}") for number in range(30)]
    left = [a_grant(world, user) for user in people]
    client = clients.owner(world)
    match how:
        case "organization":
            console.remove_organization(tenant.id)
        case "project":
            console.call("DELETE", f"/management/v1/projects/{project}", org=tenant.id)
        case "users":
            for user in users:
                console.remove_user(tenant.id, user)
    world.proxy.clear()
    found = drifts(client, [*taken, *left])
    assert [each.urn for each in found if each.removed] == [each.urn for each in taken]
    assert len(found) == len(taken)
    assert all(each.when for each in found)
    assert sum(calls(world).values()) <= 10, calls(world)


def test_an_instance_that_shows_no_organizations_is_an_error(world: World, clients: Clients) -> None:
    world.proxy.add(Fault("answer", path="admin/v1/orgs/_search", status=200, body='{"details": {}}', times=None))
    reader = Reader(clients.owner(world))
    with pytest.raises(UnexpectedAnswer, match="the server shows none"):
        find_unmanaged(reader, [], whole_instance=True, types=BOTH)


# The event store.


def test_events_are_read_to_the_last_page(world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.client.events._PAGE", 7)
    client = clients.owner(world)
    begun = Organizations(client).read(world.home).details.creation_date
    assert begun is not None
    made = {world.console.create_organization(world.name(f"Org {number}")) for number in range(20)}
    events = client.events.since(begun, ["org.added"])
    assert events is not None
    assert made <= {event.aggregate.id for event in events}


def test_more_events_at_one_moment_than_an_answer_holds_are_not_all_known(
    world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulumi_zorg.client.events._PAGE", 2)
    at = "2026-11-23T08:00:00.000000Z"
    kind = {"type": "org.added"}
    events = [{"type": kind, "aggregate": {"id": str(number), "type": kind}, "creationDate": at} for number in range(2)]
    body = json.dumps({"events": events})
    world.proxy.add(Fault("answer", path="events/_search", status=200, body=body, times=None))
    assert clients.owner(world).events.since(parse_time("2026-11-23"), ["org.added"]) is None


@pytest.mark.parametrize("how", ["user", "project", "role", "grant"])
def test_the_removal_of_another_object_affects_a_grant(world: World, clients: Clients, how: str) -> None:
    project = world.console.create_project(world.home, "Shop", ("viewer",))
    taken, left = a_grant(world, world.ann, project=project), a_grant(world, world.bob)
    client = clients.owner(world)
    since = UserGrants(client).read(world.home, left.id, world.bob).details.creation_date
    assert since is not None
    match how:
        case "user":
            world.console.remove_user(world.home, world.ann)
        case "project":
            world.console.call("DELETE", f"/management/v1/projects/{project}", org=world.home)
        case "role":
            world.console.call("DELETE", f"/management/v1/projects/{project}/roles/viewer", org=world.home)
        case "grant":
            world.console.remove_grant(world.home, world.ann, taken.id)
    events = events_since(client, since)
    assert events is not None
    assert affected_by(events, [taken, left]) == [taken]
    assert [each.urn for each in drifts(client, [taken, left])] == [taken.urn]


def test_the_removal_of_the_users_organization_affects_a_grant(world: World, clients: Clients) -> None:
    tenant = world.console.create_organization(world.name("Tenant"))
    grant = a_grant(world, world.console.create_user(tenant, "guest"))
    client = clients.owner(world)
    since = UserGrants(client).read(world.home, grant.id).details.creation_date
    assert since is not None
    world.console.remove_organization(tenant)
    events = events_since(client, since)
    assert events is not None
    assert affected_by(events, [grant]) == [grant]
    assert isinstance(observe(Reader(client), [grant]).objects[grant.key], Removal)


def test_changes_are_explained_with_who_and_when(world: World, clients: Clients) -> None:
    acme = an_organization(world, "Acme")
    world.console.rename_organization(acme.id, world.name("Other"))
    world.console.deactivate_organization(acme.id)
    client = clients.owner(world)
    (drift,) = explain(Reader(client), drifts(client, [acme]), [acme])
    explained = {each.property: (each.by, each.when) for each in drift.changes}
    assert {by for by, _ in explained.values()} == {drift.by} != {None}
    assert explained["name"][1] < explained["active"][1] == drift.when  # type: ignore[operator]  # None would fail the test


def test_without_the_event_store_drift_is_reported_without_who_and_when(world: World, clients: Clients) -> None:
    acme = an_organization(world, "Acme")
    world.console.deactivate_organization(acme.id)
    client = clients.member(world, "ORG_OWNER_VIEWER", of=acme.id)
    (drift,) = explain(Reader(client), drifts(client, [acme]), [acme])
    assert (drift.by, drift.when) == (None, None)
    assert isinstance(observe(Reader(client), [acme]).objects[acme.key], Observed)
