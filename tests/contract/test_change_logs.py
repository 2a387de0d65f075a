"""What the change logs show a role in an organization of creations and removals, on each server."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import PROJECT_CHANGES, PROJECT_GRANT_CHANGES, USER_CHANGES, Change
from tests.support.servers import Server
from tests.unit.clients import Clients


@dataclass
class Scene:
    """A project that is granted, user grants, and an owner of the project's organization."""

    server: Server
    owner: Client
    acme: str
    granted: str

    def project(self, org_id: str | None = None) -> list[str]:
        return self._kinds(self.owner.events.log(PROJECT_CHANGES, {"id": self.server.project}, self._org(org_id)))

    def project_grant(self, org_id: str | None = None) -> list[str]:
        ids = {"id": self.granted, "project_id": self.server.project}
        return self._kinds(self.owner.events.log(PROJECT_GRANT_CHANGES, ids, self._org(org_id)))

    def user(self, user_id: str, org_id: str | None = None) -> list[str]:
        return self._kinds(self.owner.events.log(USER_CHANGES, {"id": user_id}, self._org(org_id)))

    def _org(self, org_id: str | None) -> str:
        return org_id or self.server.home

    @staticmethod
    def _kinds(changes: tuple[Change, ...]) -> list[str]:
        assert all(each.editor_id and each.change_date for each in changes)
        return [each.kind for each in changes]


@pytest.fixture
def scene(every_server: Server, clients: Clients) -> Scene:
    server, admin = every_server, every_server.admin
    acme = admin.create_organization(server.name("Acme"))
    granted = admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    owner = clients.member(server, "ORG_OWNER", of=server.home)
    return Scene(server, owner, acme, granted)


def test_the_log_of_a_project_has_its_roles_and_grants_and_its_removal_at_once(scene: Scene) -> None:
    """It does not lag: nothing waits here. It is still there after the removal."""
    server, admin = scene.server, scene.server.admin
    assert scene.project()[0] == "project.grant.added"
    assert scene.project()[-1] == "project.added"
    admin.remove_project_role(server.home, server.project, "editor")
    assert {"project.role.removed", "project.grant.cascade.changed"} == set(scene.project()[:2])
    admin.remove_project_grant(server.home, server.project, scene.granted)
    assert scene.project()[0] == "project.grant.removed"
    assert scene.project_grant() == ["project.grant.removed", "project.grant.cascade.changed", "project.grant.added"]
    admin.remove_project(server.home, server.project)
    assert scene.project()[0] == "project.removed"
    assert scene.project_grant()[0] == "project.grant.removed", "of the removed project too"


def test_the_log_of_a_project_grant_does_not_have_the_removal_of_its_project_or_organization(scene: Scene) -> None:
    server, admin = scene.server, scene.server.admin
    admin.remove_organization(scene.acme)
    assert scene.project_grant() == ["project.grant.added"]
    admin.remove_project(server.home, server.project)
    assert scene.project_grant() == ["project.grant.added"]


def test_the_log_of_a_user_has_its_removal_at_once_and_nothing_of_its_grants(scene: Scene) -> None:
    server, admin = scene.server, scene.server.admin
    first = admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    admin.remove_grant(server.home, server.ann, first)
    admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    created = scene.user(server.ann)
    assert len(created) == 1
    assert created[0] in ("user.human.added", "user.machine.added")
    admin.remove_user(server.home, server.ann)
    assert scene.user(server.ann) == ["user.removed", *created]
    assert not [each for each in scene.project() if each.startswith("user")]


def test_a_log_is_empty_in_another_organization_and_of_what_never_was(scene: Scene) -> None:
    """So an empty log proves nothing."""
    server = scene.server
    server.admin.add_member(scene.acme, scene.owner.caller.me().id, "ORG_OWNER")
    assert server.shows(lambda: "project.read" in scene.owner.caller.permissions(scene.acme))
    assert (scene.project(scene.acme), scene.project_grant(scene.acme), scene.user(server.ann, scene.acme)) == (
        [],
        [],
        [],
    )
    assert scene.user("42") == []


def test_no_more_than_a_hundred_entries_are_read_and_the_removal_is_the_newest(scene: Scene) -> None:
    server, admin = scene.server, scene.server.admin
    roles = [{"key": f"role{number}", "displayName": "Role"} for number in range(120)]
    admin.call("POST", f"/management/v1/projects/{server.project}/roles/_bulk", {"roles": roles}, org=server.home)
    assert len(scene.project()) == 100
    admin.remove_project(server.home, server.project)
    assert scene.project()[0] == "project.removed"


def test_who_may_not_read_a_log_gets_none(every_server: Server, clients: Clients) -> None:
    server = every_server
    for client in (clients.member(server), clients.member(server, "ORG_SETTINGS_MANAGER", of=server.home)):
        assert client.events.log(PROJECT_CHANGES, {"id": server.project}, server.home) == ()
        assert client.events.log(USER_CHANGES, {"id": server.ann}, server.home) == ()
