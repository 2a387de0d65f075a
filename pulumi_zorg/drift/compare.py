"""Compares the state with what was observed. Pure: no I/O.

The engine compares the same in a refresh: the inputs in the state, without the properties that the resource ignores. So both
come to the same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_zorg.drift.report import Change, Drift
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.tokens import Key

__all__ = ["changes_of", "compare"]


def compare(recorded: Iterable[Recorded], observed: Mapping[Key, Observed | Removal]) -> tuple[Drift, ...]:
    """Return the resources that differ from their objects, in the state's order.

    :param observed: by key. A resource whose object is missing from it is not compared.
    """
    found = []
    for each in recorded:
        seen = observed.get(each.key)
        if isinstance(seen, Removal):
            found.append(Drift(each.urn, each.token, each.id, removed=seen.how, when=seen.at, by=seen.by))
        elif seen is not None and (changes := changes_of(each, seen.properties)):
            found.append(Drift(each.urn, each.token, each.id, changes))
    return tuple(found)


def changes_of(recorded: Recorded, properties: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the properties that differ, in the state's order.

    :param properties: the object's. A property that is missing from it is not compared.
    """
    found = []
    for name, value in recorded.properties.items():
        if name in properties:
            before, now = _plain(value), _plain(properties[name])
            if before != _without_ignored(name, before, now, recorded.ignored):
                found.append(Change(name, before, now, secret=name in recorded.secret))
    return tuple(found)


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
