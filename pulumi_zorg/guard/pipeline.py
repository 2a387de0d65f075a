"""The pipeline of ``zorg preview-guard``: what each change does, who it concerns, the limits, the verdict.

The command has read the plan (:mod:`pulumi_zorg.guard.plan`) and the state (:mod:`pulumi_zorg.guard.state`) before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.guard.instance import removed_with_parents, verify_instance, with_facts
from pulumi_zorg.guard.limits import Removed, count_losing_access, count_objects
from pulumi_zorg.guard.plan import Plan, PlannedStep
from pulumi_zorg.guard.report import Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Act
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES

if TYPE_CHECKING:
    from pulumi_zorg.settings.config import Settings


def review(
    plan: Plan,
    most: Mapping[str, int | None],
    read_settings: Callable[[], Settings] | None,
    why_state_not_read: str | None = None,
    allowed: frozenset[str] | None = None,
) -> Verdict:
    """Return what a plan would do, counted against the limits.

    :param most: the limits, by option.
    :param read_settings: returns the settings with which the instance is read; None where it is not to be read.
    :param why_state_not_read: see :class:`Verdict`.
    :param allowed: see :class:`Verdict`.
    :raises ConfigurationError: where the instance does not have the organizations of the plan.
    """
    reviewed = [Reviewed.of(_unresolved(step)) for step in plan.steps]
    settings, why_not_read = None, None
    if any(each.matters for each in reviewed):
        settings, why_not_read = _settings(read_settings, plan)
    if settings is not None:
        reviewed = with_facts(settings, plan.steps)

    def with_parents(token: str, removed: Removed) -> tuple[Collection[str], str | None]:
        return ((), why_not_read) if settings is None else removed_with_parents(settings, token, removed)

    takers = dict.fromkeys(each.urn for each in reviewed if each.takes_access)
    return Verdict(
        plan.stack or "?",
        tuple(each for each in reviewed if each.effect.is_significant and each.sentences),
        (*count_objects(reviewed, most, with_parents), count_losing_access(reviewed, most, why_not_read)),
        plan.changes,
        plan.shared,
        why_not_read,
        why_state_not_read,
        allowed,
        not_allowed=() if allowed is None else tuple(urn for urn in takers if urn not in allowed),
        protected=tuple(each.urn for each in reviewed if each.protected and each.effect.act is not Act.LEAVES),
    )


def _unresolved(step: PlannedStep) -> PlannedStep:
    """Return a step as it is known without the instance."""
    planned = step.planned
    exists = planned.adopts or planned.before is not None
    return replace(step, planned=RESOURCE_TYPES[planned.type].unresolved(planned)) if exists else step


def _settings(read_settings: Callable[[], Settings] | None, plan: Plan) -> tuple[Settings | None, str | None]:
    """Return the settings to read the plan's instance with, or why it is not read."""
    if read_settings is None:
        return None, "--offline was given"
    try:
        settings = read_settings()
    except ConfigurationError as error:
        return None, clean(str(error), 300)
    if not settings.preview_impact:
        return None, "zorg:previewImpact is false"
    why_not_read = verify_instance(settings, plan.steps)
    return (settings, None) if why_not_read is None else (None, why_not_read)
