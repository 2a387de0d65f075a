"""The lists of projects and project grants over all organizations, and how many user grants have a role.

Measured on a real server of July 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulator.instance import MANAGEMENT, Caller, Instance

_SERVICE = "/zitadel.project.v2.ProjectService"
_AUTHORIZATIONS = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"


@dataclass
class _Scene:
    """Two organizations with a project each. The first one is granted to the second organization, and to a third."""

    instance: Instance
    org: str
    customer: str
    project: str
    own: str  # the project of `customer`
    grant: str
    prefix: str

    def list(self, what: str, *filters: Any, caller: Caller | None = None, org: str = "", **pagination: Any) -> Any:
        body = {"filters": list(filters), "pagination": {"asc": True, **pagination}}
        return (caller or self.instance.iac).made("POST", f"{_SERVICE}/List{what}", org, body)

    def account(self, org: str) -> tuple[str, Caller]:
        """Create a service account without any right, and return its id and a caller with its token."""
        user = self.instance.machine(org)
        return user, self.instance.caller(self.instance.token(org, user))


@pytest.fixture
def scene(instance: Instance) -> _Scene:
    org, customer, third = instance.org(), instance.org(), instance.org()
    prefix = instance.name("List")
    made = instance.iac.made("POST", f"{MANAGEMENT}/projects", org, {"name": f"{prefix} a", "projectRoleCheck": True})
    project = str(made["id"])
    roles = {"roles": [{"key": key, "displayName": key} for key in ("viewer", "editor")]}
    instance.iac.made("POST", f"{MANAGEMENT}/projects/{project}/roles/_bulk", org, roles)
    own = str(instance.iac.made("POST", f"{MANAGEMENT}/projects", customer, {"name": f"{prefix} b"})["id"])
    grants = [
        instance.iac.made(
            "POST",
            f"{MANAGEMENT}/projects/{project}/grants",
            org,
            {"grantedOrgId": granted, "roleKeys": ["viewer", "editor"]},
        )["grantId"]
        for granted in (customer, third)
    ]
    return _Scene(instance, org, customer, project, own, str(grants[0]), prefix)


def _by_ids(*ids: str) -> Any:
    return {"inProjectIdsFilter": {"ids": list(ids)}}


def test_the_list_of_projects_has_one_more_row_for_each_project_grant(scene: _Scene) -> None:
    """Such a row names the granted organization, and has the dates and the state of the project grant."""
    found = scene.list("Projects", _by_ids(scene.project, scene.own, "999"))
    assert found["pagination"] == {"totalResult": "4", "appliedLimit": "100"}
    plain = [row for row in found["projects"] if "grantedOrganizationId" not in row]
    assert [(row["projectId"], row["organizationId"], row["state"]) for row in plain] == [
        (scene.project, scene.org, "PROJECT_STATE_ACTIVE"),
        (scene.own, scene.customer, "PROJECT_STATE_ACTIVE"),
    ]
    assert plain[0]["authorizationRequired"]
    assert "projectRoleAssertion" not in plain[0]
    granted = [row for row in found["projects"] if row.get("grantedOrganizationId") == scene.customer]
    assert [(row["projectId"], row["grantedState"]) for row in granted] == [
        (scene.project, "GRANTED_PROJECT_STATE_ACTIVE")
    ]


def test_the_filters_of_the_list_of_projects(scene: _Scene) -> None:
    def ids(*filters: Any) -> list[str]:
        return [row["projectId"] for row in scene.list("Projects", *filters).get("projects", [])]

    def of(org: str, kind: str) -> Any:
        return {"organizationIdFilter": {"organizationId": org, "type": kind}}

    named = {"projectNameFilter": {"projectName": scene.prefix, "method": "TEXT_FILTER_METHOD_STARTS_WITH"}}
    assert ids(named) == [scene.project, scene.own, scene.project, scene.project]
    assert ids(of(scene.customer, "OWNED")) == [scene.own]
    assert ids(of(scene.customer, "GRANTED")) == [scene.project]
    assert ids(of(scene.customer, "OWNED_OR_GRANTED")) == [scene.own, scene.project]
    assert ids(of(scene.org, "OWNED"), named) == [scene.project] * 3
    assert ids(_by_ids()) == []


def test_paging_of_the_list_of_projects(scene: _Scene) -> None:
    """The limit is 100 without one, and at most 1,000. A page beyond the end has no total."""
    pages = [scene.list("Projects", _by_ids(scene.project), limit=2, offset=str(at)) for at in (0, 2, 4)]
    assert [len(page.get("projects", [])) for page in pages] == [2, 1, 0]
    assert [page["pagination"].get("totalResult") for page in pages] == ["3", "3", None]
    body = {"pagination": {"limit": 1001}}
    for what in ("Projects", "ProjectGrants"):
        answer = scene.instance.iac("POST", f"{_SERVICE}/List{what}", body=body)
        assert (answer.status, answer.code, answer.error_id) == (400, "invalid_argument", "QUERY-4M0fs")


def test_the_list_of_projects_counts_rows_that_the_caller_may_not_read(scene: _Scene) -> None:
    user, caller = scene.account(scene.org)
    member = {"userId": user, "roles": ["ORG_OWNER"]}
    scene.instance.iac.made("POST", f"{MANAGEMENT}/orgs/me/members", scene.org, member)
    found = scene.list("Projects", _by_ids(scene.project, scene.own), caller=caller)
    assert found["pagination"]["totalResult"] == "4"
    assert {row["projectId"] for row in found["projects"]} == {scene.project}


def test_a_list_is_refused_to_a_member_of_another_organization_than_that_of_the_header(scene: _Scene) -> None:
    """Without a header it is the caller's own organization. The 404 says nothing about the objects."""
    user, caller = scene.account(scene.customer)
    member = {"userId": user, "roles": ["ORG_OWNER"]}
    scene.instance.iac.made("POST", f"{MANAGEMENT}/orgs/me/members", scene.org, member)
    for what in ("Projects", "ProjectGrants"):
        answer = caller("POST", f"{_SERVICE}/List{what}", body={"filters": [_by_ids(scene.project)]})
        assert (answer.status, answer.error_id) == (404, "AUTHZ-cdgFk")
        assert scene.list(what, _by_ids(scene.project), caller=caller, org=scene.org)["pagination"]["totalResult"]


