"""Proves the removal of many objects from pages of the event store, instead of some calls for each object.

It is the same proof as in :mod:`pulumi_zorg.world.proof`: after its creation, the object was removed, or an object with which it is
removed. Objects without such a proof are read one at a time afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.records import Event
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ApiError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.object_events import ORG_REMOVED
from pulumi_zorg.world.observed import Removal
from pulumi_zorg.world.proof import removal
from pulumi_zorg.world.tokens import Key

__all__ = ["find_bulk_deletions"]


def find_bulk_deletions(client: Client, missing: Sequence[Recorded]) -> dict[Key, Removal]:
    """Return the objects whose removal the event store proves; none for a caller who may not read it.

    It makes no more calls than there are objects, and finds nothing where that is not enough.
    """
    found: dict[Key, Removal] = {}
    try:
        for token, resource_type in RESOURCE_TYPES.items():
            of_type = [each for each in missing if each.token == token]
            if of_type:
                found |= _find(client, resource_type, of_type)
    except ApiError:
        return {}
    return found


def _find(client: Client, resource_type: ResourceType[Any], missing: Sequence[Recorded]) -> dict[Key, Removal]:
    events, at_most = resource_type.events, len(missing)
    created: dict[Key, Event] = {}
    found: dict[Key, Removal] = {}
    by_key = {each.key: each for each in missing}
    owners: Sequence[str | None] = sorted({str(each.known["org_id"]) for each in missing if each.known.get("org_id")})
    # With few objects in each organization, the events of all organizations take fewer calls.
    for owner in owners if owners and len(owners) * 4 <= len(missing) else [None]:
        for event in client.events.since(BEGINNING, (events.created, *events.removed), owner, at_most=at_most) or ():
            each = by_key.get(events.key(resource_type.token, event))
            if each is None:
                continue
            if event.kind in events.removed:
                found[each.key] = removal(event, f"{resource_type.noun} {clean(each.id)} was removed")
            else:
                created[each.key] = event
    rest = [each for each in missing if each.key in created and each.key not in found]
    if rest and resource_type.in_organization:
        moment = min(created[each.key].creation_date for each in rest)
        kinds = {ORG_REMOVED, *(parent.removed for parent in events.parents)}
        ends = client.events.since(moment, kinds, at_most=at_most) or ()
        for each in rest:
            for event, parent in _removed_with(resource_type, created[each.key], ends):
                what = f"{resource_type.noun} {clean(each.id)} went with {parent}"
                found.setdefault(each.key, removal(event, what))
    return found


def _removed_with(
    resource_type: ResourceType[Any], created: Event, ends: Sequence[Event]
) -> Iterator[tuple[Event, str]]:
    """Return the removals of other objects that removed an object too, the first one first.

    The organizations of the object's parents are not known here, so their removals are not among them.
    """
    known = resource_type.events.known_from(created, in_organization=True)
    for event in ends:
        parent = resource_type.events.removed_with(event, known, (known["org_id"],))
        if parent is not None and event.creation_date >= created.creation_date:
            yield event, parent
