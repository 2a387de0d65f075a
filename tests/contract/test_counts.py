"""Counts and names, on each server: what the sentences of a preview are made of."""

from __future__ import annotations

import contextlib

import pytest

from pulumi_zorg.errors import HeaderIgnored, NotFound, PermissionDenied
from pulumi_zorg.testing import Fault
from tests.support.servers import World
from tests.unit.clients import Clients


def test_users_projects_and_grants_are_counted_by_organization(every_world: World, clients: Clients) -> None:
    world, console, counts = every_world, every_world.console, clients.owner(every_world).counts
    tenant = console.create_organization(world.name("Tenant"))
    assert (counts.users(tenant), counts.projects(tenant), counts.user_grants(tenant)) == (0, 0, 0)
    users = [console.create_user(tenant, f"u{number}{world.tag}") for number in range(3)]
    project = console.create_project(tenant, "CRM", ["viewer"])
    for user in users[:2]:
        console.create_grant(tenant, user, project, ["viewer"])
    assert world.shows(lambda: (counts.users(tenant), counts.projects(tenant), counts.user_grants(tenant)) == (3, 1, 2))
    console.deactivate_organization(tenant)
    assert counts.users(tenant) == 3


def test_service_accounts_are_told_from_people(every_world: World, clients: Clients) -> None:
    world, counts = every_world, clients.owner(every_world).counts
    tenant = world.console.create_organization(world.name("Tenant"))
    assert (counts.users(tenant), counts.service_accounts(tenant)) == (0, 0)
    for number in range(2):
        world.create_person(tenant, f"person{number}{world.tag}")
    world.console.create_user(tenant, f"bot{world.tag}")
    assert world.shows(lambda: (counts.users(tenant), counts.service_accounts(tenant)) == (3, 1))


def test_who_may_not_see_them_is_refused(every_world: World, clients: Clients) -> None:
    counts = clients.member(every_world).counts
    for count in (counts.users, counts.service_accounts, counts.projects, counts.user_grants):
        with pytest.raises(PermissionDenied):
            count(every_world.home)


def test_an_answer_about_another_organization_is_noticed(every_world: World, clients: Clients) -> None:
    every_world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        clients.owner(every_world).counts.users(every_world.home)


def test_a_user_has_a_name(every_world: World, clients: Clients) -> None:
    world, counts = every_world, clients.owner(every_world).counts
    tenant = world.console.create_organization(world.name("Tenant"))
    assert counts.user_name(world.home, world.ann) == f"ann{world.tag}"
    with pytest.raises(NotFound):
        counts.user_name(tenant, world.ann)


def test_a_user_has_a_name_wherever_it_lives(any_world: World, clients: Clients) -> None:
    """Not on servers without the second version of the API."""
    assert clients.owner(any_world).counts.user_name_anywhere(any_world.ann) == f"ann{any_world.tag}"


def test_a_project_has_a_name_where_it_lives_and_where_it_is_granted_to(every_world: World, clients: Clients) -> None:
    world, counts = every_world, clients.owner(every_world).counts
    tenant, other = (world.console.create_organization(world.name(name)) for name in ("Tenant", "Other"))
    world.console.grant_project(world.home, world.project, tenant, ["viewer"])
    assert counts.project_name(world.home, world.project) == "Portal"
    # The server of December 2025 reads a project by id whatever organization the header names.
    with contextlib.suppress(NotFound):
        assert counts.project_name(tenant, world.project) == "Portal"
    assert world.shows(lambda: counts.granted_project_name(tenant, world.project) == "Portal")
    assert counts.granted_project_name(other, world.project) is None
