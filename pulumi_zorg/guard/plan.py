"""Reads the engine's plan from the output of ``pulumi preview --json``, and adds what only the stack's state has.

That is objects that two resources manage, and deletions that earlier runs left undone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pulumi_zorg.engine import state
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.resource_types.impact import Planned, mask_unknowns
from pulumi_zorg.resource_types.registry import INPUTS
from pulumi_zorg.world.tokens import is_ours

# How the engine marks a value that is known only when the change is made, and a secret one.
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SECRET = "[secret]"  # noqa: S105 - no secret, but the mark of one

#: Operations that delete an object, those that create one, and those that do neither. A replacement does both.
_DELETES = frozenset({"delete", "replace", "delete-replaced"})
_CREATES = frozenset({"create", "replace", "create-replacement"})
_NEITHER = frozenset(
    {"same", "read", "read-replacement", "refresh", "discard", "discard-replaced", "remove-pending-replace", "import"}
)
#: Operations that the engine counts in its summary, each as often as it lists it. It counts ``same`` and ``read`` too, but
#: lists the first only with ``--show-sames``, and counts the second only where something changed.
_COUNTED = frozenset({"create", "update", "delete", "replace", "import", "discard"})
_NOT_COMPARED = frozenset({"same", "read"})
#: What the engine prints where a run has no steps. It leaves out what is empty.
_WITHOUT_STEPS = frozenset({"config", "diagnostics", "duration", "changeSummary", "maybeCorrupt", "steps"})
#: Operations on objects that the stack only reads.
_READS = frozenset({"read", "read-replacement", "discard", "discard-replaced"})


class PreviewFailed(ConfigurationError):
    """The preview ended with an error, so its plan is incomplete."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True)


class _State(_Model):
    id: str | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    external: bool = False
    protect: bool = False
    retain: Annotated[bool, Field(alias="retainOnDelete")] = False
    pending_replacement: Annotated[bool, Field(alias="pendingReplacement")] = False

    @property
    def properties(self) -> dict[str, Any]:
        """The inputs, and the outputs that are no inputs."""
        return {**(self.outputs or {}), **(self.inputs or {})}


