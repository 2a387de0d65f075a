"""Reviews a plan: what it would do to people, and whether that exceeds the limits of ``zorg preview-guard``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from pulumi_zorg.config import load_settings
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.impact import Act, Effect, Facts, Planned
from pulumi_zorg.resource_registry import RESOURCE_TYPES
from pulumi_zorg.state import SharedObject

if TYPE_CHECKING:
    from pulumi_zorg.cli.stack import Stack
    from pulumi_zorg.config import Settings
    from pulumi_zorg.plan import Plan, PlannedStep
    from pulumi_zorg.providers.preview_impact import PreviewImpact

__all__ = ["Limit", "Reviewed", "Verdict", "limit_options", "limited", "review"]

_EXCEEDED = 7  # as `zorg drift` for drift
#: Calls for the counts and names of one plan.
_CALLS = 500
#: Calls that list the objects of a type that may be removed along with others.
_PAGES = 100
#: Seconds after which a call of that list that keeps failing is given up.
_DEADLINE = 5.0

#: What the options limit, and how it is called.
_VERBS = {Act.DEACTIVATES: ("deactivate", "deactivated"), Act.REMOVES: ("remove", "removed")}


def limit_options() -> dict[str, tuple[str, Act]]:
    """Return what each option limits: the type token and the act, by option. Organizations have the shortest names."""
    return {
        f"--max-{verb}{resource_type.limit_suffix}": (token, act)
        for token, resource_type in RESOURCE_TYPES.items()
        for act, (verb, _) in _VERBS.items()
    }


@dataclass(frozen=True)
class Reviewed:
    """A planned change and its effect.

    :param op: see :class:`pulumi_zorg.plan.PlannedStep`.
    :param facts: counts and names from the instance; None where it was not read.
    """

    urn: str
    op: str
    effect: Effect
    facts: Facts | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reviewer should know of the change."""
        return RESOURCE_TYPES[self.effect.type].impact.sentences(self.effect, self.facts)


def limited(type: str, act: Act) -> str:
    """Return what an option limits, as the end of a sentence: ``user grants would be removed``."""
    return f"{RESOURCE_TYPES[type].noun}s would be {_VERBS[act][1]}"


@dataclass(frozen=True)
class Limit:
    """How often something may happen, and how often it would.

    :param most: the limit; None where there is none.
    :param found: how often it would happen.
    :param along: how many of ``found`` have no step in the plan: they are removed along with another object.
    :param uncounted: why there may be more than ``found``; None where all are counted.
    """

    option: str
    most: int | None
    found: int
    along: int = 0
    uncounted: str | None = None

    @property
    def exceeded(self) -> bool:
        """Whether it would happen more often than it may."""
        return self.most is not None and self.found > self.most

    @property
    def undecided(self) -> bool:
        """Whether it is not known if the limit is exceeded."""
        return self.most is not None and self.uncounted is not None and not self.exceeded

    @property
    def sentence(self) -> str:
        """What would happen, in numbers."""
        token, act = limit_options()[self.option]
        along = f" ({self.along} of them along with {self.takes_along})" if self.along else ""
        return f"{self.found} {RESOURCE_TYPES[token].noun}{'' if self.found == 1 else 's'} would be {_VERBS[act][1]}{along}"

    @property
    def nouns(self) -> str:
        """What it counts, in the plural."""
        return f"{RESOURCE_TYPES[limit_options()[self.option][0]].noun}s"

    @property
    def takes_along(self) -> str:
        """What removes an object of this type along with it, as a part of a sentence."""
        token, _ = limit_options()[self.option]
        *nouns, last = ["organization", *(parent.noun for parent in RESOURCE_TYPES[token].events.parents)]
        return f"their {', '.join(nouns)} or {last}" if nouns else f"their {last}"


