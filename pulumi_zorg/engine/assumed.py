"""Which changes are made without a read before them, because nothing that a read shows would change them.

A deactivation and a reactivation send nothing of the object, and some updates send only what the program changes. The state has what the
object was. Where that is not so any more, the answer says so: the object is removed (404), or in the other state already (400, code 9).
Then it is read. After an answer that accepts the change it is read in any case.

All other changes are read before: what somebody gave or took away outside Pulumi would be lost with a list of roles that the state has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.engine.target import Target
from pulumi_zorg.resource_types import lifecycle
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.inputs import DIFFERS, FILLED, LOST, UNFINISHED
from pulumi_zorg.resource_types.lifecycle import NOTHING, Action
from pulumi_zorg.world.observed import ACTIVE, Observed

_SWITCHES = (Action.DEACTIVATE, Action.REACTIVATE)


def assumed(target: Target[AnyInputs], recorded: Mapping[str, Any], before: Mapping[str, Any]) -> Observed | None:
    """Return the object as the state has it; None where it is read before it is changed.

    :param recorded: the outputs in the state.
    :param before: what the program declared before.
    """
    own, declared = target.type, target.type.desired(target.inputs)
    # The first object of a run is read: a server that ignores the header is not written to.
    if not target.client.header_arrives or any(recorded.get(name) for name in (DIFFERS, LOST, UNFINISHED)):
        return None
    if not {own.along(recorded), own.along(before), declared.along} <= {NOTHING}:
        return None
    had = {**(recorded.get(FILLED) or {}), **recorded}
    known = Observed(own.token, target.id, {name: each for name, each in had.items() if not name.startswith("__")})
    steps = lifecycle.steps(lifecycle.changed_only(before, declared, own.snapshot(known)), own.snapshot(known))
    if len(steps) != 1:
        return None
    (step,) = steps
    if step.action not in _SWITCHES:
        return known if step.changed <= {*own.sent_alone} else None
    # A locked user is neither, and one that went along with its organization has another state than the flag.
    agrees = str(recorded.get("state")).endswith("_ACTIVE" if recorded.get(ACTIVE) else "_INACTIVE")
    return known if agrees else None
