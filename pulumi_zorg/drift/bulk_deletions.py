"""Proves the removal of many objects from pages of the event store, instead of some calls for each object.

It is the same proof as in :mod:`pulumi_zorg.proof`: after its creation, the object was removed, or an object with which it is
removed. Objects without such a proof are read one at a time afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pulumi_zorg.client import Client
from pulumi_zorg.drift.children import BEGINNING
from pulumi_zorg.errors import ApiError, clean
from pulumi_zorg.models import Event
from pulumi_zorg.observed import Removal
from pulumi_zorg.proof import ENDS_OF_OTHERS, GRANT_ENDS, grant_from_events, removal, took_along
from pulumi_zorg.resource_types.all import RESOURCE_TYPES
from pulumi_zorg.state import Recorded
from pulumi_zorg.tokens import ORGANIZATION, USER_GRANT, Key

__all__ = ["find_bulk_deletions"]

_ORGANIZATION_CREATED = RESOURCE_TYPES[ORGANIZATION].created_event
_GRANT_CREATED = RESOURCE_TYPES[USER_GRANT].created_event


def find_bulk_deletions(client: Client, missing: Sequence[Recorded]) -> dict[Key, Removal]:
    """Return the objects whose removal the event store proves; none for a caller who may not read it.

    It makes no more calls than there are objects, and finds nothing where that is not enough.
    """
    try:
        return {
            **_organizations(client, [each for each in missing if each.type == ORGANIZATION]),
            **_grants(client, [each for each in missing if each.type == USER_GRANT]),
        }
    except ApiError:
        return {}


def _organizations(client: Client, missing: Sequence[Recorded]) -> dict[Key, Removal]:
    kinds = (_ORGANIZATION_CREATED, "org.removed")
    events = client.events.since(BEGINNING, kinds, at_most=len(missing)) if missing else ()
    last = {event.aggregate.id: event for event in events or ()}
    return {
        each.key: removal(last[each.id], f"organization {clean(each.id)} was removed")
        for each in missing
        if each.id in last and last[each.id].kind == "org.removed"
    }


def _grants(client: Client, missing: Sequence[Recorded]) -> dict[Key, Removal]:
    created: dict[str, Event] = {}
    found: dict[Key, Removal] = {}
    at_most = len(missing)
    by_id = {each.id: each for each in missing}
    owners: Sequence[str | None] = sorted({str(each.known["org_id"]) for each in missing if each.known.get("org_id")})
    # With few grants in each organization, the events of all organizations take fewer calls.
    for owner in owners if len(owners) * 4 <= len(missing) else [None]:
        for event in client.events.since(BEGINNING, (_GRANT_CREATED, *GRANT_ENDS), owner, at_most=at_most) or ():
            each = by_id.get(event.aggregate.id)
            if each is None:
                continue
            if event.kind in GRANT_ENDS:
                found[each.key] = removal(event, f"user grant {clean(each.id)} was removed")
            else:
                created[each.id] = event
    rest = [each for each in missing if each.id in created and each.key not in found]
    if rest:
        moment = min(created[each.id].creation_date for each in rest)
        ends = client.events.since(moment, ENDS_OF_OTHERS, at_most=at_most) or ()
        for each in rest:
            for event, whose in _removed_with(created[each.id], ends):
                found.setdefault(each.key, removal(event, f"user grant {clean(each.id)} went with {whose}"))
    return found


def _removed_with(created: Event, ends: Iterable[Event]) -> Iterator[tuple[Event, str]]:
    """Return the removals of other objects that removed a grant too, the first one first.

    The organizations of the grant's user and project are not known here, so their removals are not among them.
    """
    grant = grant_from_events((created,))
    for event in ends:
        whose = took_along(event, grant, (grant.org_id,))
        if whose is not None and event.creation_date >= created.creation_date:
            yield event, whose
