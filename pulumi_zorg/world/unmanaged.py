"""Finds unmanaged objects: they exist, and no resource of the stack manages them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.pages import TooLong
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.drift.report import Undetermined
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES, organization_type
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.affected_by import recent_events, recently_changed
from pulumi_zorg.world.concurrency import Reader, read_each
from pulumi_zorg.world.observe import FEW_LISTS, find, from_list
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.proof import find_organization
from pulumi_zorg.world.tokens import Key

__all__ = ["find_unmanaged", "removed_along"]

#: The entries of lists.
Entries = dict[Key, ObjectRecord]


class _Organizations:
    """What is read once about each organization, whatever the number of types."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._removed: dict[str, bool] = {}
        self._rights: dict[str, frozenset[str]] = {}

    @cached_property
    def existing(self) -> list[str]:
        """The ids of all organizations of the instance.

        :raises PermissionDenied: for a caller without a right on the instance.
        """
        top = organization_type()
        return [record.id for record in top.calls.list_instance(self.client) or ()]

    def is_removed(self, org_id: str) -> bool:
        """Whether the organization was removed. It is verified that the server acts on it where the header names it.

        :raises ZorgError: where that is not known.
        """
        if org_id not in self._removed:
            self._removed[org_id] = isinstance(find_organization(self.client, org_id), Removal)
        return self._removed[org_id]

    def require_permission(self, type: ResourceType[Any], org_id: str) -> None:
        """Verify that the caller may read all objects of the type there: lists leave out what a caller may not see.

        :raises NotProven: where the caller may not, or the server does not say.
        """
        try:
            if org_id not in self._rights:
                self._rights[org_id] = self.client.caller.permissions(org_id)
        except (ApiError, UnexpectedAnswer) as error:
            raise NotProven(
                f"The rights of the credential in organization {clean(org_id)} cannot be read. {error}"
            ) from None
        if type.read_permission not in self._rights[org_id]:
            raise NotProven(
                f"The credential lacks {type.read_permission} in organization {clean(org_id)}: ORG_OWNER_VIEWER or ORG_OWNER "
                "there, or IAM_OWNER_VIEWER on the instance, has it."
            )


def find_unmanaged(
    reader: Reader,
    recorded: Sequence[Recorded],
    *,
    whole_instance: bool,
    types: Collection[str],
    events: Iterable[Event] | None = None,
) -> tuple[tuple[Observed, ...], tuple[Undetermined, ...]]:
    """Return the unmanaged objects, and the objects of which it is not known whether they exist.

    :param recorded: all resources of the stack. Objects that it only reads are not reported either.
    :param whole_instance: report the objects of the whole instance, organizations too; else the objects in the
        organizations that the stack manages, and in those in which it manages an object.
    :param types: the type tokens to report.
    :param events: report only objects that these events created.
    """
    own = {each.key for each in recorded}
    scope = None if whole_instance else _organizations_of(recorded)
    entries: Entries = {}
    unknown: list[Undetermined] = []
    recent: tuple[Event, ...] | None = None
    if events is None:
        entries, unknown = _list_everything(reader, scope, types)
        entries = {key: entry for key, entry in entries.items() if key not in own and key.type in types}
        with suppress(ApiError):
            recent = recent_events(reader.client)
    shown = {key: from_list(RESOURCE_TYPES[key.type], entry) for key, entry in entries.items()}
    listed = {key: each for key, each in shown.items() if each is not None}
    outdated = _outdated(reader.client, listed, recent)
    # Read by id: what a list may not show yet, or not as it is.
    by_id: dict[Key, Mapping[str, Any]] = {key: {} for key in entries if key not in listed}
    by_id |= {key: listed[key].properties for key in outdated}
    created = _created((recent if events is None else events) or (), scope)
    by_id |= {
        key: known for key, known in created.items() if key.type in types and key not in own and key not in entries
    }
    found = [each for key, each in listed.items() if key not in outdated]
    for key, answer in read_each(
        reader, lambda key: find(reader.client, key.type, key.id, by_id[key]), list(by_id), "Reading unmanaged objects"
    ):
        if isinstance(answer, NotProven) and answer.unseen:
            continue  # a list showed it a moment ago, and shows it no more
        if isinstance(answer, ZorgError):
            unknown.append(Undetermined(None, key.type, key.id, str(answer)))
        elif isinstance(answer, Observed):
            found.append(answer)
    unknown.sort(key=lambda each: (each.type, each.id))
    return tuple(sorted(found, key=lambda each: each.key)), tuple(unknown)


def removed_along(
    client: Client, type: ResourceType[Any], removed: Mapping[str, Mapping[str, Mapping[str, Any]]], at_most: int
) -> Collection[str] | None:
    """Return the ids of the objects of a type that are removed along with objects of other types.

    :param removed: see :meth:`ResourceType.removed_along`.
    :param at_most: how many calls it may take; None is returned where that is not enough.
    :raises PermissionDenied: for a caller without a right on the instance, who would not be shown all of them.
    :raises NotProven: for a caller who lacks the right to read the objects.
    :raises NotFound: by servers before ZITADEL v4, which do not have a list of the whole instance.
    """
    # Who may list organizations has a right on the instance, which is the same in all of them.
    organizations = _Organizations(client)
    organizations.require_permission(type, organizations.existing[0])
    return type.removed_along(client, removed, at_most)


