"""How the objects of a state are found on the instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, Absent, Key, Live, Recorded, Unknown, changes_of
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, ZorgError
from pulumi_zorg.models import Authorization, Event, OrganizationRecord, UserGrantRecord
from pulumi_zorg.proof import Removal
from pulumi_zorg.resource_types.all import RESOURCE_TYPES
from pulumi_zorg.survey.each import Reader, ask
from pulumi_zorg.survey.history import belongings, happened_lately, touched
from pulumi_zorg.survey.together import absent, proven_gone

__all__ = ["FEW_LISTS", "Seen", "changed_lately", "find", "listed_live", "look", "verify_instance"]

#: So many objects are read one by one: that is as quick as a list, and it does not lag.
FEW = 20
#: So many organizations' grants are listed one organization after another; with more of them, grants are listed by id.
FEW_LISTS = 12
#: So many that no list shows are proven to be gone one by one.
_FEW_PROOFS = 5


@dataclass
class Seen:
    """What was found.

    :param live: each object that was looked at, as it is, or with the proof that it is gone.
    :param unknown: the objects of which that could not be told.
    :param warnings: what the user should know, as sentences.
    """

    live: dict[Key, Live | Absent] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def look(reader: Reader, recorded: Sequence[Recorded]) -> Seen:
    """Looks for all of them.

    In lists first, where there are many. What a list shows otherwise than the state, or not at all, is read by id: lists
    lag, leave out what the caller may not see, and never show a phantom.

    :raises ZorgError: where nothing can be told at all: no connection, no token.
    """
    seen = Seen()
    listed = _listed(reader, recorded)
    doubtful = [each for each in recorded if each.key not in listed or changes_of(each, listed[each.key])]
    in_doubt = {each.key for each in doubtful}
    if listed:
        doubtful += _changed_lately(reader.client, [each for each in recorded if each.key not in in_doubt])
        in_doubt = {each.key for each in doubtful}
        missing = [each for each in doubtful if each.key not in listed]
        if len(missing) > _FEW_PROOFS:
            gone = proven_gone(reader.client, missing)
            seen.live.update(gone)
            doubtful = [each for each in doubtful if each.key not in gone]
    seen.live.update((key, Live(*key, values)) for key, values in listed.items() if key not in in_doubt)
    answers = ask(
        reader,
        lambda each: find(reader.client, each.type, each.id, each.known),
        doubtful,
        "Reading by id",
    )
    for each, answer in answers:
        if isinstance(answer, ZorgError):
            seen.unknown.append(Unknown(each.urn, each.type, each.id, str(answer)))
            continue
        found, warning = answer
        seen.live[each.key] = found
        if warning:
            seen.warnings.append(warning)
    order = {each.key: place for place, each in enumerate(recorded)}
    seen.unknown.sort(key=lambda each: order[each.type, each.id])
    return seen


def find(client: Client, type: str, id: str, known: Mapping[str, Any]) -> tuple[Live | Absent, str | None]:
    """One object, or the proof that it is gone; and what the user should know about it.

    It is read as the engine's own refresh reads it, so that both come to the same verdict.
    """
    found = RESOURCE_TYPES[type].find(client, id, known)
    if isinstance(found, Removal):
        return absent(found), None
    return Live(type, id, found.properties, found.details.creation_date), found.warning


def verify_instance(client: Client, recorded: Sequence[Recorded]) -> None:
    """Makes sure that the instance is the one that the state was written of: it has one of the objects, or had it.

    For who looks only at what happened: on another instance nothing happened to any of them.

    :raises NotProven: where it is not.
    """
    for each in recorded[:1]:
        find(client, each.type, each.id, each.known)


def listed_values(record: OrganizationRecord | UserGrantRecord | Authorization) -> dict[str, Any] | None:
    """What a list shows, in the state's form; None for a state that this release does not know."""
    active = {"ACTIVE": True, "INACTIVE": False}.get(record.state.rpartition("STATE_")[2])
    if active is None:
        return None
    if isinstance(record, OrganizationRecord):
        return {"name": record.name, "active": active, "primary_domain": record.primary_domain}
    if isinstance(record, Authorization):
        values: dict[str, Any] = {
            "org_id": record.organization.id,
            "user_id": record.user.id,
            "project_id": record.project.id,
        }
        role_keys = {role.key for role in record.roles}
    else:
        values = {"org_id": record.org_id, "user_id": record.user_id, "project_id": record.project_id}
        if record.project_grant_id:
            values["project_grant_id"] = record.project_grant_id
        role_keys = set(record.role_keys)
    return {**values, "role_keys": sorted(role_keys), "active": active}


def listed_live(record: OrganizationRecord | UserGrantRecord | Authorization) -> Live:
    """What a list shows, with the same values as a read by id; without any where this release does not know the state."""
    of = ORGANIZATION if isinstance(record, OrganizationRecord) else USER_GRANT
    created = record.creation_date if isinstance(record, Authorization) else record.details.creation_date
    values = listed_values(record)
    if values is None:
        return Live(of, record.id, {}, created)
    state = f"USER_GRANT_{record.state}" if isinstance(record, Authorization) else record.state
    return Live(of, record.id, {**values, "state": state}, created)


def _listed(reader: Reader, recorded: Iterable[Recorded]) -> dict[Key, dict[str, Any]]:
    """What lists show of the objects, as far as there are lists that the caller may read."""
    found: dict[Key, dict[str, Any]] = {}
    wanted = {of: {each.id: each for each in recorded if each.type == of} for of in (ORGANIZATION, USER_GRANT)}
    records: list[tuple[str, OrganizationRecord | UserGrantRecord | Authorization]] = []
    if len(wanted[ORGANIZATION]) > FEW:
        records += ((ORGANIZATION, record) for record in _organizations(reader.client))
    if len(wanted[USER_GRANT]) > FEW:
        records += ((USER_GRANT, record) for record in _grants(reader, list(wanted[USER_GRANT].values())))
    for of, record in records:
        values = listed_values(record)
        if record.id in wanted[of] and values is not None:
            found[of, record.id] = values
    return found


def _organizations(client: Client) -> Iterable[OrganizationRecord]:
    try:
        return client.listings.organizations()
    except (ApiError, UnexpectedAnswer):
        return ()  # they are then read one by one


def _grants(reader: Reader, recorded: Sequence[Recorded]) -> Iterable[UserGrantRecord | Authorization]:
    listings = reader.client.listings
    organizations = sorted({str(each.known["org_id"]) for each in recorded if each.known.get("org_id")})
    if len(organizations) > FEW_LISTS:
        try:
            return listings.authorizations([each.id for each in recorded])
        except (ApiError, UnexpectedAnswer):
            pass  # servers before v4 do not have that list
    found: list[UserGrantRecord] = []
    for _, answer in ask(reader, listings.user_grants, organizations, "Listing user grants"):
        found += () if isinstance(answer, ZorgError) else answer  # they are then read one by one
    return found


def _changed_lately(client: Client, recorded: Sequence[Recorded]) -> list[Recorded]:
    """What lists may still show as it was a moment ago; none where the caller may not read the event store."""
    try:
        return changed_lately(client, happened_lately(client), recorded)
    except ApiError:
        return []


def changed_lately(client: Client, events: tuple[Event, ...] | None, recorded: Sequence[Recorded]) -> list[Recorded]:
    """Those that the events are about; all of them where what happened is too much to be told.

    :raises ApiError: where the caller may not read the event store.
    """
    if events is None:
        return list(recorded)
    return touched(events, recorded, belongings(client, events, at_most=1 + len(recorded) // 10))
