"""Changes that are made without a read before them, where the object is not as the state has it any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, machine, org


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.engine.shown.SHOWN_WITHIN", 0.1)


class _Two:
    """A stack with two users or user grants of one organization, and a stack of others with that organization."""

    def __init__(self, server: Server, stack: InProcessStack, other: InProcessStack, kind: str) -> None:
        self.server, self.stack, self.other, self.kind = server, stack, other, kind
        self.declare_organization(active=True)
        other.up()
        self.org_id = other.id("tenant")
        if kind == "users":
            self.ids = ["first", "second"]
        else:
            self.ids = [server.admin.create_user(self.org_id, name) for name in ("first", "second")]

    def declare_organization(self, active: bool) -> None:
        self.other.declare(tenant=org("Tenant", active=active, cascade=self.kind))

    def declare(self, *active: bool) -> None:
        self.stack.declare(**{f"r{number}": self._one(number, each) for number, each in enumerate(active)})

    def _one(self, number: int, active: bool) -> dict[str, Any]:
        if self.kind == "users":
            return machine(self.org_id, self.ids[number], active=active)
        return grant(self.server.home, self.ids[number], self.server.project, ["viewer"], active=active)

    def active(self) -> list[bool]:
        """Which of the two are active on the server."""
        ids = [self.stack.id(f"r{number}") for number in range(2)]
        if self.kind == "users":
            users = self.server.admin.users(self.org_id)
            return [users[each]["state"] == "USER_STATE_ACTIVE" for each in ids]
        grants = self.server.admin.grants(self.server.home)
        return [grants[each]["state"] == "USER_GRANT_STATE_ACTIVE" for each in ids]

    def reactivations(self) -> list[str]:
        return [each for each in self.server.proxy.writes if each.endswith("_reactivate")]


@pytest.fixture(params=["users", "user_grants"])
def two(server: Server, stack: InProcessStack, tmp_path: Path, request: pytest.FixtureRequest) -> _Two:
    return _Two(server, stack, InProcessStack(tmp_path / "other", server.proxy.url, server.token), request.param)


def test_what_went_along_meanwhile_is_deactivated_for_good_and_is_never_active_in_between(two: _Two) -> None:
    two.declare(True, True)
    two.stack.up()
    two.declare_organization(active=False)
    two.other.up()
    two.server.proxy.clear()
    two.declare(False, False)
    assert not two.stack.up().shows("lost")
    assert two.reactivations() == []
    two.stack.assert_settled()
    two.declare_organization(active=True)
    two.other.up()
    assert two.active() == [False, False]


def test_what_is_to_be_active_waits_for_an_organization_that_was_deactivated_meanwhile(two: _Two) -> None:
    two.declare(False, False)
    two.stack.up()
    two.declare_organization(active=False)
    two.other.up()
    two.server.proxy.clear()
    two.declare(True, True)
    two.stack.up()
    assert two.reactivations() == []
    assert two.active() == [False, False]
    two.stack.assert_settled()
    two.declare_organization(active=True)
    two.other.up()
    assert two.active() == [True, True]


@pytest.mark.parametrize("also_reads", [False, True])
def test_a_refused_deactivation_is_in_no_state(two: _Two, also_reads: bool) -> None:
    server, stack = two.server, two.stack
    two.declare(True, True)
    stack.up()
    before = stack.outputs("r1")
    refusal = '{"code": 7, "message": "No matching permissions found"}'
    server.proxy.add(
        Fault("answer", status=403, body=refusal, path=stack.id("r1") if also_reads else "_deactivate$", times=None)
    )
    two.declare(False, False)
    failed = stack.fails()
    assert failed.shows("403, code 7"), failed.out
    assert "is not known whether" not in failed.out
    assert stack.outputs("r1") == before
    server.proxy.clear()
    stack.up()
    assert two.active() == [False, False]
    assert two.reactivations() == []


@pytest.mark.parametrize(("status", "code"), [(403, 7), (404, 5), (400, 9)])
def test_what_somebody_else_changed_is_not_said_to_be_a_change_of_a_refused_update(
    server: Server, stack: InProcessStack, status: int, code: int
) -> None:
    def declare(active: bool) -> None:
        users = (server.ann, server.bob)
        stack.declare(
            **{
                f"r{number}": grant(server.home, user, server.project, ["viewer"], active=active)
                for number, user in enumerate(users)
            }
        )

    declare(True)
    stack.up()
    bob, before = stack.id("r1"), stack.outputs("r1")
    server.admin.set_roles(server.home, server.bob, bob, ["viewer", "admin"])
    refusal = json.dumps({"code": code, "message": "No"})
    server.proxy.add(Fault("answer", status=status, body=refusal, path=f"{bob}/_deactivate$", times=None))
    declare(False)
    failed = stack.fails()
    assert "this update changed" not in failed.out
    assert status != 403 or stack.outputs("r1") == before
