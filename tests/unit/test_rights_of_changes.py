"""The tables in docs/rights.md, cell by cell: what each role can do through the providers. What it cannot is an error that
names what is missing, leaves the object as it is, and does not treat it as deleted."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.engine import context
from pulumi_zorg.errors import LockoutRefused, ZorgError
from pulumi_zorg.providers.human_user import HumanUserProvider
from pulumi_zorg.providers.machine_user import MachineUserProvider
from pulumi_zorg.providers.organization import OrganizationProvider
from pulumi_zorg.providers.user_grant import UserGrantProvider
from pulumi_zorg.resource_types.inputs import OWNER
from pulumi_zorg.resource_types.manager.provider import ManagerProvider
from pulumi_zorg.resource_types.project.provider import ProjectProvider
from pulumi_zorg.resource_types.project_grant.provider import ProjectGrantProvider
from pulumi_zorg.testing import Fault
from tests.stateful.engine import PROVIDERS, Declared, MiniEngine, Resource
from tests.support.servers import Server, emulated

DOCUMENT = Path(__file__).parents[2] / "docs" / "rights.md"
ROLES = ["IAM_OWNER", "IAM_OWNER_VIEWER", "IAM_ORG_MANAGER", "IAM_ORG_MANAGER and IAM_OWNER_VIEWER", "IAM_USER_MANAGER"]
ROLES += ["ORG_OWNER", "ORG_OWNER_VIEWER", "ORG_USER_MANAGER", "ORG_USER_PERMISSION_EDITOR", "PROJECT_OWNER", "none"]
#: How an error names what is missing; "Gone" is none of these.
MISSING = re.compile(r"credential (lacks|may read neither|with) .*\b(IAM|ORG)_OWNER")

Props = dict[str, Any]
Cells = dict[str, str]
_numbers = itertools.count(1)
_STARTS_WITH = "TEXT_QUERY_METHOD_STARTS_WITH"


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
    """An object to try changes on.

    :param others: what may be declared instead, by the column of the change.
    :param listed: returns the object as the server lists it, in the state's form; empty where there is none.
    :param change_outside: changes the object outside Pulumi.
    """

    provider: Any
    id: str
    props: Props
    others: dict[str, Props]
    listed: Callable[[], list[Props]]
    change_outside: Callable[..., Any]
    number: int = field(default_factory=lambda: next(_numbers))
    has_states: bool = True

    @property
    def original(self) -> Props:
        """The object as it was created."""
        return {**self.props, **({"active": True} if self.has_states else {})}

    @property
    def other(self) -> Props:
        """All that may be declared instead."""
        return {name: value for each in self.others.values() for name, value in each.items()}

    def declare(self, props: Props) -> Props:
        """Let the provider check the inputs, as the engine does before each change, and return them in the state's form."""
        return dict(self.provider.check({}, {**props, OWNER: f"o/p/s/Thing/{self.number}"}).inputs)

    def create(self, **more: Any) -> Props | None:
        self.declare(self.props)
        self.provider.create({**self.props, **more})
        return self.original

    def update(self, **changed: Any) -> Props | None:
        self.declare({**self.props, **changed})
        self.provider.update(self.id, dict(self.props), {**self.props, **changed})
        return {**self.original, **changed}

    def delete(self, policy: str) -> Props | None:
        self.provider.delete(self.id, {**self.props, "deletion_policy": policy})
        return (
            None if policy == "remove" else {**self.original, **({"active": False} if policy == "deactivate" else {})}
        )

    def read(self) -> Props | None:
        return self.original if self.provider.read(self.id, dict(self.props)).id else None

    def found(self) -> str:
        """`no` where it is treated as deleted."""
        try:
            return "no" if self.read() is None else "yes"
        except ZorgError:
            return "error"

    def shows(self, expected: Props | None) -> bool:
        """Whether the server shows the object as expected; None is no object."""
        return self.is_shown(self.listed(), expected)

    def is_shown(self, listed: list[Props], expected: Props | None) -> bool:
        for seen in listed:
            return expected is not None and all(seen.get(name, value) == value for name, value in expected.items())
        return expected is None