class _Step(_Model):
    op: str
    urn: Annotated[str, Field(pattern=r"^urn:pulumi:[^:]+::[^:]+::.+::.")]
    old: Annotated[_State | None, Field(alias="oldState")] = None
    new: Annotated[_State | None, Field(alias="newState")] = None

    @property
    def token(self) -> str:
        """The resource's own type token. A URN has the types of its parents before it."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def stack(self) -> tuple[str, str]:
        """The names of the stack and of its project."""
        stack, pulumi_project = self.urn.split("::")[:2]
        return stack.rpartition(":")[2], pulumi_project


class _Digest(_Model):
    steps: list[_Step] = []
    changes: Annotated[dict[str, int], Field(alias="changeSummary")] = {}
    diagnostics: list[dict[str, Any]] = []
    duration: int | None = None


@dataclass(frozen=True)
class PlannedStep:
    """A planned change of one object.

    :param urn: the resource.
    :param op: ``create``, ``update``, ``delete``, ``replace``, or ``pending``: the deletion of an object that an earlier
        run replaced and failed to delete.
    :param protected: whether it deletes the object of a resource that stays protected. Only ``--ignore-protect`` allows that.
        A pending deletion never is: the engine makes it in spite of the option ``protect``.
    """

    urn: str
    planned: Planned
    op: str
    protected: bool = False


@dataclass(frozen=True)
class Plan:
    """The plan of a preview.

    :param stack: the stack's name in the URNs; None where the plan has no steps.
    :param pulumi_project: the same for the project's name.
    :param steps: the changes of this package's resources.
    :param changes: how many resources of any type each operation concerns, by the engine's name for the operation.
    :param shared: objects that more than one resource manages. The plan shows them only if it has a step for each of these
        resources.
    """

    stack: str | None
    steps: tuple[PlannedStep, ...]
    changes: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[state.SharedObject, ...] = ()
    pulumi_project: str | None = None


def read_plan(text: str) -> Plan:
    """Return the plan in the output of ``pulumi preview --json`` or ``pulumi destroy --preview-only --json``.

    :raises PreviewFailed: where the preview ended with an error.
    :raises ConfigurationError: where the text is not a whole plan, or has a step that this release does not know.
    """
    digest = _digest(text)
    failed = [str(each.get("message", "")) for each in digest.diagnostics if each.get("severity") == "error"]
    if failed:
        first = clean(failed[0].removeprefix("error: "))
        raise PreviewFailed(f"The preview failed, so its plan is not complete: {first}")
    for step in digest.steps:
        properties = [part for each in (step.old, step.new) if each for part in (each.inputs, each.outputs)]
        why = state.why_not_understood(step.urn, step.token, *properties)
        if why is not None:
            raise ConfigurationError(why)
    _verify_summary(digest)
    of_stacks = {step.stack for step in digest.steps}
    if len(of_stacks) > 1:
        raise ConfigurationError(f"{_NOT_A_PLAN}: its steps are those of more than one stack")
    stack, pulumi_project = next(iter(of_stacks), (None, None))
    replaced = {step.urn for step in digest.steps if step.op in ("replace", "create-replacement")}
    repaired = _repaired(digest)
    # The engine lets a program take the protection back and replace the resource in one run.
    released = {step.urn for step in digest.steps if step.urn in replaced and step.new and not step.new.protect}
    found: dict[tuple[str, str | None, bool], PlannedStep] = {}
    for step in digest.steps:
        for each in _planned(step, step.urn in replaced, step.urn in released):
            if each.planned.after is None and step.urn in repaired:
                continue
            # The engine shows a replacement as one step, as its two halves, or as all three.
            found.setdefault((each.urn, each.planned.id, each.planned.after is None), each)
    return Plan(stack, tuple(found.values()), digest.changes, _shared(digest), pulumi_project)


_NOT_A_PLAN = "This is not what `pulumi preview --json` prints"


def _digest(text: str) -> _Digest:
    try:
        digest = json.loads(text)
    except (ValueError, RecursionError):
        digest = None
    if not isinstance(digest, dict):
        raise ConfigurationError(
            f"{_NOT_A_PLAN}: one JSON object. Do not set PULUMI_ENABLE_STREAMING_JSON_PREVIEW, and do not mix standard error into "
            "it."
        )
    if not digest.get("steps") and not digest.keys() <= _WITHOUT_STEPS:
        shown = ", ".join(clean(str(key), 40) for key in list(digest)[:10])
        raise ConfigurationError(
            f"{_NOT_A_PLAN}: it has no steps (its keys are: {shown or 'none'}). `pulumi preview --output json` prints only counts. "
            "Use `pulumi preview --json`."
        )
    try:
        return _Digest.model_validate(digest)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{_NOT_A_PLAN}: {clean(where)}: {clean(first['msg'])}") from None


def _verify_summary(digest: _Digest) -> None:
    """Verify that the steps are all of the plan: the engine's own count of each operation agrees with them.

    :raises ConfigurationError: where it does not.
    """
    listed = Counter(step.op for step in digest.steps)
    counted = {op: count for op, count in digest.changes.items() if count}
    # The engine leaves out empty parts. A run without steps still has a duration.
    if not digest.steps and (counted or digest.duration is None):
        raise ConfigurationError(f"{_NOT_A_PLAN}: it has no steps")
    for op in sorted((counted.keys() | (listed.keys() & _COUNTED)) - _NOT_COMPARED):
        if listed[op] != counted.get(op, 0):
            raise ConfigurationError(
                f"{_NOT_A_PLAN}: its changeSummary counts {counted.get(op, 0)} of {clean(op)}, and its steps have {listed[op]}. "
                "A part of the plan is missing."
            )


def _repaired(digest: _Digest) -> set[str]:
    """Return the resources whose old object an earlier run deleted, and whose new one it did not create.

    The engine shows this only in a plan that lists the steps of replacements: the deletion is missing there. It marks the old
    state as pending replacement in the plan of every replacement, so the mark alone proves nothing.
    """
    deleted = {step.urn for step in digest.steps if step.op in ("delete", "delete-replaced")}
    created = (step for step in digest.steps if step.op == "create-replacement")
    return {step.urn for step in created if step.old and step.old.pending_replacement} - deleted


def _planned(step: _Step, replaced: bool, released: bool) -> Iterator[PlannedStep]:
    if not is_ours(step.token) or step.op in _NEITHER:
        return
    deletes, creates, updates = step.op in _DELETES, step.op in _CREATES, step.op == "update"
    if not (deletes or creates or updates):
        raise ConfigurationError(f"The preview has a step that this release does not know: {_title(step)}")
    old, new = step.old or _State(), step.new or _State()
    if ((deletes or updates) and not old.id) or ((creates or updates) and new.inputs is None):
        raise ConfigurationError(f"The preview has a step without the state that belongs to it: {_title(step)}")
    before = _shown(old.properties)
    after = _shown(new.inputs or {})
    if updates:
        yield PlannedStep(step.urn, Planned(step.token, old.id, before, after), "update")
    if deletes and not (old.external or old.retain):
        op = "replace" if replaced else "pending" if step.op == "delete-replaced" else "delete"
        protected = old.protect and op != "pending" and not released
        yield PlannedStep(step.urn, Planned(step.token, old.id, before, None), op, protected)
    if creates:
        op = "create" if step.op == "create" else "replace"
        taken_back = op == "replace" and _is_taken_back(step.token, old, before, after)
        made = Planned(step.token, old.id, before, after) if taken_back else Planned(step.token, None, None, after)
        yield PlannedStep(step.urn, made, op)


def _is_taken_back(type: str, old: _State, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the create of a replacement takes back the object that the deletion leaves, so that it is a change of it.

    What an adoption takes over is read from the instance.
    """
    is_left = old.id and not old.retain and before.get("deletion_policy") in ("deactivate", "retain")
    identity = INPUTS[type].unique_key(after)
    return bool(is_left and identity and not after.get("adopt") and identity == INPUTS[type].unique_key(before))


