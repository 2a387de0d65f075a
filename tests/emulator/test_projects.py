"""Projects, their roles and their project grants: events, states, names, and reads by id.

Measured on a real server of July 2026, and for the profile 2025-12 as its recordings show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pulumi_zorg.emulator import Emulator, ProfileName
from tests.emulator.instance import MANAGEMENT, Answer, Instance

_PROJECTS = f"{MANAGEMENT}/projects"
_SERVICE = "/zitadel.project.v2.ProjectService"
_FLAGS = {
    "projectRoleAssertion": True,
    "projectRoleCheck": True,
    "hasProjectCheck": True,
    "privateLabelingSetting": "PRIVATE_LABELING_SETTING_ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY",
}


@dataclass
class _Scene:
    """An organization with a project with two roles, and an organization that the project is granted to."""

    instance: Instance
    org: str
    customer: str
    project: str
    grant: str

    @property
    def path(self) -> str:
        return f"{_PROJECTS}/{self.project}"

    @property
    def grant_path(self) -> str:
        return f"{self.path}/grants/{self.grant}"

    def call(self, method: str, path: str, body: Any = None, org: str = "") -> Answer:
        return self.instance.iac(method, path, org or self.org, body)

    def made(self, method: str, path: str, body: Any = None) -> Any:
        return self.instance.iac.made(method, path, self.org, body)

    def events(self) -> list[tuple[str, Any]]:
        """Return type and payload of the project's events, oldest first."""
        body = {"aggregateId": self.project, "aggregateTypes": ["project"], "asc": True}
        found = self.instance.iac.made("POST", "/admin/v1/events/_search", body=body)["events"]
        assert {event["aggregate"]["resourceOwner"] for event in found} == {self.org}
        return [(event["type"]["type"], event.get("payload")) for event in found]


def _scene(instance: Instance) -> _Scene:
    org, customer = instance.org(), instance.org()
    project = instance.project(org, "viewer", "editor")
    body = {"grantedOrgId": customer, "roleKeys": ["viewer", "editor"]}
    made = instance.iac.made("POST", f"{_PROJECTS}/{project}/grants", org, body)
    return _Scene(instance, org, customer, project, str(made["grantId"]))


@pytest.fixture
def scene(instance: Instance) -> _Scene:
    return _scene(instance)


def _refusal(answer: Answer) -> tuple[int, int, str]:
    return answer.status, answer.code, answer.error_id


def test_the_event_of_a_change_has_only_what_changed(scene: _Scene) -> None:
    """Flags that are not set are not in `project.added`. A later change to false is in `project.changed`."""
    body = {"name": scene.instance.name("Flags"), **_FLAGS}
    scene.project = str(scene.made("POST", _PROJECTS, body)["id"])
    scene.made("PUT", scene.path, body)  # nothing changed: no event
    scene.made("PUT", scene.path, body | {"hasProjectCheck": False})
    other = scene.instance.name("Flags")
    scene.made("PUT", scene.path, {"name": other})
    for step in ("_deactivate", "_reactivate"):
        scene.made("POST", f"{scene.path}/{step}", {})
    scene.made("DELETE", scene.path)
    flags = {"projectRoleAssertion": True, "projectRoleCheck": True, "hasProjectCheck": True}
    reset = {"projectRoleAssertion": False, "projectRoleCheck": False, "privateLabelingSetting": 0}
    assert scene.events() == [
        ("project.added", {"name": body["name"], **flags, "privateLabelingSetting": 2}),
        ("project.changed", {"hasProjectCheck": False}),
        ("project.changed", {"name": other, **reset}),
        ("project.deactivated", None),
        ("project.reactivated", None),
        ("project.removed", None),
    ]


def test_the_events_of_roles_and_project_grants_are_those_of_the_project(scene: _Scene) -> None:
    scene.made("POST", f"{scene.path}/roles/_bulk", {"roles": [{"key": "admin", "displayName": "A", "group": "g"}]})
    scene.made("PUT", f"{scene.path}/roles/admin", {"displayName": "B", "group": "g"})
    scene.made("PUT", f"{scene.path}/roles/admin", {"displayName": "B"})
    scene.made("PUT", scene.grant_path, {"roleKeys": ["admin", "viewer"]})
    scene.made("DELETE", f"{scene.path}/roles/admin")
    for method, step in (("POST", "/_deactivate"), ("POST", "/_reactivate"), ("DELETE", "")):
        scene.made(method, scene.grant_path + step, {} if step else None)
    grant = {"grantId": scene.grant}
    assert scene.events()[3:] == [
        ("project.grant.added", {**grant, "grantedOrgId": scene.customer, "roleKeys": ["viewer", "editor"]}),
        ("project.role.added", {"key": "admin", "displayName": "A", "group": "g"}),
        ("project.role.changed", {"key": "admin", "displayName": "B"}),
        ("project.role.changed", {"key": "admin", "group": ""}),
        ("project.grant.changed", {**grant, "roleKeys": ["admin", "viewer"]}),
        ("project.role.removed", {"key": "admin"}),
        ("project.grant.cascade.changed", {**grant, "roleKeys": ["viewer"]}),
        ("project.grant.deactivated", grant),
        ("project.grant.reactivated", grant),
        ("project.grant.removed", grant),
    ]


