"""`cascade`, where somebody else changes the organization, or what goes along with it, in between."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.generate.pipeline import generate
from pulumi_zorg.testing import Fault
from tests.provider.test_cascade import DENIED, Tenant, make
from tests.support.command import Zorg
from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import grant, machine, org
from tests.support.world import World
from tests.unit.clients import Clients


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.engine.shown.SHOWN_WITHIN", 0.1)


@pytest.fixture(params=["user_grants", "users"])
def tenant(server: Server, stack: InProcessStack, request: pytest.FixtureRequest) -> Tenant:
    return make(server, stack, request.param)


@contextmanager
def lagging(server: Server) -> Iterator[None]:
    """Lists show what was half a second ago."""
    time.sleep(0.6)
    server.admin.call("POST", "/debug/lag", {"seconds": 0.5})
    yield
    server.admin.call("POST", "/debug/lag", {"seconds": 0})


@pytest.mark.parametrize(
    "declared", [{"active": True}, {"active": False, "cascade": None}, {"active": True, "cascade": None}]
)
def test_all_come_back_after_a_refresh_has_seen_one_of_them_active(tenant: Tenant, declared: dict[str, Any]) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    tenant.switch(next(iter(tenant.ids)), "reactivate")
    tenant.stack.must("refresh")
    tenant.declare(**declared)
    assert tenant.stack.must("preview").shows("that were deactivated along with it")
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}
    tenant.stack.assert_settled()


@pytest.mark.parametrize("active", [False, True])
def test_an_organization_that_was_reactivated_in_the_console_is_brought_to_what_is_declared(
    tenant: Tenant, active: bool
) -> None:
    """The program has a resource of one that went along. It does not come back before the organization."""
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    tenant.declare_with_one(active=False)
    tenant.stack.up()
    tenant.server.admin.reactivate_organization(tenant.id)
    assert tenant.stack.must("refresh").shows("was reactivated outside Pulumi", "stays inactive")
    tenant.declare_with_one(active=active)
    tenant.stack.up("--refresh")
    assert tenant.active() == ({*tenant.ids} if active else set())
    tenant.stack.assert_settled()


def test_a_deletion_deactivates_whom_a_refresh_has_seen_active(tenant: Tenant) -> None:
    tenant.declare(active=False, deletion_policy="deactivate")
    tenant.stack.up()
    tenant.switch(next(iter(tenant.ids)), "reactivate")
    tenant.stack.must("refresh")
    tenant.stack.destroy()
    assert tenant.active() == set()


def test_what_the_program_deactivates_after_somebody_has_reactivated_it_stays_so(tenant: Tenant) -> None:
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    one = tenant.declare_with_one(active=False)
    tenant.stack.up()
    tenant.switch(one, "reactivate")
    tenant.declare_with_one(active=False, one_active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.declare_with_one(active=True, one_active=False)
    tenant.stack.up()
    assert tenant.active() == tenant.ids.keys() - {one}


def test_what_a_resource_deactivates_in_the_same_run_stays_so(tenant: Tenant) -> None:
    """The list that shows what is active lags behind the resource's change."""

    def declare(active: bool, one_active: bool) -> str:
        one = tenant.declare_with_one(active=active, one_active=one_active)
        declared = dict(reversed(tenant.stack.declared.items()))
        tenant.stack.declare(**declared)
        return one

    declare(active=True, one_active=True)
    tenant.stack.up()
    with lagging(tenant.server):
        one = declare(active=False, one_active=False)
        tenant.stack.up()
    declare(active=True, one_active=False)
    tenant.stack.up()
    assert tenant.active() == tenant.ids.keys() - {one}


@pytest.mark.parametrize("fails", [False, True])
def test_who_was_locked_just_before_stays_locked(server: Server, stack: InProcessStack, fails: bool) -> None:
    tenant = make(server, stack, "users")
    one, *others = tenant.ids
    tenant.declare()
    stack.up()
    with lagging(server):
        tenant.switch(one, "lock")
        tenant.declare(active=False)
        if fails:
            server.proxy.add(Fault("answer", path=f"users/{others[0]}/_deactivate", status=403, body=DENIED))
            stack.fails()
        stack.up()
    tenant.declare()
    stack.up()
    assert tenant.state(one, tenant.id) == "LOCKED"
    assert tenant.active() == {*others}


def test_cascade_added_deactivates_an_organization_that_somebody_has_reactivated(tenant: Tenant) -> None:
    tenant.declare(active=False, cascade=None)
    tenant.stack.up()
    tenant.server.admin.reactivate_organization(tenant.id)
    tenant.declare(active=False)
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()


