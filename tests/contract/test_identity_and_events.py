"""Who the caller is, what it may, and what the event store tells, on each server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulumi_zorg.api import events as event_store
from pulumi_zorg.errors import (
    ApiError,
    PermissionDenied,
    Unauthenticated,
    UnexpectedAnswer,
)
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.tokens import type_token
from tests.support.calls import Organizations, UserGrants
from tests.support.servers import Server
from tests.unit.clients import Clients

#: The call that tells every caller is missing.
NOT_TOLD = Fault(
    "answer",
    path="^/management/v1/iam$",
    times=None,
    status=404,
    headers={"Content-Type": "application/json"},
    body='{"code": 5, "message": "Not Found"}',
)


def test_the_caller_is_told_who_it_is(every_server: Server, clients: Clients) -> None:
    me = clients.member(every_server).caller.me()
    assert me.user_name.startswith("member")
    assert me.details.resource_owner == every_server.home


def test_the_caller_is_told_what_it_may_in_an_organization(every_server: Server, clients: Clients) -> None:
    owner = clients.owner(every_server)
    acme = Organizations(owner).create(every_server.name("Acme"))
    reader = clients.member(every_server, "ORG_OWNER_VIEWER", of=acme)
    assert {"user.grant.read", "user.grant.write", "org.write", "events.read"} <= owner.caller.permissions(acme)
    assert "user.grant.read" in reader.caller.permissions(acme)
    assert not {"user.grant.write", "events.read"} & reader.caller.permissions(acme)
    try:
        elsewhere = reader.caller.permissions(every_server.home)
    except ApiError:
        elsewhere = frozenset()
    assert "user.grant.read" not in elsewhere


def test_a_member_of_nothing_is_denied_and_nothing_is_not_found(every_server: Server, clients: Clients) -> None:
    server = every_server
    grant = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    client = clients.member(server)
    for call in (
        lambda: Organizations(client).read(server.home),
        lambda: UserGrants(client).read(server.home, grant),
        lambda: Organizations(client).create(server.name("Acme")),
        lambda: UserGrants(client).remove(server.home, grant, server.ann),
        lambda: client.events.of(grant, ["user.grant.added"]),
    ):
        with pytest.raises(PermissionDenied, match="says nothing about whether the object exists"):
            call()


def test_a_token_that_nobody_has_is_not_accepted(every_server: Server, clients: Clients) -> None:
    client = clients.holder(every_server, "nobody-has-this-token")
    with pytest.raises(Unauthenticated):
        Organizations(client).read(every_server.home)
    assert len(every_server.proxy.exchanges) == 1


def default_of(server: Server) -> str:
    return str(server.admin.call("GET", "/admin/v1/orgs/default")["org"]["id"])


def test_the_default_organization_is_known_to_every_caller(every_server: Server, clients: Clients) -> None:
    expected = default_of(every_server)
    assert clients.owner(every_server).caller.default_organization() == expected
    assert clients.member(every_server, "ORG_OWNER", of=every_server.home).caller.default_organization() == expected
    every_server.proxy.clear()
    assert clients.member(every_server).caller.default_organization() == expected
    assert [each.path for each in every_server.proxy.exchanges] == ["/management/v1/iam"]


@pytest.mark.parametrize(
    "answer", [NOT_TOLD, replace(NOT_TOLD, status=200, body='{"globalOrgId": "42", "iamProjectId": "43"}')]
)
def test_where_not_every_caller_is_told_the_default_organization_who_may_read_it_knows_it(
    every_server: Server, clients: Clients, answer: Fault
) -> None:
    every_server.proxy.add(replace(answer))
    assert clients.member(every_server, "IAM_OWNER_VIEWER").caller.default_organization() == default_of(every_server)
    assert clients.member(every_server).caller.default_organization() is None


def test_an_answer_that_is_not_zitadels_names_no_default_organization(every_server: Server, clients: Clients) -> None:
    every_server.proxy.add(replace(NOT_TOLD, status=200, body="{}"))
    with pytest.raises(UnexpectedAnswer):
        clients.owner(every_server).caller.default_organization()


def test_the_callers_own_organization_and_the_default_one_are_protected(every_server: Server, clients: Clients) -> None:
    other = Organizations(clients.owner(every_server)).create(every_server.name("Acme"))
    for client in (clients.member(every_server, "IAM_OWNER"), clients.member(every_server)):
        assert client.why_protected(every_server.home) == "the credential's own user lives in it"
        assert client.why_protected(default_of(every_server)) == "it is the default organization of the instance"
        assert client.why_protected(other) is None


def test_where_nobody_tells_the_default_organization_all_but_new_ones_are_protected(
    every_server: Server, clients: Clients
) -> None:
    client = clients.member(every_server)
    other = Organizations(clients.owner(every_server)).create(every_server.name("Acme"))
    every_server.proxy.add(replace(NOT_TOLD))
    assert client.why_protected(every_server.home) == "the credential's own user lives in it"
    assert str(client.why_protected(other)).startswith("the server does not tell this credential which")
    client.mark_created(other)
    assert client.why_protected(other) is None


GRANT_EVENTS = (
    "user.grant.added",
    "user.grant.changed",
    "user.grant.deactivated",
    "user.grant.reactivated",
    "user.grant.removed",
)


def test_the_event_store_tells_a_life_in_order(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    UserGrants(client).deactivate(server.home, grant, server.ann)
    UserGrants(client).set_roles(server.home, grant, server.ann, ["admin"])
    UserGrants(client).reactivate(server.home, grant, server.ann)
    UserGrants(client).remove(server.home, grant, server.ann)
    events = client.events.of(grant, GRANT_EVENTS)
    assert [event.kind for event in events] == [
        "user.grant.added",
        "user.grant.deactivated",
        "user.grant.changed",
        "user.grant.reactivated",
        "user.grant.removed",
    ]
    assert {(event.aggregate.id, event.aggregate.resource_owner) for event in events} == {(grant, server.home)}
    assert {event.editor.user_id for event in events} == {client.caller.me().id}
    assert [event.sequence for event in events] == sorted({event.sequence for event in events})
    assert [event.creation_date for event in events] == sorted(event.creation_date for event in events)
    assert events[0].payload["userId"] == server.ann
    assert events[0].payload["roleKeys"] == ["viewer"]
    assert events[2].payload["roleKeys"] == ["admin"]


def test_only_the_kinds_and_the_object_that_were_asked_for_are_told(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    acme, other = (Organizations(client).create(every_server.name(name)) for name in ("Acme", "Emca"))
    Organizations(client).rename(acme, every_server.name("Acme Inc"))
    Organizations(client).remove(other)
    Organizations(client).remove(acme)
    assert [event.kind for event in client.events.of(acme, ["org.removed", "org.added"])] == [
        "org.added",
        "org.removed",
    ]
    assert client.events.of("42", ["org.removed"]) == ()


@pytest.mark.parametrize("page", [1, 2, 3, 7, 1000])
def test_no_event_is_lost_between_two_pages(
    every_server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    for _ in range(3):
        Organizations(client).deactivate(acme)
        Organizations(client).reactivate(acme)
    kinds = ("org.added", "org.deactivated", "org.reactivated")
    monkeypatch.setattr(event_store, "_PAGE", page)
    every_server.proxy.clear()
    events = client.events.of(acme, kinds)
    assert [event.kind.removeprefix("org.") for event in events] == ["added", *["deactivated", "reactivated"] * 3]
    assert len(every_server.proxy.exchanges) >= (7 // page if page < 1000 else 1)


def test_the_event_store_is_read_by_who_may_read_the_instance(every_server: Server, clients: Clients) -> None:
    kinds = ("org.added",)
    assert clients.member(every_server, "IAM_OWNER_VIEWER").events.of(every_server.home, kinds)
    for roles, of in ((("ORG_OWNER",), every_server.home), (("IAM_ORG_MANAGER",), None)):
        with pytest.raises(PermissionDenied):
            clients.member(every_server, *roles, of=of).events.of(every_server.home, kinds)


def test_an_outage_is_not_taken_for_a_server_that_does_not_tell_the_default_organization(
    server: Server, clients: Clients
) -> None:
    server.proxy.add(
        Fault("answer", path="/management/v1/iam|/orgs", status=500, body='{"code": 13, "message": "Errors.Internal"}')
    )
    with pytest.raises(ApiError, match="500"):
        clients.owner(server).caller.default_organization()


def test_an_outage_is_not_taken_for_a_missing_right_to_see_what_was_removed(server: Server, clients: Clients) -> None:
    owner = clients.member(server, "ORG_OWNER", of=server.home)
    grant = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    server.admin.remove_grant(server.home, server.ann, grant)
    body = '{"code": 13, "message": "Errors.Internal"}'
    server.proxy.add(Fault("answer", path="/permissions/zitadel/me/_search", status=500, body=body))
    known = {"org_id": server.home, "user_id": server.ann, "project_id": server.project}
    with pytest.raises(ApiError, match="500"):
        RESOURCE_TYPES[type_token("UserGrant")].find(owner, grant, known)


def test_events_of_two_objects_with_one_id_are_all_returned(server: Server, clients: Clients) -> None:
    """An id is unique only within a type, and a sequence only within an object."""
    server.admin.call("POST", "/v2/organizations", {"name": "Same", "orgId": "same-id"})
    body = {"organizationId": server.home, "name": "Same", "projectId": "same-id"}
    server.admin.call("POST", "/zitadel.project.v2.ProjectService/CreateProject", body)
    found = clients.owner(server).events.since(event_store.BEGINNING, ("org.added", "project.added"))
    assert {event.kind for event in found or () if event.aggregate.id == "same-id"} == {"org.added", "project.added"}
