"""What `pulumi preview --json` prints, read: every step that matters, and nothing taken for granted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_zorg.drift import ORGANIZATION, USER_GRANT
from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.impact import LATER, Planned
from pulumi_zorg.plan import read_plan

URN = f"urn:pulumi:dev::shop::{ORGANIZATION}::acme"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def state(inputs: dict[str, Any] | None = None, *, id: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"type": ORGANIZATION, "inputs": inputs or {"name": "Acme", "active": True}, **more}
    return found if id is None else {"id": id, **found}


def step(op: str, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, urn: str = URN) -> Any:
    return {
        "op": op,
        "urn": urn,
        **({} if old is None else {"oldState": old}),
        **({} if new is None else {"newState": new}),
    }


def planned(*steps: Any, **more: Any) -> list[Planned]:
    plan = read_plan(json.dumps({"steps": steps, "changeSummary": {}, **more}))
    return [each.planned for each in plan.steps]


BEFORE = {"name": "Acme", "active": True}
OFF = {"name": "Acme", "active": False}


def test_a_creation_a_change_and_a_deletion() -> None:
    assert planned(step("create", None, state())) == [Planned(ORGANIZATION, None, None, BEFORE)]
    assert planned(step("update", state(id="42"), state(OFF))) == [Planned(ORGANIZATION, "42", BEFORE, OFF)]
    assert planned(step("delete", state(id="42"))) == [Planned(ORGANIZATION, "42", BEFORE, None)]


@pytest.mark.parametrize(
    "steps",
    [
        [step("replace", state(id="42"), state(OFF))],
        [step("delete-replaced", state(id="42")), step("create-replacement", state(id="42"), state(OFF))],
        [
            step("create-replacement", state(id="42"), state(OFF)),
            step("replace", state(id="42"), state(OFF)),
            step("delete-replaced", state(id="42")),
        ],
    ],
)
def test_a_replacement_ends_one_and_makes_one_however_it_is_told(steps: list[Any]) -> None:
    found = planned(*steps)
    assert sorted(found, key=lambda each: each.id is None) == [
        Planned(ORGANIZATION, "42", BEFORE, None),
        Planned(ORGANIZATION, None, None, OFF),
    ]


@pytest.mark.parametrize("op", ["same", "read", "refresh", "discard", "remove-pending-replace"])
def test_a_step_that_changes_nothing_there_is_passed_over(op: str) -> None:
    assert planned(step(op, state(id="42"), state(OFF, id="42"))) == []


def test_what_the_engine_leaves_alone_is_not_deleted() -> None:
    assert planned(step("delete", state(id="42", retainOnDelete=True))) == []
    assert planned(step("delete", state(id="42", external=True))) == []


def test_other_types_are_passed_over() -> None:
    other = {"type": "random:index/randomPet:RandomPet", "inputs": {}}
    assert planned(step("delete", other), step("whatever-comes", other)) == []


def test_a_step_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="does not know: transmogrify"):
        planned(step("transmogrify", state(id="42")))


def test_what_is_unknown_or_secret_is_known_only_later() -> None:
    inputs = {"org_id": UNKNOWN, "user_id": "[secret]", "role_keys": ["viewer", UNKNOWN], "active": True}
    new = {"type": USER_GRANT, "inputs": {**inputs, "__owner": "p/s/UserGrant/ann"}}
    (found,) = planned(step("create", None, new))
    assert found.after == {"org_id": LATER, "user_id": LATER, "role_keys": ["viewer", LATER], "active": True}


def test_a_preview_that_failed_is_no_plan() -> None:
    with pytest.raises(ConfigurationError, match="its plan is not whole: it is protected"):
        planned(
            step("delete", state(id="42")), diagnostics=[{"severity": "error", "message": "error: it is protected"}]
        )
    warned = [{"severity": "warning", "message": "mind the gap"}, {"severity": "info#err", "message": "zorg: …"}]
    assert planned(step("delete", state(id="42")), diagnostics=warned) != []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "Previewing update",
        '{"steps": []}{"steps": []}',
        '{"steps": [1]}',
        '{"steps": [{"op": "delete"}]}',
        '{"steps": [{"op": "delete", "urn": "urn:pulumi:dev::p::t::n", "oldState": [1]}]}',
        '{"diagnostics": ["x"]}',
    ],
)
def test_what_is_no_plan_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not what `pulumi preview --json` prints"):
        read_plan(text)


def test_an_empty_plan() -> None:
    plan = read_plan('{"changeSummary": {}, "duration": 1}')
    assert (plan.stack, plan.steps) == (None, ())


def test_the_stack_is_named_by_its_urns() -> None:
    assert read_plan(json.dumps({"steps": [step("same", state(), state())]})).stack == "dev"
