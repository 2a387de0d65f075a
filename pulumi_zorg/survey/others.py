"""What exists and no resource of the stack declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, Absent, Key, Live, Recorded, Unknown
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.models import Authorization, Event, UserGrantRecord
from pulumi_zorg.proof import Removal, find_organization
from pulumi_zorg.survey.each import Reader, ask
from pulumi_zorg.survey.history import ADDED, happened_lately
from pulumi_zorg.survey.reading import FEW_LISTS, changed_lately, find, listed_live

__all__ = ["find_others", "list_all_grants"]


def find_others(
    reader: Reader,
    recorded: Sequence[Recorded],
    *,
    everywhere: bool,
    types: Collection[str],
    events: Iterable[Event] | None = None,
) -> tuple[tuple[Live, ...], tuple[Unknown, ...]]:
    """The objects that nothing of ``recorded`` is, and those of which it could not be told.

    :param recorded: all resources of the stack.
    :param everywhere: in the whole instance; else user grants in the organizations of the stack: those that it
        declares, and those that its grants name.
    :param types: which types of object.
    :param events: looks only at what these say was added, instead of at everything.
    """
    mine = {each.key for each in recorded}
    scope = _organizations_of(recorded)
    listed: dict[Key, Live] = {}
    unknown: list[Unknown] = []
    lately: tuple[Event, ...] | None = None
    if events is None:
        if everywhere:
            organizations = reader.client.listings.organizations()
            scope = {record.id for record in organizations}
            listed.update((each.key, each) for each in map(listed_live, organizations) if each.key not in mine)
        if USER_GRANT in types:
            grants, unknown = _grants(reader, sorted(scope), everywhere)
            listed.update((each.key, each) for each in map(listed_live, grants) if each.key not in mine)
        listed = {key: each for key, each in listed.items() if key[0] in types}
        with suppress(ApiError):  # then nothing that only a list says is believed
            lately = happened_lately(reader.client)
    added = _added((lately if events is None else events) or (), None if everywhere else scope)
    asked = {key: known for key, known in added.items() if key not in mine and key not in listed and key[0] in types}
    doubtful = _doubtful(reader.client, listed, lately)
    asked |= {key: listed[key].values for key in doubtful}
    found = [each for key, each in listed.items() if key not in doubtful]
    for key, answer in ask(
        reader, lambda key: find(reader.client, *key, asked[key])[0], list(asked), "Reading what is not declared"
    ):
        if isinstance(answer, ZorgError):
            unknown.append(Unknown(None, *key, str(answer)))
        elif not isinstance(answer, Absent):  # a list, or an event, that is behind
            found.append(answer)
    unknown.sort(key=lambda each: (each.type, each.id))
    return tuple(sorted(found, key=lambda each: each.key)), tuple(unknown)


def _doubtful(client: Client, listed: Mapping[Key, Live], lately: tuple[Event, ...] | None) -> set[Key]:
    """What is listed, and to be read by id: what happened lately is not in lists yet, or still."""
    each_as_recorded = [Recorded("", each.type, each.id, each.values, each.values) for each in listed.values()]
    doubtful = {key for key, each in listed.items() if "active" not in each.values}
    try:
        return doubtful | {each.key for each in changed_lately(client, lately, each_as_recorded)}
    except ApiError:
        return set(listed)


def _organizations_of(recorded: Iterable[Recorded]) -> set[str]:
    managed = [each for each in recorded if not each.external]  # what it only reads is somebody else's to look after
    declared = {each.id for each in managed if each.type == ORGANIZATION}
    named = {str(each.known["org_id"]) for each in managed if each.type == USER_GRANT and each.known.get("org_id")}
    return declared | named


def _added(events: Iterable[Event], scope: Collection[str] | None) -> dict[Key, Mapping[str, Any]]:
    """What was added; in the organizations of ``scope`` only grants."""
    found: dict[Key, Mapping[str, Any]] = {}
    for event in events:
        if event.kind == ADDED[ORGANIZATION] and scope is None:
            found[ORGANIZATION, event.aggregate.id] = {}
        elif event.kind == ADDED[USER_GRANT] and (scope is None or event.aggregate.resource_owner in scope):
            payload = event.payload
            known = {
                "org_id": event.aggregate.resource_owner,
                "user_id": payload.get("userId"),
                "project_id": payload.get("projectId"),
            }
            found[USER_GRANT, event.aggregate.id] = {name: value for name, value in known.items() if value}
    return found


def _grants(
    reader: Reader, organizations: Sequence[str], everywhere: bool
) -> tuple[list[UserGrantRecord | Authorization], list[Unknown]]:
    found: list[UserGrantRecord | Authorization] = []
    if everywhere or len(organizations) > FEW_LISTS:
        of_all = _of_the_instance(reader.client, organizations, everywhere)
        if of_all is not None:
            found, organizations = of_all
    unknown = []
    for org_id, answer in ask(
        reader, lambda org_id: _grants_of(reader.client, org_id), organizations, "Listing user grants"
    ):
        if isinstance(answer, ZorgError):
            why = f"Which user grants nothing declares in organization {clean(org_id)} cannot be told. {answer}"
            unknown.append(Unknown(None, ORGANIZATION, org_id, why))
        else:
            found += answer
    return found, unknown


def _of_the_instance(
    client: Client, organizations: Sequence[str], everywhere: bool
) -> tuple[list[UserGrantRecord | Authorization], list[str]] | None:
    """The grants in those organizations from the list of all, and the organizations that are not listed: what is with
    these is asked for each. None where that list is not to be had, or is longer than a list for each.

    Who may list the instance's organizations has a right on the instance, which is the same in all of them.
    """
    left: list[str] = []
    at_most = None
    if everywhere:
        _may_read_grants(client, organizations[0])
    else:
        try:
            there = {record.id for record in client.listings.organizations()}
        except (ApiError, UnexpectedAnswer):
            return None
        left = sorted(set(organizations) - there)
        organizations = [org_id for org_id in organizations if org_id in there]
        if not organizations:
            return None
        at_most = 3 * len(organizations)
    try:
        if not everywhere:
            _may_read_grants(client, organizations[0])
        found = client.listings.all_authorizations(at_most)
    except (ApiError, UnexpectedAnswer, NotProven):
        return None  # servers before v4 do not have that list
    wanted = set(organizations)
    return None if found is None else ([each for each in found if everywhere or each.organization.id in wanted], left)


def list_all_grants(client: Client, at_most: int) -> tuple[Authorization, ...] | None:
    """Return all user grants of the instance; None where they take more than ``at_most`` calls.

    :raises PermissionDenied: for a caller without a right on the instance, who would not be shown all of them.
    :raises NotProven: for a caller who lacks the right to read user grants.
    :raises NotFound: by servers before ZITADEL v4, which do not have that list.
    """
    # Who may list organizations has a right on the instance, which is the same in all of them.
    organizations = client.listings.organizations()
    if not organizations:
        raise UnexpectedAnswer(
            "Listing the organizations of the instance: the server shows none.", may_have_applied=False
        )
    _may_read_grants(client, organizations[0].id)
    return client.listings.all_authorizations(at_most)


def _grants_of(client: Client, org_id: str) -> tuple[UserGrantRecord, ...]:
    """The grants of one organization; of one that is gone there are none."""
    # This makes sure as well that the server acts on the organization that is named.
    if isinstance(find_organization(client, org_id), Removal):
        return ()
    _may_read_grants(client, org_id)
    return client.listings.user_grants(org_id)


def _may_read_grants(client: Client, org_id: str) -> None:
    """Lists leave out what the caller may not see, so that a short one says nothing by itself."""
    try:
        rights = client.identity.permissions(org_id)
    except (ApiError, UnexpectedAnswer) as error:
        raise NotProven(
            f"Which rights the credential has in organization {clean(org_id)} cannot be told. {error}"
        ) from None
    if "user.grant.read" not in rights:
        raise NotProven(
            f"The credential lacks user.grant.read in organization {clean(org_id)}: ORG_OWNER_VIEWER or ORG_OWNER there, or "
            "IAM_OWNER_VIEWER on the instance, has it."
        )
