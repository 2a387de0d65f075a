"""``zorg drift``: compares a stack's state with the live instance. It writes nothing, and does not run the program."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pulumi_zorg.cli.stack import Stack, format_option, read_file_or_stdin, stack_options, type_option
from pulumi_zorg.cli.writing import progress_bar, whole_output
from pulumi_zorg.drift.ignore import IgnoreRules
from pulumi_zorg.engine.state import last_update, parse_time, read_export, stack_name
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.world.tokens import short

if TYPE_CHECKING:
    from pulumi_zorg.drift.pipeline import Options
    from pulumi_zorg.drift.report import Report

__all__ = ["drift"]


_DRIFT = 7  # as `pulumi refresh --preview-only --expect-no-changes`
_LAST_UPDATE = "last-update"
#: The clocks of the machine that wrote the state and of the server may differ by this much. Comparing more does no harm.
_CLOCK_DIFFERENCE = timedelta(minutes=1)
_MOST_ERRORS = 5  # on standard error; the JSON has all


@click.command()
@stack_options
@format_option
@click.option(
    "--state",
    "state_file",
    metavar="FILE",
    help="Compare this state, exported by `pulumi stack export --show-secrets`, instead of the stack's; - is standard "
    "input. Settings come from the environment, or with --stack from the stack's configuration.",
)
@click.option(
    "--unmanaged",
    is_flag=False,
    flag_value="stack",
    type=click.Choice(["stack", "instance"]),
    help="Also report objects that no resource manages: those in the stack's organizations, or with =instance those of the "
    "whole instance, and organizations.",
)
@type_option("Compare only this type")
@click.option(
    "--since",
    metavar="TIME",
    help="Compare only what changed after this time, by the event store: a time (ISO 8601), or last-update.",
)
@click.option(
    "--ignore-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file with patterns of what is not drift. The default is .zorgignore in the project's folder.",
)
def drift(
    stack: str | None,
    cwd: Path,
    form: str,
    state_file: str | None,
    unmanaged: Literal["stack", "instance"] | None,
    only: tuple[str, ...],
    since: str | None,
    ignore_file: Path | None,
) -> None:
    """Compares a stack's state with the live instance.

    It changes neither. The exit code is 0 where they agree, 7 where they differ, and 1 where that is not known, or where two
    resources of the state manage one object.
    """
    from pulumi_zorg.cli.drift_formats import FORMATS

    here = Stack(cwd, stack)
    try:
        rules = _rules(here.root, ignore_file)
        name, settings, exported = _inputs(here, state_file)
        report = rules.apply(_find_drift(name, settings, exported, _options(exported, unmanaged, only, since)))
    except ZorgError as error:
        raise click.ClickException(clean(str(error), 2_000)) from None
    with whole_output():
        FORMATS[form](report)
    errors = [each.error for each in report.shared]
    errors += [f"{clean(each.urn or f'{short(each.token)} {each.id}', 1_000)}: {each.why}" for each in report.unknown]
    for sentence in errors[:_MOST_ERRORS]:
        click.echo(f"Error: {clean(sentence, 3_000)}", err=True)
    if len(errors) > _MOST_ERRORS:
        click.echo(f"Error: and {len(errors) - _MOST_ERRORS} more", err=True)
    if report.in_sync is None:
        sys.exit(1)
    sys.exit(0 if report.in_sync else _DRIFT)


def _inputs(here: Stack, state_file: str | None) -> tuple[str, Settings, Mapping[str, Any]]:
    """Return the stack's name, the settings, and the exported state."""
    if state_file is None:
        return here.name, here.settings, here.state
    exported = read_export(read_file_or_stdin(state_file, "standard input is empty: give it an exported state"))
    name = stack_name(exported)
    if here.requested is None:
        return name or "?", here.settings_of_environment, exported
    requested = here.requested.rsplit("/", 1)[-1]
    if name not in (None, requested):
        raise ConfigurationError(f"This is the state of stack {clean(str(name))}, and --stack says {here.requested}")
    return requested, here.settings, exported


def _options(
    exported: Mapping[str, Any],
    unmanaged: Literal["stack", "instance"] | None,
    only: tuple[str, ...],
    since: str | None,
) -> Options:
    # These import the HTTP client, which takes half a second; --help does not need it.
    from pulumi_zorg.drift.pipeline import Options

    moment = None
    if since is not None:
        moment = last_update(exported) - _CLOCK_DIFFERENCE if since == _LAST_UPDATE else _moment(since)
    return Options(tuple(dict.fromkeys(only)) or None, unmanaged, moment)


def _find_drift(name: str, settings: Settings, exported: Mapping[str, Any], options: Options) -> Report:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.drift.pipeline import find_drift
    from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
    from pulumi_zorg.world.reader import World

    client = Client.connect(settings, notice=_notice)
    try:
        return find_drift(name, exported, World(client, RESOURCE_TYPES, progress_bar, _notice), options)
    finally:
        client.close()


def _moment(text: str) -> datetime:
    try:
        moment = parse_time(text)
    except ValueError:
        raise click.ClickException(
            f"--since {text!r} is neither a time in ISO 8601, like 2026-11-23T08:00:00Z, nor {_LAST_UPDATE}"
        ) from None
    if moment > datetime.now(timezone.utc):
        # Nothing happened after it, and that must not be reported as "in sync".
        raise click.ClickException(f"--since {text!r} is in the future; a time without an offset is UTC")
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


def _notice(sentence: str) -> None:
    click.echo(f"zorg: {sentence}", err=True)