class Caller:
    """Who has the role but lives elsewhere, and objects to try it on. The providers act for it."""

    def __init__(self, server: Server, role: str, folder: Path) -> None:
        self.server, self.admin, self.roles = server, server.admin, role.split(" and ")
        elsewhere = self.admin.create_organization(f"Callers {next(_numbers)}")
        self.user = self.admin.create_user(elsewhere, f"caller{next(_numbers)}")
        self.default = str(self.admin.call("GET", "/admin/v1/orgs/default")["org"]["id"])
        if role.startswith("IAM_"):
            self.admin.add_instance_member(self.user, *self.roles)
        self.join_project(server.project)
        self.join(server.home)
        self.join(self.default)
        self.engine = MiniEngine(server.proxy.target, self.admin.create_token(elsewhere, self.user), folder)
        self.engine._begin()

    def join(self, org_id: str) -> None:
        """Get the role there too, if it is one that is given in organizations."""
        if org_id and self.roles[0].startswith("ORG_"):
            self.admin.add_member(org_id, self.user, *self.roles)

    def join_project(self, project_id: str) -> None:
        """Get the role there too, if it is one that is given on projects."""
        if project_id and self.roles[0].startswith("PROJECT_"):
            body = {"userId": self.user, "roles": self.roles}
            self.admin.call("POST", f"/management/v1/projects/{project_id}/members", body, org=self.server.home)

    def _list(self, path: str, org: str | None = None, **query: Any) -> list[Props]:
        """Return the objects that a search finds, with the properties that all types have in the state's form."""
        found = self.admin.call("POST", path, {"queries": [query] if query else []}, org=org).get("result", [])
        return [{**each, "active": each["state"].endswith("_ACTIVE")} for each in found]

    def organization(self, made: bool = True) -> Thing:
        admin, name = self.admin, f"Tenant {next(_numbers)} of {self.user}"
        org_id = admin.create_organization(name) if made else ""
        self.join(org_id)
        return Thing(
            OrganizationProvider(),
            org_id,
            {"name": name},
            {"renamed": {"name": f"{name} Ltd"}},
            lambda: self._list("/admin/v1/orgs/_search", nameQuery={"name": name, "method": _STARTS_WITH}),
            lambda method, verb="": admin.call(method, f"/management/v1/orgs/me{verb}", org=org_id),
        )

    def machine_user(self, made: bool = True) -> Thing:
        name = f"robot{next(_numbers)}of{self.user}"
        user_id = self.admin.create_user(self.server.home, name) if made else ""
        props = {"org_id": self.server.home, "user_name": name, "name": name}
        others = {"renamed": {"user_name": f"{name}2"}, "profile changed": {"name": "Robot", "description": "deploys"}}
        return self._user(MachineUserProvider(), user_id, props, others, lambda each: each.get("machine") or {})

    def human_user(self, made: bool = True) -> Thing:
        name = f"ann{next(_numbers)}of{self.user}"
        email = f"{name}@example.com"
        user_id = self.admin.create_human(self.server.home, name) if made else ""
        props = {
            "org_id": self.server.home,
            "user_name": name,
            "given_name": "Ann",
            "family_name": "Berg",
            "email": email,
        }
        others = {
            "renamed": {"user_name": f"{name}2"},
            "profile changed": {"family_name": "Hill", "email": f"2{email}", "phone": "+41791234567"},
        }

        def shown(user: Props) -> Props:
            human = user["human"]
            phone = human.get("phone", {}).get("phone")
            return {
                "family_name": human["profile"]["lastName"],
                **human["email"],
                **({"phone": phone} if phone else {}),
            }

        return self._user(HumanUserProvider(), user_id, props, others, shown)

    def _user(
        self, provider: Any, user_id: str, props: Props, others: dict[str, Props], shown: Callable[[Props], Props]
    ) -> Thing:
        admin, home = self.admin, self.server.home

        def listed() -> list[Props]:
            query = {"userName": props["user_name"], "method": _STARTS_WITH}
            found = self._list("/management/v1/users/_search", home, userNameQuery=query)
            return [{**each, **shown(each), "user_name": each["userName"]} for each in found]

        def change_outside(method: str, verb: str = "") -> None:
            admin.call(method, f"/management/v1/users/{user_id}{verb}", org=home)

        return Thing(provider, user_id, {**props, "deletion_policy": "remove"}, others, listed, change_outside)

    def project(self, made: bool = True) -> Thing:
        admin, home, name = self.admin, self.server.home, f"Project {next(_numbers)} of {self.user}"
        project_id = admin.create_project(home, name, ["editor", "viewer"]) if made else ""
        self.join_project(project_id)

        def listed() -> list[Props]:
            query = {"name": name, "method": _STARTS_WITH}
            found = self._list("/management/v1/projects/_search", home, nameQuery=query)
            for each in found:
                roles = admin.project_roles(home, each["id"])
                each["roles"] = {key: _role(role["displayName"]) for key, role in roles.items()}
            return found

        return Thing(
            ProjectProvider(),
            project_id,
            {"org_id": home, "name": name, "roles": {"editor": _role("editor"), "viewer": _role("viewer")}},
            {
                "renamed": {"name": f"{name} Ltd"},
                "roles changed": {"roles": {"admin": _role("admin"), "viewer": _role("Reader")}},
            },
            listed,
            lambda method, verb="": admin.call(method, f"/management/v1/projects/{project_id}{verb}", org=home),
        )

    def project_grant(self, made: bool = True) -> Thing:
        admin, home, project = self.admin, self.server.home, self.server.project
        granted = admin.create_organization(f"Granted {next(_numbers)}")
        grant_id = admin.grant_project(home, project, granted, ["viewer"]) if made else ""
        path = f"/management/v1/projects/{project}/grants/{grant_id}"

        def listed() -> list[Props]:
            query = {"grantedOrgId": granted}
            found = self._list("/management/v1/projectgrants/_search", home, grantedOrgIdQuery=query)
            return [{**each, "role_keys": each.get("grantedRoleKeys")} for each in found]

        return Thing(
            ProjectGrantProvider(),
            grant_id,
            {"org_id": home, "project_id": project, "granted_org_id": granted, "role_keys": ["viewer"]},
            {"other roles": {"role_keys": ["admin"]}},
            listed,
            lambda method, verb="": admin.call(method, f"{path}{verb}", org=home),
        )

    def grant(self, made: bool = True) -> Thing:
        admin, home = self.admin, self.server.home
        user = admin.create_user(home, f"user{next(_numbers)}")
        grant_id = admin.create_grant(home, user, self.server.project, ["viewer"]) if made else ""
        path = f"/management/v1/users/{user}/grants/{grant_id}"

        def listed() -> list[Props]:
            found = self._list("/management/v1/users/grants/_search", home, userIdQuery={"userId": user})
            return [{**each, "role_keys": each.get("roleKeys")} for each in found]

        def change_outside(method: str, verb: str = "") -> None:
            admin.call(method, f"{path}{verb}", org=home)
            if method == "DELETE":
                self.make_newer_grant()

        return Thing(
            UserGrantProvider(),
            grant_id,
            {"org_id": home, "user_id": user, "project_id": self.server.project, "role_keys": ["viewer"]},
            {"other roles": {"role_keys": ["admin"]}},
            listed,
            change_outside,
        )

    def manager(self, made: bool = True, *, of_instance: bool = False) -> Thing:
        """A manager of the home, or of the instance."""
        admin, home = self.admin, None if of_instance else self.server.home
        user = admin.create_user(self.server.home, f"user{next(_numbers)}")
        role, other = (
            ("IAM_OWNER_VIEWER", "IAM_USER_MANAGER") if of_instance else ("ORG_OWNER_VIEWER", "ORG_USER_MANAGER")
        )
        path = "/admin/v1/members" if of_instance else "/management/v1/orgs/me/members"
        if made:
            admin.call("POST", path, {"userId": user, "roles": [role]}, org=home)

        def listed() -> list[Props]:
            query = {"queries": [{"userIdQuery": {"userId": user}}]}
            return list(admin.call("POST", f"{path}/_search", query, org=home).get("result", []))

        return Thing(
            ManagerProvider(),
            f"instance:{user}" if of_instance else f"organization:{home}:{user}",
            {"user_id": user, "roles": [role], **({} if of_instance else {"org_id": home})},
            {"other roles": {"roles": [other]}},
            listed,
            lambda method, verb="": admin.call(method, f"{path}/{user}{verb}", org=home),
            has_states=False,
        )

    def manager_of_instance(self, made: bool = True) -> Thing:
        """A manager of the instance."""
        return self.manager(made, of_instance=True)

    def make_newer_grant(self) -> None:
        """Create another user grant. Without events, a newer one in the list is a part of the proof of a removal."""
        user = self.admin.create_user(self.server.home, f"user{next(_numbers)}")
        self.admin.create_grant(self.server.home, user, self.server.project, ["viewer"])


