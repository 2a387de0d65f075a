"""``zorg drift``: compares a stack's state with the live instance. It writes nothing, and does not run the program."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import click

from pulumi_zorg.cli.files import read_file_or_stdin, read_text
from pulumi_zorg.cli.options import format_option, stack_options, type_option
from pulumi_zorg.cli.reading import connected
from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.cli.writing import write_errors
from pulumi_zorg.engine.state import last_update, parse_time, read_export, stack_name
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.settings.config import Settings

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
    stack: Stack,
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
    # These import the HTTP client, which takes half a second; --help does not need it.
    from pulumi_zorg.cli.drift_formats import FORMATS
    from pulumi_zorg.drift.ignore import IgnoreRules
    from pulumi_zorg.drift.pipeline import Options, find_drift

    patterns = ignore_file or stack.root / ".zorgignore"
    rules = IgnoreRules.parse(read_text(patterns), str(patterns)) if patterns.exists() else IgnoreRules()
    name, settings, exported = _inputs(stack, state_file)
    options = Options(only or None, unmanaged, None if since is None else _moment(since, exported))
    with connected(settings, "zorg") as world:
        report = rules.apply(find_drift(name, exported, world, options))
    FORMATS.write(form, report)
    write_errors(report.errors, _MOST_ERRORS)
    if report.in_sync is None:
        sys.exit(1)
    sys.exit(0 if report.in_sync else _DRIFT)


def _inputs(stack: Stack, state_file: str | None) -> tuple[str, Settings, Mapping[str, Any]]:
    """Return the stack's name, the settings, and the exported state."""
    if state_file is None:
        return stack.name, stack.settings, stack.state
    exported = read_export(read_file_or_stdin(state_file, "standard input is empty: give it an exported state"))
    name = stack_name(exported)
    if stack.requested is None:
        return name or "?", stack.settings_of_environment, exported
    requested = stack.requested.rsplit("/", 1)[-1]
    if name not in (None, requested):
        raise ConfigurationError(f"This is the state of stack {clean(str(name))}, but --stack names {stack.requested}")
    return requested, stack.settings, exported


def _moment(since: str, exported: Mapping[str, Any]) -> datetime:
    if since == _LAST_UPDATE:
        return last_update(exported) - _CLOCK_DIFFERENCE
    try:
        moment = parse_time(since)
    except ValueError:
        raise click.ClickException(
            f"--since {since!r} is neither a time in ISO 8601, like 2026-11-23T08:00:00Z, nor {_LAST_UPDATE}"
        ) from None
    if moment > datetime.now(timezone.utc):
        # Nothing happened after it, and that must not be reported as "in sync".
        raise click.ClickException(f"--since {since!r} is in the future; a time without an offset is UTC")
    return moment