def test_what_this_credential_cannot_see_is_named_and_remembered(server: Server, stack: InProcessStack) -> None:
    """The user grants in other organizations, to an ORG_OWNER. A user grant that was removed is forgotten."""
    tenant = make(server, stack, "user_grants")
    admin = server.admin
    tenant.declare(active=False)
    stack.up()
    elsewhere = next(each for each, org_id in tenant.ids.items() if org_id != tenant.id)
    owner = admin.create_user(tenant.id, "owner")
    admin.call("POST", "/management/v1/orgs/me/members", {"userId": owner, "roles": ["ORG_OWNER"]}, org=tenant.id)
    stack.env["ZITADEL_TOKEN"] = admin.create_token(tenant.id, owner)
    tenant.declare()
    assert stack.fails().shows("1 of 3 user grants", "cannot be seen by this credential", elsewhere)
    assert tenant.active() == tenant.ids.keys() - {elsewhere}
    stack.env["ZITADEL_TOKEN"] = server.token
    stack.up()
    assert tenant.active() == {*tenant.ids}
    stack.assert_settled()


def test_what_was_removed_meanwhile_is_forgotten(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    gone = next(iter(tenant.ids))
    path = f"users/{gone}" if tenant.cascade == "users" else f"users/-/grants/{gone}"
    tenant.server.admin.call("DELETE", f"/management/v1/{path}", org=tenant.ids.pop(gone))
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}
    tenant.stack.assert_settled()


