"""User grants that go with a removed organization, counted on each server for `zorg preview-guard --max-remove-grants`."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.guard.limits import Limit
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import read_plan
from pulumi_zorg.guard.report import Verdict
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.testing import Fault
from tests.support.plans import plan_text
from tests.support.servers import Server, emulated
from tests.support.types import ORGANIZATION, USER_GRANT


def deleted(type_: str, id: str, **inputs: Any) -> dict[str, Any]:
    return {
        "op": "delete",
        "urn": f"urn:pulumi:dev::shop::{type_}::r{id}",
        "oldState": {"type": type_, "id": id, "inputs": {"active": True, **inputs}},
    }


def reviewed(server: Server, *steps: dict[str, Any], token: str | None = None, **more: Any) -> Verdict:
    """What the guard finds in a plan of these steps; with the rights of IAM_OWNER, or of who holds the token."""
    credential = PersonalAccessToken(Secret(token or server.token))
    settings = Settings(server.proxy.url, credential, server.proxy.target, retry_deadline=0.1, **more)
    return review(read_plan(plan_text(*steps)), {"--max-remove-grants": 10}, lambda: settings)


def counted(verdict: Verdict) -> Limit:
    return next(each for each in verdict.limits if each.option == "--max-remove-grants")


class Tenant:
    """An organization with a user and a project, and one grant of each way in which a grant goes with it."""

    def __init__(self, server: Server) -> None:
        admin = server.admin
        self.id, other = (admin.create_organization(server.name(name)) for name in ("Tenant", "Other"))
        self.user = admin.create_user(self.id, f"uma{server.tag}")
        project = admin.create_project(self.id, "CRM", ["viewer"])
        shared = admin.grant_project(self.id, project, other, ["viewer"])
        self.inside = admin.create_grant(self.id, self.user, project, ["viewer"])
        self.of_its_user = admin.create_grant(server.home, self.user, server.project, ["viewer"])
        self.of_its_project = admin.create_grant(other, server.bob, project, ["viewer"], shared)
        admin.create_grant(server.home, server.ann, server.project, ["viewer"])
        assert server.shows(lambda: len(admin.grants(server.home)) == 2 and len(admin.grants(other)) == 1)


def test_grants_go_with_the_organization_they_were_made_in_and_with_its_users_and_projects(any_server: Server) -> None:
    server, tenant = any_server, Tenant(any_server)
    verdict = reviewed(server, deleted(ORGANIZATION, tenant.id, name="Tenant"))
    assert (counted(verdict).found, counted(verdict).removed_with_parents, counted(verdict).why_incomplete) == (
        3,
        3,
        None,
    )
    server.admin.remove_organization(tenant.id)
    left = [server.ann]
    assert server.shows(lambda: [each["userId"] for each in server.admin.grants(server.home).values()] == left)


def test_a_grant_that_the_plan_removes_by_itself_is_counted_once(any_server: Server) -> None:
    server, tenant = any_server, Tenant(any_server)
    verdict = reviewed(
        server,
        deleted(ORGANIZATION, tenant.id, name="Tenant"),
        deleted(USER_GRANT, tenant.inside, org_id=tenant.id, user_id=tenant.user),
        deleted(USER_GRANT, tenant.of_its_user, org_id=server.home, user_id=tenant.user),
    )
    assert (counted(verdict).found, counted(verdict).removed_with_parents) == (3, 1)


def test_grants_are_listed_once_where_no_organization_is_removed(any_server: Server) -> None:
    """To see who loses access, and not again to see what is removed along."""
    server, tenant = any_server, Tenant(any_server)
    any_server.proxy.clear()
    verdict = reviewed(server, deleted(USER_GRANT, tenant.inside, org_id=tenant.id, user_id=tenant.user))
    assert (counted(verdict).found, counted(verdict).removed_with_parents) == (1, 0)
    assert sum("ListAuthorizations" in each.path for each in server.proxy.exchanges) == 1


@pytest.mark.parametrize("role", ["IAM_OWNER_VIEWER", "IAM_OWNER"])
def test_who_may_read_all_grants_of_the_instance_can_count(any_server: Server, role: str) -> None:
    server, tenant = any_server, Tenant(any_server)
    viewer = server.admin.create_user(server.home, f"viewer{server.tag}")
    server.admin.add_instance_member(viewer, role)
    token = server.admin.create_token(server.home, viewer)
    verdict = reviewed(server, deleted(ORGANIZATION, tenant.id), token=token)
    assert (counted(verdict).found, verdict.exit_code) == (3, 0)


def test_who_may_not_read_all_grants_of_the_instance_cannot_tell(any_server: Server) -> None:
    """An owner of the removed organization is shown those that were made in it, and not those that go elsewhere."""
    server, tenant = any_server, Tenant(any_server)
    owner = server.admin.create_user(server.home, f"owner{server.tag}")
    server.admin.add_member(tenant.id, owner, "ORG_OWNER")
    token = server.admin.create_token(server.home, owner)
    verdict = reviewed(server, deleted(ORGANIZATION, tenant.id), token=token)
    assert counted(verdict).why_incomplete
    assert verdict.exit_code == 1
    assert "It is not known whether this exceeds --max-remove-grants 10" in verdict.errors[0]


def test_a_server_without_that_list_cannot_tell() -> None:
    """Servers before v4, as those of the older documents."""
    with emulated("seeds") as server:
        verdict = reviewed(server, deleted(ORGANIZATION, server.admin.create_organization("Tenant")))
    assert (counted(verdict).found, verdict.exit_code) == (0, 1)


def test_an_outage_or_a_setting_that_asks_nothing_cannot_tell(server: Server) -> None:
    tenant = server.admin.create_organization("Tenant")
    off = reviewed(server, deleted(ORGANIZATION, tenant), preview_impact=False)
    assert (off.exit_code, "zorg:previewImpact is false" in off.errors[0]) == (1, True)
    server.proxy.add(Fault("answer", times=None, status=503))
    down = reviewed(server, deleted(ORGANIZATION, tenant))
    assert (down.exit_code, counted(down).found) == (1, 0)
