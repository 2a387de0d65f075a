"""The tables in docs/rights.md, cell by cell: what each role can do through the providers. What it cannot is an error that
names what is missing, leaves the object as it is, and does not take it for gone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.errors import LockoutRefused, ZorgError
from pulumi_zorg.inputs import OWNER
from pulumi_zorg.providers import context
from pulumi_zorg.testing import Fault
from tests.stateful.engine import PROVIDERS, Declared, MiniEngine, Resource
from tests.support.servers import World, emulated

DOCUMENT = Path(__file__).parents[2] / "docs" / "rights.md"
ROLES = ["IAM_OWNER", "IAM_OWNER_VIEWER", "IAM_ORG_MANAGER", "IAM_ORG_MANAGER and IAM_OWNER_VIEWER", "IAM_USER_MANAGER"]
ROLES += ["ORG_OWNER", "ORG_OWNER_VIEWER", "ORG_USER_MANAGER", "ORG_USER_PERMISSION_EDITOR", "PROJECT_OWNER", "none"]
#: How an error names what is missing; "Gone" is none of these.
MISSING = re.compile(r"credential (lacks|may read neither) .*\b(IAM|ORG)_OWNER")

Props = dict[str, Any]
Cells = dict[str, str]
_numbers = itertools.count(1)


def tables() -> dict[str, dict[str, Cells]]:
    """The document's cells by heading, role and column."""
    found: dict[str, dict[str, Cells]] = {}
    for section in DOCUMENT.read_text(encoding="utf-8").split("\n## ")[1:]:
        rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
        if rows and rows[0][0] == "role":
            cells = {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[1:]}
            assert list(cells) == ROLES
            found[section.partition("\n")[0]] = cells
    return found


@dataclass
class Thing:
    """An object to try a change on; ``other`` may be declared instead. Each method gives what the console is to list."""

    provider: Any
    id: str
    props: Props
    other: Props
    listed: Callable[[], list[Props]]
    change_outside: Callable[..., Any]

    def declare(self, props: Props) -> Props:
        """Lets the provider check the inputs, as the engine does before each change, and gives them in the state's form."""
        return dict(self.provider.check({}, {**props, OWNER: f"o/p/s/Thing/{next(_numbers)}"}).inputs)

    def create(self, **more: Any) -> Props | None:
        self.declare(self.props)
        self.provider.create({**self.props, **more})
        return {**self.props, "active": True}

    def update(self, **changed: Any) -> Props | None:
        self.declare({**self.props, **changed})
        self.provider.update(self.id, dict(self.props), {**self.props, **changed})
        return {**self.props, "active": True, **changed}

    def delete(self, policy: str) -> Props | None:
        self.provider.delete(self.id, {**self.props, "deletion_policy": policy})
        return None if policy == "remove" else {**self.props, "active": policy == "retain"}

    def read(self) -> Props | None:
        return {**self.props, "active": True} if self.provider.read(self.id, dict(self.props)).id else None

    def found(self) -> str:
        """`no` where it is treated as deleted."""
        try:
            return "no" if self.read() is None else "yes"
        except ZorgError:
            return "error"

    def shows(self, reported: Props | None) -> bool:
        """Whether the server shows what was reported; None is a removal."""
        for each in self.listed():
            seen = {**each, "role_keys": each.get("roleKeys"), "active": each["state"].endswith("_ACTIVE")}
            return reported is not None and all(seen.get(name, value) == value for name, value in reported.items())
        return reported is None


