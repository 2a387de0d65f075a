"""Finds objects whose last change of state the server accepted and does not show.

A server of July 2026 loses such changes under load (DESIGN.md, "A change that the server lost"). Who can get in follows what reads show,
so neither the event store alone nor a read alone shows whether access was taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event
from pulumi_zorg.errors import ApiError, ZorgError
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.proof import events_of
from pulumi_zorg.world.tokens import Key

__all__ = ["ACTIVE", "describe", "goes_with", "last_switches", "lost_noun", "newest_switches", "read_again"]

#: The property that switches change.
ACTIVE = "active"


def newest_switches(client: Client) -> tuple[Event, ...]:
    """Return the last thousand events of the instance that deactivate, reactivate or remove an object.

    There are none for a caller who may not read them.
    """
    kinds = {kind for each in RESOURCE_TYPES.values() for kind in (*each.events.changes[ACTIVE], *each.events.removed)}
    try:
        return client.events.newest(kinds)
    except ApiError:
        return ()


def last_switches(events: Iterable[Event]) -> dict[Key, bool | None]:
    """Return what the last event gives the flag of each object that it deactivates or reactivates; None where it removes it."""
    found: dict[Key, bool | None] = {}
    for event in sorted(events, key=lambda each: each.creation_date):
        for token, each in RESOURCE_TYPES.items():
            if event.kind in each.events.changes[ACTIVE]:
                found[each.events.key(token, event)] = each.events.gives(event, ACTIVE, True) is True
            elif event.kind in each.events.removed:
                found[each.events.key(token, event)] = None
    return found


def read_again(client: Client, observed: Observed, known: Mapping[str, Any]) -> tuple[Observed | Removal, Event | None]:
    """Return the object as a read by its id shows it, and its last change of state if that read does not show it.

    The events are read first: a change that is made in between is no disagreement. For an object of which an event that was read
    earlier says otherwise than what was seen of it.

    :param known: what the state has of the object.
    """
    resource_type = RESOURCE_TYPES[observed.token]
    own = resource_type.events
    try:
        events = events_of(client, own, observed.id, known, (own.created, *own.changes[ACTIVE], *own.removed))
        found = resource_type.find(client, observed.id, known)
    except ZorgError:
        return observed, None
    last = events[-1] if events else None
    if isinstance(found, Removal) or last is None or last.kind == own.created:
        return found, None
    is_shown = last.kind not in own.removed and own.gives(last, ACTIVE, found.properties[ACTIVE])
    return found, None if is_shown else last


def lost_noun(observed: Observed, last: Event) -> str:
    """Return what reads do not show: a removal, a deactivation or a reactivation."""
    if last.kind in RESOURCE_TYPES[observed.token].events.removed:
        return "removal"
    return "deactivation" if observed.properties[ACTIVE] else "reactivation"


def goes_with(type: str) -> str:
    """Return with what an object goes whose removal was lost, as the end of a sentence."""
    parents = [f"its {parent.noun}" for parent in RESOURCE_TYPES[type].events.parents]
    return f"{', '.join(parents)} or its organization" if parents else "its organization"


def describe(observed: Observed, last: Event) -> str:
    """Return what is wrong with an object whose last change of state reads do not show, and how to repair it, as sentences."""
    noun, who = lost_noun(observed, last), last.editor.display_name or last.editor.user_id
    by, shown = f" by {who}" if who else "", bool(observed.properties[ACTIVE])
    effect = "reads still show it as active, and it still gives access" if shown else "reads still show it as inactive"
    repair = f"`pulumi up` makes it again if the program declares active={not shown}."
    if noun == "removal":
        repair = f"It cannot be removed again: it goes with {goes_with(observed.token)}."
    return (
        f"{RESOURCE_TYPES[observed.token].noun} {observed.id}: ZITADEL accepted its {noun}{by} at "
        f"{last.creation_date:%Y-%m-%d %H:%M:%S} UTC and lost it: {effect}. {repair}"
    )
