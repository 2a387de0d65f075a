"""The pipeline of ``zorg drift``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event
from pulumi_zorg.drift.compare import compare
from pulumi_zorg.drift.explain import explain, explain_unmanaged
from pulumi_zorg.drift.lost import find_lost, with_lost
from pulumi_zorg.drift.phantoms import with_phantoms
from pulumi_zorg.drift.report import Report, Undetermined, Unmanaged
from pulumi_zorg.drift.unknown_roles import with_unknown_roles
from pulumi_zorg.engine.state import Recorded, not_understood, pending_replacements, recorded, shared
from pulumi_zorg.errors import NotFound, NotProven, PermissionDenied, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.affected_by import affected_by, events_since
from pulumi_zorg.world.concurrency import Reader
from pulumi_zorg.world.lost_switches import newest_switches
from pulumi_zorg.world.observe import observe, verify_instance
from pulumi_zorg.world.unmanaged import find_unmanaged

__all__ = ["Options", "find_drift"]


@dataclass(frozen=True)
class Options:
    """What to compare.

    :param types: the type tokens; None is all types. Without it, unmanaged objects that give nobody access are only reported
        where the stack manages objects of their type.
    :param unmanaged: where to look for unmanaged objects: in the organizations of the stack, or in the whole instance; None
        where they are not looked for.
    :param since: compare only what changed after this moment, by the event store; None compares everything.
    """

    types: Collection[str] | None = None
    unmanaged: Literal["stack", "instance"] | None = None
    since: datetime | None = None


def find_drift(stack: str, exported: Mapping[str, Any], reader: Reader, options: Options) -> Report:
    """Compare a stack's exported state with the instance.

    :param exported: with its secrets in plain text.
    :raises ZorgError: where nothing can be compared: no connection, no token, a state that cannot be read.
    """
    resources = recorded(exported)
    compared = [each for each in resources if options.types is None or each.token in options.types]
    events = _changes(reader, resources, options.since)
    observation = observe(reader, compared if events is None else affected_by(events, compared))
    for warning in observation.warnings:
        reader.notice(f"warning: {warning}")
    for each in pending_replacements(exported):
        reader.notice(
            f"{clean(each.urn, 1_000)} is not compared: an earlier run removed its object to replace it, and did not create the "
            "new one. The next `pulumi up` creates it."
        )
    lost = find_lost(
        reader, compared, observation.objects, newest_switches(reader.client) if events is None else events
    )
    different = with_lost(compare(compared, observation.objects), compared, observation.objects, lost)
    different = with_phantoms(different, compared, observation.objects)
    drifted = with_unknown_roles(reader, compared, observation.objects, explain(reader, different, compared))
    unmanaged, unknown = _unmanaged(reader, resources, options, events)
    others = [Undetermined(each.urn, each.token, each.id, each.why) for each in not_understood(exported)]
    return Report(stack, drifted, unmanaged, (*observation.unknown, *others, *unknown), shared(exported))


def _changes(reader: Reader, resources: Sequence[Recorded], since: datetime | None) -> tuple[Event, ...] | None:
    """Return the events since that moment; None where everything is to be compared."""
    if since is None:
        return None
    verify_instance(reader.client, resources)
    events = _events_since(reader.client, since)
    if events is None:
        reader.notice(
            "more events happened at one moment than the event store returns at once: everything is compared instead"
        )
    return events


def _events_since(client: Client, since: datetime) -> tuple[Event, ...] | None:
    try:
        return events_since(client, since)
    except (PermissionDenied, NotFound) as refused:
        raise NotProven(
            "--since reads the event store, which needs the right events.read on the instance: IAM_OWNER_VIEWER and IAM_OWNER "
            f"have it. Without it, leave --since out. {refused}"
        ) from None


def _unmanaged(
    reader: Reader, resources: Sequence[Recorded], options: Options, events: tuple[Event, ...] | None
) -> tuple[tuple[Unmanaged, ...] | None, tuple[Undetermined, ...]]:
    if options.unmanaged is None:
        return None, ()
    managed = {each.token for each in resources}
    types = options.types or [token for token, each in RESOURCE_TYPES.items() if each.gives_access or token in managed]
    found, unknown = find_unmanaged(
        reader, resources, whole_instance=options.unmanaged == "instance", types=types, events=events
    )
    return explain_unmanaged(reader, found), unknown
