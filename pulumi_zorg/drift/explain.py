"""Who made a difference, and when, by ZITADEL's event store. A caller who may not read it gets the report without that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.records import Event
from pulumi_zorg.drift.report import Change, Drift, Unmanaged
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ApiError, ZorgError
from pulumi_zorg.world.observed import Address, Observed
from pulumi_zorg.world.proof import creation_of, events_of
from pulumi_zorg.world.reader import World
from pulumi_zorg.world.tokens import Key

#: The events of no more objects than this are read one object at a time.
_FEW = 5

_PROGRESS = "Reading who and when"


def explain(world: World, drifts: Sequence[Drift], recorded: Sequence[Recorded]) -> tuple[Drift, ...]:
    """Return the drifts with the time and the user of each change, as far as the caller may know them.

    :param recorded: the resources that were compared.
    """
    explained = {}
    addresses = {each.urn: each.address for each in recorded}

    def read(drift: Drift) -> Sequence[Event]:
        events = world.types[drift.token].events
        kinds = {kind for each in drift.changes if _differs(each) for kind in events.changes.get(each.property, ())}
        return events_of(world.client, events, drift.id, addresses[drift.urn], kinds) or () if kinds else ()

    for drift, answer in world.read_each(read, drifts, _PROGRESS):
        events = () if isinstance(answer, ZorgError) else answer
        changes = tuple(_explained(world, drift, each, events) for each in drift.changes)
        newest = max((each for each in changes if each.when), key=lambda each: str(each.when), default=None)
        if newest is not None:
            explained[drift.urn] = replace(drift, changes=changes, when=newest.when, by=newest.by)
    return tuple(explained.get(drift.urn, drift) for drift in drifts)


def _differs(change: Change) -> bool:
    """Whether the state has another value. A value that both have can be wrong as well."""
    return bool(change.recorded != change.live)


def _explained(world: World, drift: Drift, change: Change, events: Sequence[Event]) -> Change:
    own = world.types[drift.token].events
    last = next((event for event in reversed(events) if own.changes_property(event, change.property)), None)
    if change.lost or not _differs(change) or last is None:
        return change
    return replace(change, when=last.creation_date, by=_editor(last))


def explain_unmanaged(world: World, objects: Sequence[Observed]) -> tuple[Unmanaged, ...]:
    """Return the objects with the time of their creation and the user who created them, as far as the caller may know."""
    explained: dict[Key, Unmanaged] = {}
    if len(objects) > _FEW:
        try:
            created = _created_in_pages(world, objects)
        except ApiError:
            return tuple(map(Unmanaged, objects))  # reading the events of one would be refused as well
        explained = {each.key: _created_by(each, created[each.key]) for each in objects if each.key in created}
    left = [each for each in objects if each.key not in explained]

    def read(each: Observed) -> Event | None:
        return creation_of(world.client, world.types[each.token].events, each.id, Address.of(each.properties))

    for each, answer in world.read_each(read, left, _PROGRESS):
        if isinstance(answer, Event):
            explained[each.key] = _created_by(each, answer)
    return tuple(explained.get(each.key) or Unmanaged(each) for each in objects)


def _created_in_pages(world: World, objects: Sequence[Observed]) -> dict[Key, Event]:
    """Return the events that created the objects, from the pages since the oldest of them; none where there are too many pages."""
    times = [each.created for each in objects if each.created is not None]
    first = min(times) - timedelta(microseconds=1) if times else BEGINNING
    of_type = {each.token: world.types[each.token].events for each in objects}
    kinds = {kind for events in of_type.values() for kind in events.created}
    found: dict[Key, Event] = {}
    for event in world.client.events.since(first, kinds, at_most=len(objects)) or ():
        found.update((own.key(token, event), event) for token, own in of_type.items() if event.kind in own.created)
    return found


def _created_by(observed: Observed, event: Event) -> Unmanaged:
    return Unmanaged(replace(observed, created=event.creation_date), _editor(event))


def _editor(event: Event) -> str | None:
    return event.editor.display_name or event.editor.user_id or None
