"""`cascade`: what is deactivated along with an organization, and comes back with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import AdminClient, Fault
from tests.support.command import Zorg
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, machine, org

DENIED = '{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)", "details": []}'


@dataclass
class Tenant:
    """A tenant with people and service accounts, who have user grants in its own organization and in that of a vendor.

    :ivar cascade: what goes along with it.
    :ivar ids: what is active and goes along, each with its organization.
    :ivar off: what is not active before, each with its organization and its state.
    """

    server: Server
    stack: InProcessStack
    id: str
    cascade: str
    ids: dict[str, str]
    off: dict[str, tuple[str, str]]

    def declare(self, *, active: bool = True, cascade: str | None = "", **more: object) -> None:
        """Declare the organization, with what goes along with it."""
        along = self.cascade if cascade == "" else cascade
        given = {} if along is None else {"cascade": along}
        self.stack.declare(acme=org(self.server.name("Acme"), adopt=True, active=active, **given, **more))

    def declare_with_one(self, *, active: bool, one_active: bool = True) -> str:
        """Declare the organization and one of what goes along with it. Return its id."""
        each, org_id = next(iter(self.ids.items()))
        given = {"adopt": True, "active": one_active}
        if self.cascade == "users":
            user = self.server.admin.user(org_id, each)
            one = machine(org_id, user["userName"], **given)
        else:
            found = self.server.admin.grant(org_id, "-", each)
            one = grant(org_id, found["userId"], found["projectId"], ["viewer"], **given)
        acme = org(self.server.name("Acme"), adopt=True, active=active, cascade=self.cascade)
        self.stack.declare(acme=acme, one=one)
        return each

    def own_credential(self) -> str:
        """Let a service account of the tenant, who may do everything, deploy from now on. Return its id."""
        admin = self.server.admin
        owner = admin.create_user(self.id, "owner")
        admin.add_instance_member(owner, "IAM_OWNER")
        self.stack.env["ZITADEL_TOKEN"] = admin.create_token(self.id, owner)
        return owner

    def switch(self, id: str, verb: str, admin: AdminClient | None = None) -> None:
        """Deactivate or reactivate an object outside Pulumi."""
        admin, org_id = admin or self.server.admin, self.ids[id]
        if self.cascade == "users":
            admin.change_user_state(org_id, id, verb)
        else:
            (admin.deactivate_grant if verb == "deactivate" else admin.reactivate_grant)(org_id, "-", id)

    def state(self, id: str, org_id: str) -> str:
        admin = self.server.admin
        found = admin.user(org_id, id) if self.cascade == "users" else admin.grant(org_id, "-", id)
        return str(found["state"]).rpartition("_")[2]

    def active(self) -> set[str]:
        """The ids of what goes along and is active. What was not active before is as it was."""
        assert {each: self.state(each, org_id) for each, (org_id, _) in self.off.items()} == {
            each: state for each, (_, state) in self.off.items()
        }
        return {each for each, org_id in self.ids.items() if self.state(each, org_id) == "ACTIVE"}


def make(server: Server, stack: InProcessStack, cascade: str) -> Tenant:
    """Return a tenant with two people and two service accounts who are active, and others who are not."""
    admin = server.admin
    acme = admin.create_organization(server.name("Acme"))
    users = [admin.create_user(acme, f"user-{number}") for number in range(3)]
    if cascade == "users":
        people = [admin.create_human(acme, f"person-{number}") for number in range(3)]
        admin.change_user_state(acme, users[2], "deactivate")
        admin.change_user_state(acme, people[2], "lock")
        off = {users[2]: (acme, "INACTIVE"), people[2]: (acme, "LOCKED")}
        return Tenant(server, stack, acme, cascade, dict.fromkeys((*users[:2], *people[:2]), acme), off)
    portal = admin.create_project(server.home, server.name("Shop"), ["viewer"])
    project_grant = admin.grant_project(server.home, portal, acme, ["viewer"])
    grants = {admin.create_grant(acme, user, portal, ["viewer"], project_grant): acme for user in users[:2]}
    grants |= {admin.create_grant(server.home, users[2], portal, ["viewer"]): server.home}
    off_id = admin.create_grant(acme, users[2], portal, ["viewer"], project_grant)
    admin.deactivate_grant(acme, users[2], off_id)
    return Tenant(server, stack, acme, cascade, grants, {off_id: (acme, "INACTIVE")})


@pytest.fixture(params=["user_grants", "users"])
def tenant(server: Server, stack: InProcessStack, request: pytest.FixtureRequest) -> Tenant:
    return make(server, stack, request.param)


def test_what_goes_along_with_an_organization_comes_back_with_it(tenant: Tenant) -> None:
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}
    tenant.declare(active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    assert tenant.server.admin.organization(tenant.id)["state"] == "ORG_STATE_INACTIVE"
    assert tenant.stack.outputs("acme")["cascade"] == tenant.cascade
    tenant.stack.assert_settled()
    tenant.declare(active=True)
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}
    assert tenant.server.admin.organization(tenant.id)["state"] == "ORG_STATE_ACTIVE"
    tenant.stack.assert_settled()


def test_a_refresh_names_who_is_active_again_and_closes_it(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    again = next(iter(tenant.ids))
    tenant.switch(again, "reactivate")
    refreshed = tenant.stack.must("refresh")
    assert refreshed.shows(f"1 of its {tenant.cascade.replace('_', ' ')} is active", again)
    assert tenant.active() == {again}, "a refresh changes nothing"
    assert tenant.stack.preview() == {"acme": ["update", "cascade"]}
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_what_somebody_else_deactivated_meanwhile_stays_so(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    admin = tenant.server.admin
    somebody = admin.create_user(tenant.server.home, "somebody")
    admin.add_instance_member(somebody, "IAM_OWNER")
    theirs = next(iter(tenant.ids))
    with AdminClient(tenant.server.proxy.url, admin.create_token(tenant.server.home, somebody)) as other:
        tenant.switch(theirs, "reactivate", other)
        tenant.switch(theirs, "deactivate", other)
    tenant.declare()
    assert tenant.stack.up().shows(f"1 of {len(tenant.ids)}", "somebody else", theirs)
    assert tenant.active() == tenant.ids.keys() - {theirs}


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_run_that_ends_in_the_middle_is_continued(tenant: Tenant, skip: int) -> None:
    tenant.declare()
    tenant.stack.up()
    for active in (False, True):
        verb = "_reactivate" if active else "_deactivate"
        path = rf"/(grants|users)/\d+/{verb}"
        denied = Fault("answer", method="POST", path=path, skip=skip, times=None, status=403, body=DENIED)
        tenant.server.proxy.add(denied)
        tenant.declare(active=active)
        assert tenant.stack.fails().shows("could not be")
        assert len(tenant.active()) == (skip if active else len(tenant.ids) - skip)
        tenant.server.proxy.clear()
        tenant.stack.up()
        assert tenant.active() == ({*tenant.ids} if active else set())
        tenant.stack.assert_settled()


def test_another_machine_without_the_state_brings_back_the_same(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    tenant.stack = InProcessStack(tenant.stack.folder / "other", *tenant.stack.env.values(), name="other")
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_nothing_goes_along_any_more(tenant: Tenant) -> None:
    """The program leaves `cascade` out: what went along comes back, and the organization stays deactivated."""
    tenant.declare(active=False)
    tenant.stack.up()
    tenant.declare(active=False, cascade=None)
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}
    assert tenant.server.admin.organization(tenant.id)["state"] == "ORG_STATE_INACTIVE"
    tenant.declare(active=True, cascade=None)
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_a_deletion_policy_that_deactivates_takes_them_along(tenant: Tenant) -> None:
    tenant.declare(deletion_policy="deactivate")
    tenant.stack.up()
    tenant.stack.destroy()
    assert tenant.active() == set()
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_a_change_of_something_else_closes_nothing(tenant: Tenant) -> None:
    """Somebody has reactivated one. A plan that shows another change does not touch it."""
    tenant.declare(active=False)
    tenant.stack.up()
    again = next(iter(tenant.ids))
    tenant.switch(again, "reactivate")
    renamed = org(tenant.server.name("Acme Inc"), adopt=True, active=False, cascade=tenant.cascade)
    tenant.stack.declare(acme=renamed)
    tenant.stack.up()
    assert tenant.active() == {again}


def test_a_resource_of_what_went_along_is_in_sync_and_does_not_come_back_before_the_organization(
    tenant: Tenant,
) -> None:
    one = tenant.declare_with_one(active=True)
    tenant.stack.up()
    tenant.declare_with_one(active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()
    tenant.stack.up("--refresh")
    assert tenant.active() == set()
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    assert one in tenant.active() == {*tenant.ids}


def test_zorg_drift_does_not_take_it_for_a_deactivation_that_the_server_lost(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    tenant.declare_with_one(active=False)
    tenant.stack.up()
    zorg = Zorg(tmp_path / "elsewhere", monkeypatch, capsys)
    (zorg.folder / "state.json").write_text(json.dumps(tenant.stack.state()))
    run = zorg.run("drift", "--state", "state.json", env=tenant.stack.env)
    assert (run.code, tenant.active()) == (0, set()), run.out


def test_what_the_program_deactivates_by_itself_meanwhile_stays_so(tenant: Tenant) -> None:
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    tenant.declare_with_one(active=False)
    tenant.stack.up()
    one = tenant.declare_with_one(active=False, one_active=False)
    tenant.stack.up()
    tenant.stack.assert_settled()
    tenant.declare_with_one(active=True, one_active=False)
    tenant.stack.up()
    assert tenant.active() == tenant.ids.keys() - {one}
    tenant.stack.assert_settled()


def test_both_at_once_deactivate_it_for_good(tenant: Tenant) -> None:
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    one = tenant.declare_with_one(active=False, one_active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.declare_with_one(active=True, one_active=False)
    tenant.stack.up()
    assert tenant.active() == tenant.ids.keys() - {one}


def test_a_preview_says_who_goes_along_and_who_comes_back(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    tenant.declare()
    stack.up()
    tenant.declare(active=False)
    shown = stack.must("preview")
    assert shown.shows("deactivates organization", "along with it, 2 people and 2 service accounts: no login")
    assert shown.shows("user-0, user-1, person-0, person-1 lose every login and every token: the user is deactivated")
    stack.up()
    tenant.declare()
    shown = stack.must("preview")
    assert shown.shows("along with it, 2 people and 2 service accounts that were deactivated along with it")
    assert shown.shows("gain every login and every token")


def test_a_person_who_has_not_accepted_the_invitation_goes_along(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    invited = {
        "userName": "invited",
        "profile": {"firstName": "In", "lastName": "Vited"},
        "email": {"email": "in@vited.example"},
    }
    found = server.admin.call("POST", "/management/v1/users/human", invited, org=tenant.id)["userId"]
    assert tenant.state(found, tenant.id) == "INITIAL"
    tenant.declare(active=False)
    assert stack.up().shows("was in the initial state")
    assert tenant.state(found, tenant.id) == "INACTIVE"
    stack.assert_settled()
    tenant.declare()
    stack.up()
    assert tenant.state(found, tenant.id) == "ACTIVE"


def test_the_credentials_own_user_stays_active(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    owner = tenant.own_credential()
    tenant.declare(active=False, allow_lockout=True)
    stack.up()
    assert tenant.active() == set()
    assert tenant.state(owner, tenant.id) == "ACTIVE"
    stack.assert_settled()


def test_one_search_shows_who_is_active_again(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    tenant.declare(active=False)
    stack.up()
    server.proxy.clear()
    stack.must("refresh")
    searches = [each.path for each in server.proxy.exchanges if each.path.endswith("/_search") and "users" in each.path]
    assert searches == ["/management/v1/users/_search"]


def test_active_organizations_with_a_cascade_are_read_from_one_list(server: Server, stack: InProcessStack) -> None:
    names = [server.name(f"Tenant {number}") for number in range(30)]
    stack.declare(**{f"t{number}": org(name, cascade="users") for number, name in enumerate(names)})
    stack.up()
    server.admin.rename_organization(stack.id("t3"), server.name("Other"))
    server.proxy.clear()
    assert stack.must("refresh").code == 0
    assert len(server.proxy.exchanges) < 20
