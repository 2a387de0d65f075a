"""The rights that `zorg doctor` reports are those that the tables of docs/rights.md have, for each role and change.

tests/unit/test_rights_of_changes.py makes the changes of these tables. Here the permissions that the types declare are compared
with those that the server gives to a caller with the role.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.doctor.credential import missing_permissions
from pulumi_zorg.doctor.examination import Examination
from pulumi_zorg.doctor.findings import Finding
from pulumi_zorg.doctor.pipeline import CHECKS, diagnose
from pulumi_zorg.errors import ApiError
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.tokens import type_token
from tests.support.servers import Server
from tests.support.stack import TOKENS
from tests.unit.clients import Clients
from tests.unit.test_rights_of_changes import tables

#: The action of each column that needs nothing but permissions.
ACTIONS = {
    "created": "create",
    "renamed": "update",
    "other roles": "update",
    "profile changed": "update",
    "roles changed": "update",
    "deactivated": "deactivate",
    "`deactivate`": "deactivate",
    "reactivated": "reactivate",
    "removed": "remove",
    "adopted": "search",
    "read": "read",
}
TYPES = {"Organizations": "Organization", "Projects": "Project"}
TYPES |= {"Machine users": "MachineUser", "Human users": "HumanUser"}
TYPES |= {"Project grants": "ProjectGrant", "User grants": "UserGrant"}


def declared(heading: str) -> ResourceType[Any]:
    return RESOURCE_TYPES[type_token(TYPES[heading])]


class Callers:
    """Service accounts that live in an organization of their own, and have a role elsewhere: as the tables have it."""

    def __init__(self, server: Server, clients: Clients) -> None:
        self.server, self.clients = server, clients
        self.elsewhere = server.admin.create_organization(server.name("Callers"))

    def of(self, role: str) -> Client:
        server, admin = self.server, self.server.admin
        roles = role.split(" and ")
        user = admin.create_user(self.elsewhere, f"{roles[-1].lower()}{len(roles)}{server.tag}")
        if role.startswith("IAM_"):
            admin.add_instance_member(user, *roles)
        elif role == "PROJECT_OWNER":
            body = {"userId": user, "roles": roles}
            admin.call("POST", f"/management/v1/projects/{server.project}/members", body, org=server.home)
        elif role != "none":
            admin.add_member(server.home, user, *roles)
        client = self.clients.holder(server, admin.create_token(self.elsewhere, user))
        assert role == "none" or server.shows(
            lambda: bool(client.caller.memberships() and permissions(client, server.home))
        )
        return client


def permissions(client: Client, org_id: str) -> frozenset[str]:
    """The permissions there, with those on a single object: the tables try the changes on that one."""
    try:
        return frozenset(each.partition(":")[0] for each in client.caller.permissions(org_id))
    except ApiError:
        return frozenset()


def examine(client: Client, *checks: str, org_ids: tuple[str, ...] = ()) -> list[Finding]:
    """Return what these checks find."""
    settings = client.transport.settings
    examination = Examination(Path(), lambda: (settings, None), org_ids, tuple(RESOURCE_TYPES))
    try:
        return list(diagnose(examination, [each for each in CHECKS if each.name in checks]).findings)
    finally:
        examination.close()


def test_each_cell_of_the_tables_follows_from_the_declared_permissions(any_server: Server, clients: Clients) -> None:
    callers, rows = Callers(any_server, clients), tables()
    for role in rows["Projects"]:
        client = callers.of(role)
        there, own = permissions(client, any_server.home), permissions(client, callers.elsewhere)
        for heading in TYPES:
            each = declared(heading)
            expected = {column: cell for column, cell in rows[heading][role].items() if column in ACTIONS}
            found = {}
            for column in expected:
                action = ACTIONS[column]
                held = own if action == "create" and not each.in_organization else there
                found[column] = "error" if missing_permissions(each, held, action) else "yes"
            assert found == expected, (role, heading)


def test_the_rights_of_a_caller(any_server: Server, clients: Clients) -> None:
    server, callers = any_server, Callers(any_server, clients)
    owner = callers.of("ORG_OWNER")
    checks = ("address", "clock", "credential", "expiry", "roles", "header", "rights", "events", "api")
    found = examine(owner, *checks, org_ids=(server.home,))
    statuses = {(each.check, each.org_id): each.status for each in found if each.status != "ok"}
    assert statuses == {("rights", None): "warning", ("events", None): "warning"}
    assert [each.org_id for each in found if each.check == "rights"] == [None, *[server.home] * 7]
    unnamed = examine(owner, "roles", "header", "rights")
    assert server.home in unnamed[-1].message
    assert unnamed[-1].status == "warning"
    viewer = examine(callers.of("IAM_OWNER_VIEWER"), *checks)
    assert {each.check for each in viewer if each.status != "ok"} == {"rights"}
    writes = {"create", "update", "deactivate", "reactivate", "remove"}
    assert {frozenset(each.missing or ()) for each in viewer if each.check == "rights"} == {
        frozenset(writes),
        frozenset(writes - {"deactivate", "reactivate"}),  # of managers
    }
    manager = examine(callers.of("IAM_ORG_MANAGER and IAM_OWNER_VIEWER"), *checks)
    assert {each.status for each in manager} == {"ok"}
    of_instance = next(each.message for each in manager if each.type == TOKENS["manager"])
    assert (
        "of the instance itself it cannot create, change (lacks iam.member.write); remove (lacks iam.member.delete)"
        in of_instance
    )
    nobody = examine(callers.of("none"), *checks)
    assert [each.check for each in nobody if each.status == "error"] == ["roles"]
    assert server.proxy.writes == []
