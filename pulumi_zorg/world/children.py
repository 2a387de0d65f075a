"""The users and projects of removed organizations. They were removed with it, and other objects with them."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.records import Event
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.object_events import ORG_REMOVED

__all__ = ["children_of_removed"]

_EVENTS_IN_A_CALL = 1_000


def children_of_removed(client: Client, events: Iterable[Event], at_most: int) -> frozenset[str] | None:
    """Return the ids of the users and projects of the organizations that these events removed.

    :param at_most: how many calls it may take; None is returned where that is not enough.
    :raises ApiError: for a caller who may not read the event store.
    """
    kinds = {kind for each in RESOURCE_TYPES.values() for parent in each.events.parents for kind in parent.created}
    children: set[str] = set()
    for org_id in {event.aggregate.id for event in events if event.kind == ORG_REMOVED}:
        if at_most <= 0:
            return None
        created = client.events.since(BEGINNING, kinds, org_id, at_most=at_most)
        if created is None:
            return None
        at_most -= 1 + len(created) // _EVENTS_IN_A_CALL
        children |= {event.aggregate.id for event in created}
    return frozenset(children)
