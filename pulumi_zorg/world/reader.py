"""The reader of many objects, which refresh, drift, guard and generate share.

Lists take few calls. But a list lags behind the last writes, leaves out what the caller may not see, and does not show phantoms. So it
only confirms an object that it shows exactly as the caller has it, and as the last events of the event store made it. Everything else
is read by id, which returns the object, the proof of its removal, or an error.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_zorg import errors
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, TooLong
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.world.changes import Changes, LostChange
from pulumi_zorg.world.observed import ACTIVE, Found, Key, Observed, Removal, Sought
from pulumi_zorg.world.proof import events_of

if TYPE_CHECKING:  # the types are built on this package
    from pulumi_zorg.resource_types.resource_type import ResourceType

#: Reads at a time: as many as the engine makes.
_WORKERS = 4
#: Errors that are about the server or the credential, and not about one object.
_FATAL = (errors.CredentialError, errors.Unauthenticated, errors.Unreachable)
#: No more objects of a type than this are read by id: that is as fast as a list, and it does not lag.
FEW = 20
#: The objects in no more organizations than this are listed one organization at a time; in more, they are listed by id.
FEW_LISTS = 12
#: The removal of no more objects than this is proven one object at a time.
_FEW_PROOFS = 5
#: So many objects of a type are confirmed by a read by id before a list is considered, in all and in one organization.
_FEW_CONFIRMED = 5

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass
class _List:
    """The list of a type in the whole instance, or in one organization.

    :param asked: how many of its objects were asked for.
    :param next_try: the number of them at which the list is read; None where it was, or cannot be.
    """

    asked: int = 0
    next_try: int | None = _FEW_CONFIRMED + 1
    was_read: bool = False


class World:
    """What exists on one instance. Each run has one.

    :param types: the declarations of the resource types.
    :param progress: shows the progress of many reads. It is given the reads, how many they are and what is read. It returns the reads, and
        shows each as done when the next one is taken.
    :param notice: shows the user a sentence.
    """

    def __init__(
        self,
        client: Client,
        types: Mapping[str, ResourceType[Any]],
        progress: Callable[[Iterable[Any], int, str], Iterable[Any]] = lambda items, total, what: items,
        notice: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.client, self.types, self.notice = client, types, notice
        self.changes = Changes(client, types)
        self._progress = progress
        self._rights: dict[str, frozenset[str]] = {}
        self._written: set[Key] = set()
        self._lists: defaultdict[tuple[str, str | None], _List] = defaultdict(_List)
        #: What lists have shown, without what may have changed since.
        self._confirmed: dict[Key, Observed] = {}
        #: Of each type, so that one does not wait for the lists of the others.
        self._list_locks = {token: threading.Lock() for token in types}
        self._events_lock = threading.Lock()

    @property
    def top(self) -> ResourceType[Any]:
        """The type of the objects that are in no organization."""
        return next(each for each in self.types.values() if each.is_organization)

    def organizations(self) -> list[Observed]:
        """Return the organizations of the instance, as their list shows them.

        :raises PermissionDenied: for a caller without a right on the instance.
        """
        return [self.top.observed(record) for record in self.top.calls.list_instance(self.client) or ()]

    def creations(self, org_ids: Collection[str]) -> dict[str, datetime | None]:
        """Return when the organizations were created, as far as the caller may know it."""
        if len(org_ids) > FEW_LISTS:
            with suppress(ApiError, UnexpectedAnswer):
                return {each.id: each.created for each in self.organizations()}
        answers = self.read_each(self.client.organizations.read, sorted(org_ids), "Reading organizations")
        return {org_id: each.details.creation_date for org_id, each in answers if not isinstance(each, ZorgError)}

    def read_each(
        self, read: Callable[[Item], Answer], items: Sequence[Item], what: str
    ) -> Iterator[tuple[Item, Answer | ZorgError]]:
        """Return each item with what ``read`` returned for it, or with its error, in the order of the answers.

        A few are read at a time.

        :param what: the work, like ``Reading by id``.
        :raises ZorgError: where an error concerns all items: no connection, no token.
        """
        if not items:
            return
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="zorg") as pool:
            try:
                running = {pool.submit(read, item): item for item in items}
                for done in self._progress(as_completed(running), len(running), what):
                    try:
                        yield running[done], done.result()
                    except _FATAL:
                        raise
                    except ZorgError as error:
                        yield running[done], error
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def find(self, sought: Sought) -> Observed | Removal:
        """Return an object as a read by its id shows it, or the proof that it was removed.

        One that was deactivated along with its organization has the flag that it has by itself.

        :raises NotProven: where neither can be shown.
        """
        return self.types[sought.key.token].find_declared(self.client, sought.key.id, sought.address)

    def observe(self, sought: Sequence[Sought]) -> dict[Key, Found]:
        """Return what was found out about each object: from lists where there are many, and by id where a list differs.

        :raises ZorgError: where nothing can be read at all: no connection, no token.
        """
        counts = Counter(each.key.token for each in sought)
        in_lists = [each for each in sought if counts[each.key.token] > FEW]
        shown = self._listed(in_lists)
        differing = {each.key for each in in_lists if each.key in shown and not self._agrees(each, shown[each.key])}
        agreeing = [each for each in in_lists if each.key in shown and each.key not in differing]
        changed = self._changed_lately(agreeing, shown, self.changes.recent) if agreeing else set[Key]()
        found: dict[Key, Found] = {each.key: shown[each.key] for each in agreeing if each.key not in changed}
        missing = [each for each in in_lists if each.key not in shown]
        if len(missing) > _FEW_PROOFS:
            found.update(self.changes.removals(missing))
        left = [each for each in sought if each.key not in found]
        found.update((each.key, answer) for each, answer in self.read_each(self.find, left, "Reading by id"))
        return found

    def require_permission(self, type: ResourceType[Any], org_id: str) -> None:
        """Verify that the caller may read all objects of a type in an organization: lists leave out what a caller may not see.

        :raises NotProven: where the caller may not, or the server does not say.
        """
        try:
            if org_id not in self._rights:
                self._rights[org_id] = self.client.caller.rights_to_list(org_id)
        except (ApiError, UnexpectedAnswer) as error:
            raise NotProven(
                f"The rights of the credential in organization {clean(org_id)} cannot be read. {error}"
            ) from None
        lacking = sorted(type.permissions_to_read() - self._rights[org_id])
        if lacking:
            raise NotProven(
                f"The credential lacks {', '.join(lacking)} in organization {clean(org_id)}: ORG_OWNER_VIEWER or ORG_OWNER "
                "there, or IAM_OWNER_VIEWER on the instance, has it."
            )

    def _listed(self, sought: Sequence[Sought]) -> dict[Key, Observed]:
        """Return what lists show of the objects, as far as the caller may read the lists."""
        found: dict[Key, Observed] = {}
        for token, resource_type in self.types.items():
            of_type = {each.key: each for each in sought if each.key.token == token}
            if not of_type:
                continue
            records = self._records(resource_type, list(of_type.values()))
            shown = {key: each for key, each in listed(resource_type, records).items() if key in of_type}
            hidden = {key for key, each in shown.items() if self._hides(of_type[key], each)}
            if hidden:
                incomplete = [each for each in records if resource_type.key(each.id, vars(each)) in hidden]
                with suppress(ApiError):  # the caller may not read the event store
                    shown |= listed(
                        resource_type, resource_type.calls.complete(self.client, incomplete, at_most=len(incomplete))
                    )
            found |= shown
        return found

    def _records(self, type: ResourceType[Any], sought: Sequence[Sought]) -> Sequence[ObjectRecord]:
        """Return the entries of the lists that have these objects of one type."""
        organizations = sorted({each.address.ids["org_id"] for each in sought if "org_id" in each.address.ids})
        with suppress(
            ApiError, UnexpectedAnswer
        ):  # older servers do not have these lists, or the caller may not read them
            if type.is_organization:
                return type.calls.list_instance(self.client) or ()
            if len(organizations) > FEW_LISTS:
                in_one_list = self._in_one_list(type, [each.key.id for each in sought])
                if in_one_list is not None:
                    return in_one_list
        answers = self.read_each(
            lambda org_id: type.calls.list_organization(self.client, org_id), organizations, f"Listing {type.noun}s"
        )
        return [each for _, answer in answers if not isinstance(answer, ZorgError) for each in answer]

    def _in_one_list(self, type: ResourceType[Any], ids: Sequence[str]) -> Sequence[ObjectRecord] | None:
        """Return the entries of a list over all organizations that has these objects; None where no call lists them.

        A server makes a page of the whole instance much faster than a list of a thousand ids (41 ms and 1 s, measured). So that list is
        read if it takes at most twice as many calls.
        """
        with suppress(
            TooLong, UnexpectedAnswer
        ):  # the instance has more objects, or the caller may not see all of them
            found: Sequence[ObjectRecord] | None = type.calls.list_instance(self.client, 1 + 2 * len(ids) // PAGE_V2)
            if found is not None:
                return found
        in_list: Sequence[ObjectRecord] | None = type.calls.list_ids(self.client, ids)
        return in_list

    def _hides(self, sought: Sought, shown: Observed) -> bool:
        """Whether a list leaves out a property that is wanted."""
        of_type, has, unwanted = self.types[shown.token], shown.properties, sought.address.unwanted
        return any(
            name not in has and name not in unwanted and name not in of_type.remembered for name in of_type.updatable
        )

    def _agrees(self, sought: Sought, shown: Observed) -> bool:
        # No list shows what is deactivated along with an object.
        return sought.address.along is None and not self._hides(sought, shown) and sought.agrees(shown.properties)

    def _changed_lately(
        self, sought: Sequence[Sought], shown: Mapping[Key, Observed], recent: Callable[[], tuple[Event, ...] | None]
    ) -> set[Key]:
        """Return which of the objects lists may not show as they are; none where the caller may not read the event store."""
        try:
            return self.changes.affected(recent(), sought, shown)
        except errors.PermissionDenied:
            return set()
        except ZorgError:
            return {each.key for each in sought}

    # One object after the other

    def written(self, key: Key) -> None:
        """Remember that this run changes the object: no list confirms it any more."""
        self._written.add(key)

    def confirms(self, sought: Sought) -> bool:
        """Return whether a list shows the object as the caller has it. Else it is to be read by id.

        For a caller who does not know how many objects there will be. The first ones are not confirmed. A list is read once it
        takes no more calls than have been made by id. That is at most twice the calls that somebody would make who knew.
        """
        if sought.key in self._written:
            return False
        with self._list_locks[sought.key.token]:
            self._count(self.types[sought.key.token], sought.address.ids.get("org_id"))
            found = self._confirmed.get(sought.key)
        if found is None or not self._agrees(sought, found):
            return False
        with self._events_lock:
            return not self._was_changed(found, self.changes.last_states)

    def _count(self, type: ResourceType[Any], org_id: str | None) -> None:
        """Count an object that was asked for, and read a list where it has become worth it."""
        places = [org_id, None] if type.in_organization and org_id else [None]
        lists = {place: self._lists[type.token, place] for place in places}
        for each in lists.values():
            each.asked += 1
        due = [
            (place, each) for place, each in lists.items() if each.next_try is not None and each.asked >= each.next_try
        ]
        if not due or any(each.was_read for each in lists.values()):
            return
        place, each = due[0]
        each.next_try = None
        records: Sequence[ObjectRecord] = ()
        try:
            if place is None:
                records = type.calls.list_instance(self.client, each.asked - 1) or ()
            else:
                records = type.calls.list_organization(self.client, place, each.asked - 1)
            each.was_read = True
        except TooLong:
            each.next_try = 2 * each.asked  # it may be worth it later
        except (ApiError, UnexpectedAnswer):
            pass  # everything is read by id
        if records:
            shown = listed(type, records)
            entries = [Sought(key, type.address_in(found.properties)) for key, found in shown.items()]
            changed = self._changed_lately(entries, shown, partial(self.changes.recent_of, type))
            self._confirmed.update((key, found) for key, found in shown.items() if key not in changed)

    # Changes that the server lost

    def _was_changed(self, observed: Observed, last: Mapping[Key, bool | None]) -> bool:
        """Whether the last change of state that the event store has of an object made another one than was seen."""
        seen = observed.shown_active
        return seen is not None and last.get(observed.key, seen) is not seen

    def lost_change(self, sought: Sought, observed: Observed, recorded: Any) -> LostChange | None:
        """Return the last change of state of an object if the server has accepted it and a read by its id does not show it.

        The changes are read once in a run, where a list was used or where the object is not in the state that was recorded.

        :param observed: as a read by its id showed it.
        :param recorded: what the caller had as ``active``.
        """
        with self._events_lock:
            if "last_states" not in vars(self.changes) and recorded == observed.properties.get(ACTIVE):
                return None
            suspected = self._was_changed(observed, self.changes.last_states)
        return self._read_again(sought, observed)[1] if suspected else None

    def lost_changes(
        self, sought: Sequence[Sought], found: dict[Key, Found], events: Iterable[Event] | None = None
    ) -> dict[Key, LostChange]:
        """Return the last change of state of each object if reads do not show it.

        :param found: what :meth:`observe` returned. What a list showed otherwise than a read by id is corrected in it.
        :param events: changes of state that were read; None reads them.
        """
        last = self.changes.last_states if events is None else self.changes.last_states_by(events)
        suspects = [
            (each, seen)
            for each in sought
            if isinstance(seen := found.get(each.key), Observed) and self._was_changed(seen, last)
        ]
        lost: dict[Key, LostChange] = {}
        what = "Reading what events show otherwise"
        for (each, _), answer in self.read_each(lambda suspect: self._read_again(*suspect), suspects, what):
            if not isinstance(answer, ZorgError):
                found[each.key] = answer[0]
                if answer[1] is not None:
                    lost[each.key] = answer[1]
        return lost

    def _read_again(self, sought: Sought, observed: Observed) -> tuple[Observed | Removal, LostChange | None]:
        """Return the object as a read by its id shows it, and its last change of state if that read does not show it.

        The events are read first: a change that is made in between is no disagreement.
        """
        own = self.types[observed.token].events
        kinds = (*own.created, *own.state_changes, *own.removed)
        try:
            events = events_of(self.client, own, observed.id, sought.address, kinds)
            found = self.find(sought)
        except ZorgError:
            return observed, None
        last = events[-1] if events else None
        if isinstance(found, Removal) or last is None or last.kind in own.created:
            return found, None
        is_shown = last.kind not in own.removed and own.gives(last, ACTIVE, found.shown_active) is not False
        return found, None if is_shown else LostChange(found, last, own)

    # What is removed with other objects

    def removed_along(
        self, token: str, removed: Mapping[str, Mapping[str, Mapping[str, Any]]], at_most: int
    ) -> Collection[str] | None:
        """Return the ids of the objects of a type that are removed along with objects of other types.

        :param removed: the objects that are removed: their properties by id, by the property by which others name them.
        :param at_most: how many calls it may take; None is returned where that is not enough.
        :raises PermissionDenied: for a caller without a right on the instance, who would not be shown all of them.
        :raises NotProven: for a caller who lacks the right to read the objects.
        :raises NotFound: by servers before ZITADEL v4, which do not have a list of the whole instance.
        """
        # Who may list organizations has a right on the instance, which is the same in all of them.
        organizations = self.top.calls.list_instance(self.client) or ()
        self.require_permission(self.types[token], organizations[0].id)
        return self.types[token].removed_along(self.client, removed, at_most)


def listed(type: ResourceType[Any], records: Iterable[ObjectRecord]) -> dict[Key, Observed]:
    """Return the objects that entries of a list show.

    An entry whose state this release does not know is left out: a removed object, or a newer server.
    """
    found = {}
    for record in records:
        with suppress(UnexpectedAnswer):
            each = type.observed(record)
            found[each.key] = each
    return found
