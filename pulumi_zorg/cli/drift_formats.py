"""How ``zorg drift`` shows what it found: a table, JSON, Markdown, or the annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from rich.table import Table
from rich.text import Text

from pulumi_zorg.cli.writing import annotate, as_shared, code, escaped, row, terminal
from pulumi_zorg.drift import Change, Drift, Live, Report, Unknown, short
from pulumi_zorg.errors import clean

__all__ = ["FORMATS", "SCHEMA"]

#: The form of the JSON. What is added to it does not change this; what is taken or means something else does.
SCHEMA = "zorg-drift/1"

_HIDDEN = "[secret]"


def as_json(report: Report) -> None:
    """For programs; docs/drift.md describes it."""
    told = {
        "schema": SCHEMA,
        "stack": report.stack,
        "in_sync": report.in_sync,
        "drifted": [_drift(each) for each in report.drifted],
        "unmanaged": None if report.unmanaged is None else [_live(each) for each in report.unmanaged],
        "unknown": [{"urn": e.urn, "type": e.type, "id": e.id, "why": e.why} for e in report.unknown],
        "shared": as_shared(report.shared),
    }
    print(json.dumps(told, indent=2, ensure_ascii=False))


def as_table(report: Report) -> None:
    """For people at a terminal."""
    console = terminal()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Resource", "What", "State", "Live", "When", "By"):
        table.add_column(name, overflow="fold")
    for drift in report.drifted:
        _add(table, drift)
    for live in report.unmanaged or ():
        owner = Text(f"{_title(live)}\n", style="magenta")
        owner.append(f"{short(live.type)} {clean(live.id)}", style="dim")
        table.add_row(owner, Text("not declared", style="magenta"), "", "", _time(live.when), Text(_by(live.by)))
    if table.row_count:
        console.print(table)
    console.print(Text(_summary(report), style="green" if report.in_sync else "bold"))


def _add(table: Table, drift: Drift) -> None:
    style = "red" if drift.removed is not None else "yellow"
    owner = Text(f"{clean(drift.name)}\n", style=style)
    owner.append(f"{short(drift.type)} {clean(drift.id)}\n{clean(drift.urn, 1_000)}", style="dim")
    if drift.removed is not None:
        table.add_row(owner, Text("removed", style=style), "", "", _time(drift.when), Text(_by(drift.by)))
        return
    lines: list[tuple[str, ...]] = [
        (_verb(each), _value(each, each.recorded), _value(each, each.live), _time(each.when), _by(each.by))
        for each in drift.changes
    ]
    for line in lines:
        verb, recorded, live, when, by = line
        table.add_row(owner, Text(verb, style=style), Text(recorded), Text(live), when, Text(by))
        owner = Text("")


def as_markdown(report: Report) -> None:
    """For a comment on a pull request."""
    lines = [f"**{escaped(_summary(report))}**"]
    if report.drifted or report.unmanaged:
        lines += ["", "| resource | type, id | what | state | live | when | by |", "|---|---|---|---|---|---|---|"]
    for drift in report.drifted:
        what = f"{short(drift.type)} {code(drift.id)}"
        if drift.removed is not None:
            lines.append(row(code(drift.urn), what, "removed", "", "", _time(drift.when), code(_by(drift.by))))
        for each in drift.changes:
            values = code(_value(each, each.recorded)), code(_value(each, each.live))
            lines.append(row(code(drift.urn), what, _verb(each), *values, _time(each.when), code(_by(each.by))))
    for live in report.unmanaged or ():
        what = f"{short(live.type)} {code(live.id)}"
        lines.append(row("", what, "not declared", "", code(_title(live)), _time(live.when), code(_by(live.by))))
    lines += [f"\n{code(each.error)}" for each in report.shared]
    if report.unknown:
        lines += ["", "Could not be told:", ""]
        lines += [f"- {code(each.urn or f'{short(each.type)} {each.id}')}: {code(each.why)}" for each in report.unknown]
    print("\n".join(lines))


def as_github(report: Report) -> None:
    """Annotations of a workflow's run (docs.github.com, "Workflow commands")."""
    for drift in report.drifted:
        said = "; ".join(
            f"{_verb(each)}: {_value(each, each.recorded)} → {_value(each, each.live)}{_told(each.when, each.by)}"
            for each in drift.changes
        )
        if drift.removed is not None:
            said = f"removed{_told(drift.when, drift.by)}"
        annotate("warning", f"Drift of {drift.name}", f"{drift.urn} ({drift.id}): {said}")
    for live in report.unmanaged or ():
        said = f"{short(live.type)} {live.id}: {_title(live)}{_told(live.when, live.by)}"
        annotate("warning", "Not declared", said)
    for shared in report.shared:
        annotate("error", "Two resources, one object", shared.error)
    for unknown in report.unknown:
        annotate("error", "Could not be told", f"{_object(unknown)}: {unknown.why}")
    if report.in_sync:
        annotate("notice", "zorg drift", _summary(report))


