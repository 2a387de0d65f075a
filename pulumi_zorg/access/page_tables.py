"""The tables of the HTML page of a report of who can get in: the rows, and the projects. Pure: no I/O.

What a report says is text and attributes of the HTML, escaped by :func:`escaped`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from pulumi_zorg.errors import clean

Row = Mapping[str, Any]

NOT_KNOWN = "not known"
IN_FORCE = {True: ("yes", "Yes"), False: ("no", "No"), None: ("unknown", "Not known")}
_COLUMNS = ("Person", "Organization", "Access to", "Given by", "Roles", "In force", "Since")
_OPEN_TO = {
    "everybody": "Every person of the instance",
    "organizations with the project": "People of organizations that own the project or have a project grant",
    "user grants": "Only people with a user grant",
    "nobody": "Nobody",
    None: "Not known",
}
#: How many organizations a cell names.
_MOST_NAMES = 50


def _plain(value: object) -> str:
    # A name may have half of a surrogate pair, which no file can hold.
    return clean(str(value).encode("utf-8", "replace").decode())


def escaped(value: object) -> str:
    """Return a text as HTML in which nothing is markup, also inside of a quoted attribute."""
    return escape(_plain(value))


def name_of(value: object) -> str:
    """Return a name that other people chose: its direction of writing has no effect on the text around it."""
    return f"<bdi>{escaped(value)}</bdi>"


def time_of(value: str | None) -> str:
    """Return a time of a report to the minute, as ``2026-11-29 08:00 UTC``."""
    if value is None:
        return NOT_KNOWN
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:[\d.]+)?Z", value)
    return f"{found[1]} {found[2]} UTC" if found else escaped(value)


def number_of(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def user_name(row: Row) -> str:
    """Return what a user is called: the display name, else the login name, else the id."""
    return str(row["display_name"] or row["login_name"] or row["user_id"])


def row_order(row: Row) -> tuple[str, ...]:
    """Return what the rows are sorted by. All rows of one user are together, those of projects first."""
    given = (row["project_name"], row["org_name"])
    of = given if row["kind"] == "project" else (row["object_name"], *given)
    user = (user_name(row).casefold(), str(row["user_id"]))
    return (*user, "" if row["kind"] == "project" else "manager", *(str(each or "") for each in of))


def rows_table(rows: Sequence[Row], id: str, labels: Sequence[str] = ()) -> list[str]:
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
        parts.append(_row(row, labels[at] if labels else "", is_first=is_first))
    return [*parts, "</tbody></table></div>"]


def _row(row: Row, label: str, *, is_first: bool) -> str:
    force, _ = IN_FORCE[row["in_force"]]
    data = {
        "user": row["user_id"],
        "home": row["user_org_id"],
        "org": row["org_id"],
        "project": row["project_id"],
        "force": force,
        "kind": row["kind"],
    }
    anchor = f' id="{escaped(_anchor(row))}"' if is_first else ""
    attributes = "".join(f' data-{key}="{escaped(value)}"' for key, value in data.items() if value)
    cells = (
        name_of(row["user_org_name"] or row["user_org_id"] or NOT_KNOWN),
        _target(row),
        _given(row),
        " ".join(f'<code class="role">{escaped(each)}</code>' for each in row["roles"]) or "no roles",
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
    name, login = user_name(row), row["login_name"]
    tags = [
        *([] if row["user_kind"] == "person" else [row["user_kind"] or "kind not known"]),
        *([] if row["user_state"] == "active" else [row["user_state"] or "state not known"]),
    ]
    return "".join(
        [
            f'<a href="#{escaped(quote(_anchor(row)))}">{name_of(name)}</a>',
            f"<small>{name_of(login)}</small>" if login and login != name else "",
            *(f' <span class="tag">{escaped(each)}</span>' for each in tags),
        ]
    )


def _target(row: Row) -> str:
    """Return what a row gives access to."""
    if row["kind"] == "project":
        owner = owner_of(row)
        return name_of(row["project_name"] or row["project_id"]) + (
            f"<small>of {name_of(owner)}</small>" if owner else ""
        )
    level = str(row["level"])
    named = row["object_name"] or (row["object_id"] if level != "instance" else None)
    of = row["org_name"] if level not in ("instance", "organization") else None
    return (
        f"{escaped(level[:1].upper() + level[1:])} {name_of(named) if named else ''}"
        f"<small>as a manager{f', of {name_of(of)}' if of else ''}</small>"
    )


def owner_of(row: Row) -> str | None:
    """Return the organization that owns a row's project."""
    found: str | None = row["project_org_name"] or row["project_org_id"]
    return found


def _given(row: Row) -> str:
    """Return the organization that gives the access, and the user grants."""
    if row["kind"] == "manager":
        return "-"
    parts = [name_of(row["org_name"] or row["org_id"])]
    for each in row["grants"]:
        more = [f"user grant {escaped(each['user_grant_id'])}"]
        more += [f"on project grant {escaped(each['project_grant_id'])}"] if each["project_grant_id"] else []
        if each["state"] != "active":
            roles = ", ".join(map(name_of, each["roles"]))
            more.append(f"{escaped(each['state'] or 'state not known')}{f': {roles}' if roles else ''}")
        parts.append(f"<small>{', '.join(more)}</small>")
    return "".join(parts)


def _answer(row: Row) -> str:
    """Return whether an access is in force, why not, and by which login where the two differ."""
    kind, label = IN_FORCE[row["in_force"]]
    parts = [f'<span class="{kind}">{label}</span>', *(f"<small>{escaped(each)}</small>" for each in row["reasons"])]
    if row["login_v1"] is not row["login_v2"]:
        says = {key: label.lower() for key, (_, label) in IN_FORCE.items()}
        parts.append(f"<small>V2 login: {says[row['login_v2']]}; V1 login: {says[row['login_v1']]}</small>")
    return "".join(parts)


def _since(row: Row) -> str:
    by = f"<small>by {name_of(row['by'])}</small>" if row["by"] else ""
    return f"{time_of(row['since'])}{by}"


def opened(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """Return for a project who could log in without roles, and who can now."""
    project = after or before or {}
    name, owner = (name_of(project[f"{what}_name"] or project[f"{what}_id"]) for what in ("project", "org"))
    if before and after and before["open_to"] == after["open_to"]:
        # Only the organizations differ.
        had, has = ({each["org_id"]: each for each in both["open_to_organizations"]} for both in (before, after))
        said = {"can now": (has, had), "no longer can": (had, has)}
        names = {verb: _names([one[key] for key in one if key not in other]) for verb, (one, other) in said.items()}
        changes = "; ".join(f"{verb}: {those}" for verb, those in names.items() if those)
        return f"{name} of {owner}: people of organizations with the project, {changes}"
    was, now = (_open_to(each) if each else "No such project" for each in (before, after))
    return f"{name} of {owner}: {was} → {now}"


def _names(organizations: Sequence[Mapping[str, Any]]) -> str:
    names = [name_of(each["org_name"] or each["org_id"]) for each in organizations]
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def _open_to(project: Mapping[str, Any]) -> str:
    """Return who can log in to a project without roles, with the organizations where only some can."""
    which = _names(project["open_to_organizations"])
    return (
        f"{escaped(_OPEN_TO.get(project['open_to'], project['open_to']))}{f'<small>{which}</small>' if which else ''}"
    )


def projects_table(projects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return who can log in to each project without a row in the table."""
    cells = [
        (
            name_of(each["project_name"] or each["project_id"]),
            name_of(each["org_name"] or each["org_id"]),
            escaped((each["state"] or NOT_KNOWN).capitalize()),
            _open_to(each),
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
