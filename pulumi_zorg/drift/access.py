"""Whether a change that was made outside Pulumi gave or took access, and to whom. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.access.compare import Difference, compare
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.drift.report import Drift
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.resource_types.impact import Effect, Planned
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES


def concerns_access(drift: Drift, recorded: Recorded) -> bool:
    """Whether a change may have given or taken access."""
    impact, effect = RESOURCE_TYPES[drift.token].impact, _effect(drift, *_then_and_now(drift, recorded))
    return impact.takes_access(effect) or (effect.is_significant and impact.gives_access(effect))


def people_of(
    drift: Drift, recorded: Recorded, now: Instance | None, why_not: str | None
) -> tuple[People, Instance | None]:
    """Return who gained and who lost access by a change, and the instance as it would be with the state's values.

    What is returned of the people has no more of the instance than it names: there can be thousands of changes.

    :param now: the instance as it is; None where it was not read.
    :param why_not: why it was not.
    """
    if not concerns_access(drift, recorded):
        return People(), now
    if recorded.secret or now is None:
        return _unknown("a value of the resource is secret" if recorded.secret else why_not), now
    # A manager's right ends only with its user, or with the object that it is on.
    now = replace(now, managers=())
    model, (before, after) = ACCESS[drift.token], _then_and_now(drift, recorded)
    back = _effect(drift, after, before)
    now = model.known(now, drift.id, back)
    then = model.applied(now, drift.id, back)
    part = model.touched(now, back)
    difference = compare(model.applied(part, drift.id, back), part)
    why_not = model.why_incomplete(now, back, difference.losing | difference.gaining)
    removed, gives_roles = drift.removed is not None, RESOURCE_TYPES[drift.token].gives_roles is not None
    if (removed and (then is now or gives_roles)) or (gives_roles and _effect(drift, before, after).loses):
        # The way back does not bring it back, so the comparison does not show it.
        why_not = "what was removed along with it is in no list"
    return People(_named_in(difference, then), _named_in(difference, now), difference, why_not, why_not), then


def _named_in(difference: Difference, instance: Instance) -> Instance:
    """Return an instance without what the sentences about a difference do not name. All projects stay: a name may not be unique."""
    changes = (*difference.lost, *difference.gained)
    users = {each.user_id for each in changes}
    owners = {each.place[1] for each in changes if each.place is not None}
    projects = (instance.projects.get(each.project_id or "") for each in changes)
    owners |= {each.org_id for each in projects if each is not None}
    return Instance(
        {key: instance.organizations[key] for key in owners & instance.organizations.keys()},
        {key: instance.users[key] for key in users & instance.users.keys()},
        instance.projects,
    )


def _effect(drift: Drift, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Effect:
    return RESOURCE_TYPES[drift.token].impact.effect(Planned(drift.token, drift.id, before, after))


def _unknown(why_not: str | None) -> People:
    return People(why_lost_incomplete=why_not, why_gained_incomplete=why_not)


def _then_and_now(drift: Drift, recorded: Recorded) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """Return the properties in the state, and those of the object; None where it was removed.

    Neither has a deletion policy, nor the name of its state: the flag says what that means for access.
    """
    then = {name: value for name, value in recorded.all_properties.items() if name not in ("deletion_policy", "state")}
    if drift.removed is not None:
        return then, None
    changed = {each.property: each for each in drift.changes}
    then |= {name: each.recorded for name, each in changed.items()}
    return then, {**then, **{name: each.live for name, each in changed.items()}}
