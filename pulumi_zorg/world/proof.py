"""Finds an object, or proves that it was removed.

One answer is not a proof: the API answers 200 for a removed organization, 404 for an existing one to a caller without
permission, and can answer 404 for an existing user grant to everybody, for good.

For a caller who may read the event store, the events decide: a removal is an event with a user and a time. For other callers,
change logs have some of these events; DESIGN.md ("Gone needs proof") has what is a proof then. That reads and lists show nothing
is none.

It also finds the objects that a resource names by their ids and that do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import Change
from pulumi_zorg.api.records import Event, ObjectRecord, OrganizationRecord
from pulumi_zorg.errors import (
    AnotherObject,
    ApiError,
    NeverThere,
    NotFound,
    NotProven,
    PermissionDenied,
    ZorgError,
    clean,
)
from pulumi_zorg.world.object_events import ORG_REMOVED, ObjectEvents, Parent
from pulumi_zorg.world.observed import Address, Removal

if TYPE_CHECKING:
    from pulumi_zorg.resource_types.resource_type import ResourceType

_STATE_DELETE = "If you know that it was removed, `pulumi state delete` takes it out of the state."
_WITHOUT_EVENTS = (
    f"A credential with IAM_OWNER_VIEWER on the instance reads the proof from the event store. {_STATE_DELETE}"
)

_ORGANIZATION = Parent("org_id", "organization", ORG_REMOVED, created=("org.added",))
_WITHOUT_V1 = "Lists do not have it, which is no proof, and this server does not have the v1 API, which has proofs (docs/without-v1.md)."
_NO_ORDER = "No change log names it, and no list shows whether it is complete."
_HOW = "An id is in ZITADEL's console, and the lookups of this package find it by a name"


@contextmanager
def in_state() -> Iterator[None]:
    """Say in an error of a proof that the object stays in the state. For what is looked for because the state has it."""
    try:
        yield
    except NotProven as error:
        raise error.of_state() from None


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
        if shown.by_header:
            client.mark_verified(org_id)
        return shown
    what = f"organization {clean(org_id)}"
    events = _read_events(client, org_id, ("org.added", ORG_REMOVED))
    if events:
        last = events[-1]
        if last.kind == ORG_REMOVED:
            return removal(last, f"{what} was removed")
        raise _not_shown(what, refused)
    if shown is not None and shown.details.resource_owner == org_id:
        # To a caller who may read it, the server shows a removed organization under its own id, without a state.
        return Removal(f"the server shows {what} as it shows removed ones, without a state")
    if events is not None:
        raise _never_there(client, what, refused)
    if client.removals.include(org_id):
        return Removal(f"this run has removed {what}")
    unknown = f"It is not known whether {what} was removed{_refused(refused)}."
    if client.events.is_missing and isinstance(refused, NotFound):
        # A removal by v2 answers the same for what was removed and for what this instance never had.
        raise NotProven(f"{unknown} {_WITHOUT_V1}", _STATE_DELETE)
    raise NotProven(
        f"{unknown} The credential may read neither it nor the event store; a credential with IAM_OWNER_VIEWER on the instance may.",
        _STATE_DELETE,
    )


def find_record(client: Client, type: ResourceType[Any], id: str, address: Address) -> ObjectRecord | Removal:
    """Return an object that lives in an organization, or the proof that it was removed.

    :param address: it has at least ``org_id``.
    :raises NotProven: where neither can be shown.
    :raises HeaderIgnored: where the server does not act on the organization that a call names.
    """
    try:
        return type.read(client, id, address)
    except (NotFound, PermissionDenied) as error:
        refused = error
    what = f"{type.noun} {clean(id)}"
    events = events_of(client, type.events, id, address)
    if events:
        return _from_events(client, type, events, address, what, refused)
    if events is not None:
        raise _never_there(client, what, refused)
    if not address.ids.get("org_id"):  # no change log has what is in no organization
        unknown = f"It is not known whether {what} was removed{_refused(refused)}."
        raise NotProven(unknown, _WITHOUT_EVENTS, unseen=isinstance(refused, NotFound))
    try:
        return _without_events(client, type, id, address, refused)
    except (NotProven, ApiError):
        # Each of its calls may come after the removal of the organization, which takes the caller's rights along.
        org_id = address.ids.get("org_id", "")
        if client.removals.include(org_id):
            return Removal(f"{what} was removed with organization {clean(org_id)}, which this run has removed")
        raise


def _from_events(
    client: Client, type: ResourceType[Any], events: tuple[Event, ...], address: Address, what: str, refused: ApiError
) -> ObjectRecord | Removal:
    events = _of_this_life(type.events, events)
    last, org_id = events[-1], type.events.properties_in(events[0]).get("org_id", "")
    if last.kind in type.events.removed:
        return removal(last, f"{what} was removed")
    declared = address.ids.get("org_id", "")
    if declared != org_id:
        raise AnotherObject(
            f"{what[0].upper()}{what[1:]} is not in organization {clean(declared)} but in {clean(org_id)}; correct org_id."
        )
    whole = events[0].kind in type.events.created  # a server may hide events of a certain age
    created_as = {**({} if whole else address.ids), **type.events.properties_in(events[0])}
    for event, parent in _removals_of_parents(client, type.events, created_as):
        if event.creation_date >= events[0].creation_date:
            return removal(event, f"{what} was removed with {parent}")
    # A server that acts on another organization does not find the object either. Then it is not a phantom.
    if org_id:
        client.verify_org_header(org_id)
    record = type.record_from(events) if whole else None
    if record is None:
        raise _not_shown(what, refused)
    return record


def _of_this_life(own: ObjectEvents, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the events since the object was created last: a program can choose the id of an object that was removed."""
    last = max((at for at, event in enumerate(events) if event.kind in own.created), default=0)
    return events[last:]


