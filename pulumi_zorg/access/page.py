"""The HTML page of a report of who can get in: one file that needs no network, for the person who signs an access review.

It reads nothing but its own stylesheet and script. No part of a report gets into these two: what a report says is text and
attributes of the HTML, escaped by :func:`~pulumi_zorg.access.page_tables.escaped`. The page's Content-Security-Policy allows the two by
their hashes, and no request.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from pulumi_zorg.access.page_tables import (
    IN_FORCE,
    NOT_KNOWN,
    Row,
    escaped,
    name_of,
    number_of,
    opened,
    owner_of,
    projects_table,
    row_order,
    rows_table,
    time_of,
)

_FILTERS = {"org": "organization", "project": "project", "user": "user", "role": "role"}


def page(report: Mapping[str, Any]) -> str:
    """Return the report as an HTML page.

    :param report: what ``zorg access --format json`` prints, of the schema ``zorg-access/1``.
    """
    style, script = (_own(name) for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    rows = sorted(report["rows"], key=row_order)
    title = f"Access review of {escaped(report['instance'])}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title><style>{style}</style><script>{script}</script></head><body>",
        "<header><h1>Access review</h1>",
        *_facts(report, rows),
        *_signature(),
        "</header><main>",
        *_not_known(report, rows),
        *_changes(report["compared"]),
        '<section aria-labelledby="rows-title"><h2 id="rows-title" tabindex="-1">Who has access</h2>',
        *_counts(rows),
        *_controls(rows),
        '<p id="shown" role="status"></p>',
        *rows_table(rows, "rows"),
        "</section>",
        *projects_table(report["projects"]),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _own(name: str) -> str:
    return (files("pulumi_zorg.access") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


# What is stated at the top.


def _facts(report: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    """Return from where the report is, when it was read, and what it has."""
    filters = report["filters"]
    limits = [
        f"{what}: {', '.join(map(name_of, filters[key]))}" for key, what in _FILTERS.items() if filters.get(key)
    ] or ["nothing: this is the whole instance"]
    left_out = [
        what
        for key, what in (("managers", "the rights of managers"), ("inactive", "access that is not in force"))
        if not filters.get(key)
    ]
    login = {
        True: "All applications use the V2 login",
        False: "Applications use the V1 or the V2 login",
        None: "Not known",
    }
    facts = [
        ("Instance", name_of(report["instance"])),
        ("Read at", time_of(report["read_at"])),
        ("Limited to", "; ".join(limits)),
        ("Left out", " and ".join(left_out) or "nothing"),
        ("Login", login[report["login_v2_required"]]),
        ("Complete", "Yes" if report["complete"] else '<strong>No</strong>, <a href="#not-known">see below</a>'),
    ]
    return ["<dl>", *(f"<div><dt>{term}</dt><dd>{what}</dd></div>" for term, what in facts), "</dl>"]


def _signature() -> list[str]:
    """Return the place where the reviewer signs. A name and a date that are typed in are printed; the page keeps neither."""
    return [
        '<div id="signature"><label>Reviewed by <input type="text" id="reviewer" autocomplete="off"></label>',
        '<label>Date <input type="text" id="reviewed" autocomplete="off"></label>',
        "<p>Signature</p></div>",
    ]


def _not_known(report: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    """Return what is not known, and why."""
    said = [
        f"The list of {escaped(name.replace('_', ' '))} is not whole: {escaped(why)}"
        for name, why in sorted(report["unknown"].items())
    ]
    unknown = [each for each in rows if each["in_force"] is None]
    why = Counter(reason for each in unknown for reason in each["reasons"])
    said += [f"{number_of(count, 'row')}: {escaped(reason)}" for reason, count in sorted(why.items())]
    without = sum(not each["reasons"] for each in unknown)
    said += [f"{number_of(without, 'row')} without a reason"] if without else []
    closed = sum(each["open_to"] is None for each in report["projects"])
    said += [f"{number_of(closed, 'project')}: who can log in without roles"] if closed else []
    if report["login_v2_required"] is None:
        said.append("Whether all applications use the V2 login")
    if not said and not report["complete"]:
        said.append("The report does not say what")
    if not said:
        return []
    return [
        '<section id="not-known" class="notice" aria-labelledby="not-known-title">',
        '<h2 id="not-known-title">What is not known</h2>',
        "<p>Not known is not the same as no: somebody may have access that this report cannot show.</p>",
        "<ul>",
        *(f"<li>{each}</li>" for each in said),
        "</ul></section>",
    ]


def _changes(compared: Mapping[str, Any] | None) -> list[str]:
    """Return who gained and who lost access since another report."""
    if compared is None:
        return []
    since = time_of(compared["with"])
    parts = [f'<section id="changes" aria-labelledby="changes-title"><h2 id="changes-title">Since {since}</h2>']
    if not any(compared[key] for key in ("gained", "lost", "changed", "unknown", "projects")):
        parts.append("<p>Nobody gained or lost access.</p>")
    for key, title in (("gained", "Gained"), ("lost", "Lost")):
        if compared[key]:
            parts.append(f'<h3 class="{key}">{title} ({len(compared[key]):,})</h3>')
            parts += ["<p>With the roles that were lost, and why:</p>"] if key == "lost" else []
            parts += rows_table(sorted(compared[key], key=row_order), key)
    if compared["changed"]:
        parts.append(f'<h3 class="changed">Changed ({len(compared["changed"]):,})</h3>')
        both = sorted(compared["changed"], key=lambda each: row_order(each["after"]))
        labelled = [(each[when], f"<small>{when}</small>") for each in both for when in ("before", "after")]
        parts += rows_table([each for each, _ in labelled], "changed", [label for _, label in labelled])
    if compared["projects"]:
        parts.append(f'<h3 class="changed">Login without roles changed ({len(compared["projects"]):,})</h3>')
        parts += [
            "<ul>",
            *(f"<li>{opened(each['before'], each['after'])}</li>" for each in compared["projects"]),
            "</ul>",
        ]
    if compared["unknown"]:
        parts.append(f'<h3 class="unknown">Not known whether it changed ({len(compared["unknown"]):,})</h3>')
        doubts = sorted(compared["unknown"], key=lambda each: row_order(each["row"]))
        rows = [{**each["row"], "in_force": None, "reasons": [each["why"]]} for each in doubts]
        parts += rows_table(rows, "doubts")
    return [*parts, "</section>"]


# The rows, and what selects them.


def _counts(rows: Sequence[Row]) -> list[str]:
    """Return how many people, rows and answers there are."""
    kinds = {each["user_id"]: each["user_kind"] for each in rows}
    force = Counter(each["in_force"] for each in rows)
    accounts = sum(kind == "service account" for kind in kinds.values())
    managers = sum(each["kind"] == "manager" for each in rows)
    found = [
        (len(kinds) - accounts, "people"),
        (accounts, "service accounts"),
        (force[True], "in force"),
        (force[False], "not in force"),
        (force[None], NOT_KNOWN),
        (managers, "rights of managers"),
    ]
    return ['<ul id="counts">', *(f"<li><b>{count:,}</b> {what}</li>" for count, what in found), "</ul>"]


def _controls(rows: Sequence[Row]) -> list[str]:
    """Return the search box and the filters. The script shows them: without it they would do nothing."""
    organizations = {each["org_id"]: each["org_name"] for each in rows if each["org_id"]}
    organizations |= {each["user_org_id"]: each["user_org_name"] for each in rows if each["user_org_id"]}
    projects = {each["project_id"]: each["project_name"] for each in rows if each["project_id"]}
    owners = {each["project_id"]: owner_of(each) for each in rows}
    labels = {key: f"{name or key} ({owners[key]})" if owners[key] else name for key, name in projects.items()}
    roles = {role: role for each in rows for role in each["roles"]}
    choices = [
        ("force", "In force", _options(dict(IN_FORCE.values()))),
        ("organization", "Organization", _options(organizations, by_name=True)),
        ("project", "Project", _options(labels, by_name=True)),
        ("role", "Role", _options(roles, by_name=True)),
        ("kind", "Kind", _options({"project": "Roles in projects", "manager": "Rights of managers"})),
    ]
    return [
        '<form id="controls" hidden><fieldset><legend>Show</legend>',
        '<label>Search <input type="search" id="search" autocomplete="off" spellcheck="false"></label>',
        *(f'<label>{label} <select id="{key}">{options}</select></label>' for key, label, options in choices),
        '<button type="reset">Clear</button></fieldset></form>',
    ]


def _options(named: Mapping[Any, Any], *, by_name: bool = False) -> str:
    found = [(str(value), str(name or value)) for value, name in named.items()]
    if by_name:
        found.sort(key=lambda each: (each[1].casefold(), each[0]))
    return "".join(
        ['<option value="">All</option>', *(f'<option value="{escaped(v)}">{escaped(n)}</option>' for v, n in found)]
    )
