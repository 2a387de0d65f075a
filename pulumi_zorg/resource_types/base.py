"""What a type of resource must define. Everything else is written once, for all types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import NotProven
from pulumi_zorg.inputs import Inputs
from pulumi_zorg.lifecycle import Snapshot, Step
from pulumi_zorg.models import Event, OrganizationRecord, UserGrantRecord
from pulumi_zorg.observed import Observed, Removal

__all__ = ["Observed", "ResourceType"]

AnyInputs = TypeVar("AnyInputs", bound=Inputs)


class ResourceType(Generic[AnyInputs]):
    """One type of resource: one model of inputs, and one set of endpoints.

    Each method that writes makes one call. It is only called after :meth:`find` has seen the object in an answer to
    the same organization header.
    """

    #: The type token, as it is in the state and in URNs.
    token: ClassVar[str]
    #: What an object of this type is called in a sentence.
    noun: ClassVar[str]
    inputs: type[AnyInputs]
    #: The inputs that an update changes in place, besides ``active``.
    updatable: ClassVar[tuple[str, ...]] = ()
    #: Inputs that the server fills in where a program leaves them out. Leaving them out is then no drift.
    server_defaults: ClassVar[tuple[str, ...]] = ()
    #: What `get` needs besides the id, and what a refresh needs to find the object.
    address: ClassVar[tuple[str, ...]] = ()
    #: The type of event that the life of every such object begins with.
    created_event: ClassVar[str]
    #: The types of event that change a property, by property.
    change_events: ClassVar[Mapping[str, tuple[str, ...]]]

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the inputs that a program must give."""
        return tuple(name for name, field in self.inputs.model_fields.items() if field.is_required())

    def title(self, inputs: AnyInputs, id: str) -> str:
        """The object in a sentence."""
        raise NotImplementedError

    def identity(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """The properties that make the object unique on the server; empty where one of them is not known yet."""
        raise NotImplementedError

    def desired(self, inputs: AnyInputs) -> Snapshot:
        """What the program declares."""
        return self.snapshot(inputs.dump())

    def snapshot(self, properties: Mapping[str, Any]) -> Snapshot:
        """The part of an object's properties that steps can change."""
        return Snapshot(bool(properties["active"]), {name: properties.get(name) for name in self.updatable})

    def properties(self, record: Any) -> dict[str, Any]:
        """Return what the API shows of an object as properties, in the state's form.

        Reads by id and lists both use it.

        :param record: the record of :mod:`pulumi_zorg.models` for this type.
        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        raise NotImplementedError

    def observed(self, record: OrganizationRecord | UserGrantRecord, warning: str | None = None) -> Observed:
        """Return the object that a record of the API shows.

        :param warning: what the user should know about the object, as a sentence.
        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        return Observed(self.token, record.id, self.properties(record), record.details.creation_date, warning)

    def find(self, client: Client, id: str, known: Mapping[str, Any]) -> Observed | Removal:
        """Return the object, or the proof that it was removed.

        :param known: what the state has of it, at least :attr:`address`.
        :raises NotProven: where neither can be shown.
        """
        raise NotImplementedError

    def find_visible(self, client: Client, id: str, known: Mapping[str, Any]) -> Observed | None:
        """Return the object if reads or events show it. For an id that came from a list or an event, which may be old."""
        try:
            found = self.find(client, id, known)
        except NotProven:
            return None
        return found if isinstance(found, Observed) else None

    def is_same(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether two resources' properties are those of one object. Unknown and secret values are never the same."""
        identity = self.identity(before)
        return bool(identity) and identity == self.identity(after)

    def find_existing(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return the id of the object that exists where this one would be created; None where none can be seen.

        Lists may lag, and no list has phantoms, so the event store is read too where the caller may read it.
        """
        raise NotImplementedError

    def is_create_of(self, event: Event, inputs: AnyInputs) -> bool:
        """Whether a :attr:`created_event` is that of an object with the identity of ``inputs``."""
        raise NotImplementedError

    def explain_conflict(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return why the server refuses to create the object although none of its identity exists, as a sentence."""
        return None

    def before_create(self, client: Client, inputs: AnyInputs) -> None:
        """Verify what must hold before the first write."""

    def guard(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """Raise where a step must not be taken. Called before each step."""

    def create(self, client: Client, inputs: AnyInputs) -> str:
        """Create an active object and return its id."""
        raise NotImplementedError

    def perform(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """Perform one step with one call."""
        raise NotImplementedError
