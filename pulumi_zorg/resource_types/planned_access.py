"""Who loses and who gains what by planned changes: the model of access before them and after them. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from pulumi_zorg.access.compare import compare
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.resource_types.access import AccessModel
from pulumi_zorg.resource_types.impact import Act, Effect
from pulumi_zorg.resource_types.lifecycle import NOTHING
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES

_ORDER, _LAST = {Act.REMOVES: 1, Act.CREATES: 2}, 3


@dataclass(frozen=True)
class PlannedChange:
    """A planned change of one object.

    :param key: what stands for the object's id where that is not known yet. No other change has it.
    :param title: the resource or the object, in a sentence.
    """

    key: str
    title: str
    effect: Effect

    @property
    def takes_access(self) -> bool:
        """Whether it can take access from somebody."""
        return RESOURCE_TYPES[self.effect.type].impact.takes_access(self.effect)

    @property
    def gives_access(self) -> bool:
        """Whether a reviewer should read about it, and it can give somebody access."""
        return self.effect.is_significant and RESOURCE_TYPES[self.effect.type].impact.gives_access(self.effect)

    @property
    def order(self) -> int:
        """When it is applied to the model of access, among the changes of a plan."""
        takes_along = RESOURCE_TYPES[self.effect.type].along(self.effect.after or {}) not in (None, NOTHING)
        return _LAST if takes_along else _ORDER.get(self.effect.act, 0)

    @property
    def model(self) -> AccessModel:
        """What it does in the model of access."""
        return ACCESS[self.effect.type]

    def known(self, instance: Instance) -> Instance:
        """Return the instance before it: see :meth:`AccessModel.known`."""
        return instance if self._is_secret else self.model.known(instance, self.effect.id or self.key, self.effect)

    def applied(self, instance: Instance) -> Instance:
        """Return the instance after it: see :meth:`AccessModel.applied`."""
        return instance if self._is_secret else self.model.applied(instance, self.effect.id or self.key, self.effect)

    @property
    def _is_secret(self) -> bool:
        """Whether a name in a sentence about people could show a secret value."""
        return self.model.has_secret(self.effect)


def people_of(before: Instance, changes: Sequence[PlannedChange]) -> People:
    """Return who loses and who gains what by all changes together.

    :param before: the instance as it is. What the changes have and no list shows is there as the state has it.
    """
    # A manager's right ends with its user, or with the object that it is on. The report has the removal of both. The rights that are
    # changed by themselves come from the changes.
    before = reduce(lambda instance, each: each.known(instance), changes, replace(before, managers=()))
    # An object that goes along with another one can be changed before that, and not after it. What is created stays, also where it
    # replaces an object of the same project and organization, but is deactivated with an organization that is off with its like.
    in_order = sorted(changes, key=lambda each: each.order)
    after = reduce(lambda instance, each: each.applied(instance), in_order, before)
    difference = compare(before, after)

    def why(verb: str, concerned: Sequence[PlannedChange], counted: frozenset[str]) -> str | None:
        reasons = ((each, each.model.why_incomplete(before, each.effect, counted)) for each in concerned)
        return next((_is_not_known(verb, each, reason) for each, reason in reasons if reason is not None), None)

    return People(
        before,
        after,
        difference,
        why("loses", [each for each in changes if each.takes_access], difference.losing),
        why("gains", [each for each in changes if each.gives_access], difference.gaining),
    )


def unknown_people(changes: Sequence[PlannedChange], why_not: str | None) -> People:
    """Return that nobody knows who loses and who gains something, where something takes or gives access.

    :param why_not: why the instance was not read.
    """
    takers = (_is_not_known("loses", each, why_not) for each in changes if each.takes_access)
    givers = (_is_not_known("gains", each, why_not) for each in changes if each.gives_access)
    return People(why_lost_incomplete=next(takers, None), why_gained_incomplete=next(givers, None))


def losing_by(before: Instance, change: PlannedChange) -> int:
    """Return how many people and service accounts would lose access by one change alone."""
    if not change.takes_access:
        return 0
    touched = change.model.touched(before, change.effect)
    return len(compare(touched, change.applied(touched)).losing)


def _is_not_known(verb: str, change: PlannedChange, why: str | None) -> str:
    return f"who {verb} access by the change of {change.title} is not known{f': {why}' if why else ''}"
