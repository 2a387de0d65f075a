"""Sequences that once went wrong, by the behaviour that they show."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from pulumi_zorg.engine import context, create
from pulumi_zorg.testing import Fault
from tests.stateful.engine import Declared
from tests.stateful.laws import COUNTED
from tests.stateful.machine import Server, Stack
from tests.stateful.soak_mutants import (
    BROKEN,
    Broken,
    adopts_whatever_exists,
    counts_nobody_who_loses_access,
    unlocks_who_is_locked,
)


@pytest.fixture
def example() -> Iterator[Stack]:
    """A stack with its home, and nothing declared yet."""
    example = Stack()
    example.begin()
    example.engine.program.clear()
    yield example
    example.teardown()
    Server.close()
    context.stop()


def _cut_short(example: Stack, what: str) -> None:
    """The server makes it, and no answer comes back before the deadline."""
    example.proxy.add(Fault("drop", method="POST", path=what, times=None))
    assert not example._run("up")
    assert example.engine.state == {}
    example.proxy.clear()


def test_a_creation_cut_short_survives_a_run_with_another_credential(example: Stack) -> None:
    example.declare_organization(0, 0, True)
    _cut_short(example, "/orgs$")
    example.a_command_with_a_token_without_rights("up")
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_what_was_cut_short_is_renamed_when_another_name_is_declared(example: Stack) -> None:
    example.declare_organization(0, 0, False)
    _cut_short(example, "/orgs$")
    example.declare_organization(0, 1, True)
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_what_was_cut_short_is_followed_through_one_name_after_another(example: Stack) -> None:
    """Each run renames it, and dies before it can say so."""
    example.declare_organization(0, 0, True)
    _cut_short(example, "/orgs$")
    for number in (1, 2, 0):
        example.declare_organization(0, number, True)
        example.proxy.add(Fault("answer", method="GET", path="orgs/me$", times=None, skip=2, status=503))
        example._run("up")
        assert example.engine.state == {}
        example.proxy.clear()
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_what_was_cut_short_is_removed_when_a_grant_for_another_user_is_declared(example: Stack) -> None:
    example.declare_grant(0, 0, {"viewer"}, True)
    _cut_short(example, "/grants$")
    example.declare_grant(0, 1, {"viewer"}, True)
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_two_stacks_with_one_credential_do_not_take_each_others_creations(example: Stack) -> None:
    """What the other one made a moment ago is not what an own try may have made."""
    example.declare_organization(0, 0, True)
    assert example._run("up")
    theirs, example.engine.state = example.engine.state, {}
    example.engine.program = {"tenant": example.engine.program["org0"]}
    assert not example._run("up")
    assert "adopt=True" in example.engine.errors[0]
    assert example.engine.state == {}
    example.engine.state, example.engine.program = theirs, {"org0": example.engine.program["tenant"]}
    assert example._run("up")


def test_a_second_try_that_is_cut_short_too_is_known(example: Stack) -> None:
    """The first one, an hour ago, never reached the server; the second one made it."""
    example.declare_organization(0, 0, False)
    example.proxy.add(Fault("cut", method="POST", path="/orgs$", times=None))
    assert not example._run("up")
    example.proxy.clear()
    (note,) = example.folder.glob("*.json")
    long_ago = json.loads(note.read_text())
    for each in long_ago["attempts"]:
        each["began"] -= 3600
        each["ended"] -= 3600
    note.write_text(json.dumps(long_ago))
    _cut_short(example, "/orgs$")
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_what_the_same_credential_made_after_an_own_try_had_ended_is_not_taken(example: Stack) -> None:
    """The own try never reached the server, and by the next run somebody has made the organization by hand."""
    example.declare_organization(0, 0, False)
    example.proxy.add(Fault("cut", method="POST", path="/orgs$", times=None))
    assert not example._run("up")
    example.proxy.clear()
    made = example.admin.create_organization(example._name(0))
    (note,) = example.folder.glob("*.json")
    long_ago = json.loads(note.read_text())
    for each in long_ago["attempts"]:
        each["began"] -= 3600
        each["ended"] -= 3600
    note.write_text(json.dumps(long_ago))
    assert not example._run("up")
    assert "adopt=True" in example.engine.errors[0]
    assert example.admin.organization(made)["state"] == "ORG_STATE_ACTIVE"
    example.admin.remove_organization(made)
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_a_phantom_is_found_by_its_own_creation(example: Stack) -> None:
    """The answer to a create is lost, and the server's lists never show what it made."""
    example.declare_grant(0, 0, {"viewer"}, True)
    _cut_short(example, "/grants$")
    (made,) = example.kinds["grant"].live()
    example.admin.call("POST", "/debug/phantoms", {"ids": [made]})
    assert example._run("up"), example.engine.errors
    assert example.engine.state["grant0"].id == made
    example._as_declared()


