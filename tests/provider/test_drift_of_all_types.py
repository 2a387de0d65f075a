"""`zorg drift` on a state with all types: through the command, and unmanaged objects of each type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.drift.pipeline import explain_unmanaged
from pulumi_zorg.engine.state import Recorded, State
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.reader import FEW_LISTS
from pulumi_zorg.world.tokens import short
from tests.support.command import Zorg
from tests.support.in_process import InProcessStack
from tests.support.schema import fits_schema
from tests.support.servers import Server
from tests.support.stack import grant, machine, manager, org, project, project_grant
from tests.support.world import World, events_since, find_unmanaged
from tests.unit.clients import Clients

IN_SYNC, ERROR, DRIFT = 0, 1, 7
ALL = tuple(RESOURCE_TYPES)


@pytest.fixture
def clients() -> Iterator[Clients]:
    with Clients() as clients:
        yield clients


@pytest.fixture
def tenant(every_server: Server, every_stack: InProcessStack) -> InProcessStack:
    """A stack with one object of each type."""
    every_stack.declare(
        acme=org(every_server.name("Acme")),
        bot=machine("@acme", f"bot{every_server.tag}"),
        shop=project("@acme", every_server.name("Shop"), roles={"viewer": "Viewer", "admin": "Admin"}),
        granted=project_grant("@acme", "@shop", every_server.home, ["viewer"]),
        ann=grant(every_server.home, every_server.ann, "@shop", ["viewer"], project_grant_id="@granted"),
        bob=manager(every_server.bob, ["ORG_OWNER_VIEWER"], org_id="@acme"),
    )
    every_stack.up()
    return every_stack


class Command:
    """`zorg drift --state`, in a folder without a project."""

    def __init__(self, zorg: Zorg, stack: InProcessStack) -> None:
        self.zorg, self.stack = zorg, stack

    def report(self, *args: str, code: int, token: str | None = None) -> dict[str, Any]:
        (self.zorg.folder / "state.json").write_text(json.dumps(self.stack.state()))
        env = {**self.stack.env, **({"ZITADEL_TOKEN": token} if token else {})}
        run = self.zorg.run("drift", "--state", "state.json", "--format", "json", *args, env=env)
        assert run.code == code, run.out
        found: dict[str, Any] = json.loads(run.out)
        assert fits_schema("drift", found)
        return found


@pytest.fixture
def command(
    tenant: InProcessStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    return Command(Zorg(tmp_path / "elsewhere", monkeypatch, capsys), tenant)


@pytest.mark.slow
@pytest.mark.every_profile
def test_a_state_with_all_types_in_sync_and_then_not(every_server: Server, command: Command) -> None:
    server, admin, stack = every_server, every_server.admin, command.stack
    server.proxy.clear()
    # The stack has a grant in an organization with a project and two service accounts that are not its own.
    furniture = {("Project", server.project), ("MachineUser", server.ann), ("MachineUser", server.bob)}
    in_sync = command.report("--unmanaged", code=DRIFT)
    assert {(short(each["type"]), each["id"]) for each in in_sync["unmanaged"]} == furniture
    assert in_sync["drifted"] == []
    assert command.report(code=IN_SYNC)["unmanaged"] is None
    acme, shop, granted = (stack.id(name) for name in ("acme", "shop", "granted"))
    admin.change_user_state(acme, stack.id("bot"), "lock")
    # People come and go without a program.
    server.create_person(acme, f"visitor{server.tag}")
    admin.rename_organization(acme, server.name("Other"))
    admin.change_project_role(acme, shop, "admin", "Owner")
    admin.deactivate_project_grant(acme, shop, granted)
    admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    members = "/management/v1/orgs/me/members"
    admin.call("PUT", f"{members}/{server.bob}", {"roles": ["ORG_OWNER"]}, org=acme)
    admin.call("POST", members, {"userId": server.ann, "roles": ["ORG_OWNER_VIEWER"]}, org=acme)
    extra = {
        ("Manager", f"organization:{acme}:{server.ann}"),
        ("Project", admin.create_project(acme, "Wiki", ["reader"])),
        ("UserGrant", admin.create_grant(server.home, server.bob, server.project, ["admin"])),
    }
    extra.add(("ProjectGrant", admin.grant_project(server.home, server.project, acme, ["editor"])))
    report = command.report("--unmanaged", code=DRIFT)
    assert {
        each["urn"].rsplit("::", 1)[1]: [change["property"] for change in each["changes"]] for each in report["drifted"]
    } == {
        "acme": ["name"],
        "bot": ["active"],
        "shop": ["roles"],
        "granted": ["active"],
        "ann": ["active"],
        "bob": ["roles"],
    }
    found = {(short(each["type"]), each["id"]) for each in report["unmanaged"]}
    assert found == {*extra, *furniture}
    assert all(each["when"] and each["by"] for each in (*report["drifted"], *report["unmanaged"]))
    assert report["unknown"] == []
    assert server.proxy.writes == []
    only = command.report("--unmanaged", "--only", "ProjectGrant", code=DRIFT)
    assert {short(each["type"]) for each in (*only["drifted"], *only["unmanaged"])} == {"ProjectGrant"}
    for form in ("table", "markdown", "github"):
        run = command.zorg.run("drift", "--state", "state.json", "--unmanaged", "--format", form, env=stack.env)
        assert run.code == DRIFT
        assert run.shows("shop") or run.shows(shop)


def test_all_that_was_removed_with_the_organization_is_reported(every_server: Server, command: Command) -> None:
    every_server.admin.remove_organization(command.stack.id("acme"))
    report = command.report("--unmanaged", code=DRIFT)
    assert {each["urn"].rsplit("::", 1)[1]: each["removed"] for each in report["drifted"]} == dict.fromkeys(
        ("acme", "bot", "shop", "granted", "ann", "bob"), True
    )
    assert all(each["proof"] and each["when"] and each["by"] for each in report["drifted"])


def compared(stack: InProcessStack) -> tuple[Recorded, ...]:
    return State.of(stack.state()).resources


def calls(server: Server) -> Counter[str]:
    return Counter(f"{each.method} {each.path}" for each in server.proxy.exchanges)


def many_tenants(server: Server, stack: InProcessStack, count: int) -> None:
    stack.declare(**{f"o{number}": org(server.name(f"Org {number}")) for number in range(count)})
    stack.up()


@pytest.mark.parametrize(("count", "most"), [(2, 20), (2 * FEW_LISTS, 84)])
def test_unmanaged_objects_of_the_stacks_organizations_take_few_calls(
    server: Server, stack: InProcessStack, clients: Clients, count: int, most: int
) -> None:
    """Each organization is verified once, whatever the number of types."""
    admin = server.admin
    many_tenants(server, stack, count)
    first, last = stack.id("o0"), stack.id(f"o{count - 1}")
    extra = {admin.create_project(first, "P", ["viewer"])}
    extra.add(admin.grant_project(first, *extra, last, ["viewer"]))
    world = World(clients.owner(server))
    server.proxy.clear()
    found, unknown = find_unmanaged(world, compared(stack), whole_instance=False, types=ALL)
    assert unknown == ()
    assert {each.id for each in found} == extra
    assert sum(calls(server).values()) <= most, calls(server)


def test_unmanaged_objects_of_the_instance(every_server: Server, tenant: InProcessStack, clients: Clients) -> None:
    server, admin = every_server, every_server.admin
    elsewhere = admin.create_organization(server.name("Elsewhere"))
    extra = {elsewhere, admin.create_project(elsewhere, "P", ["viewer"])}
    (foreign,) = extra - {elsewhere}
    extra.add(admin.grant_project(elsewhere, foreign, tenant.id("acme"), ["viewer"]))
    extra.add(admin.create_grant(elsewhere, server.bob, foreign, ["viewer"]))
    world = World(clients.owner(server))
    server.proxy.clear()
    found, unknown = find_unmanaged(world, compared(tenant), whole_instance=True, types=ALL)
    assert unknown == ()
    managed = {each.id for each in compared(tenant)}
    assert extra <= {each.id for each in found}
    assert not managed & {each.id for each in found}
    explained = explain_unmanaged(world, found)
    assert all(each.by and each.observed.created for each in explained if each.observed.id in extra)


def test_unmanaged_objects_of_many_organizations_of_the_instance_take_few_calls(
    server: Server, stack: InProcessStack, clients: Clients
) -> None:
    """Project grants have no list over all organizations that has their ids."""
    many_tenants(server, stack, 2 * FEW_LISTS)
    world = World(clients.owner(server))
    server.proxy.clear()
    _, unknown = find_unmanaged(world, compared(stack), whole_instance=True, types=ALL)
    assert unknown == ()
    assert sum(calls(server).values()) <= 3 * (2 * FEW_LISTS + 2) + 11, calls(server)


def test_unmanaged_objects_that_events_since_a_moment_created(
    every_server: Server, tenant: InProcessStack, clients: Clients
) -> None:
    server, admin, acme = every_server, every_server.admin, tenant.id("acme")
    extra = {admin.create_project(acme, "P", ["viewer"]), admin.grant_project(server.home, server.project, acme, [])}
    client = clients.owner(server)
    events = events_since(
        client, datetime.fromtimestamp(client.transport.server_time(), timezone.utc) - timedelta(hours=1)
    )
    assert events is not None
    found, unknown = find_unmanaged(World(client), compared(tenant), whole_instance=False, types=ALL, events=events)
    assert unknown == ()
    assert extra <= {each.id for each in found}
    assert {each.id for each in found} - extra <= {server.project, server.ann, server.bob}


def test_unmanaged_objects_of_a_caller_with_rights_in_one_organization(
    every_server: Server, tenant: InProcessStack, clients: Clients
) -> None:
    server, acme = every_server, tenant.id("acme")
    extra = server.admin.create_project(acme, "P", ["viewer"])
    viewer = clients.member(server, "ORG_OWNER_VIEWER", of=acme)
    found, unknown = find_unmanaged(World(viewer), compared(tenant), whole_instance=False, types=ALL)
    assert [each.id for each in found] == [extra]
    # What exists in the other organization is not known, for each type.
    assert {each.id for each in unknown} == {server.home}
    assert len(unknown) == len(ALL) - 1
    assert all(any(noun in each.why for noun in NOUNS) for each in unknown)


NOUNS = ("machine users", "human users", "projects", "project grants", "user grants", "managers")


def test_a_lost_header_is_unknown_for_every_type(server: Server, stack: InProcessStack, clients: Clients) -> None:
    many_tenants(server, stack, 1)
    server.proxy.add(Fault("strip", times=None))
    found, unknown = find_unmanaged(World(clients.owner(server)), compared(stack), whole_instance=False, types=ALL)
    assert found == ()
    # Besides, the newest events have a manager, who cannot be read.
    assert {_noun(each.why) for each in unknown if each.id == stack.id("o0")} == set(NOUNS)
    assert all("x-zitadel-orgid" in each.why for each in unknown)


def test_a_lost_header_shows_no_type_of_the_instance_as_complete(
    server: Server, stack: InProcessStack, clients: Clients
) -> None:
    """Project grants are listed with a header that names the organization; the other lists need none."""
    many_tenants(server, stack, 1)
    acme = stack.id("o0")
    shop = server.admin.create_project(acme, "P", ["viewer"])
    server.admin.grant_project(acme, shop, server.home, ["viewer"])
    server.proxy.add(Fault("strip", times=None))
    _, unknown = find_unmanaged(World(clients.owner(server)), compared(stack), whole_instance=True, types=ALL)
    assert acme in {each.id for each in unknown}


def _noun(why: str) -> str:
    return next(noun for noun in sorted(NOUNS, key=len, reverse=True) if f"unmanaged {noun} in" in why)


def test_a_removed_organization_has_no_unmanaged_objects(
    every_server: Server, tenant: InProcessStack, clients: Clients
) -> None:
    every_server.admin.create_project(tenant.id("acme"), "P", ["viewer"])
    every_server.admin.remove_organization(tenant.id("acme"))
    world = World(clients.owner(every_server))
    found, unknown = find_unmanaged(world, compared(tenant), whole_instance=False, types=ALL)
    assert unknown == ()
    assert {each.id for each in found} == {every_server.project, every_server.ann, every_server.bob}