class Caller:
    """Who has the role but lives elsewhere, and objects to try it on. The providers act for it."""

    def __init__(self, world: World, role: str, folder: Path) -> None:
        self.world, self.console, self.roles = world, world.console, role.split(" and ")
        elsewhere = self.console.create_organization(f"Callers {next(_numbers)}")
        self.user = self.console.create_user(elsewhere, f"caller{next(_numbers)}")
        self.default = str(self.console.call("GET", "/admin/v1/orgs/default")["org"]["id"])
        if role.startswith("IAM_"):
            self.console.add_instance_member(self.user, *self.roles)
        elif role == "PROJECT_OWNER":
            path = f"/management/v1/projects/{world.project}/members"
            self.console.call("POST", path, {"userId": self.user, "roles": self.roles}, org=world.home)
        self.join(world.home)
        self.join(self.default)
        self.engine = MiniEngine(world.proxy.target, self.console.create_token(elsewhere, self.user), folder)
        self.engine._begin()

    def join(self, org_id: str) -> None:
        """Gets the role there too, if it is one that is given in organizations."""
        if org_id and self.roles[0].startswith("ORG_"):
            self.console.add_member(org_id, self.user, *self.roles)

    def organization(self, made: bool = True) -> Thing:
        console, name = self.console, f"Tenant {next(_numbers)}"
        org_id = console.create_organization(name) if made else ""
        self.join(org_id)
        return Thing(
            PROVIDERS["org"](),
            org_id,
            {"name": name},
            {"name": f"{name} Ltd"},
            lambda: [each for each in console.organizations().values() if each["name"].removesuffix(" Ltd") == name],
            lambda method, verb="": console.call(method, f"/management/v1/orgs/me{verb}", org=org_id),
        )

    def grant(self, made: bool = True) -> Thing:
        console, home = self.console, self.world.home
        user = console.create_user(home, f"user{next(_numbers)}")
        grant_id = console.create_grant(home, user, self.world.project, ["viewer"]) if made else ""
        path = f"/management/v1/users/{user}/grants/{grant_id}"
        return Thing(
            PROVIDERS["grant"](),
            grant_id,
            {"org_id": home, "user_id": user, "project_id": self.world.project, "role_keys": ["viewer"]},
            {"role_keys": ["admin"]},
            lambda: [each for each in console.grants(home).values() if each["userId"] == user],
            lambda method, verb="": console.call(method, f"{path}{verb}", org=home),
        )


def attempt(thing: Thing, act: Callable[[Thing], Props | None], *change_outside: str) -> str:
    """`yes` where the object is then as reported, `error` where it is as before. Before that, it is changed outside Pulumi."""
    if change_outside:
        thing.change_outside(*change_outside)
    before = thing.listed()
    try:
        assert thing.shows(act(thing)), thing.listed()
    except ZorgError as error:
        refusal = str(error)
    else:
        return "yes"
    assert MISSING.search(refusal), refusal
    assert thing.listed() == before
    assert not before or thing.found() != "no"
    return "error"


def changes(make: Callable[..., Thing], changed: str) -> Cells:
    """What came of each change of one kind of object."""
    gone = attempt(make(), Thing.read, "DELETE")
    # What is gone already is well deleted, with the same proof.
    assert attempt(make(), lambda thing: thing.delete("remove"), "DELETE") == gone
    return {
        "created": attempt(make(made=False), Thing.create),
        changed: attempt(make(), lambda thing: thing.update(**thing.other)),
        "deactivated": attempt(make(), lambda thing: thing.update(active=False)),
        "reactivated": attempt(make(), Thing.update, "POST", "/_deactivate"),
        "removed": attempt(make(), lambda thing: thing.delete("remove")),
        "`deactivate`": attempt(make(), lambda thing: thing.delete("deactivate")),
        "`retain`": attempt(make(), lambda thing: thing.delete("retain")),
        "adopted": attempt(make(), lambda thing: thing.create(adopt=True)),
        "read": attempt(make(), Thing.read),
        "gone": gone,
    }


def default_known(caller: Caller) -> str:
    """Whether the guard knows the default organization, and refuses to deactivate it."""
    before = caller.console.organization(caller.default)
    with pytest.raises(ZorgError):
        PROVIDERS["org"]().update(caller.default, {}, {"name": before["name"], "active": False})
    assert caller.console.organization(caller.default) == before
    why = context.current().client.why_protected(caller.default)
    return "yes" if why == "it is the default organization of the instance" else "no"


def phantom_known(caller: Caller) -> str:
    """Whether a grant that reads do not show is known to be there."""
    thing = caller.grant()
    caller.console.call("POST", "/debug/phantoms", {"ids": [thing.id]})
    return thing.found()


