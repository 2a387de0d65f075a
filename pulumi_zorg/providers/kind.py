"""What a kind of object must tell about itself, so that everything else is written once for all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import NotProven
from pulumi_zorg.inputs import Inputs
from pulumi_zorg.lifecycle import Snapshot, Step
from pulumi_zorg.models import Details
from pulumi_zorg.proof import Removal

__all__ = ["Kind", "Sighting"]

AnyInputs = TypeVar("AnyInputs", bound=Inputs)


@dataclass(frozen=True)
class Sighting:
    """An object that exists, as it was found.

    :param values: its properties as they stand in the state, inputs and outputs.
    :param snapshot: the same for :mod:`pulumi_zorg.lifecycle`.
    :param warning: what the user should know about it, as a sentence.
    """

    id: str
    values: Mapping[str, Any]
    snapshot: Snapshot
    details: Details
    warning: str | None = None


class Kind(Generic[AnyInputs]):
    """One kind of object: one model of inputs, and one set of endpoints.

    The methods that write are each one call, and are only called after :meth:`find` has seen the object in an
    answer to the same organization header.
    """

    #: Its type as it stands in the state and in URNs.
    token: ClassVar[str]
    #: What it is called in a sentence.
    noun: ClassVar[str]
    inputs: type[AnyInputs]
    #: Inputs that the server fills in where a program leaves them out; leaving them out is then no drift.
    left_to_server: ClassVar[tuple[str, ...]] = ()
    #: What `get` must be told beside the id, and what a refresh needs to find the object.
    address: ClassVar[tuple[str, ...]] = ()

    def title(self, inputs: AnyInputs, id: str) -> str:
        """The object in a sentence."""
        raise NotImplementedError

    def identity(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """What makes the object unique on the server, by property; empty where that is not all known yet."""
        raise NotImplementedError

    def wanted(self, inputs: AnyInputs) -> Snapshot:
        """What is declared."""
        raise NotImplementedError

    def find(self, client: Client, id: str, known: Mapping[str, Any]) -> Sighting | Removal:
        """The object, or the proof that it is gone.

        :param known: what the state has of it, at least :attr:`address`.
        """
        raise NotImplementedError

    def seen(self, client: Client, id: str, known: Mapping[str, Any]) -> Sighting | None:
        """The object, if it is there to be seen: for what a list, or an event, says is there."""
        try:
            found = self.find(client, id, known)
        except NotProven:
            return None
        return found if isinstance(found, Sighting) else None

    def is_same(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether two resources' properties are those of one object. What is not known, or secret, is not the same as
        something else that is not known."""
        identity = self.identity(before)
        return bool(identity) and identity == self.identity(after)

    def find_like(self, client: Client, inputs: AnyInputs) -> str | None:
        """The id of the object that stands where this one would be created; None where none is seen.

        Lists may lag, and phantoms are in no list, so that the event store is asked too where that is permitted.
        """
        raise NotImplementedError

    #: The kind of event that every object of this kind begins with.
    begins_with: ClassVar[str]

    def before_create(self, client: Client, inputs: AnyInputs) -> None:
        """What must be made sure of before the first write."""

    def guard(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """Is asked before each step; raises where the step must not be taken."""

    def create(self, client: Client, inputs: AnyInputs) -> str:
        """Creates an active object and gives its id."""
        raise NotImplementedError

    def perform(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """One step, one call."""
        raise NotImplementedError
