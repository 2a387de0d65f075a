"""Permissions on managers and metadata: every such cell of the table that was measured on the real servers.

A service account of another organization gets one role: on the instance (IAM_...) or on the organization (ORG_...). Each call
has the organization's header.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.emulator.instance import MANAGEMENT, Caller, Instance
from tests.emulator.test_rights import cells

_SERVICE = "/zitadel.internal_permission.v2.InternalPermissionService"
_MEMBERS = f"{MANAGEMENT}/orgs/me/members"
_ON_ORG = {"resource": {"organizationId": "ORG"}, "userId": "PERSON", "roles": ["ORG_OWNER"]}

#: Status of each call by role. `:n` is whether the list has the member.
_TABLE = """
call                       | IAM_OWNER | IAM_OWNER_VIEWER | IAM_ORG_MANAGER | IAM_USER_MANAGER | ORG_OWNER | ORG_USER_MANAGER | ORG_USER_PERMISSION_EDITOR
read members (v1)          | 200   | 200   | 200   | 200   | 200   | 403   | 200
list administrators (v2)   | 200:1 | 200:1 | 200:1 | 200:1 | 200:1 | 200:0 | 200:1
add member (v1)            | 200   | 403   | 200   | 403   | 200   | 403   | 403
add ORG_OWNER (v2)         | 200   | 403   | 200   | 403   | 200   | 403   | 403
change member              | 200   | 403   | 200   | 403   | 200   | 403   | 403
remove member (v1)         | 200   | 403   | 200   | 200   | 200   | 403   | 403
set organization metadata  | 200   | 403   | 200   | 403   | 200   | 403   | 403
read organization metadata | 200   | 200   | 200   | 200   | 200   | 200   | 200
set user metadata          | 200   | 403   | 200   | 200   | 200   | 200   | 403
read events                | 200   | 200   | 403   | 403   | 403   | 403   | 403
read user changes          | 200   | 200   | 200   | 200   | 200   | 200   | 200
"""  # noqa: E501

#: call -> method, path and body. Capitals are ids.
_CALLS: dict[str, tuple[str, str, object]] = {
    "read members (v1)": ("POST", f"{_MEMBERS}/_search", {}),
    "list administrators (v2)": (
        "POST",
        f"{_SERVICE}/ListAdministrators",
        {"filters": [{"inUserIdsFilter": {"ids": ["MEMBER"]}}]},
    ),
    "add member (v1)": ("POST", _MEMBERS, {"userId": "PERSON", "roles": ["ORG_OWNER_VIEWER"]}),
    "add ORG_OWNER (v2)": ("POST", f"{_SERVICE}/CreateAdministrator", _ON_ORG),
    "change member": ("PUT", f"{_MEMBERS}/MEMBER", {"roles": ["ORG_USER_MANAGER"]}),
    "remove member (v1)": ("DELETE", f"{_MEMBERS}/MEMBER", None),
    "set organization metadata": ("POST", f"{MANAGEMENT}/metadata/mark", {"value": "b25l"}),
    "read organization metadata": ("POST", f"{MANAGEMENT}/metadata/_search", {}),
    "set user metadata": ("POST", f"{MANAGEMENT}/users/PERSON/metadata/mark", {"value": "b25l"}),
    "read events": ("POST", "/admin/v1/events/_search", {"limit": 1}),
    "read user changes": ("POST", f"{MANAGEMENT}/users/PERSON/changes/_search", {}),
}

#: The equivalent calls of v2. They were not measured: in ZITADEL's source, both have the same permissions.
_V2: dict[str, tuple[str, str, object]] = {
    "change member": ("POST", f"{_SERVICE}/UpdateAdministrator", {**_ON_ORG, "userId": "MEMBER"}),
    "remove member (v1)": (
        "POST",
        f"{_SERVICE}/DeleteAdministrator",
        {"resource": _ON_ORG["resource"], "userId": "MEMBER"},
    ),
    "set organization metadata": (
        "POST",
        "/v2/organizations/ORG/metadata",
        {"metadata": [{"key": "mark", "value": "b25l"}]},
    ),
    "set user metadata": ("POST", "/v2/users/PERSON/metadata", {"metadata": [{"key": "mark", "value": "b25l"}]}),
}


@dataclass
class _Scene:
    """An organization with a member and another user, and a caller with a role there."""

    ids: dict[str, str]
    caller: Caller

    def status(self, method: str, path: str, body: object) -> str:
        """Make a call, and return its status, with the number of administrators if it lists them."""
        text = json.dumps([path, body])
        for name, one in self.ids.items():
            # The name of a role can begin with that of an id.
            text = text.replace(f'"{name}"', f'"{one}"').replace(f"/{name}", f"/{one}")
        path, body = json.loads(text)
        answer = self.caller(method, path, self.ids["ORG"], body)
        listed = f":{len(answer.body.get('administrators', []))}" if "ListAdministrators" in path else ""
        return f"{answer.status}{listed}"


def _scene(instance: Instance, role: str) -> _Scene:
    home, org = instance.org(), instance.org()
    member, person, account = instance.machine(org), instance.machine(org), instance.machine(home)
    instance.iac.made("POST", _MEMBERS, org, {"userId": member, "roles": ["ORG_OWNER_VIEWER"]})
    path = "/admin/v1/members" if role.startswith("IAM_") else _MEMBERS
    instance.iac.made("POST", path, org, {"userId": account, "roles": [role]})
    caller = instance.caller(instance.token(home, account))
    return _Scene({"ORG": org, "MEMBER": member, "PERSON": person}, caller)


@pytest.mark.parametrize(("call", "role", "expected"), cells(_TABLE))
def test_cell(instance: Instance, call: str, role: str, expected: str) -> None:
    """A service account with the role gets the status."""
    assert _scene(instance, role).status(*_CALLS[call]) == expected


@pytest.mark.parametrize("call", _V2)
def test_v2_needs_the_same_rights(instance: Instance, call: str) -> None:
    for name, role, expected in cells(_TABLE):
        if name == call:
            assert _scene(instance, role).status(*_V2[call]) == expected, role


def test_a_caller_without_the_right_lists_no_organization_metadata_in_v2(instance: Instance) -> None:
    """Nor is it counted."""
    scene = _scene(instance, "ORG_OWNER")
    path = f"/v2/organizations/{scene.ids['ORG']}/metadata"
    scene.caller.made("POST", path, body={"metadata": [{"key": "mark", "value": "b25l"}]})
    assert len(scene.caller.made("POST", f"{path}/search", body={})["metadata"]) == 1
    nobody = instance.caller(instance.token(scene.ids["ORG"], scene.ids["PERSON"]))
    assert nobody.made("POST", f"{path}/search", body={}) == {"pagination": {}}