def _role(display_name: str) -> dict[str, str]:
    return {"display_name": display_name, "group": ""}


class Changes:
    """Tries changes on the objects of one type. An object that is still as it was created is used again."""

    def __init__(self, make: Callable[..., Thing]) -> None:
        self.make = make
        self.thing: Thing | None = None
        self.listed: list[Props] = []

    def attempt(self, act: Callable[[Thing], Props | None], *outside: str) -> str:
        """Return `yes` where the object is then as expected, and `error` where it is as before.

        :param outside: a change outside Pulumi that is made first.
        """
        if self.thing is None or not self.thing.is_shown(self.listed, self.thing.original):
            self.take(self.make())
        assert self.thing is not None
        if outside:
            self.thing.change_outside(*outside)
            self.take(self.thing)
        return self.on(self.thing, act)

    def take(self, thing: Thing) -> None:
        self.thing, self.listed = thing, thing.listed()

    def on(self, thing: Thing, act: Callable[[Thing], Props | None]) -> str:
        before = self.listed
        try:
            expected = act(thing)
        except ZorgError as error:
            refusal = str(error)
        else:
            self.listed = thing.listed()
            assert thing.is_shown(self.listed, expected), self.listed
            return "yes"
        self.listed = thing.listed()
        assert MISSING.search(refusal), refusal
        assert self.listed == before
        return "error"

    def all(self) -> Cells:
        """Return what came of each change of the type."""
        self.take(new := self.make(made=False))
        if not new.has_states:
            return self._of_managers(new)
        cells = {"created": self.on(new, Thing.create)}
        self.thing = None
        cells |= {
            # Deletions first: what a resource of the run has updated or adopted, another resource's deletion leaves.
            "`retain`": self.attempt(lambda thing: thing.delete("retain")),
            "`deactivate`": self.attempt(lambda thing: thing.delete("deactivate")),
            "removed": self.attempt(lambda thing: thing.delete("remove")),
            "read": self.attempt(Thing.read),
            "deactivated": self.attempt(lambda thing: thing.update(active=False)),
        }
        for column in new.others:
            cells[column] = self.attempt(lambda thing, column=column: thing.update(**thing.others[column]))  # type: ignore[misc]
        cells["reactivated"] = self.attempt(Thing.update, "POST", "/_deactivate")
        cells["adopted"] = self.attempt(lambda thing: thing.create(adopt=True))
        self.thing = None
        cells["gone"] = self.attempt(Thing.read, "DELETE")
        # What is gone already is well deleted, with the same proof.
        assert self.thing is not None
        assert self.on(self.thing, lambda thing: thing.delete("remove")) == cells["gone"]
        return cells

    def _of_managers(self, new: Thing) -> Cells:
        cells = {"created": self.on(new, Thing.create)}
        self.thing = None
        cells |= {
            "`retain`": self.attempt(lambda thing: thing.delete("retain")),
            "removed": self.attempt(lambda thing: thing.delete("remove")),
            "read": self.attempt(Thing.read),
            "other roles": self.attempt(lambda thing: thing.update(**thing.other)),
            "adopted": self.attempt(lambda thing: thing.create(adopt=True)),
        }
        self.thing = None
        return {**cells, "gone": self.attempt(Thing.read, "DELETE")}


