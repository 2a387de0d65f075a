"""Reads the objects of a state from the instance: in lists where there are many, and by id where a list differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import ObjectRecord
from pulumi_zorg.drift.compare import changes_of
from pulumi_zorg.drift.report import Undetermined
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ApiError, PermissionDenied, UnexpectedAnswer, ZorgError
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.affected_by import recent_events, recently_changed
from pulumi_zorg.world.bulk_deletions import find_bulk_deletions
from pulumi_zorg.world.concurrency import Reader, read_each
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.proof import in_state
from pulumi_zorg.world.tokens import Key

__all__ = ["FEW", "FEW_LISTS", "Observation", "find", "from_list", "observe", "verify_instance"]

#: No more objects of a type than this are read by id: that is as fast as a list, and it does not lag.
FEW = 20
#: The objects in no more organizations than this are listed one organization at a time; in more, they are listed by id.
FEW_LISTS = 12
#: The removal of no more objects than this is proven one object at a time.
_FEW_PROOFS = 5


@dataclass
class Observation:
    """What the instance showed of the objects of a state.

    :param objects: each object, or the proof that it was removed, by key.
    :param unknown: the objects of which neither could be shown.
    :param warnings: what the user should know, as sentences.
    """

    objects: dict[Key, Observed | Removal] = field(default_factory=dict)
    unknown: list[Undetermined] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def observe(reader: Reader, recorded: Sequence[Recorded]) -> Observation:
    """Read all of these objects.

    Lists lag, leave out what the caller may not see, and never show a phantom. So an object is read by id where a list shows
    it otherwise than the state, or not at all, or where it changed recently.

    :raises ZorgError: where nothing can be read at all: no connection, no token.
    """
    observation = Observation()
    counts = Counter(each.type for each in recorded)
    in_lists = [each for each in recorded if counts[each.type] > FEW]
    listed = _read_lists(reader, in_lists)
    by_id = [each for each in recorded if each.key not in listed or _differs(each, listed[each.key])]
    if in_lists:
        keys = {each.key for each in by_id}
        by_id += _recently_changed(reader.client, [each for each in recorded if each.key not in keys])
        missing = [each for each in in_lists if each.key not in listed]
        if len(missing) > _FEW_PROOFS:
            observation.objects.update(find_bulk_deletions(reader.client, missing))
            by_id = [each for each in by_id if each.key not in observation.objects]
    keys = {each.key for each in by_id}
    observation.objects.update(
        (each.key, listed[each.key]) for each in recorded if each.key in listed and each.key not in keys
    )
    _read_by_id(reader, by_id, observation)
    place: dict[str | None, int] = {each.urn: number for number, each in enumerate(recorded)}
    observation.unknown.sort(key=lambda each: place[each.urn])
    return observation


def verify_instance(client: Client, recorded: Sequence[Recorded]) -> None:
    """Verify that the state was written for this instance: one of its objects exists, or was removed.

    A comparison that only reads events needs this: another instance has no events of these objects.

    :raises NotProven: where it was written for another instance.
    """
    for each in recorded[:1]:
        find(client, each.type, each.id, each.known)


def find(client: Client, type: str, id: str, known: Mapping[str, Any]) -> Observed | Removal:
    """Read one object by its id. Return the object, or the proof that it was removed.

    :param known: what the state, a list or an event has of it.
    :raises NotProven: where neither can be shown.
    """
    with in_state():
        return RESOURCE_TYPES[type].find(client, id, known)


def from_list(resource_type: ResourceType[Any], record: ObjectRecord) -> Observed | None:
    """Return the object that an entry of a list shows, as a read by id shows it.

    None where this release does not know the entry's state: a removed object, or a newer server.
    """
    try:
        return resource_type.observed(record)
    except UnexpectedAnswer:
        return None


def _differs(recorded: Recorded, listed: Observed) -> bool:
    """Whether a list shows the object otherwise than the state, or not all of it."""
    return _hides(recorded, listed) or bool(changes_of(recorded, listed.properties))


def _hides(recorded: Recorded, listed: Observed | None) -> bool:
    """Whether a list leaves out a property that is compared."""
    updatable = RESOURCE_TYPES[recorded.type].updatable
    return listed is not None and any(
        name in recorded.properties and name not in listed.properties for name in updatable
    )


def _read_by_id(reader: Reader, recorded: Sequence[Recorded], observation: Observation) -> None:
    answers = read_each(
        reader, lambda each: find(reader.client, each.type, each.id, each.known), recorded, "Reading by id"
    )
    for each, answer in answers:
        if isinstance(answer, ZorgError):
            observation.unknown.append(Undetermined(each.urn, each.type, each.id, str(answer)))
            continue
        observation.objects[each.key] = answer
        if isinstance(answer, Observed) and answer.warning:
            observation.warnings.append(answer.warning)


def _read_lists(reader: Reader, recorded: Sequence[Recorded]) -> dict[Key, Observed]:
    """Return what lists show of the objects, as far as the caller may read the lists."""
    found: dict[Key, Observed] = {}
    for token, resource_type in RESOURCE_TYPES.items():
        of_type = {each.key: each for each in recorded if each.type == token}
        if of_type:
            records = {
                resource_type.key(each.id, vars(each)): each
                for each in _list(reader, resource_type, list(of_type.values()))
            }
            records = {key: record for key, record in records.items() if key in of_type}
            shown = (from_list(resource_type, record) for record in records.values())
            found.update((each.key, each) for each in shown if each is not None)
            hidden = [record for key, record in records.items() if _hides(of_type[key], found.get(key))]
            shown = (from_list(resource_type, record) for record in _complete(reader.client, resource_type, hidden))
            found.update((each.key, each) for each in shown if each is not None)
    return found


def _complete(
    client: Client, resource_type: ResourceType[Any], records: Sequence[ObjectRecord]
) -> Sequence[ObjectRecord]:
    """Return the entries of a list with what it leaves out; none for a caller who may not read the event store."""
    try:
        return resource_type.calls.complete(client, records, at_most=len(records)) if records else ()
    except ApiError:
        return ()


def _list(reader: Reader, resource_type: ResourceType[Any], recorded: Sequence[Recorded]) -> Sequence[ObjectRecord]:
    """Return what lists show of objects of one type. What they do not show is read by id."""
    calls, client = resource_type.calls, reader.client
    organizations = sorted({str(each.known["org_id"]) for each in recorded if each.known.get("org_id")})
    in_one_list = None
    try:
        if resource_type.is_organization:
            return calls.list_instance(client) or ()
        if len(organizations) > FEW_LISTS:
            in_one_list = calls.list_ids(client, [each.id for each in recorded])
    except (ApiError, UnexpectedAnswer):
        pass  # older servers do not have that list, or the caller may not read it
    if in_one_list is not None:
        return in_one_list
    found: list[ObjectRecord] = []
    what = f"Listing {resource_type.noun}s"
    for _, answer in read_each(reader, lambda org_id: calls.list_organization(client, org_id), organizations, what):
        found += () if isinstance(answer, ZorgError) else answer
    return found


def _recently_changed(client: Client, recorded: Sequence[Recorded]) -> list[Recorded]:
    """Return the objects that lists may not show as they are; none for a caller who may not read the event store."""
    try:
        return recently_changed(client, recent_events(client), recorded)
    except PermissionDenied:
        return []
    except ApiError:
        return list(recorded)
