"""Permissions: every cell of the two tables that were measured on the real servers.

A service account of another organization gets the role: on the instance (IAM_...), on the organization (ORG_...), or on the
project (PROJECT_...).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pulumi_zorg.emulator import PROFILES, Emulator, ProfileName
from tests.emulator.instance import MANAGEMENT, SERVICE, Caller, Grant, Instance

_ME = f"{MANAGEMENT}/orgs/me"
_GRANTS = f"{MANAGEMENT}/users/grants/_search"
_PROJECT_SERVICE = "zitadel.project.v2.ProjectService"

#: Status of each call by role. `:n` is the number of results. Cells that were not measured are left out.
_TABLE = """
call                 | IAM_OWNER | IAM_OWNER_VIEWER | IAM_ORG_MANAGER | IAM_USER_MANAGER | ORG_OWNER | ORG_OWNER_VIEWER | ORG_USER_MANAGER | ORG_USER_PERMISSION_EDITOR | PROJECT_OWNER
read org (orgs/me)   | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 403
read org (admin)     | 200 | 200 | 403 | 403 | 404 | 404 | 404 | 404 | 404
list orgs (v1 admin) | 200 | 200 | 403 | 403 | 404 | 404 | 404 | 404 | 404
list orgs (v2)       | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:0
read grant           | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200
list grants (v1)     | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1
list grants (v2)     | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1
events               | 200 | 200 | 403 | 403 | 404 | 404 | 404 | 404 | 404
org changes          | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 403
list users           | 200:True | 200:True | 200:True | 200:True | 200:True | 200:True | 200:True | 200:True | 200:True
create org           | 200 | 403 | 200 | 403 | 404 | 404 | 404 | 404 | 404
rename org           | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 403
deactivate org       | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 403
create grant         | 200 | 403 | 200 | 200 | 200 | 403 | 200 | 200 | 200
deactivate grant     | 200 | 403 | 200 | 200 | 200 | 403 | 200 | 200 | 200
remove grant         | 200 |     | 200 | 200 | 200 |     | 200 | 200 | 200
deactivate user      | 200 | 403 | 200 | 200 | 200 | 403 | 200 | 403 | 403
user metadata        | 200 | 403 | 200 | 200 | 200 | 403 | 200 | 403 | 403
remove org (admin)   | 200 | 403 | 403 | 403 | 404 | 404 | 404 | 404 | 404
remove org (orgs/me) |     | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 404
"""  # noqa: E501


_PROJECT_TABLE = """
call                     | IAM_OWNER | IAM_OWNER_VIEWER | IAM_ORG_MANAGER | IAM_USER_MANAGER | ORG_OWNER | ORG_OWNER_VIEWER | ORG_PROJECT_CREATOR | ORG_USER_PERMISSION_EDITOR | PROJECT_OWNER | PROJECT_OWNER_VIEWER
create project           | 200 | 403 | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403
read project             | 200 | 200 | 200 | 200 | 200 | 200 | 403 | 200 | 200 | 200
list projects            | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:0 | 200:1 | 200:1 | 200:1
list projects (v2)       | 200:2 | 200:2 | 200:2 | 200:2 | 200:2 | 200:2 | 200:0 | 200:2 | 200:2 | 200:2
change project           | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 200 | 403
add role                 | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 200 | 403
list roles               | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 403 | 200:1 | 200:1 | 200:1
remove role              | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 200 | 403
deactivate project       | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 200 | 403
reactivate project       | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 200 | 403
grant project            | 200 | 403 | 200 | 200 | 200 | 403 | 403 | 403 | 200 | 403
read project grant       | 200 | 200 | 200 | 200 | 200 | 200 | 403 | 200 | 200 | 200
list project grants      | 200:2 | 200:1 | 200:2 | 200:2 | 200:2 | 200:1 | 403 | 200:1 | 200:2 | 200:1
change project grant     | 200 | 403 | 200 | 200 | 200 | 403 | 403 | 403 | 200 | 403
deactivate project grant | 200 | 403 | 200 | 200 | 200 | 403 | 403 | 403 | 200 | 403
reactivate project grant | 200 | 403 | 200 | 200 | 200 | 403 | 403 | 403 | 200 | 403
remove project grant     | 200 | 403 | 200 | 200 | 200 | 403 | 403 | 403 | 200 | 403
remove project           | 200 | 403 | 200 | 403 | 200 | 403 | 403 | 403 | 200 | 403
"""  # noqa: E501


@dataclass
class _Scene:
    """An organization with a grant, and a caller with a role there."""

    instance: Instance
    org: str
    project: str
    person: str
    grant: Grant
    caller: Caller


def _count(scene: _Scene, path: str, body: dict[str, object], org: str = "", key: str = "result") -> str:
    answer = scene.caller("POST", path, org, body)
    return f"{answer.status}:{len(answer.body.get(key, []))}"


def _status(method: str, path: str, body: object = None, *, header: bool = True) -> Callable[[_Scene], str]:
    def call(scene: _Scene) -> str:
        filled = path.format(scene=scene, grant=scene.grant.path)
        return str(scene.caller(method, filled, scene.org if header else "", body).status)

    return call


def _create_org(scene: _Scene) -> str:
    return str(scene.caller("POST", f"{MANAGEMENT}/orgs", body={"name": scene.instance.name("Made")}).status)


def _rename_org(scene: _Scene) -> str:
    return str(scene.caller("PUT", _ME, scene.org, {"name": scene.instance.name("Renamed")}).status)


def _create_grant(scene: _Scene) -> str:
    other = scene.instance.machine(scene.org)
    body = {"projectId": scene.project, "roleKeys": ["viewer"]}
    return str(scene.caller("POST", f"{MANAGEMENT}/users/{other}/grants", scene.org, body).status)


def _list_users(scene: _Scene) -> str:
    answer = scene.caller("POST", f"{MANAGEMENT}/users/_search", scene.org, {})
    return f"{answer.status}:{bool(answer.body.get('result'))}"


_CALLS: dict[str, Callable[[_Scene], str]] = {
    "read org (orgs/me)": _status("GET", _ME),
    "read org (admin)": _status("GET", "/admin/v1/orgs/{scene.org}", header=False),
    "list orgs (v1 admin)": _status("POST", "/admin/v1/orgs/_search", {}, header=False),
    "list orgs (v2)": lambda scene: _count(
        scene, "/v2/organizations/_search", {"queries": [{"idQuery": {"id": scene.org}}]}
    ),
    "read grant": _status("GET", "{grant}"),
    "list grants (v1)": lambda scene: _count(scene, _GRANTS, {}, scene.org),
    "list grants (v2)": lambda scene: _count(
        scene,
        f"{SERVICE}/ListAuthorizations",
        {"filters": [{"authorizationIds": {"ids": [scene.grant.id]}}]},
        key="authorizations",
    ),
    "events": _status("POST", "/admin/v1/events/_search", {"limit": 1}, header=False),
    "org changes": _status("POST", f"{_ME}/changes/_search", {}),
    "list users": _list_users,
    "create org": _create_org,
    "rename org": _rename_org,
    "deactivate org": _status("POST", f"{_ME}/_deactivate", {}),
    "create grant": _create_grant,
    "deactivate grant": _status("POST", "{grant}/_deactivate", {}),
    "remove grant": _status("DELETE", "{grant}"),
    "deactivate user": _status("POST", f"{MANAGEMENT}/users/{{scene.person}}/_deactivate", {}),
    "user metadata": _status("POST", f"{MANAGEMENT}/users/{{scene.person}}/metadata/mark", {"value": "b25l"}),
    "remove org (admin)": _status("DELETE", "/admin/v1/orgs/{scene.org}", header=False),
    "remove org (orgs/me)": _status("DELETE", _ME),
}


def cells(table: str) -> list[tuple[str, str, str]]:
    """Return call, role and expected status of each cell."""
    heads, *rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return [
        (row[0], role, expected) for row in rows for role, expected in zip(heads[1:], row[1:], strict=True) if expected
    ]


def _scene(instance: Instance, role: str, *, role_elsewhere: bool) -> _Scene:
    home, org = instance.org(), instance.org()
    project = instance.project(org, "viewer")
    person, account = instance.machine(org), instance.machine(home)
    member = {"userId": account, "roles": [role]}
    if role.startswith("IAM_"):
        instance.iac.made("POST", "/admin/v1/members", body=member)
    elif role.startswith("ORG_"):
        instance.iac.made("POST", f"{_ME}/members", org, member)
    else:
        where = instance.org() if role_elsewhere else org
        owned = instance.project(where) if role_elsewhere else project
        instance.iac.made("POST", f"{MANAGEMENT}/projects/{owned}/members", where, member)
    grant = instance.grant(org, person, project, "viewer")
    return _Scene(instance, org, project, person, grant, instance.caller(instance.token(home, account)))


def _changes_nothing(call: str, expected: str) -> bool:
    return expected.startswith("4") or call.startswith(("read", "list", "events", "org changes"))


@pytest.fixture(scope="module")
def scenes() -> dict[tuple[str, ...], Any]:
    """The scenes of cells that change nothing, which share one for each role."""
    return {}


@pytest.mark.parametrize(("call", "role", "expected"), cells(_TABLE))
def test_cell(instance: Instance, scenes: dict[tuple[str, ...], Any], call: str, role: str, expected: str) -> None:
    """A service account with the role gets the status."""
    # On the real servers, removals were measured on an organization without the project of the PROJECT_OWNER.
    elsewhere = call.startswith("remove org")
    key = ("organization", role, "elsewhere" if elsewhere else "")
    scene = scenes.get(key) or _scene(instance, role, role_elsewhere=elsewhere)
    assert _CALLS[call](scene) == expected
    scenes[key] = scene if _changes_nothing(call, expected) else None


# Projects and project grants.

_PROJECT = f"{MANAGEMENT}/projects/{{scene.project}}"
_PROJECT_GRANT = f"{_PROJECT}/grants/{{scene.project_grant}}"
_FLAGS = {"projectRoleCheck": True}


@dataclass
class _ProjectScene:
    """A project that is granted to another organization, and a caller with a role there."""

    instance: Instance
    org: str
    project: str
    customer: str
    project_grant: str
    caller: Caller

    def as_admin(self, method: str, path: str, body: object = None) -> None:
        """Prepare the call that was measured, as the administrator."""
        self.instance.iac.made(method, path.format(scene=self), self.org, body)


def _project_scene(instance: Instance, role: str) -> _ProjectScene:
    scene = _scene(instance, role, role_elsewhere=False)
    customer = instance.org()
    path = f"{MANAGEMENT}/projects/{scene.project}/grants"
    made = instance.iac.made("POST", path, scene.org, {"grantedOrgId": customer, "roleKeys": ["viewer"]})
    return _ProjectScene(instance, scene.org, scene.project, customer, made["grantId"], scene.caller)


def _of_project(method: str, path: str, body: object = None) -> Callable[[_ProjectScene], str]:
    return lambda scene: str(scene.caller(method, path.format(scene=scene), scene.org, body).status)


def _grant_project(scene: _ProjectScene) -> str:
    body = {"grantedOrgId": scene.instance.org(), "roleKeys": ["viewer"]}
    return _of_project("POST", f"{_PROJECT}/grants", body)(scene)


def _create_project(scene: _ProjectScene) -> str:
    return _of_project("POST", f"{MANAGEMENT}/projects", {"name": scene.instance.name("Made")})(scene)


def _change_project(scene: _ProjectScene) -> str:
    return _of_project("PUT", _PROJECT, {"name": scene.instance.name("Renamed"), **_FLAGS})(scene)


def _found(scene: _ProjectScene, path: str, body: dict[str, object], key: str = "result") -> str:
    answer = scene.caller("POST", path.format(scene=scene), scene.org, body)
    return f"{answer.status}:{len(answer.body.get(key, []))}" if answer.status == 200 else str(answer.status)


def _list_projects_v2(scene: _ProjectScene) -> str:
    """List the project, and the project with its grant."""
    body = {"filters": [{"inProjectIdsFilter": {"ids": [scene.project]}}]}
    return _found(scene, f"/{_PROJECT_SERVICE}/ListProjects", body, "projects")


def _list_project_grants(scene: _ProjectScene) -> str:
    """List the grants. In the measurement, callers with the permission had granted the project before."""
    _grant_project(scene)
    return _found(scene, f"{_PROJECT}/grants/_search", {})


def _after(done: tuple[str, str], call: Callable[[_ProjectScene], str]) -> Callable[[_ProjectScene], str]:
    def run(scene: _ProjectScene) -> str:
        scene.as_admin(*done, {})
        return call(scene)

    return run


_PROJECT_CALLS: dict[str, Callable[[_ProjectScene], str]] = {
    "create project": _create_project,
    "read project": _of_project("GET", _PROJECT),
    "list projects": lambda scene: _found(scene, f"{MANAGEMENT}/projects/_search", {}),
    "list projects (v2)": _list_projects_v2,
    "change project": _change_project,
    "add role": _of_project("POST", f"{_PROJECT}/roles", {"roleKey": "new", "displayName": "New"}),
    "list roles": lambda scene: _found(scene, f"{_PROJECT}/roles/_search", {}),
    "remove role": _of_project("DELETE", f"{_PROJECT}/roles/viewer"),
    "deactivate project": _of_project("POST", f"{_PROJECT}/_deactivate", {}),
    "reactivate project": _after(
        ("POST", f"{_PROJECT}/_deactivate"), _of_project("POST", f"{_PROJECT}/_reactivate", {})
    ),
    "grant project": _grant_project,
    "read project grant": _of_project("GET", _PROJECT_GRANT),
    "list project grants": _list_project_grants,
    "change project grant": _of_project("PUT", _PROJECT_GRANT, {"roleKeys": []}),
    "deactivate project grant": _of_project("POST", f"{_PROJECT_GRANT}/_deactivate", {}),
    "reactivate project grant": _after(
        ("POST", f"{_PROJECT_GRANT}/_deactivate"), _of_project("POST", f"{_PROJECT_GRANT}/_reactivate", {})
    ),
    "remove project grant": _of_project("DELETE", _PROJECT_GRANT),
    "remove project": _of_project("DELETE", _PROJECT),
}


@pytest.mark.slow
@pytest.mark.parametrize(("call", "role", "expected"), cells(_PROJECT_TABLE))
def test_project_cell(
    instance: Instance, scenes: dict[tuple[str, ...], Any], call: str, role: str, expected: str
) -> None:
    """A service account with the role gets the status."""
    # What such a cell does before its call changes the scene.
    prepared = call.startswith("reactivate")
    scene = (None if prepared else scenes.get(("project", role))) or _project_scene(instance, role)
    assert _PROJECT_CALLS[call](scene) == expected
    scenes["project", role] = scene if _changes_nothing(call, expected) and not prepared else None


#: The equivalent calls of ProjectService, and what they send besides the ids. They were not measured: in ZITADEL's source,
#: both have the same permissions.
_V2 = {
    "create project": ("CreateProject", {"name": "Made by v2"}),
    "change project": ("UpdateProject", {"name": "Renamed by v2"}),
    "add role": ("AddProjectRole", {"roleKey": "new", "displayName": "New"}),
    "remove role": ("RemoveProjectRole", {"roleKey": "viewer"}),
    "deactivate project": ("DeactivateProject", {}),
    "change project grant": ("UpdateProjectGrant", {}),
    "deactivate project grant": ("DeactivateProjectGrant", {}),
    "remove project grant": ("DeleteProjectGrant", {}),
    "remove project": ("DeleteProject", {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("call", _V2)
def test_v2_asks_for_the_same_rights(instance: Instance, call: str) -> None:
    procedure, body = _V2[call]
    for name, role, expected in cells(_PROJECT_TABLE):
        if name == call:
            scene = _project_scene(instance, role)
            ids = {"projectId": scene.project, "grantedOrganizationId": scene.customer}
            if call == "create project":
                ids = {"organizationId": scene.org}
            answer = scene.caller("POST", f"/{_PROJECT_SERVICE}/{procedure}", scene.org, {**ids, **body})
            assert str(answer.status) == expected, (role, answer.body)


def test_no_member_at_all(instance: Instance) -> None:
    """A caller with a token and without a membership gets 404."""
    home = instance.org()
    nobody = instance.caller(instance.token(home, instance.machine(home)))
    answer = nobody("GET", _ME, home)
    assert (answer.status, answer.body["message"]) == (404, "membership not found (AUTHZ-cdgFk)")


@pytest.mark.parametrize("like", PROFILES)
def test_every_token_can_read_the_default_organization(like: ProfileName) -> None:
    """The header can name an active, an inactive or a removed organization. Only an unknown one is refused."""
    path = f"{MANAGEMENT}/iam"
    with Emulator(like=like) as emulator:
        instance = Instance(emulator)
        default = instance.iac.made("GET", "/admin/v1/orgs/default")["org"]["id"]
        query = {"queries": [{"nameQuery": {"name": "ZITADEL"}}]}
        [project] = instance.iac.made("POST", f"{MANAGEMENT}/projects/_search", default, query)["result"]
        expected = {"globalOrgId": default, "iamProjectId": project["id"], "defaultOrgId": default}
        home, inactive, removed = instance.org(), instance.org(), instance.org()
        instance.iac.made("POST", f"{_ME}/_deactivate", inactive, {})
        instance.iac.made("DELETE", _ME, removed)
        nobody = instance.caller(instance.token(home, instance.machine(home)))
        for caller in (instance.iac, nobody):
            assert [caller.made("GET", path, org) for org in ("", home, inactive, removed)] == [expected] * 4
            answer = caller("GET", path, "42")
            assert (answer.status, answer.body["message"]) == (403, "Organisation doesn't exist (AUTH-Bs7Ds)")
        answer = instance.caller("")("GET", path)
        assert (answer.status, answer.body) == (401, {"code": 16, "message": "auth header missing"})
        answer = instance.caller("nonsense")("GET", path)
        assert (answer.status, answer.error_id) == (401, "AUTH-7fs1e")
        instance.close()
