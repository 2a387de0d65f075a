"""Reads an instance with plain calls, for tests of the rules of access. The package's own reader is tested elsewhere."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.access.instance import (
    Application,
    Instance,
    Kind,
    Organization,
    Project,
    ProjectGrant,
    User,
    UserGrant,
    UserState,
    by_id,
)
from tests.emulator.access_world import MANAGEMENT, World

ALL = {"query": {"limit": 1000}}


def read_instance(world: World) -> Instance:
    """Return what exists, as v1's lists show it to the administrator."""

    def listed(path: str, org: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = world.made(path, ALL, org).get("result", [])
        return found

    organizations = [
        Organization(each["id"], each["name"], each["state"] == "ORG_STATE_ACTIVE")
        for each in listed("/admin/v1/orgs/_search")
    ]
    users, projects, applications, project_grants, user_grants = [], [], [], [], []
    for org in (each.id for each in organizations):
        for each in listed(f"{MANAGEMENT}/users/_search", org):
            kind = Kind.SERVICE_ACCOUNT if "machine" in each else Kind.PERSON
            state = UserState[each["state"].removeprefix("USER_STATE_")]
            users.append(User(each["id"], org, each["userName"], each["userName"], kind, state))
        for each in listed(f"{MANAGEMENT}/projects/_search", org):
            flags = each.get("projectRoleCheck", False), each.get("hasProjectCheck", False)
            projects.append(Project(each["id"], org, each["name"], each["state"] == "PROJECT_STATE_ACTIVE", *flags))
            for app in listed(f"{MANAGEMENT}/projects/{each['id']}/apps/_search", org):
                active = app["state"] == "APP_STATE_ACTIVE"
                applications.append(Application(app["id"], each["id"], "apiConfig" in app, active))
            for grant in listed(f"{MANAGEMENT}/projects/{each['id']}/grants/_search", org):
                active = grant["state"] == "PROJECT_GRANT_STATE_ACTIVE"
                project_grants.append(ProjectGrant(grant["grantId"], each["id"], grant["grantedOrgId"], active))
        for each in listed(f"{MANAGEMENT}/users/grants/_search", org):
            roles, active = tuple(each.get("roleKeys", ())), each["state"] == "USER_GRANT_STATE_ACTIVE"
            user_grants.append(UserGrant(each["id"], org, each["userId"], each["projectId"], roles, active))
    return Instance(
        by_id(organizations),
        by_id(users),
        by_id(projects),
        by_id(project_grants),
        by_id(user_grants),
        applications=by_id(applications),
    )
