"""The object that a resource changes, how far the change has come, and the error of a change that failed half way."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.retry import retry
from pulumi_zorg.api.transport import Transport
from pulumi_zorg.errors import Gone, HeaderIgnored, NoAnswer, ZorgError, clean
from pulumi_zorg.resource_types.along import goes_along_now, release, remember
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.inputs import UNFINISHED
from pulumi_zorg.resource_types.lifecycle import NOTHING, Action, Step
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import ACTIVE, Address, Observed, Removal

T = TypeVar("T")

#: Where the object of a new resource comes from. "created": this very call made it, so that it is as declared, except for what a
#: create cannot set. "resumed": an earlier run of this resource made it. "adopted": it existed. "taken back": it was kept when this
#: resource was replaced.
Origin = Literal["created", "resumed", "adopted", "taken back"]


@dataclass
class Target(Generic[AnyInputs]):
    """One object, and what is known of its change. It outlives an error, which reports how far the change came.

    :param inputs: what the program declares.
    :param is_along: whether it is changed because it goes along with an organization, and not by a resource of its own.
    :ivar first: the object before the first step; None where it was not read.
    :ivar found: the object as it was read last.
    :ivar sent: what the calls send: properties that are not changed are as the last reading shows them.
    :ivar unsure: the step that was begun after the last reading.
    :ivar accepted: the properties that this change has set by calls that were accepted.
    :ivar touched: the properties that calls of this change may have set. What else differs was changed by somebody else.
    :ivar lost: the steps that the server has lost: their opposites were made, so that they can be made again.
    :ivar is_assumed: whether :attr:`found` was known before the change: from the first reading of a new object, a list or the state.
    """

    type: ResourceType[AnyInputs]
    client: Client
    id: str
    inputs: AnyInputs
    first: Observed | None = None
    found: Observed | None = None
    sent: AnyInputs = field(init=False)
    unsure: Step | None = None
    accepted: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    lost: list[Step] = field(default_factory=list)
    is_along: bool = False
    is_assumed: bool = False

    def __post_init__(self) -> None:
        self.sent = self.inputs

    @property
    def title(self) -> str:
        """The object in a sentence."""
        return self.type.title(self.sent, self.id)

    @property
    def address(self) -> Address:
        """By what the declared object is found."""
        return self.type.address_in(self.inputs.dump())

    @property
    def is_taken(self) -> bool:
        """Whether the object was deactivated along with its organization, as it was read last."""
        return self.found is not None and bool(self.found.taken_by)

    @property
    def along_off(self) -> str:
        """What goes along with the object while it is deactivated."""
        return self.type.along({**self.inputs.dump(), ACTIVE: False}) or NOTHING

    def find(self, recorded: Mapping[str, Any], along: str | None = None) -> Observed | Removal:
        """Return the object, or the proof that it was removed.

        :param recorded: what the state has of it.
        :param along: see :class:`Address`.
        """
        address = replace(self.type.address_in(recorded), along=along)
        return (self.type.find if self.is_along else self.type.find_declared)(self.client, self.id, address)

    def guard(self, step: Step) -> None:
        """Raise where the step must not be made."""
        self.type.guard(self.client, self.id, self.sent, step)

    def perform(self, step: Step) -> None:
        """Make the step."""
        if step.action in (Action.TAKE_ALONG, Action.GIVE_BACK):
            # It is made of changes of other objects, which are made like this one.
            from pulumi_zorg.engine import along

            self.touched |= {ACTIVE, *self.type.remembered}
            (along.take_along if step.action is Action.TAKE_ALONG else along.give_back)(self)
            return
        if step.action is Action.DEACTIVATE and self.found is not None and self.is_taken:
            release(self.client, self.found)
            return
        if step.action is Action.REACTIVATE and self.found is not None and not self.is_along:
            org_id = goes_along_now(self.client, self.type, self.found)
            if org_id:
                remember(self.client, self.found, org_id)
                return
        try:
            self.type.perform(self.client, self.id, self.sent, step)
        except ZorgError as refusal:
            if self.is_assumed and not refusal.may_have_applied:
                self.unsure = None  # it is one call, and was refused
            else:
                self.touched |= step.changed or {ACTIVE}
            raise
        finally:
            self.client.forget_along(self.id)  # of an organization, it was read for the state before this step
        self.accepted |= step.changed
        self.touched |= step.changed or {ACTIVE}


_DONE = {
    Action.DEACTIVATE: "deactivated it",
    Action.REACTIVATE: "reactivated it",
    Action.REMOVE: "removed it",
    Action.TAKE_ALONG: "deactivated all that goes along with it",
    Action.GIVE_BACK: "reactivated all that was deactivated along with it",
}


def repeat(transport: Transport, call: Callable[[], T], should_repeat: Callable[[ZorgError], bool], sentence: str) -> T:
    """Return what ``call`` returns. Repeat it where the answer to a write was lost, as long as the outage may pass.

    :param sentence: what is reported before it is repeated, with a place for the seconds until then.
    """
    return retry(
        call,
        should_retry=lambda error: isinstance(error, ZorgError) and error.may_have_applied and should_repeat(error),
        left=transport.patience(),
        sleep=transport.sleep,
        notify=lambda error, wait: transport.report_repeated(error, f"{error} {sentence.format(f'{wait:.1f} s')}"),
    )


def explain_update(
    target: Target[Any], recorded: Mapping[str, Any], error: ZorgError, hidden: Collection[str]
) -> Observed | None:
    """Add to the error of an update what it had changed, and return the object as it was read last.

    Return None where the update has changed nothing, and no earlier one failed half way.

    :param recorded: what the state has of the object.
    :param hidden: the properties that the program declares as secret.
    """
    first, now, unsure, names = target.first, target.found, target.unsure, ("active", *target.type.updatable)
    if first is None or now is None or isinstance(error, Gone):
        return None
    if unsure is not None and not isinstance(error, NoAnswer | HeaderIgnored):
        # The server answers, so one more read shows what the object is.
        managed = {name: value for name, value in first.properties.items() if name in target.type.updatable}
        try:
            found = target.find({**recorded, **managed})
        except ZorgError:
            pass
        else:
            now, unsure = (found, None) if isinstance(found, Observed) else (now, unsure)
    # The last read may have been without what is remembered elsewhere.
    names = tuple(each for each in names if each not in target.type.remembered or each in now.properties)
    changes = _changes(target, names, first, now, hidden)
    earlier = bool(recorded.get(UNFINISHED))
    if not changes and unsure is None and not earlier:
        return None
    said = [f"Before that, this update changed {', '.join(changes)}."] if changes else []
    if unsure is not None:
        said.append(f"It is not known whether it {_done(unsure, hidden)}.")
    if earlier:
        said.append("An earlier update of it failed half way.")
    state = ", ".join(f"{name} {shown(now, name, hidden)}" for name in names if name in now.properties)
    before = "the state had it as" if target.is_assumed else "the object was read as"
    read = "The object is now" if unsure is None else f"Before that, {before}"
    _say(
        error,
        *said,
        f"{read}: {state}. The update is not finished. Run `pulumi refresh` to see what the object is; the next `pulumi up` brings "
        "it to what the program declares then.",
    )
    return now


def explain_create(target: Target[Any], origin: Origin, error: ZorgError, hidden: Collection[str]) -> None:
    """Add to the error of a create that the object exists or was changed. See :func:`explain_update`."""
    first, now, unsure = target.first, target.found, target.unsure
    names, noun = ("active", *target.type.updatable), target.type.noun
    unchanged = first is None or not _changes(target, names, first, now or first, hidden)
    if isinstance(error, Gone) or (origin != "created" and unchanged and unsure is None):
        return
    how = "was created" if origin == "created" else "exists and belongs to this resource"
    said = [f"{noun[:1].upper()}{noun[1:]} {target.id} {how}, and is not in the state yet."]
    if now is not None and "active" in now.properties:
        said.append(f"It was last read with active {shown(now, 'active', hidden)}.")
    if unsure is not None:
        said.append(f"It is not known whether this run {_done(unsure, hidden)}.")
    _say(error, *said, "The next `pulumi up` continues with it.")


def shown(observed: Observed, name: str, hidden: Collection[str]) -> str:
    """Return the value of a property as a sentence shows it. Of roles it shows the keys.

    A live value of a secret property need not be in the program, so the reporter does not know it as a secret.
    """
    if name in hidden:
        return "[secret]"
    value = observed.properties.get(name)
    if isinstance(value, Mapping):
        value = sorted(value)
    return clean(json.dumps(value, ensure_ascii=False) if not isinstance(value, bool) else str(value), 200)


def _changes(
    target: Target[AnyInputs], names: Collection[str], first: Observed, now: Observed, hidden: Collection[str]
) -> list[str]:
    """Return what calls of a change made different between two readings, each as the object of a sentence."""
    return [
        f"{name} from {shown(first, name, hidden)} to {shown(now, name, hidden)}"
        for name in names
        if name in target.touched and first.properties.get(name) != now.properties.get(name)
    ]


def _done(step: Step, hidden: Collection[str]) -> str:
    """Return a step as the end of a sentence, in the past."""
    if step.action is Action.UPDATE:
        return f"changed {', '.join(sorted(step.changed))}"
    if "active" in hidden and step.action is not Action.REMOVE:
        return "changed active"
    return _DONE[step.action]


def _say(error: ZorgError, *sentences: str) -> None:
    """Add sentences to the message of an error."""
    error.args = (" ".join((str(error), *sentences)), *error.args[1:])
