"""Finds an object, or proves that it was removed.

One answer is not a proof: the API answers 200 for a removed organization, 404 for an existing one to a caller without
permission, and can answer 404 for an existing user grant to everybody, for good.

For a caller who may read the event store, the events decide: a removal is an event with a user and a time. For other callers,
DESIGN.md ("Gone needs proof") has the answers that are a proof together.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator

from pulumi_zorg.client import Client
from pulumi_zorg.errors import (
    ApiError,
    NeverThere,
    NotFound,
    NotProven,
    PermissionDenied,
    UnexpectedAnswer,
    ZorgError,
    clean,
)
from pulumi_zorg.models import Event, OrganizationRecord, PhantomGrantRecord, UserGrantRecord
from pulumi_zorg.observed import Removal

__all__ = [
    "ENDS_OF_OTHERS",
    "GRANT_ENDS",
    "Removal",
    "created",
    "find_organization",
    "find_user_grant",
    "grant_from_events",
    "list_events",
    "removal",
    "took_along",
]

_ORG_LIFE = ("org.added", "org.removed")
#: The types of event by which a user grant itself is removed.
GRANT_ENDS = ("user.grant.removed", "user.grant.cascade.removed")
_GRANT_LIFE = (
    "user.grant.added",
    "user.grant.changed",
    "user.grant.cascade.changed",
    "user.grant.deactivated",
    "user.grant.reactivated",
    *GRANT_ENDS,
)
#: The types of event by which another object is removed, and user grants with it without an event of their own.
ENDS_OF_OTHERS = ("org.removed", "user.removed", "project.removed", "project.grant.removed")
# The events by which these other objects are created and removed.
_USER_LIFE = ("user.human.added", "user.human.selfregistered", "user.machine.added", "user.removed")
_PROJECT_LIFE = ("project.added", "project.removed", "project.grant.removed")

_STATE_DELETE = "If you know that it was removed, `pulumi state delete` takes it out of the state."


def find_organization(client: Client, org_id: str) -> OrganizationRecord | Removal:
    """Return the organization, or the proof that it was removed.

    :raises NotProven: where neither can be shown.
    :raises HeaderIgnored: where the server does not act on the organization that a call names.
    """
    shown: OrganizationRecord | None = None
    refused: ApiError | None = None
    try:
        shown = client.organizations.read(org_id)
    except (NotFound, PermissionDenied) as error:
        refused = error
    if shown is not None and not shown.removed:
        client.mark_verified(org_id)
        return shown
    what = f"organization {clean(org_id)}"
    events = _events(client, org_id, _ORG_LIFE)
    if events:
        last = events[-1]
        if last.kind == "org.removed":
            return removal(last, f"{what} was removed")
        raise NotProven(
            f"Reads do not show {what}, but ZITADEL's event store has no removal of it, so it still exists"
            f"{_refused(refused)}. It stays in the state."
        )
    if shown is not None and shown.details.resource_owner == org_id:
        # To a caller who may read it, the server shows a removed organization under its own id, without a state.
        return Removal(f"the server shows {what} as it shows removed ones, without a state")
    if events is not None:
        raise NeverThere(
            f"This instance has never had {what}: is zorg:url ({client.transport.settings.url}) the instance that the "
            f"stack was made for?{_refused(refused)} It stays in the state. {_STATE_DELETE}"
        )
    raise NotProven(
        f"It is not known whether {what} was removed{_refused(refused)}. The credential may read neither it nor the event "
        f"store; a credential with IAM_OWNER_VIEWER on the instance may. It stays in the state. {_STATE_DELETE}"
    )


def find_user_grant(
    client: Client, org_id: str, grant_id: str, user_id: str | None, project_id: str | None
) -> UserGrantRecord | Removal:
    """Return the user grant, or the proof that it was removed.

    A :class:`PhantomGrantRecord` is a grant that only the event store shows.

    :param org_id: the organization that the grant was made in.
    :param user_id: the user who has the grant; None where that is not known yet.
    :param project_id: the project that the grant is for; None where that is not known yet.
    :raises NotProven: where neither can be shown.
    :raises HeaderIgnored: where the server does not act on the organization that a call names.
    """
    try:
        return client.user_grants.read(org_id, grant_id, user_id)
    except (NotFound, PermissionDenied) as error:
        refused = error
    what = f"user grant {clean(grant_id)}"
    events = _events(client, grant_id, _GRANT_LIFE)
    if events:
        return _from_events(client, events, org_id, what)
    if events is not None:
        raise NeverThere(
            f"This instance has never had {what}: is zorg:url ({client.transport.settings.url}) the instance that the "
            f"stack was made for?{_refused(refused)} It stays in the state. {_STATE_DELETE}"
        )
    return _without_events(client, org_id, grant_id, user_id, project_id, refused)


def _from_events(client: Client, events: tuple[Event, ...], org_id: str, what: str) -> UserGrantRecord | Removal:
    last = events[-1]
    if last.kind in GRANT_ENDS:
        return removal(last, f"{what} was removed")
    record = grant_from_events(events)
    if record.org_id != org_id:
        raise NotProven(
            f"{what[0].upper()}{what[1:]} is not in organization {clean(org_id)} but in {clean(record.org_id)}. "
            "It stays in the state; correct org_id."
        )
    for event, whose in _ends_of_others(client, record):
        if event.creation_date >= events[0].creation_date:
            return removal(event, f"{what} went with {whose}")
    # A server that acts on another organization does not find the grant either. Then it is not a phantom.
    client.verify_org_header(org_id)
    return record


def grant_from_events(events: tuple[Event, ...]) -> PhantomGrantRecord:
    """Return the grant as its own events show it.

    :param events: oldest first; the first one created the grant.
    """
    first = events[0]
    values = {
        "id": first.aggregate.id,
        "userId": first.payload.get("userId", ""),
        "projectId": first.payload.get("projectId", ""),
        "projectGrantId": first.payload.get("grantId", ""),
        "state": "USER_GRANT_STATE_ACTIVE",
        "details": {
            "sequence": events[-1].sequence,
            "creationDate": first.creation_date,
            "changeDate": events[-1].creation_date,
            "resourceOwner": first.aggregate.resource_owner,
        },
    }
    for event in events:
        if event.kind in ("user.grant.added", "user.grant.changed", "user.grant.cascade.changed"):
            values["roleKeys"] = tuple(event.payload.get("roleKeys") or ())
        elif event.kind == "user.grant.deactivated":
            values["state"] = "USER_GRANT_STATE_INACTIVE"
        elif event.kind == "user.grant.reactivated":
            values["state"] = "USER_GRANT_STATE_ACTIVE"
    return PhantomGrantRecord.model_validate(values)


def _ends_of_others(client: Client, grant: UserGrantRecord) -> Iterator[tuple[Event, str]]:
    """Return the removals of other objects by which the grant was removed without an event of its own.

    These objects are its organization, its user, its project or project grant, and the organizations of its user and project.
    """
    user = _events(client, grant.user_id, _USER_LIFE) or ()
    project = _events(client, grant.project_id, _PROJECT_LIFE) or ()
    organizations = {grant.org_id, *_owners(user), *_owners(project)}
    ends = (event for org_id in organizations for event in _events(client, org_id, ("org.removed",)) or ())
    for event in itertools.chain(user, project, ends):
        whose = took_along(event, grant, organizations)
        if whose is not None:
            yield event, whose


def took_along(event: Event, grant: UserGrantRecord, organizations: Collection[str]) -> str | None:
    """Return the object whose removal the event is, if the grant is removed with it; else None.

    :param event: of a type in :data:`ENDS_OF_OTHERS`.
    :param organizations: the organizations of the grant, its user and its project, as far as they are known.
    """
    about = event.aggregate.id
    match event.kind:
        case "user.removed" if about == grant.user_id:
            return f"its user {clean(about)}"
        case "project.removed" if about == grant.project_id:
            return f"its project {clean(about)}"
        case "project.grant.removed" if about == grant.project_id:
            if grant.project_grant_id and event.payload.get("grantId") == grant.project_grant_id:
                return f"its project grant {clean(grant.project_grant_id)}"
        case "org.removed" if about in organizations:
            return f"organization {clean(about)}"
    return None


def _owners(events: Iterable[Event]) -> set[str]:
    return {event.aggregate.resource_owner for event in events if event.aggregate.resource_owner}


def _without_events(
    client: Client, org_id: str, grant_id: str, user_id: str | None, project_id: str | None, refused: ApiError
) -> Removal:
    """Return the proof that a grant was removed, for a caller who may not read the event store.

    It is a proof that the organization was removed. It is also a proof that the caller may read every grant of the
    organization, the server honours the header, and neither the read by id nor the list of the user's grants for the project
    has the grant.

    :raises NotProven: without such a proof.
    """
    what = f"user grant {clean(grant_id)}"
    organization = find_organization(client, org_id)
    if isinstance(organization, Removal):
        return Removal(f"{what} went with organization {clean(org_id)}")
    try:
        rights = client.identity.permissions(org_id)
    except ApiError:
        rights = frozenset()
    if "user.grant.read" not in rights:
        raise NotProven(
            f"It is not known whether {what} was removed{_refused(refused)}. The credential lacks user.grant.read in organization "
            f"{clean(org_id)} (ORG_OWNER_VIEWER or ORG_OWNER there, or IAM_OWNER_VIEWER on the instance). "
            f"It stays in the state. {_STATE_DELETE}"
        )
    if isinstance(refused, NotFound) and user_id and project_id:
        listed = client.user_grants.search(org_id, user_id, project_id)
        if all(each.id != grant_id for each in listed) and not _is_elsewhere(client, grant_id):
            return Removal(f"{what} is neither listed nor readable for a credential that may read the grants there")
    raise NotProven(
        f"It is not known whether {what} was removed{_refused(refused)}. It stays in the state. {_STATE_DELETE}"
    )


def _is_elsewhere(client: Client, grant_id: str) -> bool:
    """Whether the list of all organizations' grants has the grant. Servers before v4 do not have that list."""
    try:
        return client.user_grants.organization_of(grant_id) is not None
    except (ApiError, UnexpectedAnswer):
        return False


def list_events(client: Client, kinds: Iterable[str], resource_owner: str | None = None) -> tuple[Event, ...]:
    """Return the newest events of these types; none for a caller who may not read them."""
    try:
        return client.events.newest(kinds, resource_owner)
    except (PermissionDenied, NotFound):
        return ()


def created(client: Client, object_id: str, created_event: str) -> Event | None:
    """Return the newest event that created the object; None for a caller who may not read it."""
    found = _events(client, object_id, (created_event,))
    return found[-1] if found else None


def _events(client: Client, aggregate_id: str, kinds: Iterable[str]) -> tuple[Event, ...] | None:
    """Return the events of an object, oldest first; None for a caller who may not read them."""
    try:
        return client.events.of(aggregate_id, kinds)
    except (PermissionDenied, NotFound):
        return None


def removal(event: Event, how: str) -> Removal:
    """Return the proof that an event is.

    :param how: what the event shows, as the end of a sentence.
    """
    return Removal(how, by=event.editor.display_name or event.editor.user_id or None, at=event.creation_date)


def _refused(error: ZorgError | None) -> str:
    return f" ({error.operation}: {error.status} {error.said})" if isinstance(error, ApiError) else ""
