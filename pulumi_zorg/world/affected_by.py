"""Which objects of a state recent events changed, by ZITADEL's event store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.children import children_of_removed
from pulumi_zorg.world.object_events import ORG_REMOVED, Parent
from pulumi_zorg.world.tokens import Key

__all__ = ["affected_by", "events_since", "recent_events", "recently_changed"]

#: Lists are assumed to lag behind the event store by no more than this.
_LONGEST_LAG = timedelta(minutes=2)


def _kinds() -> frozenset[str]:
    """Return the types of event by which an object of any type can change."""
    own = {kind for each in RESOURCE_TYPES.values() for kind in each.events.life}
    return frozenset((*own, ORG_REMOVED, *(parent.removed for parent in _parents())))


def _parents() -> Iterator[Parent]:
    return (parent for each in RESOURCE_TYPES.values() for parent in each.events.parents)


def events_since(client: Client, moment: datetime) -> tuple[Event, ...] | None:
    """Return the events by which objects can change after a moment of the server's clock, oldest first.

    None where they cannot all be read: more happened at one moment than one answer holds.

    :raises ApiError: for a caller who may not read the event store.
    """
    return client.events.since(moment, _kinds())


def recent_events(client: Client) -> tuple[Event, ...] | None:
    """Return the events that lists may not show yet, as :func:`events_since`.

    :raises ApiError: for a caller who may not read the event store.
    """
    now = datetime.fromtimestamp(client.transport.server_time(), timezone.utc)
    return events_since(client, now - _LONGEST_LAG)


def recently_changed(client: Client, events: tuple[Event, ...] | None, recorded: Sequence[Recorded]) -> list[Recorded]:
    """Return the objects of a state that recent events changed.

    :param events: what :func:`recent_events` returned. Where it is None, every object may have changed.
    :raises ApiError: for a caller who may not read the event store.
    """
    if events is None:
        return list(recorded)
    return affected_by(events, recorded, children_of_removed(client, events, at_most=1 + len(recorded) // 10))


def affected_by(
    events: Iterable[Event], recorded: Sequence[Recorded], children: frozenset[str] | None = None
) -> list[Recorded]:
    """Return the objects of a state that events changed or removed, directly or with another object.

    :param children: the ids of the users and projects of the organizations that the events removed. The removal of such an
        organization also removes objects in other organizations that name one of these, and the state does not say which
        ones these are. Where it is None and an organization was removed, every object that names one may be affected.
    """
    changed: set[Key] = set()
    created_at: dict[Key, datetime] = {}
    removed: dict[str, set[str]] = {"org_id": set()}
    events = tuple(events)
    for token, resource_type in RESOURCE_TYPES.items():
        own = resource_type.events
        for event in events:
            if event.kind not in own.life:
                continue
            key = own.key(token, event)
            if event.kind == own.created:
                created_at[key] = event.creation_date
            # The state was written after the create, with all that the create did.
            if event.creation_date != created_at.get(key):
                changed.add(key)
    removed["org_id"] |= {event.aggregate.id for event in events if event.kind == ORG_REMOVED}
    for parent in _parents():
        named = removed.setdefault(parent.property, set())
        named |= {parent.subject(event) for event in events if event.kind == parent.removed}
        if parent.created:  # it lives in an organization
            named |= children or frozenset()
    unknown_children = bool(removed["org_id"]) and children is None

    def removed_with_another(each: Recorded) -> bool:
        parents = RESOURCE_TYPES[each.token].events.parents
        if unknown_children and any(parent.created for parent in parents):
            return True
        names = ("org_id", *(parent.property for parent in parents))
        return any(str(each.known.get(name)) in removed[name] for name in names)

    return [each for each in recorded if each.key in changed or removed_with_another(each)]
