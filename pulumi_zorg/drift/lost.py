"""Finds the objects of a state whose last change of state the server accepted and lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pulumi_zorg.api.records import Event
from pulumi_zorg.drift.report import Change, Drift
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.world.concurrency import Reader, read_each
from pulumi_zorg.world.lost_switches import ACTIVE, goes_with, last_switches, lost_noun, read_again
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.tokens import Key

__all__ = ["find_lost", "with_lost"]


def find_lost(
    reader: Reader, recorded: Sequence[Recorded], observed: dict[Key, Observed | Removal], events: Iterable[Event]
) -> dict[Key, Event]:
    """Return the last change of state of each object if reads do not show it.

    :param observed: by type and id. What a list showed otherwise than a read by id is corrected in it.
    :param events: changes of state that were read.
    """
    last = last_switches(events)

    def disagrees(each: Recorded) -> bool:
        found = observed.get(each.key)
        return isinstance(found, Observed) and last.get(each.key, found.properties[ACTIVE]) != found.properties[ACTIVE]

    def read(each: Recorded) -> tuple[Observed | Removal, Event | None]:
        found = observed[each.key]
        assert isinstance(found, Observed)  # noqa: S101 - narrows the type for the checker
        return read_again(reader.client, found, each.known)

    lost: dict[Key, Event] = {}
    suspects = [each for each in recorded if disagrees(each)]
    for each, answer in read_each(reader, read, suspects, "Reading what events show otherwise"):
        if isinstance(answer, ZorgError):
            continue
        observed[each.key], event = answer
        if event is not None:
            lost[each.key] = event
    return lost


def with_lost(
    drifts: Sequence[Drift],
    recorded: Sequence[Recorded],
    observed: Mapping[Key, Observed | Removal],
    lost: Mapping[Key, Event],
) -> tuple[Drift, ...]:
    """Return the drifts with what the server lost, in the state's order. It is drift where the state agrees with what reads show, too."""
    by_urn = {each.urn: each for each in drifts}
    found = []
    for each in recorded:
        drift, live = by_urn.get(each.urn), observed.get(each.key)
        if each.key in lost and isinstance(live, Observed):
            shown, event = bool(live.properties[ACTIVE]), lost[each.key]
            repaired = any(change.property == ACTIVE for change in drift.changes) if drift else False
            change = Change(
                ACTIVE,
                each.properties.get(ACTIVE),
                shown,
                when=event.creation_date,
                by=event.editor.display_name or event.editor.user_id or None,
                secret=ACTIVE in each.secret,
                lost=_advice(live, lost_noun(live, event), repaired),
                lost_noun=lost_noun(live, event),
            )
            others = () if drift is None else drift.changes
            changes = (*(other for other in others if other.property != ACTIVE), change)
            drift = replace(drift or Drift(each.urn, each.token, each.id), changes=changes)
        if drift is not None:
            found.append(drift)
    return tuple(found)


def _advice(live: Observed, noun: str, repaired: bool) -> str:
    """Return what a lost change means and how to repair it.

    :param repaired: whether the state has what the lost change made, so that an update makes it again.
    """
    shown = bool(live.properties[ACTIVE])
    state = "active" if shown else "inactive"
    access = f"reads still show it as {state}{', and it still gives access' if shown else ''}"
    what = f"ZITADEL accepted the {noun} and lost it: {access}."
    if noun == "removal":
        return f"{what} It cannot be removed again: it goes with {goes_with(live.token)}."
    if repaired:
        return f"{what} `pulumi up --refresh` makes the {noun} again."
    return (
        f"{what} `pulumi up --refresh` leaves it so, because the program does not ask for the {noun}. To make it again, set "
        f"active={not shown} and run `pulumi up`. If it is to stay {state}, set active={shown} after that and run it once more."
    )
