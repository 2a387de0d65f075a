"""What an error says of a change that failed after it had begun: what happened, what the object is now, and what to do."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.engine.create import Created
from pulumi_zorg.engine.reconcile import Progress
from pulumi_zorg.errors import Gone, HeaderIgnored, NoAnswer, ZorgError, clean
from pulumi_zorg.resource_types.inputs import UNFINISHED
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.resource_type import AnyInputs, Observed, ResourceType

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
    hidden: Collection[str],
) -> HalfDone | None:
    """Return what is to be said of an update that failed; None where it has changed nothing, and no earlier one failed half way.

    :param known: what the state has of the object.
    :param hidden: the properties that the program declares as secret.
    """
    first, now, unsure = progress.first, progress.found, progress.unsure
    if first is None or now is None or isinstance(error, Gone):
        return None
    if unsure is not None and not isinstance(error, NoAnswer | HeaderIgnored):
        # The server answers, so one more read tells what the object is.
        managed = {name: value for name, value in first.properties.items() if name in resource_type.updatable}
        try:
            found = resource_type.find(client, id, resource_type.address_in({**known, **managed}))
        except ZorgError:
            pass
        else:
            now, unsure = (found, None) if isinstance(found, Observed) else (now, unsure)
    changes = _changes(resource_type, first, now, hidden)
    earlier = bool(known.get(UNFINISHED))
    if not changes and unsure is None and not earlier:
        return None
    said = [f"Before that, this update changed {', '.join(changes)}."] if changes else []
    if unsure is not None:
        said.append(f"It is not known whether it {_done(unsure, hidden)}.")
    if earlier:
        said.append("An earlier update of it failed half way.")
    names = ("active", *resource_type.updatable)
    state = ", ".join(f"{name} {shown(now, name, hidden)}" for name in names if name in now.properties)
    read = "The object is now" if unsure is None else "Before that, the object was read as"
    said.append(
        f"{read}: {state}. The update is not finished. Run `pulumi refresh` to see what the object is; the next `pulumi up` brings "
        "it to what the program declares then."
    )
    return HalfDone(now, _saying(error, " ".join(said)))


def after_create(
    resource_type: ResourceType[AnyInputs],
    created: Created,
    progress: Progress[AnyInputs],
    error: ZorgError,
    hidden: Collection[str],
) -> ZorgError:
    """Return the error of a create that failed after the object was there, or was changed. See :func:`half_done_update`."""
    first, now = progress.first, progress.found
    unchanged = first is None or not _changes(resource_type, first, now or first, hidden)
    if isinstance(error, Gone) or (not created.new and unchanged and progress.unsure is None):
        return error
    how = "was created" if created.new else "exists and belongs to this resource"
    state = f" It was last read with active {shown(now, 'active', hidden)}." if now is not None else ""
    unsure = (
        f" It is not known whether this run {_done(progress.unsure, hidden)}." if progress.unsure is not None else ""
    )
    return _saying(
        error,
        f"{resource_type.noun[:1].upper()}{resource_type.noun[1:]} {created.id} {how}, and is not in the state yet.{state}{unsure} "
        "The next `pulumi up` continues with it.",
    )


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


def _changes(resource_type: ResourceType[Any], first: Observed, now: Observed, hidden: Collection[str]) -> list[str]:
    """Return what differs between two readings, each as the object of a sentence."""
    return [
        f"{name} from {shown(first, name, hidden)} to {shown(now, name, hidden)}"
        for name in ("active", *resource_type.updatable)
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


def _saying(error: ZorgError, more: str) -> ZorgError:
    """Return the error with more in its message."""
    error.args = (f"{error} {more}", *error.args[1:])
    return error