def default_known(caller: Caller) -> str:
    """Whether the guard knows the default organization, and refuses to deactivate it."""
    before = caller.admin.organization(caller.default)
    with pytest.raises(ZorgError):
        OrganizationProvider().update(caller.default, {}, {"name": before["name"], "active": False})
    assert caller.admin.organization(caller.default) == before
    why = context.current().client.why_protected(caller.default)
    return "yes" if why == "it is the default organization of the instance" else "no"


def phantom_known(caller: Caller, make: Callable[..., Thing]) -> str:
    """Whether an object that reads do not show is known to exist."""
    thing = make()
    caller.make_newer_grant()
    caller.admin.call("POST", "/debug/phantoms", {"ids": [thing.id]})
    return thing.found()


class Commands:
    """Runs commands on a stack with an organization and a user grant, both of which the program changes.

    :param made: whether the state and the server have them already.
    """

    def __init__(self, caller: Caller, made: bool = True) -> None:
        self.engine = caller.engine
        self.things = {"org": caller.organization(made), "grant": caller.grant(made)}
        self.engine.state.clear()
        for name, thing in self.things.items():
            self.engine.program[name] = Declared(
                name, {**thing.props, **(thing.other if made else {}), "active": False}
            )
            had = thing.declare(thing.props)
            self.engine.state.update({name: Resource(name, thing.id, had, had)} if made else {})

    def run(self, command: Callable[[MiniEngine], bool]) -> str:
        engine = self.engine
        succeeded = command(engine)
        assert all(MISSING.search(error) for error in engine.errors), engine.errors
        left = {name for name, thing in self.things.items() if thing.listed()}
        assert left <= engine.state.keys(), "something was forgotten"
        assert not succeeded or left == engine.state.keys()
        if succeeded and command is MiniEngine.up:
            assert all(self.things[name].shows(declared.args) for name, declared in engine.program.items())
        return "yes" if succeeded else "error"


