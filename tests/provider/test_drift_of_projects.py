"""Drift of projects and project grants: every property, with who changed it and when, and every way to be removed.

The comparison runs on the exported state of a stack without the engine. It writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from pulumi_zorg.drift.ignore import IgnoreRules
from pulumi_zorg.drift.pipeline import Options, find_drift
from pulumi_zorg.drift.report import Drift, Report
from pulumi_zorg.engine.state import State
from pulumi_zorg.testing import AdminClient, Fault
from pulumi_zorg.world.reader import FEW, FEW_LISTS
from pulumi_zorg.world.tokens import resource_name, type_token
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, org, project, project_grant
from tests.support.world import World
from tests.unit.clients import Clients

PROJECT, PROJECT_GRANT = type_token("Project"), type_token("ProjectGrant")
ROLES = {"admin": {"display_name": "Admin", "group": "staff"}, "viewer": {"display_name": "Viewer", "group": ""}}
ENFORCE = "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY"


@pytest.fixture
def clients() -> Iterator[Clients]:
    with Clients() as clients:
        yield clients


@dataclass
class Tenant:
    """A tenant's organization, and a project with roles that is granted to it; changed by two people in the admin.

    :param cleo: makes the changes that the tests are about.
    """

    server: Server
    stack: InProcessStack
    clients: Clients
    cleo: AdminClient

    def compare(self, token: str | None = None, state: dict[str, Any] | None = None, **options: Any) -> Report:
        client = self.clients.holder(self.server, token or self.server.token)
        self.server.proxy.clear()
        report = find_drift("test", State.of(state or self.stack.state()), World(client), Options(**options))
        assert self.server.proxy.writes == []
        return report

    def drifts(self, **more: Any) -> dict[str, Drift]:
        report = self.compare(**more)
        assert report.unknown == ()
        return {resource_name(each.urn): each for each in report.drifted}

    def values(self, **more: Any) -> dict[str, Any]:
        """Return "removed", or the recorded and the live value of each property, by resource."""
        return {
            name: "removed" if each.removed else {each.property: (each.recorded, each.live) for each in each.changes}
            for name, each in self.drifts(**more).items()
        }

    @property
    def calls(self) -> Counter[str]:
        return Counter(f"{each.method} {each.path}" for each in self.server.proxy.exchanges)

    @property
    def shop(self) -> tuple[str, str]:
        """The organization and the id of the project with managed roles."""
        return self.server.home, self.stack.id("shop")


@pytest.fixture
def tenant(any_server: Server, any_stack: InProcessStack, clients: Clients) -> Iterator[Tenant]:
    yield from furnish(any_server, any_stack, clients)


@pytest.fixture
def every_tenant(every_server: Server, every_stack: InProcessStack, clients: Clients) -> Iterator[Tenant]:
    yield from furnish(every_server, every_stack, clients)


@pytest.fixture
def own_tenant(server: Server, stack: InProcessStack, clients: Clients) -> Iterator[Tenant]:
    """A tenant on an emulator. On a shared server, what others change is looked into as well, and costs calls."""
    yield from furnish(server, stack, clients)


def furnish(server: Server, stack: InProcessStack, clients: Clients) -> Iterator[Tenant]:
    lives_in = server.admin.create_organization(server.name("Staff"))
    cleo = server.admin.create_user(lives_in, f"cleo{server.tag}")
    server.admin.add_instance_member(cleo, "IAM_OWNER")
    with AdminClient(server.proxy.target, server.admin.create_token(lives_in, cleo)) as admin:
        stack.declare(
            acme=org(server.name("Acme")),
            shop=project(server.home, server.name("Shop"), roles=ROLES, project_role_check=True),
            wiki=project(server.home, server.name("Wiki")),
            granted=project_grant(server.home, "@shop", "@acme", ["viewer"]),
            ann=grant("@acme", server.ann, "@shop", ["viewer"], project_grant_id="@granted"),
        )
        stack.up()
        yield Tenant(server, stack, clients, admin)


Change = Callable[[AdminClient, str, str], None]

#: What is changed about the project, and how the change shows: the property, the recorded value and the live one.
PROJECT_CHANGES: dict[str, tuple[Change, str, Any, Any]] = {
    "an assertion": (
        lambda by, home, project_id: by.set_project_flags(home, project_id, projectRoleAssertion=True),
        "project_role_assertion",
        False,
        True,
    ),
    "a role check": (
        lambda by, home, project_id: by.set_project_flags(home, project_id, projectRoleCheck=False),
        "project_role_check",
        True,
        False,
    ),
    "a project check": (
        lambda by, home, project_id: by.set_project_flags(home, project_id, hasProjectCheck=True),
        "has_project_check",
        False,
        True,
    ),
    "branding": (
        lambda by, home, project_id: by.set_project_flags(home, project_id, privateLabelingSetting=ENFORCE),
        "private_labeling_setting",
        "PRIVATE_LABELING_SETTING_UNSPECIFIED",
        ENFORCE,
    ),
    "a deactivation": (lambda by, home, project_id: by.deactivate_project(home, project_id), "active", True, False),
    "a new role": (
        lambda by, home, project_id: by.add_project_role(home, project_id, "editor", "Editor", "staff"),
        "roles",
        ROLES,
        {**ROLES, "editor": {"display_name": "Editor", "group": "staff"}},
    ),
    "a renamed role": (
        lambda by, home, project_id: by.change_project_role(home, project_id, "viewer", "Reader", "guests"),
        "roles",
        ROLES,
        {**ROLES, "viewer": {"display_name": "Reader", "group": "guests"}},
    ),
    "a removed role": (
        lambda by, home, project_id: by.remove_project_role(home, project_id, "admin"),
        "roles",
        ROLES,
        {"viewer": ROLES["viewer"]},
    ),
}


@pytest.mark.parametrize("what", PROJECT_CHANGES)
def test_each_property_of_a_project_is_compared_and_has_its_own_author(tenant: Tenant, what: str) -> None:
    change, name, recorded, live = PROJECT_CHANGES[what]
    change(tenant.cleo, *tenant.shop)
    # A later change of another property, by somebody else. For flags and the name it is the same type of event.
    tenant.server.admin.rename_project(*tenant.shop, tenant.server.name("Store"))
    (drift,) = tenant.drifts().values()
    changes = {each.property: each for each in drift.changes}
    assert set(changes) == {name, "name"}
    assert (changes[name].recorded, changes[name].live) == (recorded, live)
    assert (changes["name"].recorded, changes["name"].live) == (tenant.server.name("Shop"), tenant.server.name("Store"))
    assert changes[name].by == f"cleo{tenant.server.tag}"
    assert changes["name"].by not in (None, changes[name].by)
    first, last = changes[name].when, changes["name"].when
    assert first is not None
    assert last is not None
    assert first < last
    assert (drift.when, drift.by) == (last, changes["name"].by)


def test_a_flag_is_not_attributed_to_a_later_change_of_another_flag(tenant: Tenant) -> None:
    tenant.cleo.set_project_flags(*tenant.shop, projectRoleAssertion=True)
    tenant.server.admin.set_project_flags(*tenant.shop, hasProjectCheck=True)
    (drift,) = tenant.drifts().values()
    by = {each.property: each.by for each in drift.changes}
    assert by["project_role_assertion"] == f"cleo{tenant.server.tag}"
    assert by["has_project_check"] != by["project_role_assertion"]


def test_roles_that_are_not_managed_are_no_drift(tenant: Tenant) -> None:
    tenant.cleo.add_project_role(tenant.server.home, tenant.stack.id("wiki"), "editor")
    assert tenant.values() == {}
    assert not any(f"{tenant.stack.id('wiki')}/roles" in call for call in tenant.calls)


def test_roles_that_are_managed_as_none_are_compared(tenant: Tenant) -> None:
    tenant.stack.declare(bare=project(tenant.server.home, tenant.server.name("Bare"), roles={}))
    tenant.stack.up()
    tenant.cleo.add_project_role(tenant.server.home, tenant.stack.id("bare"), "editor", "Editor")
    assert tenant.values() == {"bare": {"roles": ({}, {"editor": {"display_name": "Editor", "group": ""}})}}


def test_each_property_of_a_project_grant_is_compared_and_has_its_own_author(every_tenant: Tenant) -> None:
    tenant, granted = every_tenant, every_tenant.stack.id("granted")
    tenant.cleo.set_project_grant_roles(*tenant.shop, granted, ["viewer", "admin"])
    tenant.server.admin.deactivate_project_grant(*tenant.shop, granted)
    (drift,) = tenant.drifts().values()
    changes = {each.property: each for each in drift.changes}
    assert {name: (each.recorded, each.live) for name, each in changes.items()} == {
        "role_keys": (["viewer"], ["admin", "viewer"]),
        "active": (True, False),
    }
    assert changes["role_keys"].by == f"cleo{tenant.server.tag}"
    assert changes["active"].by not in (None, changes["role_keys"].by)


def test_a_grant_of_the_same_project_that_changed_later_is_not_the_author(tenant: Tenant) -> None:
    """All grants of a project have their events on the project."""
    beta = tenant.server.admin.create_organization(tenant.server.name("Beta"))
    other = tenant.server.admin.grant_project(*tenant.shop, beta, ["viewer"])
    tenant.cleo.set_project_grant_roles(*tenant.shop, tenant.stack.id("granted"), ["admin"])
    tenant.server.admin.set_project_grant_roles(*tenant.shop, other, ["admin"])
    assert tenant.drifts(types=(PROJECT_GRANT,))["granted"].by == f"cleo{tenant.server.tag}"


def test_a_role_removed_from_the_project_is_drift_of_all_that_had_it(tenant: Tenant) -> None:
    tenant.cleo.remove_project_role(*tenant.shop, "viewer")
    found = tenant.drifts()
    assert set(found) == {"shop", "granted", "ann"}
    assert {each.by for each in found.values()} == {f"cleo{tenant.server.tag}"}
    assert tenant.values()["granted"] == {"role_keys": (["viewer"], [])}


#: How the objects are removed, and which ones are.
REMOVALS: dict[str, tuple[Callable[[Tenant], object], set[str]]] = {
    "the project": (lambda made: made.cleo.remove_project(*made.shop), {"shop", "granted", "ann"}),
    "the project grant": (
        lambda made: made.cleo.remove_project_grant(*made.shop, made.stack.id("granted")),
        {"granted", "ann"},
    ),
    "the organization": (
        lambda made: made.cleo.remove_organization(made.server.home),
        {"shop", "wiki", "granted", "ann"},
    ),
    "the granted organization": (
        lambda made: made.cleo.remove_organization(made.stack.id("acme")),
        {"acme", "granted", "ann"},
    ),
}


@pytest.mark.parametrize("what", REMOVALS)
def test_a_removal_is_proven_and_has_its_author(every_tenant: Tenant, what: str) -> None:
    tenant = every_tenant
    remove, removed = REMOVALS[what]
    began = datetime.now(timezone.utc) - timedelta(minutes=1)
    by = f"cleo{tenant.server.tag}"
    remove(tenant)
    for since in (None, began):
        found = tenant.drifts(since=since)
        assert set(found) == removed
        assert all(each.removed and each.when and each.by == by for each in found.values()), found


def test_since_reads_only_what_events_changed(tenant: Tenant) -> None:
    began = datetime.now(timezone.utc)
    tenant.cleo.set_project_grant_roles(*tenant.shop, tenant.stack.id("granted"), ["admin", "viewer"])
    tenant.cleo.change_project_role(*tenant.shop, "admin", "Owner")
    server = datetime.fromtimestamp(tenant.clients.owner(tenant.server).transport.server_time(), timezone.utc)
    if abs(server - began) < timedelta(seconds=5):
        assert set(tenant.values(since=began)) == {"shop", "granted"}
    assert tenant.values(since=server + timedelta(hours=1)) == {}
    assert not any(tenant.stack.id("wiki") in call for call in tenant.calls)


def test_since_does_not_take_the_creation_itself_for_a_change(tenant: Tenant) -> None:
    """A project is created with one event, and its roles are added afterwards: the state has them all."""
    assert tenant.values(since=datetime.now(timezone.utc) - timedelta(minutes=5)) == {}


def test_only_compares_the_types_that_are_named(tenant: Tenant) -> None:
    tenant.cleo.deactivate_project(*tenant.shop)
    tenant.cleo.deactivate_project_grant(*tenant.shop, tenant.stack.id("granted"))
    assert set(tenant.values(types=(PROJECT,))) == {"shop"}
    assert set(tenant.values(types=(PROJECT_GRANT,))) == {"granted"}


@pytest.mark.parametrize(
    ("path", "renamed", "added"),
    [
        ("roles", False, False),
        ('roles["viewer"]', False, True),
        ("roles.viewer", False, True),
        ("roles.viewer.group", True, True),
        ("name", True, True),
    ],
)
def test_ignored_paths_of_roles_are_no_drift(tenant: Tenant, path: str, renamed: bool, added: bool) -> None:
    """tests/engine/test_drift_of_projects.py compares more of them with the engine."""
    state = tenant.stack.state()
    for each in state["deployment"]["resources"]:
        if each["urn"].endswith("::shop"):
            each["ignoreChanges"] = [path]
    tenant.cleo.change_project_role(*tenant.shop, "viewer", "Reader", "guests")
    assert ("shop" in tenant.values(state=state)) is renamed
    tenant.cleo.add_project_role(*tenant.shop, "editor", "Editor")
    assert ("shop" in tenant.values(state=state)) is added


def test_patterns_of_a_file_ignore_properties_of_projects(tenant: Tenant) -> None:
    tenant.cleo.add_project_role(*tenant.shop, "editor", "Editor")
    tenant.cleo.deactivate_project_grant(*tenant.shop, tenant.stack.id("granted"))
    report = tenant.compare()
    assert len(report.drifted) == 2
    for text in (
        "Project:roles\nProjectGrant:active\n",
        "Project*::*\n",
        f"Project::{tenant.stack.id('shop')}\nProjectGrant::{tenant.stack.id('granted')}\n",
        "urn:pulumi:*zorg:Project*\n",
    ):
        assert report.without(IgnoreRules.parse(text)).drifted == (), text
    (left,) = report.without(IgnoreRules.parse("Project:*\n")).drifted
    assert left.token == PROJECT_GRANT


def test_an_owner_of_the_organization_alone_sees_the_changes_and_proves_removals(every_tenant: Tenant) -> None:
    """Without the right to read events, only removals have a time and an author: change logs have them."""
    tenant, admin = every_tenant, every_tenant.server.admin
    viewer = admin.create_user(tenant.server.home, f"viewer{tenant.server.tag}")
    admin.add_member(tenant.server.home, viewer, "ORG_OWNER_VIEWER")
    token = admin.create_token(tenant.server.home, viewer)
    admin.add_project_role(*tenant.shop, "editor", "Editor")
    admin.remove_project(tenant.server.home, tenant.stack.id("wiki"))
    admin.remove_project_grant(*tenant.shop, tenant.stack.id("granted"))
    found = tenant.drifts(token=token, types=(PROJECT, PROJECT_GRANT))
    assert {name: bool(each.removed) for name, each in found.items()} == {"shop": False, "wiki": True, "granted": True}
    known = {name: (each.when is not None, each.by is not None) for name, each in found.items()}
    assert known == {"shop": (False, False), "wiki": (True, True), "granted": (True, True)}


def test_a_caller_without_rights_shows_nothing_as_removed(tenant: Tenant) -> None:
    admin = tenant.server.admin
    nobody = admin.create_token(tenant.server.home, admin.create_user(tenant.server.home, f"no{tenant.server.tag}"))
    report = tenant.compare(token=nobody)
    assert report.drifted == ()
    assert len(report.unknown) == 5


# Many objects, which are listed.


def many(tenant: Tenant, organizations: int, each: int) -> None:
    """Declare projects with managed roles in some organizations, and grants of them."""
    server, resources = tenant.server, {}
    for number in range(organizations):
        resources[f"o{number}"] = org(server.name(f"Org {number}"))
    for number in range(organizations * each):
        owner = f"@o{number % organizations}"
        resources[f"p{number}"] = project(owner, server.name(f"Project {number}"), roles=ROLES)
        resources[f"g{number}"] = project_grant(owner, f"@p{number}", server.home, ["viewer"])
    tenant.stack.declare(**resources)
    tenant.stack.up()
    assert server.shows(lambda: len(server.admin.project_grants(tenant.stack.id("o0"))) == each)


@pytest.mark.slow
@pytest.mark.parametrize(("organizations", "each", "most"), [(1, 2 * FEW, 9), (2 * FEW_LISTS, 2, 32)])
def test_many_projects_with_roles_take_few_calls(own_tenant: Tenant, organizations: int, each: int, most: int) -> None:
    tenant = own_tenant
    many(tenant, organizations, each)
    assert tenant.values() == {}
    # One of them reads what the organization took along that was removed when the tenant was made.
    assert sum(tenant.calls.values()) <= most, tenant.calls


def everything_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was created a moment ago is read by id, because lists may not show it as it is. Here they do."""
    monkeypatch.setattr("pulumi_zorg.world.changes.LONGEST_LAG", timedelta(seconds=-5))


