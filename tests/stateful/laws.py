"""What must hold, whatever happens. Looked at after each command:

- nothing is forgotten: what left the state in a refresh was really removed;
- nothing is doubled or lost: after a clean refresh and `up`, what the stack made is on the server exactly once, in the state,
  or left there by a deletion policy;
- declared equals found: and it is as the program declares it;
- what an `up` wrote into the state was so, however the run ended;
- what was deleted is as its deletion policy requires, unless another resource manages it;
- what others made is as they left it, unless the program sets `adopt`; the credential's own and the default organization
  are active;
- a command that writes nothing (a refresh) wrote nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pulumi_zorg.testing import AdminClient, FaultProxy
from tests.stateful.engine import Declared, MiniEngine, Resource

#: How much of what has run, over all examples.
COUNTED: Counter[str] = Counter()


class Laws:
    """An example, as the laws see it."""

    engine: MiniEngine
    proxy: FaultProxy
    console: AdminClient
    #: Is in the name of everything that belongs to the example.
    tag: str
    folder: Path
    #: The organization with the project, the users and the grants.
    home: str
    #: The organization of the credential.
    own: dict[str, Any]
    users: list[str]
    removed_users: set[str]
    #: What others made: by organization, name and whether it is active.
    others: dict[str, tuple[str, bool]]
    #: What a deletion policy left on the server.
    left: dict[str, Resource]

    # The commands.

    def _run(self, command: str) -> bool:
        COUNTED["commands"] += 1
        before = dict(self.engine.state)
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
            known = {resource.id for resource in self.engine.state.values()}
            for name, resource in before.items():
                if resource.id not in known:
                    self._ended_as_declared(name, resource)
            for name, resource in self.engine.state.items() if command == "up" else ():
                declared = self.engine.program.get(name)
                if declared is not None and self._key(declared.args) == self._key(resource.outputs):
                    assert not self._removed_by_us(resource.id), "an object that another resource manages was removed"
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
        return {name for name, _ in self.others.values()} | {self._key(each.outputs) for each in self._left().values()}

    def _is_in_the_way(self, name: str, declared: Declared, obstacles: set[Any], makers: set[str]) -> bool:
        """Whether what the resource declares is taken, and not by what it will adopt when it is created."""
        have = self.engine.state.get(name)
        key = self._key(declared.args)
        if key not in obstacles:
            return False
        created = name not in makers if have is None else have.kind == "grant" and self._key(have.outputs) != key
        return not (created and declared.args.get("adopt"))

    def _blocked(self) -> bool:
        """Whether the program cannot come true: two resources of one identity, or a name that is somebody else's."""
        seen: list[Any] = []
        for declared in self.engine.program.values():
            seen.append(self._key(declared.args))
        obstacles, makers = self._obstacles(), set(self._unsettled().values())
        taken = any(self._is_in_the_way(*each, obstacles, makers) for each in self.engine.program.items())
        # A user that was removed cannot be granted anything; nor can names be swapped in one run.
        gone = {d.args["user_id"] for d in self.engine.program.values() if d.kind == "grant"} - set(self.users)
        return len(seen) != len(set(seen)) or taken or bool(gone) or self._swaps()

    def _swaps(self) -> bool:
        """Whether a declared identity is held by another resource of the state at the moment."""
        held = {self._key(resource.outputs): name for name, resource in self.engine.state.items()}
        held.update(self._unsettled())
        program = {name: self._key(declared.args) for name, declared in self.engine.program.items()}
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
        """Names of organizations that the stack made and does not know yet, with the resource whose pending create names it."""
        known = {self.home, *self.others, *self.left, *(each.id for each in self.engine.state.values())}
        pending = [json.loads(file.read_text()) for file in self.folder.glob("*.json")]
        found: dict[Any, str] = {}
        for org_id, each in self.console.organizations().items():
            if self.tag in each["name"] and org_id not in known:
                makers = [
                    create["resource"].rsplit("/", 1)[1]
                    for create in pending
                    if create["id"] == org_id or (create["id"] is None and create["identity"] == {"name": each["name"]})
                ]
                found[each["name"]] = makers[0] if makers else "nobody"
        return found

    @staticmethod
    def _key(properties: dict[str, Any]) -> Any:
        return properties.get("name") or (properties.get("user_id"), "grant")

    # The laws.

    def _is_so(self, name: str, resource: Resource) -> None:
        """What this very run wrote into the state."""
        outputs = resource.outputs
        if resource.kind == "org":
            found = self.console.organization(resource.id)
            so = (found["name"], found.get("state") == "ORG_STATE_ACTIVE")
            assert (outputs["name"], outputs["active"]) == so, f"{name} is not as the state has it"
        else:
            roles, active = self._grant_by_events(resource.id)
            assert (set(outputs["role_keys"]), outputs["active"]) == (set(roles), active), (
                f"{name} is not as the state has it"
            )

    def _is_active(self, resource: Resource) -> bool:
        if resource.kind == "org":
            return bool(self.console.organization(resource.id).get("state") == "ORG_STATE_ACTIVE")
        return self._grant_by_events(resource.id)[1]

    def _is_gone(self, resource: Resource) -> bool:
        if resource.outputs.get("user_id") in self.removed_users:
            return True  # a phantom goes with its user without an event of its own
        kinds = ("org.removed",) if resource.kind == "org" else ("user.grant.removed", "user.grant.cascade.removed")
        return bool(self._events(aggregateId=resource.id, eventTypes=kinds))

    def _ended_as_declared(self, name: str, resource: Resource) -> None:
        """What this very run deleted from the state."""
        policy = resource.outputs.get("deletion_policy", "remove")
        COUNTED[f"deleted: {policy}"] += 1
        if self._is_gone(resource):
            assert policy == "remove" or not self._removed_by_us(resource.id), f"{name} was removed against its policy"
            return
        assert policy != "remove", f"{name} was not removed"
        if policy == "deactivate":
            assert not self._is_active(resource), f"{name} was not deactivated"
        else:
            end = f"/{resource.id}"
            written = [
                each for each in self.proxy.exchanges if each.writes and (each.org == resource.id or end in each.path)
            ]
            assert not written, f"{name} was to be left as it was"
        self.left[resource.id] = resource

    def _others_are_as_they_were(self, command: str) -> None:
        now = self.console.organizations()
        own = now[self.own["id"]]
        assert (own["name"], own["state"]) == (self.own["name"], "ORG_STATE_ACTIVE"), "the credential's own was touched"
        assert now[self.home]["state"] == "ORG_STATE_ACTIVE"
        adopted = {
            each.args["name"] for each in self.engine.program.values() if each.kind == "org" and each.args.get("adopt")
        }
        known = {each.id for each in self.engine.state.values()}
        for org_id, (name, active) in list(self.others.items()):
            found = now.get(org_id)
            if name in adopted and command == "up":
                # It may be in the state, or only on the way there.
                assert found is not None or org_id in known
                del self.others[org_id]
                if org_id not in known and found is not None:
                    self.others[org_id] = (found["name"], found["state"] == "ORG_STATE_ACTIVE")
                continue
            assert found is not None, "somebody else's organization was removed"
            assert (found["name"], found["state"] == "ORG_STATE_ACTIVE") == (name, active)

    def _as_declared(self) -> None:
        engine = self.engine
        assert set(engine.state) == set(engine.program)
        now = self.console.organizations()
        left = self._left()
        mine = {each for each, found in now.items() if self.tag in found["name"]} - {self.home, *self.others, *left}
        assert mine == {each.id for each in engine.state.values() if each.kind == "org"}, "doubled or lost"
        for name, declared in engine.program.items():
            resource = engine.state[name]
            if declared.kind == "org":
                found = now[resource.id]
                assert found["name"] == declared.args["name"]
                assert (found["state"] == "ORG_STATE_ACTIVE") == declared.args["active"]
            else:
                roles, active = self._grant_by_events(resource.id)
                assert set(roles) == set(declared.args["role_keys"])
                assert active == declared.args["active"]
        grants = self._live_grants() - set(left)
        assert grants == {each.id for each in engine.state.values() if each.kind == "grant"}, "doubled or lost"

    def _events(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.console.call(
            "POST", "/admin/v1/events/_search", {"asc": True, "limit": 1000, **query}
        ).get("events", [])
        return found

    def _grant_by_events(self, grant_id: str) -> tuple[list[str], bool]:
        """The truth about a grant, phantom or not."""
        roles: list[str] = []
        active = True
        for event in self._events(aggregateId=grant_id):
            kind = event["type"]["type"]
            if kind in ("user.grant.added", "user.grant.changed", "user.grant.cascade.changed"):
                roles = event.get("payload", {}).get("roleKeys") or []
            elif kind.endswith("deactivated"):
                active = False
            elif kind.endswith("reactivated"):
                active = True
        return roles, active

    def _live_grants(self) -> set[str]:
        live: set[str] = set()
        for event in self._events(resourceOwner=self.home, aggregateTypes=["usergrant"]):
            kind, grant_id = event["type"]["type"], event["aggregate"]["id"]
            if kind == "user.grant.added" and event["payload"]["userId"] not in self.removed_users:
                live.add(grant_id)
            elif kind.endswith("removed"):
                live.discard(grant_id)
        return live
