"""What the event store tells: what changed since a moment, and who made a difference, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from pulumi_zorg.client import Client
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, Change, Drift, Key, Live, Recorded
from pulumi_zorg.errors import ApiError, ZorgError
from pulumi_zorg.models import Event
from pulumi_zorg.proof import GRANT_ENDS
from pulumi_zorg.survey.each import Reader, ask
from pulumi_zorg.survey.together import EVER

__all__ = ["ADDED", "belongings", "explain_drifts", "explain_others", "happened_lately", "happened_since", "touched"]

#: The event that sets a property, by type and property.
_SETS: dict[str, dict[str, tuple[str, ...]]] = {
    ORGANIZATION: {
        "name": ("org.changed",),
        "active": ("org.deactivated", "org.reactivated"),
        "primary_domain": ("org.domain.primary.set",),
    },
    USER_GRANT: {
        "role_keys": ("user.grant.changed", "user.grant.cascade.changed"),
        "active": ("user.grant.deactivated", "user.grant.reactivated"),
    },
}
#: The event that an object begins with.
ADDED = {ORGANIZATION: "org.added", USER_GRANT: "user.grant.added"}
#: What ends an object, and what takes grants along.
_ENDS = ("org.removed", *GRANT_ENDS)
_OTHERS_ENDS = {"user.removed": "user_id", "project.removed": "project_id"}
_PROJECT_GRANT_END = "project.grant.removed"

#: So many are asked about one by one.
_FEW = 5

#: How far lists are thought to lag behind, at the most.
_LAG = timedelta(minutes=2)

#: What an organization takes along, and grants with it.
_BELONG = (
    "user.added",
    "user.selfregistered",
    "user.human.added",
    "user.human.selfregistered",
    "user.machine.added",
    "project.added",
)

_CHANGES = tuple({kind for by_property in _SETS.values() for kinds in by_property.values() for kind in kinds})
_ALL = (*_CHANGES, *_ENDS, *_OTHERS_ENDS, _PROJECT_GRANT_END, *ADDED.values())


def happened_since(client: Client, moment: datetime) -> tuple[Event, ...] | None:
    """What happened to organizations and user grants after that moment; None where it is too much to be told.

    :raises ApiError: where the caller may not read the event store.
    """
    return client.events.since(moment, set(_ALL))


def happened_lately(client: Client) -> tuple[Event, ...] | None:
    """What lists may not show yet, as :func:`happened_since`.

    :raises ApiError: where the caller may not read the event store.
    """
    return happened_since(client, datetime.fromtimestamp(client.transport.server_time(), timezone.utc) - _LAG)


def belongings(client: Client, events: Iterable[Event], at_most: int) -> frozenset[str] | None:
    """The users and projects of the organizations that were removed; None where that takes more calls than it may.

    :raises ApiError: where the caller may not read the event store.
    """
    found: set[str] = set()
    for org_id in {event.aggregate.id for event in events if event.kind == "org.removed"}:
        if at_most <= 0:
            return None
        added = client.events.since(EVER, _BELONG, org_id, at_most=at_most)
        if added is None:
            return None
        at_most -= 1 + len(added) // 1_000
        found |= {event.aggregate.id for event in added}
    return frozenset(found)


def touched(
    events: Iterable[Event], recorded: Sequence[Recorded], taken: frozenset[str] | None = None
) -> list[Recorded]:
    """The objects that those events are about, or that went with what they are about.

    :param taken: the users and projects of organizations that were removed: a grant goes with the organization of its
        user or its project too, which the state does not name. Where that is not known, all grants may be concerned.
    """
    ids: set[str] = set()
    ended: dict[str, set[str]] = {name: set() for name in ("user_id", "project_id", "project_grant_id")}
    born: dict[str, datetime] = {}
    removed: set[str] = set()
    for event in events:
        if event.kind == "org.removed":
            removed.add(event.aggregate.id)
        if event.kind in ADDED.values():
            born[event.aggregate.id] = event.creation_date
        # A state has an object as it was created, with what came with that.
        if event.creation_date != born.get(event.aggregate.id):
            ids.add(event.aggregate.id)
        if event.kind in _OTHERS_ENDS:
            ended[_OTHERS_ENDS[event.kind]].add(event.aggregate.id)
        elif event.kind == _PROJECT_GRANT_END:
            ended["project_grant_id"].add(str(event.payload.get("grantId")))
    for name in ("user_id", "project_id"):
        ended[name] |= taken or set()
    ended["org_id"] = removed
    return [
        each
        for each in recorded
        if each.id in ids
        or (
            each.type == USER_GRANT
            and ((removed and taken is None) or any(str(each.known.get(name)) in gone for name, gone in ended.items()))
        )
    ]


def explain_drifts(reader: Reader, drifts: Sequence[Drift]) -> tuple[Drift, ...]:
    """The drifts with when and by whom, as far as the caller may know."""
    told = {}
    for drift, answer in ask(reader, lambda each: _events(reader.client, each), drifts, "Asking who and when"):
        events = () if isinstance(answer, ZorgError) else answer
        changes = tuple(
            _explained(change, _SETS[drift.type].get(change.property, ()), events) for change in drift.changes
        )
        newest = max((each for each in changes if each.when), key=lambda each: str(each.when), default=None)
        if newest is not None:
            told[drift.urn] = replace(drift, changes=changes, when=newest.when, by=newest.by)
    return tuple(told.get(drift.urn, drift) for drift in drifts)


def explain_others(reader: Reader, others: Sequence[Live]) -> tuple[Live, ...]:
    """What no resource declares, with who made it, as far as the caller may know."""
    told = _made_by(reader.client, others) if len(others) > _FEW else {}
    others_left = [each for each in others if each.key not in told]
    question = lambda each: reader.client.events.of(each.id, (ADDED[each.type],))  # noqa: E731
    for other, answer in ask(reader, question, others_left, "Asking who and when"):
        if not isinstance(answer, ZorgError) and answer:
            told[other.key] = replace(other, when=answer[-1].creation_date, by=_editor(answer[-1]))
    return tuple(told.get(other.key, other) for other in others)


def _made_by(client: Client, others: Sequence[Live]) -> dict[Key, Live]:
    """As far as the pages tell it that begin with the oldest of them; nothing where these would be too many."""
    times = [each.when for each in others if each.when is not None]
    try:
        first = min(times) - timedelta(microseconds=1) if times else EVER
        events = client.events.since(first, {ADDED[each.type] for each in others}, at_most=len(others))
    except ApiError:
        return {each.key: each for each in others}  # the caller may not know, of none of them
    last = {event.aggregate.id: event for event in events or ()}
    return {
        each.key: replace(each, when=last[each.id].creation_date, by=_editor(last[each.id]))
        for each in others
        if each.id in last
    }


def _events(client: Client, drift: Drift) -> tuple[Event, ...]:
    kinds = {kind for change in drift.changes for kind in _SETS[drift.type].get(change.property, ())}
    if not kinds:
        return ()
    try:
        return client.events.of(drift.id, kinds)
    except ApiError:  # the caller may not read it, and need not
        return ()


def _explained(change: Change, kinds: tuple[str, ...], events: tuple[Event, ...]) -> Change:
    last = next((event for event in reversed(events) if event.kind in kinds), None)
    return change if last is None else replace(change, when=last.creation_date, by=_editor(last))


def _editor(event: Event) -> str | None:
    return event.editor.display_name or event.editor.user_id or None
