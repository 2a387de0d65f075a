"""Reads the objects of a state from the instance: in lists where there are many, and by id where a list differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift.affected_by import recent_events, recently_changed
from pulumi_zorg.drift.bulk_deletions import find_bulk_deletions
from pulumi_zorg.drift.compare import changes_of
from pulumi_zorg.drift.concurrency import Reader, read_each
from pulumi_zorg.drift.report import Undetermined
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, ZorgError
from pulumi_zorg.models import Authorization, OrganizationRecord, UserGrantRecord
from pulumi_zorg.observed import Observed, Removal
from pulumi_zorg.resource_types.all import RESOURCE_TYPES
from pulumi_zorg.state import Recorded
from pulumi_zorg.tokens import ORGANIZATION, USER_GRANT, Key

__all__ = ["FEW", "FEW_LISTS", "Listed", "Observation", "find", "from_list", "observe", "verify_instance"]

#: No more objects of a type than this are read by id: that is as fast as a list, and it does not lag.
FEW = 20
#: The grants of no more organizations than this are listed one organization at a time; of more, they are listed by id.
FEW_LISTS = 12
#: The removal of no more objects than this is proven one object at a time.
_FEW_PROOFS = 5

#: An entry of a list.
Listed = OrganizationRecord | UserGrantRecord | Authorization


@dataclass
class Observation:
    """What the instance showed of the objects of a state.

    :param objects: each object, or the proof that it was removed, by type and id.
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
    listed = _read_lists(reader, recorded)
    by_id = [each for each in recorded if each.key not in listed or changes_of(each, listed[each.key].properties)]
    if listed:
        keys = {each.key for each in by_id}
        by_id += _recently_changed(reader.client, [each for each in recorded if each.key not in keys])
        missing = [each for each in by_id if each.key not in listed]
        if len(missing) > _FEW_PROOFS:
            observation.objects.update(find_bulk_deletions(reader.client, missing))
            by_id = [each for each in by_id if each.key not in observation.objects]
    keys = {each.key for each in by_id}
    observation.objects.update(
        (each.key, listed[each.key]) for each in recorded if each.key in listed and each.key not in keys
    )
    _read_by_id(reader, by_id, observation)
    place = {each.key: number for number, each in enumerate(recorded)}
    observation.unknown.sort(key=lambda each: place[each.type, each.id])
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
    return RESOURCE_TYPES[type].find(client, id, known)


def from_list(record: Listed) -> Observed | None:
    """Return the object that an entry of a list shows, as a read by id shows it.

    None where this release does not know the entry's state: a removed object, or a newer server.
    """
    if isinstance(record, Authorization):
        record = record.as_user_grant()
    resource_type = RESOURCE_TYPES[ORGANIZATION if isinstance(record, OrganizationRecord) else USER_GRANT]
    try:
        return resource_type.observed(record)
    except UnexpectedAnswer:
        return None


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


def _read_lists(reader: Reader, recorded: Iterable[Recorded]) -> dict[Key, Observed]:
    """Return what lists show of the objects, as far as the caller may read the lists."""
    of_type = {token: [each for each in recorded if each.type == token] for token in (ORGANIZATION, USER_GRANT)}
    records: list[Listed] = []
    if len(of_type[ORGANIZATION]) > FEW:
        records += _list_organizations(reader.client)
    if len(of_type[USER_GRANT]) > FEW:
        records += _list_grants(reader, of_type[USER_GRANT])
    wanted = {each.key for each in recorded}
    return {each.key: each for each in map(from_list, records) if each is not None and each.key in wanted}


def _list_organizations(client: Client) -> Sequence[OrganizationRecord]:
    try:
        return client.listings.organizations()
    except (ApiError, UnexpectedAnswer):
        return ()  # they are read by id then


def _list_grants(reader: Reader, recorded: Sequence[Recorded]) -> Sequence[UserGrantRecord | Authorization]:
    listings = reader.client.listings
    organizations = sorted({str(each.known["org_id"]) for each in recorded if each.known.get("org_id")})
    if len(organizations) > FEW_LISTS:
        try:
            return listings.authorizations([each.id for each in recorded])
        except (ApiError, UnexpectedAnswer):
            pass  # servers before v4 do not have that list
    found: list[UserGrantRecord] = []
    for _, answer in read_each(reader, listings.user_grants, organizations, "Listing user grants"):
        found += () if isinstance(answer, ZorgError) else answer  # they are read by id then
    return found


def _recently_changed(client: Client, recorded: Sequence[Recorded]) -> list[Recorded]:
    """Return the objects that lists may not show as they are; none for a caller who may not read the event store."""
    try:
        return recently_changed(client, recent_events(client), recorded)
    except ApiError:
        return []
