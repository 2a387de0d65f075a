"""Finds unmanaged objects: they exist, and no resource of the stack manages them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift.affected_by import recent_events, recently_changed
from pulumi_zorg.drift.concurrency import Reader, read_each
from pulumi_zorg.drift.observe import FEW_LISTS, Listed, find, from_list
from pulumi_zorg.drift.report import Undetermined
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.models import Authorization, Event, OrganizationRecord, UserGrantRecord
from pulumi_zorg.observed import Observed, Removal
from pulumi_zorg.proof import find_organization
from pulumi_zorg.resource_types.all import RESOURCE_TYPES
from pulumi_zorg.state import Recorded
from pulumi_zorg.tokens import ORGANIZATION, USER_GRANT, Key

__all__ = ["find_unmanaged", "list_all_grants"]

#: The entries of lists, by type and id.
Entries = dict[Key, Listed]


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
    :param whole_instance: report organizations and user grants of the whole instance; else user grants in the
        organizations that the stack manages, and in those in which it manages a grant.
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
        entries = {key: entry for key, entry in entries.items() if key not in own and key[0] in types}
        with suppress(ApiError):
            recent = recent_events(reader.client)
    listed = {key: each for key, entry in entries.items() if (each := from_list(entry)) is not None}
    outdated = _outdated(reader.client, listed, recent)
    # Read by id: what a list may not show yet, or not as it is.
    by_id: dict[Key, Mapping[str, Any]] = {key: {} for key in entries if key not in listed}
    by_id |= {key: listed[key].properties for key in outdated}
    created = _created((recent if events is None else events) or (), scope)
    by_id |= {key: known for key, known in created.items() if key[0] in types and key not in own and key not in entries}
    found = [each for key, each in listed.items() if key not in outdated]
    for key, answer in read_each(
        reader, lambda key: find(reader.client, *key, by_id[key]), list(by_id), "Reading unmanaged objects"
    ):
        if isinstance(answer, ZorgError):
            unknown.append(Undetermined(None, *key, str(answer)))
        elif isinstance(answer, Observed):
            found.append(answer)
    unknown.sort(key=lambda each: (each.type, each.id))
    return tuple(sorted(found, key=lambda each: each.key)), tuple(unknown)


def list_all_grants(client: Client, at_most: int) -> tuple[Authorization, ...] | None:
    """Return all user grants of the instance; None where they take more than ``at_most`` calls.

    :raises PermissionDenied: for a caller without a right on the instance, who would not be shown all of them.
    :raises NotProven: for a caller who lacks the right to read user grants.
    :raises NotFound: by servers before ZITADEL v4, which do not have that list.
    """
    # Who may list organizations has a right on the instance, which is the same in all of them.
    _require_grant_read(client, _list_organizations(client)[0].id)
    return client.listings.all_authorizations(at_most)


def _list_organizations(client: Client) -> tuple[OrganizationRecord, ...]:
    """Return all organizations of the instance.

    :raises UnexpectedAnswer: where the server shows none: an instance has at least the default organization.
    """
    organizations = client.listings.organizations()
    if not organizations:
        raise UnexpectedAnswer(
            "Listing the organizations of the instance: the server shows none.", may_have_applied=False
        )
    return organizations


def _organizations_of(recorded: Iterable[Recorded]) -> set[str]:
    """Return the organizations that the stack manages, and those in which it manages a user grant."""
    managed = [each for each in recorded if not each.external]
    organizations = {each.id for each in managed if each.type == ORGANIZATION}
    return organizations | {
        str(each.known["org_id"]) for each in managed if each.type == USER_GRANT and each.known.get("org_id")
    }


def _list_everything(
    reader: Reader, scope: set[str] | None, types: Collection[str]
) -> tuple[Entries, list[Undetermined]]:
    """Return the entries of the lists in scope, and the organizations whose grants could not be listed.

    :param scope: the organizations whose grants are listed; None is the whole instance, with its organizations.
    """
    entries: Entries = {}
    unknown: list[Undetermined] = []
    organizations = scope or set()
    if scope is None:
        records = _list_organizations(reader.client)
        organizations = {record.id for record in records}
        entries.update(((ORGANIZATION, record.id), record) for record in records)
    if USER_GRANT in types:
        grants, unknown = _list_grants(reader, sorted(organizations), whole_instance=scope is None)
        entries.update(((USER_GRANT, grant.id), grant) for grant in grants)
    return entries, unknown


def _list_grants(
    reader: Reader, organizations: Sequence[str], *, whole_instance: bool
) -> tuple[list[UserGrantRecord | Authorization], list[Undetermined]]:
    found: list[UserGrantRecord | Authorization] = []
    if whole_instance or len(organizations) > FEW_LISTS:
        in_one_list = _list_grants_at_once(reader.client, organizations, whole_instance=whole_instance)
        if in_one_list is not None:
            found, organizations = in_one_list
    unknown = []
    for org_id, answer in read_each(
        reader, lambda org_id: _list_grants_of(reader.client, org_id), organizations, "Listing user grants"
    ):
        if isinstance(answer, ZorgError):
            why = f"The unmanaged user grants in organization {clean(org_id)} are not known. {answer}"
            unknown.append(Undetermined(None, ORGANIZATION, org_id, why))
        else:
            found += answer
    return found, unknown


def _list_grants_at_once(
    client: Client, organizations: Sequence[str], *, whole_instance: bool
) -> tuple[list[UserGrantRecord | Authorization], list[str]] | None:
    """Return the grants in these organizations from the list of all grants of the instance.

    The second part of the answer is the organizations that do not exist: each of them must be read by itself. None where
    that list cannot be read, or is longer than one list for each organization.

    A caller who may list the instance's organizations has a right on the instance, which is the same in all of them.
    """
    missing: list[str] = []
    at_most = None
    if whole_instance:
        _require_grant_read(client, organizations[0])
    else:
        try:
            existing = {record.id for record in client.listings.organizations()}
        except (ApiError, UnexpectedAnswer):
            return None
        missing = sorted(set(organizations) - existing)
        organizations = [org_id for org_id in organizations if org_id in existing]
        if not organizations:
            return None
        at_most = 3 * len(organizations)
    try:
        if not whole_instance:
            _require_grant_read(client, organizations[0])
        grants = client.listings.all_authorizations(at_most)
    except (ApiError, UnexpectedAnswer, NotProven):
        return None  # servers before v4 do not have that list
    if grants is None:
        return None
    wanted = set(organizations)
    return [each for each in grants if whole_instance or each.organization.id in wanted], missing


def _list_grants_of(client: Client, org_id: str) -> tuple[UserGrantRecord, ...]:
    """Return the grants of one organization; none of a removed one."""
    # This verifies as well that the server acts on the organization that the header names.
    if isinstance(find_organization(client, org_id), Removal):
        return ()
    _require_grant_read(client, org_id)
    return client.listings.user_grants(org_id)


def _require_grant_read(client: Client, org_id: str) -> None:
    """Verify that the caller may read all user grants of the organization: lists leave out what a caller may not see.

    :raises NotProven: where the caller may not, or the server does not say.
    """
    try:
        rights = client.identity.permissions(org_id)
    except (ApiError, UnexpectedAnswer) as error:
        raise NotProven(
            f"The rights of the credential in organization {clean(org_id)} cannot be read. {error}"
        ) from None
    if "user.grant.read" not in rights:
        raise NotProven(
            f"The credential lacks user.grant.read in organization {clean(org_id)}: ORG_OWNER_VIEWER or ORG_OWNER there, or "
            "IAM_OWNER_VIEWER on the instance, has it."
        )


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
        if event.kind == RESOURCE_TYPES[ORGANIZATION].created_event and scope is None:
            found[ORGANIZATION, event.aggregate.id] = {}
        elif event.kind == RESOURCE_TYPES[USER_GRANT].created_event and (
            scope is None or event.aggregate.resource_owner in scope
        ):
            known = {
                "org_id": event.aggregate.resource_owner,
                "user_id": event.payload.get("userId"),
                "project_id": event.payload.get("projectId"),
            }
            found[USER_GRANT, event.aggregate.id] = {name: value for name, value in known.items() if value}
    return found
