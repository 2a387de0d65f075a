"""The output formats of ``zorg drift``: a table, JSON, Markdown, and annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from rich.text import Text

from pulumi_zorg.cli import json_models
from pulumi_zorg.cli.writing import LONGEST, annotate, code, escaped, row, terminal
from pulumi_zorg.drift.report import Change, Drift, Phantom, Report, Undetermined, Unmanaged
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.tokens import short

__all__ = ["FORMATS"]

_HIDDEN = "[secret]"


def as_json(report: Report) -> None:
    """Print the report for programs. docs/drift.md describes it."""
    output = json_models.DriftReport(
        stack=report.stack,
        in_sync=report.in_sync,
        drifted=[_drift_model(each) for each in report.drifted],
        unmanaged=None if report.unmanaged is None else [_unmanaged_model(each) for each in report.unmanaged],
        unknown=[
            json_models.Unknown(urn=each.urn, type=each.token, id=each.id, why=each.why) for each in report.unknown
        ],
        shared=json_models.as_shared(report.shared),
    )
    print(json_models.as_json_text(output))


def as_table(report: Report) -> None:
    """Print the report for people at a terminal. A URN has a line of its own, from which it is copied into a command."""
    console = terminal()
    for drift in report.drifted:
        style = "red" if drift.removed is not None else "yellow"
        console.print(Text(clean(drift.name), style="bold"))
        console.print(Text(f"{short(drift.token)} {clean(drift.id)}\n{clean(drift.urn, LONGEST)}", style="dim"))
        for sentence in _sentences(drift):
            console.print(Text(f"  {clean(sentence, LONGEST)}", style=style))
    for each in report.unmanaged or ():
        console.print(Text(_title(each.observed), style="bold"))
        console.print(Text(f"{short(each.observed.token)} {clean(each.observed.id)}", style="dim"))
        console.print(Text(f"  unmanaged{_who_and_when(each.observed.created, each.by)}", style="magenta"))
    for name, advice in _advice(report):
        console.print(Text(f"{clean(name)}: {advice}", style="yellow"))
    console.print(Text(_summary(report), style="green" if report.in_sync else "bold"))


def as_markdown(report: Report) -> None:
    """Print the report for a comment on a pull request."""
    lines = [f"**{escaped(_summary(report))}**"]
    if report.drifted or report.unmanaged:
        lines += ["", "| resource | type, id | what | state | live | when | by |", "|---|---|---|---|---|---|---|"]
    for drift in report.drifted:
        of = f"{short(drift.token)} {code(drift.id)}"
        if drift.removed is not None:
            lines.append(row(code(drift.urn), of, "removed", "", "", _time(drift.when), code(_by(drift.by))))
        for each in drift.changes:
            values = code(_value(each, each.recorded)), code(_value(each, each.live))
            lines.append(row(code(drift.urn), of, _verb(each), *values, _time(each.when), code(_by(each.by))))
        if drift.phantom is not None:
            lines.append(row(code(drift.urn), of, _not_shown(drift.phantom), "", "", "", ""))
    for found in report.unmanaged or ():
        observed = found.observed
        of, when = f"{short(observed.token)} {code(observed.id)}", _time(observed.created)
        lines.append(row("", of, "unmanaged", "", code(_title(observed)), when, code(_by(found.by))))
    lines += [f"\n{code(name)}: {escaped(advice)}" for name, advice in _advice(report)]
    lines += [f"\n{code(each.error)}" for each in report.shared]
    if report.unknown:
        lines += ["", "Unknown:", ""]
        lines += [f"- {code(_subject(each))}: {code(each.why)}" for each in report.unknown]
    print("\n".join(lines))


def as_github(report: Report) -> None:
    """Print the report as annotations of a workflow's run (docs.github.com, "Workflow commands")."""
    for drift in report.drifted:
        what = "; ".join(_sentences(drift))
        for advice in (each.lost for each in drift.changes if each.lost):
            what = f"{what}. {advice}"
        if drift.phantom is not None:
            what = f"{what}. {drift.phantom.advice}"
        annotate("warning", f"Drift of {drift.name}", f"{drift.urn} ({drift.id}): {what}")
    for found in report.unmanaged or ():
        observed = found.observed
        subject = f"{short(observed.token)} {observed.id}: {_title(observed)}"
        annotate("warning", "Unmanaged", f"{subject}{_who_and_when(observed.created, found.by)}")
    for shared in report.shared:
        annotate("error", "Two resources, one object", shared.error)
    for unknown in report.unknown:
        annotate("error", "Unknown", f"{_subject(unknown)}: {unknown.why}")
    if report.in_sync:
        annotate("notice", "zorg drift", _summary(report))


FORMATS: dict[str, Callable[[Report], None]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "github": as_github,
}