def _removals_of_parents(
    client: Client, events: ObjectEvents, created_as: Mapping[str, Any]
) -> Iterator[tuple[Event, str]]:
    """Return the removals of other objects by which an object was removed without an event of its own.

    :param created_as: the properties that the event which created the object shows.
    """
    kinds: dict[str, set[str]] = {}
    for parent in events.parents:
        aggregate = created_as.get(parent.aggregate or parent.property)
        if aggregate:
            kinds.setdefault(aggregate, set()).update((*parent.created, parent.removed))
    of_parents = [
        event for aggregate, wanted in kinds.items() for event in _read_events(client, aggregate, wanted) or ()
    ]
    organizations = {created_as.get("org_id", ""), *(event.aggregate.resource_owner for event in of_parents)} - {""}
    for org_id in sorted(organizations):
        of_parents += _read_events(client, org_id, (ORG_REMOVED,)) or ()
    for event in of_parents:
        parent_removed = events.removed_with(event, created_as, organizations)
        if parent_removed is not None:
            yield event, parent_removed


def _without_events(client: Client, type: ResourceType[Any], id: str, address: Address, refused: ApiError) -> Removal:
    """Return the proof that an object was removed, for a caller who may not read the event store.

    Reads and lists that do not have the object are no proof: after an upgrade they can lack everything for a while. It is a
    proof that the organization was removed, or that a change log has the removal of the object or of a parent. Of a type
    without change logs, it is a proof that neither reads nor lists have the object while they have a newer one.

    :raises NotProven: without such a proof.
    """
    what, org_id = f"{type.noun} {clean(id)}", address.ids.get("org_id", "")
    unknown = f"It is not known whether {what} was removed{_refused(refused)}."
    organization = find_organization(client, org_id)
    if isinstance(organization, Removal):
        return Removal(f"{what} was removed with organization {clean(org_id)}")
    try:
        rights = client.caller.permissions(org_id)
    except ApiError as refusal:
        if refusal.is_outage:
            raise
        if refusal.status == 501:
            raise NotProven(f"{unknown} {_WITHOUT_V1}", _STATE_DELETE, unseen=isinstance(refused, NotFound)) from None
        rights = frozenset()
    lacking = sorted(type.permissions_to_read(id) - rights)
    if lacking:
        raise NotProven(
            f"{unknown} The credential lacks {', '.join(lacking)} in "
            f"organization {clean(org_id)} (ORG_OWNER_VIEWER or ORG_OWNER there, or IAM_OWNER_VIEWER on the instance).",
            _STATE_DELETE,
        )
    log = type.events.log and client.events.log(type.events.log, _ids(type.events, id, address), org_id)
    last = _last(log or (), *type.events.created, *type.events.removed)
    if last is not None and last.kind in type.events.removed:
        return _logged(last, f"{what} was removed")
    with_parent = _logged_removal_of_parent(client, type.events, address, what)
    if with_parent is not None:
        return with_parent
    if not isinstance(refused, NotFound) or type.is_listed(client, id, address) is not False:
        raise NotProven(unknown, _STATE_DELETE)
    if log:
        shown = f"Reads do not show {what}, but its change log has no removal of it{_refused(refused)}."
    elif log is not None:
        shown = f"{unknown} Its change log shows nothing: this instance never had it, or keeps no entries of that time."
    elif newer := type.is_newer_listed(client, id, org_id):
        return Removal(
            f"{what} is neither listed nor readable for a credential that may read all of them there, and a newer one is listed"
        )
    else:
        shown = f"{unknown} Neither reads nor lists have it. {_nothing_newer(type, org_id) if newer is False else _NO_ORDER}"
    raise NotProven(shown, _WITHOUT_EVENTS, unseen=True)


