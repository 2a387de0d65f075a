"""What ``zorg preview-guard`` found in a plan, as data: the changes, and the limits with what is counted against each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.engine.state import SharedObject
from pulumi_zorg.errors import clean
from pulumi_zorg.guard.plan import PlannedStep
from pulumi_zorg.resource_types.impact import Act, Effect, Facts, count_text
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import resource_name

#: The option that limits how many people and service accounts lose access.
LOSING_ACCESS = "--max-losing-access"

#: What the options limit, and how it is called.
_VERBS = {Act.DEACTIVATES: ("deactivate", "deactivated"), Act.REMOVES: ("remove", "removed")}

#: The properties of the objects that are removed, by id, by the property by which others name them.
Removed = Mapping[str, Mapping[str, Mapping[str, Any]]]

_EXCEEDED = 7  # as `zorg drift` for drift


def limit_options() -> dict[str, tuple[str, Act]]:
    """Return what each option limits: the type token and the act, by option. Organizations have the shortest names."""
    return {
        f"--max-{verb}{resource_type.limit_suffix}": (token, act)
        for token, resource_type in RESOURCE_TYPES.items()
        for act, (verb, _) in _VERBS.items()
    }


def limited(option: str) -> str:
    """Return what an option limits, as the end of a sentence: ``user grants would be removed``."""
    if option == LOSING_ACCESS:
        return "people and service accounts would lose access"
    token, act = limit_options()[option]
    return f"{RESOURCE_TYPES[token].noun}s would be {_VERBS[act][1]}"


@dataclass(frozen=True)
class Limit:
    """How often something may happen, and how often it would.

    :param most: the limit; None where there is none.
    :param found: how often it would happen.
    :param removed_with_parents: how many of ``found`` have no step in the plan: they are removed along with another object.
    :param why_incomplete: why there may be more than ``found``; None where all are counted.
    """

    option: str
    most: int | None
    found: int
    removed_with_parents: int = 0
    why_incomplete: str | None = None

    @property
    def exceeded(self) -> bool:
        """Whether it would happen more often than it may."""
        return self.most is not None and self.found > self.most

    @property
    def undecided(self) -> bool:
        """Whether it is not known if the limit is exceeded."""
        return self.most is not None and self.why_incomplete is not None and not self.exceeded

    @property
    def is_shown(self) -> bool:
        """Whether the summary has the sentence."""
        return self.found > 0

    @property
    def sentence(self) -> str:
        """What would happen, in numbers."""
        which = "" if self.found == self.removed_with_parents == 1 else f"{self.removed_with_parents} of them "
        parents = self._parents if which else self._parents.replace("their", "its", 1)
        along = f" ({which}along with {parents})" if self.removed_with_parents else ""
        token, act = limit_options()[self.option]
        return f"{count_text(self.found, RESOURCE_TYPES[token].noun)} would be {_VERBS[act][1]}{along}"

    @property
    def gap(self) -> str:
        """What is not counted and why, as a clause."""
        token, _ = limit_options()[self.option]
        nouns = f"{RESOURCE_TYPES[token].noun}s"
        return f"how many {nouns} are removed along with {self._parents} is not known: {self.why_incomplete}"

    @property
    def error(self) -> str:
        """Why it is not known whether the limit is exceeded, as a sentence."""
        counted = f"{self.sentence}, and " if self.found else ""
        return f"It is not known whether this exceeds {self.option} {self.most}: {counted}{self.gap}"

    @property
    def _parents(self) -> str:
        """What removes an object of this type along with it, as a part of a sentence."""
        token, _ = limit_options()[self.option]
        *nouns, last = ["organization", *(parent.noun for parent in RESOURCE_TYPES[token].events.parents)]
        return f"their {', '.join(nouns)} or {last}" if nouns else f"their {last}"

    def as_json(self) -> dict[str, Any]:
        """Return the limit for programs. ``along`` and ``uncounted`` are earlier names, and deprecated."""
        return {
            "option": self.option,
            "most": self.most,
            "found": self.found,
            "removed_with_parents": self.removed_with_parents,
            "why_incomplete": self.why_incomplete,
            "along": self.removed_with_parents,
            "uncounted": self.why_incomplete,
            "exceeded": self.exceeded,
        }


@dataclass(frozen=True)
class AccessLimit(Limit):
    """How many people and service accounts may lose access by the whole plan, and how many would. Each is counted once."""

    @property
    def is_shown(self) -> bool:
        return self.found > 0 or self.why_incomplete is not None

    @property
    def sentence(self) -> str:
        if self.why_incomplete and not self.found:
            return "it is not known how many people and service accounts would lose access"
        who = "person or service account" if self.found == 1 else "people and service accounts"
        return f"{'at least ' if self.why_incomplete else ''}{self.found} {who} would lose access"

    @property
    def gap(self) -> str:
        return str(self.why_incomplete)


def count_objects(
    reviewed: Collection[Reviewed],
    most: Mapping[str, int | None],
    with_parents: Callable[[str, Removed], tuple[Collection[str], str | None]],
) -> tuple[Limit, ...]:
    """Return how many objects of each type are deactivated and removed.

    :param most: the limits, by option.
    :param with_parents: returns the ids of the objects of a type that are removed along with others, and why they are not known.
    """
    removed: dict[str, dict[str, Mapping[str, Any]]] = {}
    for each in (each.effect for each in reviewed):
        if each.act is Act.REMOVES and each.id:
            removed.setdefault(RESOURCE_TYPES[each.type].reference, {})[each.id] = each.properties
    limits = []
    for option, (token, act) in limit_options().items():
        ids = [each.effect.id for each in reviewed if (each.effect.type, each.effect.act) == (token, act)]
        parents = {"org_id", *(parent.property for parent in RESOURCE_TYPES[token].events.parents)}
        along, why = 0, None
        if act is Act.REMOVES and RESOURCE_TYPES[token].in_organization and not parents.isdisjoint(removed):
            found, why = with_parents(token, removed)
            along = len(set(found).difference(ids))
        limits.append(Limit(option, most.get(option), len(ids) + along, along, why))
    return tuple(limits)


def count_losing_access(
    reviewed: Collection[Reviewed], most: Mapping[str, int | None], why_not_read: str | None
) -> AccessLimit:
    """Return how many people and service accounts lose access, each once over the whole plan.

    :param why_not_read: why the instance was not read; None where it was.
    """
    losing: set[str] = set()
    why_incomplete = None
    for each in reviewed:
        if each.losing is not None:
            losing |= each.losing
        elif each.takes_access and why_incomplete is None:
            why = (each.facts and (each.facts.why_not or each.facts.unlisted)) or why_not_read
            why_incomplete = f"who loses access by the change of {clean(resource_name(each.urn))} is not known{f': {why}' if why else ''}"
    return AccessLimit(LOSING_ACCESS, most.get(LOSING_ACCESS), len(losing), why_incomplete=why_incomplete)


@dataclass(frozen=True)
class Reviewed:
    """A planned change and its effect.

    :param op: see :class:`pulumi_zorg.guard.plan.PlannedStep`.
    :param protected: the same.
    :param facts: counts and names from the instance; None where it was not read.
    """

    urn: str
    op: str
    effect: Effect
    facts: Facts | None = None
    protected: bool = False

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
    def takes_access(self) -> bool:
        """Whether the change can take access from somebody, or removes the object."""
        return RESOURCE_TYPES[self.effect.type].impact.takes_access(self.effect)

    @property
    def matters(self) -> bool:
        """Whether a reviewer should read about the change, or it counts against a limit."""
        return self.effect.is_significant or self.takes_access

    @property
    def losing(self) -> frozenset[str] | None:
        """The ids of the people and service accounts that lose access; None where they are not known."""
        return None if self.facts is None else self.facts.losing

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
            "losing_access": None if self.losing is None else len(self.losing),
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
            "why_instance_not_read": self.why_instance_not_read,
            "why_state_not_read": self.why_state_not_read,
            "not_asked": self.why_instance_not_read,
            "not_read": self.why_state_not_read,
        }
