"""Whether the server shows what it has accepted: a create and a removal, which it can lose as it can lose a change.

What is done about a change that was lost is in :mod:`pulumi_zorg.engine.reconcile`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from pulumi_zorg import errors
from pulumi_zorg.api.records import Event
from pulumi_zorg.api.retry import poll
from pulumi_zorg.engine.target import Target, repeat
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.proof import events_of

#: Seconds within which a server shows a change that it has accepted. Reads by id showed each at once, apart from those that were lost.
SHOWN_WITHIN = 10.0
#: Seconds after which a change is made again for the first time. If it was only late, that changes nothing.
SHOWN_SOON = 3.0
#: Seconds within which a list shows most removals.
_UNLISTED_WITHIN = 0.5

T = TypeVar("T")


def read_new(target: Target[Any], within: float | None = None) -> Observed | None:
    """Return an object that was just created as a read by its id shows it; None where reads do not show it.

    :raises ZorgError: where a read fails for another reason than 404.
    """
    return wait_until(target, lambda: _read(target), lambda found: found is not None, within)


def remove_lost(target: Target[Any]) -> bool:
    """Remove a new object that reads do not show. Return whether it was there: for a write, the server looks into its event store."""
    try:
        repeat(
            target.client.transport,
            lambda: target.perform(Step(Action.REMOVE)),
            lambda error: isinstance(error, errors.Unreachable | errors.EventConflict),
            "It may be removed; trying again in {}.",
        )
    except errors.NotFound:
        return False
    return True


def removal_is_lost(target: Target[Any], refused: ZorgError | None = None) -> bool:
    """Return whether reads still show an object that the server has removed. Warn then: no call removes it again.

    :param refused: the answer to another removal; None where the server has just removed the object.
    """
    if refused is not None:
        events = _events_of(target) if isinstance(refused, errors.NotFound) else None
        if not events or events[-1].kind not in target.type.events.removed:
            return False
    # A read by id that finds nothing takes a server of July 2026 several times as long as a list.
    sleep = target.client.transport.sleep
    if poll(
        lambda: _is_unlisted(target), lambda each: each is not False, within=_UNLISTED_WITHIN, sleep=sleep, first=0.03
    ):
        return False
    if not wait_until(target, lambda: _is_read(target), lambda shown: not shown):
        return False
    target.client.transport.notice(
        f"warning: {target.title}: ZITADEL removed it and lost that: reads still show it, and it may still give access. It "
        f"cannot be removed again. {target.type.events.removed_only_with}"
    )
    return True


def was_created(target: Target[Any]) -> bool | None:
    """Return whether the event store shows that the caller created the object as declared; None where it cannot be read."""
    events = _events_of(target)
    if not events:
        return None if events is None else False
    own = target.type.events
    # An object whose id follows from what it is can have been created before, and removed.
    first = next((each for each in reversed(events) if each.kind in own.created), None)
    if first is None or first.editor.user_id != target.client.me.id:
        return False
    return events[-1].kind not in own.removed and target.type.may_be(first, target.inputs)


def _events_of(target: Target[Any]) -> tuple[Event, ...] | None:
    return events_of(target.client, target.type.events, target.id, target.address)


def _read(target: Target[Any]) -> Observed | None:
    try:
        found: Observed = target.type.observed(target.type.read(target.client, target.id, target.address))
    except errors.NotFound:
        return None
    return found


def _is_read(target: Target[Any]) -> bool:
    """Return whether a read by id shows an object that was removed."""
    with suppress(ZorgError):  # an organization that was removed is answered without a state
        return _read(target) is not None
    return False


def _is_unlisted(target: Target[Any]) -> bool | None:
    """Return whether no list has the object; None where that is not known."""
    with suppress(ZorgError):
        return target.type.calls.is_in_no_list(target.client, target.id)
    return None


def wait_until(
    target: Target[Any], read: Callable[[], T], enough: Callable[[T], bool], within: float | None = None
) -> T:
    """Return what ``read`` returns once that is ``enough``; else what it returned last.

    :param within: seconds after which it is not read again; None is :data:`SHOWN_WITHIN`.
    """
    longest = SHOWN_WITHIN if within is None else min(within, SHOWN_WITHIN)
    return poll(read, enough, within=longest, sleep=target.client.transport.sleep)
