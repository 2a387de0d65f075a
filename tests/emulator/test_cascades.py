"""What removals do to user grants: the events, and the answers of reads, lists and commands afterwards."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pytest

from pulumi_zorg.emulator import Emulator, ProfileName
from tests.emulator.instance import MANAGEMENT, SERVICE, Grant, Instance

_UNREAD = (404, "QUERY-wIPkA")


@dataclass
class _Scene:
    """A project that is granted to another organization, in which a user of a third organization has a grant."""

    instance: Instance
    project_org: str
    grant_org: str
    user_org: str
    project: str
    project_grant: str
    user: str
    grant: Grant

    def read(self) -> tuple[int, str]:
        answer = self.instance.iac("GET", self.grant.path, self.grant.org)
        return answer.status, answer.error_id

    def listed(self) -> int:
        body = {"filters": [{"authorizationIds": {"ids": [self.grant.id]}}]}
        found = self.instance.iac.made("POST", f"{SERVICE}/ListAuthorizations", body=body)
        return len(found.get("authorizations", []))

    def deactivate(self) -> tuple[int, str]:
        answer = self.instance.iac("POST", f"{self.grant.path}/_deactivate", self.grant.org, {})
        return answer.status, answer.error_id


@pytest.fixture
def scene(instance: Instance) -> _Scene:
    project_org, grant_org, user_org = instance.org(), instance.org(), instance.org()
    project = instance.project(project_org, "viewer", "editor")
    body = {"grantedOrgId": grant_org, "roleKeys": ["viewer", "editor"]}
    made = instance.iac.made("POST", f"{MANAGEMENT}/projects/{project}/grants", project_org, body)
    user = instance.machine(user_org)
    grant = instance.grant(grant_org, user, project, "viewer", "editor", projectGrantId=made["grantId"])
    return _Scene(instance, project_org, grant_org, user_org, project, made["grantId"], user, grant)


@pytest.mark.parametrize("whose", ["project_org", "grant_org", "user_org"])
def test_a_removed_organization_leaves_no_event_in_its_grants(scene: _Scene, whose: str) -> None:
    """Lists leave the grant out. Its own events end without a removal, and commands still work on it."""
    org = getattr(scene, whose)
    scene.instance.iac.made("DELETE", f"/admin/v1/orgs/{org}")
    assert scene.instance.events(org)[-1] == "org.removed"
    assert scene.instance.events(scene.grant.id) == ["user.grant.added"]
    assert scene.read() == _UNREAD
    assert scene.listed() == 0
    assert scene.deactivate() == (200, "")
    assert scene.instance.events(scene.grant.id) == ["user.grant.added", "user.grant.deactivated"]


@pytest.mark.parametrize(
    ("path", "org"),
    [
        (f"{MANAGEMENT}/users/{{0.user}}", "user_org"),
        (f"{MANAGEMENT}/projects/{{0.project}}", "project_org"),
        (f"{MANAGEMENT}/projects/{{0.project}}/grants/{{0.project_grant}}", "project_org"),
    ],
)
def test_a_removed_part_removes_the_grant(scene: _Scene, path: str, org: str) -> None:
    """Removing the user, the project or the project grant removes the grant, with an event of the grant."""
    scene.instance.iac.made("DELETE", path.format(scene), getattr(scene, org))
    assert scene.instance.events(scene.grant.id) == ["user.grant.added", "user.grant.cascade.removed"]
    assert scene.read() == _UNREAD
    assert scene.listed() == 0
    assert scene.deactivate() == (404, "COMMAND-3M9sd")


def test_a_removed_role_changes_the_grant(scene: _Scene) -> None:
    scene.instance.iac.made("DELETE", f"{MANAGEMENT}/projects/{scene.project}/roles/editor", scene.project_org)
    assert scene.instance.events(scene.grant.id) == ["user.grant.added", "user.grant.cascade.changed"]
    read = scene.instance.iac.made("GET", scene.grant.path, scene.grant.org)["userGrant"]
    assert read["roleKeys"] == ["viewer"]


def test_a_project_grant_with_fewer_roles_changes_the_grant(scene: _Scene) -> None:
    path = f"{MANAGEMENT}/projects/{scene.project}/grants/{scene.project_grant}"
    scene.instance.iac.made("PUT", path, scene.project_org, {"roleKeys": ["viewer"]})
    assert scene.instance.events(scene.grant.id) == ["user.grant.added", "user.grant.cascade.changed"]


def _project_grant(instance: Instance) -> tuple[str, Grant]:
    """Return the path of a project grant with three roles, and a user grant made by it that has them all."""
    org, granted_to = instance.org(), instance.org()
    project = instance.project(org, "admin", "editor", "owner")
    body = {"grantedOrgId": granted_to, "roleKeys": ["admin", "editor", "owner"]}
    path = f"{MANAGEMENT}/projects/{project}/grants"
    made = instance.iac.made("POST", path, org, body)["grantId"]
    user = instance.machine(granted_to)
    grant = instance.grant(granted_to, user, project, "admin", "editor", "owner", projectGrantId=made)
    return f"{path}/{made}", grant


def _take_out(instance: Instance, path: str, grant: Grant, *lists: list[str]) -> list[str]:
    """Set the roles of the project grant to each list, and return the roles of the user grant."""
    found = instance.iac.made("GET", path, grant.org)["projectGrant"]
    for role_keys in lists:
        instance.iac.made("PUT", path, found["projectOwnerId"], {"roleKeys": role_keys})
    return sorted(instance.iac.made("GET", grant.path, grant.org)["userGrant"]["roleKeys"])


@pytest.mark.parametrize(("like", "kept"), [("2026-07", ["owner"]), ("2025-12", ["editor", "owner"])])
def test_a_project_grant_that_loses_several_roles_at_once(like: ProfileName, kept: list[str]) -> None:
    """GHSA-v859-c572-qh5p: on the older server, a role that follows a removed one stays in user grants and tokens."""
    with Emulator(like=like) as emulator, closing(Instance(emulator)) as instance:
        path, grant = _project_grant(instance)
        assert _take_out(instance, path, grant, ["owner"]) == kept
        assert _take_out(instance, path, grant, ["owner"]) == kept, "sending it again repairs nothing"
        if kept != ["owner"]:
            instance.iac.made("PUT", grant.path, grant.org, {"roleKeys": ["owner"]})
            assert instance.iac.made("GET", grant.path, grant.org)["userGrant"]["roleKeys"] == ["owner"]


@pytest.mark.parametrize("like", ["2026-07", "2025-12"])
def test_roles_that_leave_a_project_grant_one_at_a_time_leave_the_user_grants(like: ProfileName) -> None:
    with Emulator(like=like) as emulator, closing(Instance(emulator)) as instance:
        path, grant = _project_grant(instance)
        assert _take_out(instance, path, grant, ["editor", "owner"], ["owner"]) == ["owner"]


def test_the_removal_of_a_role_misses_a_project_grant_if_told_to(scene: _Scene) -> None:
    scene.instance.caller("").made("POST", "/debug/missed-by-cascades", body={"ids": [scene.project_grant]})
    scene.instance.iac.made("DELETE", f"{MANAGEMENT}/projects/{scene.project}/roles/editor", scene.project_org)
    path = f"{MANAGEMENT}/projects/{scene.project}/grants/{scene.project_grant}"
    read = scene.instance.iac.made("GET", path, scene.project_org)["projectGrant"]
    assert "editor" in read["grantedRoleKeys"]


_PROJECTS = "/zitadel.project.v2.ProjectService"


def test_v2_takes_roles_out_of_a_project_grant_without_an_event_of_the_grant(scene: _Scene) -> None:
    """Reads show fewer roles. The events of the grant, and so the commands on it, still have all of them."""
    body = {"projectId": scene.project, "grantedOrganizationId": scene.grant_org, "roleKeys": ["viewer"]}
    scene.instance.iac.made("POST", f"{_PROJECTS}/UpdateProjectGrant", body=body)
    assert scene.instance.events(scene.grant.id) == ["user.grant.added"]
    read = scene.instance.iac.made("GET", scene.grant.path, scene.grant.org)["userGrant"]
    assert read["roleKeys"] == ["viewer"]
    answer = scene.instance.iac("PUT", scene.grant.path, scene.grant.org, {"roleKeys": ["viewer", "editor"]})
    assert (answer.status, answer.error_id) == (400, "COMMAND-Rs8fy")


def test_v2_removes_a_project_grant_with_the_grants_on_it_alone(scene: _Scene) -> None:
    own = scene.instance.grant(scene.project_org, scene.user, scene.project, "viewer")
    body = {"projectId": scene.project, "grantedOrganizationId": scene.grant_org}
    first = scene.instance.iac.made("POST", f"{_PROJECTS}/DeleteProjectGrant", body=body)
    assert scene.instance.events(scene.grant.id) == ["user.grant.added", "user.grant.cascade.removed"]
    assert scene.instance.events(own.id) == ["user.grant.added"]
    # A second removal succeeds, and reports the time of the first one.
    assert scene.instance.iac.made("POST", f"{_PROJECTS}/DeleteProjectGrant", body=body) == first
    # A new grant of the same project has another id, and the call finds that one.
    path = f"{MANAGEMENT}/projects/{scene.project}/grants"
    again = scene.instance.iac.made("POST", path, scene.project_org, {"grantedOrgId": scene.grant_org})["grantId"]
    scene.instance.iac.made("POST", f"{_PROJECTS}/DeactivateProjectGrant", body=body)
    found = scene.instance.iac.made("GET", f"{path}/{again}", scene.project_org)["projectGrant"]
    assert found["state"] == "PROJECT_GRANT_STATE_INACTIVE"


def test_a_phantom(scene: _Scene) -> None:
    """No read finds it. Commands and the event search find it, and cascades leave it out."""
    scene.instance.caller("").made("POST", "/debug/phantoms", body={"ids": [scene.grant.id]})
    assert scene.read() == _UNREAD
    assert scene.listed() == 0
    assert scene.deactivate() == (200, "")
    scene.instance.iac.made("DELETE", f"{MANAGEMENT}/projects/{scene.project}", scene.project_org)
    assert scene.instance.events(scene.grant.id) == ["user.grant.added", "user.grant.deactivated"]


def test_a_grant_of_an_unknown_project_grant(instance: Instance) -> None:
    """In the project's own organization it is created and never read. So every administrator can create a phantom."""
    org = instance.org()
    grant = instance.grant(org, instance.machine(org), instance.project(org, "viewer"), "viewer", projectGrantId="999")
    answer = instance.iac("GET", grant.path, org)
    assert (answer.status, answer.error_id) == _UNREAD
    assert instance.iac("POST", f"{grant.path}/_deactivate", org, {}).sequence == 2
    assert instance.iac("DELETE", grant.path, org).status == 200


def test_the_name_of_a_removed_organization_is_free(instance: Instance) -> None:
    name = instance.name("Once")
    first = instance.iac.made("POST", f"{MANAGEMENT}/orgs", body={"name": name})["id"]
    assert instance.iac("POST", f"{MANAGEMENT}/orgs", body={"name": name}).status == 409
    instance.iac.made("DELETE", f"/admin/v1/orgs/{first}")
    assert instance.iac("POST", f"{MANAGEMENT}/orgs", body={"name": name}).status == 200
