"""Who loses and who gains what by a whole plan: the model of access before it and after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from pulumi_zorg.access.compare import compare
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.access import AccessModel
from pulumi_zorg.resource_types.impact import Act
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.registry import ACCESS
from pulumi_zorg.world.tokens import resource_name

if TYPE_CHECKING:
    from pulumi_zorg.guard.report import Reviewed

_ORDER = {Act.REMOVES: 1, Act.CREATES: 2}


def people_of(before: Instance, reviewed: Sequence[Reviewed]) -> People:
    """Return who loses and who gains what by the whole plan.

    :param before: the instance as it is. What the plan has and no list shows is there as the state has it.
    """
    # A manager's right ends with its user, or with the object that it is on. The report has the removal of both.
    before = replace(before, managers=())
    before = reduce(lambda instance, each: _model(each).known(instance, _id(each), each.effect), reviewed, before)
    # An object that goes along with another one can be changed before that, and not after it. What is created stays, also where it
    # replaces an object of the same project and organization.
    in_order = sorted(reviewed, key=lambda each: _ORDER.get(each.effect.act, 0))
    after = reduce(_applied, in_order, before)
    difference = compare(before, after)

    def why(verb: str, concerned: Callable[[Reviewed], bool], counted: frozenset[str]) -> str | None:
        for each in filter(concerned, reviewed):
            reason = _model(each).why_incomplete(before, each.effect, counted)
            if reason is not None:
                return _is_not_known(verb, each, reason)
        return None

    return People(
        before,
        after,
        difference,
        why("loses", lambda each: each.takes_access, difference.losing),
        why("gains", lambda each: each.gives_access, difference.gaining),
    )


def unknown_people(reviewed: Sequence[Reviewed], why_not: str | None) -> People:
    """Return that nobody knows who loses and who gains something, where something takes or gives access.

    :param why_not: why the instance was not read.
    """
    takers = (_is_not_known("loses", each, why_not) for each in reviewed if each.takes_access)
    givers = (_is_not_known("gains", each, why_not) for each in reviewed if each.gives_access)
    return People(why_lost_incomplete=next(takers, None), why_gained_incomplete=next(givers, None))


def losing_by(before: Instance, each: Reviewed) -> int:
    """Return how many people and service accounts would lose access by one change alone."""
    return len(compare(before, _applied(before, each)).losing) if each.takes_access else 0


def _is_not_known(verb: str, each: Reviewed, why: str | None) -> str:
    name = clean(resource_name(each.urn))
    return f"who {verb} access by the change of {name} is not known{f': {why}' if why else ''}"


def _applied(instance: Instance, each: Reviewed) -> Instance:
    return _model(each).applied(instance, _id(each), each.effect)


def _model(each: Reviewed) -> AccessModel:
    return ACCESS[each.effect.type]


def _id(each: Reviewed) -> str:
    return each.effect.id or each.urn
