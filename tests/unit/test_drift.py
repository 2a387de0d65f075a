"""The comparison of a state with what was observed, the report, and the patterns of .zorgignore."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.drift.compare import changes_of, compare
from pulumi_zorg.drift.ignore import IgnoreRules
from pulumi_zorg.drift.report import Change, Drift, Report, Undetermined, Unmanaged
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.world.observed import Key, Observed, Removal
from pulumi_zorg.world.tokens import resource_name
from tests.support.types import ORGANIZATION, USER_GRANT

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(max_size=3),
    "active": st.booleans(),
    "role_keys": st.lists(st.sampled_from(["admin", "viewer"]), max_size=2),
}
properties = st.fixed_dictionaries({}, optional=VALUES)


def a_resource(name: str, values: dict[str, Any], *, ignored: frozenset[str] = frozenset()) -> Recorded:
    return Recorded(f"urn:pulumi:dev::shop::{ORGANIZATION}::{name}", ORGANIZATION, f"id-{name}", values, {}, ignored)


@given(properties)
def test_an_object_as_recorded_is_in_sync(values: dict[str, Any]) -> None:
    each = a_resource("acme", values)
    assert compare([each], {each.key: Observed(each.token, each.id, values)}) == ()


@given(properties, properties)
def test_exactly_the_properties_that_differ_are_named(recorded: dict[str, Any], live: dict[str, Any]) -> None:
    found = changes_of(a_resource("acme", recorded), live)
    assert {each.property for each in found} == {
        name for name in recorded.keys() & live.keys() if recorded[name] != live[name]
    }
    assert all((each.recorded, each.live) == (recorded[each.property], live[each.property]) for each in found)


@given(properties, properties)
def test_comparing_the_other_way_round_swaps_the_values(one: dict[str, Any], other: dict[str, Any]) -> None:
    there = changes_of(a_resource("acme", one), other)
    back = changes_of(a_resource("acme", other), one)
    assert {(e.property, repr(e.recorded), repr(e.live)) for e in there} == {
        (e.property, repr(e.live), repr(e.recorded)) for e in back
    }


@given(properties, properties, st.frozensets(st.sampled_from([*VALUES, "*"])))
def test_ignored_properties_are_not_compared_and_all_others_are(
    recorded: dict[str, Any], live: dict[str, Any], ignored: frozenset[str]
) -> None:
    everything = changes_of(a_resource("acme", recorded), live)
    left = changes_of(a_resource("acme", recorded, ignored=ignored), live)
    assert left == tuple(each for each in everything if "*" not in ignored and each.property not in ignored)


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["same", "other", "gone", "not looked at"])))
def test_each_resource_is_compared_with_its_own_object(fates: dict[str, str]) -> None:
    resources = [a_resource(name, {"name": "x"}) for name in fates]
    live: dict[Key, Observed | Removal] = {}
    for name, fate in fates.items():
        key = Key(ORGANIZATION, f"id-{name}")
        if fate == "gone":
            live[key] = Removal("it was removed")
        elif fate != "not looked at":
            live[key] = Observed(key.token, key.id, {"name": "x" if fate == "same" else "y"})
    found = compare(resources, live)
    assert [resource_name(each.urn) for each in found] == [
        name for name, fate in fates.items() if fate in ("other", "gone")
    ]
    assert [resource_name(each.urn) for each in found if each.removed] == [
        name for name, fate in fates.items() if fate == "gone"
    ]


def test_a_removal_is_drift_even_if_all_properties_are_ignored() -> None:
    each = a_resource("acme", {"name": "x"}, ignored=frozenset("*"))
    assert compare([each], {each.key: Removal("it was removed")})[0].removed == "it was removed"


def test_a_list_and_a_tuple_are_equal() -> None:
    assert changes_of(a_resource("acme", {"role_keys": ["a"]}), {"role_keys": ("a",)}) == ()


# The report.

ACME = Drift("urn:pulumi:dev::shop::pulumi-python:dynamic/zorg:Organization::acme", ORGANIZATION, "1", removed="gone")
ANN = Drift(
    "urn:pulumi:dev::shop::pulumi-python:dynamic/zorg:UserGrant::ann",
    USER_GRANT,
    "2",
    (Change("active", True, False), Change("role_keys", ["a"], ["b"])),
)
EXTRA = Unmanaged(Observed(USER_GRANT, "3", {}))


def test_with_unknown_objects_it_is_not_known_whether_the_stack_is_in_sync() -> None:
    assert Report("dev").in_sync is True
    assert Report("dev", (ACME,)).in_sync is False
    assert Report("dev", (), (EXTRA,)).in_sync is False
    assert Report("dev", (ACME,), (), (Undetermined(None, ORGANIZATION, "1", "?"),)).in_sync is None


# .zorgignore.


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ("", {"acme": [], "ann": ["active", "role_keys"], "3": []}),
        ("# a comment\n\n  \n", {"acme": [], "ann": ["active", "role_keys"], "3": []}),
        ("UserGrant:role_keys", {"acme": [], "ann": ["active"], "3": []}),
        ("*:role_keys\nUserGrant:act*", {"acme": [], "3": []}),
        ("pulumi-python:dynamic/zorg:UserGrant:active", {"acme": [], "ann": ["role_keys"], "3": []}),
        ("Organization:*", {"acme": [], "ann": ["active", "role_keys"], "3": []}),
        ("UserGrant::3", {"acme": [], "ann": ["active", "role_keys"]}),
        ("pulumi-python:dynamic/zorg:UserGrant::*", {"acme": []}),
        ("Organization::1", {"ann": ["active", "role_keys"], "3": []}),
        ("urn:pulumi:*::acme", {"ann": ["active", "role_keys"], "3": []}),
        ("urn:pulumi:prod::*", {"acme": [], "ann": ["active", "role_keys"], "3": []}),
    ],
)
def test_patterns_hide_resources_objects_and_properties(patterns: str, left: dict[str, list[str]]) -> None:
    report = Report("dev", (ACME, ANN), (EXTRA,)).without(IgnoreRules.parse(patterns))
    found = {resource_name(each.urn): [change.property for change in each.changes] for each in report.drifted}
    assert {**found, **{each.observed.id: [] for each in report.unmanaged or ()}} == left


@pytest.mark.parametrize("line", ["acme", "::1", "UserGrant::", ":role_keys", "UserGrant:"])
def test_a_line_that_is_not_a_pattern_is_an_error_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match=r"rules, line 2: .* is not a pattern"):
        IgnoreRules.parse(f"# fine\n{line}\n", "rules")


@pytest.mark.parametrize("name", ["acme[EU]", "acme [1-9]", "a?b", "a*b", "a[!x]", "[", "x::y", "a:b"])
def test_a_urn_that_is_copied_from_a_report_matches_itself(name: str) -> None:
    urn = f"urn:pulumi:dev::shop::{ORGANIZATION}::{name}"
    other = f"urn:pulumi:dev::shop::{ORGANIZATION}::other"
    report = Report("dev", tuple(Drift(each, ORGANIZATION, "1", removed="it was removed") for each in (urn, other)))
    assert [each.urn for each in report.without(IgnoreRules.parse(urn)).drifted] == [other]
