"""Who made a difference, and when, by ZITADEL's event store. A caller who may not read it gets the report without that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.records import Event
from pulumi_zorg.drift.report import Change, Drift, Unmanaged
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ApiError, ZorgError
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.concurrency import Reader, read_each
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.proof import created, events_of
from pulumi_zorg.world.tokens import Key

__all__ = ["explain", "explain_unmanaged"]

#: The events of no more objects than this are read one object at a time.
_FEW = 5

_PROGRESS = "Reading who and when"


def explain(reader: Reader, drifts: Sequence[Drift], recorded: Sequence[Recorded]) -> tuple[Drift, ...]:
    """Return the drifts with the time and the user of each change, as far as the caller may know them.

    :param recorded: the resources that were compared.
    """
    explained = {}
    known = {each.urn: each.known for each in recorded}
    for drift, answer in read_each(
        reader, lambda each: _change_events(reader.client, each, known[each.urn]), drifts, _PROGRESS
    ):
        events = () if isinstance(answer, ZorgError) else answer
        own = RESOURCE_TYPES[drift.token].events
        changes = tuple(_explained(each, own, events) for each in drift.changes)
        newest = max((each for each in changes if each.when), key=lambda each: str(each.when), default=None)
        if newest is not None:
            explained[drift.urn] = replace(drift, changes=changes, when=newest.when, by=newest.by)
    return tuple(explained.get(drift.urn, drift) for drift in drifts)


def explain_unmanaged(reader: Reader, objects: Sequence[Observed]) -> tuple[Unmanaged, ...]:
    """Return the objects with the time of their creation and the user who created them, as far as the caller may know."""
    explained = _created_in_pages(reader.client, objects) if len(objects) > _FEW else {}
    left = [each for each in objects if each.key not in explained]

    def read(each: Observed) -> Event | None:
        return created(reader.client, RESOURCE_TYPES[each.token].events, each.id, each.properties)

    for each, answer in read_each(reader, read, left, _PROGRESS):
        if isinstance(answer, Event):
            explained[each.key] = _created_by(each, answer)
    return tuple(explained.get(each.key) or Unmanaged(each) for each in objects)


def _created_in_pages(client: Client, objects: Sequence[Observed]) -> dict[Key, Unmanaged]:
    """Return the objects whose creation is in the pages since the oldest of them; none where there are too many pages."""
    times = [each.created for each in objects if each.created is not None]
    of_type = {each.token: RESOURCE_TYPES[each.token].events for each in objects}
    kinds = {events.created for events in of_type.values()}
    try:
        first = min(times) - timedelta(microseconds=1) if times else BEGINNING
        events = client.events.since(first, kinds, at_most=len(objects))
    except ApiError:
        return {each.key: Unmanaged(each) for each in objects}  # reading the events of one would be refused as well
    last: dict[Key, Event] = {}
    for event in events or ():
        last.update((own.key(token, event), event) for token, own in of_type.items() if event.kind == own.created)
    return {each.key: _created_by(each, last[each.key]) for each in objects if each.key in last}


def _created_by(observed: Observed, event: Event) -> Unmanaged:
    return Unmanaged(replace(observed, created=event.creation_date), _editor(event))


def _change_events(client: Client, drift: Drift, known: Mapping[str, Any]) -> tuple[Event, ...]:
    events = RESOURCE_TYPES[drift.token].events
    kinds = {kind for change in drift.changes for kind in events.changes.get(change.property, ())}
    if not kinds:
        return ()
    return events_of(client, events, drift.id, known, kinds) or ()


def _explained(change: Change, own: ObjectEvents, events: tuple[Event, ...]) -> Change:
    if change.lost:
        return change
    last = next((event for event in reversed(events) if own.changes_property(event, change.property)), None)
    return change if last is None else replace(change, when=last.creation_date, by=_editor(last))


def _editor(event: Event) -> str | None:
    return event.editor.display_name or event.editor.user_id or None