def _shared(digest: _Digest) -> tuple[state.SharedObject, ...]:
    """Return the objects that two resources of the plan manage. It has unchanged resources only with ``--show-sames``."""
    managed = {
        (step.urn, INPUTS[step.token].key(step.token, step.old.id, step.old.properties)): None
        for step in digest.steps
        if is_ours(step.token) and step.op not in _READS and step.old and step.old.id and not step.old.external
    }
    return state.find_shared(managed)


def _title(step: _Step) -> str:
    return f"{clean(step.op)} of {clean(step.urn, 1_000)}"


def _shown(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the public properties, with marks in place of values that the plan does not show."""
    public = {name: value for name, value in properties.items() if not name.startswith("__")}
    return mask_unknowns(public, lambda value: value in (_UNKNOWN, _SECRET))


def with_state(plan: Plan, read_state: Callable[[], Mapping[str, Any]], *, own: bool) -> tuple[Plan, str | None]:
    """Return the plan with what the state adds to it. The second part is why the state was not read, or None.

    The engine makes the deletions that earlier runs left undone in the next ``up``, but lists them only with
    ``--show-replacement-steps``. Only with that option does a plan show that the object of a replaced resource was deleted by an
    earlier run.

    :param read_state: returns the exported state.
    :param own: whether the preview was run by the guard, with that option.
    :raises ConfigurationError: where the plan has no steps, and the state has resources. Also where the state has resources of this
        package that this release does not understand.
    """
    try:
        exported = read_state()
        others = state.not_understood(exported)
        in_state = state.shared(exported)
        is_empty = not state.has_resources(exported)
        pending = () if own else state.pending_deletions(exported)
        repaired = {(each.urn, each.id) for each in state.pending_replacements(exported)}
    except ZorgError as error:
        return plan, clean(str(error), 300)
    if others:
        raise ConfigurationError(" ".join(each.why for each in others))
    if plan.stack is None and not is_empty:
        raise ConfigurationError(
            "The plan has no steps, and the stack has resources: a preview of this stack lists at least the stack itself. Use the "
            "output of `pulumi preview --json`."
        )
    kept = [each for each in plan.steps if not (_is_replaced(each) and (each.urn, each.planned.id) in repaired)]
    planned = {(step.urn, step.planned.id) for step in kept if step.planned.after is None}
    left = (each for each in pending if (each.urn, each.id) not in planned)
    steps = (PlannedStep(each.urn, Planned(each.token, each.id, each.all_properties, None), "pending") for each in left)
    found = {(each.token, each.id) for each in in_state}
    more = (each for each in plan.shared if (each.token, each.id) not in found)
    return replace(plan, steps=(*kept, *steps), shared=(*in_state, *more)), None


def _is_replaced(step: PlannedStep) -> bool:
    """Whether the step is the deletion of a replacement."""
    return step.op == "replace" and step.planned.after is None
