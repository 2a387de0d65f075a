"""``zorg preview-guard``: reports what a preview would do to people, and fails where that exceeds a limit."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pulumi_zorg.cli.stack import (
    Preview,
    Stack,
    format_option,
    read_file_or_stdin,
    read_text,
    stack_options,
)
from pulumi_zorg.cli.writing import whole_output
from pulumi_zorg.engine.state import has_resources, not_understood, pending_deletions, pending_replacements, shared
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.guard.passed_on import verify_passed_on
from pulumi_zorg.guard.plan import Plan, PlannedStep, PreviewFailed, read_plan
from pulumi_zorg.guard.review import LOSING_ACCESS, limit_options, limited, review
from pulumi_zorg.resource_types.impact import Planned

__all__ = ["preview_guard"]

_EMPTY = (
    "standard input is empty: the preview that should have come from there failed, or there is none. "
    "Give the plan as a file, or --run to have the preview run here."
)


def _limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that limit what may happen."""
    file = click.Path(path_type=Path, dir_okay=False, exists=True)
    what = "The same for the URNs in a file, one a line. Empty lines, and lines that begin with #, are left out."
    command = click.option("--allow-file", type=file, help=what)(command)
    what = "Fail where a resource takes access away, or removes its object, and its URN is not given. May be repeated."
    command = click.option("--allow", multiple=True, metavar="URN", help=what)(command)
    what = "Fail where more than N people and service accounts would lose access. The default is no limit."
    command = click.option(LOSING_ACCESS, type=click.IntRange(min=0), metavar="N", help=what)(command)
    for option, (token, act) in reversed(limit_options().items()):
        what = f"Fail where more than N {limited(token, act)}. The default is no limit."
        command = click.option(option, type=click.IntRange(min=0), metavar="N", help=what)(command)
    return command


class _PassesOn(click.Command):
    """A command whose parameter ``passed_on`` has what follows the first ``--``."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments before the first ``--``."""
        end = args.index("--") if "--" in args else len(args)
        context = super().make_context(info_name, args[:end], parent, **extra)
        context.params["passed_on"] = tuple(args[end + 1 :])
        return context


@click.command("preview-guard", cls=_PassesOn)
@click.argument("plan", required=False, metavar="[PLAN] [-- OPTIONS OF PULUMI]")
@_limit_options
@format_option
@click.option("--offline", is_flag=True, help="Do not call the instance: no counts, and ids in place of names.")
@click.option("--run", is_flag=True, help="Run the preview here, and ignore standard input.")
@click.option("--destroy", is_flag=True, help="Run the preview of `pulumi destroy` instead of `pulumi preview`.")
@click.option("--target", "targets", multiple=True, metavar="URN", help="Preview only this resource. May be repeated.")
@click.option("--target-dependents", is_flag=True, help="Preview the resources that depend on the targets too.")
@click.option("--refresh", is_flag=True, help="Compare with the instance instead of the state.")
@click.option("--run-program", is_flag=True, help="Use the program's present configuration for --refresh or --destroy.")
@click.option(
    "--config-file", metavar="FILE", help="The file with the stack's configuration, as pulumi's --config-file."
)
@stack_options
def preview_guard(
    plan: str | None,
    form: str,
    offline: bool,
    run: bool,
    destroy: bool,
    targets: tuple[str, ...],
    target_dependents: bool,
    refresh: bool,
    run_program: bool,
    allow: tuple[str, ...],
    allow_file: Path | None,
    stack: str | None,
    cwd: Path,
    config_file: str | None,
    passed_on: tuple[str, ...],
    **limits: int | None,
) -> None:
    """Reports what a preview does to people, and has limits.

    It fails where a limit is exceeded. PLAN is a file with the output of `pulumi preview --json`, or - for standard input.
    Without PLAN, standard input is read if it is a pipe or a file. At a terminal, with --run, or with an option of pulumi, the
    preview is run here. What follows -- is
    passed on to `pulumi preview` or `pulumi destroy`: `--run -- --ignore-protect --parallel 2`.

    The exit code is 0 within the limits, 7 where one is exceeded or a change is not allowed, and 1 where that is not known, or
    where two resources manage one object.
    """
    from pulumi_zorg.cli.preview_formats import FORMATS

    here = Stack(cwd, stack, config_file)
    preview = Preview(destroy, targets, target_dependents, refresh, run_program, passed_on)
    run = run or preview != Preview()
    if run and plan is not None:
        raise click.ClickException(
            "PLAN, and an option that runs a preview here (--run, --destroy, --target, --target-dependents, --refresh, "
            "--run-program, or one after `--`), cannot be combined. Give one of them."
        )
    try:
        verify_passed_on(passed_on)
        own = run or (plan is None and not _piped())
        found = _run_preview(here, preview) if own else read_plan(read_file_or_stdin(plan or "-", _EMPTY))
        here = _stack_of(found, here)
        found, not_read = _with_state(found, here, own)
        most = {f"--{name.replace('_', '-')}": most for name, most in limits.items()}
        verdict = review(found, most, None if offline else here, not_read, _allowed(allow, allow_file))
    except ZorgError as error:
        raise click.ClickException(clean(str(error), 2_000)) from None
    with whole_output():
        FORMATS[form](verdict)
    for sentence in verdict.errors:
        click.echo(f"Error: {clean(sentence, 3_000)}", err=True)
    sys.exit(verdict.exit_code)