def test_the_list_of_project_grants_has_no_ids(scene: _Scene) -> None:
    """A project grant is named by its project and the granted organization."""
    found = scene.list("ProjectGrants", _by_ids(scene.project), {"grantedOrganizationIdFilter": {"id": scene.customer}})
    [row] = found["projectGrants"]
    assert (row["organizationId"], row["projectId"], row["grantedOrganizationId"]) == (
        scene.org,
        scene.project,
        scene.customer,
    )
    assert (row["grantedRoleKeys"], row["state"]) == (["viewer", "editor"], "PROJECT_GRANT_STATE_ACTIVE")
    assert "grantId" not in row
    assert "id" not in row


def test_the_filters_of_the_list_of_project_grants(scene: _Scene) -> None:
    def total(*filters: Any) -> int:
        return int(scene.list("ProjectGrants", *filters)["pagination"].get("totalResult", 0))

    of_org = {"organizationIdFilter": {"id": scene.org}}
    assert total(of_org) == 2
    assert total(of_org, {"roleKeyFilter": {"key": "editor"}}) == 2
    assert total(of_org, {"roleKeyFilter": {"key": "nope"}}) == 0
    assert total(of_org, {"grantedOrganizationIdFilter": {"id": scene.org}}) == 0


def test_the_list_of_project_grants_fails_with_a_filter_by_project_name(scene: _Scene) -> None:
    """A bug of the real server."""
    named = {"projectNameFilter": {"projectName": scene.prefix, "method": "TEXT_FILTER_METHOD_STARTS_WITH"}}
    answer = scene.instance.iac("POST", f"{_SERVICE}/ListProjectGrants", body={"filters": [named]})
    assert (answer.status, answer.code, answer.error_id) == (500, "internal", "QUERY-PP02n")


def test_the_v1_list_of_all_project_grants_of_an_organization_has_their_ids(scene: _Scene) -> None:
    query = [{"grantedOrgIdQuery": {"grantedOrgId": scene.customer}}]
    path = f"{MANAGEMENT}/projectgrants/_search"
    found = scene.instance.iac.made("POST", path, scene.org, {"queries": query})
    assert [(row["grantId"], row["projectId"], row["projectOwnerId"]) for row in found["result"]] == [
        (scene.grant, scene.project, scene.org)
    ]
    assert "result" not in scene.instance.iac.made("POST", path, scene.customer, {"queries": query})


def test_user_grants_with_a_role_are_counted_over_all_organizations_in_one_call(scene: _Scene) -> None:
    """Also for a caller that may read none of them."""
    instance = scene.instance
    instance.grant(scene.org, instance.machine(scene.org), scene.project, "viewer")
    user = instance.machine(scene.customer)
    instance.grant(scene.customer, user, scene.project, "viewer", "editor", projectGrantId=scene.grant)
    _, nobody = scene.account(scene.customer)

    def count(*filters: Any, caller: Caller = instance.iac) -> int:
        body = {"filters": list(filters), "pagination": {"limit": 1}}
        return int(caller.made("POST", _AUTHORIZATIONS, body=body)["pagination"].get("totalResult", 0))

    of_project = {"projectId": {"id": scene.project}}
    assert count(of_project) == count(of_project, caller=nobody) == 2
    assert count(of_project, {"roleKey": {"key": "editor", "method": "TEXT_FILTER_METHOD_EQUALS"}}) == 1
    assert count({"projectGrantId": {"id": scene.grant}}) == 1
    query = [{"projectIdQuery": {"projectId": scene.project}}, {"withGrantedQuery": {"withGranted": True}}]
    body = {"query": {"limit": 1}, "queries": query}
    found = instance.iac.made("POST", f"{MANAGEMENT}/users/grants/_search", scene.org, body)
    assert found["details"]["totalResult"] == "2"
