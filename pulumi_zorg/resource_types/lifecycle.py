"""The steps from the observed state of an object to its desired state. Pure: no I/O, and nothing about one resource type.

This module alone decides what an update changes: **only what the program changes.** What else differs on the server is left.

It alone decides the order too: **during the steps, access to one object is never wider than before the first or after the last step.**
Deactivating comes first, so that nothing else can fail before it, and at once after it what is deactivated along with the object.
Reactivating comes last, so that nobody gets in before everything else is as declared. What was deactivated along with the object is
brought back after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Action(str, Enum):
    """What a step does to an object."""

    UPDATE = "update"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    REMOVE = "remove"
    #: Deactivate the objects of other types that go along with the object, and remember which ones these are.
    TAKE_ALONG = "take along"
    #: Reactivate those that were taken along, and nothing else.
    GIVE_BACK = "give back"


#: What is deactivated along with an object: nothing.
NOTHING = "none"
#: Of an object, as it was read: neither all that goes along with it is deactivated, nor is nothing remembered.
PARTLY = "partly"
#: Before a kind, like ``users``, in the state of an object that was refreshed: what is remembered of the kind was not all inactive, or was
#: not reactivated with the object. So the next update has something to do, whatever the program declares.
NOT_ALL = "not all "


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

    :param active: the flag; None of an observed object in a state that is neither active nor inactive, and of an object that has no
        states.
    :param properties: what an update can change. Equal values mean the same.
    :param along: what is deactivated along with the object, like ``users``. See :data:`NOTHING` and :data:`PARTLY`.
    """

    active: bool | None
    properties: Mapping[str, Any]
    along: str = NOTHING


def changed_only(
    before: Mapping[str, Any], declared: Snapshot, observed: Snapshot, along_before: str | None = NOTHING
) -> Snapshot:
    """Return what an update makes of an object: what the program changes is as declared, and the rest as observed.

    :param before: what the program declared before. What is missing from it counts as changed.
    :param along_before: the same for what is deactivated along with the object; None counts as changed.
    """
    # What is to go along with the object goes with its deactivation, also where somebody has reactivated the object itself.
    takes = declared.along not in (NOTHING, along_before)
    active = declared.active if takes or before.get("active") != declared.active else observed.active
    values = declared.properties.items()
    properties = {name: merged(before.get(name), value, observed.properties.get(name)) for name, value in values}
    return Snapshot(active, properties, observed.along if along_before == declared.along else declared.along)


def merged(before: Any, declared: Any, observed: Any) -> Any:
    """Return what a property is to be, of which a program changes only what differs between ``before`` and ``declared``.

    Of a map each key is a property of its own, and of a list of texts, which is a set, each text: a role that somebody gave or
    took away outside Pulumi is no part of a change that adds another one.

    :param before: None where the program did not declare the property. Then it is to be as declared.
    """
    if before is None or declared is None:
        return declared
    if before == declared:
        return observed
    if isinstance(before, Mapping) and isinstance(declared, Mapping) and isinstance(observed, Mapping):
        result = {name: value for name, value in observed.items() if name in declared or name not in before}
        for name in declared.keys() - before.keys():
            result[name] = declared[name]
        for name in declared.keys() & before.keys():
            if before[name] != declared[name]:
                result[name] = merged(before[name], declared[name], observed.get(name))
        return dict(sorted(result.items()))
    if _are_texts(before) and _are_texts(declared) and _are_texts(observed):
        return sorted(({*observed} | ({*declared} - {*before})) - ({*before} - {*declared}))
    return declared


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def steps(desired: Snapshot, observed: Snapshot) -> tuple[Step, ...]:
    """Return the steps from ``observed`` to ``desired``, in order; none where they agree."""
    changed = frozenset(name for name, value in desired.properties.items() if observed.properties.get(name) != value)
    update = (Step(Action.UPDATE, changed),) if changed else ()
    deactivate = observed.active is not False and desired.active is False
    reactivate = observed.active is False and desired.active is True
    take = desired.along not in (NOTHING, observed.along)
    give_back = desired.along == NOTHING != observed.along
    return (
        *((Step(Action.DEACTIVATE),) if deactivate else ()),
        *((Step(Action.TAKE_ALONG),) if take else ()),
        *update,
        *((Step(Action.REACTIVATE),) if reactivate else ()),
        *((Step(Action.GIVE_BACK),) if give_back else ()),
    )


def steps_to_delete(policy: DeletionPolicy, observed: Snapshot | None, along: str = NOTHING) -> tuple[Step, ...]:
    """Return the steps that deleting the resource takes; ``observed`` is None where the object is removed already.

    :param along: what is deactivated along with the object.
    """
    if observed is None or policy is DeletionPolicy.RETAIN:
        return ()
    if policy is DeletionPolicy.DEACTIVATE:
        return steps(Snapshot(False, {}, along), observed)
    return (Step(Action.REMOVE),)
