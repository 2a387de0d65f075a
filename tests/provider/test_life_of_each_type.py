"""The life of an object, the same for every resource type: which calls each change makes, and what the state then has.

What a type looks like is in tests/support/each_type.py. What only one type does is tested in a file of its own.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.each_type import EXAMPLES, WITH_STATES, Example, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack

AnyStack = Stack | InProcessStack
EVERY_TYPE = pytest.mark.parametrize("kind", EXAMPLES)
EVERY_TYPE_WITH_STATES = pytest.mark.parametrize("kind", WITH_STATES)


def _step(server: Server, stack: AnyStack, declared: dict[str, Any], previewed: list[str], writes: list[str]) -> None:
    """Preview a change, make it, and verify that nothing is left to do."""
    server.proxy.clear()
    stack.declare(it=declared)
    assert stack.preview() == {"it": previewed}
    assert server.proxy.writes == [], "a preview writes nothing"
    stack.up()
    assert server.proxy.writes == writes
    stack.assert_settled()


def _another(it: Example) -> dict[str, Any]:
    """Arguments that differ from those of the object in a way that an update can make."""
    return {"active": False} if it.has_states else it.changed


def _reactivation(it: Example, id: str) -> list[str]:
    return it.reactivate_writes(id) if it.has_states else []


def _lives(kind: str, server: Server, stack: AnyStack) -> None:
    it = example(kind, server)
    inactive: dict[str, Any] = {"active": False}

    stack.declare(it=it.declare())
    assert stack.preview() == {"it": ["create"]}
    assert server.proxy.writes == []
    stack.up()
    it_id = stack.id("it")
    assert server.proxy.writes == [*it.create_writes(), *it.finish_writes(it_id)]
    assert it.is_active(it_id)
    assert stack.outputs("it") == it.outputs()
    stack.assert_settled()

    _step(server, stack, it.declare(inactive), ["update", "active"], it.deactivate_writes(it_id))
    assert not it.is_active(it_id)
    assert stack.outputs("it") == it.outputs(inactive)

    both = it.declare(it.changed, inactive)
    _step(server, stack, both, ["update", *sorted(it.changed)], it.update_writes(it_id))
    assert stack.outputs("it") == it.outputs(it.changed, inactive)
    assert not it.is_active(it_id)

    changed_and_flag = sorted(["active", *it.changed])
    writes = [*it.restore_writes(it_id), *it.reactivate_writes(it_id)]
    _step(server, stack, it.declare(), ["update", *changed_and_flag], writes)
    assert stack.outputs("it") == it.outputs()
    assert it.is_active(it_id)

    writes = [*it.deactivate_writes(it_id), *it.update_writes(it_id)]
    _step(server, stack, both, ["update", *changed_and_flag], writes)
    assert stack.outputs("it") == it.outputs(it.changed, inactive)
    stack.up()
    assert server.proxy.writes == writes, "a second up writes nothing"

    assert stack.id("it") == it_id
    assert it.server.shows(lambda: it.ids() == {it_id})
    server.proxy.clear()
    stack.destroy()
    assert server.proxy.writes == it.remove_writes(it_id)
    assert it.is_gone(it_id)
    assert stack.resources() == {}


@pytest.mark.every_profile
@EVERY_TYPE_WITH_STATES
def test_an_object_lives_its_life(every_server: Server, every_stack: AnyStack, kind: str) -> None:
    _lives(kind, every_server, every_stack)


@pytest.mark.parametrize("kind", [each for each in EXAMPLES if each != "org"])
def test_what_cannot_change_in_place_replaces_the_object(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    old = stack.id("it")
    server.proxy.clear()
    stack.declare(it=it.declare(it.moved))
    previewed = stack.preview()["it"]
    assert "replace" in previewed
    assert previewed[-1] == next(iter(it.moved))
    stack.up()
    new = stack.id("it")
    created = [*it.create_writes(**it.moved), *it.finish_writes(new)]
    assert server.proxy.writes == [*it.remove_writes(old), *created], "the old one goes first: identities are unique"
    assert stack.outputs("it") == it.outputs(it.moved)
    assert it.is_gone(old)
    assert server.shows(lambda: it.ids() == {new})
    stack.assert_settled()


@EVERY_TYPE_WITH_STATES
def test_an_object_that_is_declared_inactive_is_deactivated_before_anything_else_is_done(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare(active=False))
    stack.up()
    it_id = stack.id("it")
    assert server.proxy.writes == [*it.create_writes(), *it.deactivate_writes(it_id), *it.finish_writes(it_id)]
    assert not it.is_active(it_id)
    assert stack.outputs("it") == it.outputs(active=False)
    stack.assert_settled()


@EVERY_TYPE
def test_the_deletion_policy_decides_what_a_destroy_leaves(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    for policy, left in (("retain", True), *([("deactivate", False)] if it.has_states else [])):
        stack.declare(it=it.declare(deletion_policy=policy, adopt=True))
        stack.up()
        it_id = stack.id("it")
        server.proxy.clear()
        stack.destroy()
        assert server.proxy.writes == ([] if left else it.deactivate_writes(it_id))
        assert it.is_active(it_id) is left
    if not it.has_states:
        return
    stack.declare(it=it.declare(deletion_policy="deactivate", adopt=True, active=False))
    stack.up()
    assert stack.id("it") == it_id
    server.proxy.clear()
    stack.destroy()
    assert server.proxy.writes == [], "it is inactive already"


@EVERY_TYPE
def test_an_existing_object_as_declared_is_adopted_without_a_write(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    it_id = it.make()
    stack.declare(it=it.declare(adopt=True))
    stack.up()
    assert stack.id("it") == it_id
    assert server.proxy.writes == []
    assert stack.outputs("it") == it.outputs(adopt=True)
    stack.assert_settled()


@EVERY_TYPE
def test_an_existing_object_that_differs_is_adopted_and_changed(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    it_id = it.make()
    if kind != "org":  # its name is its identity
        it.change_outside(it_id)
    it.set_active(it_id, False)
    stack.declare(it=it.declare(adopt=True))
    stack.up()
    assert stack.id("it") == it_id
    update = it.undo_writes(it_id) if kind != "org" else []
    assert server.proxy.writes == [*update, *_reactivation(it, it_id)]
    assert stack.outputs("it") == it.outputs(adopt=True)
    stack.assert_settled()


@EVERY_TYPE
def test_an_existing_object_that_is_not_adopted_is_an_error_and_is_not_touched(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    stack, it = every_stack, example(kind, every_server)
    it_id = it.make()
    stack.declare(it=it.declare(_another(it)))
    failed = stack.fails()
    assert failed.shows(f"It is {it.noun} {it_id}, created by", "adopt=True"), failed.out
    assert stack.resources() == {}
    assert it.is_active(it_id)


@EVERY_TYPE
def test_get_reads_an_object_and_writes_nothing(every_server: Server, every_stack: AnyStack, kind: str) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    it_id = it.make()
    it.set_active(it_id, False)
    shown = it.outputs(active=False) if it.has_states else it.outputs()
    stack.declare(it=it.get(it_id, *sorted(shown.keys() - {"adopt", "deletion_policy", "allow_lockout"})))
    stack.up()
    found = stack.outputs("it")
    internal = {"adopt", "deletion_policy", "allow_lockout"}
    assert {name: found[name] for name in shown if name not in internal} == {
        name: value for name, value in shown.items() if name not in internal
    }
    stack.destroy()
    assert server.proxy.writes == []
    assert it.is_active(it_id) is not it.has_states


@EVERY_TYPE
def test_get_of_an_object_that_does_not_exist_is_an_error(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    stack, it = every_stack, example(kind, every_server)
    stack.declare(it=it.get(it.unknown_id))
    assert stack.fails().shows(f"This instance has never had {it.noun} {it.unknown_id}")
    it_id = it.make()
    it.remove(it_id)
    stack.declare(it=it.get(it_id))
    assert stack.fails().shows(f"There is no {it.noun} {it_id} to get", "was removed by")


@EVERY_TYPE
def test_a_change_outside_pulumi_is_shown_by_a_refresh_and_undone_by_up(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    it_id, before = stack.id("it"), it.outputs()
    it.change_outside(it_id)
    it.set_active(it_id, False)
    assert stack.run("refresh", "--preview-only", "--expect-no-changes").code == 7
    flag = ["active"] if it.has_states else []
    assert stack.preview("--refresh") == {"it": ["update", *sorted([*flag, it.drifts])]}
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.outputs("it").get("active", False) is False
    assert stack.outputs("it")[it.drifts] != before[it.drifts]
    server.proxy.clear()
    stack.up()
    assert server.proxy.writes == [*it.undo_writes(it_id), *_reactivation(it, it_id)]
    assert stack.outputs("it") == before
    stack.assert_settled()


@pytest.mark.every_profile
@EVERY_TYPE
def test_an_object_that_was_removed_outside_pulumi_leaves_the_state_with_a_proof_and_is_created_again(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    old = stack.id("it")
    it.remove(old)
    assert stack.preview("--refresh") == {"it": ["create"]}
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows(f"{it.noun} {old} does not exist any more", "was removed by"), refreshed.out
    assert stack.resources() == {}
    stack.up()
    assert (stack.id("it") != old) is it.has_states, "the server gives an id to what has states"
    assert server.shows(lambda: it.ids() == {stack.id("it")})
    stack.assert_settled()


@EVERY_TYPE
def test_an_up_and_a_destroy_of_an_object_that_was_removed_outside_pulumi(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    """Without a refresh before, the update says what happened. A destroy tries the removal, and proves that it is done."""
    stack, it = every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    it_id = stack.id("it")
    it.remove(it_id)
    stack.declare(it=it.declare(_another(it)))
    assert stack.fails().shows("does not exist any more", "pulumi refresh"), "nothing is created behind the state"
    assert it.is_gone(it_id)
    stack.destroy()
    assert it.is_gone(it_id)
    assert stack.resources() == {}


def test_every_type_has_an_example() -> None:
    from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
    from tests.support.stack import TOKENS

    assert {TOKENS[kind] for kind in EXAMPLES} == set(RESOURCE_TYPES)
