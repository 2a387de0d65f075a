"""Finds the objects of a state whose last change of state the server accepted and lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pulumi_zorg.drift.concurrency import Reader, read_each
from pulumi_zorg.drift.report import Change, Drift
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.lost_switches import ACTIVE, last_switches, read_again
from pulumi_zorg.models import Event
from pulumi_zorg.observed import Observed, Removal
from pulumi_zorg.state import Recorded
from pulumi_zorg.tokens import Key

__all__ = ["find_lost", "with_lost"]


def find_lost(
    reader: Reader, recorded: Sequence[Recorded], observed: dict[Key, Observed | Removal], events: Iterable[Event]
) -> frozenset[Key]:
    """Return the objects whose last change of state reads do not show.

    :param observed: by type and id. What a list showed otherwise than a read by id is corrected in it.
    :param events: changes of state that were read.
    """
    last = last_switches(events)

    def disagrees(each: Recorded) -> bool:
        found = observed.get(each.key)
        return isinstance(found, Observed) and last.get(each.key, found.properties[ACTIVE]) != found.properties[ACTIVE]

    def read(each: Recorded) -> tuple[Observed, Event | None]:
        found = observed[each.key]
        assert isinstance(found, Observed)  # noqa: S101 - narrows the type for the checker
        return read_again(reader.client, found, each.known)

    lost = set()
    suspects = [each for each in recorded if disagrees(each)]
    for each, answer in read_each(reader, read, suspects, "Reading what events show otherwise"):
        if isinstance(answer, ZorgError):
            continue
        observed[each.key], event = answer
        if event is not None:
            lost.add(each.key)
    return frozenset(lost)


def with_lost(
    drifts: Sequence[Drift],
    recorded: Sequence[Recorded],
    observed: Mapping[Key, Observed | Removal],
    lost: frozenset[Key],
) -> tuple[Drift, ...]:
    """Return the drifts with what the server lost, in the state's order. It is drift where the state agrees with what reads show, too."""
    by_urn = {each.urn: each for each in drifts}
    found = []
    for each in recorded:
        drift, live = by_urn.get(each.urn), observed.get(each.key)
        if each.key in lost and isinstance(live, Observed):
            shown = bool(live.properties[ACTIVE])
            heals = any(change.property == ACTIVE for change in drift.changes) if drift else False
            change = Change(
                ACTIVE, each.properties.get(ACTIVE), shown, secret=ACTIVE in each.secret, lost=_advice(shown, heals)
            )
            others = () if drift is None else drift.changes
            changes = (*(other for other in others if other.property != ACTIVE), change)
            drift = replace(drift or Drift(each.urn, each.type, each.id), changes=changes)
        if drift is not None:
            found.append(drift)
    return tuple(found)


def _advice(shown: bool, heals: bool) -> str:
    """Return what a lost change means and how to repair it.

    :param shown: whether reads show the object as active.
    :param heals: whether the state has what the lost change made, so that an update makes it again.
    """
    noun, state = ("deactivation", "active") if shown else ("reactivation", "inactive")
    access = "reads still show it as active, and it still gives access" if shown else "reads still show it as inactive"
    what = f"ZITADEL accepted the {noun} and lost it: {access}."
    if heals:
        return f"{what} `pulumi up --refresh` makes the {noun} again."
    return (
        f"{what} `pulumi up --refresh` leaves it so, because the program does not ask for the {noun}. To make it again, set "
        f"active={not shown} and run `pulumi up`. If it is to stay {state}, set active={shown} after that and run it once more."
    )
