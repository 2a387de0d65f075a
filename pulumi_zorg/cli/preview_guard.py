"""``zorg preview-guard``: reports what a preview would do to people, in each format, and fails where that exceeds a limit."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulumi_zorg.cli.options import Command, format_option, stack_options, verify_passed_on
from pulumi_zorg.cli.stack import PulumiFailed, Stack
from pulumi_zorg.cli.writing import LONGEST, Formats, code, escaped, read_file_or_stdin, read_text, row, write_errors
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.guard.limits import GAINING_ACCESS, LOSING_ACCESS, AccessLimit, limit_options, limited
from pulumi_zorg.guard.report import Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Act, Effect, Harm, count_text
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import resource_name

if TYPE_CHECKING:
    from pulumi_zorg.guard.plan import Plan

_EMPTY = (
    "standard input is empty: the preview that was piped in failed, or nothing was piped in. Give the plan as a file, or --run to run "
    "the preview here."
)

#: What happens to a resource, by the engine's name for the operation.
_CHANGES = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "same": "unchanged",
}
#: Why an object is removed, where its resource is not simply deleted.
_HOW = {"replace": "replaced", "pending": "deletion that an earlier run left undone"}


def _limit_options(command: Command) -> Command:
    """Add the options that limit what may happen."""
    file = click.Path(path_type=Path, dir_okay=False, exists=True)
    what = "The same for the URNs in a file, one a line. Empty lines, and lines that begin with #, are left out."
    command = click.option("--allow-file", type=file, help=what)(command)
    what = "Fail where a resource takes access away, or removes its object, and its URN is not given. May be repeated."
    command = click.option("--allow", multiple=True, metavar="URN", help=what)(command)
    for option in (GAINING_ACCESS, LOSING_ACCESS, *reversed(limit_options())):
        what = f"Fail where more than N {limited(option)}. The default is no limit."
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
    stack: Stack,
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
    # They load pydantic; --help does not need it.
    from pulumi_zorg.guard.pipeline import review
    from pulumi_zorg.guard.plan import read_plan, with_state

    flags = {"--target-dependents": target_dependents, "--refresh": refresh, "--run-program": run_program}
    options = [*(f"--target={urn}" for urn in targets), *(flag for flag, given in flags.items() if given), *passed_on]
    run = run or destroy or bool(options)
    if run and plan is not None:
        raise click.ClickException(
            "PLAN, and an option that runs a preview here (--run, --destroy, --target, --target-dependents, --refresh, "
            "--run-program, or one after `--`), cannot be combined. Give one of them."
        )
    verify_passed_on(passed_on)
    stack = replace(stack, config_file=config_file)
    own = run or (plan is None and not _piped())
    found = _preview(stack, destroy, options) if own else read_plan(read_file_or_stdin(plan or "-", _EMPTY))
    stack = _stack_of(found, stack)
    found, why_state_not_read = with_state(found, lambda: stack.outline, own=own)
    most = {f"--{name.replace('_', '-')}": most for name, most in limits.items()}
    read_settings = None if offline else lambda: stack.settings
    verdict = review(found, most, read_settings, why_state_not_read, _allowed(allow, allow_file))
    FORMATS.write(form, verdict)
    write_errors(verdict.errors)
    sys.exit(verdict.exit_code)


def _preview(stack: Stack, destroy: bool, options: list[str]) -> Plan:
    """Return the plan of a preview that is run here.

    :raises ConfigurationError: where the preview failed. It has the engine's error from the plan or from standard error.
    """
    from pulumi_zorg.guard.plan import PreviewFailed, read_plan

    text, failure = stack.preview(destroy=destroy, options=options)
    try:
        found = read_plan(text)
    except PreviewFailed:
        raise
    except ConfigurationError as error:
        raise (error if failure is None else ConfigurationError(failure)) from None
    if failure is not None:
        raise ConfigurationError(failure)
    return found if found.stack else replace(found, stack=stack.name.rsplit("/", 1)[-1])


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
        raise click.ClickException(f"{clean(wrong, 300)!r} is not a URN: write urn:pulumi:…, as the preview shows it")
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
                f"This is the plan of stack {clean(plan.stack)} of project {clean(str(plan.pulumi_project))}, but --stack names "
                f"{here.requested}"
            )
        return here
    try:
        selected = here.name.rsplit("/", 1)[-1]
    except PulumiFailed:
        return here
    return here if selected == plan.stack else replace(here, requested=plan.stack)


def _table(verdict: Verdict) -> Iterator[str]:
    """Return the lines for people at a terminal, one sentence a line."""
    for each in _ordered(verdict):
        title, color = click.style(f"{clean(_title(each))}: ", dim=True), "red" if each.locks_out else "yellow"
        yield from (title + click.style(clean(sentence, LONGEST), fg=color) for sentence in each.sentences)
    title = click.style("people: ", dim=True)
    yield from (title + clean(sentence, LONGEST) for sentence in verdict.people.sentences)
    yield from (click.style(f"not allowed: {clean(urn, LONGEST)}", fg="red") for urn in verdict.not_allowed)
    yield from (click.style(line, dim=True) for line in (*_notes(verdict), _changes(verdict)))
    yield click.style(_summary(verdict), bold=True, fg="red" if verdict.exit_code else None)


def _markdown(verdict: Verdict) -> Iterator[str]:
    yield f"**{escaped(_summary(verdict))}**"
    if verdict.reviewed:
        yield from ("", "| resource | what it would do |", "|---|---|")
    # Other people choose names. As code they are neither a mention nor a link.
    yield from (row(code(_title(each)), "<br>".join(map(code, each.sentences))) for each in _ordered(verdict))
    if verdict.people.sentences:
        yield from ("", "| who loses and who gains access |", "|---|")
    yield from (row(code(sentence)) for sentence in verdict.people.sentences)
    yield from (f"\nnot allowed: {code(urn)}" for urn in verdict.not_allowed)
    yield from (f"\n{code(error)}" for error in verdict.errors)
    yield from (f"\n{escaped(line)}" for line in (_changes(verdict), *_notes(verdict)))


def _annotations(verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    for each in _ordered(verdict):
        level, title = "warning" if each.locks_out else "notice", f"Preview of {_title(each)}"
        yield from ((level, title, sentence) for sentence in each.sentences)
    level = "warning" if verdict.people.difference.lost else "notice"
    yield from ((level, "Who loses and who gains access", sentence) for sentence in verdict.people.sentences)
    errors = (*(f"not allowed: {urn}" for urn in verdict.not_allowed), *verdict.errors)
    yield from (("error", "zorg preview-guard", error) for error in errors)
    yield from (("notice", "zorg preview-guard", note) for note in _notes(verdict))
    yield "error" if verdict.exit_code else "notice", "zorg preview-guard", _summary(verdict)


FORMATS = Formats(_table, _markdown, _annotations)


def _ordered(verdict: Verdict) -> list[Reviewed]:
    """Return the changes in the order of harm. What is not known to happen comes after what is."""

    def place(each: Reviewed) -> tuple[float, bool, str, str]:
        effect = each.effect
        harm = Harm.NOT_READ if effect.adopts else RESOURCE_TYPES[effect.type].impact.harm(effect)
        return harm, effect.maybe, effect.type, each.urn

    return sorted(verdict.reviewed, key=place)


def _title(each: Reviewed) -> str:
    """Return the resource's name in the program, why its object is removed, and whether it is protected from that."""
    how = [_HOW[each.op]] if each.op in _HOW and each.effect.act is not Act.CREATES else []
    how += ["protected"] if each.protected else []
    name = resource_name(each.urn)
    return f"{name} ({', '.join(how)})" if how else name