def command(caller: Caller, run: Callable[[MiniEngine], bool], made: bool = True, *change_outside: str) -> str:
    """What came of a command on a stack with an organization and a grant, both of which the program changes."""
    engine, things = caller.engine, {"org": caller.organization(made), "grant": caller.grant(made)}
    engine.state.clear()
    for name, thing in things.items():
        engine.program[name] = Declared(name, {**thing.props, **(thing.other if made else {}), "active": False})
        had = thing.declare(thing.props)
        engine.state.update({name: Resource(name, thing.id, had, had)} if made else {})
        if change_outside:
            thing.change_outside(*change_outside)
    succeeded = run(engine)
    assert all(MISSING.search(error) for error in engine.errors), engine.errors
    left = {name for name, thing in things.items() if thing.listed()}
    assert left <= engine.state.keys(), "something was forgotten"
    assert not succeeded or left == engine.state.keys()
    if succeeded and run is MiniEngine.up:
        assert all(things[name].shows(declared.args) for name, declared in engine.program.items())
    return "yes" if succeeded else "error"


def preview(engine: MiniEngine) -> bool:
    """Call the providers as a preview does."""
    for name, have in engine.state.items():
        PROVIDERS[name]().check(have.inputs, {**engine.program[name].args, OWNER: f"o/p/s/{name}/{name}"})
        PROVIDERS[name]().diff(have.id, have.outputs, engine.program[name].args)
    return True


@pytest.fixture(scope="module", autouse=True)
def instance() -> Iterator[World]:
    """One server for all: each cell has an object of its own. The provider's process ends with it."""
    with emulated() as world:
        yield world
        context.stop()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_do_what_the_document_has(instance: World, tmp_path: Path, role: str) -> None:
    caller = Caller(instance, role, tmp_path)
    assert {
        "Organizations": {**changes(caller.organization, "renamed"), "default known": default_known(caller)},
        "User grants": {**changes(caller.grant, "other roles"), "phantom known": phantom_known(caller)},
        "Commands": {
            "`preview`": command(caller, preview),
            "`up`: new": command(caller, MiniEngine.up, False),
            "`up`: changed": command(caller, MiniEngine.up),
            "`refresh`": command(caller, MiniEngine.refresh),
            "`refresh`: gone": command(caller, MiniEngine.refresh, True, "DELETE"),
            "`destroy`": command(caller, MiniEngine.destroy),
        },
    } == {heading: rows[role] for heading, rows in tables().items()}


def test_without_the_second_api_adopting_needs_a_reader_of_the_instance_and_the_guard_does_not(tmp_path: Path) -> None:
    with emulated("seeds") as world:
        for role in ROLES:
            caller = Caller(world, role, tmp_path)
            assert default_known(caller) == "yes"
            with nullcontext() if "IAM_OWNER" in role else pytest.raises(ZorgError, match=MISSING.pattern):
                caller.organization().create(adopt=True)


def test_where_the_default_organization_is_unknown_none_is_deactivated_without_allow_lockout(tmp_path: Path) -> None:
    acts: list[Callable[[Thing], Props | None]] = [
        lambda thing: thing.update(active=False),
        lambda thing: thing.delete("deactivate"),
        lambda thing: thing.delete("remove"),
    ]
    with emulated("seeds") as world:
        caller = Caller(world, "IAM_ORG_MANAGER", tmp_path)
        caller.engine.url = world.proxy.url
        caller.engine._begin()
        denied = '{"code": 7, "message": "No matching permissions found"}'
        world.proxy.add(Fault("answer", path="^/management/v1/iam$", times=None, status=403, body=denied))
        for act in acts:
            tenant = caller.organization()
            with pytest.raises(LockoutRefused, match=r"does not tell .* is the default one.* set allow_lockout=True"):
                act(tenant)
            assert tenant.shows({"active": True})
            assert tenant.shows(act(replace(tenant, props={**tenant.props, "allow_lockout": True})))
        # A grant that is created inactive gives nobody access yet.
        new = caller.organization(made=False)
        new.create(active=False)
        assert new.shows({"active": False})
