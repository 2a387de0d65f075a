"""``zorg preview-guard``: what a preview would do to people, and whether that is more than may be."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from pulumi_zorg.cli.preview_review import COUNTED, review
from pulumi_zorg.cli.stack import OneForErrors, Preview, Stack, format_option, stack_options
from pulumi_zorg.cli.writing import whole_output
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.impact import Planned
from pulumi_zorg.plan import Plan, PlannedStep, PreviewFailed, read_plan
from pulumi_zorg.state import shared, standing

__all__ = ["preview_guard"]


def _most(option: str, of: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        option, type=click.IntRange(min=0), metavar="N", help=f"So many {of} at the most; any number if left out."
    )


@click.command("preview-guard", cls=OneForErrors)
@click.argument("plan", required=False, metavar="[PLAN]")
@_most("--max-deactivate", "organizations deactivated")
@_most("--max-remove", "organizations removed")
@_most("--max-deactivate-grants", "user grants deactivated")
@_most("--max-remove-grants", "user grants removed, those that go with a removed organization too,")
@format_option
@click.option("--offline", is_flag=True, help="Ask the instance nothing: no counts, and ids for names.")
@click.option("--run", is_flag=True, help="Run the preview here, whatever standard input is.")
@click.option("--destroy", is_flag=True, help="Run the preview of `pulumi destroy` instead of `pulumi preview`.")
@click.option("--target", "targets", multiple=True, metavar="URN", help="Preview only this resource; may be repeated.")
@click.option("--target-dependents", is_flag=True, help="And what depends on the targets.")
@click.option("--refresh", is_flag=True, help="Preview against the instance instead of the state.")
@click.option("--run-program", is_flag=True, help="Use the program's present configuration for --refresh or --destroy.")
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
    destroy: bool,
    targets: tuple[str, ...],
    target_dependents: bool,
    refresh: bool,
    run_program: bool,
    stack: str | None,
    cwd: Path,
) -> None:
    """Says what a preview would do to people, and fails where that is more than may be.

    PLAN is a file that holds what `pulumi preview --json` has printed, or - for standard input; left out, it is what is
    piped in. At a terminal, with --run, or with an option of pulumi, the preview is run here.

    Ends with 0 where it is within the limits, with 7 where it is not, and with 1 where that cannot be told, or where two
    resources manage one object.
    """
    from pulumi_zorg.cli.preview_formats import FORMATS

    most = dict(zip(COUNTED, (max_deactivate, max_remove, max_deactivate_grants, max_remove_grants), strict=True))
    here = Stack(cwd, stack)
    wanted = Preview(destroy, targets, target_dependents, refresh, run_program)
    run = run or wanted != Preview()
    if run and plan is not None:
        raise click.ClickException(
            "PLAN, and an option that runs a preview here (--run, --destroy, --target, --target-dependents, --refresh, "
            "--run-program): it is either a plan that there is, or one that is made here"
        )
    try:
        own = run or (plan is None and not _piped())
        found = _made_here(here, wanted) if own else read_plan(_text(plan))
        here = _stack_of(found, here)
        found, not_read = _with_state(found, here, own)
        verdict = review(found, most, None if offline else here, not_read)
    except ZorgError as error:
        raise click.ClickException(clean(str(error), 2_000)) from None
    with whole_output():
        FORMATS[form](verdict)
    for sentence in verdict.errors:
        click.echo(f"Error: {clean(sentence, 3_000)}", err=True)
    sys.exit(verdict.exit_code)


def _made_here(stack: Stack, wanted: Preview) -> Plan:
    """Return the plan of a preview that is run here.

    :raises ConfigurationError: where the preview failed, with the engine's error from the plan or from standard error.
    """
    text, failure = stack.preview(wanted)
    if failure is None:
        found = read_plan(text)
        return found if found.stack else replace(found, stack=stack.name.rsplit("/", 1)[-1])
    try:
        read_plan(text)
    except PreviewFailed:
        raise
    except ConfigurationError:
        pass
    raise ConfigurationError(failure)


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


def _with_state(plan: Plan, stack: Stack, own: bool) -> tuple[Plan, str | None]:
    """Return the plan with what the state adds to it, and why the state was not read, where it was not.

    The state has the objects that two resources manage, and the deletions that earlier runs left undone. The engine makes
    these deletions in the next ``up``, but lists them only with ``--show-replacement-steps``, as in a preview that is run
    here.

    :param own: whether the preview was run here.
    """
    try:
        in_state = shared(stack.outline)
        pending = [] if own else [each for each in standing(stack.outline) if each.pending]
    except (click.ClickException, ConfigurationError) as error:
        return plan, clean(str(error), 300)
    planned = {step.planned.id for step in plan.steps if step.planned.after is None}
    left = (each for each in pending if each.id not in planned)
    steps = (PlannedStep(each.urn, Planned(each.type, each.id, each.known, None), "pending") for each in left)
    known = {(each.type, each.id) for each in in_state}
    more = (each for each in plan.shared if (each.type, each.id) not in known)
    return replace(plan, steps=(*plan.steps, *steps), shared=(*in_state, *more)), None
