"""Whether a change that was made outside Pulumi gave or took access, and to whom. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.access.compare import compare
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.drift.report import Drift
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.resource_types.impact import Planned
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES


def concerns_access(drift: Drift, recorded: Recorded) -> bool:
    """Whether a change may have given or taken access."""
    impact, (then, now) = RESOURCE_TYPES[drift.token].impact, _then_and_now(drift, recorded)
    effect = impact.effect(Planned(drift.token, drift.id, then, now))
    return impact.takes_access(effect) or (effect.is_significant and impact.gives_access(effect))


def people_of(drift: Drift, recorded: Recorded, now: Instance | None, why_not: str | None) -> People:
    """Return who gained and who lost access by a change, from the instance as it is and as it would be with the state's values.

    :param now: the instance; None where it was not read.
    :param why_not: why it was not.
    """
    if not concerns_access(drift, recorded):
        return People()
    if any(each.secret for each in drift.changes):
        now, why_not = None, "a value that changed is secret"
    if now is None:
        return _unknown(why_not)
    # A manager's right ends only with its user, or with the object that it is on.
    now = replace(now, managers=())
    before, after = _then_and_now(drift, recorded)
    planned = Planned(drift.token, drift.id, after, before)  # the way back
    effect, model = RESOURCE_TYPES[drift.token].impact.effect(planned), ACCESS[drift.token]
    now = model.known(now, drift.id, effect)
    then = model.applied(now, drift.id, effect)
    why_not = model.why_not_known(effect) or next(
        (why for name, why in now.unlisted.items() if name != "managers"), None
    )
    if drift.removed is not None and then is now:
        return _unknown("what was removed along with it is not known")
    return People(then, now, compare(then, now), why_not, why_not)


def _unknown(why_not: str | None) -> People:
    return People(why_lost_incomplete=why_not, why_gained_incomplete=why_not)


def _then_and_now(drift: Drift, recorded: Recorded) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """Return the properties in the state, and those of the object; None where it was removed. Neither has a deletion policy."""
    then = {name: value for name, value in recorded.all_properties.items() if name != "deletion_policy"}
    if drift.removed is not None:
        return then, None
    changed = {each.property: each for each in drift.changes}
    then |= {name: each.recorded for name, each in changed.items()}
    return then, {**then, **{name: each.live for name, each in changed.items()}}
