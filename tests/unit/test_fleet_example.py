"""examples/fleet without the engine: the file, the stack of each tenant, what a run is refused, and the merged state."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest
import yaml

from pulumi_zorg.engine.exported import stack_name
from pulumi_zorg.engine.state import State, shared
from tests.support.stack import ROOT, TOKENS

MODULES = ("layout", "plan", "program", "fleet")


@pytest.fixture(scope="module")
def example() -> Iterator[dict[str, ModuleType]]:
    """The modules of the example, which import each other from its folder."""
    sys.path.insert(0, str(ROOT / "examples" / "fleet"))
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.pop(0)
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture
def layout(example: dict[str, ModuleType]) -> ModuleType:
    return example["layout"]


@pytest.fixture
def plan(example: dict[str, ModuleType]) -> ModuleType:
    return example["plan"]


KEYS = [f"tenant-{number}" for number in range(1_000)]


def test_a_further_stack_takes_its_share_and_nothing_else_moves(layout: ModuleType) -> None:
    before = {key: layout.stack_of(key, 4) for key in KEYS}
    after = {key: layout.stack_of(key, 5) for key in KEYS}
    moved = {key for key in KEYS if before[key] != after[key]}
    assert {after[key] for key in moved} == {"tenants-4"}
    assert 150 < len(moved) < 250, "one of five"
    assert all(200 < list(before.values()).count(f"tenants-{number}") < 300 for number in range(4))


def test_the_stack_of_a_tenant_never_changes_by_itself(layout: ModuleType) -> None:
    """A change of the hash would move most tenants of each fleet that exists."""
    stacks = [layout.stack_of(key, 16) for key in ("acme", "globex", "initech")]
    assert stacks == ["tenants-13", "tenants-7", "tenants-3"]


def test_a_tenant_that_moves_is_declared_by_both_stacks(layout: ModuleType) -> None:
    tenants = {key: {"name": key} for key in ("stark", "duff")}
    now = layout.Fleet.model_validate({"stacks": 2, "tenants": tenants})
    moving = layout.Fleet.model_validate({"stacks": 3, "previous_stacks": 2, "tenants": tenants})
    then = layout.Fleet.model_validate({"stacks": 3, "tenants": tenants})
    homes = [
        {stack: set(fleet.declared_by(stack)) for stack in ("tenants-0", "tenants-2")} for fleet in (now, moving, then)
    ]
    assert homes == [
        {"tenants-0": {"stark", "duff"}, "tenants-2": set()},
        {"tenants-0": {"stark", "duff"}, "tenants-2": {"stark"}},
        {"tenants-0": {"duff"}, "tenants-2": {"stark"}},
    ]


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("", ["the file must have keys with values"]),
        ("stacks: 0\ntenants: {}", ["stacks must be 1 or more"]),
        ("stacks: 2\nprevious_stacks: 2\ntenants: {}", ["previous_stacks is the same as stacks"]),
        ("stacks: 2\ntenants: {Acme: {name: Acme}}", ["tenants.Acme must consist of lower-case letters"]),
        (
            "stacks: 2\ntenants: {acme: {nam: Acme}}",
            ["tenants.acme.name is missing", "tenants.acme.nam is not a known"],
        ),
        ("stacks: 2\ntenants:\n  acme: {name: A}\n  acme: {name: B}", ["line 4: the key 'acme' occurs twice"]),
        ("stacks: 2\ntenants: {a: {name: A}, b: {name: A}}", ["tenants.b.name: 'A' is also the name of a"]),
        ("stacks: 2\ntenants: {a: {name: A, people: {1: [x]}}}", ["tenants.a.people: there is no project"]),
        (
            "stacks: 2\nproject: {name: P, organization: V, roles: [x]}\ntenants: {a: {name: A, people: {1: [y]}}}",
            ["tenants.a.people.1: the project has no role 'y'; it has x"],
        ),
        (
            "stacks: 3\nprevious_stacks: 2\ntenants: {stark: {name: Stark, remove: true}, duff: {name: Duff, remove: true}}",
            ["tenants.stark.remove: this tenant moves from tenants-0 to tenants-2"],
        ),
        ("stacks: [", ["it is not YAML"]),
    ],
)
def test_a_mistake_in_the_file_is_reported_with_its_place(
    layout: ModuleType, tmp_path: Path, text: str, mistakes: list[str]
) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(text)
    with pytest.raises(layout.MistakeInFile) as raised:
        layout.load(file)
    found = [line.removeprefix("  - ") for line in str(raised.value).splitlines() if line.startswith("  - ")]
    assert len(found) == len(mistakes), found
    assert all(line.startswith(mistake) for line, mistake in zip(found, mistakes, strict=True)), found


def test_the_file_of_the_example_has_no_mistakes(layout: ModuleType) -> None:
    assert layout.load(ROOT / "examples" / "fleet" / "fleet.yaml").stacks == 3


def test_a_tenant_is_only_taken_over_from_the_stack_that_has_it_and_under_its_name(example: dict[str, Any]) -> None:
    program = example["program"]
    assert program.organization_in("tenants-0", {"stark": "7"}, "stark") == "7"
    assert program.same_name("tenants-0", "Stark", "stark", "Stark") == "Stark"
    for nothing in (None, {}, {"wayne": "8"}):
        with pytest.raises(pulumi.RunError, match="which does not have it yet"):
            program.organization_in("tenants-0", nothing, "stark")
    with pytest.raises(pulumi.RunError, match="is called 'Stark Inc' in ZITADEL and 'Stark' in the file"):
        program.same_name("tenants-0", "Stark Inc", "stark", "Stark")


# What a run is refused. With two stacks, stark and duff are in tenants-0. A third stack takes stark.

GRANT = {"g": "urn:pulumi:x::y::pulumi-python:dynamic/zorg:UserGrant::stark-ann"}
NO_STACK = "stark would be in no stack: it leaves tenants-0, and tenants-2 does not have it"


@pytest.mark.parametrize(
    ("stacks", "previous", "keys", "states", "refused"),
    [
        # A move, step by step.
        pytest.param(2, None, ["stark"], {}, None, id="nothing exists yet"),
        pytest.param(2, None, ["stark"], {0: {"stark": {}}}, None, id="nothing moves"),
        pytest.param(3, None, ["stark"], {0: {"stark": {}}}, NO_STACK, id="previous_stacks was forgotten"),
        pytest.param(3, 2, ["stark"], {0: {"stark": {}}}, None, id="the move begins"),
        pytest.param(3, 2, ["stark"], {0: {"stark": {}}, 2: {"stark": {}}}, None, id="both stacks have it"),
        pytest.param(3, None, ["stark"], {0: {"stark": {}}, 2: {"stark": {}}}, None, id="the old stack lets go"),
        pytest.param(3, None, ["stark"], {2: {"stark": {}}}, None, id="the move is done"),
        # A run was cut short, and the next step is tried too early.
        pytest.param(
            3,
            None,
            ["stark"],
            {0: {"stark": {"others": GRANT}}, 2: {"stark": {}}},
            "UserGrant stark-ann of stark would be in no stack",
            id="the new stack has only a part of it",
        ),
        pytest.param(
            3,
            2,
            ["stark"],
            {2: {"stark": {}}},
            "stark has moved from tenants-0 to tenants-2 already: delete previous_stacks",
            id="the move is begun once more",
        ),
        pytest.param(
            3,
            None,
            ["stark"],
            {0: {"stark": {"removable": True}}, 2: {"stark": {}}},
            "stark would be removed: it leaves tenants-0, whose state still says that it may be removed",
            id="the old stack would remove it",
        ),
        # The number of stacks changes while a move is unfinished.
        pytest.param(4, 3, ["stark"], {0: {"stark": {}}}, NO_STACK, id="another stack before the first has taken it"),
        pytest.param(4, 3, ["stark"], {0: {"stark": {}}, 2: {"stark": {}}}, None, id="another stack after that"),
        pytest.param(2, 3, ["stark"], {0: {"stark": {}}, 2: {"stark": {}}}, None, id="the move is taken back"),
        pytest.param(
            2,
            None,
            ["stark"],
            {0: {"stark": {"removable": True}}, 2: {"stark": {}}},
            None,
            id="taken back, and removable",
        ),
        # Tenants that the file does not have.
        pytest.param(
            2, None, [], {0: {"stark": {}}}, "stark is in tenants-0, and not in the file", id="deleted by mistake"
        ),
        pytest.param(2, None, [], {0: {"stark": {"removable": True}}}, None, id="deleted after remove"),
        pytest.param(
            3,
            None,
            [],
            {0: {"stark": {}}, 2: {"stark": {"removable": True}}},
            None,
            id="deleted from one of two stacks",
        ),
        pytest.param(
            2,
            None,
            ["stark"],
            {0: {"stark": {}}, 1: {"stark": {"id": "2"}}},
            "stark is organization 1 in tenants-0 and organization 2 in tenants-1",
            id="two organizations",
        ),
    ],
)
def test_a_run_that_would_lose_a_tenant_is_refused(
    layout: ModuleType,
    plan: ModuleType,
    stacks: int,
    previous: int | None,
    keys: list[str],
    states: dict[int, dict[str, dict[str, Any]]],
    refused: str | None,
) -> None:
    tenants = {key: {"name": key} for key in keys}
    fleet = layout.Fleet.model_validate({"stacks": stacks, "previous_stacks": previous, "tenants": tenants})
    held = {
        f"tenants-{number}": {key: plan.Held(**{"id": "1", **each}) for key, each in of.items()}
        for number, of in states.items()
    }
    found = plan.refusals(fleet, held)
    assert [each.startswith(refused or "?") for each in found] == ([] if refused is None else [True]), found


def test_the_plan_says_what_each_stack_gets_and_lets_go(layout: ModuleType, plan: ModuleType) -> None:
    tenants = {key: {"name": key} for key in ("stark", "duff", "acme")}
    moving = layout.Fleet.model_validate({"stacks": 3, "previous_stacks": 2, "tenants": tenants})
    one, gone = plan.Held("1"), plan.Held("2", removable=True)
    states = {"tenants-0": {"stark": one, "wayne": gone}, "tenants-7": {"duff": one}}
    zero, first, second, seventh = plan.parts(moving, states)
    assert (zero.stack, zero.tenants, zero.new, zero.removes) == ("tenants-0", ("stark", "duff"), (), ("wayne",))
    assert (first.stack, first.new) == ("tenants-1", ("acme",))
    assert (second.stack, second.takes, second.leaves) == ("tenants-2", ("stark",), ())
    assert (seventh.stack, seventh.tenants, seventh.leaves) == ("tenants-7", (), ("duff",))
    names = [each.stack for each in (zero, first, second, seventh)]
    assert plan.rounds(moving, names) == (["tenants-0"], ["tenants-1", "tenants-2", "tenants-7"])


def _resource(stack: str, kind: str, name: str, id: str, **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:{stack}::zorg-fleet::{TOKENS[kind]}::{name}"
    return {"urn": urn, "type": TOKENS[kind], "id": id, "inputs": {}, **more}


def _state(stack: str, **more: Any) -> dict[str, Any]:
    org = _resource(stack, "org", "stark", "1", inputs={"deletion_policy": "retain"})
    read = _resource(stack, "org", "stark-of-tenants-9", "1", external=True)
    own = _resource(stack, "grant", "stark-ann", "2", deletedWith=org["urn"])
    return {"resources": [org, read, own, _resource(stack, "org", f"other-of-{stack}", f"9{stack}", **more)]}


def test_the_tenants_are_read_from_a_state(plan: ModuleType) -> None:
    found = plan.held(_state("tenants-0"))
    assert found["stark"] == plan.Held("1", removable=False, others={"2": _state("tenants-0")["resources"][2]["urn"]})
    assert found["other-of-tenants-0"].removable, "the state has no policy where it is the default, remove"
    assert plan.held({}) == plan.held(None) == {}


def test_the_states_of_all_stacks_are_one_for_zorg_drift(plan: ModuleType) -> None:
    """What two stacks have while a tenant moves is there once. What one stack has twice is still a mistake."""
    state = plan.merged({"tenants-2": _state("tenants-2"), "tenants-0": _state("tenants-0")}, "zorg-fleet")
    found = [
        each.urn.replace("urn:pulumi:", "").partition("::")[0] + " " + each.id for each in State.of(state).resources
    ]
    assert found == ["tenants-2 1", "tenants-2 2", "tenants-2 9tenants-2", "tenants-0 9tenants-0"]
    assert stack_name(state) == "fleet"
    assert shared(state) == ()
    twice = _state("tenants-0")
    twice["resources"].append(_resource("tenants-0", "org", "again", "1"))
    assert [each.id for each in shared(plan.merged({"tenants-0": twice}, "zorg-fleet"))] == ["1"]


def test_the_pipeline_and_the_stacks_for_kubernetes_fit_the_example(example: dict[str, ModuleType]) -> None:
    folder = ROOT / "examples" / "fleet"
    jobs = yaml.safe_load((folder / "github" / "fleet.yml").read_text())["jobs"]
    assert {"first", "then"} <= jobs.keys(), "the names in the JSON of `check`"
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    commands = re.findall(r"python fleet\.py (.*?)(?: \||$)", "\n".join(steps), flags=re.MULTILINE)
    filled = [re.sub(r"\$MAX_\w+", "1", each) for each in commands]
    given = [example["fleet"].parser().parse_args(shlex.split(each)) for each in filled]
    assert [each.command for each in given] == ["check", "check", "up", "up"]
    assert {(each.max_deactivate, each.max_remove) for each in given if each.command == "up"} == {(1, 1)}
    stacks = [*yaml.safe_load_all((folder / "kubernetes" / "stack.yaml").read_text())]
    (stack,) = (each for each in stacks if each["kind"] == "Stack")
    assert stack["metadata"]["name"] == example["layout"].stack_name(0)
    assert stack["spec"]["destroyOnFinalize"] is False
