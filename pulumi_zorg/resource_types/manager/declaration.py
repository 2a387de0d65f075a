"""The declaration of the resource type Manager."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pulumi_zorg.access.instance import Level
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import TooLong
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.api.retry import poll
from pulumi_zorg.errors import InputError, NotProven, clean
from pulumi_zorg.resource_types.lifecycle import Step
from pulumi_zorg.resource_types.manager.calls import ManagerCalls, manager_of
from pulumi_zorg.resource_types.manager.impact import ManagerImpact
from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.resource_types.manager.lockout import refuse_lockout
from pulumi_zorg.resource_types.manager.place import Place, ids_in
from pulumi_zorg.resource_types.parents import PROJECT, PROJECT_GRANT, USER
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Address, Observed, Removal
from pulumi_zorg.world.tokens import type_token

#: The levels, by what the types of their events begin with.
_LEVELS = {
    "instance": Level.INSTANCE,
    "org": Level.ORGANIZATION,
    "project": Level.PROJECT,
    "project.grant": Level.PROJECT_GRANT,
}

#: Seconds within which a list shows a manager that was just made.
_LISTED_WITHIN = 5.0


def _kinds(*ends: str) -> tuple[str, ...]:
    return tuple(f"{each}.member.{end}" for each in _LEVELS for end in ends)


@dataclass(frozen=True)
class ManagerEvents(ObjectEvents):
    """The events of managers. They are on the aggregate of what is administered, and name the user in the payload."""

    def subject(self, event: Event) -> str:
        return _place(event).id_of(str(event.payload.get("userId", "")))

    def aggregate_of(self, id: str, address: Address) -> str | None:
        place = Place.of(ids_in(id) or {})
        return None if place.level is Level.INSTANCE else place.project_id or place.org_id

    def properties_in(self, event: Event) -> dict[str, Any]:
        return {"user_id": str(event.payload.get("userId", "")), **_place(event).ids}


def _place(event: Event) -> Place:
    """Return what the manager of an event administers."""
    level, aggregate = _LEVELS.get(event.kind.partition(".member.")[0]), event.aggregate
    if level in (None, Level.INSTANCE):
        return Place()
    if level is Level.ORGANIZATION:
        return Place(aggregate.id)
    grant_id = str(event.payload.get("grantId", "")) if level is Level.PROJECT_GRANT else ""
    return Place(aggregate.resource_owner, aggregate.id, grant_id)


class ManagerType(ResourceType[ManagerInputs]):
    """A manager: a user's right to administer the instance, an organization, a project or a project grant."""

    token = type_token("Manager")
    inputs = ManagerInputs
    calls = ManagerCalls()
    updatable = ("roles",)
    reference = "manager_id"
    gives_access = True
    read_permission = "org.member.read"
    impact = ManagerImpact()
    events: ClassVar[ObjectEvents] = ManagerEvents(
        created=_kinds("added"),
        removed=_kinds("removed", "cascade.removed"),
        changes={"roles": _kinds("changed")},
        set_whole={"roles": "roles"},
        parents=(USER, PROJECT, PROJECT_GRANT),
    )

    def title(self, inputs: ManagerInputs, id: str) -> str:
        return f"Manager {id}"

    def find(self, client: Client, id: str, address: Address) -> Observed | Removal:
        ids = ids_in(id)
        if ids is None:
            raise InputError(f"Manager {clean(id)}", "id", "is not that of a manager, like organization:ORG:USER")
        whole = replace(address, ids={**address.ids, **ids})

        def attempt() -> Observed | Removal | NotProven:
            try:
                return super(ManagerType, self).find(client, id, whole)
            except NotProven as error:
                if not error.exists:
                    raise
                return error

        # Only a list shows a manager, and lists lag behind the last writes.
        sleep = client.transport.sleep
        found = poll(attempt, lambda each: not isinstance(each, NotProven), within=_LISTED_WITHIN, sleep=sleep)
        if isinstance(found, NotProven):
            raise found
        return found

    def is_own(self, client: Client, properties: Mapping[str, Any]) -> bool:
        # It is an ORG_OWNER of each organization that it has created.
        return bool(properties.get("user_id") == client.me.id)

    def is_made_with_organization(self, properties: Mapping[str, Any]) -> bool:
        # Whoever creates an organization becomes its manager, or says who does.
        return Place.of(properties).level is Level.ORGANIZATION

    def permissions_to_read(self, id: str | None = None) -> frozenset[str]:
        place = None if id is None else Place.of(ids_in(id) or {})
        only = {Level.PROJECT: "project.member.read", Level.PROJECT_GRANT: "project.grant.member.read"}
        if place is None:
            return frozenset({self.read_permission, *only.values()})
        return frozenset({only.get(place.level, self.read_permission)})

    def find_by_unique_key(self, client: Client, inputs: ManagerInputs) -> str | None:
        found = self.find_visible(client, inputs.id, self.address_in(inputs.dump()))
        return None if found is None else found.id

    def has_unique_key(self, properties: Mapping[str, Any], inputs: ManagerInputs) -> bool:
        return self.unique_key(properties) == self.unique_key(inputs.dump())

    def may_be(self, event: Event, inputs: ManagerInputs) -> bool:
        return self.events.subject(event) == inputs.id

    def listed_beside(self, client: Client, address: Address) -> Sequence[ObjectRecord]:
        found = manager_of(client, Place.of(address.ids), address.ids["user_id"])
        return () if found is None else (found,)

    def is_newer_listed(self, client: Client, id: str, org_id: str) -> bool | None:
        return None  # ids have no order

    def guard(self, client: Client, id: str, inputs: ManagerInputs, step: Step) -> None:
        refuse_lockout(client, id, inputs, step)

    def removed_along(
        self, client: Client, removed: Mapping[str, Mapping[str, Mapping[str, Any]]], at_most: int
    ) -> Collection[str] | None:
        """Return those that are removed with other objects, without the managers that an organization was created with."""
        try:
            listed = self.calls.list_instance(client, at_most) or ()
        except TooLong:
            return None
        organizations = removed.get("org_id", {}).keys()
        made = {
            (each.id, each.details.creation_date) for each in client.organizations.all() if each.id in organizations
        }
        return {
            each.id
            for each in listed
            if not self.is_own(client, vars(each))
            and (each.project_id or (each.org_id, each.details.creation_date) not in made)
            and (not organizations.isdisjoint({each.org_id, each.user_org}) or self.is_removed_with(each, removed))
        }


TYPE = ManagerType()
