"""Brings an object to what is declared: look, decide, do one step, look again.

Looking after each step is what makes everything else simple. "Already so" is success because the next look
agrees; an answer that was lost needs no guess, for the next look shows whether the step happened; and what
goes into the state is what was seen, not what was hoped for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import tenacity

from pulumi_zorg.client import Client
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    FailedPrecondition,
    Gone,
    NotFound,
    UnexpectedAnswer,
    Unreachable,
    ZorgError,
)
from pulumi_zorg.lifecycle import Action, DeletionPolicy, Step, steps, steps_to_end
from pulumi_zorg.proof import Removal
from pulumi_zorg.providers.kind import AnyInputs, Kind, Sighting
from pulumi_zorg.providers.waiting import look_until

__all__ = ["bring", "end", "told"]

#: Seconds that a server is given to show a change that it has accepted.
_SETTLES_WITHIN = 10.0
#: Steps after which somebody else must be changing the object too.
_TOO_MANY = 8

T = TypeVar("T")
#: What there is, and what is left to do.
Look = Callable[[], tuple[T, tuple[Step, ...]]]
Guard = Callable[[Step], None]
MadeRoom = Callable[[AlreadyExists], bool]
Sleep = Callable[[float], None]


def bring(
    kind: Kind[AnyInputs],
    client: Client,
    id: str,
    inputs: AnyInputs,
    known: Mapping[str, Any],
    *,
    guard: Guard = lambda step: None,
    made_room: MadeRoom = lambda refused: False,
    first: Callable[[Sighting], None] | None = None,
) -> Sighting:
    """Brings the object to what ``inputs`` declare and gives it as it is then found.

    :param known: what the state has of it.
    :param guard: is asked before each step, and raises where the step must not be taken.
    :param made_room: is asked where something else stands in the way of a step; whether the step can be tried again.
    :param first: is given what is seen before anything is done, and raises where it is not to be touched.
    :raises Gone: where it is proven that there is nothing to bring anywhere.
    """
    wanted = kind.wanted(inputs)

    def look() -> tuple[Sighting, tuple[Step, ...]]:
        nonlocal first
        found = kind.find(client, id, known)
        if isinstance(found, Removal):
            raise Gone(
                f"{kind.title(inputs, id)} does not exist any more: {told(found)}. `pulumi refresh` takes it out of the state; "
                "the next `pulumi up` then creates it anew."
            )
        if first is not None:
            first(found)
            first = None
        return found, steps(wanted, found.snapshot)

    def perform(step: Step) -> None:
        try:
            kind.perform(client, id, inputs, step)
        except AlreadyExists as refused:
            if not made_room(refused):
                raise refused from None
            kind.perform(client, id, inputs, step)

    return _converge(look, perform, kind.title(inputs, id), client, guard)


def end(
    kind: Kind[AnyInputs],
    client: Client,
    id: str,
    inputs: AnyInputs,
    known: Mapping[str, Any],
    *,
    guard: Guard = lambda step: None,
) -> None:
    """Does to the object what its deletion policy says. What is gone already is well."""
    policy = DeletionPolicy(inputs.deletion_policy)
    if policy is DeletionPolicy.RETAIN:
        return

    def look() -> tuple[None, tuple[Step, ...]]:
        found = kind.find(client, id, known)
        return None, steps_to_end(policy, None if isinstance(found, Removal) else found.snapshot)

    _converge(look, lambda step: kind.perform(client, id, inputs, step), kind.title(inputs, id), client, guard)


class _Unsure(Exception):
    """A write whose answer was lost: to be looked at again after a while."""

    def __init__(self, failure: Unreachable) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _converge(look: Look[T], perform: Guard, title: str, client: Client, guard: Guard) -> T:
    """Passes until one ends, waiting between them where the answer to a write was lost."""

    def say(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        client.transport.notice(f"{error} Looking in {wait:.1f} s whether it happened.")

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_Unsure),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=15),
        stop=tenacity.stop_before_delay(client.transport.settings.retry_deadline),
        before_sleep=say,
        sleep=client.transport.sleep,
        reraise=True,
    )
    try:
        result: T = retrying(_pass, look, perform, title, guard, client.transport.sleep)
    except _Unsure as error:
        raise error.failure from None
    return result


def _pass(look: Look[T], perform: Guard, title: str, guard: Guard, sleep: Sleep) -> T:
    seen, plan = look()
    for _ in range(_TOO_MANY):
        if not plan:
            return seen
        step = plan[0]
        guard(step)
        try:
            perform(step)
        except Unreachable as failure:
            if failure.performed:
                raise _Unsure(failure) from None
            raise
        except (FailedPrecondition, NotFound, UnexpectedAnswer, ApiError) as failure:
            if not (failure.performed or isinstance(failure, FailedPrecondition | NotFound)):
                raise
            seen, plan = _look_after(failure, look)
            if plan and plan[0] == step:
                raise
        else:
            if step.action is Action.REMOVE:
                return seen  # to look again would ask for the proof of what the server has just said
            seen, plan = _settled(look, step, sleep)
    raise UnexpectedAnswer(
        f"{title}: after {_TOO_MANY} changes, reading still shows it otherwise ({plan[0].action.value} is left). "
        "Somebody else seems to be changing it too; try again."
    )


def _look_after(failure: ZorgError, look: Look[T]) -> tuple[T, tuple[Step, ...]]:
    try:
        return look()
    except Gone:
        raise
    except ZorgError:
        # What was refused says more than that the look afterwards failed as well.
        raise failure from None


def _settled(look: Look[T], step: Step, sleep: Sleep) -> tuple[T, tuple[Step, ...]]:
    """Looks until the server shows the step that it has accepted, but not forever."""
    return look_until(look, lambda seen: not seen[1] or seen[1][0] != step, within=_SETTLES_WITHIN, sleep=sleep)


def told(removal: Removal) -> str:
    """The proof as the end of a sentence."""
    by = f" by {removal.by}" if removal.by else ""
    at = f" at {removal.at:%Y-%m-%d %H:%M:%S} UTC" if removal.at else ""
    return f"{removal.how}{by}{at}"