def commands(caller: Caller) -> Cells:
    """Return what came of each command."""
    new = Commands(caller, made=False).run(MiniEngine.up)
    stack = Commands(caller)
    cells = {
        "`preview`": stack.run(preview),
        "`up`: new": new,
        "`refresh`": stack.run(MiniEngine.refresh),
        "`up`: changed": stack.run(MiniEngine.up),
        "`destroy`": stack.run(MiniEngine.destroy),
    }
    gone = Commands(caller)
    for thing in gone.things.values():
        thing.change_outside("DELETE")
    return {**cells, "`refresh`: gone": gone.run(MiniEngine.refresh)}


def preview(engine: MiniEngine) -> bool:
    """Call the providers as a preview does."""
    for name, have in engine.state.items():
        PROVIDERS[name]().check(have.inputs, {**engine.program[name].args, OWNER: f"o/p/s/{name}/{name}"})
        PROVIDERS[name]().diff(have.id, have.outputs, engine.program[name].args)
    return True


@pytest.fixture(scope="module", autouse=True)
def instance() -> Iterator[Server]:
    """One server for all: each cell has an object of its own. The provider's process ends with it."""
    with emulated() as server:
        yield server
        context.stop()


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_do_what_the_document_has(instance: Server, tmp_path: Path, role: str) -> None:
    caller = Caller(instance, role, tmp_path)
    assert {
        "Organizations": {**Changes(caller.organization).all(), "default known": default_known(caller)},
        "Machine users": {
            **Changes(caller.machine_user).all(),
            "phantom known": phantom_known(caller, caller.machine_user),
        },
        "Human users": {**Changes(caller.human_user).all(), "phantom known": phantom_known(caller, caller.human_user)},
        "Projects": {**Changes(caller.project).all(), "phantom known": phantom_known(caller, caller.project)},
        "Project grants": {
            **Changes(caller.project_grant).all(),
            "phantom known": phantom_known(caller, caller.project_grant),
        },
        "User grants": {**Changes(caller.grant).all(), "phantom known": phantom_known(caller, caller.grant)},
        "Managers of organizations": Changes(caller.manager).all(),
        "Managers of the instance": Changes(caller.manager_of_instance).all(),
        "Commands": commands(caller),
    } == {heading: rows[role] for heading, rows in tables().items()}


def test_without_the_second_api_adopting_needs_a_reader_of_the_instance_and_the_guard_does_not(tmp_path: Path) -> None:
    with emulated("seeds") as server:
        for role in ROLES:
            caller = Caller(server, role, tmp_path)
            assert default_known(caller) == "yes"
            with nullcontext() if "IAM_OWNER" in role else pytest.raises(ZorgError, match=MISSING.pattern):
                caller.organization().create(adopt=True)


def test_where_the_default_organization_is_unknown_none_is_deactivated_without_allow_lockout(tmp_path: Path) -> None:
    acts: list[Callable[[Thing], Props | None]] = [
        lambda thing: thing.update(active=False),
        lambda thing: thing.delete("deactivate"),
        lambda thing: thing.delete("remove"),
    ]
    with emulated("seeds") as server:
        caller = Caller(server, "IAM_ORG_MANAGER", tmp_path)
        caller.engine.url = server.proxy.url
        caller.engine._begin()
        denied = '{"code": 7, "message": "No matching permissions found"}'
        server.proxy.add(Fault("answer", path="^/management/v1/iam$", times=None, status=403, body=denied))
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