def _nothing_newer(type: ResourceType[Any], org_id: str) -> str:
    return (
        f"But they have no newer {type.noun} of organization {clean(org_id)} "
        "either, so they may lack what exists, for example after an upgrade of the server."
    )


def _logged_removal_of_parent(client: Client, events: ObjectEvents, address: Address, what: str) -> Removal | None:
    """Return the proof that an object was removed with a parent, as far as change logs and organizations show it."""
    for parent in events.parents:
        parent_id = address.ids.get(parent.property)
        if parent_id is None:
            continue
        how = f"{what} was removed with its {parent.noun} {clean(parent_id)}"
        if parent.removed == ORG_REMOVED:
            try:
                if isinstance(find_organization(client, parent_id), Removal):
                    return Removal(how)
            except NotProven:
                continue
        elif parent.log is not None and (parent.aggregate is None or parent.aggregate in address.ids):
            changes = client.events.log(parent.log, _ids(parent, parent_id, address), address.ids["org_id"])
            last = _last(changes, *parent.created, parent.removed)
            if last is not None and last.kind == parent.removed:
                return _logged(last, how)
    return None


def _ids(of: ObjectEvents | Parent, id: str, address: Address) -> dict[str, str]:
    """Return the ids in the path of a change log."""
    return {"id": id} if of.aggregate is None else {"id": id, of.aggregate: address.ids[of.aggregate]}


def _last(changes: Iterable[Change], *kinds: str) -> Change | None:
    """Return the newest of these changes that is of one of these kinds."""
    return next((each for each in changes if each.kind in kinds), None)


def _logged(change: Change, how: str) -> Removal:
    return Removal(how, by=change.editor_display_name or change.editor_id or None, at=change.change_date)


def events_of(
    client: Client, events: ObjectEvents, id: str, address: Address, kinds: Iterable[str] | None = None
) -> tuple[Event, ...] | None:
    """Return the events of an object, oldest first; None for a caller who may not read them.

    :param kinds: only events of these types; None is all that belong to the object.
    """
    found = _read_events(client, events.aggregate_of(id, address), events.life if kinds is None else kinds)
    return None if found is None else tuple(event for event in found if events.subject(event) == id)


def history_of(client: Client, id: str, kinds: Iterable[str]) -> tuple[Event, ...] | None:
    """Return the events of these types of an id, whatever it is the id of, oldest first; None for a caller who may not read them."""
    return _read_events(client, id, kinds)


def list_events(client: Client, kinds: Iterable[str], resource_owner: str | None = None) -> tuple[Event, ...]:
    """Return the newest events of these types; none for a caller who may not read them."""
    with suppress(PermissionDenied, NotFound):
        return client.events.newest(kinds, resource_owner)
    return ()


