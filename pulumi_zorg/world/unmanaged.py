"""Finds unmanaged objects: they exist, and no resource of the stack manages them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.lists import TooLong
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.errors import ApiError, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.world.observed import Key, Observed, Removal, Sought
from pulumi_zorg.world.proof import find_organization
from pulumi_zorg.world.reader import FEW_LISTS, World, listed

if TYPE_CHECKING:  # the types are built on this package
    from pulumi_zorg.resource_types.resource_type import ResourceType

#: Objects of which it is not known whether they exist, and why, as a sentence.
Unread = list[tuple[Key, str]]


def find_unmanaged(
    world: World,
    managed: Collection[Key],
    organizations: Collection[str] | None,
    tokens: Collection[str],
    events: Sequence[Event] | None = None,
) -> tuple[list[Observed], Unread]:
    """Return the unmanaged objects, and the objects of which it is not known whether they exist, with the reason.

    :param managed: what is not returned.
    :param organizations: the objects in these are returned; None is the whole instance, with its organizations.
    :param tokens: the types of the objects that are returned.
    :param events: only objects that these events created are returned.
    """
    shown: dict[Key, Observed] = {}
    candidates: dict[Key, Sought] = {}
    unknown: Unread = []
    if events is None:
        entries, unknown = _Listing(world).everything(organizations, tokens)
        for key, record in entries.items():
            resource_type = world.types[key.token]
            candidates[key] = Sought(key, resource_type.address_in({**vars(record), "org_id": record.org_id}))
            shown |= listed(resource_type, [record])
        doubtful = set(candidates)
        with suppress(ApiError):  # a caller who may not read the event store reads each object by its id
            events = world.changes.recent()
            doubtful = world.changes.affected(events, list(candidates.values()), shown)
        shown = {key: each for key, each in shown.items() if key not in doubtful}
    candidates = {**_created(world, events or (), organizations), **candidates}
    wanted = [each for key, each in candidates.items() if key not in managed and key.token in tokens]
    found = [shown[each.key] for each in wanted if each.key in shown]
    by_id = [each for each in wanted if each.key not in shown]
    for each, answer in world.read_each(world.find, by_id, "Reading unmanaged objects"):
        if isinstance(answer, NotProven) and answer.unseen:
            continue  # a list showed it a moment ago, and shows it no more
        if isinstance(answer, ZorgError):
            unknown.append((each.key, str(answer)))
        elif isinstance(answer, Observed):
            found.append(answer)
    return sorted(found, key=lambda each: each.key), sorted(unknown)


def unexpected(world: World, found: Sequence[Observed]) -> list[Observed]:
    """Return the unmanaged objects without those that nobody has to manage.

    These are the rights of the credential's own user, and the managers that an organization was created with.
    """
    found = [each for each in found if not world.types[each.token].is_own(world.client, each.properties)]
    may_be = [each for each in found if world.types[each.token].is_made_with_organization(each.properties)]
    made = world.creations({str(each.properties["org_id"]) for each in may_be})
    first = {each.key for each in may_be if each.created and made.get(str(each.properties["org_id"])) == each.created}
    return [each for each in found if each.key not in first]


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
        self._unknown: Unread = []

    def everything(
        self, scope: Collection[str] | None, tokens: Collection[str]
    ) -> tuple[dict[Key, ObjectRecord], Unread]:
        """Return the entries of the lists in scope, and the organizations whose objects could not be listed.

        :param scope: the organizations whose objects are listed; None is the whole instance, with its organizations.
        """
        top = self.world.top
        found = {top.key(each.id, vars(each)): each for each in self._organizations} if scope is None else {}
        organizations = sorted([key.id for key in found] if scope is None else scope)
        for each in self.world.types.values():
            if each.in_organization and each.token in tokens:
                records = self._of_type(each, organizations, whole_instance=scope is None)
                found |= {each.key(record.id, vars(record)): record for record in records}
        return found, self._unknown

    @cached_property
    def _organizations(self) -> Sequence[ObjectRecord]:
        """All organizations of the instance.

        :raises PermissionDenied: for a caller without a right on the instance.
        """
        return self.world.top.calls.list_instance(self.client) or ()

    def _of_type(
        self, type: ResourceType[Any], organizations: Sequence[str], *, whole_instance: bool
    ) -> list[ObjectRecord]:
        found: list[ObjectRecord] = []
        if whole_instance:
            self.world.require_permission(type, organizations[0])
        if whole_instance or len(organizations) > FEW_LISTS:
            # Older servers do not have that list, or it takes more calls than a list for each organization.
            with suppress(ApiError, UnexpectedAnswer, NotProven, TooLong):
                found, organizations = self._at_once(type, organizations, whole_instance=whole_instance)
        what = f"Listing {type.noun}s"
        for org_id, answer in self.world.read_each(lambda org_id: self._in(type, org_id), organizations, what):
            if isinstance(answer, ZorgError):
                why = f"The unmanaged {type.noun}s in organization {clean(org_id)} are not known. {answer}"
                self._unknown.append((Key(self.world.top.token, org_id), why))
            else:
                found += answer
        return found

    def _at_once(
        self, type: ResourceType[Any], organizations: Sequence[str], *, whole_instance: bool
    ) -> tuple[list[ObjectRecord], Sequence[str]]:
        """Return what the list of the whole instance shows in these organizations, and the organizations that are left."""
        existing = {each.id for each in self._organizations}
        wanted = existing.intersection(organizations)
        if wanted:
            # Who may list organizations has a right on the instance, which is the same in all of them.
            self.world.require_permission(type, min(wanted))
        records = type.calls.list_instance(self.client, 3 * len(wanted)) if wanted else None
        if records is None:
            return [], organizations
        # Without an organization, an object is on the instance itself.
        mine = wanted | ({""} if whole_instance else set())
        return [each for each in records if each.org_id in mine], sorted({*organizations} - existing)

    def _in(self, type: ResourceType[Any], org_id: str) -> Sequence[ObjectRecord]:
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
