"""What ``zorg preview-guard`` found in a plan, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.engine.state import SharedObject
from pulumi_zorg.errors import clean
from pulumi_zorg.guard.limits import Limit
from pulumi_zorg.guard.plan import PlannedStep
from pulumi_zorg.resource_types.impact import Act, Effect, Facts
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.planned_access import PlannedChange
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import resource_name

_EXCEEDED = 7  # as `zorg drift` for drift


@dataclass(frozen=True)
class Reviewed:
    """A planned change and its effect.

    :param op: see :class:`pulumi_zorg.guard.plan.PlannedStep`.
    :param protected: the same.
    :param facts: counts and names from the instance; None where it was not read.
    :param losing: how many people and service accounts lose access by this change alone; None where that is not known.
    """

    urn: str
    op: str
    effect: Effect
    facts: Facts | None = None
    protected: bool = False
    losing: int | None = None

    @classmethod
    def of(cls, step: PlannedStep) -> Reviewed:
        """Return a step of a plan with its effect."""
        effect = RESOURCE_TYPES[step.planned.type].impact.effect(step.planned)
        return cls(step.urn, step.op, effect, protected=step.protected)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reviewer should know of the change."""
        return RESOURCE_TYPES[self.effect.type].impact.sentences(self.effect, self.facts)

    @property
    def locks_out(self) -> bool:
        """Whether the object is removed or deactivated."""
        return self.effect.act in (Act.REMOVES, Act.DEACTIVATES)

    @property
    def change(self) -> PlannedChange:
        """The change, for the model of access."""
        return PlannedChange(self.urn, clean(resource_name(self.urn)), self.effect)

    @property
    def takes_access(self) -> bool:
        """Whether the change can take access from somebody, or removes the object."""
        return self.change.takes_access

    @property
    def matters(self) -> bool:
        """Whether a reviewer should read about the change, or it counts against a limit."""
        return self.effect.is_significant or self.takes_access

    def as_json(self) -> dict[str, Any]:
        """Return the change for programs. Every change has the counts of all types, and null for those that are not of its type."""
        effect, counts = self.effect, self.facts.counts if self.facts else {}
        counted = RESOURCE_TYPES[effect.type].counted
        return {
            "urn": self.urn,
            "type": effect.type,
            "id": effect.id,
            "op": self.op,
            "protected": self.protected,
            "act": effect.act.value,
            "certain": not effect.maybe,
            "gains": list(effect.gains),
            "loses": list(effect.loses),
            **{
                name: counts.get(name) if name in counted else None
                for each in RESOURCE_TYPES.values()
                for name in each.counted
            },
            "takes_access": self.takes_access,
            "losing_access": self.losing,
            "sentences": list(self.sentences),
        }


@dataclass(frozen=True)
class Verdict:
    """The result of a review.

    :param reviewed: the changes that a reviewer should read about.
    :param changes: how many resources of any type each operation of the engine concerns.
    :param shared: objects that more than one resource manages. They are an error, whatever the limits are.
    :param why_instance_not_read: why the instance was not read; None where it was, or did not have to be.
    :param why_state_not_read: why the state was not read; None where it was.
    :param allowed: the URNs of the resources that may take access away; None where they were not given, so that all may.
    :param not_allowed: the URNs of the resources that take access away and may not.
    :param protected: the URNs of the protected resources that would be deleted or replaced.
    :param people: who loses and who gains what by the whole plan.
    """

    stack: str
    reviewed: tuple[Reviewed, ...]
    limits: tuple[Limit, ...]
    changes: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[SharedObject, ...] = ()
    why_instance_not_read: str | None = None
    why_state_not_read: str | None = None
    allowed: frozenset[str] | None = None
    not_allowed: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    people: People = field(default_factory=People)

    @property
    def is_limited(self) -> bool:
        """Whether a limit was set, or the resources that may take access away were given."""
        return self.allowed is not None or any(limit.most is not None for limit in self.limits)

    @property
    def is_refused(self) -> bool:
        """Whether a limit is exceeded, or a resource takes access away that may not."""
        return bool(self.not_allowed) or any(limit.exceeded for limit in self.limits)

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors, as sentences."""
        return (*(each.error for each in self.shared), *(each.error for each in self.limits if each.undecided))

    @property
    def exit_code(self) -> int:
        """0 within the limits, 7 where the plan is refused, 1 where that is not known or two resources manage one object."""
        if self.is_refused and not self.shared:
            return _EXCEEDED
        return 1 if self.errors else 0

    def as_json(self) -> dict[str, Any]:
        """Return the output of `zorg preview-guard --format json`. docs/schemas/preview-guard.json is its JSON schema.

        ``not_asked`` and ``not_read`` are earlier names, and deprecated.
        """
        return {
            "schema": "zorg-preview/1",
            "stack": self.stack,
            "exceeded": any(each.exceeded for each in self.limits),
            "refused": self.is_refused,
            "limited": self.is_limited,
            "allowed": None if self.allowed is None else sorted(self.allowed),
            "not_allowed": list(self.not_allowed),
            "protected": list(self.protected),
            "limits": [each.as_json() for each in self.limits],
            "changes": dict(self.changes),
            "shared": [each.as_json() for each in self.shared],
            "effects": [each.as_json() for each in self.reviewed],
            "people": self.people.as_json(),
            "why_instance_not_read": self.why_instance_not_read,
            "why_state_not_read": self.why_state_not_read,
            "not_asked": self.why_instance_not_read,
            "not_read": self.why_state_not_read,
        }
