"""An earlier report of ``zorg access``: read from its JSON, verified, and compared with what is now. Pure: no I/O.

What was not known then, or is not known now, is neither gained nor lost.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pulumi_zorg.access.projects import ProjectRow, compare_projects
from pulumi_zorg.access.report import SCHEMA, AccessRow, Compared
from pulumi_zorg.access.selection import Filters
from pulumi_zorg.errors import ConfigurationError, clean

Entry = TypeVar("Entry", AccessRow, ProjectRow)

_person = attrgetter("order")
#: Fields that reports of earlier releases lack.
_ADDED = {"project_org_id", "project_org_name", "open_to_organizations"}


@dataclass(frozen=True)
class Earlier:
    """An earlier report.

    :param unknown: why a list of the server was not whole, by its name.
    """

    read_at: str
    rows: tuple[AccessRow, ...]
    unknown: Mapping[str, str]
    projects: tuple[ProjectRow, ...] = ()


def read_earlier(text: str, name: str, address: str, filters: Filters) -> Earlier:
    """Return the report in a file.

    :param name: the file, for errors.
    :param address: the instance that it must be of.
    :param filters: the filters that it must have.
    :raises ConfigurationError: where it is no such report. Nothing was called then.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    schema = found.get("schema") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(schema, str) or not schema.startswith("zorg-access/"):
        raise ConfigurationError(f"{name} is not a report of `zorg access --format json`")
    if schema != SCHEMA:
        raise ConfigurationError(
            f"{name} has the format {clean(schema, 100)}, and this release of zorg reads {SCHEMA}: use the release that wrote it"
        )
    try:
        rows, projects = _entries(AccessRow, found["rows"]), _entries(ProjectRow, found["projects"])
        earlier = Earlier(str(found["read_at"]), rows, dict(found["unknown"]), projects)
        of, limits = found["instance"], found["filters"]
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{name} is not a whole report of `zorg access`: {clean(str(error), 200)}") from None
    if of != address:
        raise ConfigurationError(f"{name} is a report on {clean(str(of))}, and this command reads {clean(address)}")
    if limits != filters.as_json():
        raise ConfigurationError(
            f"{name} was written with other options ({_options(limits)}) than this command has ({_options(filters.as_json())}). "
            "Give the same --org, --project, --user, --role, --managers and --inactive"
        )
    return earlier


def compare_reports(
    earlier: Earlier,
    rows: Iterable[AccessRow],
    unknown: Mapping[str, str],
    projects: Iterable[ProjectRow] = (),
    organizations: Collection[str] | None = None,
) -> Compared:
    """Return who gained and who lost access since an earlier report.

    :param rows: what is now, also what is not in force.
    :param unknown: why a list of the server is not whole now, by its name.
    :param projects: who can log in without a user grant now.
    :param organizations: the organizations that both reports are limited to; None for no limit.
    """
    before, after = ({each.key: each for each in several} for several in (earlier.rows, rows))
    gained, lost, changed, not_known = [], [], [], []
    for key in dict.fromkeys((*after, *before)):
        was, now = before.get(key), after.get(key)
        row = now or before[key]
        had, why_then = _state(was, earlier.unknown, row.is_manager, "then")
        has, why_now = _state(now, unknown, row.is_manager, "now")
        if was and now and _same(was, now):
            continue
        if had is None or has is None:
            # A report without --inactive leaves out what was not in force.
            if was or has is not False:
                not_known.append((row, "; ".join(filter(None, (why_then, why_now)))))
        elif has and not had:
            gained.append(row)
        elif had and not has:
            lost.append(_lost(before[key], now))
        elif was and now:
            changed.append((was, now))
    return Compared(
        earlier.read_at,
        tuple(sorted(gained, key=_person)),
        tuple(sorted(lost, key=_person)),
        tuple(sorted(changed, key=lambda pair: pair[1].order)),
        tuple(sorted(not_known, key=lambda pair: pair[0].order)),
        compare_projects(earlier.projects, projects, organizations),
        not earlier.unknown and not unknown,
    )


def _state(row: AccessRow | None, unknown: Mapping[str, str], is_manager: bool, when: str) -> tuple[bool | None, str]:
    """Return whether a row is in force, and why that is not known. A report on lists that were not whole may lack it."""
    if row is None:
        why = next((why for name, why in unknown.items() if is_manager or name != "managers"), None)
        return (False, "") if why is None else (None, f"not known {when}: {why}")
    why = "; ".join(row.reasons) or "the report does not say why"
    return row.in_force, "" if row.in_force is not None else f"not known {when}: {why}"


def _same(was: AccessRow, now: AccessRow) -> bool:
    """Whether nothing of a row changed that decides access. What is not known for the same reason is the same."""
    if was.in_force is False and now.in_force is False:
        return True
    known = was.in_force is not None
    return (was.roles, was.in_force, was.login_v1, was.login_v2, () if known else was.reasons) == (
        now.roles,
        now.in_force,
        now.login_v1,
        now.login_v2,
        () if known else now.reasons,
    )


def _lost(was: AccessRow, now: AccessRow | None) -> AccessRow:
    """Return what was lost, with the reason."""
    if now is not None:
        return replace(now, roles=was.roles)
    what = "no right as a manager gives that any more" if was.is_manager else "no user grant gives that any more"
    return replace(was, in_force=False, reasons=(what,), login_v1=None, login_v2=None, since=None, by=None)


def _entries(kind: type[Entry], found: Any) -> tuple[Entry, ...]:
    """Return entries of a report. A file that was edited may have anything: a word in place of false would count as true.

    :raises TypeError: where one has other values than a report has, and
    :raises KeyError: where one lacks a field.
    """
    entries: tuple[Entry, ...] = _value(tuple[kind, ...], found, "a list")  # type: ignore[valid-type]  # the class is a value here
    return entries


def _value(hint: Any, value: Any, name: str) -> Any:
    """Return a value of a report as its annotation has it."""
    if isinstance(value, list):
        hint = next((each for each in get_args(hint) if get_origin(each) is tuple), hint)
    parts = get_args(hint)
    is_list = get_origin(hint) is tuple
    wanted = (list,) if is_list else (dict,) if is_dataclass(hint) else parts or (hint,)
    if type(value) not in wanted:
        raise TypeError(f"{name} has an unexpected value")
    if is_list:
        return tuple(_value(parts[0], each, name) for each in value)
    if isinstance(value, dict):
        known = {field: of for field, of in _hints(hint).items() if field in value or field not in _ADDED}
        return hint(**{field: _value(of, value[field], field) for field, of in known.items()})
    return value


_hints = cache(get_type_hints)


def _options(filters: Any) -> str:
    """Return filters as a command line has them."""
    if not isinstance(filters, Mapping):
        return "none"
    shown = []
    for name, value in filters.items():
        shown += [f"--{name}"] if value is True else [f"--{name} {each}" for each in value] if value else []
    return clean(" ".join(shown), 500) or "none"
