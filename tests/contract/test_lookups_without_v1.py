"""Lookups on a server without the v1 API: they find what v2 shows, and say what it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pulumi_zorg as zorg
from tests.support.lookups import Program, program
from tests.support.servers import Server
from tests.support.without_v1 import refuse_v1

_LIST = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"


@pytest.fixture
def without_v1(any_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program with the instance owner's credential, on a server without v1."""
    refuse_v1(any_server)
    with program(any_server, monkeypatch) as started_program:
        yield started_program


def test_what_v2_shows_is_found(without_v1: Program) -> None:
    server, admin = without_v1.server, without_v1.server.admin
    grant = admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    name = admin.organization(server.home)["name"]
    found = without_v1.listed(lambda: zorg.get_organization(name=name))
    assert found == zorg.get_organization(id=server.home)
    assert server.home in {each.id for each in zorg.get_organizations(name_contains=name)}
    ann = zorg.get_user(id=server.ann)
    assert zorg.get_user(user_name=ann.user_name) == ann
    assert {each.id for each in zorg.get_users(org_id=server.home)} == {server.ann, server.bob}
    project = zorg.get_project(id=server.project, org_id=server.home)
    assert zorg.get_project(name="Portal", org_id=server.home) == project
    assert set(project.roles or {}) == {"admin", "editor", "viewer"}
    (shown,) = without_v1.listed(lambda: zorg.get_user_grants(user_id=server.ann))
    assert (shown.id, list(shown.role_keys)) == (grant, ["viewer"])
    assert zorg.get_user_grants(org_id=server.home) == (shown,)
    admin.add_member(server.home, server.bob, "ORG_OWNER_VIEWER")
    assert server.shows(lambda: _manages(without_v1, server.bob))


def test_what_v2_does_not_show_is_an_error(without_v1: Program) -> None:
    server, admin = without_v1.server, without_v1.server.admin
    customer = admin.create_organization(server.name("Customer"))
    by = admin.grant_project(server.home, server.project, customer, ["viewer"])
    user = admin.create_user(customer, f"cleo{server.tag}")
    grant = admin.create_grant(customer, user, server.project, ["viewer"], by)
    with pytest.raises(zorg.ZorgError, match="docs/without-v1"):
        zorg.get_project_grant(project_id=server.project, granted_org_id=customer, org_id=server.home)
    with pytest.raises(zorg.ZorgError, match="docs/without-v1"):
        zorg.get_project_roles(project_name="Portal", granted_org_id=customer)
    assert server.shows(lambda: bool(admin.call("POST", _LIST, {"filters": [{"authorizationIds": {"ids": [grant]}}]})))
    with pytest.raises(zorg.ZorgError, match="v2 does not show its project grant"):
        zorg.get_user_grants(org_id=customer)


def _manages(program: Program, user_id: str) -> bool:
    program.begin(program.server.token)
    return user_id in {each.user_id for each in zorg.get_managers(org_id=program.server.home)}
