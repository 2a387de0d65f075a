"""Counts and names, on each server: what the sentences of a preview are made of."""

from __future__ import annotations

import contextlib

import pytest

from pulumi_zorg.errors import HeaderIgnored, NotFound, PermissionDenied
from pulumi_zorg.testing import Fault
from tests.support.servers import Server
from tests.unit.clients import Clients


def test_users_projects_and_project_grants_are_listed_by_organization(every_server: Server, clients: Clients) -> None:
    server, admin, access = every_server, every_server.admin, clients.owner(every_server).access
    tenant = admin.create_organization(server.name("Tenant"))
    assert (access.users(tenant).total, access.projects(tenant).total, access.project_grants(tenant).total) == (0, 0, 0)
    for number in range(3):
        admin.create_user(tenant, f"u{number}{server.tag}")
    project = admin.create_project(tenant, "CRM", ["viewer"])
    admin.grant_project(tenant, project, server.home, ["viewer"])
    assert server.shows(
        lambda: (
            (access.users(tenant).total, access.projects(tenant).total, access.project_grants(tenant).total)
            == (3, 1, 1)
        )
    )
    admin.deactivate_organization(tenant)
    assert access.users(tenant).total == 3


def test_service_accounts_are_told_from_people(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    tenant = server.admin.create_organization(server.name("Tenant"))
    assert client.searches.service_accounts(tenant) == 0
    for number in range(2):
        server.create_person(tenant, f"person{number}{server.tag}")
    bot = server.admin.create_user(tenant, f"bot{server.tag}")
    assert server.shows(lambda: (client.access.users(tenant).total, client.searches.service_accounts(tenant)) == (3, 1))
    assert client.access.users(tenant).service_accounts == {bot}


def test_who_may_not_see_them_is_refused(every_server: Server, clients: Clients) -> None:
    client = clients.member(every_server)
    for count in (client.searches.service_accounts, client.access.users, client.access.projects):
        with pytest.raises(PermissionDenied):
            count(every_server.home)


def test_an_answer_about_another_organization_is_noticed(every_server: Server, clients: Clients) -> None:
    every_server.proxy.add(Fault("strip", times=None))
    client = clients.owner(every_server)
    for call in (
        client.searches.service_accounts,
        client.access.users,
        lambda org: client.searches.names("granted_org_id", org, None)[0](),
    ):
        with pytest.raises(HeaderIgnored):
            call(every_server.home)


def test_a_user_has_a_name(every_server: Server, clients: Clients) -> None:
    server, counts = every_server, clients.owner(every_server).searches
    tenant = server.admin.create_organization(server.name("Tenant"))
    assert counts.user_name(server.home, server.ann) == f"ann{server.tag}"
    with pytest.raises(NotFound):
        counts.user_name(tenant, server.ann)


def test_a_user_has_a_name_wherever_it_lives(any_server: Server, clients: Clients) -> None:
    """Not on servers without the second version of the API."""
    assert clients.owner(any_server).searches.user_name_anywhere(any_server.ann) == f"ann{any_server.tag}"


def test_a_project_has_a_name_where_it_lives_and_where_it_is_granted_to(every_server: Server, clients: Clients) -> None:
    server, counts = every_server, clients.owner(every_server).searches
    tenant, other = (server.admin.create_organization(server.name(name)) for name in ("Tenant", "Other"))
    server.admin.grant_project(server.home, server.project, tenant, ["viewer"])
    assert counts.project_name(server.home, server.project) == "Portal"
    # The server of December 2025 reads a project by id whatever organization the header names.
    with contextlib.suppress(NotFound):
        assert counts.project_name(tenant, server.project) == "Portal"
    assert server.shows(lambda: counts.granted_project_name(tenant, server.project) == "Portal")
    assert counts.granted_project_name(other, server.project) is None