def _run_preview(stack: Stack, preview: Preview) -> Plan:
    """Return the plan of a preview that is run here.

    :raises ConfigurationError: where the preview failed. It has the engine's error from the plan or from standard error.
    """
    text, failure = stack.preview(preview)
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


def _piped() -> bool:
    """Whether standard input is a pipe or a file."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _allowed(urns: tuple[str, ...], file: Path | None) -> frozenset[str] | None:
    """Return the URNs of the resources that may take access away; None where they were not given.

    :raises click.ClickException: where one is no URN, or the file cannot be read.
    """
    if not urns and file is None:
        return None
    lines = read_text(file).splitlines() if file is not None else []
    given = [*urns, *(line.strip() for line in lines if not line.lstrip().startswith("#"))]
    allowed = frozenset(each for each in given if each)
    wrong = next((each for each in sorted(allowed) if not each.startswith("urn:pulumi:")), None)
    if wrong is not None:
        raise click.ClickException(f"{clean(wrong, 300)!r} is no URN: write urn:pulumi:…, as the preview shows it")
    return allowed


def _stack_of(plan: Plan, here: Stack) -> Stack:
    """Return the stack that the plan is for. Another stack may be selected.

    :raises ConfigurationError: where the plan is that of another project, or of another stack than the one that was named.
    """
    if plan.stack is None:
        return here
    if None not in (plan.pulumi_project, here.pulumi_project) and here.pulumi_project != plan.pulumi_project:
        raise ConfigurationError(
            f"This is the plan of project {clean(str(plan.pulumi_project))}, and the folder {here.root} has project "
            f"{clean(str(here.pulumi_project))}. Its stack has other settings. Give the program's folder with --cwd."
        )
    if here.requested is not None:
        *_, pulumi_project, name = "", *here.requested.split("/")
        if name != plan.stack or (here.requested.count("/") == 2 and pulumi_project != plan.pulumi_project):
            raise ConfigurationError(
                f"This is the plan of stack {clean(plan.stack)} of project {clean(str(plan.pulumi_project))}, and --stack says "
                f"{here.requested}"
            )
        return here
    try:
        selected = here.name.rsplit("/", 1)[-1]
    except click.ClickException:
        return here
    return here if selected == plan.stack else replace(here, requested=plan.stack)


def _with_state(plan: Plan, stack: Stack, own: bool) -> tuple[Plan, str | None]:
    """Return the plan with what the state adds to it. The second part is why the state was not read, or None.

    The state has the objects that two resources manage, and the deletions that earlier runs left undone. The engine makes
    these deletions in the next ``up``, but lists them only with ``--show-replacement-steps``. Only with that option does a plan
    show that the object of a replaced resource was deleted by an earlier run. A preview that is run here has it.

    :param own: whether the preview was run here.
    :raises ConfigurationError: where the plan has no steps, and the state has resources. Also where the state has resources of this
        package that this release does not understand.
    """
    try:
        others = not_understood(stack.outline)
        in_state = shared(stack.outline)
        is_empty = not has_resources(stack.outline)
        pending = () if own else pending_deletions(stack.outline)
        repaired = {(each.urn, each.id) for each in pending_replacements(stack.outline)}
    except (click.ClickException, ConfigurationError) as error:
        return plan, clean(str(error), 300)
    if others:
        raise ConfigurationError(" ".join(each.why for each in others))
    if plan.stack is None and not is_empty:
        raise ConfigurationError(
            "The plan has no steps, and the stack has resources: a preview of this stack lists at least the stack itself. Use the "
            "output of `pulumi preview --json`."
        )
    done = [each for each in plan.steps if each.op == "replace" and each.planned.after is None]
    kept = tuple(each for each in plan.steps if each not in done or (each.urn, each.planned.id) not in repaired)
    planned = {(step.urn, step.planned.id) for step in kept if step.planned.after is None}
    left = (each for each in pending if (each.urn, each.id) not in planned)
    steps = (PlannedStep(each.urn, Planned(each.token, each.id, each.all_properties, None), "pending") for each in left)
    known = {(each.token, each.id) for each in in_state}
    more = (each for each in plan.shared if (each.token, each.id) not in known)
    return replace(plan, steps=(*kept, *steps), shared=(*in_state, *more)), None
