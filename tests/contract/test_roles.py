"""What the servers say about who has a role, and what the calls about roles do to the user grants."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.roles import GrantedRoles
from pulumi_zorg.errors import ApiError, NotFound, UnexpectedAnswer
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.project.calls import ProjectCalls
from pulumi_zorg.resource_types.project.inputs import ProjectInputs
from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantCalls
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.role_use import take_from_project_grants, take_from_users
from tests.support.calls import change
from tests.support.servers import Server
from tests.unit.clients import Clients

THREE = ("admin", "editor", "viewer")


@dataclass
class Scene:
    """The project of the home is granted to a partner, which has given its roles to a user."""

    server: Server
    client: Client
    partner: str
    user: str
    project_grant: str
    grant: str

    def roles(self) -> list[str]:
        return sorted(self.server.admin.grant(self.partner, self.user, self.grant).get("roleKeys", []))


@pytest.fixture
def scene(every_server: Server, clients: Clients) -> Scene:
    server, admin = every_server, every_server.admin
    partner = admin.create_organization(server.name("Partner"))
    user = admin.create_user(partner, f"cara{server.tag}")
    project_grant = admin.grant_project(server.home, server.project, partner, THREE)
    grant = admin.create_grant(partner, user, server.project, THREE, project_grant)
    assert server.shows(lambda: grant in admin.grants(partner))
    return Scene(server, clients.owner(server), partner, user, project_grant, grant)


def _has_list(scene: Scene) -> bool:
    """Whether the server lists the user grants of all organizations: the oldest ones do not."""
    try:
        scene.client.roles.holders(scene.server.project, "admin")
    except (NotFound, UnexpectedAnswer):
        return False
    return True


def test_the_events_of_a_project_have_its_roles_and_those_of_its_grants(scene: Scene) -> None:
    server, admin = scene.server, scene.server.admin
    found = scene.client.roles.read(server.project)
    assert found is not None
    assert (found.name, found.org_id, found.keys) == ("Portal", server.home, THREE)
    assert found.grants == {scene.project_grant: GrantedRoles(scene.partner, THREE)}
    admin.remove_project_role(server.home, server.project, "editor")
    admin.rename_project(server.home, server.project, "Shop")
    known = scene.client.roles.known(server.project)
    assert known is not None
    assert known.name == "Portal", "it is not read again"
    found = scene.client.roles.read(server.project)
    assert found is not None
    assert (found.name, found.keys) == ("Shop", ("admin", "viewer"))
    assert found.grants[scene.project_grant].keys == ("admin", "viewer")
    admin.remove_project_grant(server.home, server.project, scene.project_grant)
    found = scene.client.roles.read(server.project)
    assert found is not None
    assert found.grants == {}
    admin.remove_project(server.home, server.project)
    assert scene.client.roles.read(server.project) is None


def test_a_project_grant_is_read_by_its_id_in_both_organizations(scene: Scene) -> None:
    roles, server = scene.client.roles, scene.server
    for org_id in (server.home, scene.partner):
        found = roles.granted(org_id, server.project, scene.project_grant)
        assert found is not None
        assert (found.granted_org_id, sorted(found.keys)) == (scene.partner, list(THREE))
    assert roles.granted(server.home, server.project, "1") is None


def test_the_list_of_who_has_a_role_counts_those_that_the_caller_may_not_see(scene: Scene, clients: Clients) -> None:
    server, roles = scene.server, scene.client.roles
    if not _has_list(scene):
        return
    own = server.admin.create_grant(server.home, server.ann, server.project, ["admin"])
    assert server.shows(lambda: roles.holders(server.project, "admin").total == 2)
    found = roles.holders(server.project, "admin", scene.project_grant)
    assert (found.total, [each.id for each in found.entries]) == (1, [scene.grant])
    assert found.entries[0].organization.id == scene.partner
    assert roles.holders(server.project, "nobody").total == 0
    stranger = clients.member(server, "ORG_OWNER", of=server.home)
    found = stranger.roles.holders(server.project, "admin")
    assert (found.total, [each.id for each in found.entries]) == (2, [own])


def test_roles_that_leave_a_project_grant_leave_the_user_grants(scene: Scene) -> None:
    server, client = scene.server, scene.client
    inputs = ProjectGrantInputs.of(
        {"org_id": server.home, "project_id": server.project, "granted_org_id": scene.partner, "role_keys": ["viewer"]}
    )
    change(ProjectGrantCalls(), client, scene.project_grant, inputs, Step(Action.UPDATE, frozenset({"role_keys"})))
    assert scene.roles() == ["viewer"]
    take_from_users(client, "It", server.project, {"admin", "editor"}, [], scene.project_grant)
    assert [each for each in server.proxy.writes if "/users/" in each] == [], "nothing is left to do"


def test_a_role_is_taken_from_users_who_still_have_it(scene: Scene) -> None:
    server, client = scene.server, scene.client
    take_from_users(client, "It", server.project, {"admin", "editor"}, [scene.partner], scene.project_grant)
    assert scene.roles() == ["viewer"]


def test_a_role_is_taken_from_project_grants_that_still_have_it(scene: Scene) -> None:
    server, client = scene.server, scene.client
    kept = {"editor", "viewer"}
    assert take_from_project_grants(client, "It", server.home, server.project, {"admin"}, kept) == (scene.partner,)
    found = server.admin.project_grant(server.home, server.project, scene.project_grant)
    assert sorted(found["grantedRoleKeys"]) == ["editor", "viewer"]
    assert scene.roles() == ["editor", "viewer"]


def test_roles_whose_keys_do_not_fit_a_path(every_server: Server, clients: Clients) -> None:
    server, client, calls = every_server, clients.owner(every_server), ProjectCalls()
    keys = ["prüfer", "管理者", "..", "."]
    inputs = {"org_id": server.home, "name": "Portal", "roles": {key: key for key in keys}}

    def update(roles: dict[str, str]) -> None:
        declared = ProjectInputs.of(
            {**inputs, "roles": {key: {"display_name": name, "group": ""} for key, name in roles.items()}}
        )
        change(calls, client, server.project, declared, Step(Action.UPDATE, frozenset({"roles"})))

    update({key: key for key in keys})
    try:
        update({"prüfer": "Auditor", "viewer": "viewer"})
    except UnexpectedAnswer:
        return  # the oldest servers do not have the calls with the key in the body
    found = server.admin.project_roles(server.home, server.project)
    assert {key: each["displayName"] for key, each in found.items()} == {"prüfer": "Auditor", "viewer": "viewer"}


def test_role_keys_that_differ_only_in_case_are_one(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    roles = {key: {"display_name": key, "group": ""} for key in ("ADMIN", "admin", "editor", "viewer")}
    inputs = ProjectInputs.of({"org_id": server.home, "name": "Portal", "roles": roles})
    with pytest.raises(ApiError) as refused:
        change(ProjectCalls(), client, server.project, inputs, Step(Action.UPDATE, frozenset({"roles"})))
    assert refused.value.status == 409


def test_the_version_of_the_server(every_server: Server, clients: Clients) -> None:
    shown = clients.owner(every_server).caller.server_version()
    assert shown is None or re.match(r"v?\d+\.\d+", shown)
    assert clients.member(every_server, "ORG_OWNER", of=every_server.home).caller.server_version() is None
