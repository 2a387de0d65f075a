"""What a stack's state adds to a plan: objects that two resources manage, and deletions that earlier runs left undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.engine.state import has_resources, not_understood, pending_deletions, pending_replacements, shared
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.guard.plan import Plan, PlannedStep
from pulumi_zorg.resource_types.impact import Planned


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
        others = not_understood(exported)
        in_state = shared(exported)
        is_empty = not has_resources(exported)
        pending = () if own else pending_deletions(exported)
        repaired = {(each.urn, each.id) for each in pending_replacements(exported)}
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
