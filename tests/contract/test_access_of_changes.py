"""What each type says that a change does to who can get in is what the server then shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_zorg.access.instance import Instance
from pulumi_zorg.access.read import read_instance
from pulumi_zorg.resource_types.impact import Planned
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES
from pulumi_zorg.world.tokens import type_token
from tests.contract.test_preview_guard_people import Vendor
from tests.support.servers import Server
from tests.support.types import ORGANIZATION, PROJECT_GRANT, USER_GRANT
from tests.unit.clients import Clients

PROJECT = type_token("Project")
Properties = dict[str, Any]
#: What is changed: the type, the id, the properties, what differs afterwards (None where it is removed), and the call for it.
Case = tuple[str, str, Properties, "Properties | None", Callable[[], object]]


def cases(vendor: Vendor) -> dict[str, Case]:
    admin, own, acme, portal, shared = vendor.server.admin, vendor.id, vendor.acme, vendor.portal, vendor.shared
    user, *_ = vendor.people
    made = vendor.grants[user]
    of_acme: Properties = {"name": vendor.server.name("Acme"), "active": True}
    roles = {key: {"display_name": key, "group": ""} for key in ("admin", "viewer")}
    of_portal = {**vendor.as_portal, "roles": roles}
    of_shared: Properties = {
        "org_id": own, "project_id": portal, "granted_org_id": acme, "role_keys": ["admin", "viewer"], "active": True,
    }  # fmt: skip
    of_grant, off = vendor.grant(user, "viewer"), {"active": False}

    def flags(**values: bool) -> Callable[[], object]:
        return lambda: admin.set_project_flags(own, portal, **values)

    return {
        "organization deactivated": (ORGANIZATION, acme, of_acme, off, lambda: admin.deactivate_organization(acme)),
        "organization removed": (ORGANIZATION, acme, of_acme, None, lambda: admin.remove_organization(acme)),
        "project deactivated": (PROJECT, portal, of_portal, off, lambda: admin.deactivate_project(own, portal)),
        "project removed": (PROJECT, portal, of_portal, None, lambda: admin.remove_project(own, portal)),
        "role removed from the project": (
            PROJECT, portal, of_portal, {"roles": {"admin": roles["admin"]}},
            lambda: admin.remove_project_role(own, portal, "viewer"),
        ),
        "project_role_check": (PROJECT, portal, of_portal, {"project_role_check": True}, flags(projectRoleCheck=True)),
        "has_project_check": (PROJECT, portal, of_portal, {"has_project_check": True}, flags(hasProjectCheck=True)),
        "project grant deactivated": (
            PROJECT_GRANT, shared, of_shared, off, lambda: admin.deactivate_project_grant(own, portal, shared),
        ),
        "project grant removed": (
            PROJECT_GRANT, shared, of_shared, None, lambda: admin.remove_project_grant(own, portal, shared),
        ),
        "role removed from the project grant": (
            PROJECT_GRANT, shared, of_shared, {"role_keys": ["admin"]},
            lambda: admin.set_project_grant_roles(own, portal, shared, ["admin"]),
        ),
        "user grant deactivated": (USER_GRANT, made, of_grant, off, lambda: admin.deactivate_grant(acme, user, made)),
        "user grant removed": (USER_GRANT, made, of_grant, None, lambda: admin.remove_grant(acme, user, made)),
        "other roles": (
            USER_GRANT, made, of_grant, {"role_keys": ["admin"]}, lambda: admin.set_roles(acme, user, made, ["admin"]),
        ),
    }  # fmt: skip


NAMES = (
    "organization deactivated", "organization removed", "project deactivated", "project removed", "role removed from the project",
    "project_role_check", "has_project_check", "project grant deactivated", "project grant removed",
    "role removed from the project grant", "user grant deactivated", "user grant removed", "other roles",
)  # fmt: skip


def after(instance: Instance, type_: str, id: str, before: Properties, changes: Properties | None) -> Instance:
    planned = Planned(type_, id, before, None if changes is None else {**before, **changes})
    effect = RESOURCE_TYPES[type_].impact.effect(planned)
    known = ACCESS[type_].known(instance, id, effect)
    return ACCESS[type_].applied(known, id, effect)


def theirs(vendor: Vendor) -> Callable[[Instance], object]:
    """What an instance has of the vendor and the customer: other tests may change the rest."""
    mine = {vendor.id, vendor.acme}

    def of(instance: Instance) -> object:
        return (
            {each for each in instance.organizations.values() if each.id in mine},
            {each for each in instance.users.values() if each.org_id in mine},
            {each for each in instance.projects.values() if each.org_id in mine},
            {each for each in instance.project_grants.values() if each.project_id == vendor.portal},
            {each for each in instance.user_grants.values() if each.project_id == vendor.portal},
        )

    return of


@pytest.mark.parametrize("name", NAMES)
def test_a_change_does_in_the_model_what_it_does_on_the_server(any_server: Server, clients: Clients, name: str) -> None:
    vendor, client = Vendor(any_server), clients.owner(any_server)
    found = cases(vendor)
    assert tuple(found) == NAMES
    *change, make = found[name]
    of = theirs(vendor)
    before = read_instance(client)
    expected = after(before, *change)
    assert of(expected) != of(before), "the change does something"
    make()
    assert any_server.shows(lambda: of(read_instance(client)) == of(expected))
