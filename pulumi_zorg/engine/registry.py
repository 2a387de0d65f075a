"""Which resource of the program manages which object in this run: one object, one resource.

The engine's host passes no URN to a provider. Without knowing which resource is which, one resource could remove what
another one has just adopted: an organization whose resource is renamed in the program is adopted under the new name,
and then the engine deletes the resource of the old name.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from pulumi_zorg.errors import NameTaken, clean
from pulumi_zorg.resource_types.inputs import UNDER, Offer
from pulumi_zorg.world.tokens import Key

__all__ = ["Registry", "display_name"]

_Identity = tuple[tuple[str, str], ...]


class Registry:
    """The resources that this run has seen, and the objects that they manage.

    A resource is named ``organization/project/stack/type/name``, followed by its parent's URN where it has one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._declared_by: dict[_Identity, str] = {}
        self._manager_of: dict[Key, str] = {}
        self._offers: dict[tuple[str, str], tuple[Offer, frozenset[str]]] = {}
        self._offered_by: dict[str, Offer] = {}
        self._recorded: set[str] = set()
        self._created: set[str] = set()
        self._adopted: dict[str, str] = {}

    def register(self, resource: str, identity: Mapping[str, str], *, new: bool) -> str | None:
        """Remember what the resource declares. Return the other resource that declares the same object, if one does.

        :param identity: what makes the object unique on the server; empty where a part of it is not known yet.
        :param new: whether the engine is about to create or replace the resource, so that it manages no object any more.
        """
        with self._lock:
            if new:
                self._manager_of = {held: manager for held, manager in self._manager_of.items() if manager != resource}
            else:
                self._recorded.add(resource)
            if not identity:
                return None
            first = self._declared_by.setdefault(_key(identity), resource)
            return None if first == resource else first

    def resource(self, identity: Mapping[str, str]) -> str | None:
        """The resource that declares the object."""
        with self._lock:
            return self._declared_by.get(_key(identity))

    def bind(self, resource: str, key: Key) -> None:
        """The resource manages the object from now on.

        :raises NameTaken: where another resource of this run manages it.
        """
        with self._lock:
            manager = self._manager_of.setdefault(key, resource)
        if manager != resource:
            raise NameTaken(
                f"{display_name(resource)} and {display_name(manager)} both manage {clean(key.id)}, and only one resource can manage "
                "an object. Take one of the two out of the program. If both are in the state, take that one out of it: "
                "`pulumi state delete` with its URN deletes nothing on the server."
            )

    def offer(self, id: str, offered: Offer, taken: frozenset[str]) -> None:
        """Remember which roles a resource lets others give from this run on.

        :param taken: the roles that the run takes out of its object.
        """
        with self._lock:
            self._offers[offered.reference, id] = offered, taken

    def offers(self) -> dict[tuple[str, str], tuple[Offer, frozenset[str]]]:
        """Return what :meth:`offer` was given, by the property that has the id, and the id."""
        with self._lock:
            return dict(self._offers)

    def declares(self, resource: str, offered: Offer) -> None:
        """Remember which roles a resource declares that others may give."""
        with self._lock:
            self._offered_by[resource] = offered

    def offered_by(self, resource: str) -> Offer | None:
        """Return what :meth:`declares` was given."""
        with self._lock:
            return self._offered_by.get(resource)

    def creates(self, resource: str) -> None:
        """Remember in a preview that the run creates the resource's object.

        That of a resource which the run replaces is none of these: its deletion policy may keep it, and people may have access to it.
        """
        with self._lock:
            if resource not in self._recorded:
                self._created.add(resource)

    def takes_back(self, resource: str) -> None:
        """Remember in a preview that the resource's object may exist, and is taken back then: its resource is replaced."""
        with self._lock:
            self._created.discard(resource)

    def is_created(self, resource: str | None) -> bool:
        """Whether the run creates the resource's object, and adopts none. See :meth:`creates`."""
        with self._lock:
            return resource in self._created

    def adopts(self, resource: str, id: str) -> None:
        """Remember in a preview which object the resource adopts."""
        with self._lock:
            self._adopted[resource] = id

    def adopted_by(self, resource: str) -> str | None:
        """Return the id of the object that the resource adopts; None where none is known. See :meth:`adopts`."""
        with self._lock:
            return self._adopted.get(resource)

    def release(self, resource: str, key: Key) -> None:
        """The resource does not manage the object."""
        with self._lock:
            if self._manager_of.get(key) == resource:
                del self._manager_of[key]

    def manager(self, key: Key) -> str | None:
        """The resource of this run that manages the object, if one does."""
        with self._lock:
            return self._manager_of.get(key)


def display_name(resource: str) -> str:
    """The resource in a sentence, like ``Organization 'acme'``."""
    parts = resource.partition(UNDER)[0].split("/", 4)
    return f"{parts[3]} {clean(parts[4])!r}" if len(parts) == 5 else clean(resource)


def _key(identity: Mapping[str, str]) -> _Identity:
    return tuple(sorted(identity.items()))