def test_a_removed_project_leaves_no_event_of_its_project_grants(scene: _Scene) -> None:
    """The last event is that of the project. Reads by id and lists show neither roles nor project grants."""
    scene.made("DELETE", scene.path)
    assert [name for name, _ in scene.events()][-2:] == ["project.grant.added", "project.removed"]
    assert _refusal(scene.call("GET", scene.path)) == (404, 5, "QUERY-fk2fs")
    assert _refusal(scene.call("GET", scene.grant_path)) == (404, 5, "QUERY-n98GGs")
    for path in (f"{scene.path}/roles", f"{scene.path}/grants", f"{MANAGEMENT}/projectgrants"):
        assert "result" not in scene.made("POST", f"{path}/_search", {})
    assert _refusal(scene.call("DELETE", scene.path)) == (404, 5, "COMMAND-3M9sd")
    assert _refusal(scene.call("DELETE", scene.grant_path)) == (404, 5, "PROJECT-D8JxR")


def test_a_removed_organization_leaves_no_event_of_its_projects(scene: _Scene) -> None:
    """The project and its project grants are gone from reads. Commands still work, and write events after `org.removed`."""
    before = scene.events()
    scene.instance.iac.made("DELETE", f"/admin/v1/orgs/{scene.org}")
    assert scene.events() == before
    assert _refusal(scene.call("GET", scene.path)) == (404, 5, "QUERY-fk2fs")
    assert _refusal(scene.call("GET", scene.grant_path, org=scene.customer)) == (404, 5, "QUERY-n98GGs")
    assert "result" not in scene.made("POST", f"{_PROJECTS}/_search", {})
    assert scene.call("POST", f"{scene.path}/_deactivate", {}).status == 200
    assert scene.events()[-1] == ("project.deactivated", None)


def test_a_project_that_is_created_in_a_removed_organization_is_there(scene: _Scene) -> None:
    """So `org.removed` proves the end of older projects alone."""
    scene.instance.iac.made("DELETE", f"/admin/v1/orgs/{scene.org}")
    scene.project = str(scene.made("POST", _PROJECTS, {"name": scene.instance.name("Late")})["id"])
    assert scene.made("GET", scene.path)["project"]["state"] == "PROJECT_STATE_ACTIVE"
    assert [project["id"] for project in scene.made("POST", f"{_PROJECTS}/_search", {})["result"]] == [scene.project]


def test_a_removed_granted_organization_takes_the_project_grant_along_without_an_event(scene: _Scene) -> None:
    """A removal of the project grant still succeeds afterwards. A change of its roles does not."""
    before = scene.events()
    scene.instance.iac.made("DELETE", f"/admin/v1/orgs/{scene.customer}")
    assert scene.events() == before
    assert scene.call("GET", scene.path).status == 200
    for org in (scene.org, scene.customer):
        assert _refusal(scene.call("GET", scene.grant_path, org=org)) == (404, 5, "QUERY-n98GGs")
    assert _refusal(scene.call("PUT", scene.grant_path, {"roleKeys": []})) == (400, 9, "COMMAND-3m9gg")
    again = {"grantedOrgId": scene.customer, "roleKeys": []}
    assert _refusal(scene.call("POST", f"{scene.path}/grants", again)) == (400, 9, "COMMAND-3m9gg")
    scene.made("DELETE", scene.grant_path)
    assert scene.events()[-1] == ("project.grant.removed", {"grantId": scene.grant})


def test_an_inactive_project_can_be_changed_in_every_way(scene: _Scene) -> None:
    """So a resource may be deactivated first, and updated afterwards."""
    user = scene.instance.machine(scene.org)
    scene.made("POST", f"{scene.path}/_deactivate", {})
    scene.made("PUT", scene.path, {"name": scene.instance.name("Renamed"), **_FLAGS})
    scene.made("POST", f"{scene.path}/roles", {"roleKey": "late", "displayName": "Late"})
    scene.made("POST", f"{scene.path}/roles/_bulk", {"roles": [{"key": "later", "displayName": "Later"}]})
    scene.made("PUT", f"{scene.path}/roles/late", {"displayName": "Later"})
    scene.made("POST", f"{scene.grant_path}/_deactivate", {})
    scene.made("PUT", scene.grant_path, {"roleKeys": ["late"]})
    scene.made("POST", f"{scene.path}/grants", {"grantedOrgId": scene.instance.org(), "roleKeys": ["late"]})
    scene.instance.grant(scene.org, user, scene.project, "late")
    scene.made("DELETE", f"{scene.path}/roles/late")
    found = scene.made("GET", scene.path)["project"]
    assert found["state"] == "PROJECT_STATE_INACTIVE"
    grant = scene.made("GET", scene.grant_path)["projectGrant"]
    assert grant["state"] == "PROJECT_GRANT_STATE_INACTIVE"
    assert "grantedRoleKeys" not in grant
    scene.made("DELETE", scene.grant_path)
    scene.made("DELETE", scene.path)