@pytest.mark.slow
def test_a_name_that_was_cut_short_is_passed_on_to_another_resource(example: Stack) -> None:
    """The new resource is refused until the other one has renamed what its earlier attempt has made."""
    example.declare_organization(2, 1, True)
    _cut_short(example, "/orgs$")
    # HTTP dates have whole seconds. At the same moment it could not be known which of the two resources has made it.
    time.sleep(create._TOLERANCE + 2)
    example.engine.program.clear()
    example.declare_organization(0, 1, False)
    example.declare_organization(2, 2, True)
    assert example._up(), example.engine.errors
    example._as_declared()


def test_a_name_that_is_passed_on_is_not_adopted_on_the_way(example: Stack) -> None:
    example.declare_organization(0, 0, True)
    assert example._run("up"), example.engine.errors
    first = example.engine.state["org0"].id
    example.engine.program.clear()
    example.declare_organization(1, 0, True)
    example.engine.program["org1"].args["adopt"] = True
    example.declare_organization(0, 1, True)
    assert example._up(), example.engine.errors
    assert example.engine.state["org0"].id == first
    assert example.engine.state["org1"].id != first
    example._as_declared()


def test_a_creation_refused_by_another_resource_leaves_no_note(example: Stack) -> None:
    """The other one goes on standing there; the next run must not take its object for an own one."""
    example.declare_organization(0, 0, True)
    assert example._run("up"), example.engine.errors
    assert example._run("up"), "the engine knows the id by now"
    first = example.engine.state["org0"].id
    example.engine.program["org1"] = example.engine.program.pop("org0")
    assert not example._run("up")
    assert "adopt=True" in example.engine.errors[0]
    assert list(example.folder.glob("*.json")) == []
    assert not example._run("up")
    assert example.engine.state["org0"].id == first
    example.engine.program["org0"] = example.engine.program.pop("org1")
    assert example._run("up"), example.engine.errors
    example._as_declared()


def test_what_was_returned_to_the_engine_is_not_pending(example: Stack) -> None:
    """The engine may move it to another stack, which no provider is told."""
    example.declare_organization(0, 0, True)
    assert example._run("up"), example.engine.errors
    assert list(example.folder.glob("*.json")) == []
    theirs = example.engine.state.pop("org0").id
    assert not example._run("up")
    assert "adopt=True" in example.engine.errors[0]
    example.engine.program.clear()
    assert example._run("up"), example.engine.errors
    assert theirs in example.admin.organizations()
    example.admin.remove_organization(theirs)


def test_what_was_retained_is_taken_up_again_by_adoption_alone(example: Stack) -> None:
    example.declare_organization(0, 0, True)
    example.engine.program["org0"].args["deletion_policy"] = "retain"
    assert example._run("up"), example.engine.errors
    first, declared = example.engine.state["org0"].id, example.engine.program.pop("org0")
    assert example._run("up"), example.engine.errors
    example.engine.program["org0"] = declared
    assert not example._run("up")
    assert first in example.engine.errors[0]
    declared.args["adopt"], declared.args["deletion_policy"] = True, "remove"
    assert example._run("up"), example.engine.errors
    assert example.engine.state["org0"].id == first


@pytest.mark.slow
def test_names_that_are_passed_on_in_a_chain_take_one_run_each(example: Stack) -> None:
    """And users of grants, which are replaced, in a ring."""
    for slot in range(3):
        example.declare_organization(slot, slot, True)
        example.declare_grant(slot, slot, {"viewer"}, True)
    assert example._run("up"), example.engine.errors
    for slot in range(3):
        example.declare_organization(slot, slot + 1, slot != 1)
        example.declare_grant(slot, (slot + 1) % 3, {"admin"}, True)
    assert example._up(), example.engine.errors
    example._as_declared()


def test_names_that_are_swapped_are_an_error_that_names_both(example: Stack) -> None:
    example.declare_organization(0, 0, True)
    example.declare_organization(1, 1, True)
    assert example._run("up"), example.engine.errors
    example.declare_organization(0, 1, True)
    example.declare_organization(1, 0, True)
    assert not example._up()
    assert any("is managed by Organization 'org1' of this program" in error for error in example.engine.errors)
    example.declare_organization(0, 2, True)
    assert example._up(), example.engine.errors
    example._as_declared()


