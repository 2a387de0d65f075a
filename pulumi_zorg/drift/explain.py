"""Who made a difference, and when, by ZITADEL's event store. A caller who may not read it gets the report without that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pulumi_zorg.client import Client
from pulumi_zorg.drift.children import BEGINNING
from pulumi_zorg.drift.concurrency import Reader, read_each
from pulumi_zorg.drift.report import Change, Drift, Unmanaged
from pulumi_zorg.errors import ApiError, ZorgError
from pulumi_zorg.models import Event
from pulumi_zorg.observed import Observed
from pulumi_zorg.resource_types.all import RESOURCE_TYPES
from pulumi_zorg.tokens import Key

__all__ = ["explain", "explain_unmanaged"]

#: The events of no more objects than this are read one object at a time.
_FEW = 5

_PROGRESS = "Reading who and when"


def explain(reader: Reader, drifts: Sequence[Drift]) -> tuple[Drift, ...]:
    """Return the drifts with the time and the user of each change, as far as the caller may know them."""
    explained = {}
    for drift, answer in read_each(reader, lambda each: _change_events(reader.client, each), drifts, _PROGRESS):
        events = () if isinstance(answer, ZorgError) else answer
        change_events = RESOURCE_TYPES[drift.type].change_events
        changes = tuple(_explained(each, change_events.get(each.property, ()), events) for each in drift.changes)
        newest = max((each for each in changes if each.when), key=lambda each: str(each.when), default=None)
        if newest is not None:
            explained[drift.urn] = replace(drift, changes=changes, when=newest.when, by=newest.by)
    return tuple(explained.get(drift.urn, drift) for drift in drifts)


def explain_unmanaged(reader: Reader, objects: Sequence[Observed]) -> tuple[Unmanaged, ...]:
    """Return the objects with the time of their creation and the user who created them, as far as the caller may know."""
    explained = _created_in_pages(reader.client, objects) if len(objects) > _FEW else {}
    left = [each for each in objects if each.key not in explained]

    def read(each: Observed) -> tuple[Event, ...]:
        return reader.client.events.of(each.id, (RESOURCE_TYPES[each.type].created_event,))

    for each, answer in read_each(reader, read, left, _PROGRESS):
        if not isinstance(answer, ZorgError) and answer:
            explained[each.key] = _created_by(each, answer[-1])
    return tuple(explained.get(each.key) or Unmanaged(each) for each in objects)


def _created_in_pages(client: Client, objects: Sequence[Observed]) -> dict[Key, Unmanaged]:
    """Return the objects whose creation is in the pages since the oldest of them; none where there are too many pages."""
    times = [each.created for each in objects if each.created is not None]
    kinds = {RESOURCE_TYPES[each.type].created_event for each in objects}
    try:
        first = min(times) - timedelta(microseconds=1) if times else BEGINNING
        events = client.events.since(first, kinds, at_most=len(objects))
    except ApiError:
        return {each.key: Unmanaged(each) for each in objects}  # reading the events of one would be refused as well
    last = {event.aggregate.id: event for event in events or ()}
    return {each.key: _created_by(each, last[each.id]) for each in objects if each.id in last}


def _created_by(observed: Observed, event: Event) -> Unmanaged:
    return Unmanaged(replace(observed, created=event.creation_date), _editor(event))


def _change_events(client: Client, drift: Drift) -> tuple[Event, ...]:
    change_events = RESOURCE_TYPES[drift.type].change_events
    kinds = {kind for change in drift.changes for kind in change_events.get(change.property, ())}
    if not kinds:
        return ()
    try:
        return client.events.of(drift.id, kinds)
    except ApiError:
        return ()


def _explained(change: Change, kinds: tuple[str, ...], events: tuple[Event, ...]) -> Change:
    last = next((event for event in reversed(events) if event.kind in kinds), None)
    return change if last is None else replace(change, when=last.creation_date, by=_editor(last))


def _editor(event: Event) -> str | None:
    return event.editor.display_name or event.editor.user_id or None
