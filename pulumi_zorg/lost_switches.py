"""Finds objects whose last change of state the server accepted and does not show.

A server of July 2026 loses such changes under load (DESIGN.md, "A change that the server lost"). Who can get in follows what reads show,
so neither the event store alone nor a read alone shows whether access was taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.errors import ApiError, ZorgError
from pulumi_zorg.models import Event
from pulumi_zorg.observed import Observed
from pulumi_zorg.proof import events_of
from pulumi_zorg.resource_registry import RESOURCE_TYPES
from pulumi_zorg.tokens import Key

__all__ = ["ACTIVE", "describe", "last_switches", "newest_switches", "read_again"]

#: The property that switches change.
ACTIVE = "active"


def newest_switches(client: Client) -> tuple[Event, ...]:
    """Return the last thousand events of the instance that deactivate or reactivate an object; none for a caller who may not read them."""
    kinds = {kind for each in RESOURCE_TYPES.values() for kind in each.events.changes[ACTIVE]}
    try:
        return client.events.newest(kinds)
    except ApiError:
        return ()


def last_switches(events: Iterable[Event]) -> dict[Key, bool]:
    """Return what the last event gives the flag of each object that it deactivates or reactivates."""
    found: dict[Key, bool] = {}
    for event in sorted(events, key=lambda each: each.creation_date):
        for token, each in RESOURCE_TYPES.items():
            if event.kind in each.events.changes[ACTIVE]:
                found[token, each.events.subject(event)] = each.events.gives(event, ACTIVE, True) is True
    return found


def read_again(client: Client, observed: Observed, known: Mapping[str, Any]) -> tuple[Observed, Event | None]:
    """Return the object as a read by its id shows it, and its last change of state if that read does not show it.

    The events are read first: a change that is made in between is no disagreement. For an object of which an event that was read
    earlier says otherwise than what was seen of it.

    :param known: what the state has of the object.
    """
    resource_type = RESOURCE_TYPES[observed.type]
    own = resource_type.events
    kinds = (own.created, *own.changes[ACTIVE])
    try:
        events = events_of(client, own, observed.id, known, kinds)
        found = resource_type.find(client, observed.id, known)
    except ZorgError:
        return observed, None
    last = events[-1] if events else None
    if not isinstance(found, Observed) or last is None or last.kind == own.created:
        return observed, None
    return found, None if own.gives(last, ACTIVE, found.properties[ACTIVE]) else last


def describe(observed: Observed, last: Event) -> str:
    """Return what is wrong with an object whose last change of state reads do not show, as a sentence."""
    shown = bool(observed.properties[ACTIVE])
    noun, who = ("deactivation" if shown else "reactivation"), last.editor.display_name or last.editor.user_id
    by = f" by {who}" if who else ""
    effect = "reads still show it as active, and it still gives access" if shown else "reads still show it as inactive"
    return (
        f"{RESOURCE_TYPES[observed.type].noun} {observed.id}: ZITADEL accepted its {noun}{by} at "
        f"{last.creation_date:%Y-%m-%d %H:%M:%S} UTC and lost it: {effect}"
    )
