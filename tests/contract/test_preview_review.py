"""User grants that go with a removed organization, counted on each server for `zorg preview-guard --max-remove-grants`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pulumi_zorg.cli.preview_review import Limit, Verdict, review
from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.config import PersonalAccessToken, Settings
from pulumi_zorg.plan import read_plan
from pulumi_zorg.testing import Fault
from tests.support.servers import World, emulated
from tests.support.types import ORGANIZATION, USER_GRANT


def deleted(type_: str, id: str, **inputs: Any) -> dict[str, Any]:
    return {
        "op": "delete",
        "urn": f"urn:pulumi:dev::shop::{type_}::r{id}",
        "oldState": {"type": type_, "id": id, "inputs": {"active": True, **inputs}},
    }


def reviewed(world: World, *steps: dict[str, Any], token: str | None = None, **more: Any) -> Verdict:
    """What the guard finds in a plan of these steps; with the rights of IAM_OWNER, or of who holds the token."""
    stack = Stack(Path())
    credential = PersonalAccessToken(SecretStr(token or world.token))
    stack.settings = Settings(world.proxy.url, credential, world.proxy.target, retry_deadline=0.1, **more)
    return review(read_plan(json.dumps({"steps": steps})), {"--max-remove-grants": 10}, stack)


def counted(verdict: Verdict) -> Limit:
    return next(each for each in verdict.limits if each.option == "--max-remove-grants")


class Tenant:
    """An organization with a user and a project, and one grant of each way in which a grant goes with it."""

    def __init__(self, world: World) -> None:
        console = world.console
        self.id, other = (console.create_organization(world.name(name)) for name in ("Tenant", "Other"))
        self.user = console.create_user(self.id, f"uma{world.tag}")
        project = console.create_project(self.id, "CRM", ["viewer"])
        shared = console.grant_project(self.id, project, other, ["viewer"])
        self.inside = console.create_grant(self.id, self.user, project, ["viewer"])
        self.of_its_user = console.create_grant(world.home, self.user, world.project, ["viewer"])
        self.of_its_project = console.create_grant(other, world.bob, project, ["viewer"], shared)
        console.create_grant(world.home, world.ann, world.project, ["viewer"])
        assert world.shows(lambda: len(console.grants(world.home)) == 2 and len(console.grants(other)) == 1)


def test_grants_go_with_the_organization_they_were_made_in_and_with_its_users_and_projects(any_world: World) -> None:
    world, tenant = any_world, Tenant(any_world)
    verdict = reviewed(world, deleted(ORGANIZATION, tenant.id, name="Tenant"))
    assert (counted(verdict).found, counted(verdict).along, counted(verdict).uncounted) == (3, 3, None)
    world.console.remove_organization(tenant.id)
    left = [world.ann]
    assert world.shows(lambda: [each["userId"] for each in world.console.grants(world.home).values()] == left)


def test_a_grant_that_the_plan_removes_by_itself_is_counted_once(any_world: World) -> None:
    world, tenant = any_world, Tenant(any_world)
    verdict = reviewed(
        world,
        deleted(ORGANIZATION, tenant.id, name="Tenant"),
        deleted(USER_GRANT, tenant.inside, org_id=tenant.id, user_id=tenant.user),
        deleted(USER_GRANT, tenant.of_its_user, org_id=world.home, user_id=tenant.user),
    )
    assert (counted(verdict).found, counted(verdict).along) == (3, 1)


def test_grants_are_not_listed_where_no_organization_is_removed(any_world: World) -> None:
    world, tenant = any_world, Tenant(any_world)
    any_world.proxy.clear()
    verdict = reviewed(world, deleted(USER_GRANT, tenant.inside, org_id=tenant.id, user_id=tenant.user))
    assert (counted(verdict).found, counted(verdict).along) == (1, 0)
    assert not any("ListAuthorizations" in each.path for each in world.proxy.exchanges)


@pytest.mark.parametrize("role", ["IAM_OWNER_VIEWER", "IAM_OWNER"])
def test_who_may_read_all_grants_of_the_instance_can_count(any_world: World, role: str) -> None:
    world, tenant = any_world, Tenant(any_world)
    viewer = world.console.create_user(world.home, f"viewer{world.tag}")
    world.console.add_instance_member(viewer, role)
    token = world.console.create_token(world.home, viewer)
    verdict = reviewed(world, deleted(ORGANIZATION, tenant.id), token=token)
    assert (counted(verdict).found, verdict.exit_code) == (3, 0)


def test_who_may_not_read_all_grants_of_the_instance_cannot_tell(any_world: World) -> None:
    """An owner of the removed organization is shown those that were made in it, and not those that go elsewhere."""
    world, tenant = any_world, Tenant(any_world)
    owner = world.console.create_user(world.home, f"owner{world.tag}")
    world.console.add_member(tenant.id, owner, "ORG_OWNER")
    token = world.console.create_token(world.home, owner)
    verdict = reviewed(world, deleted(ORGANIZATION, tenant.id), token=token)
    assert counted(verdict).uncounted
    assert verdict.exit_code == 1
    assert "It is not known whether this exceeds --max-remove-grants 10" in verdict.errors[0]


def test_a_server_without_that_list_cannot_tell() -> None:
    """Servers before v4, as those of the older documents."""
    with emulated("seeds") as world:
        verdict = reviewed(world, deleted(ORGANIZATION, world.console.create_organization("Tenant")))
    assert (counted(verdict).found, verdict.exit_code) == (0, 1)


def test_an_outage_or_a_setting_that_asks_nothing_cannot_tell(world: World) -> None:
    tenant = world.console.create_organization("Tenant")
    off = reviewed(world, deleted(ORGANIZATION, tenant), preview_impact=False)
    assert (off.exit_code, "zorg:previewImpact is false" in off.errors[0]) == (1, True)
    world.proxy.add(Fault("answer", times=None, status=503))
    down = reviewed(world, deleted(ORGANIZATION, tenant))
    assert (down.exit_code, counted(down).found) == (1, 0)