def test_a_second_deactivation_of_a_project_fails_and_one_of_a_project_grant_does_not(scene: _Scene) -> None:
    scene.made("POST", f"{scene.path}/_deactivate", {})
    assert _refusal(scene.call("POST", f"{scene.path}/_deactivate", {})) == (400, 9, "COMMAND-mki55")
    scene.made("POST", f"{scene.path}/_reactivate", {})
    assert _refusal(scene.call("POST", f"{scene.path}/_reactivate", {})) == (400, 9, "COMMAND-5M9bs")
    first = scene.call("POST", f"{scene.grant_path}/_deactivate", {})
    assert scene.call("POST", f"{scene.grant_path}/_deactivate", {}).sequence == first.sequence


def test_the_name_of_a_project_is_unique_in_its_organization_whatever_its_case(scene: _Scene) -> None:
    """It is taken while the project is inactive, and free after its removal. Spaces around it count."""
    name = scene.instance.name("Shop")
    project = scene.made("POST", _PROJECTS, {"name": name})["id"]
    scene.made("POST", f"{_PROJECTS}/{project}/_deactivate", {})
    for taken in (name, name.upper()):
        assert _refusal(scene.call("POST", _PROJECTS, {"name": taken})) == (409, 6, "V3-DKcYh")
        assert _refusal(scene.call("PUT", scene.path, {"name": taken})) == (409, 6, "V3-DKcYh")
    assert scene.call("POST", _PROJECTS, {"name": f" {name} "}).status == 200
    assert scene.call("POST", _PROJECTS, {"name": name}, scene.customer).status == 200
    scene.made("DELETE", f"{_PROJECTS}/{project}")
    assert scene.call("POST", _PROJECTS, {"name": name}).status == 200


def test_a_removal_of_a_role_that_is_not_there_succeeds(scene: _Scene) -> None:
    """Also for an unknown project, and with the header of another organization, which removes nothing."""
    before = scene.events()
    for path, org in (
        (f"{scene.path}/roles/nope", scene.org),
        (f"{_PROJECTS}/999/roles/viewer", scene.org),
        (f"{scene.path}/roles/viewer", scene.customer),
    ):
        assert scene.call("DELETE", path, org=org).status == 200
    assert scene.events() == before


def test_roles_are_added_in_bulk_all_or_none(scene: _Scene) -> None:
    new = {"key": "new", "displayName": "New"}
    for roles in ([new, {"key": "viewer", "displayName": "There"}], [new, new]):
        assert _refusal(scene.call("POST", f"{scene.path}/roles/_bulk", {"roles": roles})) == (409, 6, "V3-DKcYh")
    listed = scene.made("POST", f"{scene.path}/roles/_search", {})["result"]
    assert {role["key"] for role in listed} == {"viewer", "editor"}


def test_a_list_with_the_header_of_another_organization_is_empty_and_no_error(scene: _Scene) -> None:
    for path in (f"{scene.path}/roles/_search", f"{scene.path}/grants/_search"):
        answer = scene.call("POST", path, {}, scene.customer)
        assert answer.status == 200
        assert "result" not in answer.body


def test_a_project_grant_is_read_whatever_project_is_in_the_path(scene: _Scene) -> None:
    """Changes and removals find it only under its own project."""
    path = f"{_PROJECTS}/999/grants/{scene.grant}"
    assert scene.made("GET", path)["projectGrant"]["projectId"] == scene.project
    assert _refusal(scene.call("PUT", path, {"roleKeys": []})) == (404, 5, "PROJECT-D8JxR")
    assert _refusal(scene.call("DELETE", path)) == (404, 5, "PROJECT-D8JxR")


@pytest.mark.parametrize(
    ("like", "project", "grant"),
    [("2026-07", (404, "MANAG-SFf2a"), (404, "MANAG-d3g31")), ("2025-12", (200, ""), (200, ""))],
)
def test_a_read_with_the_header_of_another_organization(
    like: ProfileName, project: tuple[int, str], grant: tuple[int, str]
) -> None:
    """The older server ignores the header. The granted organization reads its project grant on both."""
    with Emulator(like=like) as emulator:
        instance = Instance(emulator)
        scene = _scene(instance)
        other = instance.org()
        for path, expected in ((scene.path, project), (scene.grant_path, grant)):
            answer = scene.call("GET", path, org=other)
            assert (answer.status, answer.error_id) == expected
        assert scene.call("GET", scene.grant_path, org=scene.customer).status == 200
        instance.close()


