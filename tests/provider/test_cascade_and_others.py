"""`cascade`, where somebody else changes the organization, or what goes along with it, in between."""

from __future__ import annotations

import pytest

from tests.provider.test_cascade import Tenant, make
from tests.support.in_process import InProcessStack
from tests.support.servers import Server


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.engine.reconcile.SHOWN_WITHIN", 0.1)


@pytest.fixture(params=["user_grants", "users"])
def tenant(server: Server, stack: InProcessStack, request: pytest.FixtureRequest) -> Tenant:
    return make(server, stack, request.param)


@pytest.mark.parametrize(
    "declared", [{"active": True}, {"active": False, "cascade": None}, {"active": True, "cascade": None}]
)
def test_all_come_back_after_a_refresh_has_seen_one_of_them_active(tenant: Tenant, declared: dict[str, bool]) -> None:
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
