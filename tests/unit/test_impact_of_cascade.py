"""What a change of an organization with `cascade` does to people: the sentences, and the model of access."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_zorg.access.compare import What
from pulumi_zorg.access.instance import Instance, Kind, Organization, Project, User, UserGrant, UserState, by_id
from pulumi_zorg.resource_types.impact import SECRET, UNKNOWN, Planned
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.planned_access import PlannedChange, people_of
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES
from tests.support.types import MACHINE_USER, ORGANIZATION

#: Acme has Ann, who has a role of the vendor's project, Ben, who was deactivated before, Cleo, who is locked, and a service account.
INSTANCE = Instance(
    by_id([Organization("v", "Vendor"), Organization("a", "Acme")]),
    by_id(
        [
            User("ann", "a", "ann@acme"),
            User("ben", "a", "ben", state=UserState.INACTIVE),
            User("cleo", "a", "cleo", state=UserState.LOCKED),
            User("bot", "a", "bot@acme", kind=Kind.SERVICE_ACCOUNT),
            User("vic", "v", "vic"),
        ]
    ),
    by_id([Project("p", "v", "Portal", role_check=True)]),
    {},
    by_id([UserGrant("1", "v", "ann", "p", ("viewer",))]),
    login_v2=True,
)


def effect(before: dict[str, Any], after: dict[str, Any] | None) -> Any:
    name = {"name": "Acme"}
    planned = Planned(ORGANIZATION, "a", {**name, **before}, None if after is None else {**name, **after})
    return RESOURCE_TYPES[ORGANIZATION].impact.effect(planned)


def said(before: dict[str, Any], after: dict[str, Any] | None, instance: Instance = INSTANCE) -> tuple[str, ...]:
    change = effect(before, after)
    return RESOURCE_TYPES[ORGANIZATION].impact.sentences(change, ACCESS[ORGANIZATION].facts(instance, change))


def people(before: dict[str, Any], after: dict[str, Any] | None, instance: Instance = INSTANCE) -> People:
    return people_of(instance, [PlannedChange("1", "acme", effect(before, after))])


OFF, ON = {"active": False, "cascade": "users"}, {"active": True, "cascade": "users"}
STOPS = "no login, refresh token, personal access token or service account of them works any more"


def test_all_who_work_lose_everything_along_with_the_organization() -> None:
    lines = said(ON, OFF)
    assert lines[0] == f"deactivates organization Acme (a) and, along with it, 1 person and 1 service account: {STOPS}"
    assert "ends the access tokens and personal access tokens" in lines[1]
    assert len(lines) == 2, "it owns no project"
    found = people(ON, OFF)
    assert [(each.user_id, each.what) for each in found.difference.lost] == [
        ("ann", What.EVERYTHING),
        ("bot", What.EVERYTHING),
    ]
    assert found.sentences == ("ann@acme, bot@acme lose every login and every token: the user is deactivated",)


@pytest.mark.parametrize("first", [True, False])
def test_who_is_new_in_the_same_plan_gains_nothing(first: bool) -> None:
    new = {"org_id": "a", "user_name": "dora", "name": "Dora", "active": True}
    created = RESOURCE_TYPES[MACHINE_USER].impact.effect(Planned(MACHINE_USER, None, None, new))
    assert people_of(INSTANCE, [PlannedChange("2", "dora", created)]).difference.gaining == {"2"}
    changes = [PlannedChange("1", "acme", effect(ON, OFF)), PlannedChange("2", "dora", created)]
    assert people_of(INSTANCE, changes if first else changes[::-1]).difference.gaining == set()


def test_without_a_cascade_nobody_loses_anything() -> None:
    plain = {"active": True}, {"active": False}
    assert 'cuts off none of its users. To take access away, set cascade="users"' in said(*plain)[0]
    assert people(*plain).difference.lost == ()


def test_user_grants_go_along() -> None:
    change = {**ON, "cascade": "user_grants"}, {**OFF, "cascade": "user_grants"}
    assert said(*change) == (
        "deactivates organization Acme (a) and, along with it, the user grants of its users in all organizations, which takes the roles "
        "out of every token",
    )
    assert [(each.user_id, each.roles) for each in people(*change).difference.lost] == [("ann", {"viewer"})]


@pytest.mark.parametrize("taken", [None, {"a": frozenset({"ann", "bot"})}])
def test_exactly_those_come_back_and_where_they_were_not_read_anybody_may(
    taken: dict[str, frozenset[str]] | None,
) -> None:
    off = [replace(INSTANCE.users[each], state=UserState.INACTIVE) for each in ("ann", "bot")]
    closed = replace(
        INSTANCE.having("users", *off).having("organizations", Organization("a", "Acme", active=False)),
        taken=taken or {},
    )
    who = "1 person and 1 service account" if taken else "all its users"
    assert said(OFF, ON, closed)[0].startswith(
        f"reactivates organization Acme (a) and, along with it, {who} that were deactivated along"
    )
    gained = people(OFF, ON, closed).difference.gained
    assert {each.user_id for each in gained} == ({"ann", "bot"} if taken else {"ann", "bot", "ben"})
    assert all(each.certain is bool(taken) for each in gained)


def test_a_deletion_that_deactivates_takes_them_along() -> None:
    kept = {**ON, "deletion_policy": "deactivate"}
    assert said(kept, None)[0].startswith("deactivates organization Acme (a) and, along with it, 1 person")
    assert people(kept, None).difference.losing == {"ann", "bot"}


def test_an_organization_that_is_off_already_takes_them_along_later() -> None:
    plain = {"active": False}
    closed = INSTANCE.having("organizations", Organization("a", "Acme", active=False))
    assert (
        said(plain, OFF, closed)[0]
        == f"deactivates, along with organization Acme (a), 1 person and 1 service account: {STOPS}"
    )
    assert people(plain, OFF, closed).difference.losing == {"ann", "bot"}
    assert said(OFF, OFF) == ()
    assert people(OFF, {**OFF, "name": "Acme Inc"}).nobody_loses


@pytest.mark.parametrize("value", [UNKNOWN, SECRET])
def test_what_is_not_known_counts_as_if_it_were_so(value: object) -> None:
    lines = said({"active": True}, {"active": False, "cascade": value})
    assert "may deactivate or reactivate users of organization Acme (a) along with it" in lines[0]
    found = people({"active": True}, {"active": False, "cascade": value})
    assert not found.nobody_loses
