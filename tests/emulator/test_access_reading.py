"""The package reads the same instance as plain calls of the v1 API show, after each switch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pulumi_zorg.access.instance import Instance, Level
from pulumi_zorg.access.read import read_instance as read
from pulumi_zorg.api.client import Client
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from tests.emulator.access_reading import read_instance
from tests.emulator.test_access import SWITCHES, Fixture, fixture  # noqa: F401 - the fixture

pytestmark = pytest.mark.slow


@pytest.fixture
def client(fixture: Fixture) -> Iterator[Client]:  # noqa: F811
    url = fixture.world.emulator.url
    settings = Settings(url, PersonalAccessToken(Secret(fixture.world.admin)), url)
    client = Client.connect(settings)
    yield client
    client.close()


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
