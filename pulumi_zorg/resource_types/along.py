"""What is deactivated along with an organization (``cascade``): its users, or their user grants.

Deactivating an organization stops nobody on a default instance of ZITADEL, because the V2 login looks at the user alone. The objects
that are deactivated along with it are remembered in the organization's metadata, under :data:`KEY`. So exactly those come back, also
after the state was lost, from another machine and by another stack.

Who deactivates and reactivates them is :mod:`pulumi_zorg.engine.along`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.metadata import LONGEST, read_metadata, remove_metadata, set_metadata
from pulumi_zorg.errors import NotFound, NotProven, PermissionDenied, ZorgError, clean
from pulumi_zorg.resource_types.impact import count_text
from pulumi_zorg.resource_types.lifecycle import NOT_ALL, NOTHING, PARTLY
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import ACTIVE, Observed, Removal

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.api.records import Event
    from pulumi_zorg.resource_types.resource_type import ResourceType

#: The key of the metadata. docs/resources.md has the format of its value.
KEY = "pulumi_zorg.cascade"
USER_GRANTS, USERS = "user_grants", "users"
#: What `cascade` can be.
KINDS = (NOTHING, USER_GRANTS, USERS)
#: Objects that a list shows as active are read by their ids, if they are no more than this: a list lags behind the last changes.
_FEW = 20
#: How many of them a sentence names.
_NAMED = 100


@dataclass(frozen=True)
class Taken:
    """What was deactivated along with an organization, as its metadata has it.

    :param ids: the ids of the objects by their kind, ``users`` or ``user_grants``. A kind without ids goes along too: none was active.
    :param by: the ids of the users whose credentials deactivated them.
    :param since: when the first of them was, by the server's clock, in ISO 8601; empty where there is none.
    """

    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    by: frozenset[str] = frozenset()
    since: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that go along."""
        return frozenset(self.ids)

    @property
    def moment(self) -> datetime | None:
        """When the first of them was deactivated."""
        return datetime.fromisoformat(self.since.replace("Z", "+00:00")) if self.since else None

    def with_ids(self, kind: str, ids: frozenset[str]) -> Taken:
        """Return the same with other objects of a kind."""
        return replace(self, ids={**self.ids, kind: ids})

    def of(self, kind: str) -> frozenset[str]:
        """Return the ids of the objects of a kind."""
        return self.ids.get(kind, frozenset())

    def added(self, kind: str, ids: Collection[str], by: str) -> Taken:
        """Return the same with more objects of a kind, and the id of the user whose credential deactivates them."""
        return replace(self, by=self.by | {by}).with_ids(kind, self.of(kind) | {*ids})

    def without(self, kind: str, ids: Collection[str]) -> Taken:
        """Return the same without some objects of a kind."""
        return self.with_ids(kind, self.of(kind) - {*ids})

    def given_back(self, kind: str, ids: Collection[str]) -> Taken:
        """Return the same without some objects of a kind, which goes along no more if none is left."""
        left = self.of(kind) - {*ids}
        others = {each: ids for each, ids in self.ids.items() if each != kind}
        return replace(self, ids={**others, kind: left} if left else others)

    def dump(self) -> bytes:
        """Return the value of the metadata."""
        ids = {kind: sorted(each) for kind, each in sorted(self.ids.items())}
        return json.dumps(
            {"version": 1, "since": self.since, "by": sorted(self.by), **ids}, separators=(",", ":")
        ).encode()

    @classmethod
    def load(cls, value: bytes) -> Taken:
        """Return what the value of the metadata has.

        :raises ValueError: where it is not what :meth:`dump` returns.
        """
        found = json.loads(value)
        if not isinstance(found, dict) or found.get("version") != 1:
            raise ValueError("the version is not 1")
        kinds = [kind for kind in (USERS, USER_GRANTS) if kind in found]
        lists = {name: found.get(name, []) for name in (*kinds, "by")}
        if not all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists.values()):
            raise ValueError("the ids are not lists of strings")
        taken = cls(
            {kind: frozenset(lists[kind]) for kind in kinds}, frozenset(lists["by"]), str(found.get("since", ""))
        )
        assert taken.moment is None or taken.moment.tzinfo is not None  # noqa: S101 - of a value that was edited: below
        return taken


