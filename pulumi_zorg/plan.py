"""What the engine would do, as ``pulumi preview --json`` tells it, read for :mod:`pulumi_zorg.impact`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from pulumi_zorg.drift import ORGANIZATION, USER_GRANT
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.impact import Planned, so_far

__all__ = ["Plan", "PlannedStep", "read_plan"]

# The engine's signs for a value that is known only when it runs, and for one that is secret.
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SECRET = "[secret]"  # noqa: S105 - no secret, but the sign of one

#: What ends an object; what makes one; and what does neither. A replacement does both.
_ENDS = frozenset({"delete", "replace", "delete-replaced"})
_MAKES = frozenset({"create", "replace", "create-replacement"})
_NEITHER = frozenset(
    {"same", "read", "read-replacement", "refresh", "discard", "discard-replaced", "remove-pending-replace", "import"}
)


@dataclass(frozen=True)
class PlannedStep:
    """A change of one object, and the resource that it is planned for."""

    urn: str
    planned: Planned


@dataclass(frozen=True)
class Plan:
    """What a preview came to.

    :param stack: the stack's name, as its URNs have it; None where it has no resources.
    :param steps: what would be done to organizations and user grants.
    """

    stack: str | None
    steps: tuple[PlannedStep, ...]


def read_plan(text: str) -> Plan:
    """The plan in what ``pulumi preview --json`` (or ``pulumi destroy --preview-only --json``) has printed.

    :raises ConfigurationError: where it is something else, where the preview failed, so that it is not whole, or where
        it has a step that this release does not know.
    """
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not _is_plan(told):
        raise ConfigurationError(
            "This is not what `pulumi preview --json` prints (one JSON object); without PULUMI_ENABLE_STREAMING_JSON_PREVIEW, "
            "and with standard error kept apart"
        )
    failed = [each for each in told.get("diagnostics") or () if each.get("severity") == "error"]
    if failed:
        first = clean(str(failed[0].get("message", "")).removeprefix("error: "))
        raise ConfigurationError(f"The preview failed, so that its plan is not whole: {first}")
    steps = told.get("steps") or ()
    stack = next((str(step["urn"]).split(":")[2] for step in steps), None)
    found: dict[tuple[str, str | None, bool], PlannedStep] = {}
    for step in steps:
        for each in _planned(step):
            # A replacement can be told as one step, as its two halves, or as all three.
            found.setdefault((each.urn, each.planned.id, each.planned.after is None), each)
    return Plan(stack, tuple(found.values()))


def _is_plan(told: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it has what a plan has, in the form that a plan has it in."""
    if not isinstance(told, dict) or not ({"steps", "changeSummary", "diagnostics"} & told.keys()):
        return False
    steps, diagnostics = told.get("steps") or [], told.get("diagnostics") or []
    return (
        isinstance(steps, list)
        and all(isinstance(step, dict) and str(step.get("urn")).count(":") > 2 for step in steps)
        and all(isinstance(step.get(state) or {}, dict) for step in steps for state in ("oldState", "newState"))
        and isinstance(diagnostics, list)
        and all(isinstance(each, dict) for each in diagnostics)
    )


def _planned(step: Mapping[str, Any]) -> Iterator[PlannedStep]:
    old, new = step.get("oldState") or {}, step.get("newState") or {}
    type_, urn, op = (old or new).get("type"), str(step["urn"]), step.get("op")
    if type_ not in (ORGANIZATION, USER_GRANT) or op in _NEITHER:
        return
    kept = old.get("external") or old.get("retainOnDelete")
    before = _properties({**(old.get("outputs") or {}), **(old.get("inputs") or {})})
    after = _properties(new.get("inputs") or {})
    if op == "update":
        yield PlannedStep(urn, Planned(type_, old.get("id"), before, after))
    elif op in _ENDS or op in _MAKES:
        if op in _ENDS and not kept:
            yield PlannedStep(urn, Planned(type_, old.get("id"), before, None))
        if op in _MAKES:
            yield PlannedStep(urn, Planned(type_, None, None, after))
    else:
        raise ConfigurationError(f"The preview has a step that this release does not know: {clean(str(op))} of {urn}")


def _properties(shown: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in shown.items() if not name.startswith("__")}
    return so_far(told, lambda value: value in (_UNKNOWN, _SECRET))
