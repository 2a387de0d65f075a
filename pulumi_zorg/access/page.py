"""The HTML page of a report of who can get in: one file that needs no network, for the person who signs an access review.

It reads nothing but its own stylesheet and script. No part of a report gets into these two: what a report says is text and
attributes of the HTML, escaped by :func:`_text`. The page's Content-Security-Policy allows the two by their hashes, and no request.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from pulumi_zorg.errors import clean

Row = Mapping[str, Any]

NOT_KNOWN = "not known"
_IN_FORCE = {True: ("yes", "Yes"), False: ("no", "No"), None: ("unknown", "Not known")}
_COLUMNS = ("Person", "Organization", "Access to", "Given by", "Roles", "In force", "Since")
_OPEN_TO = {
    "everybody": "Every person of the instance",
    "organizations with the project": "People of organizations that own the project or have a project grant",
    "user grants": "Only people with a user grant",
    "nobody": "Nobody",
    None: "Not known",
}
_FILTERS = {"org": "organization", "project": "project", "user": "user", "role": "role"}


def page(report: Mapping[str, Any]) -> str:
    """Return the report as an HTML page.

    :param report: what ``zorg access --format json`` prints, of the schema ``zorg-access/1``.
    """
    style, script = (_own(name) for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    rows = sorted(report["rows"], key=_order)
    title = f"Access review of {_text(report['instance'])}"
    owners = {each["project_id"]: each["org_name"] or each["org_id"] for each in report["projects"]}
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
        *_changes(report["compared"], owners),
        '<section aria-labelledby="rows-title"><h2 id="rows-title" tabindex="-1">Who has access</h2>',
        *_counts(rows),
        *_controls(rows, owners),
        '<p id="shown" role="status"></p>',
        *_table(rows, owners, "rows"),
        "</section>",
        *_projects(report["projects"]),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _own(name: str) -> str:
    return (files("pulumi_zorg.access") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _plain(value: object) -> str:
    # A name may have half of a surrogate pair, which no file can hold.
    return clean(str(value).encode("utf-8", "replace").decode())


def _text(value: object) -> str:
    """Return a text as HTML in which nothing is markup, also inside of a quoted attribute."""
    return escape(_plain(value))


def _name(value: object) -> str:
    """Return a name that other people chose: its direction of writing has no effect on the text around it."""
    return f"<bdi>{_text(value)}</bdi>"


def _time(value: str | None) -> str:
    """Return a time of a report to the minute, as ``2026-11-29 08:00 UTC``."""
    if value is None:
        return NOT_KNOWN
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:[\d.]+)?Z", value)
    return f"{found[1]} {found[2]} UTC" if found else _text(value)


def _number(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _user(row: Row) -> str:
    """Return what a user is called: the display name, else the login name, else the id."""
    return str(row["display_name"] or row["login_name"] or row["user_id"])


def _order(row: Row) -> tuple[str, ...]:
    """Return what the rows are sorted by. All rows of one user are together, those of projects first."""
    given = (row["project_name"], row["org_name"])
    of = given if row["kind"] == "project" else (row["object_name"], *given)
    user = (_user(row).casefold(), str(row["user_id"]))
    return (*user, "" if row["kind"] == "project" else "manager", *(str(each or "") for each in of))


# What is stated at the top.


def _facts(report: Mapping[str, Any], rows: Sequence[Row]) -> list[str]:
    """Return from where the report is, when it was read, and what it has."""
    filters = report["filters"]
    limits = [
        f"{what}: {', '.join(map(_name, filters[key]))}" for key, what in _FILTERS.items() if filters.get(key)
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
        ("Instance", _name(report["instance"])),
        ("Read at", _time(report["read_at"])),
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
        f"The list of {_text(name.replace('_', ' '))} is not whole: {_text(why)}"
        for name, why in sorted(report["unknown"].items())
    ]
    unknown = [each for each in rows if each["in_force"] is None]
    why = Counter(reason for each in unknown for reason in each["reasons"])
    said += [f"{_number(count, 'row')}: {_text(reason)}" for reason, count in sorted(why.items())]
    without = sum(not each["reasons"] for each in unknown)
    said += [f"{_number(without, 'row')} without a reason"] if without else []
    closed = sum(each["open_to"] is None for each in report["projects"])
    said += [f"{_number(closed, 'project')}: who can log in without roles"] if closed else []
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


def _changes(compared: Mapping[str, Any] | None, owners: Mapping[str, str]) -> list[str]:
    """Return who gained and who lost access since another report."""
    if compared is None:
        return []
    since = _time(compared["with"])
    parts = [f'<section id="changes" aria-labelledby="changes-title"><h2 id="changes-title">Since {since}</h2>']
    if not any(compared[key] for key in ("gained", "lost", "changed", "unknown", "projects")):
        parts.append("<p>Nobody gained or lost access.</p>")
    for key, title in (("gained", "Gained"), ("lost", "Lost")):
        if compared[key]:
            parts.append(f'<h3 class="{key}">{title} ({len(compared[key]):,})</h3>')
            parts += ["<p>With the roles that were lost, and why:</p>"] if key == "lost" else []
            parts += _table(sorted(compared[key], key=_order), owners, key)
    if compared["changed"]:
        parts.append(f'<h3 class="changed">Changed ({len(compared["changed"]):,})</h3>')
        both = sorted(compared["changed"], key=lambda each: _order(each["after"]))
        labelled = [(each[when], f"<small>{when}</small>") for each in both for when in ("before", "after")]
        parts += _table([each for each, _ in labelled], owners, "changed", [label for _, label in labelled])
    if compared["projects"]:
        parts.append(f'<h3 class="changed">Login without roles changed ({len(compared["projects"]):,})</h3>')
        parts += [
            "<ul>",
            *(f"<li>{_opened(each['before'], each['after'])}</li>" for each in compared["projects"]),
            "</ul>",
        ]
    if compared["unknown"]:
        parts.append(f'<h3 class="unknown">Not known whether it changed ({len(compared["unknown"]):,})</h3>')
        doubts = sorted(compared["unknown"], key=lambda each: _order(each["row"]))
        rows = [{**each["row"], "in_force": None, "reasons": [each["why"]]} for each in doubts]
        parts += _table(rows, owners, "doubts")
    return [*parts, "</section>"]


def _opened(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """Return for a project who could log in without roles, and who can now."""
    project = after or before or {}
    was, now = (_text(_OPEN_TO.get(each["open_to"]) if each else "No such project") for each in (before, after))
    name, owner = (_name(project[f"{what}_name"] or project[f"{what}_id"]) for what in ("project", "org"))
    return f"{name} of {owner}: {was} → {now}"


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


def _controls(rows: Sequence[Row], owners: Mapping[str, str]) -> list[str]:
    """Return the search box and the filters. The script shows them: without it they would do nothing."""
    organizations = {each["org_id"]: each["org_name"] for each in rows if each["org_id"]}
    organizations |= {each["user_org_id"]: each["user_org_name"] for each in rows if each["user_org_id"]}
    projects = {each["project_id"]: each["project_name"] for each in rows if each["project_id"]}
    labels = {key: f"{name or key} ({owners[key]})" if key in owners else name for key, name in projects.items()}
    roles = {role: role for each in rows for role in each["roles"]}
    choices = [
        ("force", "In force", _options(dict(_IN_FORCE.values()))),
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
        ['<option value="">All</option>', *(f'<option value="{_text(v)}">{_text(n)}</option>' for v, n in found)]
    )


def _table(rows: Sequence[Row], owners: Mapping[str, str], id: str, labels: Sequence[str] = ()) -> list[str]:
    """Return a table of rows.

    :param id: of the table. Links to a user lead into the table ``rows``.
    :param labels: what to write before the name of each row.
    """
    heads = "".join(f'<th scope="col">{each}</th>' for each in _COLUMNS)
    parts = [f'<div class="wide"><table id="{id}" class="access"><thead><tr>{heads}</tr></thead><tbody>']
    before: object = None
    for at, row in enumerate(rows):
        is_first = id == "rows" and row["user_id"] != before
        before = row["user_id"]
        parts.append(_row(row, owners, labels[at] if labels else "", is_first=is_first))
    return [*parts, "</tbody></table></div>"]


def _row(row: Row, owners: Mapping[str, str], label: str, *, is_first: bool) -> str:
    force, _ = _IN_FORCE[row["in_force"]]
    data = {
        "user": row["user_id"],
        "home": row["user_org_id"],
        "org": row["org_id"],
        "project": row["project_id"],
        "force": force,
        "kind": row["kind"],
    }
    anchor = f' id="{_text(_anchor(row))}"' if is_first else ""
    attributes = "".join(f' data-{key}="{_text(value)}"' for key, value in data.items() if value)
    cells = (
        _name(row["user_org_name"] or row["user_org_id"] or NOT_KNOWN),
        _target(row, owners),
        _given(row),
        " ".join(f'<code class="role">{_text(each)}</code>' for each in row["roles"]) or "no roles",
        _answer(row),
        _since(row),
    )
    return (
        f'<tr{anchor}{attributes}><th scope="row">{label}{_person(row)}</th>'
        f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )


def _anchor(row: Row) -> str:
    return f"user-{_plain(row['user_id'])}"


def _person(row: Row) -> str:
    """Return a user as a link to all of its access."""
    name, login = _user(row), row["login_name"]
    tags = [
        *([] if row["user_kind"] == "person" else [row["user_kind"] or "kind not known"]),
        *([] if row["user_state"] == "active" else [row["user_state"] or "state not known"]),
    ]
    return "".join(
        [
            f'<a href="#{_text(quote(_anchor(row)))}">{_name(name)}</a>',
            f"<small>{_name(login)}</small>" if login and login != name else "",
            *(f' <span class="tag">{_text(each)}</span>' for each in tags),
        ]
    )


def _target(row: Row, owners: Mapping[str, str]) -> str:
    """Return what a row gives access to."""
    if row["kind"] == "project":
        owner = owners.get(row["project_id"])
        return _name(row["project_name"] or row["project_id"]) + (f"<small>of {_name(owner)}</small>" if owner else "")
    level = str(row["level"])
    named = row["object_name"] or (row["object_id"] if level != "instance" else None)
    of = row["org_name"] if level not in ("instance", "organization") else None
    return (
        f"{_text(level[:1].upper() + level[1:])} {_name(named) if named else ''}"
        f"<small>as a manager{f', of {_name(of)}' if of else ''}</small>"
    )


def _given(row: Row) -> str:
    """Return the organization that gives the access, and the user grants."""
    if row["kind"] == "manager":
        return "-"
    parts = [_name(row["org_name"] or row["org_id"])]
    for each in row["grants"]:
        more = [f"user grant {_text(each['user_grant_id'])}"]
        more += [f"on project grant {_text(each['project_grant_id'])}"] if each["project_grant_id"] else []
        if each["state"] != "active":
            roles = ", ".join(map(_name, each["roles"]))
            more.append(f"{_text(each['state'] or 'state not known')}{f': {roles}' if roles else ''}")
        parts.append(f"<small>{', '.join(more)}</small>")
    return "".join(parts)


def _answer(row: Row) -> str:
    """Return whether an access is in force, why not, and by which login where the two differ."""
    kind, label = _IN_FORCE[row["in_force"]]
    parts = [f'<span class="{kind}">{label}</span>', *(f"<small>{_text(each)}</small>" for each in row["reasons"])]
    if row["login_v1"] is not row["login_v2"]:
        says = {key: label.lower() for key, (_, label) in _IN_FORCE.items()}
        parts.append(f"<small>V2 login: {says[row['login_v2']]}; V1 login: {says[row['login_v1']]}</small>")
    return "".join(parts)


def _since(row: Row) -> str:
    by = f"<small>by {_name(row['by'])}</small>" if row["by"] else ""
    return f"{_time(row['since'])}{by}"


# The projects.


def _projects(projects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return who can log in to each project without a row in the table."""
    cells = [
        (
            _name(each["project_name"] or each["project_id"]),
            _name(each["org_name"] or each["org_id"]),
            _text((each["state"] or NOT_KNOWN).capitalize()),
            _text(_OPEN_TO.get(each["open_to"], each["open_to"])),
        )
        for each in sorted(projects, key=lambda each: str(each["project_name"] or each["project_id"]).casefold())
    ]
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("Project", "Owner", "State", "Who can log in"))
    return [
        '<section aria-labelledby="projects-title"><h2 id="projects-title">Who can log in without roles</h2>',
        "<p>A login without roles gives what the application gives to each of its users. These people are not in the table above.</p>",
        f'<div class="wide"><table id="projects"><thead><tr>{heads}</tr></thead><tbody>',
        *(
            f'<tr><th scope="row">{name}</th>{"".join(f"<td>{each}</td>" for each in more)}</tr>'
            for name, *more in cells
        ),
        "</tbody></table></div></section>",
    ]