def test_a_second_stack_neither_takes_nor_removes_what_the_first_one_made(example: Stack) -> None:
    """Both have the same credential, and the same backend's folder."""
    example.declare_organization(0, 0, True)
    assert example._run("up"), example.engine.errors
    first, other = example.engine.state["org0"].id, example.another_stack()
    other.program = dict(example.engine.program)
    assert not other.up()
    assert "adopt=True" in other.errors[0]
    assert other.state == {}
    assert other.destroy()
    assert example.admin.organization(first)["state"] == "ORG_STATE_ACTIVE"


@pytest.mark.slow
def test_what_another_resource_has_pending_is_not_taken_for_an_own_create(example: Stack) -> None:
    """Both attempts lasted when the object was created: the first resource made it, and the second one was refused."""
    example.engine.program.clear()
    example.declare_organization(2, 2, True)
    _cut_short(example, "/orgs$")
    (first,) = (org_id for org_id, each in example.admin.organizations().items() if each["name"] == example._name(2))
    example.declare_organization(2, 1, True)
    example.proxy.add(Fault("cut", path=r"/v2/organizations/\d+$", times=None))
    assert not example._run("up")
    example.proxy.clear()
    example.engine.program = {"org1": Declared("org", {"name": example._name(2), "active": False})}
    _cut_short(example, "/orgs$")
    for file in example.folder.glob("*.json"):
        pending = json.loads(file.read_text())
        for each in pending["attempts"]:
            each["began"] -= 60
        file.write_text(json.dumps(pending))
    example.declare_organization(2, 1, True)
    # The first resource reads its object late, so that the second one may find it before.
    example.proxy.add(Fault("delay", method="GET", path="orgs/me$", seconds=2))
    assert example._up(), example.engine.errors
    example._as_declared()
    assert example.engine.state["org2"].id == first


def test_what_another_stack_has_renamed_to_the_name_of_a_pending_create_is_not_taken(example: Stack) -> None:
    """The same credential created it while the attempt lasted, under another name."""
    example.engine.program.clear()
    example.declare_organization(0, 0, True)
    example.proxy.add(Fault("cut", method="POST", path="/orgs$", times=None))
    assert not example._run("up")
    example.proxy.clear()
    other = example.another_stack()
    for number in (1, 0):
        other.program = {"theirs": Declared("org", {"name": example._name(number), "active": False})}
        assert other.up(), other.errors
    assert not example._run("up")
    assert "adopt=True" in example.engine.errors[0]
    assert example.admin.organization(other.state["theirs"].id)["state"] == "ORG_STATE_INACTIVE"
    assert other.destroy()


@pytest.mark.parametrize("roles", [set(), {"editor"}])
def test_a_guard_that_counts_nobody_who_loses_access_is_found(example: Stack, roles: set[str]) -> None:
    """The law of the guard needs a declared change, and not only a deactivation or a removal."""
    example.declare_grant(0, 0, {"viewer"}, True)
    example.a_clean_run()
    example.declare_grant(0, 0, roles, True)
    with counts_nobody_who_loses_access(), pytest.raises(AssertionError, match=r"takes .*viewer"):
        example.a_clean_run()


@pytest.mark.parametrize("kind", ["machine", "human"])
def test_a_locked_user_stays_locked_until_it_is_declared_inactive(example: Stack, kind: str) -> None:
    example.declare_user(kind, 0, 1, True)
    assert example._run("up"), example.engine.errors
    example.somebody_changes(kind, 0, "lock")
    locked = COUNTED["locked users"]
    example.a_clean_run()
    assert COUNTED["locked users"] == locked + 2, "it was locked before both commands"
    example.declare_user(kind, 0, 1, False)
    example.a_clean_run()
    (resource,) = example.engine.state.values()
    assert example.kinds[kind].shown_as_active(resource.id) is False


def test_the_laws_find_a_provider_that_adopts_whatever_exists(example: Stack) -> None:
    """Few random sequences make something of just the name, the state and the moment."""
    example.somebody_makes("org", 0, True)
    example.declare_organization(0, 0, False)
    with adopts_whatever_exists(), pytest.raises(AssertionError, match="somebody else's org was changed"):
        example._run("up")
    example.others.clear()  # the end of the sequence looks at them again


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_variant_can_be_made(broken: Broken) -> None:
    """`make soak` alone runs with them, and they replace parts of the package by their names."""
    with broken():
        pass


@pytest.mark.parametrize("kind", ["machine", "human"])
def test_the_laws_find_a_provider_that_unlocks(example: Stack, kind: str) -> None:
    """Random sequences lock and then change a user too seldom to find it."""
    example.declare_user(kind, 0, 1, True)
    assert example._run("up"), example.engine.errors
    with unlocks_who_is_locked(), pytest.raises(AssertionError, match="was unlocked"):
        example.somebody_and_the_program_change(kind, 0, "roles", 2)
