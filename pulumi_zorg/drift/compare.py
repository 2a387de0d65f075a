"""Compares the state with what was observed. Pure: no I/O.

The engine compares the same in a refresh: the inputs in the state, without the properties that the resource ignores. So both
come to the same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_zorg.drift.report import Change, Drift, Phantom
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import ACTIVE, Found, Key, Observed, Removal

if TYPE_CHECKING:
    from pulumi_zorg.world.changes import LostChange

#: The property with the roles that an object gives.
ROLES = "role_keys"


def compare(
    recorded: Iterable[Recorded],
    observed: Mapping[Key, Found],
    lost: Mapping[Key, LostChange] | None = None,
    lacking: Mapping[Key, str] | None = None,
) -> tuple[Drift, ...]:
    """Return the resources that differ from their objects, in the state's order.

    :param observed: what was found out about the objects. One that could not be read is not compared.
    :param lost: the changes of state that the server lost. They are drift where the state agrees with what reads show, too.
    :param lacking: why objects give roles that their project does not have. No comparison with the state shows that.
    """
    found = []
    for each in recorded:
        seen = observed.get(each.key)
        if isinstance(seen, Removal):
            found.append(Drift(each.urn, each.token, each.id, removed=seen.how, when=seen.at, by=seen.by))
        elif isinstance(seen, Observed):
            changes = _with_halt(each, changes_of(each, seen.properties), seen.properties)
            if lost and each.key in lost:
                changes = _with_lost(each, changes, lost[each.key])
            if lacking and each.key in lacking:
                changes = _with_lacking(each, changes, seen.properties[ROLES], lacking[each.key])
            phantom = _phantom(each) if seen.is_phantom else None
            if changes or phantom:
                found.append(Drift(each.urn, each.token, each.id, changes, phantom=phantom))
    return tuple(found)


def changes_of(recorded: Recorded, properties: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the properties that differ, in the state's order.

    :param properties: the object's. A property that is missing from it is not compared.
    """
    found = []
    for name, value in recorded.properties.items():
        if name in properties and value != properties[name]:
            before, now = _plain(value), _plain(properties[name])
            if before != _without_ignored(name, before, now, recorded.ignored):
                found.append(Change(name, before, now, secret=name in recorded.secret))
    return tuple(found)


def _with_lost(recorded: Recorded, changes: tuple[Change, ...], lost: LostChange) -> tuple[Change, ...]:
    """Return the changes with a change of state that the server lost."""
    others = tuple(each for each in changes if each.property != ACTIVE)
    change = Change(
        ACTIVE,
        recorded.properties.get(ACTIVE),
        lost.shown,
        when=lost.event.creation_date,
        by=lost.event.by,
        secret=ACTIVE in recorded.secret,
        lost=_advice(lost, repaired=len(others) < len(changes)),
        lost_noun=lost.noun,
    )
    return (*others, change)


def _advice(lost: LostChange, *, repaired: bool) -> str:
    """Return what a lost change means and how to repair it.

    :param repaired: whether the state has what the lost change made, so that an update makes it again.
    """
    what = f"ZITADEL accepted the {lost.noun} and lost it: {lost.effect}."
    if lost.repair is not None:
        return f"{what} {lost.repair}"
    if repaired:
        return f"{what} `pulumi up --refresh` makes the {lost.noun} again."
    return (
        f"{what} `pulumi up --refresh` leaves it so, because the program does not ask for the {lost.noun}. To make it again, set "
        f"active={not lost.shown} and run `pulumi up`. If it is to stay {'active' if lost.shown else 'inactive'}, set "
        f"active={lost.shown} after that and run it once more."
    )


def _with_halt(recorded: Recorded, changes: tuple[Change, ...], properties: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes with that of an object which the state has as active, and whose live state takes its access away.

    No update ends such a state, so a refresh keeps the flag.
    """
    what = RESOURCE_TYPES[recorded.token].halted.get(str(properties.get("state")))
    if what is None or recorded.properties.get(ACTIVE) is not True or _is_ignored(recorded):
        return changes
    why = f"it is {what}, and no update ends that: an administrator does, in the console"
    return (*changes, Change(ACTIVE, True, False, secret=ACTIVE in recorded.secret, why=why))


def _is_ignored(recorded: Recorded) -> bool:
    return _without_ignored(ACTIVE, True, False, recorded.ignored) is True


def _with_lacking(recorded: Recorded, changes: tuple[Change, ...], live: Any, why: str) -> tuple[Change, ...]:
    """Return the changes with the reason why the object's roles are wrong."""
    if any(each.property == ROLES for each in changes):
        return tuple(replace(each, why=why) if each.property == ROLES else each for each in changes)
    return (*changes, Change(ROLES, recorded.properties.get(ROLES), live, secret=ROLES in recorded.secret, why=why))


def _phantom(recorded: Recorded) -> Phantom:
    resource_type = RESOURCE_TYPES[recorded.token]
    effect = resource_type.phantom_effect
    what = f"ZITADEL's event store has the {resource_type.noun}, but reads and lists do not show it, and it {effect}."
    if recorded.external:
        return Phantom(effect, f"{what} This stack only reads it: the stack that manages it can create it again.")
    return Phantom(effect, f"{what} Create it again: pulumi up --replace '{recorded.urn}'")


#: A step of a property path (pulumi.com/docs/iac/concepts/options/ignorechanges): a name, or an index; ``*`` is any.
_STEP = re.compile(r'\.?([^.\["]+)|\["([^"]*)"\]|\[(\d+|\*)\]')


def _without_ignored(name: str, before: Any, now: Any, ignored: Iterable[str]) -> Any:
    """Return the present value with the recorded one in place of what is ignored, as the engine does it."""
    for path in ignored:
        first, *rest = ["".join(step.groups("")) for step in _STEP.finditer(path)] or [""]
        if first in (name, "*"):
            now = _with_recorded(before, now, rest)
    return now


def _with_recorded(before: Any, now: Any, path: Sequence[str]) -> Any:
    """Return the present value with the recorded one at the path."""
    if not path:
        return before
    step, rest = path[0], path[1:]
    if isinstance(before, list) and isinstance(now, list):
        kept = [
            _with_recorded(recorded, live, rest) if step in ("*", str(index)) else live
            for index, (recorded, live) in enumerate(zip(before, now, strict=False))
        ]
        return kept + now[len(before) :]
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        result = dict(now)
        for key in {*before, *now} if step == "*" else {step}:
            if key in before and key in now:
                result[key] = _with_recorded(before[key], now[key], rest)
            elif key in before and not rest:
                result[key] = before[key]
            elif not rest:
                result.pop(key, None)
        return result
    return now


def _plain(value: Any) -> Any:
    """Return a tuple as a list: both occur, and they mean the same."""
    return list(value) if isinstance(value, tuple) else value
