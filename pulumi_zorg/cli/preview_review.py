"""Reviews a plan: what it would do to people, and whether that exceeds the limits of ``zorg preview-guard``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from pulumi_zorg.config import load_settings
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.impact import Act, Effect, Facts, Planned, effect_of
from pulumi_zorg.state import SharedObject
from pulumi_zorg.tokens import ORGANIZATION, USER_GRANT

if TYPE_CHECKING:
    from pulumi_zorg.cli.stack import Stack
    from pulumi_zorg.config import Settings
    from pulumi_zorg.plan import Plan, PlannedStep
    from pulumi_zorg.providers.preview_impact import PreviewImpact

__all__ = ["COUNTED", "Limit", "Reviewed", "Verdict", "review"]

_EXCEEDED = 7  # as `zorg drift` for drift
#: Calls for the counts and names of one plan.
_CALLS = 500
#: Calls that list the user grants of the instance, 1,000 in each.
_PAGES = 100
#: Seconds after which a call of that list that keeps failing is given up.
_DEADLINE = 5.0

#: What each option limits.
COUNTED: Mapping[str, tuple[str, Act]] = {
    "--max-deactivate": (ORGANIZATION, Act.DEACTIVATES),
    "--max-remove": (ORGANIZATION, Act.REMOVES),
    "--max-deactivate-grants": (USER_GRANT, Act.DEACTIVATES),
    "--max-remove-grants": (USER_GRANT, Act.REMOVES),
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


@dataclass(frozen=True)
class Limit:
    """How often something may happen, and how often it would.

    :param most: the limit; None where there is none.
    :param found: how often it would happen.
    :param along: how many of ``found`` have no step in the plan: they are removed with an organization.
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
        noun = "user grant" if self.option.endswith("-grants") else "organization"
        verb = "deactivated" if "deactivate" in self.option else "removed"
        along = f" ({self.along} of them with their organization, user or project)" if self.along else ""
        return f"{self.found} {noun}{'' if self.found == 1 else 's'} would be {verb}{along}"


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
                f"removed with the organizations is not known: {limit.uncounted}"
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
    reviewed = [Reviewed(step.urn, step.op, effect_of(_unresolved(step.planned))) for step in steps]
    settings, not_asked = None, None
    if any(each.effect.is_significant for each in reviewed):
        settings, not_asked = _settings(stack)
    if settings is not None:
        reviewed = _with_facts(settings, steps)
    significant = tuple(each for each in reviewed if each.effect.is_significant)
    limits = _limits(reviewed, most, settings, not_asked)
    return Verdict(plan.stack or "?", significant, limits, plan.changes, plan.shared, not_asked, not_read)


def _without_adopted(plan: Plan) -> Iterator[PlannedStep]:
    """Return the steps without deletions of objects that another resource of the plan adopts.

    The provider leaves such an object.
    """
    from pulumi_zorg.resource_types.all import RESOURCE_TYPES

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
    return planned.unresolved() if planned.adopts else planned


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
    from pulumi_zorg.resource_types.all import RESOURCE_TYPES

    planned = step.planned
    if planned.adopts:
        planned = preview_impact.resolve_adoption(RESOURCE_TYPES[planned.type], planned)
    effect = effect_of(planned)
    return Reviewed(step.urn, step.op, effect, preview_impact.counts(effect) if effect.is_significant else None)


def _limits(
    reviewed: Collection[Reviewed], most: Mapping[str, int | None], settings: Settings | None, not_asked: str | None
) -> tuple[Limit, ...]:
    ids = {
        option: [each.effect.id for each in reviewed if (each.effect.type, each.effect.act) == counted]
        for option, counted in COUNTED.items()
    }
    limits = {option: Limit(option, most.get(option), len(found)) for option, found in ids.items()}
    removed = {each for each in ids["--max-remove"] if each}
    if removed:
        limit = limits["--max-remove-grants"]
        grants, why = (set[str](), not_asked) if settings is None else _grants_removed_with(settings, removed)
        along = len(grants.difference(ids[limit.option]))
        limits[limit.option] = replace(limit, found=limit.found + along, along=along, uncounted=why)
    return tuple(limits.values())


def _grants_removed_with(settings: Settings, organizations: Collection[str]) -> tuple[set[str], str | None]:
    """Return the user grants that are removed with these organizations, and why they are not known, or None.

    A grant is removed with the organization that it was made in, and with its user and its project, which are removed with
    theirs.
    """
    from pulumi_zorg.client import Client
    from pulumi_zorg.drift.unmanaged import list_all_grants

    hasty = replace(settings, retry_deadline=min(settings.retry_deadline, _DEADLINE))
    client = Client.connect(hasty, notice=lambda sentence: None)
    try:
        listed = list_all_grants(client, at_most=_PAGES)
    except ZorgError as error:
        return set(), clean(str(error), 500)
    finally:
        client.close()
    if listed is None:
        return set(), f"the instance has more than {_PAGES},000 user grants"
    return {
        each.id
        for each in listed
        if not {each.organization.id, each.user.organization_id, each.project.organization_id}.isdisjoint(organizations)
    }, None
