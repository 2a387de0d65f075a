"""What must hold, whatever happens. Looked at after each command:

- nothing is forgotten: what left the state in a refresh was really removed;
- nothing is doubled or lost: after a clean refresh and `up`, what the stack made is on the server exactly once, in the state,
  or left there by a deletion policy;
- declared equals found: and it is as the program declares it;
- what an `up` wrote into the state was so, however the run ended: by the event store and by reads, which roles in tokens follow;
- no run changes a property whose old and new declared values are equal, whatever somebody has changed outside;
- what was deleted is as its deletion policy requires, unless another resource manages it;
- what others made is as they left it, unless the program sets `adopt`; the credential's own and the default organization
  are active, and nothing is made in them;
- nobody has a role that the report of a run said they lose: neither a user grant, nor a project grant that gives it;
- a command that writes nothing (a refresh) wrote nothing;
- a plan that `zorg preview-guard` passes with all limits at 0 takes nothing from anybody (guarded.py).

The laws are the same for all resource types; kinds.py has what differs.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from pulumi_zorg.resource_types.impact import Planned
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.testing import AdminClient, FaultProxy
from tests.stateful.engine import Declared, MiniEngine, Resource
from tests.stateful.kinds import KINDS, Kind, UserKind
from tests.support.stack import TOKENS

#: How much of what has run, over all examples.
COUNTED: Counter[str] = Counter()


class Laws:
    """An example, as the laws see it."""

    engine: MiniEngine
    proxy: FaultProxy
    admin: AdminClient
    #: Is in the name of everything that belongs to the example.
    tag: str
    folder: Path
    #: The organization with the project, the users, the grants and the projects of the program.
    home: str
    #: The project that is granted, which the program does not declare.
    project: str
    #: The organizations that are neither declared nor made by others: the home, and those that the project is granted to.
    furniture: set[str]
    #: The organization of the credential.
    own: dict[str, Any]
    #: The projects of that organization.
    own_projects: set[str]
    users: list[str]
    #: The organizations that the project is granted to.
    partners: list[str]
    #: The users and partners that were removed, and with them their grants.
    removed: set[str]
    #: What others made, by its kind and id, and how it is.
    others: dict[tuple[str, str], dict[str, Any]]
    #: The project grants that the removal of a role misses.
    missed: set[str]
    #: What a deletion policy left on the server.
    left: dict[str, Resource]
    kinds: dict[str, Kind]

    # The commands.

    def _run(self, command: str) -> bool:
        COUNTED["commands"] += 1
        before = dict(self.engine.state)
        unchanged = self._declared_as_before() if command == "up" else {}
        locked = self._locked()
        self.proxy.exchanges.clear()
        fine: bool = getattr(self.engine, command)()
        if command == "refresh":
            assert self.proxy.writes == [], "a refresh wrote"
            for name in set(before) - set(self.engine.state):
                assert self._is_gone(before[name]), f"{name} was forgotten"
        else:
            for name, resource in self.engine.state.items():
                if before.get(name) is not resource:
                    self._is_so(name, resource)
                    self._lost_is_lost(name, before.get(name), resource)
            known = {resource.id for resource in self.engine.state.values()}
            for name, resource in before.items():
                if resource.id not in known:
                    self._ended_as_declared(name, resource)
            for name, resource in self.engine.state.items() if command == "up" else ():
                declared = self.engine.program.get(name)
                if declared is not None and self._key(declared) == self._key(resource):
                    assert not self._removed_by_us(resource.id), "an object that another resource manages was removed"
        for name, properties in unchanged.items():
            self._is_unchanged(name, before[name], properties)
        self._no_lock_is_undone(locked)
        self._others_are_as_they_were(command)
        return fine

    def _up(self) -> bool:
        """An `up` without faults. Names that one resource passes on to another take one run for each, and each reports that."""
        for _ in self.engine.program or ("nothing",):
            if self._run("up"):
                return True
            if not all("run `pulumi up` again" in error for error in self.engine.errors):
                return False
        return False

    def _removed_by_us(self, id: str) -> bool:
        """Whether the last command removed the object."""
        return any(call.startswith("DELETE") and call.endswith(id) for call in self.proxy.writes)

    # What is left, and what stands in the way.

    def _left(self) -> dict[str, Resource]:
        """What a deletion policy left on the server, and nobody has removed or adopted since."""
        known = {each.id for each in self.engine.state.values()}
        return {key: each for key, each in self.left.items() if key not in known and not self._is_gone(each)}

    def _obstacles(self) -> set[Any]:
        """Identities that are taken by what is not in the state."""
        others = {(kind, KINDS[kind].key(made)) for (kind, _), made in self.others.items()}
        return others | {self._key(each) for each in self._left().values()}

    def _is_in_the_way(self, name: str, declared: Declared, obstacles: set[Any], makers: set[str]) -> bool:
        """Whether what the resource declares is taken, and not by what it will adopt when it is created."""
        have = self.engine.state.get(name)
        key = self._key(declared)
        if key not in obstacles:
            return False
        created = name not in makers if have is None else KINDS[have.kind].replaced and self._key(have) != key
        return not (created and declared.args.get("adopt"))

    def _blocked(self) -> bool:
        """Whether the program cannot come true: two resources of one identity, or a name that is somebody else's."""
        program = self.engine.program
        seen = [self._key(declared) for declared in program.values()]
        obstacles, makers = self._obstacles(), set(self._unsettled().values())
        taken = any(self._is_in_the_way(*each, obstacles, makers) for each in program.items())
        # What was removed cannot be granted anything, nor be given anything; nor can names be swapped in one run.
        gone = any(key in self.removed for _, key in seen)
        return len(seen) != len(set(seen)) or taken or gone or self._swaps()

    def _swaps(self) -> bool:
        """Whether a declared identity is held by another resource of the state at the moment."""
        held = {self._key(resource): name for name, resource in self.engine.state.items()}
        held.update(self._unsettled())
        program = {name: self._key(declared) for name, declared in self.engine.program.items()}
        for name in program:
            # Which resource waits for which: it ends at one that keeps its identity, or gets one that is free.
            waiting, current = {name}, name
            while (holder := held.get(program[current], current)) != current:
                if holder not in program:
                    if holder in self.engine.state and self.engine.program[current].args.get("adopt"):
                        break
                    return True
                if holder in waiting:
                    return True
                waiting.add(holder)
                current = holder
        return False

    def _unsettled(self) -> dict[Any, str]:
        """Names that the stack made and does not know yet, with the resource that did, by its pending create."""
        known = {
            *self.left,
            *(object_id for _, object_id in self.others),
            *(each.id for each in self.engine.state.values()),
        }
        pending = [json.loads(file.read_text()) for file in self.folder.glob("*.json")]
        found: dict[Any, str] = {}
        for kind, of_kind in self.kinds.items():
            for object_id in of_kind.live() - known if not of_kind.replaced else ():
                name = of_kind.truth(object_id)[of_kind.unique_by]
                makers = [
                    create["resource"].rsplit("/", 1)[1]
                    for create in pending
                    if create["id"] == object_id
                    or (create["id"] is None and create["identity"].get(of_kind.unique_by) == name)
                ]
                found[kind, name] = makers[0] if makers else "nobody"
        return found

    @staticmethod
    def _key(of: Declared | Resource) -> Any:
        return of.kind, KINDS[of.kind].key(of.args if isinstance(of, Declared) else of.outputs)

    def _truth(self, kind: str, object_id: str) -> dict[str, Any]:
        """How an object is that must exist."""
        try:
            return self.kinds[kind].truth(object_id)
        except httpx.HTTPStatusError as refused:
            raise AssertionError(f"{kind} {object_id} does not exist: {refused.response.text}") from None

    # The laws.

    def _is_so(self, name: str, resource: Resource) -> None:
        """What this very run wrote into the state. It says itself what it does not know."""
        unknown = resource.outputs.get("__unfinished", ())
        written = {key: value for key, value in resource.outputs.items() if key not in unknown}
        self._agrees(f"{name} is not as the state has it", written, self._truth(resource.kind, resource.id))
        if "active" in unknown:
            return
        shown = self.kinds[resource.kind].shown_as_active(resource.id)
        assert shown in (None, resource.outputs.get("active")), (
            f"reads, and tokens, have {name} otherwise than the state"
        )

    def _declared_as_before(self) -> dict[str, dict[str, Any]]:
        """The properties that the program declares as the state has them, with their values on the server."""
        found = {}
        for name, declared in self.engine.program.items():
            have = self.engine.state.get(name)
            if have is None or self._is_gone(have):
                continue
            unfinished = have.outputs.get("__unfinished", ())
            found[name] = {
                key: value
                for key, value in self._truth(have.kind, have.id).items()
                if key not in unfinished and _plain(have.inputs.get(key)) == _plain(declared.args.get(key))
            }
        return found

    def _is_unchanged(self, name: str, before: Resource, properties: dict[str, Any]) -> None:
        """What this very run had no reason to change, unless it has deleted or replaced the object."""
        have = self.engine.state.get(name)
        if have is None or have.id != before.id or self._is_gone(have):
            return
        truth = self._truth(have.kind, have.id)
        COUNTED["declared as before"] += len(properties)
        COUNTED["otherwise on the server"] += any(
            _plain(before.inputs.get(key)) not in (None, _plain(value)) for key, value in properties.items()
        )
        assert {key: truth[key] for key in properties} == properties, f"{name} was changed where the program did not"

    @staticmethod
    def _agrees(otherwise: str, properties: dict[str, Any], truth: dict[str, Any]) -> None:
        """What is left out of the properties is not managed, like the roles of a project."""
        shown = {name: properties[name] for name in truth if properties.get(name) is not None}
        shown = {name: sorted(value) if isinstance(value, list) else value for name, value in shown.items()}
        assert shown == {name: truth[name] for name in shown}, otherwise

    def _lost_is_lost(self, name: str, before: Resource | None, after: Resource) -> None:
        """What the report of an update of this very run said that people lose."""
        if before is None or before.id != after.id:
            return
        token = TOKENS[after.kind]
        planned = Planned(token, after.id, before.outputs, after.outputs)
        # An update that failed says itself what others may still have.
        lost = frozenset(RESOURCE_TYPES[token].impact.effect(planned).loses) - {*(after.outputs.get("__lost") or ())}
        if not lost:
            return
        COUNTED["roles lost"] += 1
        kept = self.kinds[after.kind].kept(after, lost)
        assert not kept, f"{name} lost {sorted(lost)}, and some still have it: {kept}"

    def _locked(self) -> set[str]:
        return {each for kind in self.kinds.values() if isinstance(kind, UserKind) for each in kind.locked()}

    def _no_lock_is_undone(self, before: set[str]) -> None:
        """Who was locked is locked, inactive or removed."""
        now = self.admin.users(self.home)
        COUNTED["locked users"] += len(before)
        for each in before & now.keys():
            assert now[each]["state"] != "USER_STATE_ACTIVE", f"user {each} was unlocked"

    def _is_gone(self, resource: Resource) -> bool:
        return self.kinds[resource.kind].is_gone(resource)

    def _ended_as_declared(self, name: str, resource: Resource) -> None:
        """What this very run deleted from the state."""
        policy = resource.outputs.get("deletion_policy", "remove")
        COUNTED[f"deleted: {policy}"] += 1
        if self._is_gone(resource):
            assert policy == "remove" or not self._removed_by_us(resource.id), f"{name} was removed against its policy"
            return
        assert policy != "remove", f"{name} was not removed"
        if policy == "deactivate":
            assert self._truth(resource.kind, resource.id).get("active") is False, f"{name} was not deactivated"
        else:
            end = f"/{resource.id}"
            written = [
                each for each in self.proxy.exchanges if each.writes and (each.org == resource.id or end in each.path)
            ]
            assert not written, f"{name} was to be left as it was"
        self.left[resource.id] = resource

    def _others_are_as_they_were(self, command: str) -> None:
        now = self.admin.organizations()
        own = now[self.own["id"]]
        assert (own["name"], own["state"]) == (self.own["name"], "ORG_STATE_ACTIVE"), "the credential's own was touched"
        assert self.admin.projects(own["id"]).keys() == self.own_projects, (
            "a project was made in the wrong organization"
        )
        for each in self.furniture - self.removed:
            assert now[each]["state"] == "ORG_STATE_ACTIVE"
        adopted = {self._key(each) for each in self.engine.program.values() if each.args.get("adopt")}
        known = {each.id for each in self.engine.state.values()}
        live = {kind: self.kinds[kind].live() for kind in {kind for kind, _ in self.others}}
        for (kind, object_id), made in list(self.others.items()):
            exists = object_id in live[kind]
            if (kind, KINDS[kind].key(made)) in adopted and command == "up":
                # It may be in the state, or only on the way there.
                assert exists or object_id in known
                del self.others[kind, object_id]
                if object_id not in known and exists:
                    self.others[kind, object_id] = self._truth(kind, object_id)
                continue
            assert exists, f"somebody else's {kind} was removed"
            assert self._truth(kind, object_id) == made, f"somebody else's {kind} was changed"

    def _as_declared(self) -> None:
        engine = self.engine
        assert set(engine.state) == set(engine.program)
        for name, declared in engine.program.items():
            truth = self._truth(declared.kind, engine.state[name].id)
            self._agrees(f"{name} is not as declared", declared.args, truth)
        self._exactly({(each.kind, each.id) for each in engine.state.values()})

    def _exactly(self, managed: set[tuple[str, str]]) -> None:
        """These objects exist, and besides them only what others made and what a deletion policy left."""
        left = {(each.kind, object_id) for object_id, each in self._left().items()}
        live = {(kind, object_id) for kind, of_kind in self.kinds.items() for object_id in of_kind.live()}
        assert live == {*managed, *left, *self.others}, "doubled or lost"


def _plain(value: Any) -> Any:
    """A list of roles is a set."""
    return sorted(value) if isinstance(value, list) else value
