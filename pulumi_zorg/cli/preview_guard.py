"""``zorg preview-guard``: what a preview would do to people, and whether that is more than may be."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_zorg.cli.stack import OneForErrors, Stack, format_option, stack_options
from pulumi_zorg.cli.writing import whole_output
from pulumi_zorg.config import load_settings
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.impact import Act, Effect, Facts, Planned, effect_of
from pulumi_zorg.plan import Plan, PlannedStep, read_plan
from pulumi_zorg.state import standing

if TYPE_CHECKING:
    from pulumi_zorg.config import Settings
    from pulumi_zorg.providers.foresight import Foresight

__all__ = ["Limit", "Reviewed", "Verdict", "preview_guard"]

_EXCEEDED = 7  # as `zorg drift` tells what it was asked to find
#: Calls about one plan: a reviewer waits for it, and not somebody at a terminal.
_CALLS = 500

#: What is counted, by the option that limits it.
_COUNTED: dict[str, tuple[str, Act]] = {
    "--max-deactivate": (ORGANIZATION, Act.DEACTIVATES),
    "--max-remove": (ORGANIZATION, Act.REMOVES),
    "--max-deactivate-grants": (USER_GRANT, Act.DEACTIVATES),
    "--max-remove-grants": (USER_GRANT, Act.REMOVES),
}


@dataclass(frozen=True)
class Reviewed:
    """A planned change, what it would do, and what the instance says of it.

    :param facts: None where the instance was not asked.
    """

    urn: str
    effect: Effect
    facts: Facts | None = None


@dataclass(frozen=True)
class Limit:
    """How often something may happen, and how often it would.

    :param most: None where it may happen as often as it likes.
    """

    option: str
    most: int | None
    found: int

    @property
    def exceeded(self) -> bool:
        """Whether it would happen more often than it may."""
        return self.most is not None and self.found > self.most


@dataclass(frozen=True)
class Verdict:
    """What a plan came to.

    :param not_asked: why the instance was not asked for counts and names; None where it was.
    :param not_read: why it is not known whether earlier runs left deletions undone; None where it is.
    """

    stack: str
    reviewed: tuple[Reviewed, ...]
    limits: tuple[Limit, ...]
    not_asked: str | None = None
    not_read: str | None = None

    @property
    def exceeded(self) -> bool:
        """Whether any limit is."""
        return any(limit.exceeded for limit in self.limits)


def _most(option: str, of: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        option, type=click.IntRange(min=0), metavar="N", help=f"So many {of} at the most; any number if left out."
    )


@click.command("preview-guard", cls=OneForErrors)
@click.argument("plan", required=False, metavar="[PLAN]")
@_most("--max-deactivate", "organizations deactivated")
@_most("--max-remove", "organizations removed")
@_most("--max-deactivate-grants", "user grants deactivated")
@_most("--max-remove-grants", "user grants removed")
@format_option
@click.option("--offline", is_flag=True, help="Ask the instance nothing: no counts, and ids for names.")
@click.option("--run", is_flag=True, help="Run the preview here, whatever standard input is.")
@stack_options
def preview_guard(
    plan: str | None,
    max_deactivate: int | None,
    max_remove: int | None,
    max_deactivate_grants: int | None,
    max_remove_grants: int | None,
    form: str,
    offline: bool,
    run: bool,
    stack: str | None,
    cwd: Path,
) -> None:
    """Says what a preview would do to people, and fails where that is more than may be.

    PLAN is a file that holds what `pulumi preview --json` has printed, or - for standard input; left out, it is what is
    piped in. At a terminal, or with --run, the preview is run here.

    Ends with 0 where it is within the limits, with 7 where it is not, and with 1 where that cannot be told.
    """
    from pulumi_zorg.cli.preview_formats import FORMATS

    most = dict(zip(_COUNTED, (max_deactivate, max_remove, max_deactivate_grants, max_remove_grants), strict=True))
    here = Stack(cwd, stack)
    if run and plan is not None:
        raise click.ClickException("PLAN and --run: it is either a plan that there is, or one that is made here")
    try:
        own = run or (plan is None and not _piped())
        found = read_plan(here.preview() if own else _text(plan))
        here = _stack_of(found, here)
        steps, not_read = (found.steps, None) if own else _with_pending(found.steps, here)
        verdict = _verdict(replace(found, steps=steps), most, None if offline else here)
    except ZorgError as error:
        raise click.ClickException(clean(str(error), 2_000)) from None
    with whole_output():
        FORMATS[form](replace(verdict, not_read=not_read))
    sys.exit(_EXCEEDED if verdict.exceeded else 0)


def _text(plan: str | None) -> str:
    if plan is None or plan == "-":
        piped = sys.stdin.read()
        if not piped.strip():
            raise click.ClickException(
                "standard input is empty: the preview that should have come from there failed, or there is none. "
                "Give the plan as a file, or --run to have the preview run here."
            )
        return piped
    try:
        return Path(plan).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{plan} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _piped() -> bool:
    """Whether standard input is a pipe or a file, and not a terminal or nothing."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _stack_of(plan: Plan, here: Stack) -> Stack:
    """The stack that the plan is for, which is not the selected one in any case."""
    if plan.stack is None:
        return here
    if here.asked is not None:
        if here.asked.rsplit("/", 1)[-1] != plan.stack:
            raise ConfigurationError(f"This is the plan of stack {clean(plan.stack)}, and --stack says {here.asked}")
        return here
    try:
        selected = here.name.rsplit("/", 1)[-1]
    except click.ClickException:
        return here
    return here if selected == plan.stack else Stack(here.folder, plan.stack)


