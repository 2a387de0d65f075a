"""The proof that many objects are gone, from pages of the event store instead of some calls about each.

It is the same proof as in :mod:`pulumi_zorg.proof`: an end of the object itself, or of what takes it along, after it began.
What has none here is asked about by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone

from pulumi_zorg.client import Client
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, Absent, Key, Recorded
from pulumi_zorg.errors import ApiError, clean
from pulumi_zorg.models import Event
from pulumi_zorg.proof import ENDS_OF_OTHERS, GRANT_ENDS, Removal, as_told, removal, took_along

__all__ = ["EVER", "absent", "proven_gone"]

#: Before everything.
EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)


def proven_gone(client: Client, missing: Sequence[Recorded]) -> dict[Key, Absent]:
    """Those that the event store proves to be gone; none where the caller may not read it.

    It takes fewer calls than there are objects, or is given up.
    """
    try:
        return {
            **_organizations(client, [each for each in missing if each.type == ORGANIZATION]),
            **_grants(client, [each for each in missing if each.type == USER_GRANT]),
        }
    except ApiError:
        return {}


def _organizations(client: Client, missing: Sequence[Recorded]) -> dict[Key, Absent]:
    events = client.events.since(EVER, ("org.added", "org.removed"), at_most=len(missing)) if missing else ()
    last = {event.aggregate.id: event for event in events or ()}
    return {
        each.key: absent(removal(last[each.id], f"organization {clean(each.id)} was removed"))
        for each in missing
        if each.id in last and last[each.id].kind == "org.removed"
    }


def _grants(client: Client, missing: Sequence[Recorded]) -> dict[Key, Absent]:
    begun: dict[str, Event] = {}
    found: dict[Key, Absent] = {}
    left = len(missing)
    wanted = {each.id: each for each in missing}
    owners: Sequence[str | None] = sorted({str(each.known["org_id"]) for each in missing if each.known.get("org_id")})
    # One organization after the other, or, where that would be more questions than answers, all at once.
    for owner in owners if len(owners) * 4 <= len(missing) else [None]:
        for event in client.events.since(EVER, ("user.grant.added", *GRANT_ENDS), owner, at_most=left) or ():
            each = wanted.get(event.aggregate.id)
            if each is None:
                continue
            if event.kind in GRANT_ENDS:
                found[each.key] = absent(removal(event, f"user grant {clean(each.id)} was removed"))
            else:
                begun[each.id] = event
    rest = [each for each in missing if each.id in begun and each.key not in found]
    if rest:
        moment = min(begun[each.id].creation_date for each in rest)
        ends = client.events.since(moment, ENDS_OF_OTHERS, at_most=left) or ()
        for each in rest:
            for event, whose in _ends_of_others(begun[each.id], ends):
                found.setdefault(each.key, absent(removal(event, f"user grant {clean(each.id)} went with {whose}")))
    return found


def _ends_of_others(begun: Event, ends: Iterable[Event]) -> Iterator[tuple[Event, str]]:
    """The ends that took a grant along, the first one first; those of its user's and its project's organization are
    not known here."""
    grant = as_told((begun,))
    for event in ends:
        whose = took_along(event, grant, (grant.org_id,))
        if whose is not None and event.creation_date >= begun.creation_date:
            yield event, whose


def absent(proof: Removal) -> Absent:
    """The proof, as a report has it."""
    return Absent(proof.how, proof.at, proof.by)
