"""What each call about managers does on each server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import pulumi_zorg as zorg
from pulumi_zorg.api.administrators import ADMINISTRATORS
from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, NotProven, PermissionDenied
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.manager.calls import managers_of
from pulumi_zorg.resource_types.manager.declaration import TYPE
from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.world.observed import Address, Observed, Removal
from tests.support.lookups import Program, program
from tests.support.managers import LEVELS, Place, place
from tests.support.servers import Server
from tests.unit.clients import Clients

EVERY_LEVEL = pytest.mark.parametrize("level", LEVELS)
CHANGE, REMOVE = Step(Action.UPDATE, frozenset({"roles"})), Step(Action.REMOVE)


def declared(it: Place, user_id: str, *roles: str) -> ManagerInputs:
    return ManagerInputs(user_id=user_id, roles=tuple(sorted(roles)), **it.args)


def roles_of(client: Client, inputs: ManagerInputs) -> tuple[str, ...]:
    return TYPE.read(client, inputs.id, Address.of(vars(inputs))).roles  # type: ignore[attr-defined]  # of a manager


@EVERY_LEVEL
def test_a_manager_is_made_changed_and_removed(every_server: Server, clients: Clients, level: str) -> None:
    server, client, it = every_server, clients.owner(every_server), place(every_server, level)
    first, second = LEVELS[level]
    inputs = declared(it, server.ann, first)
    assert TYPE.create(client, inputs) == it.id(server.ann)
    assert server.shows(lambda: it.roles().get(server.ann) == [first])
    with pytest.raises(AlreadyExists, match=f"Making user {server.ann} a manager of"):
        TYPE.create(client, inputs)
    both = replace(inputs, roles=tuple(sorted((first, second))))
    TYPE.perform(client, inputs.id, both, CHANGE)
    assert server.shows(lambda: roles_of(client, inputs) == both.roles)
    TYPE.perform(client, inputs.id, both, CHANGE)  # the same again is no error
    TYPE.perform(client, inputs.id, both, REMOVE)
    assert server.shows(lambda: server.ann not in it.roles())
    TYPE.perform(client, inputs.id, both, REMOVE)
    with pytest.raises(NotFound, match="the list of managers does not have the user"):
        roles_of(client, inputs)
    with pytest.raises(NotFound):
        TYPE.perform(client, inputs.id, both, CHANGE)


@EVERY_LEVEL
def test_a_role_or_a_user_that_is_not_there_is_refused(every_server: Server, clients: Clients, level: str) -> None:
    server, client, it = every_server, clients.owner(every_server), place(every_server, level)
    first, _ = LEVELS[level]
    with pytest.raises(InvalidArgument, match="roles that ZITADEL has on this level"):
        TYPE.create(client, declared(it, server.ann, f"{first}_X"))
    with pytest.raises(FailedPrecondition, match="A manager needs a user that exists"):
        TYPE.create(client, declared(it, "424242", first))


@EVERY_LEVEL
def test_a_removal_is_proven_by_an_event_of_this_very_manager(
    every_server: Server, clients: Clients, level: str
) -> None:
    """The events of all managers of one object are on its aggregate."""
    server, client, it = every_server, clients.owner(every_server), place(every_server, level)
    role, _ = LEVELS[level]
    ann, bob = (declared(it, each, role) for each in (server.ann, server.bob))
    for each in (ann, bob):
        TYPE.create(client, each)
    assert server.shows(lambda: {server.ann, server.bob} <= it.roles().keys())
    it.remove(server.ann)
    assert server.shows(lambda: server.ann not in it.roles())
    client.operations.made.clear()  # as in a run that has made neither
    gone = TYPE.find(client, ann.id, Address.of(vars(ann)))
    assert isinstance(gone, Removal)
    assert gone.by
    assert gone.at
    assert isinstance(TYPE.find(client, bob.id, Address.of(vars(bob))), Observed)
    it.add(server.ann, role)
    assert server.shows(lambda: isinstance(TYPE.find(client, ann.id, Address.of(vars(ann))), Observed))


def test_who_has_no_right_to_read_managers_learns_nothing(every_server: Server, clients: Clients) -> None:
    server, it = every_server, place(every_server, "organization")
    it.add(server.ann, "ORG_OWNER_VIEWER")
    editor = clients.member(server, "ORG_USER_MANAGER", of=server.home)
    inputs = declared(it, server.ann, "ORG_OWNER_VIEWER")
    with pytest.raises(PermissionDenied):
        managers_of(editor, inputs.place)
    with pytest.raises(NotProven, match=r"lacks org\.member\.read"):
        TYPE.find(editor, inputs.id, Address.of(vars(inputs)))


def test_a_project_of_another_organization_is_an_error(every_server: Server, clients: Clients) -> None:
    server, it = every_server, place(every_server, "project_grant")
    it.add(server.ann, "PROJECT_GRANT_OWNER")
    granted = server.admin.project_grant(server.home, server.project, it.args["project_grant_id"])["grantedOrgId"]
    wrong = replace(declared(it, server.ann, "PROJECT_GRANT_OWNER"), org_id=granted)
    with pytest.raises(NotProven, match=f"have org_id {server.home}, not {granted}; correct org_id"):
        managers_of(clients.owner(server), wrong.place)


@pytest.mark.parametrize("wrong", ["org_id", "project_id"])
def test_managers_of_a_project_grant_are_listed_of_its_own_project_and_organizations(
    any_server: Server, clients: Clients, wrong: str
) -> None:
    server, it = any_server, place(any_server, "project_grant")
    it.add(server.ann, "PROJECT_GRANT_OWNER")
    client, inputs = clients.owner(server), declared(it, server.ann, "PROJECT_GRANT_OWNER")
    assert server.shows(lambda: roles_of(client, inputs) == ("PROJECT_GRANT_OWNER",))
    name = server.name("Other")
    other = (
        server.admin.create_organization(name) if wrong == "org_id" else server.admin.create_project(server.home, name)
    )
    assert not managers_of(client, replace(inputs, **{wrong: other}).place)  # type: ignore[arg-type]


def test_the_managers_of_a_new_project_grant_are_not_those_of_the_old_one(any_server: Server, clients: Clients) -> None:
    """The server takes the id of a removed project grant for the one that the organization got afterwards, where it removes a manager."""
    server, admin, old = any_server, any_server.admin, place(any_server, "project_grant")
    client, role = clients.owner(server), "PROJECT_GRANT_OWNER"
    inputs, removed = declared(old, server.ann, role), old.args["project_grant_id"]
    TYPE.create(client, inputs)
    granted = admin.project_grant(server.home, server.project, removed)["grantedOrgId"]
    admin.remove_project_grant(server.home, server.project, removed)
    new = admin.grant_project(server.home, server.project, granted, [])
    again = replace(inputs, project_grant_id=new)
    TYPE.create(client, again)
    for step in (CHANGE, REMOVE):
        with pytest.raises(NotFound):
            TYPE.perform(client, inputs.id, replace(inputs, roles=("PROJECT_GRANT_OWNER_VIEWER",)), step)
    assert server.shows(lambda: roles_of(client, again) == (role,))
    # What the call does without that read.
    path = f"/management/v1/projects/{server.project}/grants/{removed}/members/{server.ann}"
    admin.call("DELETE", path, org=server.home)
    client.operations.made.clear()
    assert server.shows(lambda: TYPE.calls.search(client, again) == ())


@pytest.mark.parametrize("level", ["granted organization", "organization", "project", "other organization"])
def test_who_is_shown_the_manager_of_a_project_grant(any_server: Server, clients: Clients, level: str) -> None:
    """Both organizations of the project grant, and who reads those of its project."""
    server, it = any_server, place(any_server, "project_grant")
    it.add(server.bob, "PROJECT_GRANT_OWNER")
    granted = server.admin.project_grant(server.home, server.project, it.args["project_grant_id"])["grantedOrgId"]
    of_bob = {"inUserIdsFilter": {"ids": [server.bob]}}

    def shown(client: Client) -> bool:
        _, found = ADMINISTRATORS.page(client.transport, "Listing managers", of_bob)
        return any(each.project_grant is not None for each in found)

    assert server.shows(lambda: shown(clients.owner(server)))
    if level == "project":
        client = clients.member(server, "ORG_SETTINGS_MANAGER", of=server.home)
        place(server, level).add(client.me.id, "PROJECT_OWNER_VIEWER")
    else:
        other = server.admin.create_organization(server.name("Other"))
        of = {"organization": server.home, "granted organization": granted}.get(level, other)
        client = clients.member(server, "ORG_OWNER_VIEWER", of=of)
    if level == "other organization":
        assert not shown(client)
    else:
        assert server.shows(lambda: shown(client))


def test_all_managers_of_an_organization_are_listed_by_owners_of_it_and_of_the_instance(
    every_server: Server, clients: Clients
) -> None:
    """The v2 list counts what an ORG_OWNER may not see, so the lists of each object are read then."""
    server = every_server
    made = {place(server, level).add(server.bob, LEVELS[level][0]) for level in LEVELS if level != "instance"}
    for client in (clients.owner(server), clients.member(server, "ORG_OWNER", of=server.home)):
        assert server.shows(
            lambda client=client: made <= {each.id for each in TYPE.calls.list_organization(client, server.home)}
        )  # type: ignore[misc]


# Lookups


@pytest.fixture
def a_program(every_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    with program(every_server, monkeypatch) as started:
        yield started


@EVERY_LEVEL
def test_managers_are_looked_up_on_each_level(a_program: Program, level: str) -> None:
    server, it = a_program.server, place(a_program.server, level)
    role, _ = LEVELS[level]
    it.add(server.ann, role)
    args: dict[str, Any] = {**it.args, "user_id": server.ann}
    parts = {name: it.args.get(name) for name in ("org_id", "project_id", "project_grant_id")}
    wanted = zorg.ManagerResult(id=it.id(server.ann), user_id=server.ann, roles=(role,), **parts)
    assert server.shows(lambda: a_program.listed(lambda: zorg.get_managers(**args)) == (wanted,))
    assert wanted in zorg.get_managers(**it.args)


def test_a_lookup_of_managers_needs_the_outer_ids(a_program: Program) -> None:
    with pytest.raises(zorg.InputError, match="org_id is missing"):
        zorg.get_managers(project_id=a_program.server.project)
