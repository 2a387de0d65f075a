"""`cascade`: what is deactivated along with an organization, and comes back with it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pulumi_zorg.testing import AdminClient, Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, org

DENIED = '{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)", "details": []}'


@dataclass
class Tenant:
    """A tenant whose users have user grants in its own organization and in that of a vendor.

    :ivar grants: the active ones by user, each with its organization.
    :ivar off: one that was deactivated before.
    """

    server: Server
    stack: InProcessStack
    id: str
    grants: dict[str, str]
    off: str

    def declare(self, *, active: bool = True, cascade: str | None = "user_grants", **more: object) -> None:
        given = {} if cascade is None else {"cascade": cascade}
        self.stack.declare(acme=org(self.server.name("Acme"), adopt=True, active=active, **given, **more))

    def active(self) -> set[str]:
        """The ids of the user grants that are active, of those that the tenant's users have."""
        states = {
            each: self.server.admin.grant(org_id, "-", each)["state"]
            for each, org_id in [*self.grants.items(), (self.off, self.id)]
        }
        return {each for each, state in states.items() if state == "USER_GRANT_STATE_ACTIVE"}


@pytest.fixture
def tenant(server: Server, stack: InProcessStack) -> Tenant:
    admin = server.admin
    acme = admin.create_organization(server.name("Acme"))
    portal = admin.create_project(server.home, server.name("Shop"), ["viewer"])
    project_grant = admin.grant_project(server.home, portal, acme, ["viewer"])
    users = [admin.create_user(acme, f"user-{number}") for number in range(4)]
    grants = {admin.create_grant(acme, user, portal, ["viewer"], project_grant): acme for user in users[:2]}
    grants |= {admin.create_grant(server.home, users[2], portal, ["viewer"]): server.home}
    off = admin.create_grant(acme, users[3], portal, ["viewer"], project_grant)
    admin.deactivate_grant(acme, users[3], off)
    return Tenant(server, stack, acme, grants, off)


def test_the_user_grants_of_an_organization_go_with_it_and_come_back(tenant: Tenant) -> None:
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}
    tenant.declare(active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    assert tenant.server.admin.organization(tenant.id)["state"] == "ORG_STATE_INACTIVE"
    assert tenant.stack.outputs("acme")["cascade"] == "user_grants"
    tenant.stack.assert_settled()
    tenant.declare(active=True)
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}, "the one that was off before stays so"
    assert tenant.server.admin.organization(tenant.id)["state"] == "ORG_STATE_ACTIVE"
    tenant.stack.assert_settled()


def test_a_refresh_names_who_is_active_again_and_closes_it(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    again, org_id = next(iter(tenant.grants.items()))
    tenant.server.admin.reactivate_grant(org_id, "-", again)
    refreshed = tenant.stack.must("refresh")
    assert refreshed.shows("1 of its user grants is active", again)
    assert tenant.active() == {again}, "a refresh changes nothing"
    assert tenant.stack.preview() == {"acme": ["update", "cascade"]}
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}


def test_what_somebody_else_deactivated_meanwhile_stays_so(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    admin = tenant.server.admin
    somebody = admin.create_user(tenant.server.home, "somebody")
    admin.add_instance_member(somebody, "IAM_OWNER")
    theirs, org_id = next(iter(tenant.grants.items()))
    with AdminClient(tenant.server.proxy.url, admin.create_token(tenant.server.home, somebody)) as other:
        other.reactivate_grant(org_id, "-", theirs)
        other.deactivate_grant(org_id, "-", theirs)
    tenant.declare()
    assert tenant.stack.up().shows("1 of 3 user grants", "somebody else", theirs)
    assert tenant.active() == tenant.grants.keys() - {theirs}


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_run_that_ends_in_the_middle_is_continued(tenant: Tenant, skip: int) -> None:
    tenant.declare()
    tenant.stack.up()
    for active in (False, True):
        verb = "_reactivate" if active else "_deactivate"
        path = f"/grants/\\d+/{verb}"
        tenant.server.proxy.add(
            Fault("answer", method="POST", path=path, skip=skip, times=None, status=403, body=DENIED)
        )
        tenant.declare(active=active)
        assert tenant.stack.fails().shows("could not be")
        assert len(tenant.active()) == (skip if active else len(tenant.grants) - skip)
        tenant.server.proxy.clear()
        tenant.stack.up()
        assert tenant.active() == ({*tenant.grants} if active else set())
        tenant.stack.assert_settled()


def test_another_machine_without_the_state_brings_back_the_same(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    tenant.stack = InProcessStack(tenant.stack.folder / "other", *tenant.stack.env.values(), name="other")
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}


def test_nothing_goes_along_any_more(tenant: Tenant) -> None:
    """The program leaves `cascade` out: what went along comes back, and the organization stays deactivated."""
    tenant.declare(active=False)
    tenant.stack.up()
    tenant.declare(active=False, cascade=None)
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}
    assert tenant.server.admin.organization(tenant.id)["state"] == "ORG_STATE_INACTIVE"
    tenant.declare(active=True, cascade=None)
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}


