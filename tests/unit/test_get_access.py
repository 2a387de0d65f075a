"""`get_access` in a program: a policy reads who can get in."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pytest
from pulumi.runtime import mocks

import pulumi_zorg as zorg
from tests.support.lookups import Program, program
from tests.support.servers import emulated


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program with the instance owner's credential."""
    with emulated() as server, program(server, monkeypatch) as started_program:
        yield started_program


def test_a_policy_finds_who_has_a_role(started: Program) -> None:
    server, admin = started.server, started.server.admin
    acme = admin.create_organization("Acme")
    carl = admin.create_user(acme, "carl")
    grant = admin.create_grant(server.home, carl, server.project, ["viewer"])
    admin.add_member(acme, carl, "ORG_OWNER")
    (row,) = zorg.get_access(project_id=server.project)
    assert (row.user_id, row.user_org_id, row.org_id, row.roles, row.in_force) == (
        carl,
        acme,
        server.home,
        ("viewer",),
        True,
    )
    assert row.grants == (zorg.AccessGrant(grant, ("viewer",), "active", None),)
    assert zorg.get_access(org_id=acme) == zorg.get_access(user_id=carl) == (row,)
    assert {each.level for each in zorg.get_access(user_id=carl, managers=True)} == {None, "organization"}
    outsiders = [each for each in zorg.get_access() if each.user_org_id != server.home and each.in_force is not False]
    assert outsiders == [row]
    admin.deactivate_grant(server.home, carl, grant)
    started.begin(server.token)
    (row,) = zorg.get_access(project_id=server.project)
    assert (row.in_force, row.reasons) == (False, ("the user grant is deactivated",))


def test_several_questions_read_the_instance_once(started: Program) -> None:
    started.server.proxy.clear()
    zorg.get_access(project_id=started.server.project)
    calls = len(started.server.proxy.exchanges)
    zorg.get_access(org_id=started.server.home, managers=True)
    zorg.get_access()
    assert len(started.server.proxy.exchanges) == calls > 0


def test_rows_that_may_be_missing_are_an_error(started: Program) -> None:
    admin, home = started.server.admin, started.server.home
    carl = admin.create_user(home, "carl")
    admin.add_member(home, carl, "ORG_OWNER")
    started.begin(admin.create_token(home, carl))
    with pytest.raises(zorg.LookupFailed, match=r"It is not known who can get in: not all .+ are shown"):
        zorg.get_access(org_id=home)


def test_what_does_not_exist_is_an_error(started: Program) -> None:
    """A policy about a mistyped project would find nobody."""
    with pytest.raises(zorg.NoMatch, match=r'no project with the id or the name "4711"'):
        zorg.get_access(project_id="4711")


@pytest.mark.parametrize("arguments", [{"org_id": "Acme GmbH"}, {"managers": "yes"}, {"user_id": ""}])
def test_a_wrong_argument_is_an_error_before_anything_is_called(started: Program, arguments: dict[str, str]) -> None:
    started.server.proxy.clear()
    with pytest.raises(zorg.InputError):
        zorg.get_access(**arguments)  # type: ignore[arg-type]
    assert started.server.proxy.exchanges == []


def test_a_server_without_the_v2_api_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        emulated("seeds") as server,
        program(server, monkeypatch),
        pytest.raises(zorg.LookupFailed, match="seems not to have"),
    ):
        zorg.get_access()


class Mocks(mocks.Mocks):
    """Answers with one row."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, str]]:
        raise AssertionError(args.name)

    def call(self, args: mocks.MockCallArgs) -> dict[str, object]:
        assert (args.token, args.args) == ("zorg:index:getAccess", {"project_id": "1"})
        return {"access": [{"kind": "project", "user_id": "ann", "roles": ["admin"], "in_force": True}]}


def test_a_unit_test_of_a_policy_mocks_it() -> None:
    pulumi.runtime.set_mocks(Mocks())
    (row,) = zorg.get_access(project_id="1", managers=True)
    assert (row.user_id, row.roles, row.in_force, row.project_id) == ("ann", ["admin"], True, None)