def test_the_changes_of_a_project_and_of_a_project_grant(scene: _Scene) -> None:
    """The parameters are in the query string: the real server ignores the body of these two calls."""

    def sequences(path: str, query: str = "", org: str = "") -> list[str]:
        answer = scene.call("POST", f"{path}/changes/_search{query}", "{not even json", org)
        assert answer.status == 200
        return [change["sequence"] for change in answer.body.get("result", [])]

    scene.made("POST", f"{scene.grant_path}/_deactivate", {})
    scene.made("POST", f"{scene.path}/_deactivate", {})
    assert sequences(scene.path) == ["6", "5", "4", "3", "2", "1"]
    assert sequences(scene.path, "?query.limit=2") == ["6", "5"]
    assert sequences(scene.path, "?query.sequence=4&query.asc=true&projectId=999") == ["5", "6"]
    assert sequences(scene.path, "?query.sequence=3&nope.limit=7") == ["2", "1"]
    assert sequences(scene.path, org=scene.customer) == []
    assert sequences(scene.grant_path) == ["5", "4"]
    wrong = scene.call("POST", f"{scene.path}/changes/_search?query.limit=x", {})
    assert (wrong.status, wrong.body["message"]) == (
        400,
        'parsing field "limit": strconv.ParseUint: parsing "x": invalid syntax',
    )
    wrong = scene.call("POST", f"{scene.path}/changes/_search?query.asc=yes", {})
    assert (wrong.status, wrong.code) == (400, 3)


def test_the_granted_organization_lists_the_roles_that_it_was_granted(scene: _Scene) -> None:
    scene.made("PUT", scene.grant_path, {"roleKeys": ["editor"]})
    path = f"{MANAGEMENT}/granted_projects/{scene.project}/grants/{scene.grant}/roles/_search"
    found = scene.call("GET", path, org=scene.customer)
    assert [role["key"] for role in found.body["result"]] == ["editor"]
    assert "result" not in scene.call("GET", f"{path}?query.offset=1", org=scene.customer).body
    assert _refusal(scene.call("GET", path)) == (404, 5, "QUERY-n98GGs")


def test_a_phantom_project_and_a_phantom_project_grant(scene: _Scene) -> None:
    """No read and no list finds them. Commands and the event search do, and a removed role leaves the project grant alone."""
    other = scene.instance.project(scene.org)
    control = scene.instance.caller("")
    try:
        control.made("POST", "/debug/phantoms", body={"ids": [scene.project, scene.grant]})
        for path, refusal in ((scene.path, "QUERY-fk2fs"), (scene.grant_path, "QUERY-n98GGs")):
            assert _refusal(scene.call("GET", path)) == (404, 5, refusal)
        listed = scene.made("POST", f"{_PROJECTS}/_search", {})["result"]
        assert [project["id"] for project in listed] == [other]
        for path in (f"{scene.path}/grants", f"{MANAGEMENT}/projectgrants"):
            assert "result" not in scene.made("POST", f"{path}/_search", {})
        for procedure in ("ListProjects", "ListProjectGrants"):
            body = {"filters": [{"inProjectIdsFilter": {"ids": [scene.project]}}]}
            assert scene.instance.iac.made("POST", f"{_SERVICE}/{procedure}", body=body) == {
                "pagination": {"appliedLimit": "100"}
            }
        scene.made("DELETE", f"{scene.path}/roles/editor")
        scene.made("POST", f"{scene.grant_path}/_deactivate", {})
        scene.made("POST", f"{scene.path}/_deactivate", {})
        assert scene.events()[-3:] == [
            ("project.role.removed", {"key": "editor"}),
            ("project.grant.deactivated", {"grantId": scene.grant}),
            ("project.deactivated", None),
        ]
    finally:
        control.made("POST", "/debug/phantoms", body={"ids": []})


def test_v2_creates_a_project_with_an_id_of_the_callers_choosing(scene: _Scene) -> None:
    name = scene.instance.name("Chosen")
    body = {"organizationId": scene.org, "projectId": name.replace(" ", "-"), "name": name}
    made = scene.instance.iac.made("POST", f"{_SERVICE}/CreateProject", body=body)
    assert made["projectId"] == body["projectId"]
    again = scene.instance.iac("POST", f"{_SERVICE}/CreateProject", body=body | {"name": f"{name} 2"})
    assert (again.status, again.error_id) == (409, "COMMAND-opamwu")
