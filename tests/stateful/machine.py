"""Random programs, changes outside Pulumi and faults, against the emulator. What must hold all the same is in laws.py."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pulumi_zorg.emulator import Emulator, ProfileName
from pulumi_zorg.testing import AdminClient, Fault, FaultProxy
from tests.stateful.console_changes import CHANGES, ConsoleChanges
from tests.stateful.engine import Declared, Killed, MiniEngine
from tests.stateful.guarded import takes_nothing_if_passed
from tests.stateful.kinds import KINDS
from tests.stateful.laws import COUNTED

_JSON = {"Content-Type": "application/json"}
_NUMBERS = itertools.count()
ROLES = ("admin", "editor", "viewer")
_LIKES: Iterator[ProfileName] = itertools.cycle(("2026-07", "2025-12"))

FAULTS = {
    "an outage": lambda: Fault("answer", times=2, status=503),
    "too many requests": lambda: Fault("answer", times=1, status=429, headers={"Retry-After": "1"}),
    "a gateway's page": lambda: Fault("answer", times=3, status=200),
    "a gateway's 404": lambda: Fault("answer", times=3, status=404),
    "an empty object": lambda: Fault("answer", times=3, status=200, body="{}", headers=_JSON),
    "an internal error": lambda: Fault(
        "answer", times=2, status=500, body='{"code": 13, "message": "x"}', headers=_JSON
    ),
    "no rights for a while": lambda: Fault(
        "answer", times=3, status=404, headers=_JSON, body='{"code": 5, "message": "membership not found"}'
    ),
    "a page in place of an answer": lambda: Fault("replace", times=1, status=404),
    "nothing in place of an answer": lambda: Fault("replace", times=1, status=204, body=""),
    "a cut": lambda: Fault("cut", times=1),
    "cut for good": lambda: Fault("cut", times=None),
    "a lost answer": lambda: Fault("drop", times=1),
    "lost answers": lambda: Fault("drop", times=None),
    "the header lost on reads": lambda: Fault("strip", method="GET", times=None),
    "the header lost": lambda: Fault("strip", times=None),
}

#: What the server accepts and never shows: the types of event, or none for a change of state.
LOST: dict[str, tuple[str, ...]] = {
    "a switch": (),
    "roles": ("user.grant.changed", "project.grant.changed"),
    "a create": ("user.grant.added",),
}

#: What else a resource may say; mostly nothing.
MORE: tuple[dict[str, Any], ...] = (
    *({},) * 5,
    {"deletion_policy": "deactivate"},
    {"deletion_policy": "retain"},
    {"adopt": True},
    {"adopt": True, "deletion_policy": "retain"},
)
extras = st.sampled_from(MORE)
some_roles = st.sets(st.sampled_from(ROLES))
#: Organizations and user grants are the most frequent ones.
kinds = st.sampled_from(["org", "org", "grant", "grant", "project", "project_grant", "machine", "human", "manager"])
#: The roles of a manager, by those of the project.
RIGHTS = {"admin": "ORG_OWNER", "editor": "ORG_USER_MANAGER", "viewer": "ORG_OWNER_VIEWER"}


class Server:
    """One emulator and one proxy for all examples: each has names of its own."""

    _current: ClassVar[tuple[Emulator, FaultProxy, AdminClient] | None] = None
    _used = 0
    #: The server that it is like; None for one after the other.
    like: ClassVar[ProfileName | None] = None
    #: After so many examples comes a new server, so that none grows without end.
    examples = 60

    @classmethod
    def get(cls) -> tuple[Emulator, FaultProxy, AdminClient]:
        """The server."""
        cls._used += 1
        if cls._current is not None and cls._used % cls.examples == 0:
            cls.close()
        if cls._current is None:
            emulator = Emulator(like=cls.like or next(_LIKES))
            emulator.start()
            proxy = FaultProxy(emulator.url).__enter__()
            cls._current = emulator, proxy, AdminClient(emulator.url, emulator.token)
        return cls._current

    @classmethod
    def close(cls) -> None:
        """Ends it."""
        if cls._current is not None:
            emulator, proxy, admin = cls._current
            admin.__exit__(None, None, None)
            proxy.__exit__(None, None, None)
            emulator.stop()
            cls._current = None


class Stack(ConsoleChanges, RuleBasedStateMachine):
    """One example."""

    @initialize(made=st.booleans(), roles=st.none() | some_roles)
    def begin(self, made: bool = False, roles: set[str] | None = None) -> None:
        """A home with a project and users, and a small program, that may be made already."""
        COUNTED["examples"] += 1
        if "ZORG_EXAMPLES" in os.environ and COUNTED["examples"] % 100 == 0:
            print(f"{COUNTED['examples']} sequences", file=sys.__stderr__, flush=True)
        self.emulator, self.proxy, self.admin = Server.get()
        self.proxy.clear()
        self.tag = f"x{next(_NUMBERS)}"
        self.home = self.admin.create_organization(f"Home {self.tag}")
        self.project = self.admin.create_project(self.home, "Portal", ROLES)
        self.users = [self.admin.create_user(self.home, f"u{i}{self.tag}") for i in range(3)]
        self.partners = [self.admin.create_organization(f"Partner {i} {self.tag}") for i in range(3)]
        self.furniture = {self.home, *self.partners}
        self.own = self.admin.call("GET", "/management/v1/orgs/me")["org"]
        self.own_user = str(self.admin.call("GET", "/auth/v1/users/me")["user"]["id"])
        self.own_projects = set(self.admin.projects(self.own["id"]))
        self.folder = Path(tempfile.mkdtemp())
        self.engine = MiniEngine(self.proxy.url, self.emulator.token, self.folder)
        self.kinds = {name: kind(self) for name, kind in KINDS.items()}
        self.others, self.left, self.removed, self.missed = {}, {}, set(), set()
        self.second = self.another_stack()
        #: Somebody else, with a credential of their own.
        self.somebody: AdminClient | None = None
        # Something to begin with, or most sequences would be about nothing.
        self.declare_organization(0, 0, True)
        self.declare_project(0, 0, roles, True)
        self.declare_project_grant(0, 0, {"viewer"}, True)
        self.declare_grant(0, 0, {"viewer"}, True)
        self.declare_grant(1, 1, {"admin"}, False)
        self.declare_user("machine", 0, 0, True)
        self.declare_user("human", 0, 1, True)
        self.declare_manager(0, 0, {"admin"})
        if made:
            assert self._run("up"), self.engine.errors

    def another_stack(self) -> MiniEngine:
        """A stack of the same program, credential and backend; only its name differs."""
        return MiniEngine(self.proxy.url, self.emulator.token, self.folder, stack="s2")

    def _name(self, number: int, kind: str = "org") -> str:
        first = {"org": "Tenant", "machine": "bot", "human": "ann"}.get(kind, "Shop")
        return f"{first} {number} {self.tag}"

    # The program.

    def _declare(self, kind: str, slot: int, **args: Any) -> None:
        self.engine.program[f"{kind}{slot}"] = Declared(kind, args)

    def declare_organization(self, slot: int, number: int, active: bool, more: dict[str, Any] = MORE[0]) -> None:
        """An organization is declared, or declared otherwise."""
        self._declare("org", slot, name=self._name(number), active=active, **more)

    def declare_project(
        self, slot: int, number: int, roles: set[str] | None, active: bool, more: dict[str, Any] = MORE[0]
    ) -> None:
        """A project is declared, or declared otherwise; its roles are not managed where there are none to declare."""
        args: dict[str, Any] = {"name": self._name(number, "project"), "active": active, "has_project_check": active}
        if roles is not None:
            args["roles"] = {each: {"display_name": f"{each} {number}", "group": ""} for each in sorted(roles)}
        self._declare("project", slot, org_id=self.home, **args, **more)

    def declare_user(self, kind: str, slot: int, number: int, active: bool, more: dict[str, Any] = MORE[0]) -> None:
        """A user is declared, or declared otherwise. Some programs leave out what people change themselves."""
        name, args = self._name(number, kind), dict[str, Any]()
        if kind == "machine":
            args = {"name": f"Bot {active}", **({"description": f"d{number}"} if number else {})}
        else:
            email = f"{number}{active}{self.tag}@example.com"
            args = {"given_name": "Ann", "family_name": f"Berg {active}", "email": email, "deletion_policy": "remove"}
            args |= {"nick_name": f"A{number}"} if number else {}
        self._declare(kind, slot, org_id=self.home, user_name=name, active=active, **{**args, **more})

    def declare_project_grant(
        self, slot: int, partner: int, roles: set[str], active: bool, more: dict[str, Any] = MORE[0]
    ) -> None:
        """A grant of the project is declared, or declared otherwise; another organization replaces it."""
        granted = {"org_id": self.home, "project_id": self.project, "granted_org_id": self.partners[partner]}
        self._declare("project_grant", slot, **granted, role_keys=list(roles), active=active, **more)

    def declare_grant(
        self, slot: int, user: int, roles: set[str], active: bool, more: dict[str, Any] = MORE[0]
    ) -> None:
        """A grant is declared, or declared otherwise; another user replaces it."""
        granted = {"org_id": self.home, "user_id": self.users[user], "project_id": self.project}
        self._declare("grant", slot, **granted, role_keys=list(roles), active=active, **more)

    def declare_manager(self, slot: int, user: int, roles: set[str], more: dict[str, Any] = MORE[0]) -> None:
        """A manager of the home is declared, or declared otherwise; another user replaces it."""
        kept = {"deletion_policy": "retain"} if more.get("deletion_policy") == "deactivate" else more
        rights = sorted(RIGHTS[each] for each in roles or {"viewer"})
        self._declare("manager", slot, org_id=self.home, user_id=self.users[user], roles=rights, **kept)

    @rule(
        kind=st.sampled_from(["org", "org", "project", "machine", "human"]),
        slot=st.integers(0, 2),
        number=st.integers(0, 3),
        roles=st.none() | some_roles,
        active=st.booleans(),
        more=extras,
    )
    def declare_by_name(
        self, kind: str, slot: int, number: int, roles: set[str] | None, active: bool, more: dict[str, Any]
    ) -> None:
        """Something that has a name is declared, or declared otherwise."""
        if kind == "org":
            self.declare_organization(slot, number, active, more)
        elif kind == "project":
            self.declare_project(slot, number, roles, active, more)
        else:
            self.declare_user(kind, slot, number, active, more)

    @rule(
        kind=st.sampled_from(["grant", "grant", "project_grant", "manager"]),
        slot=st.integers(0, 2),
        whom=st.integers(0, 2),
        roles=some_roles,
        active=st.booleans(),
        more=extras,
    )
    def declare_roles(
        self, kind: str, slot: int, whom: int, roles: set[str], active: bool, more: dict[str, Any]
    ) -> None:
        """Roles are given to a user or to an organization, or given otherwise."""
        if kind == "manager":
            self.declare_manager(slot, whom, roles, more)
            return
        declare = self.declare_grant if kind == "grant" else self.declare_project_grant
        declare(slot, whom, roles, active, more)

    @rule(kind=kinds, slot=st.integers(0, 2))
    def declare_no_longer(self, kind: str, slot: int) -> None:
        """A resource leaves the program; not while its creation is unsettled, for then nobody asks the provider again."""
        if f"{kind}{slot}" in self.engine.state:
            self.engine.program.pop(f"{kind}{slot}", None)

    @rule(
        kind=kinds,
        slot=st.integers(0, 2),
        other=st.integers(0, 2),
        fault=st.sampled_from([None, None, *sorted(FAULTS)]),
        skip=st.integers(0, 6),
    )
    def a_resource_is_called_otherwise(self, kind: str, slot: int, other: int, fault: str | None, skip: int) -> None:
        """The same object under another name in the program, which adopts it; and an `up`."""
        engine, old, new = self.engine, f"{kind}{slot}", f"{kind}{other}"
        if old not in engine.program or old not in engine.state or new in engine.program or new in engine.state:
            return
        declared = engine.program[old]
        if self._key(declared) in {(of, KINDS[of].key(made)) for (of, _), made in self.others.items()}:
            return
        del engine.program[old]
        engine.program[new] = Declared(kind, {**declared.args, "adopt": True})
        kept = engine.state[old].id
        if fault is None:
            self._run("up")
        else:
            self._under(fault, skip, "up")
        COUNTED["called otherwise"] += new in engine.state and engine.state[new].id == kept

    @rule(
        kind=st.sampled_from(["project", "project_grant"]),
        slot=st.integers(0, 2),
        kept=some_roles,
        fault=st.sampled_from([None, None, *sorted(FAULTS)]),
        skip=st.integers(0, 6),
    )
    def roles_are_taken_away(self, kind: str, slot: int, kept: set[str], fault: str | None, skip: int) -> None:
        """Roles that users have by then, of a project or of a project grant; and an `up`."""
        name = f"{kind}{slot}"
        declared = self.engine.program.get(name)
        if declared is None:
            return

        def declare(roles: set[str]) -> None:
            value: Any = list(roles)
            if kind == "project":
                value = {each: {"display_name": each, "group": ""} for each in sorted(roles)}
            args = {**declared.args, "roles" if kind == "project" else "role_keys": value}
            self.engine.program[name] = Declared(kind, args)

        declare(set(ROLES))
        self._run("up")
        resource = self.engine.state.get(name)
        if resource is None or self._is_gone(resource):
            return
        self.change_in_console(resource, "hand on")
        declare(kept)
        if fault is None:
            self._run("up")
        else:
            self._under(fault, skip, "up")

    # By hand.

    @rule(kind=kinds, slot=st.integers(0, 2), what=st.sampled_from(sorted(CHANGES)))
    def somebody_changes(self, kind: str, slot: int, what: str) -> None:
        """In the console; or the server loses a user grant out of its projection."""
        resource = self.engine.state.get(f"{kind}{slot}")
        if kind in CHANGES["lock"] and kind not in CHANGES[what]:
            what = "lock"
        if resource is None or kind not in CHANGES[what] or self._is_gone(resource):
            return
        if kind == "grant" and resource.id not in self.admin.grants(self.home):
            return  # a phantom
        active = self.kinds[kind].truth(resource.id).get("active")
        refused = (("deactivate", False), ("reactivate", True), ("reactivate", None), ("lock", False), ("lock", None))
        if (what, active) in refused or (what == "unlock" and active is not None):
            return
        COUNTED[f"by hand: {kind}"] += 1
        self.change_in_console(resource, what)

    @rule(
        kind=kinds,
        slot=st.integers(0, 1),
        what=st.sampled_from(["deactivate", "reactivate", "roles", "rename"]),
        number=st.integers(0, 3),
    )
    def somebody_and_the_program_change(self, kind: str, slot: int, what: str, number: int) -> None:
        """Somebody changes one property, and the program another one. No refresh shows the first change before the `up`."""
        name = f"{kind}{slot}"
        declared = self.engine.program.get(name)
        if declared is None or name not in self.engine.state:
            return
        self.somebody_changes(kind, slot, what)
        if kind == "manager":
            self.declare_manager(slot, number % 3, {"editor"})
            self._run("up")
            return
        if what == "rename" or (what == "roles" and kind not in CHANGES["lock"]):
            changed: dict[str, Any] = {"active": not declared.args["active"]}
        elif "role_keys" in declared.args:
            changed = {"role_keys": ["editor"] if declared.args["role_keys"] != ["editor"] else ["viewer"]}
        else:
            changed = {KINDS[kind].unique_by: self._name(number, kind)}
        self.engine.program[name] = Declared(kind, {**declared.args, **changed})
        self._run("up")

    @rule(who=st.sampled_from(["user", "user", "partner"]), number=st.integers(0, 2))
    def somebody_removes(self, who: str, number: int) -> None:
        """A user or an organization, and with it all that it was granted; another comes in its place."""
        if who == "user":
            self.admin.remove_user(self.home, self.users[number])
            self.removed.add(self.users[number])
            self.users[number] = self.admin.create_user(self.home, f"another{next(_NUMBERS)}{self.tag}")
        else:
            self.admin.remove_organization(self.partners[number])
            self.removed.add(self.partners[number])
            self.partners[number] = self.admin.create_organization(f"Another partner {next(_NUMBERS)} {self.tag}")
            self.furniture.add(self.partners[number])

    @rule(kind=st.sampled_from(["org", "org", "project", "machine"]), number=st.integers(0, 3), active=st.booleans())
    def somebody_makes(self, kind: str, number: int, active: bool) -> None:
        """Something of a name that the program may want too."""
        name = self._name(number, kind)
        if any(self.kinds[kind].truth(each)[KINDS[kind].unique_by] == name for each in self.kinds[kind].live()):
            return
        if self.somebody is None:
            other = self.admin.create_user(self.home, f"other{self.tag}")
            self.admin.add_instance_member(other, "IAM_OWNER")
            self.somebody = AdminClient(self.emulator.url, self.admin.create_token(self.home, other))
        if kind == "org":
            made = self.somebody.create_organization(name)
            if not active:
                self.somebody.deactivate_organization(made)
        elif kind == "machine":
            made = self.somebody.create_user(self.home, name)
            if not active:
                self.somebody.change_user_state(self.home, made, "deactivate")
        else:
            made = self.somebody.create_project(self.home, name, ["editor"])
            if not active:
                self.somebody.deactivate_project(self.home, made)
        self.others[kind, made] = self.kinds[kind].truth(made)

    @rule(number=st.integers(0, 3), active=st.booleans(), command=st.sampled_from(["up", "up", "refresh", "destroy"]))
    def the_second_stack_runs(self, number: int, active: bool, command: str) -> None:
        """It wants a name that the first one may have, too, and never adopts. What the first one has stays as it is."""
        pending = [json.loads(file.read_text()) for file in self.folder.glob("*.json")]
        if any(each["id"] is None and each["identity"].get("name") == self._name(number) for each in pending):
            return  # what the same credential makes of that name while a create is pending passes for it (DESIGN.md)
        theirs = self.second.state.get("org0")
        if theirs is not None and ("org", theirs.id) not in self.others:
            self.second.state.clear()  # the first stack has adopted it
        self.second.program = {"org0": Declared("org", {"name": self._name(number), "active": active})}
        mine = {each.id for each in self.engine.state.values() if each.kind == "org"}
        before = {each: found for each, found in self.admin.organizations().items() if each in mine}
        getattr(self.second, command)()
        after = self.admin.organizations()
        assert {each: found for each, found in after.items() if each in mine} == before, (
            "a second stack touched the first"
        )
        for org_id in [theirs.id] if theirs is not None else []:
            self.others.pop(("org", org_id), None)
        for resource in self.second.state.values():
            if resource.id in after:
                self.others["org", resource.id] = self.kinds["org"].truth(resource.id)
        COUNTED["second stack"] += 1

    # Commands.

    @rule(
        command=st.sampled_from(["refresh", "destroy"]),
        fault=st.sampled_from(sorted(FAULTS)),
        skip=st.sampled_from([0, 0, 1, 1, 2, 3, 4, 6]),
    )
    def a_command_meets_a_fault(self, command: str, fault: str, skip: int) -> None:
        """Somewhere in the middle."""
        self._under(fault, skip, command)

    @rule(
        kind=kinds,
        slot=st.integers(0, 2),
        number=st.integers(0, 2),
        active=st.booleans(),
        fault=st.sampled_from(sorted(FAULTS)),
        skip=st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 6]),
    )
    def a_change_meets_a_fault(self, kind: str, slot: int, number: int, active: bool, fault: str, skip: int) -> None:
        """Something is declared otherwise, or for the first time, and the `up` goes wrong somewhere."""
        self._declare_something(kind, slot, number, active)
        self._under(fault, skip, "up")

    @rule(
        kind=st.sampled_from(["grant", "grant", "project", "project_grant", "machine", "human"]),
        slot=st.sampled_from([0, 0, 1]),
        user=st.integers(0, 2),
        what=st.sampled_from(["a switch", *sorted(LOST)]),
        times=st.integers(1, 2),
    )
    def a_change_is_lost(self, kind: str, slot: int, user: int, what: str, times: int) -> None:
        """The server accepts it, and never shows it. A read of an organization by its id is always right."""
        declared, resource = self.engine.program.get(f"{kind}{slot}"), self.engine.state.get(f"{kind}{slot}")
        if resource is not None and resource.id in self._locked():
            return  # a lost deactivation of a locked user is not made again (DESIGN.md)
        if what == "a create":
            self.declare_grant(slot, user, {"viewer"}, True)
        elif declared is not None and what == "a switch":
            self.engine.program[f"{kind}{slot}"] = Declared(
                kind, {**declared.args, "active": not declared.args["active"]}
            )
        elif declared is not None and "role_keys" in declared.args:
            roles = ["editor"] if declared.args["role_keys"] != ["editor"] else ["viewer"]
            self.engine.program[f"{kind}{slot}"] = Declared(kind, {**declared.args, "role_keys": roles})
        lost = {"next": times, **({"events": LOST[what]} if LOST[what] else {})}
        self.admin.call("POST", "/debug/lost-changes", lost)
        with mock.patch("pulumi_zorg.engine.shown.SHOWN_WITHIN", 0.05):  # reads by id do not lag here
            self._run("up")
        self.admin.call("POST", "/debug/lost-changes", {"next": 0})
        COUNTED[f"lost: {what}"] += "lost it" in self.engine.diagnostics.getvalue()

    def _declare_something(self, kind: str, slot: int, number: int, active: bool) -> None:
        roles = {"editor"} if active else {"viewer", "admin"}
        if kind == "org":
            self.declare_organization(slot, number, active)
        elif kind == "project":
            self.declare_project(slot, number, roles if number < 2 else None, active)
        elif kind == "project_grant":
            self.declare_project_grant(slot, number, roles, active)
        elif kind in ("machine", "human"):
            self.declare_user(kind, slot, number, active)
        elif kind == "manager":
            self.declare_manager(slot, number, roles)
        else:
            self.declare_grant(slot, number, roles, active)

    def _under(self, fault: str, skip: int, command: str) -> None:
        theirs = {each.outputs["name"] for each in self.second.state.values()}
        wanted = {
            each.args["name"]
            for name, each in self.engine.program.items()
            if each.kind == "org" and name not in self.engine.state
        }
        if command == "up" and theirs & wanted:
            return  # what the same credential made a moment ago passes for an attempt whose answer is lost (DESIGN.md)
        wrong = FAULTS[fault]()
        # A header that is lost on a write, after it came through on the read before, cannot be prevented (DESIGN.md).
        wrong.skip = 0 if wrong.effect == "strip" else skip
        self.proxy.add(wrong)
        self._run(command)
        COUNTED[f"fault: {fault}"] += wrong.happened
        COUNTED["faults"] += wrong.happened > 0
        self.proxy.clear()

    @rule(command=st.sampled_from(["up", "refresh", "destroy"]))
    def a_command_with_a_token_without_rights(self, command: str) -> None:
        """Somebody else's token."""
        low = self.admin.create_user(self.home, f"low{next(_NUMBERS)}{self.tag}")
        self.engine.token = self.admin.create_token(self.home, low)
        # What is only retained needs no right to be released.
        before = {name for name, each in self.engine.state.items() if each.outputs.get("deletion_policy") != "retain"}
        try:
            self._run(command)
        finally:
            self.engine.token = self.emulator.token
        assert set(self.engine.state) >= before, "a token without rights forgot something"
        COUNTED["fault: a token without rights"] += 1

    @rule(
        kind=st.sampled_from(["org", "org", "project", "project_grant", "machine", "human"]),
        slot=st.integers(0, 2),
        number=st.integers(0, 2),
        active=st.booleans(),
        step=st.integers(0, 8),
    )
    def the_process_dies(self, kind: str, slot: int, number: int, active: bool, step: int) -> None:
        """Before some call of an `up` is sent, on all its threads."""
        self._declare_something(kind, slot, number, active)
        calls = itertools.count()
        lock = threading.Lock()

        def kill(request: Any) -> None:
            with lock:
                if next(calls) >= step:
                    raise Killed

        self.engine.before = kill
        self._run("up")
        self.engine.before = lambda request: None
        COUNTED["fault: the process dies"] += 1

    @rule()
    def a_clean_run(self) -> None:
        """A refresh and an `up` without faults: then all must be as declared."""
        self._runs_clean()

    def _runs_clean(self) -> None:
        self._run("refresh")
        assert not self.engine.errors, self.engine.errors
        blocked = self._blocked()
        known = {each.id for each in self.engine.state.values()} | {each for _, each in self.others} | set(self.left)
        with takes_nothing_if_passed(self.engine, self.kinds, known, COUNTED):
            fine = self._run("up") if blocked else self._up()
        if blocked:
            return
        assert fine, self.engine.errors
        self._as_declared()
        COUNTED["clean runs"] += 1

    def teardown(self) -> None:
        """All is removed at the end, and then nothing of the stack's is left."""
        if not hasattr(self, "engine"):
            return
        try:
            self._ends_well()
        finally:
            shutil.rmtree(self.folder)
            if self.somebody is not None:
                self.somebody.__exit__(None, None, None)

    def _ends_well(self) -> None:
        self.proxy.clear()
        self._run("refresh")
        if not self._blocked():
            assert self._up(), self.engine.errors
            self.engine.program.clear()
            assert self._run("up"), self.engine.errors
            assert self.engine.state == {}
            self._exactly(set())
