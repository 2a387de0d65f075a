"""What each call about projects and their roles does on each server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    NotProven,
    PermissionDenied,
    UnexpectedAnswer,
)
from pulumi_zorg.resource_types.inputs import check_inputs
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.project.calls import ProjectCalls, ProjectRecord
from pulumi_zorg.resource_types.project.inputs import ProjectInputs
from pulumi_zorg.world.observed import Address
from tests.contract.lists import listed
from tests.support.calls import change
from tests.support.servers import Server
from tests.unit.clients import Clients

CALLS = ProjectCalls()
ROLES = {"viewer": "Viewer", "admin": {"display_name": "Admin", "group": "staff"}}
POLICY = "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY"


def _inputs(server: Server, **given: Any) -> ProjectInputs:
    checked, _ = check_inputs(ProjectInputs, {"org_id": server.home, "name": "Shop", **given})
    return ProjectInputs.of(checked)


def _create(server: Server, client: Client, **given: Any) -> str:
    return CALLS.create(client, _inputs(server, **given))


def _read(server: Server, client: Client, project_id: str, **known: Any) -> ProjectRecord:
    return CALLS.read(client, project_id, Address.of({"org_id": server.home, **known}, ["roles"]))


def test_a_project_is_created_active_and_read_back(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client, project_role_check=True, private_labeling_setting=POLICY)
    found = _read(server, client, shop)
    assert (found.id, found.name, found.state, found.active) == (shop, "Shop", "PROJECT_STATE_ACTIVE", True)
    assert found.org_id == found.details.resource_owner == server.home
    assert found.properties() == {
        "org_id": server.home,
        "name": "Shop",
        "project_role_assertion": False,
        "project_role_check": True,
        "has_project_check": False,
        "private_labeling_setting": POLICY,
        "active": True,
        "state": "PROJECT_STATE_ACTIVE",
    }


def test_a_name_is_unique_in_an_organization_whatever_its_case(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    for name in ("Shop", "SHOP"):
        with pytest.raises(AlreadyExists, match=f"Creating a project in organization {server.home}"):
            _create(server, client, name=name)
    other = server.admin.create_organization(server.name("Other"))
    assert _create(server, client, org_id=other) != shop
    change(CALLS, client, shop, _inputs(server), Step(Action.DEACTIVATE))
    with pytest.raises(AlreadyExists):
        _create(server, client)
    change(CALLS, client, shop, _inputs(server), Step(Action.REMOVE))
    assert _create(server, client) != shop


def test_a_change_sends_all_flags(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client, project_role_assertion=True, project_role_check=True, has_project_check=True)
    changed = _inputs(server, name="Shop 2", project_role_assertion=True, has_project_check=True)
    change(CALLS, client, shop, changed, Step(Action.UPDATE, frozenset({"name", "project_role_check"})))
    found = _read(server, client, shop)
    assert found.name == "Shop 2"
    assert (found.project_role_assertion, found.project_role_check, found.has_project_check) == (True, False, True)
    change(CALLS, client, shop, changed, Step(Action.UPDATE, frozenset({"name"})))
    assert _read(server, client, shop).name == "Shop 2", "an unchanged project is no error"


def test_a_project_can_be_renamed_in_case_only_and_not_to_a_taken_name(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    change(CALLS, client, shop, _inputs(server, name="SHOP"), Step(Action.UPDATE, frozenset({"name"})))
    assert _read(server, client, shop).name == "SHOP"
    for name in ("Portal", "portal"):
        with pytest.raises(AlreadyExists):
            change(CALLS, client, shop, _inputs(server, name=name), Step(Action.UPDATE, frozenset({"name"})))


def test_a_project_is_deactivated_and_reactivated_once(every_server: Server, clients: Clients) -> None:
    server, client, inputs = every_server, clients.owner(every_server), _inputs(every_server)
    shop = _create(server, client)
    with pytest.raises(FailedPrecondition):
        change(CALLS, client, shop, inputs, Step(Action.REACTIVATE))
    change(CALLS, client, shop, inputs, Step(Action.DEACTIVATE))
    assert (_read(server, client, shop).state, _read(server, client, shop).active) == ("PROJECT_STATE_INACTIVE", False)
    with pytest.raises(FailedPrecondition):
        change(CALLS, client, shop, inputs, Step(Action.DEACTIVATE))
    change(
        CALLS,
        client,
        shop,
        _inputs(server, name="Shop 2", roles=ROLES),
        Step(Action.UPDATE, frozenset({"name", "roles"})),
    )
    assert _read(server, client, shop).state == "PROJECT_STATE_INACTIVE", "a change does not reactivate it"
    change(CALLS, client, shop, inputs, Step(Action.REACTIVATE))
    assert _read(server, client, shop).active


def test_a_removed_or_unknown_project_is_not_found(every_server: Server, clients: Clients) -> None:
    server, client, inputs = every_server, clients.owner(every_server), _inputs(every_server)
    shop = _create(server, client)
    change(CALLS, client, shop, inputs, Step(Action.REMOVE))
    for project_id in (shop, "424242"):
        with pytest.raises(NotFound):
            _read(server, client, project_id)
        for action in (Action.DEACTIVATE, Action.REACTIVATE, Action.REMOVE):
            with pytest.raises(NotFound):
                change(CALLS, client, project_id, inputs, Step(action))
        with pytest.raises(NotFound):
            change(CALLS, client, project_id, inputs, Step(Action.UPDATE, frozenset({"name"})))


def test_a_project_in_another_organization_is_not_found_or_shown_with_its_own(
    every_server: Server, clients: Clients
) -> None:
    """Servers of 2025-12 show it, and the answer names the organization that owns it."""
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    other = server.admin.create_organization(server.name("Other"))
    with pytest.raises((NotFound, NotProven)):
        _read(server, client, shop, org_id=other)
    for action in (Action.DEACTIVATE, Action.REACTIVATE, Action.REMOVE):
        with pytest.raises(NotFound):
            change(CALLS, client, shop, _inputs(server, org_id=other), Step(action))
    with pytest.raises(NotFound):
        change(CALLS, client, shop, _inputs(server, org_id=other), Step(Action.UPDATE, frozenset({"name"})))
    assert _read(server, client, shop).active


def test_an_organization_that_is_unknown_is_no_proof_of_anything(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    with pytest.raises(PermissionDenied):
        _read(server, client, shop, org_id="424242")
    with pytest.raises(PermissionDenied):
        _read(server, clients.member(server), shop)


def test_a_name_that_is_too_long_is_refused_by_the_server_too(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    long = replace(_inputs(server), name="a" * 201)
    with pytest.raises(InvalidArgument):
        CALLS.create(client, long)


# Roles


def _shown_roles(server: Server, client: Client, project_id: str) -> Any:
    return _read(server, client, project_id, roles={}).properties()["roles"]


def test_roles_are_added_changed_and_removed(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    assert _shown_roles(server, client, shop) == {}
    change(CALLS, client, shop, _inputs(server, roles=ROLES), Step(Action.UPDATE, frozenset({"roles"})))
    assert _shown_roles(server, client, shop) == {
        "admin": {"display_name": "Admin", "group": "staff"},
        "viewer": {"display_name": "Viewer", "group": ""},
    }
    changed = {"admin": "Root", "editor": {"display_name": "Editor", "group": "staff"}}
    change(CALLS, client, shop, _inputs(server, roles=changed), Step(Action.UPDATE, frozenset({"roles"})))
    assert _shown_roles(server, client, shop) == {
        "admin": {"display_name": "Root", "group": ""},
        "editor": {"display_name": "Editor", "group": "staff"},
    }
    change(CALLS, client, shop, _inputs(server, roles={}), Step(Action.UPDATE, frozenset({"roles"})))
    assert _shown_roles(server, client, shop) == {}
    assert _read(server, client, shop).name == "Shop"


def test_roles_are_read_for_a_get_and_where_they_are_managed(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    assert _read(server, client, server.project).roles is None, "they are not managed"
    got = CALLS.read(client, server.project, Address({"org_id": server.home}))
    assert set(got.properties()["roles"]) == {"admin", "editor", "viewer"}


def test_three_hundred_roles_are_added_and_read(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    roles = {f"role-{number:03}": f"Role {number}" for number in range(300)}
    change(CALLS, client, shop, _inputs(server, roles=roles), Step(Action.UPDATE, frozenset({"roles"})))
    assert list(_shown_roles(server, client, shop)) == sorted(roles)


@pytest.mark.parametrize("key", ["a/b", "a b:c", "100%", "a?b#c", "a%2Fb"])
def test_a_role_key_of_any_printable_characters_is_changed_and_removed(
    every_server: Server, clients: Clients, key: str
) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    for roles in ({key: "One", "viewer": "Viewer"}, {key: "Two", "viewer": "Viewer"}, {"viewer": "Viewer"}):
        change(CALLS, client, shop, _inputs(server, roles=roles), Step(Action.UPDATE, frozenset({"roles"})))
        shown = _shown_roles(server, client, shop)
        assert {each: role["display_name"] for each, role in shown.items()} == roles


def test_removing_a_role_takes_it_from_all_grants(every_server: Server, clients: Clients) -> None:
    server, client, admin = every_server, clients.owner(every_server), every_server.admin
    shop = _create(server, client)
    change(CALLS, client, shop, _inputs(server, roles=ROLES), Step(Action.UPDATE, frozenset({"roles"})))
    acme = admin.create_organization(server.name("Acme"))
    granted = admin.grant_project(server.home, shop, acme, ["admin", "viewer"])
    ann = admin.create_grant(acme, server.ann, shop, ["admin", "viewer"])
    change(CALLS, client, shop, _inputs(server, roles={"viewer": "Viewer"}), Step(Action.UPDATE, frozenset({"roles"})))
    assert admin.project_grant(server.home, shop, granted)["grantedRoleKeys"] == ["viewer"]
    assert admin.grant(acme, server.ann, ann)["roleKeys"] == ["viewer"]


def test_roles_of_another_organization_s_project_are_not_changed(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client)
    change(CALLS, client, shop, _inputs(server, roles=ROLES), Step(Action.UPDATE, frozenset({"roles"})))
    other = server.admin.create_organization(server.name("Other"))
    with pytest.raises(ApiError):
        change(
            CALLS,
            client,
            shop,
            _inputs(server, org_id=other, roles={"editor": "Editor"}),
            Step(Action.UPDATE, frozenset({"roles"})),
        )
    assert set(_shown_roles(server, client, shop)) == {"admin", "viewer"}


# Lists


def test_projects_are_found_by_name(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop, second = _create(server, client), _create(server, client, name="Shop 2")
    assert [each.id for each in listed(lambda: CALLS.search(client, _inputs(server)))] == [shop]
    assert CALLS.search(client, _inputs(server, name="shop")) == []
    assert [each.id for each in CALLS.named_like(client, _inputs(server, name="shop"))] == [shop]
    assert server.shows(
        lambda: {each.id for each in CALLS.list_organization(client, server.home)} == {server.project, shop, second}
    )
    other = server.admin.create_organization(server.name("Other"))
    assert CALLS.list_organization(client, other) == []


def test_a_list_shows_what_a_read_shows(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    shop = _create(server, client, project_role_check=True, has_project_check=True, private_labeling_setting=POLICY)
    change(CALLS, client, shop, _inputs(server), Step(Action.DEACTIVATE))
    server.admin.grant_project(server.home, shop, server.admin.create_organization(server.name("Acme")), [])
    expected = _read(server, client, shop).properties()

    def shown(found: Any) -> Any:
        return [each.properties() for each in found or () if each.id == shop]

    assert server.shows(lambda: shown(CALLS.list_organization(client, server.home)) == [expected])
    try:
        CALLS.list_ids(client, [shop])
    except (ApiError, UnexpectedAnswer):
        return  # the oldest servers do not have that list
    assert server.shows(lambda: shown(CALLS.list_ids(client, [shop])) == [expected]), "once, not once for each grant"
    assert server.shows(lambda: shown(CALLS.list_instance(client)) == [expected])
    assert shown(CALLS.list_ids(clients.owner(server), ["424242"])) == []
