"""What each call of the client does on each server: the emulator in all its likenesses, and a real ZITADEL where one
is given. The product is built on nothing else of ZITADEL's behaviour."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
import tenacity
from pydantic import SecretStr

from pulumi_zorg.client import witnesses
from pulumi_zorg.config import ClientCredentials, ServiceAccountKey
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    CredentialError,
    FailedPrecondition,
    HeaderIgnored,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
)
from pulumi_zorg.testing import Fault
from tests.support.servers import World, emulated
from tests.unit.clients import Clients

T = TypeVar("T")


def listed(read: Callable[[], T]) -> T:
    """What a list shows, once it shows anything: on a real server lists lag behind."""
    patient = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(20),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    found: T = patient(read)
    return found


# Organizations.


def test_an_organization_is_created_active_and_read_back(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    name = world.name("Acme & Söhne")
    acme = client.organizations.create(name)
    found = client.organizations.read(acme)
    assert (found.id, found.name, found.state) == (acme, name, "ORG_STATE_ACTIVE")
    assert found.active
    assert not found.removed
    assert found.details.resource_owner == acme
    assert found.details.creation_date is not None
    assert found.primary_domain == world.console.organization(acme)["primaryDomain"] != ""


def test_the_name_of_an_organization_is_taken_until_it_is_removed(every_world: World, clients: Clients) -> None:
    client, name = clients.owner(every_world), every_world.name("Acme")
    acme = client.organizations.create(name)
    with pytest.raises(AlreadyExists, match="Creating organization 'Acme"):
        client.organizations.create(name)
    client.organizations.remove(acme)
    assert client.organizations.create(name) != acme


def test_an_organization_is_renamed_and_its_domain_with_it(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    before = client.organizations.read(acme)
    client.organizations.rename(acme, every_world.name("Emca"))
    after = client.organizations.read(acme)
    assert after.name == every_world.name("Emca")
    assert after.primary_domain != before.primary_domain
    with pytest.raises(FailedPrecondition):
        client.organizations.rename(acme, every_world.name("Emca"))


def test_a_name_that_another_organization_has_cannot_be_taken(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    client.organizations.create(every_world.name("Acme"))
    acme = client.organizations.create(every_world.name("Emca"))
    with pytest.raises(AlreadyExists):
        client.organizations.rename(acme, every_world.name("Acme"))
    assert client.organizations.read(acme).name == every_world.name("Emca")


def test_an_organization_is_switched_off_and_on(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    client.organizations.deactivate(acme)
    assert client.organizations.read(acme).state == "ORG_STATE_INACTIVE"
    assert not client.organizations.read(acme).active
    with pytest.raises(FailedPrecondition):
        client.organizations.deactivate(acme)
    client.organizations.rename(acme, every_world.name("Emca"))
    assert client.organizations.read(acme).state == "ORG_STATE_INACTIVE"
    client.organizations.reactivate(acme)
    assert client.organizations.read(acme).active
    with pytest.raises(FailedPrecondition):
        client.organizations.reactivate(acme)


def test_a_removed_organization_is_still_answered_but_takes_no_change(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    client.organizations.remove(acme)
    assert client.organizations.read(acme).removed
    for change in (
        lambda: client.organizations.rename(acme, every_world.name("Emca")),
        lambda: client.organizations.deactivate(acme),
        lambda: client.organizations.reactivate(acme),
        lambda: client.organizations.remove(acme),
    ):
        with pytest.raises(NotFound):
            change()


def test_an_inactive_organization_can_be_removed(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    client.organizations.deactivate(acme)
    client.organizations.remove(acme)
    assert every_world.shows(lambda: acme not in every_world.console.organizations())


def test_an_unknown_organization_is_no_reason_to_think_that_it_is_gone(every_world: World, clients: Clients) -> None:
    with pytest.raises(PermissionDenied, match="Reading organization 42"):
        clients.owner(every_world).organizations.read("42")


def test_organizations_are_found_by_their_whole_name(every_world: World, clients: Clients) -> None:
    client, name = clients.owner(every_world), every_world.name("Acme")
    acme = client.organizations.create(name)
    client.organizations.create(f"{name} Inc")
    assert [(each.id, each.name) for each in listed(lambda: client.organizations.by_name(name))] == [(acme, name)]
    assert client.organizations.by_name(name.upper()) == ()
    assert client.organizations.by_name(every_world.name("Ac")) == ()
    assert client.organizations.by_name(every_world.name("Nobody")) == ()
    client.organizations.remove(acme)
    assert client.organizations.by_name(name) == ()


def test_an_owner_of_the_organization_alone_finds_it_by_its_name(any_world: World, clients: Clients) -> None:
    acme = clients.owner(any_world).organizations.create(any_world.name("Acme"))
    client = clients.member(any_world, "ORG_OWNER", of=acme)
    assert [each.id for each in listed(lambda: client.organizations.by_name(any_world.name("Acme")))] == [acme]


@pytest.mark.parametrize(
    "missing", [None, Fault("answer", path="^/v2/", times=None, status=404, body="404 page not found\n")]
)
def test_where_the_second_api_has_no_list_the_right_to_the_first_is_what_is_missing(
    clients: Clients, missing: Fault | None
) -> None:
    with emulated("seeds") as world:
        acme = clients.owner(world).organizations.create("Acme")
        world.proxy.add(*([missing] if missing else []))
        for roles, of in ((("ORG_OWNER",), acme), (("IAM_ORG_MANAGER",), None)):
            with pytest.raises(PermissionDenied, match=r"Searching organizations named 'Acme'.* the credential lacks"):
                clients.member(world, *roles, of=of).organizations.by_name("Acme")


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_name_that_is_none_is_refused(every_world: World, clients: Clients, name: str) -> None:
    with pytest.raises(InvalidArgument):
        clients.owner(every_world).organizations.create(name)


def test_an_owner_of_the_organization_alone_removes_it_by_the_second_way(every_world: World, clients: Clients) -> None:
    """The admin API says 404 to it, on an organization that is there."""
    acme = clients.owner(every_world).organizations.create(every_world.name("Acme"))
    client = clients.member(every_world, "ORG_OWNER", of=acme)
    every_world.proxy.clear()
    client.organizations.remove(acme)
    assert every_world.proxy.writes == [f"DELETE /admin/v1/orgs/{acme}", "DELETE /management/v1/orgs/me"]
    assert {each.org for each in every_world.proxy.exchanges if each.path == "/management/v1/orgs/me"} == {acme}
    assert every_world.shows(lambda: acme not in every_world.console.organizations())


def test_a_manager_of_organizations_removes_them_by_the_second_way(every_world: World, clients: Clients) -> None:
    """The admin API says 403 to it."""
    client = clients.member(every_world, "IAM_ORG_MANAGER")
    acme = client.organizations.create(every_world.name("Acme"))
    client.organizations.remove(acme)
    assert every_world.shows(lambda: acme not in every_world.console.organizations())


def test_the_second_way_is_not_taken_for_what_is_removed_already(every_world: World, clients: Clients) -> None:
    client = clients.member(every_world, "IAM_ORG_MANAGER")
    acme = client.organizations.create(every_world.name("Acme"))
    client.organizations.remove(acme)
    every_world.proxy.clear()
    with pytest.raises((PermissionDenied, NotFound)):
        client.organizations.remove(acme)
    assert every_world.proxy.writes == [f"DELETE /admin/v1/orgs/{acme}"]


def test_the_second_way_is_not_taken_where_the_header_is_lost(every_world: World, clients: Clients) -> None:
    """It would remove the caller's own organization."""
    acme = clients.owner(every_world).organizations.create(every_world.name("Acme"))
    client = clients.member(every_world, "ORG_OWNER", of=acme)
    every_world.console.add_member(every_world.home, client.witnesses.me().id, "ORG_OWNER")
    every_world.proxy.clear()
    every_world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match="Nothing was written"):
        client.organizations.remove(acme)
    assert every_world.proxy.writes == [f"DELETE /admin/v1/orgs/{acme}"]
    assert {acme, every_world.home} <= set(every_world.console.organizations())


