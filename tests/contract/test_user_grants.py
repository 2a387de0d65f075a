"""What each call about user grants does on each server."""

from __future__ import annotations

import contextlib

import pytest

from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    FailedPrecondition,
    HeaderIgnored,
    NotFound,
    UnexpectedAnswer,
)
from tests.contract.lists import listed
from tests.support.calls import Organizations, UserGrants
from tests.support.servers import Server
from tests.unit.clients import Clients


def test_a_grant_is_created_active_and_read_back(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer", "admin"])
    found = UserGrants(client).read(server.home, grant, server.ann)
    assert (found.id, found.user_id, found.project_id) == (grant, server.ann, server.project)
    assert (found.org_id, found.project_grant_id, found.state) == (server.home, "", "USER_GRANT_STATE_ACTIVE")
    assert sorted(found.role_keys) == ["admin", "viewer"]
    assert found.active
    assert UserGrants(client).read(server.home, grant) == found, "the user need not be known"
    assert UserGrants(client).read(server.home, grant, server.bob) == found, "nor right"


def test_a_grant_may_have_no_roles(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, [])
    assert UserGrants(client).read(server.home, grant).role_keys == ()


def test_there_is_one_grant_of_a_user_for_a_project(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    with pytest.raises(AlreadyExists, match=f"Granting user {server.ann} roles in project {server.project}"):
        UserGrants(client).create(server.home, server.ann, server.project, None, ["admin"])


def test_roles_are_replaced(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    UserGrants(client).set_roles(server.home, grant, server.ann, ["admin", "editor"])
    assert sorted(UserGrants(client).read(server.home, grant).role_keys) == ["admin", "editor"]
    with pytest.raises(FailedPrecondition):
        UserGrants(client).set_roles(server.home, grant, server.ann, ["admin", "editor"])
    UserGrants(client).set_roles(server.home, grant, server.ann, [])
    assert UserGrants(client).read(server.home, grant).role_keys == ()


def test_a_role_that_the_project_does_not_have_is_refused(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    with pytest.raises(ApiError):
        UserGrants(client).create(server.home, server.ann, server.project, None, ["emperor"])
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    with pytest.raises(ApiError):
        UserGrants(client).set_roles(server.home, grant, server.ann, ["emperor"])
    assert UserGrants(client).read(server.home, grant).role_keys == ("viewer",)


def test_a_grant_is_deactivated_and_reactivated(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    UserGrants(client).deactivate(server.home, grant, server.ann)
    found = UserGrants(client).read(server.home, grant)
    assert (found.state, found.active, found.role_keys) == ("USER_GRANT_STATE_INACTIVE", False, ("viewer",))
    UserGrants(client).set_roles(server.home, grant, server.ann, ["admin"])
    assert UserGrants(client).read(server.home, grant).state == "USER_GRANT_STATE_INACTIVE"
    UserGrants(client).reactivate(server.home, grant, server.ann)
    assert UserGrants(client).read(server.home, grant).active


def test_switching_off_what_is_off_is_no_change_or_is_refused_as_that(every_server: Server, clients: Clients) -> None:
    """Servers differ in this: the seeds' kind refuses, the recorded ones do nothing."""
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    for change, state in (
        (UserGrants(client).reactivate, "USER_GRANT_STATE_ACTIVE"),
        (UserGrants(client).deactivate, "USER_GRANT_STATE_INACTIVE"),
        (UserGrants(client).deactivate, "USER_GRANT_STATE_INACTIVE"),
    ):
        with contextlib.suppress(FailedPrecondition):
            change(server.home, grant, server.ann)
        assert UserGrants(client).read(server.home, grant).state == state


def test_a_removed_grant_is_not_found(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    UserGrants(client).remove(server.home, grant, server.ann)
    with pytest.raises(NotFound):
        UserGrants(client).read(server.home, grant)
    for change in (UserGrants(client).deactivate, UserGrants(client).reactivate, UserGrants(client).remove):
        with pytest.raises(NotFound):
            change(server.home, grant, server.ann)
    assert UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"]) != grant


def test_a_grant_looked_for_in_another_organization_is_not_found(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    other = Organizations(client).create(server.name("Acme"))
    for call in (
        lambda: UserGrants(client).read(other, grant),
        lambda: UserGrants(client).deactivate(other, grant, server.ann),
        lambda: UserGrants(client).reactivate(other, grant, server.ann),
        lambda: UserGrants(client).remove(other, grant, server.ann),
    ):
        with pytest.raises(NotFound):
            call()
    found = UserGrants(client).read(server.home, grant)
    assert (found.active, found.role_keys) == (True, ("viewer",))


def test_roles_set_in_another_organization_are_set_all_the_same_and_that_is_told(
    every_server: Server, clients: Clients
) -> None:
    """In this call alone no server compares the header with the grant: whoever writes must have read before."""
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    other = Organizations(client).create(server.name("Acme"))
    with pytest.raises(HeaderIgnored, match=f"acted on organization {server.home} instead"):
        UserGrants(client).set_roles(other, grant, server.ann, ["admin"])
    assert UserGrants(client).read(server.home, grant).role_keys == ("admin",)


def test_a_grant_by_a_project_grant_says_so(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    other = Organizations(client).create(server.name("Acme"))
    granted = server.admin.grant_project(server.home, server.project, other, ["viewer"])
    left_out = UserGrants(client).create(other, server.ann, server.project, None, ["viewer"])
    named = UserGrants(client).create(other, server.bob, server.project, granted, ["viewer"])
    for grant in (left_out, named):
        found = UserGrants(client).read(other, grant)
        assert (found.org_id, found.project_id, found.project_grant_id) == (other, server.project, granted)


def test_grants_are_found_by_user_and_project(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    second = server.admin.create_project(server.home, "Second", ["viewer"])
    ids = {
        (user, project): UserGrants(client).create(server.home, user, project, None, ["viewer"])
        for user in (server.ann, server.bob)
        for project in (server.project, second)
    }
    found = listed(lambda: UserGrants(client).search(server.home, server.ann, second))
    assert [(each.id, each.user_id, each.project_id) for each in found] == [
        (ids[server.ann, second], server.ann, second)
    ]
    other = Organizations(client).create(server.name("Acme"))
    assert UserGrants(client).search(other, server.ann, second) == []


def test_the_organization_of_a_grant_is_found_by_its_id_where_the_server_can(
    every_server: Server, clients: Clients
) -> None:
    server, client = every_server, clients.owner(every_server)
    grant = UserGrants(client).create(server.home, server.ann, server.project, None, ["viewer"])
    try:
        assert UserGrants(client).organization_of("42") is None
    except (NotFound, UnexpectedAnswer):
        with pytest.raises((NotFound, UnexpectedAnswer)):
            UserGrants(client).organization_of(grant)
    else:
        assert listed(lambda: UserGrants(client).organization_of(grant)) == server.home
        assert UserGrants(clients.member(server)).organization_of(grant) is None, "who may not see it is not told"