def test_a_list_that_lacks_somebody_forgets_nobody(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    tenant.declare(active=False)
    stack.up()
    nobody = Fault("replace", method="POST", path="^/v2/users$", times=None, status=200, body='{"details": {}}')
    server.proxy.add(nobody)
    tenant.declare()
    stack.up()
    assert nobody.happened
    assert tenant.active() == {*tenant.ids}


@pytest.mark.parametrize("unreadable", ["edited", "failing"])
def test_a_resource_does_not_come_back_where_what_is_remembered_cannot_be_read(tenant: Tenant, unreadable: str) -> None:
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    tenant.declare_with_one(active=False)
    tenant.stack.up()
    if unreadable == "edited":
        value = {"value": b64encode(b"{}").decode()}
        tenant.server.admin.call("POST", "/management/v1/metadata/pulumi_zorg.cascade", value, org=tenant.id)
    else:
        body = '{"code": 13, "message": "internal"}'
        tenant.server.proxy.add(Fault("answer", path="/metadata/|^/v2/users", times=None, status=500, body=body))
    env = tenant.stack.env
    second = InProcessStack(tenant.stack.folder / "other", env["ZITADEL_URL"], env["ZITADEL_TOKEN"], name="other")
    second.declare(one=tenant.stack.declared["one"])
    second.fails()
    assert tenant.active() == set()


def test_the_credentials_own_user_is_named(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    owner = tenant.own_credential()
    tenant.declare(allow_lockout=True)
    stack.up()
    tenant.declare(active=False, allow_lockout=True)
    assert stack.must("preview").shows("2 people and 2 service accounts", "user-0, user-1, person-0, person-1 lose")
    assert stack.up().shows(f"user {owner} is the credential's own user, and stays active")


def test_drift_does_not_take_what_went_along_for_a_change_that_the_server_lost(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.declare_with_one(active=True)
    tenant.stack.up()
    tenant.declare_with_one(active=False)
    tenant.stack.up()
    state = tmp_path / "state.json"
    state.write_text(json.dumps(tenant.stack.state()), encoding="utf-8")
    env = dict(tenant.stack.env)
    run = Zorg(tmp_path / "zorg", monkeypatch, capsys).run("drift", "--state", str(state), env=env)
    assert run.code == 0, run.out
    other = tenant.server.admin.create_organization(tenant.server.name("Other"))
    other_org = org(tenant.server.name("Other"), adopt=True)
    tenant.stack.declare(other=other_org, **tenant.stack.declared)
    tenant.stack.up()
    tenant.server.admin.deactivate_organization(other)
    assert not tenant.stack.must("refresh").shows("lost it"), "a change of something else makes the refresh read events"


def test_nothing_is_deactivated_where_the_server_loses_what_is_remembered(tenant: Tenant) -> None:
    tenant.declare()
    tenant.stack.up()
    body = json.dumps({"details": {"resourceOwner": tenant.id}})
    tenant.server.proxy.add(Fault("answer", method="POST", path="/metadata/", status=200, body=body))
    tenant.declare(active=False)
    assert tenant.stack.fails().shows("accepted the metadata", "does not show it")
    assert tenant.active() == {*tenant.ids}
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.declare()
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_many_active_organizations_with_cascade_are_refreshed_by_a_list(server: Server, stack: InProcessStack) -> None:
    names = [server.name(f"Tenant {number}") for number in range(20)]
    stack.declare(**{f"t{number}": org(name, cascade="users") for number, name in enumerate(names)})
    stack.up()
    server.proxy.exchanges.clear()
    stack.must("refresh")
    assert len(server.proxy.exchanges) < len(names)


def test_a_generated_program_brings_back_what_went_along(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    with Clients() as clients:
        text = generate(World(clients.owner(tenant.server)), [tenant.id], None, on_request=True).text
    assert f'cascade="{tenant.cascade}"' in text
    assert text.count("active=False") == 2, "the organization, and what was inactive by itself"


def test_with_ignore_changes_a_refresh_that_saw_somebody_active_stops_no_run(tenant: Tenant) -> None:
    tenant.declare(active=False, opts={"ignore_changes": ["cascade"]})
    tenant.stack.up()
    tenant.switch(next(iter(tenant.ids)), "reactivate")
    tenant.stack.must("refresh")
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()


class Newcomer:
    """Something new that goes along with a tenant: a service account, or a user grant for one in another organization."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, server = tenant, tenant.server
        if tenant.cascade != "users":
            self.user = server.admin.create_user(tenant.id, "newcomer")
            self.project = server.admin.create_project(server.home, server.name("New"), ["viewer"])

    def declare(self, *, organization: bool, active: bool = True) -> None:
        """Declare the organization and the newcomer, each with its flag."""
        tenant, server = self.tenant, self.tenant.server
        if tenant.cascade == "users":
            new = machine(tenant.id, "newcomer", active=active)
        else:
            new = grant(server.home, self.user, self.project, ["viewer"], active=active)
        acme = org(server.name("Acme"), adopt=True, active=organization, cascade=tenant.cascade)
        tenant.stack.declare(acme=acme, new=new)

    def created(self) -> None:
        """Count it among what goes along with the tenant."""
        self.tenant.ids[self.tenant.stack.id("new")] = (
            self.tenant.id if self.tenant.cascade == "users" else self.tenant.server.home
        )


def test_what_is_new_in_a_deactivated_organization_is_deactivated_and_comes_back_with_it(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    newcomer = Newcomer(tenant)
    newcomer.declare(organization=False)
    assert tenant.stack.must("up").shows("comes back with the organization")
    newcomer.created()
    assert tenant.active() == set()
    tenant.stack.assert_settled()
    newcomer.declare(organization=True)
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}
    tenant.stack.assert_settled()


def test_what_is_new_and_cannot_be_deactivated_fails_and_is_deactivated_by_the_next_run(tenant: Tenant) -> None:
    tenant.declare(active=False)
    tenant.stack.up()
    newcomer = Newcomer(tenant)
    newcomer.declare(organization=False)
    tenant.server.proxy.add(Fault("answer", path="_deactivate", status=403, body=DENIED))
    tenant.stack.fails()
    tenant.server.proxy.clear()
    tenant.stack.up()
    newcomer.created()
    assert tenant.active() == set()
    newcomer.declare(organization=True)
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_what_a_program_activates_in_a_deactivated_organization_waits_for_it(tenant: Tenant) -> None:
    newcomer = Newcomer(tenant)
    newcomer.declare(organization=True, active=False)
    tenant.stack.up()
    newcomer.created()
    newcomer.declare(organization=False, active=False)
    tenant.stack.up()
    newcomer.declare(organization=False)
    tenant.stack.up()
    assert tenant.active() == set()
    tenant.stack.assert_settled()
    newcomer.declare(organization=True)
    tenant.stack.up()
    assert tenant.active() == {*tenant.ids}


def test_users_of_an_organization_that_is_created_deactivated_wait_for_it(
    server: Server, stack: InProcessStack
) -> None:
    def declare(active: bool, **users: Any) -> None:
        stack.declare(acme=org(server.name("Acme"), active=active, cascade="users"), **users)

    declare(active=False)
    stack.up()
    acme = stack.id("acme")
    declare(active=False, one=machine(acme, "one"))
    stack.up()
    assert server.admin.user(acme, stack.id("one"))["state"] == "USER_STATE_INACTIVE"
    declare(active=True, one=machine(acme, "one"))
    stack.up()
    assert server.admin.user(acme, stack.id("one"))["state"] == "USER_STATE_ACTIVE"
    stack.assert_settled()


def test_who_is_created_in_the_middle_is_deactivated_too(server: Server, stack: InProcessStack) -> None:
    tenant = make(server, stack, "users")
    tenant.declare()
    stack.up()
    late: list[str] = []

    def before(method: str, path: str) -> None:
        if path.startswith("/management/v1/users/") and path.endswith("_deactivate") and not late:
            late.append(server.admin.create_user(tenant.id, "late"))

    server.proxy.before = before
    tenant.declare(active=False)
    run = stack.up()
    assert run.shows("some of what goes along with it was still active, or active again, or new")
    assert not run.shows("lost it")
    assert tenant.active() == set()
    assert tenant.state(late[0], tenant.id) == "INACTIVE"
    again = next(iter(tenant.ids))
    tenant.switch(again, "reactivate")
    tenant.declare()
    assert stack.must("preview").shows("2 people and 2 service accounts that were deactivated along with it"), (
        "late too"
    )
    stack.up()
    assert tenant.active() == {*tenant.ids}
    assert tenant.state(late[0], tenant.id) == "ACTIVE"


def test_users_come_back_on_a_server_without_the_list_of_the_v2_api(tmp_path: Path) -> None:
    with emulated("seeds") as server:
        acme = server.admin.create_organization("Acme")
        user = server.admin.create_user(acme, "robot")
        stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
        for active in (False, True):
            stack.declare(acme=org("Acme", adopt=True, active=active, cascade="users"))
            stack.up()
            assert server.admin.user(acme, user)["state"] == f"USER_STATE_{'ACTIVE' if active else 'INACTIVE'}"
            stack.assert_settled()
