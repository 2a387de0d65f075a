"""The part of `pulumi_zorg.testing.AdminClient` that changes projects and project grants, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_zorg.testing import AdminClient
from tests.emulator.instance import Instance

_FLAGS = {
    "projectRoleAssertion": True,
    "hasProjectCheck": True,
    "privateLabelingSetting": "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY",
}


@pytest.fixture
def admin(instance: Instance) -> Iterator[AdminClient]:
    with AdminClient(instance.emulator.url, instance.emulator.token) as client:
        yield client


def _shown(admin: AdminClient, org: str, project: str) -> dict[str, object]:
    return {key: value for key, value in admin.project(org, project).items() if key not in ("id", "details")}


def test_a_renamed_project_keeps_its_flags(instance: Instance, admin: AdminClient) -> None:
    org = instance.org()
    project = admin.create_project(org, "Portal")
    admin.set_project_flags(org, project, projectRoleCheck=True, **_FLAGS)
    admin.set_project_flags(org, project, projectRoleCheck=False)
    admin.rename_project(org, project, "Shop")
    assert _shown(admin, org, project) == {"name": "Shop", "state": "PROJECT_STATE_ACTIVE", **_FLAGS}


def test_a_project_is_deactivated_reactivated_and_removed(instance: Instance, admin: AdminClient) -> None:
    org = instance.org()
    project = admin.create_project(org, "Portal")
    admin.deactivate_project(org, project)
    assert admin.projects(org)[project]["state"] == "PROJECT_STATE_INACTIVE"
    admin.reactivate_project(org, project)
    assert admin.project(org, project)["state"] == "PROJECT_STATE_ACTIVE"
    admin.remove_project(org, project)
    assert admin.projects(org) == {}


def test_roles_are_added_changed_and_removed_whatever_their_key(instance: Instance, admin: AdminClient) -> None:
    org = instance.org()
    project = admin.create_project(org, "Portal", ["viewer"])
    admin.add_project_role(org, project, "a/b c?", group="g")
    assert admin.project_roles(org, project)["a/b c?"]["group"] == "g"
    admin.change_project_role(org, project, "a/b c?", "Letters")
    admin.remove_project_role(org, project, "viewer")
    [role] = admin.project_roles(org, project).values()
    assert (role["key"], role["displayName"], role.get("group")) == ("a/b c?", "Letters", None)
    admin.remove_project_role(org, project, "a/b c?")
    assert admin.project_roles(org, project) == {}


def test_a_project_grant_is_changed_deactivated_reactivated_and_removed(instance: Instance, admin: AdminClient) -> None:
    org, customer = instance.org(), instance.org()
    project = admin.create_project(org, "Portal", ["viewer", "editor"])
    grant = admin.grant_project(org, project, customer, ["viewer"])
    admin.set_project_grant_roles(org, project, grant, ["editor", "viewer"])
    admin.deactivate_project_grant(org, project, grant)
    found = admin.project_grants(org)[grant]
    assert (found["grantedOrgId"], found["grantedRoleKeys"]) == (customer, ["editor", "viewer"])
    assert found["state"] == "PROJECT_GRANT_STATE_INACTIVE"
    admin.reactivate_project_grant(org, project, grant)
    assert admin.project_grant(org, project, grant)["state"] == "PROJECT_GRANT_STATE_ACTIVE"
    admin.remove_project_grant(org, project, grant)
    assert admin.project_grants(org) == {}
