"""Which resource of the program manages which object in this run: one object, one resource.

The engine's host passes no URN to a provider. Without knowing which resource is which, one resource could remove what
another one has just adopted: an organization whose resource is renamed in the program is adopted under the new name,
and then the engine deletes the resource of the old name.

Hooks run in parallel, so what they share is changed by single operations on a dictionary.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.errors import NameTaken, clean
from pulumi_zorg.resource_types.inputs import UNDER, Offer, RoleUse
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.resource_types.registry import INPUTS
from pulumi_zorg.world.observed import Key

_UniqueKey = tuple[tuple[str, str], ...]


@dataclass
class Declared:
    """What this run was shown of one resource of the program.

    :ivar before: what it declared before this run: the inputs in the state. None of a resource that was not checked.
    :ivar ignored: the properties that its option ``ignore_changes`` names.
    :ivar in_state: whether the state has it.
    :ivar is_created: in a preview: whether the run creates its object. A replacement's may exist: its deletion policy may have
        kept it, and people may have access to it.
    :ivar adopts: in a preview: the id of the object that it adopts, where that is known.
    :ivar offers: in a preview: the roles that it lets others give.
    """

    before: Mapping[str, Any] | None = None
    ignored: frozenset[str] = frozenset()
    in_state: bool = False
    is_created: bool = False
    adopts: str | None = None
    offers: Offer | None = None


@dataclass
class InState:
    """An object that the state had when this run began. It may be kept when its resource is replaced.

    :ivar deactivated: whether the deletion of its resource has deactivated it. Of a deletion in an earlier run, whether the state
        has it as active.
    """

    id: str
    deactivated: bool


class ManagedObjects:
    """The resources that this run has seen, and the objects that they manage.

    A resource is named ``organization/project/stack/type/name``, followed by its parent's URN where it has one.
    """

    def __init__(self) -> None:
        self._declared: dict[str, Declared] = {}
        self._declared_by: dict[tuple[str, _UniqueKey], str] = {}
        self._holder_of: dict[Key, str] = {}
        self._held_by: dict[str, dict[Key, None]] = {}
        self._in_state: dict[tuple[str, _UniqueKey], InState] = {}
        #: The roles that an object lets others give from this run on, and those that the run takes out of it, by the property that
        #: has its id, and the id.
        self.offers: dict[tuple[str, str], tuple[Offer, frozenset[str]]] = {}

    def declared(self, resource: str | None) -> Declared:
        """Return what is known of a resource: nothing yet of one that was not checked."""
        return Declared() if resource is None else self._declared.setdefault(resource, Declared())

    def register(self, resource: str, token: str, unique_key: Mapping[str, str], *, new: bool) -> str | None:
        """Remember what the resource declares. Return the other resource that declares the same object, if one does.

        :param token: its type token.
        :param unique_key: what makes the object unique on the server; empty where a part of it is not known yet.
        :param new: whether the engine is about to create or replace the resource, so that it manages no object any more.
        """
        if new:
            for key in tuple(self._held_by.get(resource, ())):
                self.release(resource, key)
        else:
            self.declared(resource).in_state = True
        first = self._declared_by.setdefault((token, _key(unique_key)), resource) if unique_key else resource
        return None if first == resource else first

    def resource(self, token: str, unique_key: Mapping[str, str]) -> str | None:
        """Return the resource of a type that declares the object."""
        return self._declared_by.get((token, _key(unique_key)))

    def bind(self, resource: str, key: Key) -> None:
        """Make the resource the object's holder.

        :raises NameTaken: where another resource of this run manages it.
        """
        holder = self._holder_of.setdefault(key, resource)
        if holder != resource:
            raise NameTaken(
                f"{display_name(resource)} and {display_name(holder)} both manage {clean(key.id)}, and only one resource can manage "
                "an object. Take one of the two out of the program. If both are in the state, take that one out of it: "
                "`pulumi state delete` with its URN deletes nothing on the server."
            )
        self._held_by.setdefault(resource, {})[key] = None

    def release(self, resource: str, key: Key) -> None:
        """Leave the object without a holder, if the resource manages it."""
        if self._holder_of.get(key) == resource:
            self._holder_of.pop(key, None)
            self._held_by.get(resource, {}).pop(key, None)

    def holder(self, key: Key, other_than: str | None = None) -> str | None:
        """Return the resource of this run that manages the object, if another one than the given one does."""
        holder = self._holder_of.get(key)
        return None if holder == other_than else holder

    def why_roles_are_taken(self, use: RoleUse) -> str | None:
        """Return why a resource cannot give roles that this run takes out of another resource; None where it takes none."""
        for of in (("project_id", use.project_id), ("project_grant_id", use.project_grant_id or "")):
            offered, taken = self.offers.get(of, (None, frozenset[str]()))
            reason = _not_offered(offered, [key for key in use.keys if key in taken])
            if reason is not None:
                return f"{reason}. This program takes the role out of it, and so out of this resource: take it out of role_keys too"
        return None

    def why_roles_are_not_declared(self, keys: Collection[str], declared_by: Mapping[str, str]) -> str | None:
        """Return in a preview why a resource cannot give roles of what the same program creates; None where it can.

        :param declared_by: which resources have the ids that its properties name, by property. Only those whose ids are not known.
        """
        for name, resource in declared_by.items():
            offered = self.declared(resource).offers
            if offered is not None and offered.reference == name:
                reason = _not_offered(offered, [key for key in keys if key not in offered.keys])
                if reason is not None:
                    return reason
        return None

    def may_be_kept(self, token: str, id: str, recorded: Mapping[str, Any]) -> InState:
        """Remember that the state has this object. Where it still exists when its own resource creates it again, that takes it back.

        :param token: the type token.
        :param recorded: what the state has of it.
        """
        kept = recorded.get("deletion_policy") == DeletionPolicy.DEACTIVATE.value
        found = InState(id, kept and recorded.get("active") is True)
        unique_key = INPUTS[token].unique_key(recorded)
        if unique_key:
            self._in_state[token, _key(unique_key)] = found
        return found

    def kept(self, token: str, unique_key: Mapping[str, str]) -> InState | None:
        """Return the object of this key that the state had when this run began, as far as it was shown."""
        return self._in_state.get((token, _key(unique_key)))


def display_name(resource: str) -> str:
    """Return the resource in a sentence, like ``Organization 'acme'``."""
    parts = resource.partition(UNDER)[0].split("/", 4)
    return f"{parts[3]} {clean(parts[4])!r}" if len(parts) == 5 else clean(resource)


def _not_offered(offered: Offer | None, missing: Collection[str]) -> str | None:
    if offered is None or not missing:
        return None
    from pulumi_zorg.resource_types.role_use import has_not  # it loads pydantic

    return f"cannot be given: {has_not(offered.title, missing, offered.keys)}"


def _key(unique_key: Mapping[str, str]) -> _UniqueKey:
    return tuple(sorted(unique_key.items()))
