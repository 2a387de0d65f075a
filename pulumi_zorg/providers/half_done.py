"""What an error says of a change that failed after it had begun: what happened, what the object is now, and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.errors import Gone, HeaderIgnored, NoAnswer, ZorgError, clean
from pulumi_zorg.inputs import UNFINISHED
from pulumi_zorg.lifecycle import Action, Step
from pulumi_zorg.providers.create import Created
from pulumi_zorg.providers.reconcile import Progress
from pulumi_zorg.resource_type import AnyInputs, Observed, ResourceType

__all__ = ["HalfDone", "after_create", "half_done_update", "shown"]


@dataclass(frozen=True)
class HalfDone:
    """An update that failed half way.

    :param now: the object as it was read last.
    """

    now: Observed
    error: ZorgError


def half_done_update(
    resource_type: ResourceType[AnyInputs],
    client: Client,
    id: str,
    known: Mapping[str, Any],
    progress: Progress[AnyInputs],
    error: ZorgError,
) -> HalfDone | None:
    """Return what is to be said of an update that failed; None where it has changed nothing, and no earlier one failed half way.

    :param known: what the state has of the object.
    """
    first, now, unsure = progress.first, progress.found, progress.unsure
    if first is None or now is None or isinstance(error, Gone):
        return None
    if unsure is not None and not isinstance(error, NoAnswer | HeaderIgnored):
        # The server answers, so one more read tells what the object is.
        managed = {name: value for name, value in first.properties.items() if name in resource_type.updatable}
        try:
            found = resource_type.find(client, id, {**known, **managed})
        except ZorgError:
            pass
        else:
            now, unsure = (found, None) if isinstance(found, Observed) else (now, unsure)
    changes = _changes(resource_type, first, now)
    earlier = bool(known.get(UNFINISHED))
    if not changes and unsure is None and not earlier:
        return None
    said = [f"Before that, this update changed {', '.join(changes)}."] if changes else []
    if unsure is not None:
        said.append(f"It is not known whether it {_done(unsure)}.")
    if earlier:
        said.append("An earlier update of it failed half way.")
    names = ("active", *resource_type.updatable)
    state = ", ".join(f"{name} {shown(now.properties[name])}" for name in names if name in now.properties)
    read = "The object is now" if unsure is None else "Before that, the object was read as"
    said.append(
        f"{read}: {state}. The update is not finished. Run `pulumi refresh` to see what the object is; the next `pulumi up` brings "
        "it to what the program declares then."
    )
    return HalfDone(now, _saying(error, " ".join(said)))


def after_create(
    resource_type: ResourceType[AnyInputs], created: Created, progress: Progress[AnyInputs], error: ZorgError
) -> ZorgError:
    """Return the error of a create that failed after the object was there, or was changed."""
    unchanged = progress.first is None or not _changes(resource_type, progress.first, progress.found or progress.first)
    if isinstance(error, Gone) or (not created.new and unchanged and progress.unsure is None):
        return error
    how = "was created" if created.new else "exists and belongs to this resource"
    now = progress.found
    state = f" It was last read with active {shown(now.properties['active'])}." if now is not None else ""
    unsure = f" It is not known whether this run {_done(progress.unsure)}." if progress.unsure is not None else ""
    return _saying(
        error,
        f"{resource_type.noun[:1].upper()}{resource_type.noun[1:]} {created.id} {how}, and is not in the state yet.{state}{unsure} "
        "The next `pulumi up` continues with it.",
    )


def shown(value: Any) -> str:
    """Return a value of a property as a sentence shows it. Of roles it shows the keys."""
    if isinstance(value, Mapping):
        value = sorted(value)
    return clean(json.dumps(value, ensure_ascii=False) if not isinstance(value, bool) else str(value), 200)


def _changes(resource_type: ResourceType[Any], first: Observed, now: Observed) -> list[str]:
    """Return what differs between two readings, each as the object of a sentence."""
    return [
        f"{name} from {shown(first.properties.get(name))} to {shown(now.properties.get(name))}"
        for name in ("active", *resource_type.updatable)
        if first.properties.get(name) != now.properties.get(name)
    ]


def _done(step: Step) -> str:
    """Return a step as the end of a sentence, in the past."""
    if step.action is Action.UPDATE:
        return f"changed {', '.join(sorted(step.changed))}"
    return {Action.DEACTIVATE: "deactivated it", Action.REACTIVATE: "reactivated it", Action.REMOVE: "removed it"}[
        step.action
    ]


def _saying(error: ZorgError, more: str) -> ZorgError:
    """Return the error with more in its message."""
    error.args = (f"{error} {more}", *error.args[1:])
    return error
