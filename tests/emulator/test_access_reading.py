"""The package reads the same instance as plain calls of the v1 API show, after each switch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from pulumi_zorg.access.changes import remove, take_roles
from pulumi_zorg.access.compare import Difference, compare
from pulumi_zorg.access.instance import Instance, Level
from pulumi_zorg.access.read import read_instance as read
from pulumi_zorg.access.rules import access_to
from pulumi_zorg.api.client import Client
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from tests.emulator.access_reading import read_instance
from tests.emulator.access_world import World
from tests.emulator.test_access import ALL, SAME, SWITCHES, Fixture, fixture  # noqa: F401 - the fixture

pytestmark = pytest.mark.slow


@contextmanager
def connected(world: World, token: str) -> Iterator[Client]:
    url = world.emulator.url
    with closing(Client.connect(Settings(url, PersonalAccessToken(Secret(token)), url))) as client:
        yield client


@pytest.fixture
def client(fixture: Fixture) -> Iterator[Client]:  # noqa: F811
    with connected(fixture.world, fixture.world.admin) as client:
        yield client


def comparable(instance: Instance) -> Instance:
    """Without what only one of the two shows: v1 has the ids of project grants, and v2 the display names of users."""
    ids = {each.id: f"{each.project_id}:{each.org_id}" for each in instance.project_grants.values()}
    return replace(
        instance,
        organizations={key: replace(each, name="") for key, each in instance.organizations.items()},
        users={key: replace(each, name="", login="") for key, each in instance.users.items()},
        project_grants={ids[key]: replace(each, id=ids[key]) for key, each in instance.project_grants.items()},
        user_grants={
            key: replace(each, project_grant_id=None, roles=tuple(sorted(each.roles)))
            for key, each in instance.user_grants.items()
        },
        managers=(),
        applications=None,
        login_v2=None,
    )


@pytest.mark.parametrize("name", ["", *SWITCHES])
def test_the_lists_of_the_instance_have_what_the_organizations_have(
    fixture: Fixture,  # noqa: F811
    client: Client,
    name: str,
) -> None:
    world = fixture.world
    world.emulator.reset(fixture.state)
    if name:
        SWITCHES[name][0](world)
    found = read(client)
    assert found.unlisted == {}
    assert comparable(found) == comparable(read_instance(world))


def test_the_managers_of_all_levels_are_read(fixture: Fixture, client: Client) -> None:  # noqa: F811
    world = fixture.world
    world.emulator.reset(fixture.state)
    org, user = world.ids["org.o"], world.accounts["human.x"].id
    grant = f"/management/v1/projects/{world.ids['p']}/grants/{world.ids['project_grant.c']}/members"
    for path, role, of in (
        ("/admin/v1/members", "IAM_OWNER_VIEWER", ""),
        ("/management/v1/orgs/me/members", "ORG_OWNER", org),
        (f"/management/v1/projects/{world.ids['p']}/members", "PROJECT_OWNER", org),
        (grant, "PROJECT_GRANT_OWNER", org),
    ):
        world.made(path, {"userId": user, "roles": [role]}, of)
    mine = {(each.level, each.object_id, each.roles) for each in read(client).managers if each.user_id == user}
    assert mine == {
        (Level.INSTANCE, "", ("IAM_OWNER_VIEWER",)),
        (Level.ORGANIZATION, org, ("ORG_OWNER",)),
        (Level.PROJECT, world.ids["p"], ("PROJECT_OWNER",)),
        (Level.PROJECT_GRANT, f"{world.ids['p']}:{world.ids['org.c']}", ("PROJECT_GRANT_OWNER",)),
    }


def test_a_removal_takes_along_what_the_server_removes(fixture: Fixture, client: Client) -> None:  # noqa: F811
    world = fixture.world
    ids = world.ids
    owner = world.accounts["human.x"].id, world.accounts["machine.x"].id
    removals: dict[str, dict[str, list[str]]] = {
        "user removed": {"users": [*owner]},
        "user grant removed": {"user_grants": [ids["grant.human.x"], ids["grant.machine.x"]]},
        "project grant removed": {"project_grants": [f"{ids['p']}:{ids['org.c']}"]},
        "project removed": {"projects": [ids["p"]]},
        "owner organization removed": {"organizations": [ids["org.o"]]},
        "customer organization removed": {"organizations": [ids["org.c"]]},
    }
    for name, removed in removals.items():
        world.emulator.reset(fixture.state)
        before = read(client)
        SWITCHES[name][0](world)
        assert remove(before, **removed) == read(client), name


def test_roles_that_are_taken_away_are_taken_from_the_user_grants(fixture: Fixture, client: Client) -> None:  # noqa: F811
    world = fixture.world
    project, grant = world.ids["p"], f"{world.ids['p']}:{world.ids['org.c']}"
    for name, of in (("role removed from the project", None), ("role removed from the project grant", grant)):
        world.emulator.reset(fixture.state)
        before = read(client)
        SWITCHES[name][0](world)
        assert take_roles(before, ["admin"], project_id=project, project_grant_id=of) == read(client), name


@pytest.mark.parametrize("name", SWITCHES)
def test_who_loses_and_gains_is_who_the_table_says(fixture: Fixture, client: Client, name: str) -> None:  # noqa: F811
    """The columns "login" of people and "new token" of service accounts, before a switch and after it."""
    world = fixture.world
    world.emulator.reset(fixture.state)
    switch, changed, _, _ = SWITCHES[name]
    before = read(client)
    switch(world)
    after = read(client)
    done = compare(before, after)
    for user in ALL.split():
        cells, same = changed.get(user, SAME).split(), SAME.split()
        for kind, column in (("human", 0), ("machine", 4)):
            stopped = cells[column] != same[column] and "application" not in name
            assert (world.accounts[f"{kind}.{user}"].id in done.losing) is stopped
    assert compare(after, before).gaining == done.losing
    assert compare(before, before) == Difference((), ())


def test_what_a_caller_may_not_see_is_not_known(fixture: Fixture) -> None:  # noqa: F811
    """An owner of one organization sees neither the users of another one nor that there are some."""
    world = fixture.world
    world.emulator.reset(fixture.state)
    with connected(world, world.accounts["machine.x"].pat) as theirs:
        found = read(theirs)
    hidden = world.accounts["human.o"].id
    assert hidden not in found.users
    assert {*found.unlisted} == {"organizations", "users", "projects", "project_grants", "user_grants", "managers"}
    access = access_to(found, hidden, world.ids["p"])
    assert access.login_v2 is not None
    assert (access.login_v2.works, access.token.works, access.introspection.works) == (None, None, None)
