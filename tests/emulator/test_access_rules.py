"""The rules of access say what the emulator's logins, tokens and introspection do, for each switch that was measured."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_zorg.access.rules import Access, Rule, access_to
from tests.emulator import access_columns as columns
from tests.emulator.access_reading import read_instance
from tests.emulator.access_world import World
from tests.emulator.test_access import ALL, SWITCHES, Fixture, fixture  # noqa: F401 - the fixture

pytestmark = pytest.mark.slow

BOTH = ("admin", "viewer")
#: What stops a login, as the column of the table has it.
STOPPED = {
    Rule.USER_NOT_ACTIVE: "none",
    Rule.USER_REMOVED: "none",
    Rule.PROJECT_NOT_ACTIVE: "A",
    Rule.PROJECT_REMOVED: "A",
    Rule.OWNER_NOT_ACTIVE: "A",
    Rule.APPLICATION_NOT_ACTIVE: "A",
    Rule.PROJECT_CHECK: "R",
    Rule.ROLE_CHECK: "G",
}


def shown(access: Access) -> str:
    return {(): "no", ("viewer",): "rest", BOTH: "roles"}[tuple(sorted(access.roles))]


def cells(world: World, name: str) -> list[str]:
    """The columns that the rules are about: login, refresh, introspection, a new token of the service account."""
    before = world.accounts[f"human.{name}"].logins["before"].access_token
    return [
        columns.login(world, name),
        columns.refresh(world, name),
        columns.introspected(world, before),
        columns.new_token(world, name),
    ]


def expected(world: World, name: str) -> list[str]:
    """The same columns, by the rules."""
    instance = read_instance(world)
    person = access_to(instance, world.ids[f"human.{name}"], world.ids["p"])
    machine = access_to(instance, world.ids[f"machine.{name}"], world.ids["p"])
    assert person.login_v2 is not None
    stops = [STOPPED[each.rule] for each in person.login_v2.reasons]
    by_user = any(each.rule in (Rule.USER_NOT_ACTIVE, Rule.USER_REMOVED) for each in person.introspection.reasons)
    by_project = any(STOPPED[each.rule] == "A" for each in person.introspection.reasons)
    # The server looks at the application first.
    login = shown(person) if person.login_v2.works else next(each for each in ("A", "none", "R", "G") if each in stops)
    refresh = shown(person) if person.token.works else "cl" if "A" in map(_stopped, person.token.reasons) else "refused"
    introspection = "uc" if by_project else "na" if by_user else shown(person)
    return [login, refresh, introspection, shown(machine) if machine.token.works else "refused"]


def _stopped(reason: object) -> str:
    return STOPPED[reason.rule]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(SWITCHES))
def test_the_rules_say_what_a_switch_stops(fixture: Fixture, name: str) -> None:  # noqa: F811
    world = fixture.world
    world.emulator.reset(fixture.state)
    switch, _, undo, _ = SWITCHES[name]
    logins = {name: dict(account.logins) for name, account in world.accounts.items()}
    users = [*ALL.split(), "empty", "bare"]
    try:
        for change in (switch, undo):
            if change is None:
                continue
            change(world)
            by_rules = {one: expected(world, one) for one in users}
            assert by_rules == {one: _comparable(world, one, by_rules[one]) for one in users}
    finally:
        for account, found in logins.items():
            world.accounts[account].logins = found


def _comparable(world: World, name: str, by_rules: list[str]) -> list[str]:
    """The cells, where they say something about the present: a token from before a reactivation stays dead."""
    found = cells(world, name)
    if by_rules[0] == "none" and found[0] in ("R", "G"):
        found[0] = "none"  # the server looks at the checks first, also of a user that was removed
    if found[2] == "na" and by_rules[2] != "na":
        found[2] = by_rules[2]
    return found


#: What is drawn: switches, and what undoes them.
DRAWN = {name: switch for name, (switch, _, _, _) in SWITCHES.items()} | {
    f"{name}, undone": undo for name, (_, _, undo, _) in SWITCHES.items() if undo is not None
}


@settings(
    max_examples=int(os.environ.get("ZORG_EXAMPLES", "6")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.sampled_from(sorted(DRAWN)), min_size=2, max_size=5, unique=True))
def test_the_rules_hold_in_any_world(fixture: Fixture, drawn: list[str]) -> None:  # noqa: F811
    """Several switches, one after the other. The server refuses some of them then, like a change of what is removed."""
    world = fixture.world
    world.emulator.reset(fixture.state)
    logins = {name: dict(account.logins) for name, account in world.accounts.items()}
    try:
        for name in drawn:
            with suppress(AssertionError):  # refused
                DRAWN[name](world)
        users = ["o", "c", "x", "bare"]
        by_rules = {one: expected(world, one) for one in users}
        assert by_rules == {one: _comparable(world, one, by_rules[one]) for one in users}
    finally:
        for account, found in logins.items():
            world.accounts[account].logins = found
