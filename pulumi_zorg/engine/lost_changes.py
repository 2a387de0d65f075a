"""Makes a change again that the server accepted and does not show.

A server of July 2026 loses about one in a thousand changes under load: the answer is 200 and the event store has the change, but
reads, lists and the roles in tokens have the old value for good. The same call again changes nothing: it is answered 200, or 400 with
code 9 ("already"). The opposite change and then the wanted one show again.

The opposite is what reads show anyway, so access is never wider in between than it reads already. If nothing was lost, the server
refuses the opposite or ignores it, because the object is like that. So this is safe for a caller who may not read the event store too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event
from pulumi_zorg.api.retry import poll
from pulumi_zorg.errors import (
    ApiError,
    FailedPrecondition,
    NoAnswer,
    NotFound,
    UnexpectedAnswer,
    Unreachable,
    ZorgError,
)
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.resource_type import AnyInputs, ResourceType
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.proof import events_of

__all__ = ["Change", "is_shown", "removal_is_lost", "was_created", "was_removed"]

#: Seconds within which a server shows a change that it has accepted.
SHOWN_WITHIN = 10.0
#: How often a change is made again. Making it again can be lost as well.
_ATTEMPTS = 3

_OPPOSITES = {Action.DEACTIVATE: Action.REACTIVATE, Action.REACTIVATE: Action.DEACTIVATE}
_NOUNS = {
    Action.UPDATE: "change",
    Action.DEACTIVATE: "deactivation",
    Action.REACTIVATE: "reactivation",
    Action.REMOVE: "removal",
}

T = TypeVar("T")
#: What exists, and the steps that are left.
Reading = tuple[T, tuple[Step, ...]]


class Change(Generic[AnyInputs]):
    """A step that the server has accepted, or has refused because it is done already.

    :param inputs: what is declared.
    """

    def __init__(self, type: ResourceType[AnyInputs], client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        self.type, self.client, self.id, self.inputs, self.step = type, client, id, inputs, step

    def shown(self, read: Callable[[], Reading[T]]) -> Reading[T]:
        """Read until the step is shown, and make it again where the server has lost it.

        :raises UnexpectedAnswer: where reads still do not show it.
        """
        found, plan = self._wait(read)
        if not self._is_left(plan):
            return found, plan
        accepted = self._accepted()
        if accepted is False:
            return found, plan  # the event store has another change after it
        return self._make_again(read, found, plan)

    def shown_after(self, refusal: ZorgError, read: Callable[[], Reading[T]], reading: Reading[T]) -> Reading[T]:
        """Make the step again where the server refuses it because it is done already, and reads show that it is not.

        :param reading: what was read after the refusal.
        :raises ZorgError: the refusal, where it has another reason.
        """
        accepted = self._accepted()
        # What a refused update means is known only where the event store can be read. A refused switch can be tried.
        if accepted is False or (accepted is None and self.step.action not in _OPPOSITES):
            raise refusal from None
        reading = self._wait(read) if self._is_left(reading[1]) else reading
        if not self._is_left(reading[1]):
            return reading
        found, plan = self._make_again(read, *reading)
        if self._is_left(plan):
            raise refusal from None
        return found, plan

    def not_settled(self) -> UnexpectedAnswer:
        """Return the error of a step that is left after it was accepted again and again, with who else changes the object."""
        title, noun = self.type.title(self.inputs, self.id), _NOUNS[self.step.action]
        what = f"{title}: ZITADEL accepted the {noun}, and reads still do not show it."
        last = self._otherwise()
        if last is not None:
            me = last.editor.user_id == self.client.me.id
            who = "another run with the same credential" if me else _editor(last)
            return UnexpectedAnswer(
                f"{what} The last change in its event store is another one ({last.kind} at {_time(last)}): {who} is changing the "
                "object too. Run `pulumi up` again when that has ended."
            )
        return UnexpectedAnswer(
            f"{what} Look at the object in the console, and run `pulumi up` again. If it stays so, tell whoever runs the server."
        )

    def _wait(self, read: Callable[[], Reading[T]]) -> Reading[T]:
        """Read until the step is shown, but not forever."""
        sleep = self.client.transport.sleep
        return poll(read, lambda reading: not self._is_left(reading[1]), within=SHOWN_WITHIN, sleep=sleep)

    def _is_left(self, plan: tuple[Step, ...]) -> bool:
        return bool(plan) and plan[0] == self.step

    def _make_again(self, read: Callable[[], Reading[T]], found: T, plan: tuple[Step, ...]) -> Reading[T]:
        """Make the opposite change and the wanted one, and read until that is shown.

        The step is left in what is returned where the server shows that it has not lost it.
        """
        opposite = self._opposite(found)
        if opposite is None:
            raise self.not_settled()
        noun, title = _NOUNS[self.step.action], self.type.title(self.inputs, self.id)
        for _ in range(_ATTEMPTS):
            try:
                self._perform(*opposite)
            except FailedPrecondition:
                return found, plan  # it is like that: nothing was lost
            except (ApiError, NoAnswer) as failure:
                # Where the opposite may have been made, the wanted change must follow.
                if not failure.may_have_applied:
                    raise UnexpectedAnswer(
                        f"{title}: ZITADEL accepted the {noun} and does not show it. To make it again, its opposite was tried first, "
                        f"which failed. {failure}",
                        may_have_applied=False,
                    ) from None
            try:
                self._perform(self.step, self.inputs)
            except Unreachable:
                raise
            except (ApiError, UnexpectedAnswer) as failure:
                # Where it is refused because it is done already, the opposite was not made after all: the next read decides.
                if not (failure.may_have_applied or isinstance(failure, FailedPrecondition)):
                    raise
            found, plan = self._wait(read)
            if not self._is_left(plan):
                self.client.transport.notice(
                    f"{title}: ZITADEL had accepted the {noun} and lost it: reads, and the roles in new tokens, did not follow. It was "
                    "made again, and reads show it now."
                )
                return found, plan
        raise self.not_settled()

    def _opposite(self, found: Any) -> tuple[Step, AnyInputs] | None:
        """Return the step to what reads show, and what it declares; None where that is not known."""
        action = _OPPOSITES.get(self.step.action)
        if action is not None:
            return Step(action), self.inputs
        if self.step.action is not Action.UPDATE or not isinstance(found, Observed):
            return None
        shown: dict[str, Any] = {name: found.properties.get(name) for name in self.step.changed}
        as_shown = {name: tuple(value) if isinstance(value, list) else value for name, value in shown.items()}
        return self.step, replace(self.inputs, **as_shown)  # type: ignore[arg-type]  # the values have several types

    def _perform(self, step: Step, inputs: AnyInputs) -> None:
        self.type.guard(self.client, self.id, inputs, step)
        self.type.perform(self.client, self.id, inputs, step)

    def _last_changes(self) -> dict[str, Event | None] | None:
        """Return the last event that changed each property of the step; None for a caller who may not read events."""
        own, address = self.type.events, self.type.address_in(self.inputs.dump())
        names = ("active",) if self.step.action in _OPPOSITES else sorted(self.step.changed)
        kinds = {kind for name in names for kind in own.changes.get(name, ())}
        events = events_of(self.client, own, self.id, address, kinds)
        if events is None:
            return None
        return {
            name: next((event for event in reversed(events) if own.changes_property(event, name)), None)
            for name in names
        }

    def _accepted(self) -> bool | None:
        """Whether the event store has the step as the last change; None where the caller may not read that."""
        last = self._last_changes()
        if last is None:
            return None
        given = [event is not None and self._gives(event, name) for name, event in last.items()]
        return False if False in given else None if None in given else True

    def _otherwise(self) -> Event | None:
        """Return the event that changed the object after the step, if there is one that the caller may read."""
        last = self._last_changes() or {}
        changed = (event for name, event in last.items() if event is not None and self._gives(event, name) is False)
        return next(changed, None)

    def _gives(self, event: Event, name: str) -> bool | None:
        wanted = self.inputs.dump().get(name)
        if name == "active":
            wanted = self.step.action is Action.REACTIVATE
        return self.type.events.gives(event, name, wanted)


def is_shown(type: ResourceType[Any], client: Client, id: str, inputs: Any) -> bool:
    """Whether a read by id shows an object that was just created. What cannot be read for another reason counts as shown."""

    def shown() -> bool:
        try:
            type.read(client, id, type.address_in(inputs.dump()))
        except NotFound:
            return False
        except ZorgError:
            return True
        return True

    return poll(shown, bool, within=SHOWN_WITHIN, sleep=client.transport.sleep)


def removal_is_lost(type: ResourceType[Any], client: Client, id: str, inputs: Any) -> bool:
    """Whether reads still show an object that the server has removed. Then it says so: nothing that a caller can do removes it again."""

    def shown() -> bool:
        try:
            type.observed(type.read(client, id, type.address_in(inputs.dump())))
        except ZorgError:  # an organization that was removed is answered without a state
            return False
        return True

    if not poll(lambda: not shown(), bool, within=SHOWN_WITHIN, sleep=client.transport.sleep):
        client.transport.notice(
            f"warning: {type.title(inputs, id)}: ZITADEL removed it and lost that: reads still show it, and it may still give access. It "
            f"cannot be removed again. {type.events.removed_only_with}"
        )
        return True
    return False


def was_removed(type: ResourceType[Any], client: Client, id: str, inputs: Any) -> bool:
    """Whether the event store shows that the object was removed."""
    events = events_of(client, type.events, id, type.address_in(inputs.dump()))
    return events is not None and len(events) > 0 and events[-1].kind in type.events.removed


def was_created(type: ResourceType[Any], client: Client, id: str, inputs: Any) -> bool | None:
    """Whether the event store shows that the caller created the object as declared; None for a caller who may not read it."""
    events = events_of(client, type.events, id, type.address_in(inputs.dump()))
    if not events:
        return None if events is None else False
    first = events[0]
    mine = first.kind in type.events.created and first.editor.user_id == client.me.id
    return mine and events[-1].kind not in type.events.removed and type.may_be(first, inputs)


def _editor(event: Event) -> str:
    return event.editor.display_name or event.editor.user_id or "somebody"


def _time(event: Event) -> str:
    return f"{event.creation_date:%Y-%m-%d %H:%M:%S} UTC"