def read_taken(client: Client, org_id: str) -> Taken:
    """Return what was deactivated along with an organization.

    :raises NotProven: where the metadata is not what this package writes.
    """
    value = read_metadata(client, org_id, KEY)
    if value is None:
        return Taken()
    try:
        return Taken.load(value)
    except (ValueError, AssertionError, RecursionError) as wrong:
        raise NotProven(
            f"The metadata {KEY} of organization {clean(org_id)}, which has what was deactivated along with it, cannot be understood "
            f"({clean(str(wrong), 200)}), so nothing is reactivated. A newer release may have written it, or somebody has changed it. "
            "Look at it in the console. If you remove it, reactivate the users by themselves."
        ) from None


def change_taken(client: Client, org_id: str, change: Callable[[Taken], Taken]) -> Taken:
    """Change what is remembered of what was deactivated along with an organization, and return it.

    Several resources of one process may do that at the same time.

    :raises NotProven: where it is more than metadata can have. Nothing was written then.
    """
    with client.along_lock:
        before = read_taken(client, org_id)
        after = change(before)
        if after.ids != before.ids:
            _write(client, org_id, after)
        client.along.pop(org_id, None)
        return after


def _write(client: Client, org_id: str, taken: Taken) -> None:
    if not taken.kinds:
        remove_metadata(client, org_id, KEY)
        return
    value = taken.dump()
    if len(value) > LONGEST:
        raise NotProven(
            f"Organization {clean(org_id)} has more users than can be remembered (a value of metadata has at most {LONGEST:,} bytes, about "
            "23,000 ids), so none of them was deactivated along with it. Deactivate them by other means, or remove the organization."
        )
    set_metadata(client, org_id, KEY, value)
    if read_metadata(client, org_id, KEY) != value:
        # Servers lose changes under load. What is not remembered would never come back.
        raise NotProven(
            f"ZITADEL accepted the metadata {KEY} of organization {clean(org_id)}, which has what is deactivated along with it, and does "
            "not show it, so nothing was changed after that. Run `pulumi up` again. Another run on the organization at the same time "
            "has the same effect."
        )


def as_declared(client: Client, type: ResourceType[Any], found: Observed | Removal) -> Observed | Removal:
    """Return an object with the flag that it has by itself: one that was deactivated along with its organization counts as active.

    So a program that declares a user as active, and the organization as deactivated with all users, is in sync. Nothing reactivates the
    user before the organization.
    """
    if not isinstance(found, Observed) or found.properties.get(ACTIVE) is not False:
        return found
    org_id = type.taken_with(client, found)
    if not org_id or found.id not in _taken_now(client, org_id).of(type.goes_along):
        return found
    return replace(found, properties={**found.properties, ACTIVE: True}, taken_by=org_id)


def _taken_now(client: Client, org_id: str) -> Taken:
    """Return what was deactivated along with an organization that is deactivated now. It is read once in a process."""
    if org_id not in client.along:
        try:
            client.along[org_id] = Taken() if client.is_active(org_id) else read_taken(client, org_id)
        except (NotFound, PermissionDenied):
            return Taken()  # the caller may not see it: each object then counts by itself
    taken: Taken = client.along[org_id]
    return taken


def goes_along_now(client: Client, type: ResourceType[Any], found: Observed) -> str:
    """Return the id of the deactivated organization along with which an object is to be deactivated; empty where there is none."""
    if not type.goes_along or (type.reference == "user_id" and found.id == client.me.id):
        return ""
    org_id = type.taken_with(client, found)
    return org_id if org_id and type.goes_along in _taken_now(client, org_id).kinds else ""


def remember(client: Client, found: Observed, org_id: str) -> None:
    """Remember an object among those that come back with their organization."""
    kind = RESOURCE_TYPES[found.token].goes_along
    change_taken(client, org_id, lambda taken: taken.added(kind, {found.id}, client.me.id))


