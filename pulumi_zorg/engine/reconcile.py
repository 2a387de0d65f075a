"""Brings an object to its desired state: read it, decide, make one step, read it again.

Reading after each step replaces special cases. "Already deactivated" is success, because the next read agrees. A lost
answer needs no guess, because the next read shows whether the step happened. The state gets what was read, not what
was hoped for.

Only what the program changes is changed (:func:`pulumi_zorg.resource_types.lifecycle.changed_only`). So what the steps lead to follows from
each reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.retry import retry
from pulumi_zorg.engine.lost_changes import Change, removal_is_lost, was_removed
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    EventConflict,
    FailedPrecondition,
    Gone,
    LockoutRefused,
    NotFound,
    NotProven,
    PermissionDenied,
    UnexpectedAnswer,
    Unreachable,
    ZorgError,
)
from pulumi_zorg.resource_types.lifecycle import (
    Action,
    DeletionPolicy,
    Snapshot,
    Step,
    changed_only,
    steps,
    steps_to_delete,
)
from pulumi_zorg.resource_types.resource_type import AnyInputs, Observed, ResourceType
from pulumi_zorg.world.proof import Removal

__all__ = ["Progress", "destroy", "reconcile"]

#: After so many steps, somebody else must be changing the object too.
_TOO_MANY_STEPS = 8

T = TypeVar("T")
#: Returns what exists, and the steps that are left.
Read = Callable[[], tuple[T, tuple[Step, ...]]]


@dataclass
class Progress(Generic[AnyInputs]):
    """How far a change has come. It outlives an error, which says so.

    :ivar first: the object before the first step; None where it was not read.
    :ivar found: the object as it was read last.
    :ivar inputs: what the object is to be, as the calls take it: what is not changed is as the last reading shows it.
    :ivar unsure: the step that was begun after the last reading.
    """

    first: Observed | None = None
    found: Observed | None = None
    inputs: AnyInputs | None = None
    unsure: Step | None = None


def reconcile(
    resource_type: ResourceType[AnyInputs],
    client: Client,
    id: str,
    inputs: AnyInputs,
    known: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    created: Observed | None = None,
    verify: Callable[[Observed], None] = lambda observed: None,
    progress: Progress[AnyInputs] | None = None,
) -> Observed:
    """Bring the object to what ``inputs`` declare, and return it as it was read afterwards.

    :param known: what the state has of the object.
    :param before: what the program declared before: only what differs from that is changed. None changes all that is declared.
    :param created: the object as the answer to its create shows it; None where it is to be read first.
    :param verify: is given each reading before a step is made, and raises where the object must not be touched.
    :raises Gone: where the object is proven to be removed.
    :raises AlreadyExists: where another object has what this one should get.
    """
    declared = resource_type.desired(inputs)
    progress = Progress() if progress is None else progress
    # What can change is known as it is declared now: the state may have something that the program leaves out by now, and lack
    # something that it declares for the first time.
    known = {name: value for name, value in known.items() if name not in resource_type.updatable}
    known |= declared.properties

    def read() -> tuple[Observed, tuple[Step, ...]]:
        nonlocal created
        found = created or resource_type.find(client, id, resource_type.address_in(known))
        created = None
        if isinstance(found, Removal):
            raise Gone(
                f"{resource_type.title(inputs, id)} does not exist any more: {found.describe()}. `pulumi refresh` takes it "
                "out of the state; the next `pulumi up` then creates it again."
            )
        verify(found)
        observed = resource_type.snapshot(found.properties)
        desired = declared if before is None else changed_only(before, declared, observed)
        plan = steps(desired, observed)
        progress.inputs = _sent(inputs, desired, observed)
        if progress.first is None and _takes_several_calls(plan):
            resource_type.before_changes(client, id, progress.inputs, plan)
        progress.first = progress.first or found
        progress.found, progress.unsure = found, None
        return found, plan

    return _converge(read, _Target(resource_type, client, id, inputs, progress))


def _sent(inputs: AnyInputs, desired: Snapshot, observed: Snapshot) -> AnyInputs:
    """Return what the calls take. Some must send everything: they send what the server has for what is not changed."""
    values = {name: desired.properties.get(name, value) for name, value in observed.properties.items()}
    # A list is a tuple in the inputs.
    sent: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if value is not None
    }
    return replace(inputs, **sent)


def _takes_several_calls(plan: tuple[Step, ...]) -> bool:
    """Whether one call of the plan can be refused after another one has taken effect."""
    return len(plan) > 1 or any(len(step.changed) > 1 for step in plan)


def destroy(
    resource_type: ResourceType[AnyInputs], client: Client, id: str, inputs: AnyInputs, known: Mapping[str, Any]
) -> bool:
    """Apply the deletion policy to the object. An object that is already removed is success.

    :return: whether this deactivated an object that was active.
    """
    policy = DeletionPolicy(inputs.deletion_policy)
    if policy is DeletionPolicy.RETAIN:
        return False

    target = _Target(resource_type, client, id, inputs)
    # The object is assumed to exist: what the removal answers shows whether it does. Where it may not be removed, it is read.
    # The first object of a run is read: a server that ignores the header is not written to.
    assumed = policy is DeletionPolicy.REMOVE and client.header_arrives and target.may_be_removed()

    deactivates = False

    def read() -> tuple[None, tuple[Step, ...]]:
        nonlocal assumed, deactivates
        if assumed:
            assumed = False
            return None, (Step(Action.REMOVE),)
        try:
            found = resource_type.find(client, id, resource_type.address_in(known))
        except NotProven as error:
            if not error.unseen or policy is not DeletionPolicy.REMOVE:
                raise
            _remove_unseen(target)
            return None, ()
        snapshot = None if isinstance(found, Removal) else resource_type.snapshot(found.properties)
        plan = steps_to_delete(policy, snapshot)
        deactivates = deactivates or Step(Action.DEACTIVATE) in plan
        return None, plan

    _converge(read, target)
    return deactivates


@dataclass(frozen=True)
class _Target(Generic[AnyInputs]):
    """The object that steps are made on."""

    type: ResourceType[AnyInputs]
    client: Client
    id: str
    inputs: AnyInputs
    progress: Progress[AnyInputs] = field(default_factory=Progress)

    def may_be_removed(self) -> bool:
        """Whether nothing protects the object from its removal."""
        try:
            self.guard(Step(Action.REMOVE))
        except LockoutRefused:
            return False
        return True

    def guard(self, step: Step) -> None:
        self.type.guard(self.client, self.id, self.inputs, step)

    def perform(self, step: Step) -> None:
        self.progress.unsure = step
        self.type.perform(self.client, self.id, self.sent, step)

    @property
    def sent(self) -> AnyInputs:
        """What the calls take: what is not changed is as it was read last."""
        return self.progress.inputs or self.inputs

    def removal_is_lost(self, refused: ZorgError | None = None) -> bool:
        """Whether reads still show the object that was removed. The user is warned then.

        :param refused: what the server answered to another removal; None where it has just removed the object.
        """
        if refused is not None and not isinstance(refused, NotFound):
            return False
        if refused is not None and not was_removed(self.type, self.client, self.id, self.inputs):
            return False
        return removal_is_lost(self.type, self.client, self.id, self.inputs)

    def change(self, step: Step) -> Change[AnyInputs]:
        """The step as what the server has accepted."""
        return Change(self.type, self.client, self.id, self.sent, step)


def _remove_unseen(target: _Target[Any]) -> None:
    """Remove an object that neither reads nor lists have. That none is found is success: writes look into the event store."""
    step = Step(Action.REMOVE)
    target.guard(step)
    try:
        target.perform(step)
    except NotFound:
        pass
    except Unreachable as failure:
        if failure.may_have_applied:
            raise _AnswerLost(failure) from None
        raise


class _AnswerLost(Exception):
    """It is not known whether a write happened, and the reason may pass. It is read after a while."""

    def __init__(self, failure: ZorgError) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _converge(read: Read[T], target: _Target[Any]) -> T:
    """Run passes until one ends, and wait between them where the answer to a write was lost, or was a conflict of events."""
    transport = target.client.transport
    try:
        return retry(
            lambda: _pass(read, target),
            should_retry=lambda error: isinstance(error, _AnswerLost),
            left=transport.patience(),
            sleep=transport.sleep,
            notify=lambda error, wait: transport.report_repeated(
                error.failure if isinstance(error, _AnswerLost) else error,
                f"{error} Reading in {wait:.1f} s whether it happened.",
            ),
        )
    except _AnswerLost as error:
        raise error.failure from None


def _pass(read: Read[T], target: _Target[Any]) -> T:
    found, plan = read()
    for _ in range(_TOO_MANY_STEPS):
        if not plan:
            return found
        step = plan[0]
        target.guard(step)
        try:
            target.perform(step)
        except (Unreachable, EventConflict) as failure:
            if failure.may_have_applied:
                raise _AnswerLost(failure) from None
            raise
        except AlreadyExists:
            raise
        except (UnexpectedAnswer, ApiError) as failure:
            refused = isinstance(failure, FailedPrecondition | NotFound)
            # The object may be removed already: a removal is tried without a read before it.
            refused |= step.action is Action.REMOVE and isinstance(failure, PermissionDenied)
            if not (failure.may_have_applied or refused):
                raise
            found, plan = read() if step.action is Action.REMOVE else _read_after(failure, read)
            if plan and plan[0] == step:
                if step.action is Action.REMOVE and target.removal_is_lost(failure):
                    return found
                if step.action is Action.REMOVE or not isinstance(failure, FailedPrecondition):
                    raise failure from None
                found, plan = _answered(target.change(step).shown_after, failure, read, (found, plan))
        else:
            if step.action is Action.REMOVE:
                target.removal_is_lost()  # whatever else a read answers needs no proof: the server has just confirmed it
                return found
            found, plan = _answered(target.change(step).shown, read)
    raise target.change(plan[0]).not_settled()


def _answered(call: Callable[..., tuple[T, tuple[Step, ...]]], *args: Any) -> tuple[T, tuple[Step, ...]]:
    """Return what a call returns that may write."""
    try:
        return call(*args)
    except Unreachable as failure:
        if failure.may_have_applied:
            raise _AnswerLost(failure) from None
        raise


def _read_after(failure: ZorgError, read: Read[T]) -> tuple[T, tuple[Step, ...]]:
    """Read after a refused step. The refusal is more useful than an error of this read, unless the object is gone."""
    try:
        return read()
    except Gone:
        raise
    except ZorgError:
        raise failure from None
