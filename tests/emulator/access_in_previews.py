"""The switches of the table that a resource can make, as a preview knows them: who loses access by each."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from pulumi_zorg.engine.preview_impact import PreviewImpact
from pulumi_zorg.resource_types.impact import Planned
from pulumi_zorg.resource_types.planned_access import PlannedChange, people_of
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.world.tokens import type_token
from tests.emulator.access_columns import USERS
from tests.emulator.access_world import World

ORGANIZATION, PROJECT, PROJECT_GRANT, USER_GRANT = map(
    type_token, ("Organization", "Project", "ProjectGrant", "UserGrant")
)
OFF: dict[str, Any] = {"active": False}
#: Switch -> the type, the names of the objects, and what differs afterwards; None where they are removed.
PLANNED: dict[str, tuple[str, tuple[str, ...], dict[str, Any] | None]] = {
    "user grant deactivated": (USER_GRANT, ("grant.human.c", "grant.machine.c"), OFF),
    "user grant removed": (USER_GRANT, ("grant.human.x", "grant.machine.x"), None),
    "user grant without roles": (USER_GRANT, ("grant.human.o", "grant.machine.o"), {"role_keys": []}),
    "project grant deactivated": (PROJECT_GRANT, ("project_grant.c",), OFF),
    "project grant removed": (PROJECT_GRANT, ("project_grant.c",), None),
    "role removed from the project grant": (PROJECT_GRANT, ("project_grant.c",), {"role_keys": ["viewer"]}),
    "role removed from the project": (PROJECT, ("p",), {"roles": {"viewer": {"display_name": "viewer", "group": ""}}}),
    "project deactivated": (PROJECT, ("p",), OFF),
    "project removed": (PROJECT, ("p",), None),
    "project_role_check on": (PROJECT, ("p",), {"project_role_check": True}),
    "has_project_check on": (PROJECT, ("p",), {"has_project_check": True}),
    "owner organization deactivated": (ORGANIZATION, ("org.o",), OFF),
    "owner organization removed": (ORGANIZATION, ("org.o",), None),
    "customer organization deactivated": (ORGANIZATION, ("org.c",), OFF),
    "customer organization removed": (ORGANIZATION, ("org.c",), None),
}


def losing_in_a_preview(world: World, switch: str) -> set[str]:
    """Return who loses access by a switch, by the name of the account, as a preview says it before."""
    type_, objects, changes = PLANNED[switch]
    planned = []
    for name in objects:
        before = {"active": True, **_properties(world, type_, name)}
        after = None if changes is None else {**before, **changes}
        effect = RESOURCE_TYPES[type_].impact.effect(Planned(type_, world.ids[name], before, after))
        planned.append(PlannedChange(name, name, effect))
    url = world.emulator.url
    with closing(PreviewImpact(Settings(url, PersonalAccessToken(Secret(world.emulator.token)), url))) as preview:
        instance, _ = preview.known_to(planned[0].effect)
    assert instance is not None
    people = people_of(instance, planned)
    assert people.why_lost_incomplete is None
    assert all(each.certain for each in people.difference.lost)
    names = {world.ids[name]: name for name in world.accounts}
    return {names[each] for each in people.difference.losing if each in names}


def losing_in_the_table(before: str, after: str, user: str) -> set[str]:
    """Return who loses access between two rows of the table: a person by the login, a service account by a new token."""
    cells = {f"human.{user}": 0, f"machine.{user}": 4}
    return {name for name, at in cells.items() if before.split()[at] != after.split()[at]}


def _properties(world: World, type_: str, name: str) -> dict[str, Any]:
    ids, roles = world.ids, ["admin", "viewer"]
    if type_ == ORGANIZATION:
        return {"name": name}
    if type_ == PROJECT:
        return {
            "org_id": ids["org.o"],
            "name": "Portal",
            "roles": {key: {"display_name": key, "group": ""} for key in roles},
        }
    if type_ == PROJECT_GRANT:
        return {
            "org_id": ids["org.o"],
            "project_id": ids["p"],
            "granted_org_id": ids["org.c"],
            "role_keys": roles,
        }
    account = name.removeprefix("grant.")
    org = ids[f"org.{USERS[account.partition('.')[2]][1]}"]
    return {"org_id": org, "project_id": ids["p"], "user_id": ids[account], "role_keys": roles}
