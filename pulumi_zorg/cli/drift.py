"""``zorg drift``: compares a stack's state with the live instance, and writes the report in each format.

It changes nothing, and does not run the program.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import click

from pulumi_zorg.cli.options import format_option, stack_options, type_option, without_collections
from pulumi_zorg.cli.stack import Stack, connected
from pulumi_zorg.cli.writing import LONGEST, Formats, code, escaped, read_file_or_stdin, read_text, row, write_errors
from pulumi_zorg.drift.ignore import IgnoreRules
from pulumi_zorg.drift.report import SECRET, Change, Drift, Report, Unmanaged
from pulumi_zorg.engine.exported import last_update, parse_time, read_export, stack_name
from pulumi_zorg.engine.state import State
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.world.tokens import resource_name, short

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
    patterns = ignore_file or stack.root / ".zorgignore"
    rules = IgnoreRules.parse(read_text(patterns), str(patterns)) if patterns.exists() else IgnoreRules()
    with without_collections():
        name, settings, exported = _inputs(stack, state_file)
        moment = None if since is None else _moment(since, exported)
        state = State.of(exported)
        del exported  # of many resources it has much more than what is compared
        with connected(settings, "zorg") as world:
            # It loads all that calls need, and errors before do not need it.
            from pulumi_zorg.drift.pipeline import Options, find_drift

            options = Options(only or None, unmanaged, moment)
            report = find_drift(name, state, world, options).without(rules)
    FORMATS.write(form, report)
    write_errors(report.errors, _MOST_ERRORS)
    sys.exit({True: 0, False: _DRIFT, None: 1}[report.in_sync])


def _inputs(stack: Stack, state_file: str | None) -> tuple[str, Settings, Mapping[str, Any]]:
    """Return the stack's name, the settings, and the exported state."""
    if state_file is None:
        return stack.name, stack.settings, stack.export()
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


def _table(report: Report) -> Iterator[str]:
    """Return the lines for people at a terminal. A URN has a line of its own, from which it is copied into a command."""
    for drift in report.drifted:
        color = "red" if drift.removed is not None else "yellow"
        yield click.style(clean(resource_name(drift.urn)), bold=True)
        yield click.style(f"{short(drift.token)} {clean(drift.id)}", dim=True)
        yield click.style(clean(drift.urn, LONGEST), dim=True)
        yield from (click.style(f"  {clean(sentence, LONGEST)}", fg=color) for sentence in _sentences(drift))
        yield from (f"  access: {clean(sentence, LONGEST)}" for sentence in drift.access_sentences)
    for found in report.unmanaged or ():
        yield click.style(_title(found), bold=True)
        yield click.style(f"{short(found.observed.token)} {clean(found.observed.id)}", dim=True)
        yield click.style(f"  unmanaged{_when_and_who(found.observed.created, found.by)}", fg="magenta")
    for drift in report.drifted:
        yield from (click.style(f"{clean(resource_name(drift.urn))}: {advice}", fg="yellow") for advice in drift.advice)
    yield click.style(_summary(report), fg="green") if report.in_sync else click.style(_summary(report), bold=True)


def _markdown(report: Report) -> Iterator[str]:
    yield f"**{escaped(_summary(report))}**"
    if report.drifted or report.unmanaged:
        yield from ("", "| resource | type, id | what | state | live | when | by |", "|---|---|---|---|---|---|---|")
    for drift in report.drifted:
        subject = code(drift.urn), f"{short(drift.token)} {code(drift.id)}"
        if drift.removed is not None:
            yield row(*subject, "removed", "", "", _time(drift.when), code(drift.by or ""))
        for each in drift.changes:
            values = code(_value(each, each.recorded)), code(_value(each, each.live))
            yield row(*subject, _verb(each), *values, _time(each.when), code(each.by or ""))
        if drift.phantom is not None:
            yield row(*subject, drift.phantom.sentence, "", "", "", "")
    for found in report.unmanaged or ():
        of, when = f"{short(found.observed.token)} {code(found.observed.id)}", _time(found.observed.created)
        yield row("", of, "unmanaged", "", code(_title(found)), when, code(found.by or ""))
    yield from (
        f"\n{code(resource_name(drift.urn))}: {code(each)}"
        for drift in report.drifted
        for each in drift.access_sentences
    )
    yield from (
        f"\n{code(resource_name(drift.urn))}: {escaped(each)}" for drift in report.drifted for each in drift.advice
    )
    yield from (f"\n{code(each.error)}" for each in report.shared)
    if report.unknown:
        yield from ("", "Unknown:", "", *(f"- {code(each.title)}: {code(each.why)}" for each in report.unknown))


