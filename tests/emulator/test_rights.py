"""Who may do what: every cell of the table measured on the real servers.

The role is given to a service account whose own organization is another one: on the instance (IAM_...), on the
organization (ORG_...), on the project (PROJECT_OWNER).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pulumi_zorg.emulator import LIKENESSES, Emulator, Like
from tests.emulator.instance import MANAGEMENT, SERVICE, Caller, Grant, Instance

_ME = f"{MANAGEMENT}/orgs/me"
_GRANTS = f"{MANAGEMENT}/users/grants/_search"

#: Status of each call by role; `:n` is the number of results. Nothing stands where nothing was measured.
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


@dataclass
class _Scene:
    """An organization with a grant in it, and somebody who may do something there."""

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


def _cells() -> list[tuple[str, str, str]]:
    heads, *rows = ([cell.strip() for cell in line.split("|")] for line in _TABLE.strip().splitlines())
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


@pytest.mark.parametrize(("call", "role", "expected"), _cells())
def test_cell(instance: Instance, call: str, role: str, expected: str) -> None:
    """A service account with that role gets that status."""
    # The real removals were measured on an organization in which the project of the PROJECT_OWNER is not.
    scene = _scene(instance, role, role_elsewhere=call.startswith("remove org"))
    assert _CALLS[call](scene) == expected


def test_no_member_at_all(instance: Instance) -> None:
    """Without any membership nothing is found, not even by those who own a token."""
    home = instance.org()
    nobody = instance.caller(instance.token(home, instance.machine(home)))
    answer = nobody("GET", _ME, home)
    assert (answer.status, answer.body["message"]) == (404, "membership not found (AUTHZ-cdgFk)")


@pytest.mark.parametrize("like", LIKENESSES)
def test_everybody_with_a_token_is_told_the_default_organization(like: Like) -> None:
    """Whatever organization the header names: a live one, an inactive one, a removed one. Only an unknown one is refused."""
    path = f"{MANAGEMENT}/iam"
    with Emulator(like=like) as emulator:
        instance = Instance(emulator)
        default = instance.iac.made("GET", "/admin/v1/orgs/default")["org"]["id"]
        query = {"queries": [{"nameQuery": {"name": "ZITADEL"}}]}
        [project] = instance.iac.made("POST", f"{MANAGEMENT}/projects/_search", default, query)["result"]
        told = {"globalOrgId": default, "iamProjectId": project["id"], "defaultOrgId": default}
        home, inactive, removed = instance.org(), instance.org(), instance.org()
        instance.iac.made("POST", f"{_ME}/_deactivate", inactive, {})
        instance.iac.made("DELETE", _ME, removed)
        nobody = instance.caller(instance.token(home, instance.machine(home)))
        for caller in (instance.iac, nobody):
            assert [caller.made("GET", path, org) for org in ("", home, inactive, removed)] == [told] * 4
            answer = caller("GET", path, "42")
            assert (answer.status, answer.body["message"]) == (403, "Organisation doesn't exist (AUTH-Bs7Ds)")
        answer = instance.caller("")("GET", path)
        assert (answer.status, answer.body) == (401, {"code": 16, "message": "auth header missing"})
        answer = instance.caller("nonsense")("GET", path)
        assert (answer.status, answer.error_id) == (401, "AUTH-7fs1e")
        instance.close()