def release(client: Client, found: Observed) -> None:
    """Let an object that was deactivated along with its organization stay so when that comes back: it is deactivated by itself now."""
    kind = RESOURCE_TYPES[found.token].goes_along
    change_taken(client, found.taken_by, lambda taken: taken.without(kind, {found.id}))


def types_of(kind: str) -> Sequence[ResourceType[Any]]:
    """Return the types whose objects are of a kind."""
    return [each for each in RESOURCE_TYPES.values() if each.goes_along == kind]


def active_along(client: Client, org_id: str, kind: str) -> Iterator[tuple[ResourceType[Any], Observed]]:
    """Return the objects of a kind that lists show as active, without the caller's own user."""
    for each in types_of(kind)[:1]:  # one list has the objects of all types of a kind
        for found in each.list_along(client, org_id):
            if not (each.reference == "user_id" and found.id == client.me.id):
                yield RESOURCE_TYPES[found.token], found


def with_along(client: Client, observed: Observed, along: str) -> Observed:
    """Return an organization with what is deactivated along with it.

    :param along: what is to be, like ``users``.
    """
    org_id, taken = observed.id, read_taken(client, observed.id)
    if along == NOTHING:
        return replace(observed, along=PARTLY if taken.kinds else NOTHING)
    if observed.properties.get(ACTIVE) is not False:
        # Somebody has reactivated the organization itself. Whoever was deactivated along with it is not back by that.
        warning = None
        number = sum(map(len, taken.ids.values()))
        if number:
            objects = count_text(number, "object")
            warning = (
                f"Organization {clean(org_id)} was reactivated outside Pulumi, and what was deactivated along with it ({objects}) stays "
                "inactive. `pulumi up --refresh` deactivates the organization again, or brings all of them back, as the program declares."
            )
        properties = {**observed.properties, "cascade": NOT_ALL + along if taken.kinds else along}
        return replace(observed, properties=properties, along=PARTLY, warning=observed.warning or warning)
    still = [each for _, each in active_along(client, org_id, along)]
    if still and len(still) <= _FEW:
        still = [each for each in still if _is_active(client, each)]
    properties = {**observed.properties, "cascade": NOT_ALL + along if still else along}
    whole = not still and taken.kinds == {along}
    warning = observed.warning
    if still:
        active = describe(along, [(each, None) for each in still])
        warning = f"Organization {clean(org_id)} is deactivated with cascade={along!r}. {active}."
    return replace(
        observed, properties=properties, along=along if whole else PARTLY, warning=warning, still_active=tuple(still)
    )


def with_remembered(client: Client, observed: Observed) -> Observed:
    """Return an organization with the input ``cascade`` by which other objects were deactivated along with it, if any were."""
    kinds = read_taken(client, observed.id).kinds
    kind = next((each for each in (USERS, USER_GRANTS) if each in kinds), None)
    return observed if kind is None else replace(observed, properties={**observed.properties, "cascade": kind})


def describe(kind: str, still: Sequence[tuple[Observed, Event | None]]) -> str:
    """Return what is active and should not be, as a sentence without the full stop.

    :param still: the objects, each with its last change of state, as far as that is known.
    """
    said = []
    for each, event in still[:_NAMED]:
        name = each.properties.get("user_name") or each.properties.get("user_id")
        by = f" by {clean(event.by)}" if event is not None and event.by else ""
        when = f", reactivated {event.creation_date:%Y-%m-%d %H:%M:%S} UTC{by}" if event is not None else ""
        said.append(f"{clean(str(name))} ({each.id}{when})" if name else f"{each.id}{when}")
    more = f" and {len(still) - _NAMED} more" if len(still) > _NAMED else ""
    noun, are = kind.replace("_", " "), "is" if len(still) == 1 else "are"
    return f"{len(still)} of its {noun} {are} active: {', '.join(said)}{more}"


def _is_active(client: Client, listed: Observed) -> bool:
    """Whether a read by its id shows an object as active too. Where that cannot be read, it counts as active."""
    resource_type = RESOURCE_TYPES[listed.token]
    try:
        found = resource_type.find(client, listed.id, resource_type.address_in(listed.properties))
    except ZorgError:
        return True
    return isinstance(found, Observed) and resource_type.is_working(found)
