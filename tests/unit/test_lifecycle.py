"""From the desired and the observed state to the steps between: the steps lead there, and access is never wider on
the way than at one of its ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.resource_types.lifecycle import (
    Action,
    DeletionPolicy,
    Snapshot,
    Step,
    changed_only,
    merged,
    steps,
    steps_to_delete,
)

values = st.one_of(st.none(), st.text(max_size=3), st.tuples(st.sampled_from("abc")), st.booleans())
names = st.sampled_from(["name", "role_keys", "domain"])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """A desired and an observed state of one object. The observed one may have more properties."""
    desired = draw(st.dictionaries(names, values))
    same = {name: value for name, value in desired.items() if draw(st.booleans())}
    observed = {**draw(st.dictionaries(names | st.just("primary_domain"), values)), **same}
    return Snapshot(draw(st.booleans()), desired), Snapshot(draw(st.booleans()), observed)


def walk(desired: Snapshot, observed: Snapshot, taken: tuple[Step, ...]) -> Iterator[Snapshot]:
    """The object after each step, as a server does it."""
    at = observed
    for step in taken:
        if step.action is Action.DEACTIVATE:
            assert at.active, "an inactive object cannot be deactivated"
            at = Snapshot(False, at.properties)
        elif step.action is Action.REACTIVATE:
            assert not at.active, "an active object cannot be reactivated"
            at = Snapshot(True, at.properties)
        elif step.action is Action.UPDATE:
            assert step.changed, "an update changes something"
            at = Snapshot(at.active, {**at.properties, **{name: desired.properties[name] for name in step.changed}})
        else:
            raise AssertionError(f"{step.action} is no step between two states")
        yield at


def access(at: Snapshot) -> dict[str, Any] | None:
    """What the object gives to its people; None while it is inactive."""
    return dict(at.properties) if at.active else None


@given(pairs())
def test_the_steps_lead_to_what_is_wanted(pair: tuple[Snapshot, Snapshot]) -> None:
    desired, observed = pair
    last = [observed, *walk(desired, observed, steps(desired, observed))][-1]
    assert last.active == desired.active
    assert {name: last.properties.get(name) for name in desired.properties} == desired.properties


@given(pairs())
def test_after_the_steps_there_is_nothing_left_to_do(pair: tuple[Snapshot, Snapshot]) -> None:
    desired, observed = pair
    last = [observed, *walk(desired, observed, steps(desired, observed))][-1]
    assert steps(desired, last) == ()


@given(pairs())
def test_what_is_as_wanted_takes_no_step(pair: tuple[Snapshot, Snapshot]) -> None:
    desired, observed = pair
    more = Snapshot(desired.active, {**observed.properties, **desired.properties})
    assert steps(desired, more) == ()


@given(pairs())
def test_on_the_way_access_is_that_of_one_end_or_none(pair: tuple[Snapshot, Snapshot]) -> None:
    desired, observed = pair
    on_the_way = [observed, *walk(desired, observed, steps(desired, observed))]
    ends = [access(on_the_way[0]), access(on_the_way[-1])]
    for at in on_the_way:
        assert access(at) is None or access(at) in ends


@given(pairs())
def test_switching_off_is_first_and_switching_on_is_last(pair: tuple[Snapshot, Snapshot]) -> None:
    taken = [step.action for step in steps(*pair)]
    assert Action.DEACTIVATE not in taken[1:]
    assert Action.REACTIVATE not in taken[:-1]


@given(pairs())
def test_an_update_names_exactly_what_differs(pair: tuple[Snapshot, Snapshot]) -> None:
    desired, observed = pair
    changed = [step.changed for step in steps(desired, observed) if step.action is Action.UPDATE]
    differing = {name for name, value in desired.properties.items() if observed.properties.get(name) != value}
    assert changed == ([differing] if differing else [])


@pytest.mark.parametrize(
    ("policy", "active", "taken"),
    [
        (DeletionPolicy.REMOVE, True, [Action.REMOVE]),
        (DeletionPolicy.REMOVE, False, [Action.REMOVE]),
        (DeletionPolicy.DEACTIVATE, True, [Action.DEACTIVATE]),
        (DeletionPolicy.DEACTIVATE, False, []),
        (DeletionPolicy.RETAIN, True, []),
        (DeletionPolicy.RETAIN, False, []),
    ],
)
def test_deleting_follows_the_policy(policy: DeletionPolicy, active: bool, taken: list[Action]) -> None:
    assert [step.action for step in steps_to_delete(policy, Snapshot(active, {"name": "Acme"}))] == taken


@pytest.mark.parametrize("policy", list(DeletionPolicy))
def test_deleting_what_is_gone_takes_no_step(policy: DeletionPolicy) -> None:
    assert steps_to_delete(policy, None) == ()


# What an update changes

sets = st.lists(st.sampled_from("abcd"), unique=True).map(sorted)
maps = st.dictionaries(st.sampled_from("abcd"), st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), min_size=1))


@given(pairs(), st.booleans())
def test_what_the_program_declares_as_before_takes_no_step(pair: tuple[Snapshot, Snapshot], active: bool) -> None:
    declared, observed = pair
    # What is not declared is missing.
    declared = Snapshot(
        declared.active, {name: value for name, value in declared.properties.items() if value is not None}
    )
    before = {**declared.properties, "active": declared.active}
    assert steps(changed_only(before, declared, observed), observed) == ()
    assert changed_only({**before, "active": not declared.active}, declared, observed).active is declared.active


@given(pairs())
def test_what_the_program_did_not_declare_before_is_as_declared(pair: tuple[Snapshot, Snapshot]) -> None:
    declared, observed = pair
    assert changed_only({}, declared, observed) == declared


@given(sets, sets, sets)
def test_of_a_set_only_what_is_added_and_taken_changes(
    before: list[str], declared: list[str], observed: list[str]
) -> None:
    added, taken = {*declared} - {*before}, {*before} - {*declared}
    assert {*merged(before, declared, observed)} == ({*observed} | added) - taken
    assert merged(before, declared, before) == declared
    assert merged(None, declared, observed) == declared


@given(maps, maps, maps)
def test_of_a_map_only_the_keys_that_differ_change(
    before: dict[str, Any], declared: dict[str, Any], observed: dict[str, Any]
) -> None:
    result = merged(before, declared, observed)
    for key in {*before, *declared, *observed}:
        if before.get(key) == declared.get(key):
            assert result.get(key) == observed.get(key)
        elif key not in declared:
            assert key not in result
        elif key not in before:
            assert result[key] == declared[key]
    assert merged(before, declared, before) == declared