def _notes(verdict: Verdict) -> Iterator[str]:
    if not verdict.is_limited:
        yield (
            "No limit was set: this is a report, not an approval. The limits are --max-losing-access, --max-remove, --allow and "
            "others (see --help)."
        )
    if verdict.why_instance_not_read:
        yield f"The instance was not read: {clean(verdict.why_instance_not_read)}"
    if verdict.why_state_not_read:
        yield (
            f"The state was not read: {clean(verdict.why_state_not_read)}. Deletions that earlier runs left undone are counted only "
            "if the plan was made with --show-replacement-steps. Two resources that manage one object are found only if the plan "
            "was made with --show-sames."
        )
    # An error reports an undecided limit, and the summary reports the gap in the number of people.
    gaps = (
        each.gap
        for each in verdict.limits
        if each.why_incomplete and not each.undecided and not isinstance(each, AccessLimit)
    )
    yield from (f"{gap[0].upper()}{gap[1:]}" for gap in gaps)


def _changes(verdict: Verdict) -> str:
    parts = [f"{verdict.changes[op]} {words}" for op, words in _CHANGES.items() if verdict.changes.get(op)]
    return f"{clean(verdict.stack)}: {', '.join(parts) or 'no changes'}"


def _summary(verdict: Verdict) -> str:
    return f"{clean(verdict.stack)}: {_result(verdict)}"


def _result(verdict: Verdict) -> str:
    if verdict.shared:
        return f"error: {count_text(len(verdict.shared), 'object')} managed by more than one resource"
    protected = ""
    if verdict.protected:
        resources = count_text(len(verdict.protected), "protected resource")
        protected = f"; {resources} would be deleted or replaced, which only --ignore-protect allows"
    over = [f"{each.sentence}, and {each.option} is {each.most}" for each in verdict.limits if each.exceeded]
    if verdict.not_allowed:
        count = len(verdict.not_allowed)
        which = "1 resource takes" if count == 1 else f"{count} resources take"
        over.append(f"{which} access away or {'is' if count == 1 else 'are'} removed without being allowed (--allow)")
    if over:
        return f"refused: {'; '.join(over)}{protected}"
    if verdict.errors:
        return f"error: it is not known whether a limit is exceeded{protected}"
    return f"{_impact(verdict)}{'; within the limits' if verdict.is_limited else ''}{protected}"


def _impact(verdict: Verdict) -> str:
    """Return what would happen to people, in numbers."""
    if not verdict.reviewed:
        return "nobody would be locked out or let in"
    rest = [each.effect for each in verdict.reviewed if not each.locks_out]
    parts = [each.sentence for each in verdict.limits if each.is_shown and each.option != GAINING_ACCESS]
    parts += _counted(rest, "lose roles", lambda effect: bool(effect.loses))
    if parts and any(each.takes_access for each in verdict.reviewed) and verdict.people.nobody_loses:
        parts.append("nobody would lose access")
    parts = parts or ["nobody would be locked out"]
    parts += _counted(rest, "be reactivated", lambda effect: effect.act is Act.REACTIVATES and not effect.gains)
    parts += _counted([each.effect for each in verdict.reviewed], "give more roles", lambda effect: bool(effect.gains))
    parts += [each.sentence for each in verdict.limits if each.is_shown and each.option == GAINING_ACCESS]
    return ", ".join(parts)


def _counted(effects: Iterable[Effect], what: str, is_so: Callable[[Effect], bool]) -> list[str]:
    """Return how many objects of each type a predicate holds for, as the parts of a sentence."""
    types = [effect.type for effect in effects if is_so(effect)]
    return [
        f"{count_text(types.count(token), each.noun)} would {what}"
        for token, each in RESOURCE_TYPES.items()
        if token in types
    ]
