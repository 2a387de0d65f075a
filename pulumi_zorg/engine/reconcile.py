"""Brings an object to its desired state: read it, decide, make one step, read it again.

Reading after each step replaces special cases. "Already deactivated" is success, because the next read agrees. A lost
answer needs no guess, because the next read shows whether the step happened. The state gets what was read, not what
was hoped for.

Only what the program changes is changed (:func:`pulumi_zorg.resource_types.lifecycle.changed_only`). So what the steps lead to follows from
each reading.

It also repeats a change that the server accepted and does not show. A server of July 2026 loses about one in a thousand changes under
load: the answer is 200 and the event store has the change, but reads, lists and the roles in tokens have the old value for good. The same
call again changes nothing: it is answered 200, or 400 with code 9 ("already"). The opposite change and then the wanted one show again.

The opposite is what reads show anyway, so access is never wider in between than it reads already. If nothing was lost, the server
refuses the opposite or ignores it, because the object is like that. So this is safe for a caller who may not read the event store too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pulumi_zorg import errors
from pulumi_zorg.api.records import Event
from pulumi_zorg.engine.conflict import Conflict
from pulumi_zorg.engine.context import ProviderContext
from pulumi_zorg.engine.shown import SHOWN_SOON, removal_is_lost, wait_until
from pulumi_zorg.engine.target import Target, repeat
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types import lifecycle
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.lifecycle import Action, DeletionPolicy, Snapshot, Step
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import ACTIVE, Observed, Removal
from pulumi_zorg.world.proof import events_of

#: After so many steps, somebody else must be changing the object too.
_TOO_MANY_STEPS = 8

#: How often a change is made again. Making it again can be lost as well.
_ATTEMPTS = 3
_OPPOSITES = {Action.DEACTIVATE: Action.REACTIVATE, Action.REACTIVATE: Action.DEACTIVATE}
_NOUNS = {
    Action.UPDATE: "change",
    Action.DEACTIVATE: "deactivation",
    Action.REACTIVATE: "reactivation",
    Action.REMOVE: "removal",
    Action.TAKE_ALONG: "deactivation of what goes along with it",
    Action.GIVE_BACK: "reactivation of what was deactivated along with it",
}
#: Reads the object, and returns the next step; None where there is none.
Read = Callable[[], Step | None]


def reconcile(
    target: Target[AnyInputs],
    recorded: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    known: Observed | None = None,
    verify: Callable[[Observed], None] = lambda observed: None,
) -> Observed:
    """Return the object as it was read after it was brought to what the program declares.

    :param recorded: what the state has of it.
    :param before: what the program declared before: only what differs from that is changed. None changes all that is declared.
    :param known: the object as the first reading of a new one, a list or the state shows it; None where it is to be read first.
    :param verify: is given each reading before a step is made, and raises where the object must not be touched.
    :raises Gone: where the object is proven to be removed.
    :raises AlreadyExists: where another object has what this one should get.
    """
    resource_type, inputs = target.type, target.inputs
    declared = resource_type.desired(inputs)
    # Use declared values for updatable properties; the state's may be stale.
    recorded = {name: value for name, value in recorded.items() if name not in resource_type.updatable}
    recorded |= declared.properties
    # Nobody knows what an object is that has no state. What is to be active may have been deactivated along with its organization.
    if before is None or declared.active:
        recorded["active"] = True
    along_before = _kept_along(target) if before is None else resource_type.along(before)
    # It is read only where the program has, or had, something to say about it.
    along = None if declared.along == along_before == lifecycle.NOTHING else declared.along

    def read() -> Step | None:
        nonlocal known
        found, target.is_assumed = known or target.find(recorded, along), known is not None
        known = None
        if isinstance(found, Removal):
            raise errors.Gone(
                f"{target.title} does not exist any more: {found.describe()}. `pulumi refresh` takes it out of the state; the "
                "next `pulumi up` then creates it again."
            )
        verify(found)
        observed = resource_type.snapshot(found)
        desired = declared if before is None else lifecycle.changed_only(before, declared, observed, along_before)
        plan = lifecycle.steps(desired, observed)
        target.sent = _sent(target, desired, observed)
        # One call of several can be refused after another one has taken effect.
        if target.first is None and (len(plan) > 1 or any(len(step.changed) > 1 for step in plan)):
            resource_type.before_changes(target.client, target.id, target.sent, plan)
        target.first = target.first or found
        target.found, target.unsure = found, None
        return next(iter(plan), None)

    _converge(read, target)
    assert target.found is not None  # noqa: S101 - narrows the type for the checker: it was read
    return target.found


def bring(
    context: ProviderContext,
    target: Target[AnyInputs],
    resource: str,
    recorded: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    known: Observed | None,
    verify: Callable[[Observed], None] | None = None,
) -> Observed:
    """Bring the object to what is declared, and bind its id to the resource before anything is done to it.

    :param resource: as :class:`ManagedObjects` names it.
    :param before: see :func:`reconcile`, and so ``recorded`` and ``known``.
    :param verify: is given each reading before a step is made, and binds the id.
    """
    own, inputs = target.type, target.inputs
    verify = verify or (lambda observed: bind(context, target, resource))
    try:
        observed = reconcile(target, recorded, before=before, known=known, verify=verify)
    except errors.AlreadyExists as refused:
        raise Conflict(own, context, inputs, resource).error(refused, renamed=target.id) from None
    # What was left on the object is not lost.
    own.settle(context.client, target.id, target.sent, may_be_lost(own, recorded, inputs))
    if observed.warning:
        context.reporter.warn(observed.warning)
    return observed


def bind(context: ProviderContext, target: Target[Any], resource: str) -> None:
    """Bind the object to the resource. See :meth:`ManagedObjects.bind`."""
    context.objects.bind(resource, target.type.key(target.id, target.inputs.dump()))


def may_be_lost(own: ResourceType[AnyInputs], recorded: Mapping[str, Any], inputs: AnyInputs) -> Mapping[str, Any]:
    """Return what the state has of an object, without the roles that the program still declares: it takes none of those away."""
    name = own.gives_roles or ""
    declared = getattr(inputs, name, None) or ()
    return {**recorded, name: [each for each in recorded.get(name) or () if each not in declared]}


def _kept_along(target: Target[Any]) -> str | None:
    """Return what a resource without a state had deactivated along with its object: nobody knows, if it declares something of the kind."""
    return lifecycle.NOTHING if target.along_off == lifecycle.NOTHING else None


def _sent(target: Target[AnyInputs], desired: Snapshot, observed: Snapshot) -> AnyInputs:
    """Return what the calls send. Some must send everything: they send what the server has for what is not changed."""
    kept = target.type.sent_as_read
    values = {
        name: desired.properties.get(name, value)
        for name, value in observed.properties.items()
        if kept is None or name in kept or name in desired.properties
    }
    # A list is a tuple in the inputs.
    sent: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if value is not None
    }
    return replace(target.inputs, **sent)


def destroy(target: Target[Any], recorded: Mapping[str, Any]) -> bool:
    """Apply the deletion policy to the object. Return whether this deactivated an object that was active.

    An object that is already removed is success.
    """
    policy, removal = DeletionPolicy(target.inputs.deletion_policy), Step(Action.REMOVE)
    if policy is DeletionPolicy.RETAIN:
        return False
    # The object is assumed to exist: what the removal answers shows whether it does. Where it may not be removed, it is read.
    # The first object of a run is read: a server that ignores the header is not written to.
    along = target.along_off
    assumed = policy is DeletionPolicy.REMOVE and target.client.header_arrives
    deactivates = False

    def read() -> Step | None:
        nonlocal assumed, deactivates
        if assumed:
            assumed = False
            return removal
        try:
            found = target.find(recorded, None if along == lifecycle.NOTHING else along)
        except errors.NotProven as error:
            if not error.unseen or policy is not DeletionPolicy.REMOVE:
                raise
            # Neither reads nor lists have it. Writes look into the event store: a 404 proves that it is removed.
            target.guard(removal)
            with suppress(errors.NotFound):
                target.perform(removal)
            return None
        target.found = None if isinstance(found, Removal) else found
        observed = None if target.found is None else target.type.snapshot(target.found)
        step = next(iter(lifecycle.steps_to_delete(policy, observed, along)), None)
        deactivates = deactivates or step == Step(Action.DEACTIVATE)
        return step

    _converge(read, target)
    return deactivates


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
        if not _is_left(target, step, read):
            return
        removes, target.unsure = step.action is Action.REMOVE, step
        try:
            target.perform(step)
        except (errors.EventConflict, errors.AlreadyExists):
            raise
        except (errors.UnexpectedAnswer, errors.ApiError) as failure:
            refused = isinstance(failure, errors.FailedPrecondition | errors.NotFound)
            # The object may be removed already: without a read before it, nobody knows.
            refused |= (removes or target.is_assumed) and isinstance(failure, errors.PermissionDenied)
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


def _is_left(target: Target[Any], step: Step, read: Read) -> bool:
    """Return whether a step is to be made: a protected object may be removed already, with something that this run removes.

    :raises LockoutRefused: where the step must not be made.
    """
    try:
        target.guard(step)
    except errors.LockoutRefused:
        if step.action is not Action.REMOVE or read() == step:
            raise
        return False
    return True


def _read_after(failure: ZorgError, read: Read) -> Step | None:
    """Read after a refused step. The refusal is more useful than an error of this read, unless the object is gone."""
    try:
        return read()
    except errors.Gone:
        raise
    except ZorgError:
        raise failure from None


def settle(target: Target[Any], step: Step, read: Read, refusal: ZorgError | None = None) -> Step | None:
    """Read until a step is shown that the server has accepted. Return the next step.

    That is the same one where it must be made again. Where the server has lost it, its opposite was made before this returns.

    :param refusal: the answer of a server that has not accepted the step, because the object is already in that state. It is
        raised where it has another reason.
    """
    if refusal is not None and target.is_taken:
        return step
    accepted = None if refusal is None else _accepted(target, step)
    # What a refused update means is known where this change has made it before, as one call of several, or where the event store can
    # be read. A refused switch can be tried.
    may_be_lost = step.action in _OPPOSITES or step.changed <= target.accepted
    if refusal is not None and (accepted is False or (accepted is None and not may_be_lost)):
        raise refusal from None
    within = None if step in target.lost else SHOWN_SOON
    left = wait_until(target, read, lambda left: left != step or target.is_taken, within)
    if left == step and target.is_taken:
        return left  # it went along with its organization meanwhile, so that the step is another one now
    if left == step:
        # Where the event store has another change after it, nothing was lost.
        if refusal is not None or _accepted(target, step) is not False:
            _undo(target, step, refusal)
    elif step in target.lost and step.action is Action.TAKE_ALONG:
        target.client.transport.notice(
            f"{target.title}: after that, some of what goes along with it was still active, or active again, or new. "
            "It was deactivated too."
        )
    elif step in target.lost:
        target.client.transport.notice(
            f"{target.title}: ZITADEL had accepted the {_NOUNS[step.action]} and lost it: reads, and the roles in new tokens, did not "
            "follow. It was made again, and reads show it now."
        )
    return left


def not_settled(target: Target[Any], step: Step) -> errors.UnexpectedAnswer:
    """Return the error of a step that is left after it was accepted again and again, with who else changes the object."""
    what = f"{target.title}: ZITADEL accepted the {_NOUNS[step.action]}, and reads still do not show it."
    last = next((event for event, gives in _last_changes(target, step) if event is not None and gives is False), None)
    if last is None:
        return errors.UnexpectedAnswer(
            f"{what} Look at the object in the console, and run `pulumi up` again. If it stays so, tell whoever runs the server."
        )
    me = last.editor.user_id == target.client.me.id
    who = last.by or "somebody"
    return errors.UnexpectedAnswer(
        f"{what} The last change in its event store is another one ({last.kind} at {last.creation_date:%Y-%m-%d %H:%M:%S} UTC): "
        f"{'another run with the same credential' if me else who} is changing the object too. Run `pulumi up` again when that "
        "has ended."
    )


def _undo(target: Target[Any], step: Step, refusal: ZorgError | None) -> None:
    """Make the opposite of a step that reads do not show: what they show.

    :raises ZorgError: ``refusal``, where the server shows that it has not lost the step.
    """
    # Reads show neither state of a locked user, whose deactivation was lost. A reactivation would give it access for a moment.
    in_neither = target.found is not None and ACTIVE not in target.found.properties
    if target.lost.count(step) == _ATTEMPTS or (step.action in _OPPOSITES and in_neither):
        raise not_settled(target, step)
    if step.action in (Action.TAKE_ALONG, Action.GIVE_BACK):
        target.lost.append(step)  # the objects themselves are verified one by one; somebody may change them meanwhile
        return
    if step.action in _OPPOSITES:
        shown, opposite = target, Step(_OPPOSITES[step.action])
    else:
        assert target.found is not None  # noqa: S101 - narrows the type for the checker: an update was read before
        found = {name: target.found.properties.get(name) for name in step.changed}
        values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in found.items()}
        shown, opposite = Target(target.type, target.client, target.id, replace(target.sent, **values)), step
    try:
        shown.guard(opposite)
        shown.perform(opposite)
    except errors.FailedPrecondition:  # the object is in that state: nothing was lost
        if refusal is not None:
            raise refusal from None
        return
    except (errors.ApiError, errors.NoAnswer) as failure:
        # Where the opposite may have been made, the wanted change must follow.
        if not failure.may_have_applied:
            raise errors.UnexpectedAnswer(
                f"{target.title}: ZITADEL accepted the {_NOUNS[step.action]} and does not show it. To make it again, its opposite was "
                f"tried first, which failed. {failure}",
                may_have_applied=False,
            ) from None
    target.lost.append(step)


def _accepted(target: Target[Any], step: Step) -> bool | None:
    """Return whether the event store has the step as the last change; None where the caller may not read that."""
    given = [gives for _, gives in _last_changes(target, step)]
    return False if False in given else None if None in given or not given else True


def _last_changes(target: Target[Any], step: Step) -> list[tuple[Event | None, bool | None]]:
    """Return the last event that changed each property of the step, and whether it made what the step makes.

    Without an event, nothing has made that. The list is empty for a caller who may not read events.
    """
    own, wanted, names = target.type.events, target.sent.dump(), sorted(step.changed)
    if step.action in _OPPOSITES:
        names, wanted = ["active"], {**wanted, "active": step.action is Action.REACTIVATE}
    kinds = {kind for name in names for kind in own.changes.get(name, ())}
    events = events_of(target.client, own, target.id, target.address, kinds)
    if events is None:
        return []
    last = {name: next((each for each in reversed(events) if own.changes_property(each, name)), None) for name in names}
    return [
        (event, False if event is None else own.gives(event, name, wanted.get(name))) for name, event in last.items()
    ]
