"""The limits of ``zorg preview-guard``: their options, what is counted against each, and the sentences about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_zorg.resource_types.impact import Act, count_text
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES

if TYPE_CHECKING:
    from pulumi_zorg.guard.report import Reviewed
    from pulumi_zorg.resource_types.people import People

#: The option that limits how many people and service accounts lose access.
LOSING_ACCESS = "--max-losing-access"
#: The same for those who gain access.
GAINING_ACCESS = "--max-gaining-access"
_PEOPLE_VERBS = {LOSING_ACCESS: "lose", GAINING_ACCESS: "gain"}

#: What the options limit, and how it is called.
_VERBS = {Act.DEACTIVATES: ("deactivate", "deactivated"), Act.REMOVES: ("remove", "removed")}

#: The properties of the objects that are removed, by id, by the property by which others name them.
Removed = Mapping[str, Mapping[str, Mapping[str, Any]]]


def limit_options() -> dict[str, tuple[str, Act]]:
    """Return what each option limits: the type token and the act, by option. Organizations have the shortest names."""
    return {
        f"--max-{verb}{inputs.limit_suffix}": (token, act)
        for token, inputs in INPUTS.items()
        for act, (verb, _) in _VERBS.items()
        if "active" in inputs.names() or act is Act.REMOVES
    }


def limited(option: str) -> str:
    """Return what an option limits, as the end of a sentence: ``user grants would be removed``."""
    if option in _PEOPLE_VERBS:
        return f"people and service accounts would {_PEOPLE_VERBS[option]} access"
    token, act = limit_options()[option]
    return f"{INPUTS[token].noun}s would be {_VERBS[act][1]}"


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
        return f"{count_text(self.found, INPUTS[token].noun)} would be {_VERBS[act][1]}{along}"

    @property
    def gap(self) -> str:
        """What is not counted and why, as a clause."""
        token, _ = limit_options()[self.option]
        nouns = f"{INPUTS[token].noun}s"
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
    """How many people and service accounts may lose or gain access by the whole plan, and how many would. Each is counted once.

    :param uncertain: of how many of ``found`` that is not known. They count.
    """

    uncertain: int = 0

    @property
    def is_shown(self) -> bool:
        return self.found > 0 or (self.why_incomplete is not None and self.option == LOSING_ACCESS)

    @property
    def sentence(self) -> str:
        verb = _PEOPLE_VERBS[self.option]
        if self.why_incomplete and not self.found:
            return f"it is not known how many people and service accounts would {verb} access"
        who = "person or service account" if self.found == 1 else "people and service accounts"
        may = "" if not self.uncertain else f" ({self.uncertain} of them only possibly)"
        may = may if self.uncertain < self.found else " (only possibly)"
        return f"{'at least ' if self.why_incomplete else ''}{self.found} {who} would {verb} access{may if self.found else ''}"

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


def count_people(people: People, most: Mapping[str, int | None]) -> tuple[AccessLimit, ...]:
    """Return how many people and service accounts lose access, and how many gain some, each once over the whole plan."""
    sides = (
        (LOSING_ACCESS, people.difference.lost, people.why_lost_incomplete),
        (GAINING_ACCESS, people.difference.gained, people.why_gained_incomplete),
    )
    limits = []
    for option, changes, why in sides:
        found = {each.user_id for each in changes}
        uncertain = len(found - {each.user_id for each in changes if each.certain})
        limits.append(AccessLimit(option, most.get(option), len(found), 0, why, uncertain))
    return tuple(limits)