def _with_pending(steps: tuple[PlannedStep, ...], stack: Stack) -> tuple[tuple[PlannedStep, ...], str | None]:
    """The steps, and the deletions that earlier runs left undone; and why these are not known, where they are not.

    The engine makes them in the next ``up``, but tells of them only with ``--show-replacement-steps``.
    """
    try:
        pending = [each for each in standing(stack.outline) if each.pending]
    except (click.ClickException, ConfigurationError) as error:
        return steps, clean(str(error), 300)
    told = {step.planned.id for step in steps if step.planned.after is None}
    left = [each for each in pending if each.id not in told]
    return (*steps, *(PlannedStep(each.urn, Planned(each.type, each.id, each.known, None)) for each in left)), None


def _verdict(plan: Plan, most: dict[str, int | None], stack: Stack | None) -> Verdict:
    steps = list(_without_adopted(plan))
    reviewed = [Reviewed(step.urn, effect_of(_unseen(step.planned))) for step in steps]
    not_asked = "it was not to be asked (--offline)" if stack is None else None
    if stack is not None and any(each.effect.has_weight for each in reviewed):
        try:
            settings = _settings(stack)
        except ConfigurationError as error:
            not_asked = clean(str(error), 300)
        else:
            if settings.preview_impact:
                reviewed = _asked(settings, steps)
            else:
                not_asked = "it was not to be asked (zorg:previewImpact is false)"
    limits = tuple(
        Limit(option, most[option], sum((each.effect.type, each.effect.act) == counted for each in reviewed))
        for option, counted in _COUNTED.items()
    )
    weighty = tuple(each for each in reviewed if each.effect.has_weight)
    return Verdict(plan.stack or "?", weighty, limits, not_asked if weighty else None)


def _without_adopted(plan: Plan) -> Iterator[PlannedStep]:
    """The steps, but for deletions of what another resource of the same plan adopts: the provider leaves that as it is."""
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


def _unseen(planned: Planned) -> Planned:
    return planned.unseen() if planned.adopts else planned


def _settings(stack: Stack) -> Settings:
    try:
        return stack.settings
    except click.ClickException as error:
        # No stack here, or no pulumi: the environment may do.
        try:
            return load_settings(lambda key: None)
        except ConfigurationError:
            raise ConfigurationError(error.message) from None


def _asked(settings: Settings, steps: list[PlannedStep]) -> list[Reviewed]:
    from concurrent.futures import ThreadPoolExecutor

    from pulumi_zorg.providers.foresight import Foresight

    foresight = Foresight(settings, calls=_CALLS)
    try:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda step: _reviewed(foresight, step), steps))
    finally:
        foresight.close()


def _reviewed(foresight: Foresight, step: PlannedStep) -> Reviewed:
    from pulumi_zorg.resource_types.all import RESOURCE_TYPES

    planned = step.planned
    if planned.adopts:
        planned = foresight.adoption(RESOURCE_TYPES[planned.type], planned)
    effect = effect_of(planned)
    return Reviewed(step.urn, effect, foresight.facts(effect) if effect.has_weight else None)
