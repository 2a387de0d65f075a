"""Finds roles in live objects that the project, or the project grant, does not have: no comparison with the state shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulumi_zorg.drift.report import Change, Drift
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.inputs import Inputs, RoleUse
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.role_use import lacking
from pulumi_zorg.world.concurrency import Reader, read_each
from pulumi_zorg.world.observed import Observed, Removal
from pulumi_zorg.world.tokens import Key

__all__ = ["with_unknown_roles"]

#: The property that has the roles.
_ROLES = "role_keys"
#: The roles of no more projects than this are read one project at a time.
_FEW = 5


def with_unknown_roles(
    reader: Reader,
    recorded: Sequence[Recorded],
    observed: Mapping[Key, Observed | Removal],
    drifted: Sequence[Drift],
) -> tuple[Drift, ...]:
    """Return the drifts, and with them the objects that give roles which their project does not have.

    Nothing is added for a caller who may not read the event store, or where it cannot be read.

    :param recorded: the resources that were compared.
    :param observed: what the instance showed of them.
    """
    uses = {each.urn: use for each in recorded if (use := _use(each, observed.get(each.key))) is not None}
    _read(reader, sorted({use.project_id for use in uses.values()}))
    by_urn = {each.urn: each for each in drifted}
    for each in recorded:
        use = uses.get(each.urn)
        if use is None or not reader.client.roles.is_known(use.project_id):
            continue
        why = lacking(reader.client.roles.known(use.project_id), use)
        if why is not None:
            by_urn[each.urn] = _with(by_urn.get(each.urn), each, list(use.keys), why)
    return tuple(by_urn[each.urn] for each in recorded if each.urn in by_urn)


def _use(recorded: Recorded, seen: Observed | Removal | None) -> RoleUse | None:
    """Return the roles that the object gives; None where it gives none, or the resource ignores them."""
    if not isinstance(seen, Observed) or any(each == "*" or each.startswith(_ROLES) for each in recorded.ignored):
        return None
    inputs: type[Inputs] = RESOURCE_TYPES[recorded.token].inputs
    return inputs.used_roles({**recorded.known, **seen.properties})


def _read(reader: Reader, project_ids: Sequence[str]) -> None:
    """Read the roles of the projects, as far as the caller may."""
    roles = reader.client.roles
    if len(project_ids) > _FEW:
        try:
            roles.read_all(project_ids, at_most=len(project_ids))
        except ZorgError:
            return
    left = [each for each in project_ids if not roles.is_known(each)]
    for _ in read_each(reader, roles.read, left, "Reading the roles of projects"):
        pass


def _with(drift: Drift | None, recorded: Recorded, live: Any, why: str) -> Drift:
    drift = drift or Drift(recorded.urn, recorded.token, recorded.id)
    known = next((each for each in drift.changes if each.property == _ROLES), None)
    if known is not None:
        changes = tuple(replace(each, why=why) if each is known else each for each in drift.changes)
        return replace(drift, changes=changes)
    before = recorded.properties.get(_ROLES)
    added = Change(_ROLES, before, live, secret=_ROLES in recorded.secret, why=why)
    return replace(drift, changes=(*drift.changes, added))