def test_who_may_only_read_the_organization_does_not_remove_it(every_world: World, clients: Clients) -> None:
    acme = clients.owner(every_world).organizations.create(every_world.name("Acme"))
    with pytest.raises(ApiError) as caught:
        clients.member(every_world, "ORG_OWNER_VIEWER", of=acme).organizations.remove(acme)
    assert isinstance(caught.value, PermissionDenied)
    assert acme in every_world.console.organizations()


def test_the_default_organization_cannot_be_removed(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    default = client.witnesses.default_organization()
    assert default is not None
    with pytest.raises(FailedPrecondition):
        client.organizations.remove(default)


# User grants.


def test_a_grant_is_created_active_and_read_back(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer", "admin"])
    found = client.user_grants.read(world.home, grant, world.ann)
    assert (found.id, found.user_id, found.project_id) == (grant, world.ann, world.project)
    assert (found.org_id, found.project_grant_id, found.state) == (world.home, "", "USER_GRANT_STATE_ACTIVE")
    assert sorted(found.role_keys) == ["admin", "viewer"]
    assert found.active
    assert client.user_grants.read(world.home, grant) == found, "the user need not be known"
    assert client.user_grants.read(world.home, grant, world.bob) == found, "nor right"


def test_a_grant_may_have_no_roles(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, [])
    assert client.user_grants.read(world.home, grant).role_keys == ()


def test_there_is_one_grant_of_a_user_for_a_project(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    with pytest.raises(AlreadyExists, match=f"Granting user {world.ann} roles in project {world.project}"):
        client.user_grants.create(world.home, world.ann, world.project, None, ["admin"])


def test_roles_are_replaced(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    client.user_grants.set_roles(world.home, grant, world.ann, ["admin", "editor"])
    assert sorted(client.user_grants.read(world.home, grant).role_keys) == ["admin", "editor"]
    with pytest.raises(FailedPrecondition):
        client.user_grants.set_roles(world.home, grant, world.ann, ["admin", "editor"])
    client.user_grants.set_roles(world.home, grant, world.ann, [])
    assert client.user_grants.read(world.home, grant).role_keys == ()


def test_a_role_that_the_project_does_not_have_is_refused(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    with pytest.raises(ApiError):
        client.user_grants.create(world.home, world.ann, world.project, None, ["emperor"])
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    with pytest.raises(ApiError):
        client.user_grants.set_roles(world.home, grant, world.ann, ["emperor"])
    assert client.user_grants.read(world.home, grant).role_keys == ("viewer",)


def test_a_grant_is_switched_off_and_on(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    client.user_grants.deactivate(world.home, grant, world.ann)
    found = client.user_grants.read(world.home, grant)
    assert (found.state, found.active, found.role_keys) == ("USER_GRANT_STATE_INACTIVE", False, ("viewer",))
    client.user_grants.set_roles(world.home, grant, world.ann, ["admin"])
    assert client.user_grants.read(world.home, grant).state == "USER_GRANT_STATE_INACTIVE"
    client.user_grants.reactivate(world.home, grant, world.ann)
    assert client.user_grants.read(world.home, grant).active


def test_switching_off_what_is_off_is_no_change_or_is_refused_as_that(every_world: World, clients: Clients) -> None:
    """Servers differ in this: the seeds' kind refuses, the recorded ones do nothing."""
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    for change, state in (
        (client.user_grants.reactivate, "USER_GRANT_STATE_ACTIVE"),
        (client.user_grants.deactivate, "USER_GRANT_STATE_INACTIVE"),
        (client.user_grants.deactivate, "USER_GRANT_STATE_INACTIVE"),
    ):
        with contextlib.suppress(FailedPrecondition):
            change(world.home, grant, world.ann)
        assert client.user_grants.read(world.home, grant).state == state


def test_a_removed_grant_is_not_found(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    client.user_grants.remove(world.home, grant, world.ann)
    with pytest.raises(NotFound):
        client.user_grants.read(world.home, grant)
    for change in (client.user_grants.deactivate, client.user_grants.reactivate, client.user_grants.remove):
        with pytest.raises(NotFound):
            change(world.home, grant, world.ann)
    assert client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"]) != grant


def test_a_grant_looked_for_in_another_organization_is_not_found(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    other = client.organizations.create(world.name("Acme"))
    for call in (
        lambda: client.user_grants.read(other, grant),
        lambda: client.user_grants.deactivate(other, grant, world.ann),
        lambda: client.user_grants.reactivate(other, grant, world.ann),
        lambda: client.user_grants.remove(other, grant, world.ann),
    ):
        with pytest.raises(NotFound):
            call()
    found = client.user_grants.read(world.home, grant)
    assert (found.active, found.role_keys) == (True, ("viewer",))


def test_roles_set_in_another_organization_are_set_all_the_same_and_that_is_told(
    every_world: World, clients: Clients
) -> None:
    """In this call alone no server compares the header with the grant: whoever writes must have read before."""
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    other = client.organizations.create(world.name("Acme"))
    with pytest.raises(HeaderIgnored, match=f"acted on organization {world.home} instead"):
        client.user_grants.set_roles(other, grant, world.ann, ["admin"])
    assert client.user_grants.read(world.home, grant).role_keys == ("admin",)


def test_a_grant_by_a_project_grant_says_so(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    other = client.organizations.create(world.name("Acme"))
    granted = world.console.grant_project(world.home, world.project, other, ["viewer"])
    left_out = client.user_grants.create(other, world.ann, world.project, None, ["viewer"])
    named = client.user_grants.create(other, world.bob, world.project, granted, ["viewer"])
    for grant in (left_out, named):
        found = client.user_grants.read(other, grant)
        assert (found.org_id, found.project_id, found.project_grant_id) == (other, world.project, granted)


def test_grants_are_found_by_user_and_project(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    second = world.console.create_project(world.home, "Second", ["viewer"])
    ids = {
        (user, project): client.user_grants.create(world.home, user, project, None, ["viewer"])
        for user in (world.ann, world.bob)
        for project in (world.project, second)
    }
    found = listed(lambda: client.user_grants.search(world.home, world.ann, second))
    assert [(each.id, each.user_id, each.project_id) for each in found] == [(ids[world.ann, second], world.ann, second)]
    other = client.organizations.create(world.name("Acme"))
    assert client.user_grants.search(other, world.ann, second) == ()


def test_the_organization_of_a_grant_is_found_by_its_id_where_the_server_can(
    every_world: World, clients: Clients
) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    try:
        assert client.user_grants.organization_of("42") is None
    except (NotFound, UnexpectedAnswer):
        with pytest.raises((NotFound, UnexpectedAnswer)):
            client.user_grants.organization_of(grant)
    else:
        assert listed(lambda: client.user_grants.organization_of(grant)) == world.home
        assert clients.member(world).user_grants.organization_of(grant) is None, "who may not see it is not told"


# Who the caller is, and what it may.

#: The call that tells every caller is missing.
NOT_TOLD = Fault(
    "answer",
    path="^/management/v1/iam$",
    times=None,
    status=404,
    headers={"Content-Type": "application/json"},
    body='{"code": 5, "message": "Not Found"}',
)


def test_the_caller_is_told_who_it_is(every_world: World, clients: Clients) -> None:
    me = clients.member(every_world).witnesses.me()
    assert me.user_name.startswith("member")
    assert me.details.resource_owner == every_world.home


def test_the_caller_is_told_what_it_may_in_an_organization(every_world: World, clients: Clients) -> None:
    owner = clients.owner(every_world)
    acme = owner.organizations.create(every_world.name("Acme"))
    reader = clients.member(every_world, "ORG_OWNER_VIEWER", of=acme)
    assert {"user.grant.read", "user.grant.write", "org.write", "events.read"} <= owner.witnesses.permissions(acme)
    assert "user.grant.read" in reader.witnesses.permissions(acme)
    assert not {"user.grant.write", "events.read"} & reader.witnesses.permissions(acme)
    try:
        elsewhere = reader.witnesses.permissions(every_world.home)
    except ApiError:
        elsewhere = frozenset()
    assert "user.grant.read" not in elsewhere


def test_a_member_of_nothing_is_denied_and_nothing_is_not_found(every_world: World, clients: Clients) -> None:
    world = every_world
    grant = world.console.create_grant(world.home, world.ann, world.project, ["viewer"])
    client = clients.member(world)
    for call in (
        lambda: client.organizations.read(world.home),
        lambda: client.user_grants.read(world.home, grant),
        lambda: client.organizations.create(world.name("Acme")),
        lambda: client.user_grants.remove(world.home, grant, world.ann),
        lambda: client.witnesses.events(grant, ["user.grant.added"]),
    ):
        with pytest.raises(PermissionDenied, match="says nothing about whether the object exists"):
            call()


def test_a_token_that_nobody_has_is_not_accepted(every_world: World, clients: Clients) -> None:
    client = clients.holder(every_world, "nobody-has-this-token")
    with pytest.raises(Unauthenticated):
        client.organizations.read(every_world.home)
    assert len(every_world.proxy.exchanges) == 1


def default_of(world: World) -> str:
    return str(world.console.call("GET", "/admin/v1/orgs/default")["org"]["id"])


def test_the_default_organization_is_known_to_every_caller(every_world: World, clients: Clients) -> None:
    expected = default_of(every_world)
    assert clients.owner(every_world).witnesses.default_organization() == expected
    assert clients.member(every_world, "ORG_OWNER", of=every_world.home).witnesses.default_organization() == expected
    every_world.proxy.clear()
    assert clients.member(every_world).witnesses.default_organization() == expected
    assert [each.path for each in every_world.proxy.exchanges] == ["/management/v1/iam"]


@pytest.mark.parametrize(
    "answer", [NOT_TOLD, replace(NOT_TOLD, status=200, body='{"globalOrgId": "42", "iamProjectId": "43"}')]
)
def test_where_not_every_caller_is_told_the_default_organization_who_may_read_it_knows_it(
    every_world: World, clients: Clients, answer: Fault
) -> None:
    every_world.proxy.add(replace(answer))
    assert clients.member(every_world, "IAM_OWNER_VIEWER").witnesses.default_organization() == default_of(every_world)
    assert clients.member(every_world).witnesses.default_organization() is None


def test_an_answer_that_is_not_zitadels_names_no_default_organization(every_world: World, clients: Clients) -> None:
    every_world.proxy.add(replace(NOT_TOLD, status=200, body="{}"))
    with pytest.raises(UnexpectedAnswer):
        clients.owner(every_world).witnesses.default_organization()


def test_the_callers_own_organization_and_the_default_one_are_protected(every_world: World, clients: Clients) -> None:
    other = clients.owner(every_world).organizations.create(every_world.name("Acme"))
    for client in (clients.member(every_world, "IAM_OWNER"), clients.member(every_world)):
        assert client.why_protected(every_world.home) == "the credential's own user lives in it"
        assert client.why_protected(default_of(every_world)) == "it is the default organization of the instance"
        assert client.why_protected(other) is None


def test_where_nobody_tells_the_default_organization_all_but_new_ones_are_protected(
    every_world: World, clients: Clients
) -> None:
    client = clients.member(every_world)
    other = clients.owner(every_world).organizations.create(every_world.name("Acme"))
    every_world.proxy.add(replace(NOT_TOLD))
    assert client.why_protected(every_world.home) == "the credential's own user lives in it"
    assert str(client.why_protected(other)).startswith("the server does not tell this credential which")
    client.made(other)
    assert client.why_protected(other) is None


# The event store.

GRANT_EVENTS = (
    "user.grant.added",
    "user.grant.changed",
    "user.grant.deactivated",
    "user.grant.reactivated",
    "user.grant.removed",
)


def test_the_event_store_tells_a_life_in_order(every_world: World, clients: Clients) -> None:
    world, client = every_world, clients.owner(every_world)
    grant = client.user_grants.create(world.home, world.ann, world.project, None, ["viewer"])
    client.user_grants.deactivate(world.home, grant, world.ann)
    client.user_grants.set_roles(world.home, grant, world.ann, ["admin"])
    client.user_grants.reactivate(world.home, grant, world.ann)
    client.user_grants.remove(world.home, grant, world.ann)
    events = client.witnesses.events(grant, GRANT_EVENTS)
    assert [event.kind for event in events] == [
        "user.grant.added",
        "user.grant.deactivated",
        "user.grant.changed",
        "user.grant.reactivated",
        "user.grant.removed",
    ]
    assert {(event.aggregate.id, event.aggregate.resource_owner) for event in events} == {(grant, world.home)}
    assert {event.editor.user_id for event in events} == {client.witnesses.me().id}
    assert [event.sequence for event in events] == sorted({event.sequence for event in events})
    assert [event.creation_date for event in events] == sorted(event.creation_date for event in events)
    assert events[0].payload["userId"] == world.ann
    assert events[0].payload["roleKeys"] == ["viewer"]
    assert events[2].payload["roleKeys"] == ["admin"]


def test_only_the_kinds_and_the_object_that_were_asked_for_are_told(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme, other = (client.organizations.create(every_world.name(name)) for name in ("Acme", "Emca"))
    client.organizations.rename(acme, every_world.name("Acme Inc"))
    client.organizations.remove(other)
    client.organizations.remove(acme)
    assert [event.kind for event in client.witnesses.events(acme, ["org.removed", "org.added"])] == [
        "org.added",
        "org.removed",
    ]
    assert client.witnesses.events("42", ["org.removed"]) == ()


@pytest.mark.parametrize("page", [1, 2, 3, 7, 1000])
def test_no_event_is_lost_between_two_pages(
    every_world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    for _ in range(3):
        client.organizations.deactivate(acme)
        client.organizations.reactivate(acme)
    kinds = ("org.added", "org.deactivated", "org.reactivated")
    monkeypatch.setattr(witnesses, "_PAGE", page)
    every_world.proxy.clear()
    events = client.witnesses.events(acme, kinds)
    assert [event.kind.removeprefix("org.") for event in events] == ["added", *["deactivated", "reactivated"] * 3]
    assert len(every_world.proxy.exchanges) >= (7 // page if page < 1000 else 1)


def test_the_event_store_is_read_by_who_may_read_the_instance(every_world: World, clients: Clients) -> None:
    kinds = ("org.added",)
    assert clients.member(every_world, "IAM_OWNER_VIEWER").witnesses.events(every_world.home, kinds)
    for roles, of in ((("ORG_OWNER",), every_world.home), (("IAM_ORG_MANAGER",), None)):
        with pytest.raises(PermissionDenied):
            clients.member(every_world, *roles, of=of).witnesses.events(every_world.home, kinds)


# The header that says which organization.


def test_where_the_header_is_lost_it_is_noticed_before_anything_is_written(
    every_world: World, clients: Clients
) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    every_world.proxy.clear()
    every_world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match="Nothing was written"):
        client.organizations.read(acme)
    with pytest.raises(HeaderIgnored):
        client.make_sure_of(acme)
    assert every_world.proxy.writes == []


def test_that_the_header_is_honoured_is_made_sure_of_once(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    every_world.proxy.clear()
    for _ in range(3):
        client.make_sure_of(every_world.home)
    assert [each.path for each in every_world.proxy.exchanges] == ["/management/v1/orgs/me"]


def test_a_doubt_about_the_header_is_not_taken_for_an_answer(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    every_world.proxy.add(Fault("strip", times=1))
    with pytest.raises(HeaderIgnored):
        client.make_sure_of(every_world.home)
    client.make_sure_of(every_world.home)


def test_a_write_that_hit_another_organization_is_told(every_world: World, clients: Clients) -> None:
    """The answer to a write says on whom the server acted."""
    world = every_world
    client = clients.member(world, "IAM_OWNER")
    other = client.organizations.create(world.name("Acme"))
    world.proxy.clear()
    world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match=f"acted on organization {world.home} instead"):
        client.organizations.rename(other, world.name("Emca"))
    assert world.console.organization(other)["name"] == world.name("Acme")
    assert world.console.organization(world.home)["name"] == world.name("Emca")


def test_a_lost_answer_to_a_write_is_not_asked_for_again(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme = client.organizations.create(every_world.name("Acme"))
    every_world.proxy.clear()
    every_world.proxy.add(Fault("drop", method="POST", path="_deactivate"))
    with pytest.raises(Unreachable) as caught:
        client.organizations.deactivate(acme)
    assert caught.value.performed
    assert every_world.proxy.writes == ["POST /management/v1/orgs/me/_deactivate"]
    assert not client.organizations.read(acme).active


# Credentials that are exchanged for a token.


def service_account(world: World) -> tuple[str, str]:
    """A service account that owns the instance: its acme and its user name."""
    name = f"robot{world.tag}"
    user = world.console.create_user(world.home, name)
    world.console.add_instance_member(user, "IAM_OWNER")
    return user, name


def test_a_service_account_key_opens_the_api(every_world: World, clients: Clients) -> None:
    user, _ = service_account(every_world)
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    answer = every_world.console.call("POST", f"/management/v1/users/{user}/keys", body, org=every_world.home)
    text = base64.b64decode(answer["keyDetails"]).decode()
    client = clients.of(every_world, ServiceAccountKey.model_validate_json(text))
    for _ in range(2):
        assert client.witnesses.me().id == user
    assert client.organizations.read(every_world.home).active
    assert [each.path for each in every_world.proxy.exchanges].count("/oauth/v2/token") == 1

    wrong = ServiceAccountKey.model_validate_json(json.dumps({**json.loads(text), "keyId": "42"}))
    with pytest.raises(CredentialError, match="service-account key 42"):
        clients.of(every_world, wrong).witnesses.me()


def test_client_credentials_open_the_api(every_world: World, clients: Clients) -> None:
    user, _ = service_account(every_world)
    answer = every_world.console.call("PUT", f"/management/v1/users/{user}/secret", org=every_world.home)
    client_id, secret = answer["clientId"], answer["clientSecret"]
    client = clients.of(every_world, ClientCredentials(client_id, SecretStr(secret)))
    assert client.witnesses.me().id == user
    assert client.organizations.read(every_world.home).active

    with pytest.raises(CredentialError, match=f"the client credentials of {client_id}") as caught:
        clients.of(every_world, ClientCredentials(client_id, SecretStr("not-the-secret"))).witnesses.me()
    assert "not-the-secret" not in str(caught.value)
