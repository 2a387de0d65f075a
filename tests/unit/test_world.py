"""The reader of what exists, with a type that no release has yet: users, whom several events create, and who may be locked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Address, Key, Observed, Sought
from pulumi_zorg.world.reader import World
from pulumi_zorg.world.tokens import type_token

USER = "pulumi-python:dynamic/zorg:User"
CREATED = ("user.human.added", "user.machine.added")
NOW = datetime(2026, 11, 29, tzinfo=timezone.utc)


class Users:
    """As much of a declaration as events need."""

    token, noun, in_organization = USER, "user", True
    events = ObjectEvents(
        created=CREATED,
        removed=("user.removed",),
        changes={"active": ("user.deactivated", "user.reactivated"), "user_name": ("user.username.changed",)},
        payload={"user_name": "userName"},
    )

    def __init__(self, live: Observed | None = None) -> None:
        self.live = live

    def find(self, client: Client, id: str, address: Address) -> Observed:
        assert self.live is not None
        return self.live

    find_declared = find


class Store:
    """An event store with these events."""

    def __init__(self, *events: Event) -> None:
        self.events = self
        self._events = events

    def of(self, aggregate_id: str, kinds: Any) -> tuple[Event, ...]:
        return tuple(each for each in self._events if each.aggregate.id == aggregate_id and each.kind in kinds)

    def newest(self, kinds: Any) -> tuple[Event, ...]:
        return tuple(each for each in reversed(self._events) if each.kind in kinds)


def event(kind: str, id: str = "1", *, after: float = 0, **payload: str) -> Event:
    aggregate = {"id": id, "type": {"type": "user"}, "resourceOwner": "7"}
    at = NOW + timedelta(seconds=after)
    return Event.model_validate(
        {"type": {"type": kind}, "aggregate": aggregate, "creationDate": at, "payload": payload}
    )


def world(*events: Event, live: Observed | None = None) -> World:
    return World(cast(Client, Store(*events)), {USER: cast(ResourceType[Any], Users(live))})


def sought(id: str = "1") -> Sought:
    return Sought(Key(USER, id), Address({"org_id": "7"}))


@pytest.mark.parametrize("kind", CREATED)
def test_each_of_the_events_that_create_an_object_does(kind: str) -> None:
    created, changed = event(kind), event("user.username.changed", after=1)
    assert Users.events.properties_in(event(kind, userName="ann")) == {"user_name": "ann", "org_id": "7"}
    assert world().changes.affected_by([created], [sought()]) == set()
    assert world().changes.affected_by([created, changed], [sought(), sought("2")]) == {Key(USER, "1")}


@pytest.mark.parametrize("last", ["user.deactivated", "user.reactivated"])
def test_an_object_that_is_neither_active_nor_inactive_has_lost_no_change(last: str) -> None:
    locked = Observed(USER, "1", {"active": None, "state": "USER_STATE_LOCKED"})
    store = event(CREATED[0]), event(last, after=1)
    assert world(*store, live=locked).lost_changes([sought()], {locked.key: locked}) == {}
    assert world(*store, live=locked).lost_change(sought(), locked, True) is None
    shown = replace(locked, properties={"active": last == "user.deactivated"})
    assert world(*store, live=locked).lost_changes([sought()], {shown.key: shown}) == {}, "it was locked since"
    lost = world(*store, live=shown).lost_changes([sought()], {shown.key: shown})
    assert lost[shown.key].noun == last.removeprefix("user.").replace("ated", "ation")


def test_what_the_state_does_not_have_is_not_wanted() -> None:
    resource_type = RESOURCE_TYPES[type_token("Project")]
    managed = {"org_id": "7", "name": "Shop", "roles": {}, "project_grant_id": "", "active": True}
    assert resource_type.address_in(managed).ids == {"org_id": "7"}
    assert "roles" not in resource_type.address_in(managed).unwanted
    assert "roles" in resource_type.address_in({**managed, "roles": None}).unwanted
    assert Address.of(managed).unwanted == frozenset()
