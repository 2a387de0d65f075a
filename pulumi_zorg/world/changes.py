"""What the event store shows of many objects: which of them were changed or removed, and their last change of state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.records import Event
from pulumi_zorg.errors import ApiError, clean
from pulumi_zorg.world.object_events import ORG_REMOVED, ObjectEvents
from pulumi_zorg.world.observed import ACTIVE, Key, Observed, Removal, Sought
from pulumi_zorg.world.proof import removal

if TYPE_CHECKING:  # the types are built on this package
    from pulumi_zorg.resource_types.resource_type import ResourceType

#: Lists are assumed to lag behind the event store by no more than this.
LONGEST_LAG = timedelta(minutes=2)

_EVENTS_IN_A_CALL = 1_000


class Changes:
    """The events of one instance, as far as they are about objects of these types."""

    def __init__(self, client: Client, types: Mapping[str, ResourceType[Any]]) -> None:
        self._client, self._types = client, types
        self._parents = [parent for each in types.values() for parent in each.events.parents]
        self._recent: dict[str, tuple[Event, ...] | None] = {}

    def since(self, moment: datetime) -> tuple[Event, ...] | None:
        """Return the events by which objects can change after a moment of the server's clock, oldest first.

        None where they cannot all be read: more happened at one moment than one answer holds.

        :raises ApiError: for a caller who may not read the event store.
        """
        own = {kind for each in self._types.values() for kind in each.events.life}
        return self._client.events.since(moment, {*own, ORG_REMOVED, *(each.removed for each in self._parents)})

    def recent(self) -> tuple[Event, ...] | None:
        """Return the events that lists may not show yet. See :meth:`since`."""
        return self.since(self._before_lag())

    def recent_of(self, type: ResourceType[Any]) -> tuple[Event, ...] | None:
        """Return those by which objects of one type can change, read once in a run. What a list answers is true at that moment."""
        if type.token not in self._recent:
            kinds = {*type.events.life, ORG_REMOVED, *(each.removed for each in type.events.parents)}
            self._recent[type.token] = self._client.events.since(self._before_lag(), kinds)
        return self._recent[type.token]

    def _before_lag(self) -> datetime:
        return datetime.fromtimestamp(self._client.transport.server_time(), timezone.utc) - LONGEST_LAG

    def affected(
        self, events: Sequence[Event] | None, sought: Sequence[Sought], shown: Mapping[Key, Observed]
    ) -> set[Key]:
        """Return which of the objects lists may not show as they are; all where the events are None, which cannot all be read.

        :param events: the recent ones.
        :param shown: what lists show.

        :raises ApiError: for a caller who may not read the event store.
        """
        if events is None:
            return {each.key for each in sought}
        parents = {token: any(each.created for each in of.events.parents) for token, of in self._types.items()}
        unknown = any(parents[each.key.token] and _removed_with(each, shown) is None for each in sought)
        taken_along = self._taken_along(events, at_most=1 + len(sought) // 10) if unknown else frozenset[str]()
        return self.affected_by(events, sought, taken_along, shown)

    def _taken_along(self, events: Sequence[Event], at_most: int) -> frozenset[str] | None:
        """Return the ids of users and projects that a removed organization took along.

        :param at_most: how many calls it may take; None is returned where that is not enough.
        """
        kinds = {kind for parent in self._parents for kind in parent.created}
        found: set[str] = set()
        for org_id in {event.aggregate.id for event in events if event.kind == ORG_REMOVED}:
            created = self._client.events.since(BEGINNING, kinds, org_id, at_most=at_most) if at_most > 0 else None
            if created is None:
                return None
            at_most -= 1 + len(created) // _EVENTS_IN_A_CALL
            found |= {event.aggregate.id for event in created}
        return frozenset(found)

    def affected_by(
        self,
        events: Sequence[Event],
        sought: Iterable[Sought],
        taken_along: frozenset[str] | None = None,
        shown: Mapping[Key, Observed] = MappingProxyType({}),
    ) -> set[Key]:
        """Return which of the objects events changed or removed, directly or with another object.

        :param events: oldest first.
        :param taken_along: the ids of users and projects that a removed organization took along. Objects in other organizations
            that name one of these are removed too. Where it is None and an organization was removed, every object that names a
            user or a project may be affected.
        :param shown: what lists show. An object of which a list shows what the events made of it is left out.
        """
        changed: set[Key] = set()
        for token, resource_type in self._types.items():
            created_at: dict[Key, datetime] = {}
            later = defaultdict[Key, list[Event]](list)
            own = resource_type.events
            for event in (each for each in events if each.kind in own.life):
                key = own.key(token, event)
                if event.kind in own.created:
                    created_at[key] = event.creation_date
                # The state was written after the create, with all that the create did.
                if event.creation_date != created_at.get(key):
                    later[key].append(event)
            changed |= {
                key
                for key, of_object in later.items()
                if key not in shown or not own.are_shown(of_object, shown[key].properties)
            }
        removed = {"org_id": {event.aggregate.id for event in events if event.kind == ORG_REMOVED}}
        is_unknown = bool(removed["org_id"]) and taken_along is None
        for parent in self._parents:
            named = removed.setdefault(parent.property, set())
            named |= {parent.subject(event) for event in events if event.kind == parent.removed}
            if parent.created:  # it lives in an organization
                named |= taken_along or frozenset()

        if not any(removed.values()):
            return {each.key for each in sought if each.key in changed}

        def is_removed(each: Sought) -> bool:
            parents, organizations = self._types[each.key.token].events.parents, _removed_with(each, shown)
            if organizations is not None and not organizations.isdisjoint(removed["org_id"]):
                return True
            if organizations is None and is_unknown and any(parent.created for parent in parents):
                return True
            names = ("org_id", *(parent.property for parent in parents))
            return any(each.address.ids.get(name) in removed[name] for name in names)

        return {each.key for each in sought if each.key in changed or is_removed(each)}

    def removals(self, missing: Sequence[Sought]) -> dict[Key, Removal]:
        """Return the objects whose removal the event store proves; none for a caller who may not read it.

        It is the same proof as in :mod:`pulumi_zorg.world.proof`, from pages of the event store. It makes no more calls than there
        are objects, and finds nothing where that is not enough.
        """
        found: dict[Key, Removal] = {}
        try:
            for token, resource_type in self._types.items():
                of_type = {each.key: each for each in missing if each.key.token == token}
                if of_type:
                    found |= self._removals_of(resource_type, of_type)
        except ApiError:
            return {}
        return found

    def _removals_of(self, type: ResourceType[Any], missing: dict[Key, Sought]) -> dict[Key, Removal]:
        events, at_most, since = type.events, len(missing), self._client.events.since
        created: dict[Key, Event] = {}
        found: dict[Key, Removal] = {}
        organizations = {each.address.ids["org_id"] for each in missing.values() if "org_id" in each.address.ids}
        # With few objects in each organization, the events of all organizations take fewer calls.
        owners = sorted(organizations) if 0 < 4 * len(organizations) <= at_most else [None]
        for owner in owners:
            for event in since(BEGINNING, (*events.created, *events.removed), owner, at_most=at_most) or ():
                key = events.key(type.token, event)
                if key in missing and event.kind in events.removed:
                    found[key] = removal(event, f"{type.noun} {clean(key.id)} was removed")
                elif key in missing:
                    found.pop(key, None)  # a program can choose the id of an object that was removed
                    created[key] = event
        rest = {key: event for key, event in created.items() if key not in found}
        if rest and type.in_organization:
            kinds = {ORG_REMOVED, *(parent.removed for parent in events.parents)}
            ends = since(min(event.creation_date for event in rest.values()), kinds, at_most=at_most) or ()
            for key, event in rest.items():
                ids = events.properties_in(event)
                for end in (each for each in ends if each.creation_date >= event.creation_date):
                    # The organizations of the object's parents are not known here, so their removals are not among them.
                    parent = events.removed_with(end, ids, (ids.get("org_id", ""),))
                    if parent is not None:
                        found.setdefault(key, removal(end, f"{type.noun} {clean(key.id)} was removed with {parent}"))
        return found

    @cached_property
    def last_states(self) -> dict[Key, bool | None]:
        """What the last thousand changes of state made of their objects (:meth:`last_states_by`), read once in a run.

        There are none for a caller who may not read them.
        """
        of_types = [each.events for each in self._types.values()]
        try:
            return self.last_states_by(
                self._client.events.newest({kind for own in of_types for kind in (*own.state_changes, *own.removed)})
            )
        except ApiError:
            return {}

    def last_states_by(self, events: Iterable[Event]) -> dict[Key, bool | None]:
        """Return whether the last of these events makes each object active; None where it removes it."""
        found: dict[Key, bool | None] = {}
        for event in sorted(events, key=lambda each: each.creation_date):
            for token, own in ((token, each.events) for token, each in self._types.items()):
                if event.kind in own.state_changes:
                    found[own.key(token, event)] = own.gives(event, ACTIVE, True) is True
                elif event.kind in own.removed:
                    found[own.key(token, event)] = None
        return found


def _removed_with(sought: Sought, shown: Mapping[Key, Observed]) -> frozenset[str] | None:
    """Return the organizations of an object's parents, as a list shows them; None where it does not."""
    found = shown.get(sought.key)
    return None if found is None else found.removed_with