def _drift_model(drift: Drift) -> json_models.Drift:
    return json_models.Drift(
        urn=drift.urn,
        type=drift.token,
        id=drift.id,
        removed=drift.removed is not None,
        proof=drift.removed,
        changes=[
            json_models.Change(
                property=each.property,
                recorded=_HIDDEN if each.secret else each.recorded,
                live=_HIDDEN if each.secret else each.live,
                when=json_models.timestamp(each.when),
                by=each.by,
                why=None if each.secret else each.why,
                lost=each.lost,
            )
            for each in drift.changes
        ],
        when=json_models.timestamp(drift.when),
        by=drift.by,
        phantom=drift.phantom.advice if drift.phantom else None,
    )


def _unmanaged_model(found: Unmanaged) -> json_models.Unmanaged:
    observed = found.observed
    properties = {name: value for name, value in observed.properties.items() if not name.startswith("__")}
    when = json_models.timestamp(observed.created)
    return json_models.Unmanaged(type=observed.token, id=observed.id, properties=properties, when=when, by=found.by)


def _verb(change: Change) -> str:
    if change.why is not None:
        return change.property if change.secret else f"{change.property}: {clean(change.why)}"
    if change.lost and not change.secret:
        return f"{change.lost_noun} was lost"
    if change.property == "active" and change.live is not None and not change.secret:
        return "reactivated" if change.live else "deactivated"
    return {"name": "renamed", "role_keys": "role_keys changed"}.get(change.property, f"{change.property} changed")


def _sentences(drift: Drift) -> list[str]:
    """Return what differs, one change each."""
    if drift.removed is not None:
        sentences = [f"removed{_who_and_when(drift.when, drift.by)}"]
    else:
        sentences = [f"{_verb(each)}: {_values(each)}{_who_and_when(each.when, each.by)}" for each in drift.changes]
    return sentences + ([_not_shown(drift.phantom)] if drift.phantom is not None else [])


def _not_shown(phantom: Phantom) -> str:
    return f"not shown by ZITADEL; {phantom.effect}"


def _advice(report: Report) -> list[tuple[str, str]]:
    """Return what to do about changes that the server lost and about phantoms, by the name of the resource."""
    lost = [(drift.name, each.lost) for drift in report.drifted for each in drift.changes if each.lost]
    return lost + [(drift.name, drift.phantom.advice) for drift in report.drifted if drift.phantom is not None]


def _value(change: Change, value: Any) -> str:
    if change.secret:
        return _HIDDEN
    return clean(json.dumps(value, ensure_ascii=False), LONGEST // 4)


def _values(change: Change) -> str:
    """Return the value of the state and the live one, or the one value that both have."""
    recorded, live = _value(change, change.recorded), _value(change, change.live)
    return live if recorded == live and not change.secret else f"{recorded} → {live}"


def _title(observed: Observed) -> str:
    properties, resource_type = observed.properties, RESOURCE_TYPES[observed.token]
    if properties.get("name"):
        # Quoted: at the beginning of a line, a name like ``::stop-commands::x`` would be a command to a workflow's runner.
        return clean(json.dumps(properties["name"], ensure_ascii=False))
    parents = {each.property: each.noun for each in resource_type.events.parents} | {"org_id": "organization"}
    # An object without a name is shown by what it belongs to.
    shown = [name for name in parents if name in resource_type.inputs.unique_by or name == "org_id"]
    of = ", ".join(f"{parents[name]} {properties.get(name)}" for name in shown)
    roles = f": {', '.join(properties['role_keys']) or 'no roles'}" if "role_keys" in properties else ""
    inactive = ", inactive" if properties.get("active") is False else ""
    return clean(f"{of}{roles}{inactive}", LONGEST)


def _subject(unknown: Undetermined) -> str:
    return unknown.urn or f"{short(unknown.token)} {unknown.id}"


def _summary(report: Report) -> str:
    if report.in_sync:
        return f"{report.stack}: in sync"
    parts = [f"{len(report.drifted)} drifted"]
    if report.unmanaged is not None:
        parts.append(f"{len(report.unmanaged)} unmanaged")
    if report.unknown:
        parts.append(f"{len(report.unknown)} unknown")
    if report.shared:
        parts.append(f"{len(report.shared)} managed by two resources")
    return f"{report.stack}: {', '.join(parts)}"


def _time(when: datetime | None) -> str:
    return f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}Z" if when else ""


def _by(by: str | None) -> str:
    return clean(by or "")


def _who_and_when(when: datetime | None, by: str | None) -> str:
    parts = (f"at {_time(when)}" if when else "", f"by {_by(by)}" if by else "")
    known = " ".join(part for part in parts if part)
    return f" ({known})" if known else ""
