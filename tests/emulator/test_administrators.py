"""Managers in v2, and what removals of others do to them. Their source are calls to two real servers."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.emulator import Emulator, ProfileName
from tests.emulator.instance import MANAGEMENT, Instance

_SERVICE = "/zitadel.internal_permission.v2.InternalPermissionService"


def _places(instance: Instance) -> dict[str, tuple[dict[str, Any], str]]:
    """Return each kind of resource, with a role on it."""
    org, granted = instance.org(), instance.org()
    project = instance.project(org)
    instance.iac.made("POST", f"{MANAGEMENT}/projects/{project}/grants", org, {"grantedOrgId": granted})
    grant = {"projectGrant": {"projectId": project, "organizationId": granted}}
    return {
        "instance": ({"instance": True}, "IAM_OWNER_VIEWER"),
        "organization": ({"organizationId": org}, "ORG_OWNER_VIEWER"),
        "project": ({"projectId": project}, "PROJECT_OWNER_VIEWER"),
        "projectGrant": (grant, "PROJECT_GRANT_OWNER_VIEWER"),
    }


def _listed(instance: Instance, *filters: dict[str, Any]) -> list[dict[str, Any]]:
    found = instance.iac.made("POST", f"{_SERVICE}/ListAdministrators", body={"filters": list(filters)})
    listed: list[dict[str, Any]] = found.get("administrators", [])
    return listed


@pytest.mark.parametrize("kind", ["instance", "organization", "project", "projectGrant"])
def test_the_life_of_an_administrator(instance: Instance, kind: str) -> None:
    resource, role = _places(instance)[kind]
    home = instance.org()
    user, body = instance.machine(home), {"resource": resource}
    made = instance.iac.made("POST", f"{_SERVICE}/CreateAdministrator", body={**body, "userId": user, "roles": [role]})
    again = instance.iac("POST", f"{_SERVICE}/CreateAdministrator", body={**body, "userId": user, "roles": [role]})
    # On a project grant the error has another code.
    assert again.status == (404 if kind == "projectGrant" else 409)
    update = {**body, "userId": user, "roles": [role]}
    assert instance.iac.made("POST", f"{_SERVICE}/UpdateAdministrator", body=update) == {
        "changeDate": made["creationDate"]
    }
    [listed] = _listed(instance, {"inUserIdsFilter": {"ids": [user]}})
    assert (listed["roles"], listed["user"]["organizationId"], kind in listed) == ([role], home, True)
    assert _listed(instance, {"resource": resource}, {"inUserIdsFilter": {"ids": [user]}}) == [listed]
    assert _listed(instance, {"userOrganizationId": {"id": home}}, {"role": {"roleKey": role}}) == [listed]
    removed = instance.iac.made("POST", f"{_SERVICE}/DeleteAdministrator", body={**body, "userId": user})
    assert removed == instance.iac.made("POST", f"{_SERVICE}/DeleteAdministrator", body={**body, "userId": user})
    assert instance.iac.made("POST", f"{_SERVICE}/DeleteAdministrator", body={**body, "userId": "999"}) == {}
    assert _listed(instance, {"inUserIdsFilter": {"ids": [user]}}) == []


@pytest.mark.parametrize("kind", ["instance", "organization", "project", "projectGrant"])
def test_a_removal_of_nobody_needs_a_right_on_the_instance_alone(instance: Instance, kind: str) -> None:
    """Found by comparison with a real server of July 2026."""
    resource, _ = _places(instance)[kind]
    home = instance.org()
    nobody = instance.caller(instance.token(home, instance.machine(home)))
    answer = nobody("POST", f"{_SERVICE}/DeleteAdministrator", body={"resource": resource, "userId": "999"})
    assert (answer.status, answer.error_id) == ((404, "AUTHZ-cdgFk") if kind == "instance" else (200, ""))


@pytest.mark.parametrize("call", ["CreateAdministrator", "UpdateAdministrator"])
def test_a_role_is_given_once(instance: Instance, call: str) -> None:
    """Found by comparison with a real server of July 2026."""
    org = instance.org()
    body = {"resource": {"organizationId": org}, "userId": instance.machine(org), "roles": ["ORG_OWNER", "ORG_OWNER"]}
    refused = instance.iac("POST", f"{_SERVICE}/{call}", body=body)
    assert (refused.status, refused.code) == (400, "invalid_argument")
    assert refused.body["message"] == f"invalid {call}Request.Roles[1]: repeated value must contain unique items"


@pytest.mark.parametrize("like", ["2026-07", "2025-12"])
def test_what_removals_do_to_administrators(like: ProfileName) -> None:
    """The removal of the user writes events. Those of the project, of the project grant and of the user's organization write none."""
    with Emulator(like=like) as emulator:
        instance = Instance(emulator)
        places = _places(instance)
        home = instance.org()
        users = {end: instance.machine(home) for end in ("user", "org")}
        for resource, role in places.values():
            for user in users.values():
                body = {"resource": resource, "userId": user, "roles": [role]}
                instance.iac.made("POST", f"{_SERVICE}/CreateAdministrator", body=body)
        org, project = places["organization"][0]["organizationId"], places["project"][0]["projectId"]
        instance.iac.made("DELETE", f"{MANAGEMENT}/users/{users['user']}", home)
        assert instance.events(org)[-1] == "org.member.cascade.removed"
        assert instance.events(project)[-2:] == [
            "project.member.cascade.removed",
            "project.grant.member.cascade.removed",
        ]
        assert _listed(instance, {"inUserIdsFilter": {"ids": [users["user"]]}}) == []
        before = instance.events(org), instance.events(project)
        instance.iac.made("DELETE", f"/admin/v1/orgs/{home}")
        assert _listed(instance, {"inUserIdsFilter": {"ids": [users["org"]]}}) == []
        assert (instance.events(org), instance.events(project)) == before
        instance.close()


def test_a_server_of_december_has_no_filter_by_role() -> None:
    with Emulator(like="2025-12") as emulator:
        instance = Instance(emulator)
        body = {"filters": [{"role": {"roleKey": "IAM_OWNER"}}]}
        answer = instance.iac("POST", f"{_SERVICE}/ListAdministrators", body=body)
        assert (answer.status, answer.code, answer.error_id) == (400, "invalid_argument", "ORG-vR9nC")
        instance.close()


def test_the_members_of_a_project_are_listed_for_its_organization_alone(instance: Instance) -> None:
    org, other = instance.org(), instance.org()
    project = instance.project(org)
    path, user = f"{MANAGEMENT}/projects/{project}/members", instance.machine(org)
    instance.iac.made("POST", path, org, {"userId": user, "roles": ["PROJECT_OWNER"]})
    assert len(instance.iac.made("POST", f"{path}/_search", org, {})["result"]) == 1
    assert "result" not in instance.iac.made("POST", f"{path}/_search", other, {})