def _annotations(report: Report) -> Iterator[tuple[str, str, str]]:
    for drift in report.drifted:
        what = ". ".join(("; ".join(_sentences(drift)), *drift.access_sentences, *drift.advice))
        yield "warning", f"Drift of {resource_name(drift.urn)}", f"{drift.urn} ({drift.id}): {what}"
    for found in report.unmanaged or ():
        subject = f"{short(found.observed.token)} {found.observed.id}: {_title(found)}"
        yield "warning", "Unmanaged", f"{subject}{_when_and_who(found.observed.created, found.by)}"
    yield from (("error", "Two resources, one object", each.error) for each in report.shared)
    yield from (("error", "Unknown", f"{each.title}: {each.why}") for each in report.unknown)
    if report.in_sync:
        yield "notice", "zorg drift", _summary(report)


FORMATS = Formats(_table, _markdown, _annotations)


def _sentences(drift: Drift) -> Iterator[str]:
    """Return what differs, one change each."""
    if drift.removed is not None:
        yield f"removed{_when_and_who(drift.when, drift.by)}"
    for each in drift.changes:
        recorded, live = _value(each, each.recorded), _value(each, each.live)
        values = live if recorded == live and not each.secret else f"{recorded} → {live}"
        yield f"{_verb(each)}: {values}{_when_and_who(each.when, each.by)}"
    if drift.phantom is not None:
        yield drift.phantom.sentence


def _verb(change: Change) -> str:
    if change.why is not None:
        return change.property if change.secret else f"{change.property}: {clean(change.why)}"
    if change.lost and not change.secret:
        return f"{change.lost_noun} was lost"
    if change.property == "active" and change.live is not None and not change.secret:
        return "reactivated" if change.live else "deactivated"
    return "renamed" if change.property == "name" else f"{change.property} changed"


def _value(change: Change, value: Any) -> str:
    return SECRET if change.secret else clean(json.dumps(value, ensure_ascii=False), LONGEST // 4)


def _title(found: Unmanaged) -> str:
    """Return what people know an unmanaged object by: its name, or else what it belongs to."""
    properties, resource_type = found.observed.properties, RESOURCE_TYPES[found.observed.token]
    name = properties.get("name") or properties.get("user_name")
    if name:
        # Quoted: at the beginning of a line, a name like ``::stop-commands::x`` would be a command to a workflow's runner.
        return clean(json.dumps(name, ensure_ascii=False))
    parents = {each.property: each.noun for each in resource_type.events.parents} | {"org_id": "organization"}
    shown = [name for name in parents if name in resource_type.inputs.unique_by or name == "org_id"]
    of = ", ".join(f"{parents[name]} {properties.get(name)}" for name in shown)
    roles = f": {', '.join(properties['role_keys']) or 'no roles'}" if "role_keys" in properties else ""
    inactive = ", inactive" if properties.get("active") is False else ""
    return clean(f"{of}{roles}{inactive}", LONGEST)


def _summary(report: Report) -> str:
    if report.in_sync:
        return f"{report.stack}: in sync"
    parts = [f"{len(report.drifted)} drifted"]
    parts += [] if report.unmanaged is None else [f"{len(report.unmanaged)} unmanaged"]
    parts += [f"{len(report.unknown)} unknown"] if report.unknown else []
    parts += [f"{len(report.shared)} managed by two resources"] if report.shared else []
    return f"{report.stack}: {', '.join(parts)}"


def _time(when: datetime | None) -> str:
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}Z" if when else ""


def _when_and_who(when: datetime | None, by: str | None) -> str:
    parts = ([f"at {_time(when)}"] if when else []) + ([f"by {clean(by)}"] if by else [])
    return f" ({' '.join(parts)})" if parts else ""