@pytest.mark.slow
@pytest.mark.parametrize("viewer", [False, True], ids=["events", "no events"])
def test_changes_among_many_projects_are_found(tenant: Tenant, viewer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    many(tenant, 1, 2 * FEW)
    home, stack, cleo = tenant.stack.id("o0"), tenant.stack, tenant.cleo
    cleo.add_project_role(home, stack.id("p1"), "editor", "Editor")
    cleo.change_project_role(home, stack.id("p2"), "viewer", "Reader")
    cleo.remove_project_role(home, stack.id("p3"), "admin")
    cleo.set_project_flags(home, stack.id("p4"), hasProjectCheck=True)
    cleo.deactivate_project(home, stack.id("p5"))
    cleo.remove_project(home, stack.id("p6"))
    cleo.set_project_grant_roles(home, stack.id("p7"), stack.id("g7"), ["admin"])
    cleo.remove_project_grant(home, stack.id("p8"), stack.id("g8"))
    # A role that was removed and added again as it was.
    cleo.remove_project_role(home, stack.id("p9"), "admin")
    cleo.add_project_role(home, stack.id("p9"), "admin", "Admin", "staff")
    everything_is_old(monkeypatch)
    token = None
    if viewer:
        user = tenant.server.admin.create_user(home, f"viewer{tenant.server.tag}")
        tenant.server.admin.add_member(home, user, "ORG_OWNER_VIEWER")
        token = tenant.server.admin.create_token(home, user)
    found = tenant.values(token=token)
    assert {name: value if value == "removed" else [*value] for name, value in found.items()} == {
        "p1": ["roles"],
        "p2": ["roles"],
        "p3": ["roles"],
        "p4": ["has_project_check"],
        "p5": ["active"],
        "p6": "removed",
        "g6": "removed",
        "g7": ["role_keys"],
        "g8": "removed",
    }
    assert found["p2"]["roles"][1]["viewer"] == {"display_name": "Reader", "group": ""}


@pytest.mark.slow
def test_lists_that_lag_hide_no_change(own_tenant: Tenant) -> None:
    tenant = own_tenant
    many(tenant, 1, FEW + 2)
    home, stack = tenant.stack.id("o0"), tenant.stack
    httpx.post(f"{tenant.server.proxy.target}/debug/lag", json={"seconds": 3600}).raise_for_status()
    tenant.cleo.remove_project_role(home, stack.id("p3"), "admin")
    tenant.cleo.remove_project(home, stack.id("p4"))
    tenant.cleo.deactivate_project_grant(home, stack.id("p5"), stack.id("g5"))
    assert set(tenant.values()) == {"p3", "p4", "g4", "g5"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "remove"),
    [
        (2 * FEW, lambda made: made.cleo.remove_organization(made.stack.id("o0"))),
        (2 * FEW, lambda made: made.cleo.remove_organization(made.server.home)),
    ],
    ids=["their organization", "the granted organization"],
)
def test_many_removed_with_an_organization_take_few_calls(
    own_tenant: Tenant, count: int, remove: Callable[[Tenant], object]
) -> None:
    tenant = own_tenant
    many(tenant, 1, count)
    remove(tenant)
    found = tenant.drifts()
    assert all(each.removed and each.by and each.when for each in found.values())
    assert len([name for name in found if name.startswith("g")]) == count
    assert sum(tenant.calls.values()) <= 3 * count, tenant.calls.most_common(10)


@pytest.mark.slow
def test_a_page_of_events_that_is_not_answered_is_no_drift(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    many(tenant, 1, FEW + 2)
    everything_is_old(monkeypatch)
    tenant.server.proxy.clear()
    fault = Fault(
        "answer",
        path="events/_search",
        times=None,
        status=403,
        headers={"Content-Type": "application/json"},
        body='{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)"}',
    )
    client = tenant.clients.owner(tenant.server)
    tenant.server.proxy.add(fault)
    report = find_drift("test", State.of(tenant.stack.state()), World(client), Options())
    assert (report.drifted, report.unknown) == ((), ())
