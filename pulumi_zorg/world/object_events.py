"""Which events of ZITADEL's event store belong to an object. Pure: no I/O.

Each resource type declares its events with :class:`ObjectEvents`. Proof, drift and previews work on these declarations.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pulumi_zorg.api.records import Event
from pulumi_zorg.errors import clean
from pulumi_zorg.world.observed import Address, Key

#: The event by which an organization is removed, with all that it contains.
ORG_REMOVED = "org.removed"


@dataclass(frozen=True, kw_only=True)
class _Logged:
    """Where the event store and the change logs have the events of an object.

    :param payload_id: the field of the payload with the object's id; None where that is the aggregate's id.
    :param aggregate: the property that holds the aggregate's id; None where that is the object's id.
    :param log: the path of the object's change log, for callers who may not read the event store; None without one.
    """

    payload_id: str | None = None
    aggregate: str | None = None
    log: str | None = None

    def subject(self, event: Event) -> str:
        """Return the id of the object that the event is about."""
        return event.aggregate.id if self.payload_id is None else str(event.payload.get(self.payload_id, ""))


@dataclass(frozen=True)
class Parent(_Logged):
    """An object whose removal removes others, without an event of their own.

    The organization in which an object was made (``org_id``) is a parent too. It is not declared: it is one of every object.

    :param property: the property that holds the parent's id.
    :param noun: what the parent is called in a sentence.
    :param removed: the type of the event that removes the parent.
    :param created: the types of the events that create it. They name the organization that it lives in, and with which it
        is removed.
    """

    property: str
    noun: str
    removed: str
    created: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectEvents(_Logged):
    """The events of the objects of one type.

    :param created: the types of the events that create an object.
    :param removed: the types of the events that remove it.
    :param changes: the types of the events that change a property, by property. Of ``active``, first the one that deactivates.
    :param halts: those of them after which an object is neither active nor inactive.
    :param payload: the fields of the payloads that are properties, by property. The creating event has those that a create
        sets, and an event that changes an object those that it changes.
    :param set_whole: the same for properties that every event that changes them sets whole. An empty value is left out there.
    :param not_listed: the properties that no list shows. They are read from the event store, or by id.
    :param parents: the objects with which an object is removed, besides its organization.
    """

    created: tuple[str, ...]
    removed: tuple[str, ...]
    changes: Mapping[str, tuple[str, ...]]
    halts: tuple[str, ...] = ()
    payload: Mapping[str, str] = field(default_factory=dict)
    set_whole: Mapping[str, str] = field(default_factory=dict)
    not_listed: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()

    @cached_property
    def life(self) -> tuple[str, ...]:
        """All types of event of an object."""
        changes = (kind for kinds in self.changes.values() for kind in kinds)
        return tuple(dict.fromkeys((*self.created, *changes, *self.removed)))

    @property
    def state_changes(self) -> tuple[str, ...]:
        """The types of event that deactivate or reactivate an object."""
        return self.changes.get("active", ())

    @property
    def removed_only_with(self) -> str:
        """How an object whose removal the server lost can still be removed, as a sentence."""
        *nouns, last = *(f"its {each.noun}" for each in self.parents), "its organization"
        return f"It is removed only with {', '.join(nouns)} or {last}." if nouns else f"It is removed only with {last}."

    def key(self, token: str, event: Event) -> Key:
        """Return what is unique of the object that the event is about.

        :param token: the type token of these events.
        """
        return Key(token, self.subject(event), event.aggregate.id if self.aggregate else "")

    def changes_property(self, event: Event, property: str) -> bool:
        """Whether the event changes the property."""
        field = self.payload.get(property)
        return event.kind in self.changes.get(property, ()) and (field is None or field in event.payload)

    def gives(self, event: Event, property: str, value: Any) -> bool | None:
        """Whether an event that changes the property gives it this value; None where its payload does not show that.

        An object that is neither active nor inactive has None as ``active``.
        """
        if property == "active":
            if event.kind in self.halts:
                return value is None
            return None if value is None else bool((event.kind != self.changes[property][0]) == value)
        if property in self.set_whole:
            return set(event.payload.get(self.set_whole[property]) or ()) == set(value or ())
        shown = event.payload.get(self.payload.get(property, ""))
        return bool(shown == value) if type(shown) is type(value) else None

    def are_shown(self, events: Sequence[Event], properties: Mapping[str, Any]) -> bool:
        """Whether an entry of a list shows what these events made of the object: the last one of each property gives what it has.

        :param events: oldest first, without those of the create. One that removes the object is never shown.
        :param properties: what the entry shows.
        """
        last = {name: each for each in events for name in self.changes if self.changes_property(each, name)}
        return not any(each.kind in self.removed for each in events) and all(
            name in self.not_listed or self.gives(each, name, properties.get(name)) for name, each in last.items()
        )

    def aggregate_of(self, id: str, address: Address) -> str | None:
        """Return the id of the aggregate that has an object's events; None for the instance."""
        return id if self.aggregate is None else address.ids.get(self.aggregate, "")

    def properties_in(self, event: Event) -> dict[str, Any]:
        """Return the properties that the creating event shows, and the object's organization."""
        found = {name: event.payload.get(field) for name, field in self.payload.items()}
        found["org_id"] = event.aggregate.resource_owner
        if self.aggregate is not None:
            found[self.aggregate] = event.aggregate.id
        return {name: value for name, value in found.items() if value}

    def removed_with(self, event: Event, ids: Mapping[str, Any], organizations: Collection[str]) -> str | None:
        """Return the parent whose removal the event is, if the object is removed with it; else None.

        :param ids: the ids of the object's parents, by property.
        :param organizations: the organizations of the object and of its parents, as far as they are known.
        """
        for parent in self.parents:
            subject = parent.subject(event)
            if event.kind == parent.removed and subject and subject == ids.get(parent.property):
                return f"its {parent.noun} {clean(subject)}"
        if event.kind == ORG_REMOVED and event.aggregate.id in organizations:
            return f"organization {clean(event.aggregate.id)}"
        return None