@dataclass(frozen=True)
class LostChange:
    """A deactivation, a reactivation or a removal that the server has accepted and does not show.

    A server of July 2026 loses such changes under load (DESIGN.md, "A change that the server lost"). Who can get in follows what
    reads show, so neither the event store alone nor a read alone shows whether access was taken away.

    :param observed: the object as a read by its id shows it.
    :param event: its last change of state.
    """

    observed: Observed
    event: Event
    events: ObjectEvents

    @property
    def noun(self) -> str:
        """What was lost."""
        if self.event.kind in self.events.removed:
            return "removal"
        if self.event.kind in self.events.halts:
            return "lock"
        return "deactivation" if self.shown else "reactivation"

    @property
    def shown(self) -> bool:
        """Whether reads show the object as active."""
        return bool(self.observed.shown_active)

    @property
    def effect(self) -> str:
        """What that means, as a clause."""
        return f"reads still show it as {'active, and it still gives access' if self.shown else 'inactive'}"

    @property
    def repair(self) -> str | None:
        """How it is repaired, as sentences; None where an update makes it again."""
        if self.noun == "removal":
            return f"It cannot be removed again. {self.events.removed_only_with}"
        return "To make it again, unlock it in the console and lock it once more." if self.noun == "lock" else None

    def describe(self, noun: str) -> str:
        """Return what is wrong with the object, and how to repair it, as sentences.

        :param noun: what the object is called.
        """
        by = f" by {self.event.by}" if self.event.by else ""
        repair = self.repair or f"`pulumi up` makes it again if the program declares active={not self.shown}."
        return (
            f"{noun} {self.observed.id}: ZITADEL accepted its {self.noun}{by} at {self.event.creation_date:%Y-%m-%d %H:%M:%S} UTC and "
            f"lost it: {self.effect}. {repair}"
        )
