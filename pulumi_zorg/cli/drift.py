"""``zorg drift``: a stack's state beside the live instance. It writes nothing, and does not run the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pulumi_zorg.cli.stack import OneForErrors, Stack, format_option, stack_options
from pulumi_zorg.cli.writing import whole_output
from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, IgnoreRules, Report, compare, short
from pulumi_zorg.errors import NotFound, NotProven, PermissionDenied, ZorgError, clean

if TYPE_CHECKING:
    from pulumi_zorg.models import Event

__all__ = ["drift"]

Item = TypeVar("Item")

_TYPES = {short(each).lower(): each for each in (ORGANIZATION, USER_GRANT)}
_DRIFT = 7  # as `pulumi refresh --preview-only --expect-no-changes` has it
_LAST_UPDATE = "last-update"
#: The clock of who wrote the state and the server's may differ so much; looking at more than needed does no harm.
_CLOCKS = timedelta(minutes=1)
_SHOWN = 5  # errors; the JSON has all


def _type(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The type as it stands in the state, by the name that a program has for it or as it stands in a URN."""
    if value is None:
        return None
    found = _TYPES.get(short(value).lower())
    if found is None:
        raise click.BadParameter(f"{value!r} is none of {', '.join(short(each) for each in _TYPES.values())}")
    return found


@click.command(cls=OneForErrors)
@stack_options
@format_option
@click.option(
    "--unmanaged",
    is_flag=False,
    flag_value="stack",
    type=click.Choice(["stack", "instance"]),
    help="Also what exists and no resource declares: user grants in the stack's organizations, or with =instance "
    "organizations and user grants of the whole instance.",
)
@click.option(
    "--only",
    callback=_type,
    metavar="TYPE",
    help=f"Only this type: {' or '.join(short(each) for each in _TYPES.values())}.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Only what changed since then, by the event store: a time (ISO 8601), or last-update.",
)
@click.option(
    "--ignore-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Patterns of what is no drift; else .zorgignore where the program is.",
)
def drift(
    stack: str | None,
    cwd: Path,
    form: str,
    unmanaged: str | None,
    only: str | None,
    since: str | None,
    ignore_file: Path | None,
) -> None:
    """Compares a stack's state with the live instance, and changes neither.

    Ends with 0 where they agree, with 7 where they differ, and with 1 where that cannot be told, or where two resources
    of the state manage one object.
    """
    from pulumi_zorg.cli.drift_formats import FORMATS

    here = Stack(cwd, stack)
    try:
        rules = _rules(here.root, ignore_file)
        report = _report(here, unmanaged, only, since).without(rules)
    except ZorgError as error:
        raise click.ClickException(clean(str(error), 2_000)) from None
    with whole_output():
        FORMATS[form](report)
    errors = [each.error for each in report.shared]
    errors += [f"{clean(each.urn or f'{short(each.type)} {each.id}', 1_000)}: {each.why}" for each in report.unknown]
    for sentence in errors[:_SHOWN]:
        click.echo(f"Error: {clean(sentence, 3_000)}", err=True)
    if len(errors) > _SHOWN:
        click.echo(f"Error: and {len(errors) - _SHOWN} more", err=True)
    if report.in_sync is None:
        sys.exit(1)
    sys.exit(0 if report.in_sync else _DRIFT)


def _report(stack: Stack, unmanaged: str | None, only: str | None, since: str | None) -> Report:
    # The engine's SDK comes with these, which takes half a second.
    from pulumi_zorg.client import Client
    from pulumi_zorg.state import last_update, recorded, shared
    from pulumi_zorg.survey import (
        explain_drifts,
        explain_others,
        find_others,
        happened_since,
        look,
        touched,
        verify_instance,
    )
    from pulumi_zorg.survey.each import Reader

    name, settings = stack.name, stack.settings
    everything = recorded(stack.state)
    types = {only} if only else set(_TYPES.values())
    asked = tuple(each for each in everything if each.type in types)
    moment = None
    if since is not None:
        moment = last_update(stack.state) - _CLOCKS if since == _LAST_UPDATE else _moment(since)
    client = Client.connect(settings, notice=_note)
    try:
        reader = Reader(client, _track)
        events = None
        if moment is not None:
            verify_instance(client, everything)
            events = _readable(partial(happened_since, client, moment))
            if events is None:
                _note("more happened at one moment than the event store tells at once: everything is compared instead")
        seen = look(reader, asked if events is None else touched(events, asked))
        for warning in seen.warnings:
            _note(f"warning: {warning}")
        drifted = explain_drifts(reader, compare(asked, seen.live))
        report = Report(name, drifted, None, tuple(seen.unknown), shared(stack.state))
        if unmanaged is None:
            return report
        others, unknown = find_others(
            reader, everything, everywhere=unmanaged == "instance", types=types, events=events
        )
        return replace(report, unmanaged=explain_others(reader, others), unknown=(*report.unknown, *unknown))
    finally:
        client.close()


def _readable(ask: Callable[[], tuple[Event, ...] | None]) -> tuple[Event, ...] | None:
    try:
        return ask()
    except (PermissionDenied, NotFound) as refused:
        raise NotProven(
            "--since asks the event store, which takes the right events.read on the instance: IAM_OWNER_VIEWER and IAM_OWNER "
            f"have it. Without it, leave --since out. {refused}"
        ) from None


def _moment(text: str) -> datetime:
    from pulumi_zorg.state import parse_time

    try:
        moment = parse_time(text)
    except ValueError:
        raise click.ClickException(
            f"--since {text!r} is no time in ISO 8601, like 2026-11-23T08:00:00Z, and not {_LAST_UPDATE}"
        ) from None
    if moment > datetime.now(timezone.utc):
        # Nothing has happened since then, and that must not be taken for "in sync".
        raise click.ClickException(f"--since {text!r} lies in the future; a time without an offset is UTC")
    return moment


def _rules(root: Path, given: Path | None) -> IgnoreRules:
    file = given or root / ".zorgignore"
    try:
        return IgnoreRules.parse(file.read_text(encoding="utf-8-sig"), str(file))
    except FileNotFoundError:
        return IgnoreRules()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _note(sentence: str) -> None:
    click.echo(f"zorg: {sentence}", err=True)


def _track(items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
    """Shows on a terminal how far it is; nothing in a pipe."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, total=total, description=what, console=Console(stderr=True), transient=True)