def _organizations_of(recorded: Iterable[Recorded]) -> set[str]:
    """Return the organizations that the stack manages, and those in which it manages an object."""
    managed = [each for each in recorded if not each.external]
    organizations = {each.id for each in managed if RESOURCE_TYPES[each.type].is_organization}
    return organizations | {str(each.known["org_id"]) for each in managed if each.known.get("org_id")}


def _list_everything(
    reader: Reader, scope: set[str] | None, types: Collection[str]
) -> tuple[Entries, list[Undetermined]]:
    """Return the entries of the lists in scope, and the organizations whose objects could not be listed.

    :param scope: the organizations whose objects are listed; None is the whole instance, with its organizations.
    """
    entries: Entries = {}
    unknown: list[Undetermined] = []
    organizations = sorted(scope or ())
    known = _Organizations(reader.client)
    # Organizations first: the lists of the others need them.
    for token, resource_type in sorted(RESOURCE_TYPES.items(), key=lambda item: item[1].in_organization):
        if resource_type.is_organization and scope is None:
            records: Sequence[ObjectRecord] = resource_type.calls.list_instance(reader.client) or ()
            organizations = sorted(record.id for record in records)
        elif resource_type.in_organization and token in types:
            records, failed = _list_type(reader, known, resource_type, organizations, whole_instance=scope is None)
            unknown += failed
        else:
            continue
        entries.update((resource_type.key(record.id, vars(record)), record) for record in records)
    return entries, unknown


def _list_type(
    reader: Reader,
    known: _Organizations,
    type: ResourceType[Any],
    organizations: Sequence[str],
    *,
    whole_instance: bool,
) -> tuple[list[ObjectRecord], list[Undetermined]]:
    found: list[ObjectRecord] = []
    if whole_instance or len(organizations) > FEW_LISTS:
        in_one_list = _list_at_once(known, type, organizations, whole_instance=whole_instance)
        if in_one_list is not None:
            found, organizations = in_one_list
    unknown = []
    for org_id, answer in read_each(
        reader, lambda org_id: _list_in(known, type, org_id), organizations, f"Listing {type.noun}s"
    ):
        if isinstance(answer, ZorgError):
            why = f"The unmanaged {type.noun}s in organization {clean(org_id)} are not known. {answer}"
            unknown.append(Undetermined(None, _organization_token(), org_id, why))
        else:
            found += answer
    return found, unknown


def _organization_token() -> str:
    return organization_type().token


def _list_at_once(
    known: _Organizations, type: ResourceType[Any], organizations: Sequence[str], *, whole_instance: bool
) -> tuple[list[ObjectRecord], list[str]] | None:
    """Return the objects in these organizations from the list of all objects of the instance.

    The second part of the answer is the organizations that do not exist: each of them must be read by itself. None where
    that list cannot be read, or is longer than one list for each organization.

    A caller who may list the instance's organizations has a right on the instance, which is the same in all of them.
    """
    missing: list[str] = []
    at_most = None
    if whole_instance:
        known.require_permission(type, organizations[0])
    else:
        try:
            existing = set(known.existing)
        except (ApiError, UnexpectedAnswer):
            return None
        missing = sorted(set(organizations) - existing)
        organizations = [org_id for org_id in organizations if org_id in existing]
        if not organizations:
            return None
        at_most = 3 * len(organizations)
    try:
        if not whole_instance:
            known.require_permission(type, organizations[0])
        records = type.calls.list_instance(known.client, at_most)
    except (ApiError, UnexpectedAnswer, NotProven, TooLong):
        return None  # older servers do not have that list, or it is too long
    if records is None:
        return None
    wanted = set(organizations)
    return [each for each in records if whole_instance or each.org_id in wanted], missing


def _list_in(known: _Organizations, type: ResourceType[Any], org_id: str) -> Sequence[ObjectRecord]:
    """Return the objects in one organization; none in a removed one."""
    if known.is_removed(org_id):
        return ()
    known.require_permission(type, org_id)
    return type.calls.list_organization(known.client, org_id)


def _outdated(client: Client, listed: Mapping[Key, Observed], recent: tuple[Event, ...] | None) -> set[Key]:
    """Return the listed objects that a list may not show as they are; all, for a caller who may not read the events."""
    as_recorded = [Recorded("", each.type, each.id, each.properties, each.properties) for each in listed.values()]
    try:
        return {each.key for each in recently_changed(client, recent, as_recorded)}
    except ApiError:
        return set(listed)


def _created(events: Iterable[Event], scope: Collection[str] | None) -> dict[Key, Mapping[str, Any]]:
    """Return the objects that the events created, with what the events say of them.

    :param scope: only grants in these organizations; None is everything.
    """
    found: dict[Key, Mapping[str, Any]] = {}
    for event in events:
        for token, resource_type in RESOURCE_TYPES.items():
            in_scope = scope is None or (resource_type.in_organization and event.aggregate.resource_owner in scope)
            if event.kind == resource_type.events.created and in_scope:
                known = resource_type.events.known_from(event, in_organization=resource_type.in_organization)
                found[resource_type.events.key(token, event)] = known
    return found
