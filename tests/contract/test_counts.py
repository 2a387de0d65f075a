"""Names, on each server: what the sentences of a preview are made of."""

from __future__ import annotations

import contextlib

import pytest

from pulumi_zorg.errors import HeaderIgnored, NotFound
from pulumi_zorg.testing import Fault
from tests.support.servers import Server
from tests.unit.clients import Clients


def test_an_answer_about_another_organization_is_noticed(every_server: Server, clients: Clients) -> None:
    every_server.proxy.add(Fault("strip", times=None))
    client = clients.owner(every_server)
    for call in (lambda org: client.searches.names("granted_org_id", org, None)[0](),):
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
