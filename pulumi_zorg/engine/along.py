"""Deactivates what goes along with an organization, and reactivates exactly that.

The ids are remembered before the first object is deactivated. So a run that is cut short anywhere can be continued by the next one: what it
has deactivated is among those that come back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from pulumi_zorg import errors
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, chunks
from pulumi_zorg.api.records import Event
from pulumi_zorg.engine.reconcile import reconcile
from pulumi_zorg.engine.target import Target
from pulumi_zorg.errors import NotAllChanged, NotProven, ZorgError, clean
from pulumi_zorg.resource_types.along import (
    USERS,
    Taken,
    active_along,
    change_taken,
    goes_along_now,
    read_taken,
    remember,
    types_of,
)
from pulumi_zorg.resource_types.inputs import check_inputs
from pulumi_zorg.resource_types.lifecycle import Step
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.changes import LONGEST_LAG
from pulumi_zorg.world.observed import ACTIVE, Address, Observed, Removal
from pulumi_zorg.world.proof import events_of

#: Objects that are changed at the same time. Fewer write at the same time (:meth:`Client.writing`).
_WORKERS = 4
#: After so many objects, a sentence says how far a run has come.
_PROGRESS = 1_000
#: How many objects that could not be changed an error names.
_NAMED = 5
#: Seconds by which the server's clock may be behind what its last answer said: HTTP dates have whole seconds.
_TOLERANCE = 5
#: Pages of events that are read to see what others have deactivated since.
_PAGES = 60

Work = tuple[ResourceType[Any], Observed]


def take_along(target: Target[Any]) -> None:
    """Deactivate what goes along with an organization. Bring back what does not go along with it any more.

    :raises NotAllChanged: where some of it cannot be shown to be inactive. All the rest is.
    """
    client, org_id = target.client, target.id
    # Of an organization that is kept when its resource is deleted, the program may declare that it is active.
    kind = target.along_off
    active = list(active_along(client, org_id, kind))
    ids, known = frozenset(each.id for _, each in active), frozenset[str]()

    def with_active(taken: Taken) -> Taken:
        nonlocal known
        known = taken.of(kind)
        return replace(taken, since=taken.since or _server_time(client)).added(kind, ids, client.me.id)

    taken = change_taken(client, org_id, with_active)
    if kind == USERS and client.me.details.resource_owner == org_id:
        client.transport.notice(f"{target.title}: user {client.me.id} is the credential's own user, and stays active.")
    before: set[str] = set()
    try:
        lagging = datetime.fromtimestamp(client.transport.server_time(), timezone.utc) - LONGEST_LAG
        last = _last_states(client, types_of(kind), lagging, org_id) if active else {}
        as_listed = _as_listed(active, last, unless_unchanged=False)
        _switch_all(target, active, "deactivat", as_listed, before, active=False)
    finally:
        # A list lags: somebody else, or a resource of this run, had deactivated or locked them before this did.
        if before - known:
            taken = change_taken(client, org_id, lambda taken: taken.without(kind, before - known))
    for other in taken.kinds - {kind}:
        taken = _give_back(target, taken, other)


def give_back(target: Target[Any]) -> None:
    """Reactivate what was deactivated along with an organization, and forget it.

    What somebody else has deactivated since then stays inactive, as far as the event store may be read.

    :raises NotAllChanged: where some of it cannot be reactivated. The next run tries that again.
    """
    taken = read_taken(target.client, target.id)
    for kind in sorted(taken.kinds):
        taken = _give_back(target, taken, kind)


def deactivate_new(target: Target[Any], found: Observed, recorded: Mapping[str, Any]) -> Observed:
    """Deactivate an object that is new and active in an organization that is deactivated with its like, and remember it.

    It comes back with the organization. Return the object as it is read then.

    :param recorded: what the state will have of it.
    """
    client = target.client
    if found.properties.get(ACTIVE) is not True or found.taken_by:
        return found
    org_id = goes_along_now(client, target.type, found)
    if not org_id:
        return found
    remember(client, found, org_id)
    _switch(client, target.type, found, active=False, is_as_listed=True)
    client.transport.notice(
        f"{target.title}: organization {org_id} is deactivated with its {target.type.goes_along.replace('_', ' ')}, so it was deactivated "
        "too. It comes back with the organization."
    )
    now = target.find(recorded)
    return now if isinstance(now, Observed) else found


def _give_back(target: Target[Any], taken: Taken, kind: str) -> Taken:
    """Reactivate the objects of one kind, and return what is left to remember."""
    client, ids = target.client, taken.ids[kind]
    types = types_of(kind)
    last = None if taken.moment is None else _last_states(client, types, taken.moment, target.id)
    if last is None:
        client.transport.notice(
            "The event store cannot be read, so it is not known whether somebody else has deactivated again what went along with "
            "an organization. All of that is reactivated."
        )
    kept = {each for each, event in (last or {}).items() if each in ids and event.editor.user_id not in taken.by}
    if kept:
        shown = ", ".join(sorted(kept)[:_NAMED])
        client.transport.notice(
            f"{target.title}: {len(kept)} of {len(ids)} {kind.replace('_', ' ')} that were deactivated along with it were deactivated by "
            f"somebody else since then, and stay inactive: {shown}{' …' if len(kept) > _NAMED else ''}."
        )
    found: list[Work] = []
    for part in chunks(sorted(ids - kept), PAGE_V2):
        for each in types:
            with suppress(
                errors.NotFound, errors.UnexpectedAnswer
            ):  # older servers do not have that list: each is read by its id
                records = each.calls.list_ids(client, part) or ()
                found += [(each, each.observed(record)) for record in records]
    unseen: set[str] = set()
    for one in ids - kept - {observed.id for _, observed in found}:
        try:
            found += _unlisted(target, types, one)
        except NotProven:
            unseen.add(one)
    locked = sorted(each.id for of, each in found if str(each.properties.get("state")) in of.halted)
    if locked:
        shown = ", ".join(locked[:_NAMED])
        client.transport.notice(
            f"warning: {target.title}: {len(locked)} of {len(ids)} {kind} are locked and stay locked: {shown}"
            f"{' …' if len(locked) > _NAMED else ''}."
        )
    as_listed = _as_listed(found, last, unless_unchanged=True)
    _switch_all(target, found, "reactivat", as_listed, set(), active=True)
    left = change_taken(client, target.id, lambda now: now.given_back(kind, ids - unseen))
    if unseen:
        shown = ", ".join(sorted(map(clean, unseen))[:_NAMED])
        raise NotAllChanged(
            f"{target.title}: {len(unseen)} of {len(ids)} {kind.replace('_', ' ')} that were deactivated along with it cannot be seen by "
            f"this credential, so they stay inactive: {shown}{' …' if len(unseen) > _NAMED else ''}. The others were reactivated. They "
            "are still remembered: run `pulumi up` once with a credential that may see and change them (IAM_OWNER), which also forgets "
            "those that were removed."
        )
    return left


def _unlisted(target: Target[Any], types: Iterable[ResourceType[Any]], id: str) -> list[Work]:
    """Return an object that no list shows: a list lags, and leaves out what the caller may not see. It is empty for a removed one.

    :raises NotProven: where neither can be shown.
    """
    client = target.client
    for each in types:
        # A user grant can be in any organization, and only its events show in which one.
        events = events_of(client, each.events, id, Address())
        org_id = events[0].aggregate.resource_owner if events else target.id if each.goes_along == USERS else None
        if org_id is None:
            continue
        try:
            found = each.find(client, id, Address({"org_id": org_id}))
        except (errors.ApiError, NotProven):
            continue
        return [(each, found)] if isinstance(found, Observed) else []
    raise NotProven(f"It is not known whether {clean(id)} exists.")


def _last_states(
    client: Client, types: Sequence[ResourceType[Any]], moment: datetime, org_id: str
) -> dict[str, Event] | None:
    """Return the last change of state of each object since a moment, by its id; None where the event store cannot be read.

    :param types: all types of one kind.
    :param org_id: the organization that they go along with.
    """
    own = [each.events for each in types]
    kinds = {kind for each in own for kind in each.state_changes}
    # The events of users are in their organization. User grants can be in any.
    owner = org_id if all(each.goes_along == USERS for each in types) else None
    try:
        events = client.events.since(moment, kinds, owner, at_most=_PAGES)
    except (errors.PermissionDenied, errors.NotFound):
        return None
    if events is None:
        return None
    return {each.subject(event): event for event in events for each in own if event.kind in each.state_changes}


def _as_listed(work: Sequence[Work], last: Mapping[str, Event] | None, *, unless_unchanged: bool) -> frozenset[str]:
    """Return the ids of the objects that are in the state that a list showed, by their last change of state.

    :param last: None for a caller who may not read the event store. Then it is known of none.
    :param unless_unchanged: whether that is not known of an object without a change.
    """
    if last is None:
        return frozenset()

    def is_as_listed(of: ResourceType[Any], listed: Observed) -> bool:
        event = last.get(listed.id)
        if event is None:
            return not unless_unchanged
        return of.events.gives(event, ACTIVE, listed.properties.get(ACTIVE)) is True

    return frozenset(each.id for of, each in work if is_as_listed(of, each))


def _switch_all(
    target: Target[Any], work: list[Work], verb: str, as_listed: Collection[str], before: set[str], *, active: bool
) -> None:
    """Deactivate or reactivate objects, and verify of each that a read by its id shows it.

    :param verb: the beginning of the verb, like ``deactivat``.
    :param as_listed: the ids of those that are known to be as a list showed them.
    :param before: gets the ids of those that were so before.
    """
    client, failed = target.client, dict[str, ZorgError]()
    what = f"{target.title}: {verb}ed {{}} of {len(work)} that go along with it."
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="zorg") as pool:
        running = {
            pool.submit(_switch, client, *each, active, is_as_listed=each[1].id in as_listed): each[1] for each in work
        }
        try:
            for number, done in enumerate(as_completed(running), start=1):
                observed = running[done]
                try:
                    if not done.result():
                        before.add(observed.id)
                except (errors.CredentialError, errors.Unauthenticated, errors.Unreachable):
                    raise
                except ZorgError as error:
                    failed[observed.id] = error
                if number % _PROGRESS == 0:
                    client.transport.notice(what.format(number))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    if failed:
        shown = " ".join(f"{clean(each)}: {error}" for each, error in list(failed.items())[:_NAMED])
        if len(failed) > _NAMED:
            shown += f" So could not: {', '.join(map(clean, list(failed)[_NAMED:]))}."
        raise NotAllChanged(
            f"{target.title}: {len(failed)} of {len(work)} that go along with it could not be {verb}ed, and the others were. {shown} "
            "The next `pulumi up` tries it again."
        )


@dataclass
class _Along(Target[Any]):
    """An object that goes along with an organization.

    :ivar refused: whether the server refused the step, because the object was in that state already.
    """

    refused: bool = False
    is_along: bool = True

    def perform(self, step: Step) -> None:
        try:
            super().perform(step)
        except errors.FailedPrecondition:
            self.refused = True
            raise


def _switch(client: Client, type: ResourceType[Any], listed: Observed, active: bool, *, is_as_listed: bool) -> bool:
    """Deactivate or reactivate one object. Return whether this did it.

    :param listed: as a list shows it.
    :param is_as_listed: whether it is known to be so. Otherwise it is read by its id: a list lags behind the last changes.
    """
    found = listed if is_as_listed else type.find(client, listed.id, type.address_in(listed.properties))
    if isinstance(found, Removal) or type.is_working(found) is active:
        return False
    declared = _inputs(type, found, active)
    target = _Along(type, client, listed.id, declared)
    try:
        reconcile(target, found.properties, before={**declared.dump(), ACTIVE: not active}, known=found)
    except errors.Gone:
        return False
    return not target.refused or bool(target.lost)


def _inputs(type: ResourceType[Any], listed: Observed, active: bool) -> Any:
    """Return the inputs of a resource that declares an object as it is, apart from its flag."""
    checked, problems = check_inputs(type.inputs, {**listed.properties, ACTIVE: active})
    # What people have on the server need not be what a program may declare.
    checked |= {
        each.property: listed.properties[each.property] for each in problems if each.property in listed.properties
    }
    return type.inputs.of(checked)


def _server_time(client: Client) -> str:
    moment = datetime.fromtimestamp(client.transport.server_time() - _TOLERANCE, timezone.utc)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
