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


SHOWN = {"user_name": "ann", "active": True}
RENAMED, RENAMED_AGAIN = event("user.username.changed", userName="ann"), event("user.username.changed", userName="bob")
DEACTIVATED, REACTIVATED = event("user.deactivated"), event("user.reactivated")


@pytest.mark.parametrize(
    ("events", "is_shown"),
    [
        ([RENAMED], True),
        ([RENAMED_AGAIN, RENAMED], True),
        ([RENAMED, RENAMED_AGAIN], False),
        ([DEACTIVATED, RENAMED, REACTIVATED], True),
        ([DEACTIVATED, RENAMED], False),
        ([RENAMED, DEACTIVATED], False),
        ([event("user.removed"), RENAMED], False),
    ],
)
def test_a_list_shows_what_the_last_event_of_each_property_made_of_an_object(
    events: list[Event], is_shown: bool
) -> None:
    assert Users.events.are_shown(events, SHOWN) is is_shown
    changes, shown = world().changes, {Key(USER, "1"): Observed(USER, "1", SHOWN)}
    later = [each.model_copy(update={"creation_date": NOW + timedelta(seconds=1)}) for each in events]
    affected = changes.affected([event(CREATED[0]), *later], [sought(), sought("2")], shown)
    assert affected == (set() if is_shown else {Key(USER, "1")})


@pytest.mark.parametrize(
    ("token", "kind", "payload", "shown", "is_shown"),
    [
        ("UserGrant", "user.grant.cascade.changed", {"roleKeys": ["b", "a"]}, {"role_keys": ["a", "b"]}, True),
        ("UserGrant", "user.grant.changed", {"roleKeys": ["a"]}, {"role_keys": ["a", "b"]}, False),
        ("UserGrant", "user.grant.changed", {}, {"role_keys": []}, True),
        ("UserGrant", "user.grant.cascade.removed", {}, {"role_keys": []}, False),
        ("HumanUser", "user.locked", {}, {"active": None}, True),
        ("HumanUser", "user.locked", {}, {"active": True}, False),
        ("HumanUser", "user.unlocked", {}, {"active": None}, False),
        ("HumanUser", "user.human.profile.changed", {"firstName": "Ann"}, {"given_name": "Ann"}, True),
        ("HumanUser", "user.human.profile.changed", {"gender": 1}, {"gender": "GENDER_FEMALE"}, False),
        ("HumanUser", "user.human.phone.removed", {}, {"phone": ""}, False),
        ("Project", "project.changed", {"projectRoleCheck": False}, {"project_role_check": True}, False),
        ("Project", "project.role.removed", {"key": "a"}, {"roles": None}, True),
        ("Organization", "org.domain.primary.set", {"domain": "a.localhost"}, {"primary_domain": "a.localhost"}, True),
        ("Organization", "org.domain.primary.set", {"domain": "b.localhost"}, {"primary_domain": "a.localhost"}, False),
    ],
)
def test_what_an_event_does_not_show_in_the_form_of_a_list_is_not_confirmed(
    token: str, kind: str, payload: dict[str, Any], shown: dict[str, Any], is_shown: bool
) -> None:
    own = RESOURCE_TYPES[type_token(token)].events
    assert own.are_shown([event(kind).model_copy(update={"payload": payload})], shown) is is_shown


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
