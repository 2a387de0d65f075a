"""Reports objects that exist while the server does not show them: phantoms. They are drift, though nothing of them differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pulumi_zorg.drift.report import Drift, Phantom
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.tokens import Key

__all__ = ["with_phantoms"]


def with_phantoms(
    drifts: Sequence[Drift], recorded: Sequence[Recorded], observed: Mapping[Key, Observed | Removal]
) -> tuple[Drift, ...]:
    """Return the drifts with the objects that the server does not show, in the state's order."""
    by_urn = {each.urn: each for each in drifts}
    found = []
    for each in recorded:
        drift, live = by_urn.get(each.urn), observed.get(each.key)
        if isinstance(live, Observed) and live.is_phantom:
            drift = replace(drift or Drift(each.urn, each.token, each.id), phantom=_phantom(each))
        if drift is not None:
            found.append(drift)
    return tuple(found)


def _phantom(recorded: Recorded) -> Phantom:
    resource_type = RESOURCE_TYPES[recorded.token]
    effect = resource_type.phantom_effect
    what = f"ZITADEL's event store has the {resource_type.noun}, but reads and lists do not show it, and it {effect}."
    if recorded.external:
        return Phantom(effect, f"{what} This stack only reads it: the stack that manages it can create it again.")
    return Phantom(effect, f"{what} Create it again: pulumi up --replace '{recorded.urn}'")
