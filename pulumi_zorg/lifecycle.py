"""From what is wanted and what is found to the steps between them. Pure: no I/O, nothing about one kind of object.

The order within one update is decided here, once for all resources: **access is never wider in between
than it is at one of the two ends.** Switching off comes first, so that nothing else can fail before it;
switching on comes last, so that nobody gets in before everything else is as declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["Action", "DeletionPolicy", "Snapshot", "Step", "steps", "steps_to_end"]


class Action(str, Enum):
    """What a step does to an object that exists."""

    UPDATE = "update"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    REMOVE = "remove"


class DeletionPolicy(str, Enum):
    """What deleting the resource does to its object.

    ``remove`` removes it, ``deactivate`` switches it off and leaves it, ``retain`` leaves it as it is.
    """

    REMOVE = "remove"
    DEACTIVATE = "deactivate"
    RETAIN = "retain"


@dataclass(frozen=True)
class Step:
    """One change of one object.

    :param changed: of an update, the names of the properties that differ.
    """

    action: Action
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """An object as it is declared, or as it is found.

    :param active: the flag.
    :param properties: what an update can change, in a form in which equal means the same.
    """

    active: bool
    properties: Mapping[str, Any]


def steps(wanted: Snapshot, found: Snapshot) -> tuple[Step, ...]:
    """The steps from ``found`` to ``wanted``, in order; none where they agree."""
    changed = frozenset(name for name, value in wanted.properties.items() if found.properties.get(name) != value)
    update = (Step(Action.UPDATE, changed),) if changed else ()
    if found.active and not wanted.active:
        return (Step(Action.DEACTIVATE), *update)
    if wanted.active and not found.active:
        return (*update, Step(Action.REACTIVATE))
    return update


def steps_to_end(policy: DeletionPolicy, found: Snapshot | None) -> tuple[Step, ...]:
    """The steps that deleting the resource takes; ``found`` is None where the object is gone."""
    if found is None or policy is DeletionPolicy.RETAIN:
        return ()
    if policy is DeletionPolicy.DEACTIVATE:
        return (Step(Action.DEACTIVATE),) if found.active else ()
    return (Step(Action.REMOVE),)
