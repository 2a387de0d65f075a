"""The steps from the observed state of an object to its desired state. Pure: no I/O, and nothing about one resource type.

This module alone decides the order: **access is never wider in between than it is at one of the two ends.**
Deactivating comes first, so that nothing else can fail before it. Reactivating comes last, so that nobody gets in before
everything else is as declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["Action", "DeletionPolicy", "Snapshot", "Step", "steps", "steps_to_delete"]


class Action(str, Enum):
    """What a step does to an object."""

    UPDATE = "update"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    REMOVE = "remove"


class DeletionPolicy(str, Enum):
    """What deleting the resource does to its object.

    ``remove`` removes it, ``deactivate`` deactivates and keeps it, ``retain`` leaves it as it is.
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
    """The part of an object that steps can change, desired or observed.

    :param active: the flag.
    :param properties: what an update can change. Equal values mean the same.
    """

    active: bool
    properties: Mapping[str, Any]


def steps(desired: Snapshot, observed: Snapshot) -> tuple[Step, ...]:
    """Return the steps from ``observed`` to ``desired``, in order; none where they agree."""
    changed = frozenset(name for name, value in desired.properties.items() if observed.properties.get(name) != value)
    update = (Step(Action.UPDATE, changed),) if changed else ()
    if observed.active and not desired.active:
        return (Step(Action.DEACTIVATE), *update)
    if desired.active and not observed.active:
        return (*update, Step(Action.REACTIVATE))
    return update


def steps_to_delete(policy: DeletionPolicy, observed: Snapshot | None) -> tuple[Step, ...]:
    """Return the steps that deleting the resource takes; ``observed`` is None where the object is removed already."""
    if observed is None or policy is DeletionPolicy.RETAIN:
        return ()
    if policy is DeletionPolicy.DEACTIVATE:
        return (Step(Action.DEACTIVATE),) if observed.active else ()
    return (Step(Action.REMOVE),)