@dataclass(frozen=True)
class Verdict:
    """The result of a review.

    :param reviewed: the changes that a reviewer should read about.
    :param changes: how many resources of any type each operation of the engine concerns.
    :param shared: objects that more than one resource manages. They are an error, whatever the limits are.
    :param not_asked: why the instance was not read; None where it was, or did not have to be.
    :param not_read: why the state was not read; None where it was.
    """

    stack: str
    reviewed: tuple[Reviewed, ...]
    limits: tuple[Limit, ...]
    changes: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[SharedObject, ...] = ()
    not_asked: str | None = None
    not_read: str | None = None

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors, as sentences."""
        return (
            *(each.error for each in self.shared),
            *(
                f"It is not known whether this exceeds {limit.option} {limit.most}: {limit.sentence}, and how many more are "
                f"removed along with {limit.takes_along} is not known: {limit.uncounted}"
                for limit in self.limits
                if limit.undecided
            ),
        )

    @property
    def exit_code(self) -> int:
        """0 within the limits, 7 where one is exceeded, 1 where that is not known or two resources manage one object."""
        if self.shared:
            return 1
        if any(limit.exceeded for limit in self.limits):
            return _EXCEEDED
        return 1 if self.errors else 0


def review(plan: Plan, most: Mapping[str, int | None], stack: Stack | None, not_read: str | None = None) -> Verdict:
    """Return what a plan would do, counted against the limits.

    :param most: the limits, by option.
    :param stack: the stack with whose settings the instance is read; None where the instance is not to be read.
    :param not_read: see :class:`Verdict`.
    """
    steps = list(_without_adopted(plan))
    reviewed = [Reviewed(step.urn, step.op, _effect(_unresolved(step.planned))) for step in steps]
    settings, not_asked = None, None
    if any(each.effect.is_significant for each in reviewed):
        settings, not_asked = _settings(stack)
    if settings is not None:
        reviewed = _with_facts(settings, steps)
    significant = tuple(each for each in reviewed if each.effect.is_significant and each.sentences)
    limits = _limits(reviewed, most, settings, not_asked)
    return Verdict(plan.stack or "?", significant, limits, plan.changes, plan.shared, not_asked, not_read)


def _without_adopted(plan: Plan) -> Iterator[PlannedStep]:
    """Return the steps without deletions of objects that another resource of the plan adopts.

    The provider leaves such an object.
    """
    adopting = [each for each in plan.steps if each.planned.adopts]

    def is_adopted(step: PlannedStep) -> bool:
        type_, before = step.planned.type, step.planned.before or {}
        return any(
            each.urn != step.urn
            and each.planned.type == type_
            and RESOURCE_TYPES[type_].is_same(before, each.planned.after or {})
            for each in adopting
        )

    yield from (step for step in plan.steps if step.planned.after is not None or not is_adopted(step))


def _unresolved(planned: Planned) -> Planned:
    exists = planned.adopts or planned.before is not None
    return RESOURCE_TYPES[planned.type].unresolved(planned) if exists else planned


def _effect(planned: Planned) -> Effect:
    return RESOURCE_TYPES[planned.type].impact.effect(planned)


def _settings(stack: Stack | None) -> tuple[Settings | None, str | None]:
    """Return the settings to read the instance with, or why it is not read."""
    if stack is None:
        return None, "--offline was given"
    try:
        try:
            settings = stack.settings
        except click.ClickException as error:
            # There is no stack here, or no command pulumi. The environment may have the settings.
            try:
                settings = load_settings(lambda key: None, stored=False)
            except ConfigurationError:
                return None, clean(error.message, 300)
    except ConfigurationError as error:
        return None, clean(str(error), 300)
    return (settings, None) if settings.preview_impact else (None, "zorg:previewImpact is false")


def _with_facts(settings: Settings, steps: list[PlannedStep]) -> list[Reviewed]:
    """Return the changes with counts and names from the instance."""
    from pulumi_zorg.providers.preview_impact import PreviewImpact

    preview_impact = PreviewImpact(settings, calls=_CALLS)
    try:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda step: _with_facts_of(preview_impact, step), steps))
    finally:
        preview_impact.close()


def _with_facts_of(preview_impact: PreviewImpact, step: PlannedStep) -> Reviewed:
    planned, resource_type = step.planned, RESOURCE_TYPES[step.planned.type]
    planned = preview_impact.resolve(resource_type, planned)
    effect = _effect(planned)
    return Reviewed(
        step.urn, step.op, effect, preview_impact.facts(resource_type, effect) if effect.is_significant else None
    )


def _limits(
    reviewed: Collection[Reviewed], most: Mapping[str, int | None], settings: Settings | None, not_asked: str | None
) -> tuple[Limit, ...]:
    limits, options = [], limit_options()
    removed = _removed(reviewed)
    for option, (token, act) in options.items():
        ids = [each.effect.id for each in reviewed if (each.effect.type, each.effect.act) == (token, act)]
        limit = Limit(option, most.get(option), len(ids))
        parents = {"org_id", *(parent.property for parent in RESOURCE_TYPES[token].events.parents)}
        if act is Act.REMOVES and RESOURCE_TYPES[token].in_organization and not parents.isdisjoint(removed):
            along, why = (set[str](), not_asked) if settings is None else _removed_along(settings, token, removed)
            count = len(along.difference(ids))
            limit = replace(limit, found=limit.found + count, along=count, uncounted=why)
        limits.append(limit)
    return tuple(limits)


def _removed(reviewed: Collection[Reviewed]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return the properties of the objects that are removed, by id, by the property by which others name them."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for each in reviewed:
        if each.effect.act is Act.REMOVES and each.effect.id:
            of_type = found.setdefault(RESOURCE_TYPES[each.effect.type].reference, {})
            of_type[each.effect.id] = each.effect.properties
    return found


def _removed_along(
    settings: Settings, token: str, removed: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> tuple[set[str], str | None]:
    """Return the objects of a type that are removed along with these, and why they are not known, or None."""
    from pulumi_zorg.client import Client
    from pulumi_zorg.drift.unmanaged import removed_along

    hasty = replace(settings, retry_deadline=min(settings.retry_deadline, _DEADLINE))
    client = Client.connect(hasty, notice=lambda sentence: None)
    try:
        found = removed_along(client, RESOURCE_TYPES[token], removed, at_most=_PAGES)
    except ZorgError as error:
        return set(), clean(str(error), 500)
    finally:
        client.close()
    if found is None:
        return set(), f"counting the {RESOURCE_TYPES[token].noun}s takes more than {_PAGES} calls"
    return set(found), None
