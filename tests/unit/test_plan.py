"""Reading the output of `pulumi preview --json`."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_zorg.cli.preview_guard import FORMATS
from pulumi_zorg.cli.writing import FORMS
from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import PreviewFailed, read_plan
from pulumi_zorg.resource_types.impact import UNKNOWN, Planned
from tests.support.plans import plan_text
from tests.support.types import ORGANIZATION, USER_GRANT

URN = f"urn:pulumi:dev::shop::{ORGANIZATION}::acme"
ENGINE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


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
    plan = read_plan(plan_text(*steps, **more))
    return [each.planned for each in plan.steps]


BEFORE = {"name": "Acme", "active": True}
OFF = {"name": "Acme", "active": False}


def test_creates_updates_and_deletes_are_planned_changes() -> None:
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
def test_a_replacement_is_a_delete_and_a_create_in_each_form(steps: list[Any]) -> None:
    found = planned(*steps)
    assert sorted(found, key=lambda each: each.id is None) == [
        Planned(ORGANIZATION, "42", BEFORE, None),
        Planned(ORGANIZATION, None, None, OFF),
    ]


@pytest.mark.parametrize("op", ["same", "read", "refresh", "discard", "remove-pending-replace"])
def test_steps_that_change_no_object_are_left_out(op: str) -> None:
    assert planned(step(op, state(id="42"), state(OFF, id="42"))) == []


def test_retained_and_external_objects_are_not_deleted() -> None:
    assert planned(step("delete", state(id="42", retainOnDelete=True))) == []
    assert planned(step("delete", state(id="42", external=True))) == []


PROTECTED = state(id="42", protect=True)
STAYS, IS_RELEASED = state(OFF, protect=True), state(OFF)


@pytest.mark.parametrize(
    ("steps", "protected"),
    [
        ([step("delete", PROTECTED)], True),
        ([step("delete", state(id="42"))], False),
        ([step("replace", PROTECTED, STAYS)], True),
        ([step("delete-replaced", PROTECTED), step("create-replacement", PROTECTED, STAYS)], True),
        # The program takes the protection back: the engine replaces it without --ignore-protect.
        ([step("replace", PROTECTED, IS_RELEASED)], False),
        ([step("delete-replaced", PROTECTED), step("replace", PROTECTED, IS_RELEASED)], False),
        # The engine deletes what is pending deletion whatever the protection says.
        ([step("delete-replaced", PROTECTED)], False),
        ([step("update", PROTECTED, STAYS)], False),
    ],
)
def test_a_deletion_that_only_ignore_protect_allows_is_marked(steps: list[Any], protected: bool) -> None:
    plan = read_plan(plan_text(*steps))
    assert [each.protected for each in plan.steps] == [protected, *(False for _ in plan.steps[1:])]


def test_other_types_are_left_out() -> None:
    other = {"type": "random:index/randomPet:RandomPet", "inputs": {}}
    urn = "urn:pulumi:dev::shop::random:index/randomPet:RandomPet::acme"
    assert planned(step("delete", other, urn=urn), step("whatever-comes", other, urn=urn)) == []


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="does not know: transmogrify"):
        planned(step("transmogrify", state(id="42")))


def test_unknown_and_secret_values_are_masked() -> None:
    inputs = {"org_id": ENGINE_UNKNOWN, "user_id": "[secret]", "role_keys": ["viewer", ENGINE_UNKNOWN], "active": True}
    new = {"type": USER_GRANT, "inputs": {**inputs, "__owner": "p/s/UserGrant/ann"}}
    (found,) = planned(step("create", None, new, urn=URN.replace(ORGANIZATION, USER_GRANT)))
    assert found.after == {"org_id": UNKNOWN, "user_id": UNKNOWN, "role_keys": ["viewer", UNKNOWN], "active": True}


def test_a_failed_preview_is_an_error() -> None:
    with pytest.raises(PreviewFailed, match="its plan is not complete: it is protected"):
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
        '{"steps": null}',
        '{"steps": [1]}',
        '{"steps": [{"op": "delete"}]}',
        '{"steps": [{"op": ["delete"], "urn": "urn:pulumi:dev::p::t::n"}]}',
        '{"steps": [{"op": "delete", "urn": "urn:pulumi:dev::p"}]}',
        '{"steps": [{"op": "delete", "urn": "urn:pulumi:dev::p::t::n", "oldState": [1]}]}',
        '{"steps": [{"op": "delete", "urn": "urn:pulumi:dev::p::t::n", "oldState": {"external": "yes"}}]}',
        '{"diagnostics": ["x"]}',
        '{"steps": ' + "[" * 100_000,
        # What `pulumi preview --output json` prints, with and without its list of resources.
        '{"result": "succeeded", "duration": 5, "summary": {"delete": 3}}',
        '{"result": "succeeded", "duration": 5, "summary": {"delete": 3}, "resources": [{"op": "delete"}]}',
        '{"result": "succeeded", "duration": 5}',
        '{"duration": 5, "resources": []}',
        '{"duration": 5, "summary": {}}',
        # Something else that has a duration.
        '{"duration": 5, "name": "job"}',
        '{"duration": "5s"}',
        '{"duration": null}',
        '{"duration": true}',
        '{"duration": 5, "steps": null}',
        '{"duration": 5, "steps": {}}',
        '{"duration": 5, "changeSummary": null}',
        '{"duration": 5, "diagnostics": null}',
        # Steps that are missing: the engine leaves out none of those that it counts.
        '{"duration": 5, "changeSummary": {"delete": 1}}',
        '{"duration": 5, "changeSummary": {"same": 3}}',
        '{"duration": 5, "changeSummary": {"delete": -1}}',
        '{"steps": []}',
        '{"steps": [], "changeSummary": {"update": 1}}',
        '{"changeSummary": {"create": 1}}',
        '{"changeSummary": {}}',
        '{"diagnostics": []}',
        '{"config": {"zorg:url": "https://x"}}',
        "5",
        '"{}"',
        '{"version": 3, "deployment": {"resources": []}}',
        '{"sequence": 1, "timestamp": 2, "summaryEvent": {"resourceChanges": {"delete": 1}}}',
    ],
)
def test_something_else_than_a_plan_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not what `pulumi preview --json` prints"):
        read_plan(text)


@pytest.mark.parametrize(
    ("ops", "summary"),
    [
        ("delete", {}),
        ("delete", None),
        ("delete", {"delete": 2}),
        ("delete", {"update": 1}),
        ("delete", {"delete": 1, "replace": 1}),
        ("same", {"same": 1, "delete": 1}),
        ("same update", {"same": 4}),
        ("same", {"same": 4, "transmogrify": 1}),
        ("same create-replacement delete-replaced", {"same": 3, "replace": 1}),
        ("same replace replace", {"same": 3, "replace": 1}),
    ],
)
def test_a_summary_that_does_not_agree_with_the_steps_is_an_error(ops: str, summary: dict[str, int] | None) -> None:
    """A part of the plan is missing, or it was put together from two."""
    plan = {"steps": steps_of(ops), "duration": 5, **({} if summary is None else {"changeSummary": summary})}
    with pytest.raises(
        ConfigurationError, match=r"not what `pulumi preview --json` prints.*A part of the plan is missing"
    ):
        read_plan(json.dumps(plan))


def steps_of(ops: str) -> list[Any]:
    """A step of each operation, each on a resource of its own; the steps of a replacement are on one."""
    found = []
    for number, op in enumerate(ops.split()):
        name = "replaced" if op in ("replace", "create-replacement", "delete-replaced") else f"r{number}"
        old = None if op == "create" else state(id=f"{number}" if name != "replaced" else "77")
        new = None if op in ("delete", "delete-replaced", "discard") else state()
        found.append(step(op, old, new, named(name)))
    return found


#: What engine 3.250 prints, measured: its steps in any order, and its summary.
MEASURED: dict[str, tuple[str, dict[str, int] | None]] = {
    "a destroy or a refresh of an empty stack, or of one with only a provider": ("", None),
    "a preview of an empty stack": ("create", {"create": 1}),
    "new resources": ("create create create create", {"create": 4}),
    "nothing to do; so with --diff, --target, --show-reads or --show-replacement-steps": ("same", {"same": 4}),
    "nothing to do, --show-sames": ("same same same same", {"same": 4}),
    "nothing to do, --refresh": ("refresh refresh refresh refresh same", {"same": 4}),
    "nothing to do, --refresh --show-sames": ("refresh refresh same same", {"same": 2}),
    "changes; so with --diff, --save-plan, --expect-no-changes, --show-reads": (
        "same create update replace read delete",
        {"create": 1, "delete": 1, "replace": 1, "same": 1, "update": 1},
    ),
    "changes, --refresh": (
        "refresh refresh refresh refresh same create update read replace delete",
        {"create": 1, "delete": 1, "replace": 1, "same": 1, "update": 1},
    ),
    "changes, --show-replacement-steps": (
        "same update read delete-replaced replace create-replacement create delete",
        {"create": 1, "delete": 1, "replace": 1, "same": 1, "update": 1},
    ),
    "changes, --target; so with --target-dependents": ("same read update", {"same": 4, "update": 1}),
    "changes, --exclude": ("same read replace create delete", {"create": 1, "delete": 1, "replace": 1, "same": 2}),
    "a destroy": ("delete delete delete delete", {"delete": 4}),
    "a destroy, --target": ("same delete", {"delete": 1, "same": 3}),
    "a destroy, --refresh": ("refresh refresh refresh delete delete delete", {"delete": 3}),
    "a destroy, --run-program, with a resource that is only read": (
        "same read delete delete discard",
        {"delete": 2, "discard": 1, "same": 4},
    ),
    "drift, --refresh": ("refresh refresh same create update", {"create": 1, "same": 2, "update": 1}),
    "a refresh": ("refresh refresh delete update", {"delete": 1, "same": 2, "update": 1}),
    "a resource that is read": ("same read", {"same": 2}),
    "a resource that is read for the first time": ("same read", {"same": 1, "read": 1}),
    "a resource that is read no more": ("same discard", {"discard": 1, "same": 2}),
    "a deletion that was left undone": ("same create", {"create": 1, "same": 3}),
    "a deletion that was left undone, --show-replacement-steps": (
        "same create delete-replaced",
        {"create": 1, "same": 3},
    ),
    "a creation that was left undone, --show-replacement-steps": (
        "same replace create-replacement",
        {"replace": 1, "same": 3},
    ),
    "a count of nothing": ("same", {"same": 1, "delete": 0}),
}


@pytest.mark.parametrize("what", MEASURED)
def test_a_plan_of_each_kind_is_read(what: str) -> None:
    ops, summary = MEASURED[what]
    steps = steps_of(ops)
    plan = {
        "duration": 5,
        **({"steps": steps} if steps else {}),
        **({} if summary is None else {"changeSummary": summary}),
    }
    found = read_plan(json.dumps(plan))
    assert (found.stack, found.pulumi_project) == (("dev", "shop") if steps else (None, None))
    assert {each.op for each in found.steps} <= {"create", "update", "delete", "replace", "pending"}


def test_the_steps_of_two_stacks_are_no_plan() -> None:
    other = URN.replace("::shop::", "::wiki::")
    for urn in (other, URN.replace(":dev::", ":prod::")):
        with pytest.raises(ConfigurationError, match="those of more than one stack"):
            read_plan(plan_text(step("delete", state(id="1")), step("delete", state(id="2"), None, urn)))


def test_the_error_about_another_output_names_the_command() -> None:
    with pytest.raises(ConfigurationError, match=r"keys are: result, duration, summary\).*Use `pulumi preview --json`"):
        read_plan('{"result": "succeeded", "duration": 5, "summary": {"delete": 3}}')


def test_the_repair_of_a_replacement_that_was_left_undone_removes_nothing() -> None:
    """An earlier run deleted the object and did not create the new one. The engine then lists no deletion.

    It marks the old state as pending replacement in the plan of every replacement.
    """
    old = state(id="42", pendingReplacement=True)
    steps = [step("replace", old, state(OFF)), step("create-replacement", old, state(OFF))]
    assert planned(*steps) == [Planned(ORGANIZATION, None, None, OFF)]
    assert Planned(ORGANIZATION, "42", BEFORE, None) in planned(*steps, step("delete-replaced", state(id="42")))
    # Without --show-replacement-steps the plan does not show it, and the guard reads the state.
    assert Planned(ORGANIZATION, "42", BEFORE, None) in planned(steps[0])
    # The state does not say that it was deleted.
    alive = [step("replace", state(id="42"), state(OFF)), step("create-replacement", state(id="42"), state(OFF))]
    assert Planned(ORGANIZATION, "42", BEFORE, None) in planned(*alive)


@pytest.mark.parametrize(
    ("op", "old", "new"),
    [
        ("delete", None, None),
        ("delete", state(), None),
        ("create", None, None),
        ("create", None, {"type": ORGANIZATION}),
        ("update", state(id="42"), None),
        ("update", None, state(OFF)),
        ("replace", None, state(OFF)),
    ],
)
def test_a_step_without_the_state_that_belongs_to_it_is_an_error(op: str, old: Any, new: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"without the state that belongs to it: {op} of {URN}"):
        planned(step(op, old, new))


WHOLE = {
    "steps": [
        step("create", None, state()),
        step("update", state(id="1"), state(OFF)),
        step(
            "delete", state({"name": "Acme", "active": True, "deletion_policy": "deactivate"}, id="2", external=False)
        ),
        step(
            "replace",
            {"id": "3", "inputs": {"org_id": "9", "user_id": "8", "project_id": "7", "role_keys": ["a"]}},
            {"inputs": {"org_id": "9", "user_id": "6", "project_id": "7", "role_keys": ["a"], "adopt": True}},
            URN.replace(ORGANIZATION, USER_GRANT),
        ),
    ],
    "changeSummary": {"create": 1, "update": 1, "delete": 1, "replace": 1, "same": 3},
    "diagnostics": [{"severity": "warning", "message": "mind the gap"}],
    "duration": 5,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["delete", URN, "[secret]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("id"), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, each in inner for path in places(each, (*here, key)))]


@given(path=st.sampled_from(places(WHOLE)[1:]), value=json_values)
@example(path=("steps",), value=None)
@example(path=("steps", 2, "op"), value=["delete"])
@example(path=("steps", 3, "oldState", "inputs", "role_keys"), value=5)
def test_a_plan_of_any_shape_is_read_or_refused_and_is_no_traceback(path: tuple[Any, ...], value: Any) -> None:
    """One value of a plan is replaced. A plan that is still read can be counted and shown."""
    plan = copy.deepcopy(WHOLE)
    within: Any = plan
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    try:
        found = read_plan(json.dumps(plan))
    except ConfigurationError:
        return
    verdict = review(found, {"--max-remove": 0}, None)
    for form in FORMS:
        FORMATS.write(form, verdict)


def test_an_empty_plan_has_no_steps() -> None:
    """The engine leaves out empty parts. A destroy of an empty stack has only a duration."""
    for text in (
        '{"changeSummary": {}, "duration": 1}',
        '{"duration": 1}',
        '{"config": {}, "diagnostics": [{"severity": "warning", "message": "x"}], "duration": 1, "maybeCorrupt": false}',
    ):
        plan = read_plan(text)
        assert (plan.stack, plan.steps, plan.changes) == (None, (), {})


def named(name: str) -> str:
    return URN.removesuffix("acme") + name


def test_two_resources_of_a_plan_with_one_id_are_found() -> None:
    """A plan lists both with --show-sames, in a refresh and in a destroy. A resource that only reads does not manage."""
    old, new = named("old"), named("new")
    steps = [
        step("same", state(id="42"), state(id="42"), new),
        step("delete", state(id="42"), None, old),
        step("same", state(id="42", external=True), state(id="42"), named("read")),
        step("same", state(id="43"), state(id="43"), named("other")),
    ]
    (found,) = read_plan(plan_text(*steps)).shared
    assert (found.token, found.id, found.urns) == (ORGANIZATION, "42", (new, old))


def test_the_steps_of_a_replacement_are_one_resource() -> None:
    steps = [
        step("create-replacement", state(id="42"), state(OFF)),
        step("replace", state(id="42"), state(OFF)),
        step("delete-replaced", state(id="42")),
    ]
    assert read_plan(plan_text(*steps)).shared == ()


@pytest.mark.parametrize("op", ["same", "create", "update", "delete", "read"])
def test_a_resource_of_this_package_that_is_not_understood_is_an_error(op: str) -> None:
    provider = base64.b64encode(b"pulumi_zorg.providers.organization").decode()
    of_a_subclass = f"urn:pulumi:dev::shop::pulumi-python:dynamic:Resource::{op}"
    newer = f"urn:pulumi:dev::shop::pulumi-python:dynamic/zorg:Application::{op}"
    for urn, inputs in ((of_a_subclass, {"__provider": provider}), (newer, {})):
        each = {"id": "42", "inputs": inputs}
        steps = [
            {
                "op": op,
                "urn": urn,
                "oldState": None if op == "create" else each,
                "newState": None if op == "delete" else each,
            }
        ]
        with pytest.raises(ConfigurationError, match=f"::{op}\\b"):
            read_plan(plan_text(*steps))
    others = [{"op": op, "urn": of_a_subclass, "oldState": {"id": "1"}, "newState": {"id": "1", "inputs": {}}}]
    assert read_plan(plan_text(*others)).steps == ()


def test_each_step_has_its_operation() -> None:
    """A deletion that an earlier run left undone is the deletion of a replaced object, without a replacement."""
    steps = [
        step("create", None, state(), named("a")),
        step("update", state(id="2"), state(OFF), named("b")),
        step("delete", state(id="3"), None, named("c")),
        step("replace", state(id="4"), state(OFF), named("d")),
        step("create-replacement", state(id="5"), state(OFF), named("e")),
        step("delete-replaced", state(id="5", delete=True), None, named("e")),
        step("delete-replaced", state(id="6", delete=True), None, named("f")),
    ]
    found = read_plan(plan_text(*steps)).steps
    assert [(each.urn[-1], each.op) for each in found] == [
        ("a", "create"),
        ("b", "update"),
        ("c", "delete"),
        ("d", "replace"),
        ("d", "replace"),
        ("e", "replace"),
        ("e", "replace"),
        ("f", "pending"),
    ]


def test_the_stack_is_named_by_its_urns() -> None:
    assert read_plan(plan_text(step("same", state(), state()))).stack == "dev"