FORMATS: dict[str, Callable[[Report], None]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "github": as_github,
}


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "urn": drift.urn,
        "type": drift.type,
        "id": drift.id,
        "removed": drift.removed is not None,
        "proof": drift.removed,
        "changes": [
            {
                "property": each.property,
                "recorded": _HIDDEN if each.secret else each.recorded,
                "live": _HIDDEN if each.secret else each.live,
                **_when(each.when, each.by),
            }
            for each in drift.changes
        ],
        **_when(drift.when, drift.by),
    }


def _live(live: Live) -> dict[str, Any]:
    values = {name: value for name, value in live.values.items() if not name.startswith("__")}
    return {"type": live.type, "id": live.id, "properties": values, **_when(live.when, live.by)}


def _when(when: datetime | None, by: str | None) -> dict[str, Any]:
    return {"when": when.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if when else None, "by": by}


def _verb(change: Change) -> str:
    if change.property == "active" and not change.secret:
        return "reactivated" if change.live else "deactivated"
    return {"name": "renamed", "role_keys": "role_keys changed"}.get(change.property, f"{change.property} changed")


def _value(change: Change, value: Any) -> str:
    if change.secret:
        return _HIDDEN
    return clean(json.dumps(value, ensure_ascii=False))


def _title(live: Live) -> str:
    values = live.values
    if "user_id" in values:
        roles = ", ".join(values.get("role_keys") or ()) or "no roles"
        switched = "" if values.get("active", True) else ", inactive"
        return clean(
            f"user {values['user_id']}, project {values.get('project_id')}, organization {values.get('org_id')}: {roles}{switched}"
        )
    # Quoted: at the beginning of a line, a name like ``::stop-commands::x`` would be an order to a workflow's runner.
    return clean(json.dumps(values.get("name", ""), ensure_ascii=False))


def _object(unknown: Unknown) -> str:
    return unknown.urn or f"{short(unknown.type)} {unknown.id}"


def _summary(report: Report) -> str:
    if report.in_sync:
        return f"{report.stack}: in sync"
    parts = [f"{len(report.drifted)} drifted"]
    if report.unmanaged is not None:
        parts.append(f"{len(report.unmanaged)} not declared")
    if report.unknown:
        parts.append(f"{len(report.unknown)} could not be told")
    if report.shared:
        parts.append(f"{len(report.shared)} managed by two resources")
    return f"{report.stack}: {', '.join(parts)}"


def _time(when: datetime | None) -> str:
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}Z" if when else ""


def _by(by: str | None) -> str:
    return clean(by or "")


def _told(when: datetime | None, by: str | None) -> str:
    said = " ".join(part for part in (f"at {_time(when)}" if when else "", f"by {_by(by)}" if by else "") if part)
    return f" ({said})" if said else ""