def creation_of(client: Client, events: ObjectEvents, id: str, address: Address) -> Event | None:
    """Return the newest event that created the object; None for a caller who may not read it."""
    found = events_of(client, events, id, address, events.created)
    return found[-1] if found else None


def _read_events(client: Client, aggregate_id: str | None, kinds: Iterable[str]) -> tuple[Event, ...] | None:
    """Return the events of an aggregate, oldest first; None for a caller who may not read them.

    :param aggregate_id: None for the instance.
    """
    with suppress(PermissionDenied, NotFound):
        return client.events.of(aggregate_id, kinds)
    return None


def _never_there(client: Client, what: str, refused: ApiError | None) -> NeverThere:
    return NeverThere(
        f"This instance has never had {what}: is the id right, and is zorg:url ({client.transport.settings.url}) the instance that the "
        f"stack was made for?{_refused(refused)}",
        _STATE_DELETE,
    )


def _not_shown(what: str, refused: ApiError | None) -> NotProven:
    return NotProven(
        f"Reads do not show {what}, but ZITADEL's event store has no removal of it, so it still exists"
        f"{_refused(refused)}.",
        exists=True,
    )


def removal(event: Event, how: str) -> Removal:
    """Return the proof that an event is.

    :param how: what the event shows, as the end of a sentence.
    """
    return Removal(how, by=event.by, at=event.creation_date)


def _refused(error: ZorgError | None) -> str:
    return f" ({error.operation}: {error.status} {error.said})" if isinstance(error, ApiError) else ""


@dataclass(frozen=True)
class Missing:
    """An object that a resource names, and that does not exist.

    :param property: the property that has its id.
    :param reason: what is wrong with it, as the end of a sentence.
    :param certain: whether the event store says so. Else the object may exist, and the credential may not see it.
    """

    property: str
    reason: str
    certain: bool


def find_missing(
    client: Client,
    events: ObjectEvents,
    properties: Mapping[str, Any],
    shown: Callable[[str, str, str | None], bool],
) -> Missing | None:
    """Return the first object that does not exist; None where all exist, or where nothing is known about them.

    :param events: those of the type of the resource. Its parents are what the resource names.
    :param properties: what the resource declares.
    :param shown: whether a read shows the object; it is given the property, the id, and the resource's organization.
    """
    named = {name: value for name, value in properties.items() if isinstance(value, str)}
    for parent in (_ORGANIZATION, *events.parents):
        object_id, none = named.get(parent.property), f"there is no such {parent.noun}"
        if not object_id:
            continue
        if parent.aggregate is not None:
            within = named.get(parent.aggregate, "")
            owner = client.roles.known(within) if within else None
            if owner is not None and object_id not in owner.grants:
                # It may have been made since the project was read.
                owner = client.roles.read(within)
            if owner is not None and object_id not in owner.grants:
                return Missing(parent.property, f"is {clean(object_id)}: {none} of {clean(owner.name)}", True)
            continue
        if shown(parent.property, object_id, named.get("org_id")):
            continue
        try:
            found = client.events.of(object_id, (*(parent.created or _ORGANIZATION.created), parent.removed))
        except (PermissionDenied, NotFound):
            return Missing(parent.property, f"is {clean(object_id)}: {none}, or this credential may not see it", False)
        if not found:
            return Missing(parent.property, f"is {clean(object_id)}: {none}. {_HOW}", True)
        if found[-1].kind == parent.removed:
            return Missing(parent.property, f"is {clean(object_id)}: that {parent.noun} was removed", True)
    return None


def may_exist(client: Client, property: str, id: str, org_id: str | None) -> bool:
    """Whether a read shows the object that a property names, or refuses to say whether it exists."""
    for call in client.searches.names(property, id, org_id):
        try:
            if call():
                return True
        except NotFound:
            continue
        except PermissionDenied as refused:
            if not refused.no_organization:
                return True
        except ZorgError:
            return True
    return False
