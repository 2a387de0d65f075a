"""Brings an object to its desired state: read it, decide, make one step, read it again.

Reading after each step replaces special cases. "Already deactivated" is success, because the next read agrees. A lost
answer needs no guess, because the next read shows whether the step happened. The state gets what was read, not what
was hoped for.

Only what the program changes is changed (:func:`pulumi_zorg.resource_types.lifecycle.changed_only`). So what the steps lead to follows from
each reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pulumi_zorg import errors
from pulumi_zorg.engine.lost_changes import Read, not_settled, removal_is_lost, settle
from pulumi_zorg.engine.target import Target, repeat
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.lifecycle import (
    Action,
    DeletionPolicy,
    Snapshot,
    Step,
    changed_only,
    steps,
    steps_to_delete,
)
from pulumi_zorg.resource_types.resource_type import AnyInputs
from pulumi_zorg.world.observed import Observed, Removal

#: After so many steps, somebody else must be changing the object too.
_TOO_MANY_STEPS = 8


def reconcile(
    target: Target[AnyInputs],
    recorded: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    created: Observed | None = None,
    verify: Callable[[Observed], None] = lambda observed: None,
) -> Observed:
    """Return the object as it was read after it was brought to what the program declares.

    :param recorded: what the state has of it.
    :param before: what the program declared before: only what differs from that is changed. None changes all that is declared.
    :param created: the object as the answer to its create shows it; None where it is to be read first.
    :param verify: is given each reading before a step is made, and raises where the object must not be touched.
    :raises Gone: where the object is proven to be removed.
    :raises AlreadyExists: where another object has what this one should get.
    """
    resource_type, inputs = target.type, target.inputs
    declared = resource_type.desired(inputs)
    # Use declared values for updatable properties; the state's may be stale.
    recorded = {name: value for name, value in recorded.items() if name not in resource_type.updatable}
    recorded |= declared.properties

    def read() -> Step | None:
        nonlocal created
        found = created or target.find(recorded)
        created = None
        if isinstance(found, Removal):
            raise errors.Gone(
                f"{target.title} does not exist any more: {found.describe()}. `pulumi refresh` takes it out of the state; the "
                "next `pulumi up` then creates it again."
            )
        verify(found)
        observed = resource_type.snapshot(found.properties)
        desired = declared if before is None else changed_only(before, declared, observed)
        plan = steps(desired, observed)
        target.sent = _sent(inputs, desired, observed)
        # One call of several can be refused after another one has taken effect.
        if target.first is None and (len(plan) > 1 or any(len(step.changed) > 1 for step in plan)):
            resource_type.before_changes(target.client, target.id, target.sent, plan)
        target.first = target.first or found
        target.found, target.unsure = found, None
        return next(iter(plan), None)

    _converge(read, target)
    assert target.found is not None  # noqa: S101 - narrows the type for the checker: it was read
    return target.found


def _sent(inputs: AnyInputs, desired: Snapshot, observed: Snapshot) -> AnyInputs:
    """Return what the calls send. Some must send everything: they send what the server has for what is not changed."""
    values = {name: desired.properties.get(name, value) for name, value in observed.properties.items()}
    # A list is a tuple in the inputs.
    sent: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if value is not None
    }
    return replace(inputs, **sent)


def destroy(target: Target[Any], recorded: Mapping[str, Any]) -> bool:
    """Apply the deletion policy to the object. Return whether this deactivated an object that was active.

    An object that is already removed is success.
    """
    policy, removal = DeletionPolicy(target.inputs.deletion_policy), Step(Action.REMOVE)
    if policy is DeletionPolicy.RETAIN:
        return False
    # The object is assumed to exist: what the removal answers shows whether it does. Where it may not be removed, it is read.
    # The first object of a run is read: a server that ignores the header is not written to.
    assumed = policy is DeletionPolicy.REMOVE and target.client.header_arrives and _may_be_removed(target)
    deactivates = False

    def read() -> Step | None:
        nonlocal assumed, deactivates
        if assumed:
            assumed = False
            return removal
        try:
            found = target.find(recorded)
        except errors.NotProven as error:
            if not error.unseen or policy is not DeletionPolicy.REMOVE:
                raise
            # Neither reads nor lists have it. Writes look into the event store: a 404 proves that it is removed.
            target.guard(removal)
            with suppress(errors.NotFound):
                target.perform(removal)
            return None
        observed = None if isinstance(found, Removal) else target.type.snapshot(found.properties)
        step = next(iter(steps_to_delete(policy, observed)), None)
        deactivates = deactivates or step == Step(Action.DEACTIVATE)
        return step

    _converge(read, target)
    return deactivates


def _may_be_removed(target: Target[Any]) -> bool:
    """Return whether nothing protects the object from its removal."""
    try:
        target.guard(Step(Action.REMOVE))
    except errors.LockoutRefused:
        return False
    return True


def _converge(read: Read, target: Target[Any]) -> None:
    """Make the steps that are left. Wait and read again where the answer to one was lost, or was a conflict of events."""
    repeat(
        target.client.transport,
        lambda: _make_steps(read, target),
        lambda error: isinstance(error, errors.Unreachable | errors.EventConflict),
        "Reading in {} whether it happened.",
    )


def _make_steps(read: Read, target: Target[Any]) -> None:
    step = read()
    for _ in range(_TOO_MANY_STEPS):
        if step is None:
            return
        target.guard(step)
        removes, target.unsure = step.action is Action.REMOVE, step
        try:
            target.perform(step)
        except (errors.EventConflict, errors.AlreadyExists):
            raise
        except (errors.UnexpectedAnswer, errors.ApiError) as failure:
            refused = isinstance(failure, errors.FailedPrecondition | errors.NotFound)
            # The object may be removed already: a removal is tried without a read before it.
            refused |= removes and isinstance(failure, errors.PermissionDenied)
            if not (failure.may_have_applied or refused):
                raise
            left = read() if removes else _read_after(failure, read)
            if left == step:
                if removes and removal_is_lost(target, failure):
                    return
                if removes or not isinstance(failure, errors.FailedPrecondition):
                    raise failure from None
                left = settle(target, step, read, failure)
            step = left
        else:
            if removes:
                removal_is_lost(target)  # whatever else a read answers needs no proof: the server has just confirmed it
                return
            step = settle(target, step, read)
    if step is not None:
        raise not_settled(target, step)


def _read_after(failure: ZorgError, read: Read) -> Step | None:
    """Read after a refused step. The refusal is more useful than an error of this read, unless the object is gone."""
    try:
        return read()
    except errors.Gone:
        raise
    except ZorgError:
        raise failure from None
