"""What exists and no resource of the stack declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, Absent, Key, Live, Recorded, Unknown
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.models import Authorization, Event, UserGrantRecord
from pulumi_zorg.proof import Removal, find_organization
from pulumi_zorg.survey.each import Reader, ask
from pulumi_zorg.survey.history import ADDED, happened_lately
from pulumi_zorg.survey.reading import find, listed_values

__all__ = ["find_others"]


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
    candidates: dict[Key, Mapping[str, Any]] = {}
    unknown: list[Unknown] = []
    scope = _organizations_of(recorded)
    if events is None:
        candidates = _added(happened_lately(reader.client) or (), None if everywhere else scope)  # lists lag
        if everywhere:
            scope = {record.id for record in reader.client.listings.organizations()}
            candidates |= {(ORGANIZATION, org_id): {} for org_id in scope}
        if USER_GRANT in types:
            grants, unknown = _grants(reader, sorted(scope), everywhere)
            candidates |= {(USER_GRANT, grant.id): listed_values(grant) or {} for grant in grants}
    else:
        candidates = _added(events, None if everywhere else scope)
    asked = [(key, known) for key, known in candidates.items() if key not in mine and key[0] in types]
    found = []
    for (key, _), answer in ask(
        reader, lambda item: find(reader.client, *item[0], item[1])[0], asked, "Reading what is not declared"
    ):
        if isinstance(answer, ZorgError):
            unknown.append(Unknown(None, *key, str(answer)))
        elif not isinstance(answer, Absent):  # a list, or an event, that is behind
            found.append(answer)
    unknown.sort(key=lambda each: (each.type, each.id))
    return tuple(sorted(found, key=lambda each: each.key)), tuple(unknown)


def _organizations_of(recorded: Iterable[Recorded]) -> set[str]:
    declared = {each.id for each in recorded if each.type == ORGANIZATION}
    named = {str(each.known["org_id"]) for each in recorded if each.type == USER_GRANT and each.known.get("org_id")}
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
    if everywhere:
        # Who may list the instance's organizations has a right on the instance, which is the same in all of them.
        _may_read_grants(reader.client, organizations[0])
        try:
            return list(reader.client.listings.all_authorizations()), []
        except (ApiError, UnexpectedAnswer):
            pass  # servers before v4 do not have that list
    found: list[UserGrantRecord | Authorization] = []
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
        rights = client.witnesses.permissions(org_id)
    except (ApiError, UnexpectedAnswer) as error:
        raise NotProven(
            f"Which rights the credential has in organization {clean(org_id)} cannot be told. {error}"
        ) from None
    if "user.grant.read" not in rights:
        raise NotProven(
            f"The credential lacks user.grant.read in organization {clean(org_id)}: ORG_OWNER_VIEWER or ORG_OWNER there, or "
            "IAM_OWNER_VIEWER on the instance, has it."
        )
