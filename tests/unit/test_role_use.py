"""Which roles a project and its project grants have, and which ones an object may give."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_zorg.api.records import Event
from pulumi_zorg.api.roles import GrantedRoles, ProjectRoles, Role, roles_from
from pulumi_zorg.resource_types.inputs import RoleUse
from pulumi_zorg.resource_types.project.inputs import ProjectInputs
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.role_use import has_not, lacking
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs


def roles(*keys: str) -> dict[str, Role]:
    return {key: Role(key=key) for key in keys}


PORTAL = ProjectRoles("vendor", "Portal", roles("admin", "viewer"), {"7": GrantedRoles("acme", ("viewer",))})
UNKNOWN = pulumi.output.Unknown()


def _use(*keys: str, org_id: str = "vendor", **more: Any) -> RoleUse:
    return RoleUse("1", keys, org_id, **more)


@pytest.mark.parametrize(
    ("use", "says"),
    [
        (_use("admin", "viewer"), None),
        (_use("viewr"), "Portal has no role 'viewr'; it has admin, viewer"),
        (_use("c", "viewer", "b"), "Portal has no roles 'b', 'c'; it has admin, viewer"),
        (_use("admin", by_grant=True), None),
        (
            _use("admin", org_id="acme", by_grant=True),
            "the grant of Portal to organization acme has no role 'admin'; it has viewer",
        ),
        (
            _use("admin", by_grant=True, project_grant_id="7"),
            "the grant of Portal to organization acme has no role 'admin'; it has viewer",
        ),
        (_use("viewer", org_id="acme", by_grant=True), None),
        # It is not known by which grant: the server decides.
        (_use("admin", org_id="bluth", by_grant=True), None),
        (_use("admin", org_id="acme", by_grant=True, project_grant_id="8"), None),
    ],
)
def test_what_the_project_or_its_grant_does_not_have(use: RoleUse, says: str | None) -> None:
    assert lacking(PORTAL, use) == says
    assert lacking(None, use) is None


def test_what_the_program_offers_counts() -> None:
    use = _use("editor", org_id="acme", by_grant=True)
    project, granted = ("project_id", "1"), ("project_grant_id", "7")
    assert lacking(PORTAL, use, {project: {"editor"}, granted: {"editor"}}) is None
    assert lacking(PORTAL, use, {granted: {"editor"}}) == "Portal has no role 'editor'; it has admin, viewer"
    assert "the grant of Portal" in (lacking(PORTAL, use, {project: {"editor"}}) or "")
    # An object of another type can have the same id.
    assert lacking(PORTAL, use, {("project_grant_id", "1"): {"editor"}, ("project_id", "7"): {"editor"}})


def test_a_project_with_many_roles_or_none() -> None:
    assert has_not("Portal", ["x"], ()) == "Portal has no role 'x'; it has none"
    listed = has_not("Portal", ["x"], [f"r{number:02}" for number in range(30)])
    assert listed.endswith("r18, r19 and 10 more")


@pytest.mark.parametrize("unknown", ["project_id", "org_id", "role_keys", "project_grant_id"])
def test_what_is_not_known_yet_is_not_compared(unknown: str) -> None:
    properties = {"project_id": "1", "org_id": "2", "role_keys": ["viewer"], "project_grant_id": "7"}
    assert UserGrantInputs.used_roles(properties) == RoleUse("1", ("viewer",), "2", True, "7")
    assert UserGrantInputs.used_roles({**properties, unknown: UNKNOWN}) is None
    assert UserGrantInputs.used_roles({**properties, "role_keys": ["viewer", UNKNOWN]}) is None
    assert UserGrantInputs.used_roles({**properties, "role_keys": []}) is None
    if unknown != "project_grant_id":
        assert ProjectGrantInputs.used_roles({**properties, unknown: UNKNOWN}) is None


def test_what_an_object_offers() -> None:
    offered = ProjectInputs.offered_roles({"name": "Portal", "roles": {"viewer": {}}})
    assert offered is not None
    assert (offered.title, offered.keys) == ("Portal", frozenset({"viewer"}))
    assert ProjectInputs.offered_roles({"name": "Portal"}) is None, "they are not managed"
    assert ProjectInputs.offered_roles({"name": "Portal", "roles": UNKNOWN}) is None
    assert ProjectGrantInputs.offered_roles({"role_keys": [UNKNOWN]}) is None


def test_the_roles_that_events_show() -> None:
    def event(kind: str, project: str = "1", **payload: Any) -> Event:
        return Event.model_validate(
            {
                "type": {"type": f"project.{kind}"},
                "aggregate": {"id": project, "type": {"type": "project"}, "resourceOwner": "vendor"},
                "creationDate": "2026-11-28T00:00:00Z",
                "payload": payload,
            }
        )

    events = [
        event("added", name="Shop"),
        event("role.added", key="admin"),
        event("role.added", key="viewer"),
        event("grant.added", grantId="7", grantedOrgId="acme", roleKeys=["admin", "viewer"]),
        event("grant.added", grantId="8", grantedOrgId="bluth"),
        event("role.removed", key="admin"),
        event("grant.cascade.changed", grantId="7", roleKeys=["viewer"]),
        event("grant.removed", grantId="8"),
        event("changed", name="Portal"),
        event("changed", projectRoleCheck=True),
        event("added", "2", name="Gone"),
        event("removed", "2"),
    ]
    assert roles_from(events) == {
        "1": ProjectRoles("vendor", "Portal", roles("viewer"), {"7": GrantedRoles("acme", ("viewer",))})
    }
    assert roles_from([*events, event("removed"), event("added", name="Again")]) == {
        "1": ProjectRoles("vendor", "Again")
    }
