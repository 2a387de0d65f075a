"""``zorg access``: reports who can get in, in each format, and who gained or lost access since an earlier report.

It changes nothing.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime, timezone
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from pulumi_zorg.access.earlier import Earlier, compare_reports, read_earlier
from pulumi_zorg.access.projects import (
    EVERYBODY,
    NOBODY,
    WITH_THE_PROJECT,
    OpenTo,
    ProjectRow,
    is_open,
    organizations_between,
    projects_of,
)
from pulumi_zorg.access.report import AccessRow, Compared, History, Report, rows_of
from pulumi_zorg.access.selection import Filters, Selection, roles_given, select
from pulumi_zorg.access.why import explain
from pulumi_zorg.cli.options import stack_options, without_collections
from pulumi_zorg.cli.stack import Stack, connected, notice
from pulumi_zorg.cli.writing import LONGEST, read_file_or_stdin, show_lines, whole_output, write_errors
from pulumi_zorg.errors import NotFound, PermissionDenied, clean
from pulumi_zorg.resource_types.impact import count_text

if TYPE_CHECKING:
    from pulumi_zorg.access.instance import Instance
    from pulumi_zorg.api.client import Client

_CHANGED = 7  # as `zorg drift`
_MOST_ERRORS = 5
_MOST_NAMES = 5
_COLORS = {True: "green", False: "red", None: "yellow"}
#: Who can log in without a user grant.
_OPEN_TO = {
    EVERYBODY: "everybody",
    WITH_THE_PROJECT: "people of the organizations that have it",
    NOBODY: "nobody",
    None: "not known",
}
#: A spreadsheet takes a cell that begins with one of these as a formula (owasp.org, "CSV Injection").
_FORMULA = ("=", "+", "-", "@")


def _limit(option: str, name: str, metavar: str, help: str) -> Callable[..., Any]:
    more = " It can be given more than once."
    return click.option(option, name, multiple=True, metavar=metavar, help=help + more)


@click.command()
@stack_options
@_limit("--org", "organizations", "ID|NAME", "Only what this organization gives, and what its users have.")
@_limit("--project", "projects", "ID|NAME", "Only access to this project.")
@_limit("--user", "users", "ID|LOGIN", "Only this user's access.")
@_limit("--role", "roles", "KEY", "Only access with this role.")
@click.option("--managers", is_flag=True, help="Also the rights of managers, like ORG_OWNER.")
@click.option("--inactive", is_flag=True, help="Also access that is not in force, with the reason.")
@click.option(
    "--history", is_flag=True, help="Also who made the newest change of each access. It reads the event store."
)
@click.option(
    "--compare",
    metavar="FILE",
    help="Who gained and who lost access since the report in this file, which --format json wrote; - is standard input.",
)
@click.option("--why", is_flag=True, help="Explain in sentences what one user can do, and why. Give --user.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "html"]),
    default="table",
    show_default=True,
    help="The output format.",
)
def access(
    stack: Stack,
    organizations: tuple[str, ...],
    projects: tuple[str, ...],
    users: tuple[str, ...],
    roles: tuple[str, ...],
    managers: bool,
    inactive: bool,
    history: bool,
    compare: str | None,
    why: bool,
    form: str,
) -> None:
    """Reports who can get in, who cannot, and why.

    A row has a user's roles in a project, and whether they are in force. The command reads the instance and changes nothing. The exit
    code is 0 if all is known, and 1 if something is not. With --compare it is 0 if nothing changed, 7 if somebody gained or lost access,
    and 1 if that is not known.
    """
    filters = Filters(organizations, projects, users, roles, managers or why, inactive)
    _verify(
        filters,
        why=why,
        others=[*organizations, *roles, *filter(None, (compare, managers))],
        form=form,
        compare=compare,
    )
    settings = stack.settings
    earlier = None
    if compare is not None:
        text = read_file_or_stdin(compare, "standard input is empty: give it an earlier report")
        earlier = read_earlier(text, compare, settings.url, filters)
    # They import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.access.read import read_instance, read_roles

    with connected(settings, "access") as world, without_collections():
        read_at = datetime.now(timezone.utc)
        with _progress() as progress:
            instance = read_instance(world.client, progress)
        others: Iterable[str] = ()
        if not roles_given(instance).issuperset(roles):
            others = read_roles(world.client, [*instance.projects])
        selection = select(instance, filters, others)
        changes = _history(world.client) if history else None
        rows = rows_of(instance, selection, changes)
    if why:
        _explain(instance, selection, rows)
    report = _report(
        Report(settings.url, read_at, filters, login_v2=instance.login_v2), instance, selection, rows, earlier
    )
    _write(form, report)
    if report.compared is None:
        write_errors(report.errors, _MOST_ERRORS)
        sys.exit(0 if report.complete else 1)
    write_errors([f"not all {name} are known: {text}" for name, text in report.unknown.items()], _MOST_ERRORS)
    sys.exit({True: 0, False: _CHANGED, None: 1}[report.compared.same])


def _verify(filters: Filters, *, why: bool, others: list[object], form: str, compare: str | None) -> None:
    """Verify that the options fit together, before anything is read."""
    if why and (len(filters.users) != 1 or others or filters.inactive or form != "table"):
        raise click.UsageError("--why explains one user: give it with one --user, and with nothing else but --project")
    if compare is not None and form == "csv":
        raise click.UsageError("--format csv has the rows of one report. Give --compare with another format, like json")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show at a terminal how much of each list was read, in one line that is gone at the end."""
    shown = sys.stderr.isatty()

    def show(what: str, read: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[KReading {what}: {read} of {total}", nl=False, err=True)

    try:
        yield show
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _history(client: Client) -> History | None:
    """Return who made the newest changes; None where that cannot be read, which a notice says."""
    from pulumi_zorg.access.history import read_history

    try:
        found = read_history(client)
    except (PermissionDenied, NotFound):
        notice("access", "the credential may not read the event store, so it is not known who made the changes")
        return None
    if found is None:
        notice("access", "the event store does not return all events, so it is not known who made the changes")
    return found


def _report(
    begun: Report, instance: Instance, selection: Selection, rows: tuple[AccessRow, ...], earlier: Earlier | None
) -> Report:
    """Return the report with what was read."""
    filters = begun.filters
    unknown = {name: why for name, why in instance.unlisted.items() if filters.managers or name != "managers"}
    projects = projects_of(instance, selection, {each.project_id for each in rows})
    return replace(
        begun,
        projects=projects,
        rows=tuple(each for each in rows if filters.inactive or each.in_force is not False),
        unknown=unknown,
        compared=None
        if earlier is None
        else compare_reports(earlier, rows, unknown, projects, selection.organizations),
    )


def _explain(instance: Instance, selection: Selection, rows: Iterable[AccessRow]) -> None:
    """Write why the one selected user gets in to what, and end the command."""
    [user_id] = selection.users or []
    managed = [each for each in rows if each.is_manager]
    said = [*explain(instance, user_id, managed, selection.projects)]
    with whole_output():
        show_lines(click.style(_line(each.text), fg=_COLORS[each.works] if each.is_answer else None) for each in said)
    unknown = [f"not all {name.replace('_', ' ')} are known: {why}" for name, why in instance.unlisted.items()]
    write_errors(unknown, _MOST_ERRORS)
    sys.exit(1 if unknown or any(each.works is None for each in said if each.is_answer) else 0)


def _write(form: str, report: Report) -> None:
    with whole_output():
        if form == "json":
            for text in _json(report):
                print(text)
        elif form == "csv":
            sys.stdout.writelines(_csv(report.rows))
        elif form == "html":
            from pulumi_zorg.access.page import page

            print(page(report.as_json()))
        else:
            show_lines(_table(report))


def _json(report: Report) -> Iterator[str]:
    """Return the lines of the JSON, one for each row: a report on a large instance is never one text in memory."""
    parts = list(report.parts())
    yield "{"
    for name, value in parts:
        end = "" if name == parts[-1][0] else ","
        if isinstance(value, Iterator):
            yield f'"{name}": ['
            yield from _separated(_text(each) for each in value)
            yield f"]{end}"
        else:
            yield f'"{name}": {_text(value)}{end}'
    yield "}"


def _separated(lines: Iterable[str]) -> Iterator[str]:
    """Return the lines with a comma after each but the last."""
    before = None
    for line in lines:
        if before is not None:
            yield f"{before},"
        before = line
    if before is not None:
        yield before


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _csv(rows: Iterable[AccessRow]) -> Iterator[str]:
    """Return the lines of a table for spreadsheets. No cell of it is a formula."""
    yield _csv_line(each.name for each in fields(AccessRow))
    for row in rows:
        yield _csv_line((row.as_json() | {"grants": [each.user_grant_id for each in row.grants]}).values())


def _csv_line(values: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_cell(each) for each in values])
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = clean("; ".join(value) if isinstance(value, list) else str(value), LONGEST)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _table(report: Report) -> Iterator[str]:
    """Return the lines for people at a terminal: a person, and below what the person has. With --compare, only what changed."""
    if report.compared is not None:
        yield from _changes(report.compared)
        return
    for _, several in groupby(report.rows, key=lambda row: row.user_id):
        person = list(several)
        yield click.style(_who(person[0]), bold=True)
        for each in person:
            yield f"  {_what(each)}{click.style(_since(each), dim=True)}"
            yield from (click.style(f"    {line}", fg=_COLORS[each.in_force]) for line in _stopped(each))
    yield from (click.style(each, fg="yellow") for each in _open(report))
    yield click.style(_summary(report.rows), bold=True)


def _changes(compared: Compared) -> Iterator[str]:
    for title, several in (("gained", compared.gained), ("lost", compared.lost)):
        for each in several:
            yield click.style(f"{title}: {_who(each)}", fg=_COLORS[title == "gained"])
            yield f"  {_what(each)}{click.style(_since(each), dim=True)}"
            yield from (f"    {line}" for line in _stopped(each))
    for was, now in compared.changed:
        yield click.style(f"changed: {_who(now)}", fg="yellow")
        yield f"  {_what(was)}"
        yield f"  → {_what(now)}{click.style(_since(now), dim=True)}"
        yield from (f"    {line}" for line in _stopped(now))
    for before, after in compared.projects:
        to = dict.fromkeys(_OPEN_TO[is_open(each)] for each in (before, after))
        yield from (click.style(f"changed: {_named(each)}", fg="yellow") for each in [after or before] if each)
        yield f"  login without a user grant: {' → '.join(to)}"
        gained, lost = organizations_between(before, after)
        yield from (
            f"    {verb}: {_names(each)}" for verb, each in (("can now", gained), ("no longer can", lost)) if each
        )
    for each, why in compared.unknown:
        yield click.style(f"not known: {_who(each)}", fg="yellow")
        yield f"  {_what(each)}"
        yield f"    {clean(why, LONGEST)}"
    counts = {
        "gained": len(compared.gained),
        "lost": len(compared.lost),
        "changed": len(compared.changed),
        "not known": len(compared.unknown),
    }
    parts = [f"{number} {name}" for name, number in counts.items() if number]
    parts += [f"{count_text(len(compared.projects), 'project login')} changed"] if compared.projects else []
    said = ", ".join(parts) or "nothing changed"
    yield click.style(f"since {clean(compared.since, 100)}: {said}", bold=True)


def _who(row: AccessRow) -> str:
    name = row.login_name or f"user {row.user_id}"
    shown = f" ({row.display_name})" if row.display_name and row.display_name != row.login_name else ""
    kind = f", {row.user_kind}" if row.user_kind else ""
    own = f" of {row.user_org_name or row.user_org_id}" if row.user_org_id else ""
    state = f", {row.user_state}" if row.user_state not in (None, "active") else ""
    return clean(f"{name}{shown}{kind}{own}{state}", LONGEST)


def _what(row: AccessRow) -> str:
    roles = ", ".join(row.roles) or "no roles"
    if not row.is_manager:
        # Projects of two organizations can have one name.
        owner = row.project_org_name or row.project_org_id
        name = f"{row.project_name or row.project_id}{f' ({owner})' if owner else ''}"
        return clean(f"{name}: {roles}, given by {row.org_name or row.org_id}", LONGEST)
    on = "the instance" if row.org_id is None else f"{row.level} {row.object_name or row.object_id}"
    of = f" of {row.project_name or row.project_id}" if row.level == "project grant" else ""
    return clean(f"manager of {on}{of}: {roles}", LONGEST)


def _since(row: AccessRow) -> str:
    parts = ([f"since {row.since[:10]}"] if row.since else []) + ([f"by {clean(row.by)}"] if row.by else [])
    return f" ({' '.join(parts)})" if parts else ""


def _stopped(row: AccessRow) -> Iterator[str]:
    """Return why a row is not in force, or what is not known."""
    begin = {True: "", False: "not in force: ", None: "not known: "}[row.in_force]
    yield from (clean(f"{begin}{reason}", LONGEST) for reason in row.reasons)


def _open(report: Report) -> Iterator[str]:
    """Return who can log in without a user grant: no row has these people."""
    for to in (EVERYBODY, WITH_THE_PROJECT, None):
        names = [_named(each) for each in report.projects if each.open_to == to]
        if names:
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            whom = "it is not known who" if to is None else _OPEN_TO[to]
            yield f"Without a user grant, {whom} can log in to: {', '.join(names[:_MOST_NAMES])}{more}"


def _names(organizations: Sequence[OpenTo]) -> str:
    names = [clean(each.org_name or each.org_id) for each in organizations[:_MOST_NAMES]]
    more = f" and {len(organizations) - _MOST_NAMES} more" if len(organizations) > _MOST_NAMES else ""
    return f"{', '.join(names)}{more}"


def _named(row: ProjectRow) -> str:
    return clean(f"{row.project_name or row.project_id} ({row.org_name or row.org_id})")


def _summary(rows: Iterable[AccessRow]) -> str:
    found = list(rows)
    users = len({each.user_id for each in found})
    counts = {"in force": True, "not in force": False, "not known": None}
    said = [(name, sum(each.in_force is works for each in found)) for name, works in counts.items()]
    text = ", ".join(f"{number} {name}" for name, number in said if number)
    return f"{count_text(len(found), 'row')} of {count_text(users, 'user')}{f': {text}' if text else ''}"


def _line(sentence: str) -> str:
    """Return a sentence of an explanation with its indentation, which :func:`clean` takes away."""
    return f"{'  ' if sentence.startswith(' ') else ''}{clean(sentence, LONGEST)}"
