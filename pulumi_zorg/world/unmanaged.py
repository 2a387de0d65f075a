"""Finds unmanaged objects: they exist, and no resource of the stack manages them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import cached_property

from pulumi_zorg.api.pages import TooLong
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.world.declared import Declared
from pulumi_zorg.world.observed import Address, Observed, Removal, Sought
from pulumi_zorg.world.proof import find_organization
from pulumi_zorg.world.reader import FEW_LISTS, World, listed
from pulumi_zorg.world.tokens import Key

__all__ = ["find_unmanaged"]

#: Objects of which it is not known whether they exist, and why, as a sentence.
Unknown = list[tuple[Key, str]]


def find_unmanaged(
    world: World,
    managed: Collection[Key],
    organizations: Collection[str] | None,
    tokens: Collection[str],
    events: Sequence[Event] | None = None,
) -> tuple[list[Observed], Unknown]:
    """Return the unmanaged objects, and the objects of which it is not known whether they exist, with the reason.

    :param managed: what is not returned.
    :param organizations: the objects in these are returned; None is the whole instance, with its organizations.
    :param tokens: the types of the objects that are returned.
    :param events: only objects that these events created are returned.
    """
    entries: dict[Key, ObjectRecord] = {}
    unknown: Unknown = []
    if events is None:
        everything, unknown = _Listing(world).everything(organizations, tokens)
        entries = {key: each for key, each in everything.items() if key not in managed and key.token in tokens}
    shown: dict[Key, Observed] = {}
    for key, record in entries.items():
        shown |= listed(world.types[key.token], [record])
    sought = {key: Sought(key, world.types[key.token].address_in(each.properties)) for key, each in shown.items()}
    outdated = set(shown)
    if events is None:
        with suppress(ApiError):  # a caller who may not read the event store reads each object by its id
            events = world.recent_events()
            outdated = world.changed_by(events, list(sought.values()))
    by_id = [sought[key] for key in outdated]
    by_id += [
        Sought(key, Address.of({**vars(each), "org_id": each.org_id}))
        for key, each in entries.items()
        if key not in shown
    ]
    created = _created(world, events or (), organizations)
    by_id += [
        each for key, each in created.items() if key.token in tokens and key not in managed and key not in entries
    ]
    found = [each for key, each in shown.items() if key not in outdated]
    for each, answer in world.read_each(world.find, by_id, "Reading unmanaged objects"):
        if isinstance(answer, NotProven) and answer.unseen:
            continue  # a list showed it a moment ago, and shows it no more
        if isinstance(answer, ZorgError):
            unknown.append((each.key, str(answer)))
        elif isinstance(answer, Observed):
            found.append(answer)
    return sorted(found, key=lambda each: each.key), sorted(unknown)


def _created(world: World, events: Iterable[Event], organizations: Collection[str] | None) -> dict[Key, Sought]:
    """Return the objects that the events created.

    :param organizations: only objects in these; None is everything.
    """
    found: dict[Key, Sought] = {}
    for event in events:
        for token, resource_type in world.types.items():
            in_scope = organizations is None or (
                resource_type.in_organization and event.aggregate.resource_owner in organizations
            )
            if event.kind in resource_type.events.created and in_scope:
                key = resource_type.events.key(token, event)
                found[key] = Sought(key, resource_type.address_in(resource_type.events.properties_in(event)))
    return found


class _Listing:
    """Lists everything. What concerns an organization is read once, whatever the number of types."""

    def __init__(self, world: World) -> None:
        self.world, self.client = world, world.client
        self._removed: dict[str, bool] = {}
        self._unknown: Unknown = []

    def everything(
        self, scope: Collection[str] | None, tokens: Collection[str]
    ) -> tuple[dict[Key, ObjectRecord], Unknown]:
        """Return the entries of the lists in scope, and the organizations whose objects could not be listed.

        :param scope: the organizations whose objects are listed; None is the whole instance, with its organizations.
        """
        records = {} if scope is not None else {each.id: each for each in self._organizations}
        entries = {self.world.top.key(each.id, vars(each)): each for each in records.values()}
        for token, resource_type in self.world.types.items():
            if resource_type.in_organization and token in tokens:
                found = self._of_type(
                    resource_type, sorted(records if scope is None else scope), whole_instance=scope is None
                )
                entries.update((resource_type.key(each.id, vars(each)), each) for each in found)
        return entries, self._unknown

    @cached_property
    def _organizations(self) -> Sequence[ObjectRecord]:
        """All organizations of the instance.

        :raises PermissionDenied: for a caller without a right on the instance.
        """
        return self.world.top.calls.list_instance(self.client) or ()

    def _of_type(self, type: Declared, organizations: Sequence[str], *, whole_instance: bool) -> list[ObjectRecord]:
        found: list[ObjectRecord] = []
        if whole_instance or len(organizations) > FEW_LISTS:
            in_one_list = self._at_once(type, organizations, whole_instance=whole_instance)
            if in_one_list is not None:
                found, organizations = in_one_list
        what = f"Listing {type.noun}s"
        for org_id, answer in self.world.read_each(lambda org_id: self._in(type, org_id), organizations, what):
            if isinstance(answer, ZorgError):
                why = f"The unmanaged {type.noun}s in organization {clean(org_id)} are not known. {answer}"
                self._unknown.append((Key(self.world.top.token, org_id), why))
            else:
                found += answer
        return found

    def _at_once(
        self, type: Declared, organizations: Sequence[str], *, whole_instance: bool
    ) -> tuple[list[ObjectRecord], list[str]] | None:
        """Return the objects in these organizations from the list of all objects of the instance.

        The second part of the answer is the organizations that do not exist: each of them must be read by itself. None where
        that list cannot be read, or is longer than one list for each organization.
        """
        # Who may list organizations has a right on the instance, which is the same in all of them.
        if whole_instance:
            self.world.require_permission(type, organizations[0])
        try:
            existing = {each.id for each in self._organizations}
            wanted = existing.intersection(organizations)
            if not wanted:
                return None
            if not whole_instance:
                self.world.require_permission(type, min(wanted))
            records = type.calls.list_instance(self.client, None if whole_instance else 3 * len(wanted))
        except (ApiError, UnexpectedAnswer, NotProven, TooLong):
            return None  # older servers do not have that list, or it is too long
        if records is None:
            return None
        # A list may show an organization that the list of organizations does not have yet.
        shown = [each for each in records if whole_instance or each.org_id in wanted]
        return shown, [] if whole_instance else sorted(set(organizations) - existing)

    def _in(self, type: Declared, org_id: str) -> Sequence[ObjectRecord]:
        """Return the objects in one organization; none in a removed one.

        It is verified that the server acts on the organization where the header names it.

        :raises ZorgError: where that is not known.
        """
        if org_id not in self._removed:
            self._removed[org_id] = isinstance(find_organization(self.client, org_id), Removal)
        if self._removed[org_id]:
            return ()
        self.world.require_permission(type, org_id)
        return type.calls.list_organization(self.client, org_id)
