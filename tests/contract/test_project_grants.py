"""What each call about project grants does on each server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.engine.reconcile import reconcile
from pulumi_zorg.engine.target import Target
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    FailedPrecondition,
    NotFound,
    NotProven,
    PermissionDenied,
)
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.project_grant import declaration
from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantCalls, ProjectGrantRecord
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.world.observed import Address
from tests.contract.lists import listed
from tests.support.calls import change
from tests.support.servers import Server
from tests.unit.clients import Clients

CALLS = ProjectGrantCalls()


@pytest.fixture
def acme(every_server: Server) -> str:
    """An organization that gets the project."""
    return every_server.admin.create_organization(every_server.name("Acme"))


def _inputs(server: Server, granted_org_id: str, role_keys: tuple[str, ...] = ("viewer",), **given: Any) -> Any:
    return ProjectGrantInputs.of(
        {
            "org_id": server.home,
            "project_id": server.project,
            "granted_org_id": granted_org_id,
            "role_keys": list(role_keys),
            **given,
        }
    )


def _read(server: Server, client: Client, grant_id: str, **known: Any) -> ProjectGrantRecord:
    return CALLS.read(client, grant_id, Address({"org_id": server.home, "project_id": server.project, **known}))


def test_a_project_grant_is_created_active_and_read_back(every_server: Server, clients: Clients, acme: str) -> None:
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme, ("viewer", "admin")))
    found = _read(server, client, granted)
    assert found.id == granted
    assert found.properties() == {
        "org_id": server.home,
        "project_id": server.project,
        "granted_org_id": acme,
        "role_keys": ["admin", "viewer"],
        "active": True,
        "state": "PROJECT_GRANT_STATE_ACTIVE",
    }


def test_there_is_one_grant_of_a_project_to_an_organization(every_server: Server, clients: Clients, acme: str) -> None:
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme))
    for again in (_inputs(server, acme), _inputs(server, acme, ("admin",))):
        with pytest.raises(AlreadyExists, match=f"Creating a project grant in organization {server.home}"):
            CALLS.create(client, again)
    change(CALLS, client, granted, _inputs(server, acme), Step(Action.DEACTIVATE))
    with pytest.raises(AlreadyExists):
        CALLS.create(client, _inputs(server, acme))
    change(CALLS, client, granted, _inputs(server, acme), Step(Action.REMOVE))
    assert CALLS.create(client, _inputs(server, acme)) != granted


def test_roles_are_replaced_and_may_be_none(every_server: Server, clients: Clients, acme: str) -> None:
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme, ()))
    assert _read(server, client, granted).role_keys == ()
    for roles in (("admin", "editor"), ("admin", "editor"), ()):
        change(CALLS, client, granted, _inputs(server, acme, roles), Step(Action.UPDATE, frozenset({"role_keys"})))
        assert _read(server, client, granted).role_keys == roles, "an unchanged one is no error"


def test_a_role_that_is_taken_away_leaves_the_user_grants(every_server: Server, clients: Clients, acme: str) -> None:
    server, client, admin = every_server, clients.owner(every_server), every_server.admin
    granted = CALLS.create(client, _inputs(server, acme, ("viewer", "admin")))
    ann = admin.create_grant(acme, server.ann, server.project, ["admin", "viewer"], granted)
    change(CALLS, client, granted, _inputs(server, acme, ("viewer",)), Step(Action.UPDATE, frozenset({"role_keys"})))
    assert admin.grant(acme, server.ann, ann)["roleKeys"] == ["viewer"]
    change(CALLS, client, granted, _inputs(server, acme), Step(Action.REMOVE))
    assert server.shows(lambda: admin.grants(acme) == {})


@pytest.mark.parametrize("wrong", ["role", "project", "granted organization", "its own organization", "owner"])
def test_what_cannot_be_granted_is_refused_with_what_it_needs(
    every_server: Server, clients: Clients, acme: str, wrong: str
) -> None:
    server, client = every_server, clients.owner(every_server)
    declared = {
        "role": _inputs(server, acme, ("emperor",)),
        "project": _inputs(server, acme, project_id="424242"),
        "granted organization": _inputs(server, "424242"),
        "its own organization": _inputs(server, server.home),
        "owner": _inputs(server, server.home, org_id=acme),
    }[wrong]
    with pytest.raises(ApiError, match="A project grant needs the project's own organization") as refused:
        CALLS.create(client, declared)
    assert refused.value.status in (400, 404)
    assert server.admin.project_grants(server.home) == {}


def test_a_role_that_the_project_does_not_have_is_refused_in_a_change(
    every_server: Server, clients: Clients, acme: str
) -> None:
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme))
    with pytest.raises(FailedPrecondition):
        change(
            CALLS,
            client,
            granted,
            _inputs(server, acme, ("viewer", "emperor")),
            Step(Action.UPDATE, frozenset({"role_keys"})),
        )
    assert _read(server, client, granted).role_keys == ("viewer",)


def test_a_project_grant_is_deactivated_and_reactivated_and_twice_is_no_error(
    every_server: Server, clients: Clients, acme: str
) -> None:
    server, client, inputs = every_server, clients.owner(every_server), _inputs(every_server, acme)
    granted = CALLS.create(client, inputs)
    for action, state in (
        (Action.REACTIVATE, "ACTIVE"),
        (Action.DEACTIVATE, "INACTIVE"),
        (Action.DEACTIVATE, "INACTIVE"),
    ):
        change(CALLS, client, granted, inputs, Step(action))
        assert _read(server, client, granted).state == f"PROJECT_GRANT_STATE_{state}"
    change(CALLS, client, granted, _inputs(server, acme, ("admin",)), Step(Action.UPDATE, frozenset({"role_keys"})))
    assert not _read(server, client, granted).active, "a change does not reactivate it"
    change(CALLS, client, granted, inputs, Step(Action.REACTIVATE))
    assert _read(server, client, granted).active


def test_a_removed_or_unknown_project_grant_is_not_found(every_server: Server, clients: Clients, acme: str) -> None:
    server, client, inputs = every_server, clients.owner(every_server), _inputs(every_server, acme)
    granted = CALLS.create(client, inputs)
    change(CALLS, client, granted, inputs, Step(Action.REMOVE))
    for grant_id in (granted, "424242"):
        with pytest.raises(NotFound):
            _read(server, client, grant_id)
        for action in (Action.DEACTIVATE, Action.REACTIVATE, Action.REMOVE):
            with pytest.raises(NotFound):
                change(CALLS, client, grant_id, inputs, Step(action))
        with pytest.raises(NotFound):
            change(CALLS, client, grant_id, inputs, Step(Action.UPDATE, frozenset({"role_keys"})))


@pytest.mark.parametrize("whose", ["granted", "third"])
def test_a_project_grant_in_another_organization_is_not_managed_there(
    every_server: Server, clients: Clients, acme: str, whose: str
) -> None:
    """Servers show it to the granted organization, those of 2025-12 to any; the answer names the one that owns the project."""
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme))
    other = acme if whose == "granted" else server.admin.create_organization(server.name("Third"))
    with pytest.raises((NotFound, NotProven)):
        _read(server, client, granted, org_id=other)
    inputs = _inputs(server, acme, ("admin",), org_id=other)
    for action in (Action.DEACTIVATE, Action.REACTIVATE, Action.REMOVE):
        with pytest.raises((NotFound, FailedPrecondition, NotProven)):
            change(CALLS, client, granted, inputs, Step(action))
    with pytest.raises((NotFound, FailedPrecondition, NotProven)):
        change(CALLS, client, granted, inputs, Step(Action.UPDATE, frozenset({"role_keys"})))
    found = _read(server, client, granted)
    assert (found.active, found.role_keys) == (True, ("viewer",))


def test_the_project_of_a_project_grant_is_verified(every_server: Server, clients: Clients, acme: str) -> None:
    """The server does not look at the project in the path."""
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme))
    for wrong in (server.admin.create_project(server.home, "Other"), "424242"):
        with pytest.raises(NotProven, match=f"has project_id {server.project}, not {wrong}"):
            _read(server, client, granted, project_id=wrong)


def test_an_organization_that_is_unknown_is_no_proof_of_anything(
    every_server: Server, clients: Clients, acme: str
) -> None:
    server, client = every_server, clients.owner(every_server)
    granted = CALLS.create(client, _inputs(server, acme))
    with pytest.raises(PermissionDenied):
        _read(server, client, granted, org_id="424242")
    with pytest.raises(PermissionDenied):
        _read(server, clients.member(server), granted)


def test_project_grants_are_found_by_project_and_organization(
    every_server: Server, clients: Clients, acme: str
) -> None:
    server, client = every_server, clients.owner(every_server)
    second = server.admin.create_project(server.home, "Second", ["viewer"])
    beta = server.admin.create_organization(server.name("Beta"))
    ids = {
        (project, to): CALLS.create(client, _inputs(server, to, project_id=project))
        for project in (server.project, second)
        for to in (acme, beta)
    }
    for (project, to), granted in ids.items():
        found = listed(lambda project=project, to=to: CALLS.search(client, _inputs(server, to, project_id=project)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert [each.id for each in found] == [granted]
        assert found[0].properties() == _read(server, client, granted, project_id=project).properties()
    assert server.shows(lambda: {each.id for each in CALLS.list_organization(client, server.home)} == set(ids.values()))
    assert CALLS.list_organization(client, acme) == [], "it owns none"
    removed_with_acme = {granted for (_, to), granted in ids.items() if to == acme}
    assert server.shows(lambda: {each.id for each in CALLS.list_removed_with(client, acme)} == removed_with_acme)


def test_many_writes_on_one_project_at_once_all_happen(every_server: Server, clients: Clients) -> None:
    """A real server answers some of them with 500 and code 2, a conflict of its event table: nothing was written then."""
    server, client = every_server, clients.owner(every_server)
    partners = [server.admin.create_organization(server.name(f"Partner {number}")) for number in range(12)]
    granted = {each: CALLS.create(client, _inputs(server, each)) for each in partners}

    def bring(partner: str, active: bool) -> Any:
        inputs = _inputs(server, partner, active=active)
        return reconcile(Target(declaration.TYPE, client, granted[partner], inputs), inputs.dump()).properties["active"]

    with ThreadPoolExecutor(12) as pool:
        for active in (False, True, False):
            assert set(pool.map(bring, partners, [active] * 12)) == {active}


@pytest.mark.parametrize("action", [Action.REMOVE, Action.DEACTIVATE, Action.UPDATE], ids=lambda each: each.name)
def test_a_change_by_the_id_of_a_removed_grant_leaves_the_new_one_alone(
    any_server: Server, clients: Clients, action: Action
) -> None:
    """The server takes the old id for the grant that the organization got afterwards, here outside Pulumi."""
    server, client, admin = any_server, clients.owner(any_server), any_server.admin
    acme = admin.create_organization(server.name("Acme"))
    inputs = _inputs(server, acme)
    old = CALLS.create(client, inputs)
    admin.remove_project_grant(server.home, server.project, old)
    new = admin.grant_project(server.home, server.project, acme, ["viewer"])
    assert server.shows(lambda: [each.id for each in CALLS.search(client, inputs)] == [new])
    step = Step(action, frozenset({"role_keys"}) if action is Action.UPDATE else frozenset())
    with pytest.raises(NotFound):
        change(CALLS, client, old, _inputs(server, acme, ()), step)
    assert (_read(server, client, new).active, _read(server, client, new).role_keys) == (True, ("viewer",))
    # What the call does without that check.
    path = f"/management/v1/projects/{server.project}/grants/{old}"
    admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    assert _read(server, client, new).active is False
    admin.call("DELETE", path, org=server.home)
    with pytest.raises(NotFound):
        _read(server, client, new)
