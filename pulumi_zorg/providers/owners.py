"""Which resource of the program stands for which object, as the hooks of this run have told.

The host passes no URN on, and without knowing who is who, one resource could do away with what another one has just
taken over: an organization whose resource is called otherwise in the program is adopted under the new name, and then
the engine deletes the resource of the old one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from pulumi_zorg.errors import clean
from pulumi_zorg.inputs import UNDER

__all__ = ["Owners", "named"]


class Owners:
    """The resources of one run. A resource is named ``project/stack/kind/name``, and with its parent where it has one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_identity: dict[tuple[tuple[str, str], ...], str] = {}
        self._of_id: dict[str, str] = {}
        self._leaving: dict[str, str] = {}
        self._also: dict[tuple[tuple[str, str], ...], str] = {}
        self._anew: set[str] = set()
        self._heard = 0.0  # when the program last said something

    def claim(self, identity: Mapping[str, str], owner: str, *, anew: bool) -> str | None:
        """Remembers who declares the object; gives the other resource where there is one already.

        :param identity: what makes the object unique on the server; empty where that is not all known yet.
        :param anew: whether the engine is about to create the resource, so that what it stood for until now, if
            anything, is about to be replaced.
        """
        with self._lock:
            self._heard = time.monotonic()
            if anew:
                self._anew.add(owner)
                self._of_id = {held: whose for held, whose in self._of_id.items() if whose != owner}
            if not identity:
                return None
            first = self._of_identity.setdefault(_key(identity), owner)
            if first == owner:
                return None
            self._also[_key(identity)] = owner
            return first

    def also(self, identity: Mapping[str, str]) -> str | None:
        """The second resource that declares the object, which is one too many."""
        with self._lock:
            return self._also.get(_key(identity))

    def of(self, identity: Mapping[str, str]) -> str:
        """Who declares the object."""
        with self._lock:
            # A state of a program that does not say who it is: the object itself must do.
            return self._of_identity.get(_key(identity), f"?/{sorted(identity.items())}")

    def declares(self, owner: str) -> bool:
        """Whether the program has that resource, as far as it has run."""
        with self._lock:
            return owner in self._of_identity.values()

    def keeps(self, identity: Mapping[str, str], id: str) -> None:
        """The resource goes on standing for the object that it stood for before this run, unless another has adopted it."""
        with self._lock:
            owner = self._of_identity.get(_key(identity)) if identity else None
            if owner is not None and owner not in self._anew:
                self._of_id.setdefault(id, owner)

    def leaves(self, identity: Mapping[str, str], id: str) -> None:
        """The object that the resource stood for before this run is about to be replaced by another."""
        with self._lock:
            owner = self._of_identity.get(_key(identity)) if identity else None
            if owner is not None:
                self._leaving[id] = owner

    def stands_for(self, owner: str, id: str) -> None:
        """The resource has created the object, or adopted it."""
        with self._lock:
            self._of_id[id] = owner

    def lets_go(self, owner: str, id: str) -> None:
        """It was another object than the one that the resource has created."""
        with self._lock:
            if self._of_id.get(id) == owner:
                del self._of_id[id]

    def silent_for(self) -> float:
        """Seconds since the program last declared something."""
        with self._lock:
            return time.monotonic() - self._heard

    def holder(self, id: str) -> str | None:
        """The resource that stands for the object; None where no resource of this program is known to."""
        with self._lock:
            return self._of_id.get(id)

    def last_holder(self, id: str) -> str | None:
        """The same, or the resource that is about to replace the object."""
        with self._lock:
            return self._of_id.get(id) or self._leaving.get(id)


def named(owner: str) -> str:
    """The resource in a sentence, like ``Organization 'acme'``."""
    owner = owner.partition(UNDER)[0]
    kind, _, name = owner.partition("/")[2].partition("/")[2].partition("/")
    return f"{kind} {clean(name)!r}" if name else clean(owner)


def _key(identity: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(identity.items()))