def test_a_deletion_policy_that_deactivates_takes_them_along(tenant: Tenant) -> None:
    tenant.declare(deletion_policy="deactivate")
    tenant.stack.up()
    tenant.stack.destroy()
    assert tenant.active() == set()
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}


def test_a_change_of_something_else_closes_nothing(tenant: Tenant) -> None:
    """Somebody has reactivated a user grant. A plan that shows another change does not touch it."""
    tenant.declare(active=False)
    tenant.stack.up()
    again, org_id = next(iter(tenant.grants.items()))
    tenant.server.admin.reactivate_grant(org_id, "-", again)
    tenant.stack.declare(acme=org(tenant.server.name("Acme Inc"), adopt=True, active=False, cascade="user_grants"))
    tenant.stack.up()
    assert tenant.active() == {again}


def with_grant(tenant: Tenant, *, active: bool, grant_active: bool = True) -> str:
    """Declare the organization and one of the user grants. Return the id of that."""
    each, org_id = next(iter(tenant.grants.items()))
    found = tenant.server.admin.grant(org_id, "-", each)
    user, project_id = found["userId"], found["projectId"]
    tenant.stack.declare(
        acme=org(tenant.server.name("Acme"), adopt=True, active=active, cascade="user_grants"),
        ann=grant(org_id, user, project_id, ["viewer"], adopt=True, active=grant_active),
    )
    return each


def test_a_resource_of_what_went_along_is_in_sync_and_does_not_come_back_before_the_organization(
    tenant: Tenant,
) -> None:
    ann = with_grant(tenant, active=True)
    tenant.stack.up()
    with_grant(tenant, active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()
    assert tenant.stack.up("--refresh").code == 0
    assert tenant.active() == set()
    with_grant(tenant, active=True)
    tenant.stack.up()
    assert tenant.active() == {*tenant.grants}
    assert ann in tenant.active()


def test_what_the_program_deactivates_by_itself_meanwhile_stays_so(tenant: Tenant) -> None:
    with_grant(tenant, active=True)
    tenant.stack.up()
    with_grant(tenant, active=False)
    tenant.stack.up()
    ann = with_grant(tenant, active=False, grant_active=False)
    tenant.stack.up()
    tenant.stack.assert_settled()
    with_grant(tenant, active=True, grant_active=False)
    tenant.stack.up()
    assert tenant.active() == tenant.grants.keys() - {ann}
    tenant.stack.assert_settled()


def test_both_at_once_deactivate_it_for_good(tenant: Tenant) -> None:
    with_grant(tenant, active=True)
    tenant.stack.up()
    ann = with_grant(tenant, active=False, grant_active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    with_grant(tenant, active=True, grant_active=False)
    tenant.stack.up()
    assert tenant.active() == tenant.grants.keys() - {ann}


def test_a_preview_says_who_goes_along_and_who_comes_back(tenant: Tenant) -> None:
    tenant.declare()
    tenant.stack.up()
    tenant.declare(active=False)
    shown = tenant.stack.must("preview")
    assert shown.shows("deactivates organization", "along with it, the user grants of its users in all organizations")
    assert shown.shows("user-0, user-1, user-2 lose the role viewer of")
    tenant.stack.up()
    tenant.declare()
    shown = tenant.stack.must("preview")
    assert shown.shows("the user grants of its users that were deactivated along with it")
    assert shown.shows("user-0, user-1, user-2 gain the role viewer of")
