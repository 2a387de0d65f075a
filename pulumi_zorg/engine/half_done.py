"""What an error says of a change that failed after it had begun: what happened, what the object is now, and what to do."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from pulumi_zorg.engine.create import Origin
from pulumi_zorg.engine.target import Target
from pulumi_zorg.errors import Gone, HeaderIgnored, NoAnswer, ZorgError, clean
from pulumi_zorg.resource_types.inputs import UNFINISHED
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.world.observed import Observed


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
    changes = _changes(names, first, now, hidden)
    earlier = bool(recorded.get(UNFINISHED))
    if not changes and unsure is None and not earlier:
        return None
    said = [f"Before that, this update changed {', '.join(changes)}."] if changes else []
    if unsure is not None:
        said.append(f"It is not known whether it {_done(unsure, hidden)}.")
    if earlier:
        said.append("An earlier update of it failed half way.")
    state = ", ".join(f"{name} {shown(now, name, hidden)}" for name in names if name in now.properties)
    read = "The object is now" if unsure is None else "Before that, the object was read as"
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
    unchanged = first is None or not _changes(names, first, now or first, hidden)
    if isinstance(error, Gone) or (origin != "created" and unchanged and unsure is None):
        return
    how = "was created" if origin == "created" else "exists and belongs to this resource"
    said = [f"{noun[:1].upper()}{noun[1:]} {target.id} {how}, and is not in the state yet."]
    if now is not None:
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


def _changes(names: Collection[str], first: Observed, now: Observed, hidden: Collection[str]) -> list[str]:
    """Return what differs between two readings, each as the object of a sentence."""
    return [
        f"{name} from {shown(first, name, hidden)} to {shown(now, name, hidden)}"
        for name in names
        if first.properties.get(name) != now.properties.get(name)
    ]


def _done(step: Step, hidden: Collection[str]) -> str:
    """Return a step as the end of a sentence, in the past."""
    if step.action is Action.UPDATE:
        return f"changed {', '.join(sorted(step.changed))}"
    if "active" in hidden and step.action is not Action.REMOVE:
        return "changed active"
    return {Action.DEACTIVATE: "deactivated it", Action.REACTIVATE: "reactivated it", Action.REMOVE: "removed it"}[
        step.action
    ]


def _say(error: ZorgError, *sentences: str) -> None:
    """Add sentences to the message of an error."""
    error.args = (" ".join((str(error), *sentences)), *error.args[1:])
