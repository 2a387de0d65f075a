"""The users and projects of removed organizations. They were removed with it, and user grants with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from pulumi_zorg.client import Client
from pulumi_zorg.models import Event

__all__ = ["BEGINNING", "children_of_removed"]

#: A moment before all events.
BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)

_EVENTS_IN_A_CALL = 1_000

#: The types of event that create a user or a project.
_CREATED = (
    "user.added",
    "user.selfregistered",
    "user.human.added",
    "user.human.selfregistered",
    "user.machine.added",
    "project.added",
)


def children_of_removed(client: Client, events: Iterable[Event], at_most: int) -> frozenset[str] | None:
    """Return the ids of the users and projects of the organizations that these events removed.

    :param at_most: how many calls it may take; None is returned where that is not enough.
    :raises ApiError: for a caller who may not read the event store.
    """
    children: set[str] = set()
    for org_id in {event.aggregate.id for event in events if event.kind == "org.removed"}:
        if at_most <= 0:
            return None
        created = client.events.since(BEGINNING, _CREATED, org_id, at_most=at_most)
        if created is None:
            return None
        at_most -= 1 + len(created) // _EVENTS_IN_A_CALL
        children |= {event.aggregate.id for event in created}
    return frozenset(children)
