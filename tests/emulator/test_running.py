"""Starting, stopping, keeping events, many callers and many objects."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

import pulumi_zorg.emulator
from pulumi_zorg.emulator import Emulator, ProfileName
from tests.emulator.instance import MANAGEMENT, SERVICE, Instance

_SEARCH = f"{MANAGEMENT}/users/grants/_search"


@contextmanager
def _started(emulator: Emulator) -> Iterator[Instance]:
    with emulator:
        instance = Instance(emulator)
        yield instance
        instance.close()


def test_events_survive_a_restart(tmp_path: Path) -> None:
    """The same port, ids, tokens and sequences as before; and a name taken stays taken."""
    emulator = Emulator(data=tmp_path / "zitadel.db")
    with _started(emulator) as before:
        org = before.org()
        project, user = before.project(org, "viewer"), before.machine(org)
        grant = before.grant(org, user, project, "viewer")
        before.iac.made("POST", f"{grant.path}/_deactivate", org, {})
        token, url = before.token(org, user), emulator.url
        events = before.iac.made("POST", "/admin/v1/events/_search", body={})["events"]
        read = before.iac.made("GET", grant.path, org)
        name = before.iac.made("GET", f"{MANAGEMENT}/orgs/me", org)["org"]["name"]
    with _started(emulator) as after:
        assert emulator.url == url
        assert after.iac.made("POST", "/admin/v1/events/_search", body={})["events"] == events
        assert after.iac.made("GET", grant.path, org) == read
        assert after.caller(token).made("GET", "/auth/v1/users/me")["user"]["id"] == user
        assert after.iac("POST", f"{MANAGEMENT}/orgs", body={"name": name}).status == 409
        assert after.iac("POST", f"{grant.path}/_reactivate", org, {}).sequence == 3
    with _started(Emulator(data=tmp_path / "zitadel.db")) as again:
        assert again.iac.made("GET", grant.path, org)["userGrant"]["state"] == "USER_GRANT_STATE_ACTIVE"


def test_without_a_file_everything_is_forgotten() -> None:
    emulator = Emulator()
    with _started(emulator) as before:
        org = before.org()
    with _started(emulator) as after:
        assert after.iac("GET", f"/admin/v1/orgs/{org}").status == 404


def test_starting_twice() -> None:
    with Emulator() as emulator, pytest.raises(RuntimeError, match="runs already"):
        emulator.start()
    emulator.stop()


def test_a_taken_port() -> None:
    with Emulator() as emulator, pytest.raises(OSError, match="in use"):
        Emulator(port=emulator.port).start()


def test_its_own_token() -> None:
    with _started(Emulator(token="mine")) as instance:
        me = instance.iac.made("GET", "/auth/v1/users/me")["user"]
        assert (me["userName"], me["machine"]["name"]) == ("iac", "IaC")


def test_likeness_of_the_seeds() -> None:
    """No v2 at all, and a second deactivation is refused."""
    with _started(Emulator(like="seeds")) as instance:
        org = instance.org()
        grant = instance.grant(org, instance.machine(org), instance.project(org, "viewer"), "viewer")
        assert instance.iac("POST", "/v2/organizations/_search", body={}).status == 404
        assert instance.iac("POST", f"{SERVICE}/ListAuthorizations", body={}).status == 404
        answer = instance.iac("POST", f"{grant.path}/_reactivate", org, {})
        assert (answer.status, answer.code, answer.error_id) == (400, 9, "COMMAND-1ML0v")
        assert instance.iac("POST", f"{grant.path}/_deactivate", org, {}).status == 200
        answer = instance.iac("POST", f"{grant.path}/_deactivate", org, {})
        assert (answer.status, answer.code, answer.error_id) == (400, 9, "COMMAND-1S9gx")
        human = {
            "userName": "ann",
            "profile": {"firstName": "Ann", "lastName": "B"},
            "email": {"email": "ann@example.com", "isEmailVerified": True},
            "password": "Password1!",
        }
        assert instance.iac("POST", f"{MANAGEMENT}/users/human/_import", org, human).status == 200


@pytest.mark.parametrize(("like", "status"), [("2026-07", 200), ("2025-12", 404), ("seeds", 404)])
def test_writing_organizations_by_v2(like: ProfileName, status: int) -> None:
    with _started(Emulator(like=like)) as instance:
        org = instance.org()
        assert instance.iac("POST", f"/v2/organizations/{org}/deactivate", body={}).status == status


@pytest.mark.parametrize("like", ["2026-07", "2025-12"])
def test_a_second_deactivation_changes_nothing(like: ProfileName) -> None:
    with _started(Emulator(like=like)) as instance:
        org = instance.org()
        grant = instance.grant(org, instance.machine(org), instance.project(org, "viewer"), "viewer")
        assert instance.iac("POST", f"{grant.path}/_deactivate", org, {}).sequence == 2
        assert instance.iac("POST", f"{grant.path}/_deactivate", org, {}).sequence == 2


def test_lists_that_lag(instance: Instance) -> None:
    """Lists show what was; reads by id and events show what is."""
    org = instance.org()
    project, user = instance.project(org, "viewer"), instance.machine(org)
    nobody = instance.caller("")
    nobody.made("POST", "/debug/lag", body={"seconds": 0.3})
    try:
        grant = instance.grant(org, user, project, "viewer")
        assert instance.iac.made("POST", _SEARCH, org, {}).get("result", []) == []
        assert instance.iac("GET", grant.path, org).status == 200
        assert instance.events(grant.id) == ["user.grant.added"]
        time.sleep(0.35)
        assert len(instance.iac.made("POST", _SEARCH, org, {})["result"]) == 1
    finally:
        nobody.made("POST", "/debug/lag", body={"seconds": 0})


def test_many_at_once(instance: Instance) -> None:
    """Every one of many concurrent calls does what it says, once."""
    home = instance.org()
    project, users = instance.project(home, "viewer"), [instance.machine(home) for _ in range(30)]
    with ThreadPoolExecutor(4) as pool:
        orgs = list(pool.map(lambda _: instance.org(), range(30)))
        grants = list(pool.map(lambda user: instance.grant(home, user, project, "viewer"), users))
        same = {"name": instance.name("Same")}
        statuses = list(pool.map(lambda _: instance.iac("POST", f"{MANAGEMENT}/orgs", body=same).status, range(8)))
    assert len(set(orgs)) == 30
    found = instance.iac.made("POST", _SEARCH, home, {})
    assert {row["id"] for row in found["result"]} == {grant.id for grant in grants}
    assert sorted(statuses) == [200, *[409] * 7]


def test_many_grants(instance: Instance) -> None:
    """10,000 grants are listed page by page, each once, without waiting long for a page."""
    org = instance.org()
    projects = [instance.project(org, "viewer") for _ in range(100)]
    users = [instance.machine(org) for _ in range(100)]
    for user in users:
        for project in projects:
            instance.grant(org, user, project, "viewer")
    seen: list[str] = []
    started = time.monotonic()
    for offset in range(0, 10_000, 500):
        page = {"query": {"offset": str(offset), "limit": 500, "asc": True}}
        found = instance.iac.made("POST", _SEARCH, org, page)
        assert found["details"]["totalResult"] == "10000"
        seen.extend(row["id"] for row in found["result"])
    assert len(set(seen)) == 10_000
    started, paged = time.monotonic(), time.monotonic() - started
    one = {"queries": [{"projectIdQuery": {"projectId": projects[0]}}, {"userIdQuery": {"userId": users[0]}}]}
    for _ in range(20):
        assert len(instance.iac.made("POST", _SEARCH, org, one)["result"]) == 1
    # Generous: what is to be found out is whether something is done for all grants that should be for one.
    assert paged < 20
    assert time.monotonic() - started < 2


def test_it_imports_nothing_else_of_the_package() -> None:
    """So that no wrong idea stands on both sides of a test."""
    for path in Path(pulumi_zorg.emulator.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                assert node.level == 0, path.name
                assert module.startswith("pulumi_zorg.emulator") or not module.startswith("pulumi_zorg"), path.name
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith("pulumi") for alias in node.names), path.name
