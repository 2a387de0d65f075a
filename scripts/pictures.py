"""Draws the pictures in docs/pictures: `make pictures`. It needs the command `pulumi` on PATH.

- ``active.svg``: what each ``active=False`` stops, from the table in docs/resources.md.
- ``objects.svg``: a vendor, its project, a customer and its people, from the state of a stack that the engine made.
- ``preview.svg``, ``guard.svg``, ``drift.svg``: what a terminal showed for the example of the README, on the embedded emulator.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from pulumi_zorg.emulator import Emulator
from pulumi_zorg.testing import AdminClient

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
TOKEN = "a-token-of-the-emulator"  # noqa: S105 - of an emulator on loopback, which runs for a minute
FONT = "font-family='ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'"
SANS = "font-family='system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'"

SHOP = """
import json

import pulumi_zorg as zorg

people = json.load(open("people.json"))
cyberdyne = zorg.Organization("cyberdyne", name="Cyberdyne")
"""
BEFORE = f"""{SHOP}
acme = zorg.Organization("acme", name="Acme")
bluth = zorg.Organization("bluth", name="Bluth")
roles = {{"admin": "Admin", "editor": "Editor", "viewer": "Viewer"}}
portal = zorg.Project("portal", org_id=people["vendor"], name="Portal", roles=roles)
for name, keys in {{"ann": ["admin", "viewer"], "ben": ["viewer"], "cleo": ["viewer"]}}.items():
    zorg.UserGrant(name, org_id=people["vendor"], project_id=portal.id, user_id=people[name], role_keys=keys)
"""
AFTER = f"""{SHOP}
acme = zorg.Organization("acme", name="Acme", active=False)
portal = zorg.Project("portal", org_id=people["vendor"], name="Portal", roles={{"admin": "Admin", "viewer": "Viewer"}})
for name, keys in {{"ben": ["admin", "viewer"], "cleo": ["viewer"]}}.items():
    zorg.UserGrant(name, org_id=people["vendor"], project_id=portal.id, user_id=people[name], role_keys=keys)
"""
TENANT = """
import pulumi
import pulumi_zorg as zorg

vendor = zorg.Organization("vendor", name="Vendor")
portal = zorg.Project("portal", org_id=vendor.id, name="Portal", roles={"admin": "Admin", "viewer": "Viewer"})
customer = zorg.Organization("acme", name="Acme")
grant = zorg.ProjectGrant("acme", org_id=vendor.id, project_id=portal.id, granted_org_id=customer.id, role_keys=["viewer"])
ann = pulumi.Config().require("ann")
zorg.UserGrant(
    "ann", org_id=customer.id, user_id=ann, project_id=portal.id, project_grant_id=grant.id, role_keys=["viewer"]
)
"""


class Stack:
    """A project of Pulumi in a temporary folder, with a backend of its own."""

    def __init__(self, folder: Path, project: str, url: str) -> None:
        (folder / "backend").mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n", encoding="utf-8")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "ZITADEL_", "ZORG_"))
        }
        self.folder = folder
        self.environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "pictures",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ZITADEL_URL": url,
            "ZITADEL_TOKEN": TOKEN,
            "NO_PROXY": "127.0.0.1",
        }
        self.run("pulumi", "stack", "init", "dev")

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(text, encoding="utf-8")

    def run(self, *command: str, codes: Sequence[int] = (0,)) -> str:
        """Return what a command prints.

        :raises SystemExit: if it ends with another exit code.
        """
        done = subprocess.run(  # noqa: S603 - a fixed command
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode not in codes:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def main() -> None:
    """Draw all pictures."""
    PICTURES.mkdir(exist_ok=True)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    pictures = {"active.svg": active(table_of(ROOT / "docs" / "resources.md", "| | user grant deactivated"))}
    with tempfile.TemporaryDirectory(prefix="zorg-pictures-") as name:
        for draw in (made, recorded):
            with Emulator(token=TOKEN) as emulator, AdminClient(emulator.url, TOKEN) as admin:
                pictures |= draw(Path(name) / draw.__name__, emulator.url, admin)
    for file, picture in pictures.items():
        (PICTURES / file).write_text(picture, encoding="utf-8")
        print(f"docs/pictures/{file}")


# What the engine and the command show.


def made(folder: Path, url: str, admin: AdminClient) -> dict[str, str]:
    """Return a picture of a vendor and a customer, as the state has them after an `up`."""
    stack = Stack(folder, "tenant", url)
    stack.program(TENANT)
    organization = next(iter(admin.organizations()))
    stack.run("pulumi", "config", "set", "ann", admin.create_user(organization, "ann"))
    stack.run("pulumi", "up", "--yes", "--skip-preview")
    return {"objects.svg": objects(resources_of(stack))}


def recorded(folder: Path, url: str, admin: AdminClient) -> dict[str, str]:
    """Return pictures of a preview, of the guard and of a drift report."""
    stack = Stack(folder, "shop", url)
    stack.program(BEFORE)
    vendor = next(iter(admin.organizations()))
    people = {name: create_person(admin, vendor, name) for name in ("ann", "ben", "cleo", "dana", "eve")}
    (folder / "people.json").write_text(json.dumps({"vendor": vendor, **people}), encoding="utf-8")
    stack.run("pulumi", "up", "--yes", "--skip-preview")
    ids = {each["urn"].rsplit("::", 1)[1]: each["id"] for each in resources_of(stack)}
    populate(admin, vendor, people, ids)
    stack.program(AFTER)
    preview = stack.run("pulumi", "preview", "--color", "always")
    guard = ("zorg", "preview-guard", "--run", "--max-deactivate", "2", "--max-remove", "0")
    guarded = stack.run(*guard, codes=(7,))
    change_by_console(admin, url, vendor, people, ids)
    drifted = stack.run("zorg", "drift", codes=(7,))
    # The engine's display has each sentence twice: while it runs, and at the end.
    lines = [each for each in preview.splitlines() if each.strip() and not plain(each).startswith("@")]
    at_the_end = next(at for at, each in enumerate(lines) if plain(each).startswith("Diagnostics"))
    steps = [each for each in lines[:at_the_end] if re.match(r"\s*[-+~]", plain(each))]
    return {
        "preview.svg": terminal("$ pulumi preview", [*steps, *lines[at_the_end:]]),
        "guard.svg": terminal(f"$ {' '.join(guard)}", guarded.splitlines()),
        "drift.svg": terminal("$ zorg drift", drifted.splitlines()),
    }


def populate(admin: AdminClient, vendor: str, people: dict[str, str], ids: dict[str, str]) -> None:
    """Create what the program does not declare: the people of the customers, a project, and user grants."""
    for number in range(3):
        admin.create_user(ids["acme"], f"bot-{number}")
    for number in range(42):
        create_person(admin, ids["acme"], f"person-{number}")
    for name in ("dana", "eve"):
        admin.create_grant(vendor, people[name], ids["portal"], ["editor"])
    shop = admin.create_project(ids["bluth"], "Shop", ["buyer"])
    for number in range(9):
        admin.create_grant(ids["bluth"], create_person(admin, ids["bluth"], f"buyer-{number}"), shop, ["buyer"])


def change_by_console(admin: AdminClient, url: str, vendor: str, people: dict[str, str], ids: dict[str, str]) -> None:
    """Change four objects as another user."""
    oncall = admin.create_user(vendor, "oncall")
    admin.add_instance_member(oncall, "IAM_OWNER")
    with AdminClient(url, admin.create_token(vendor, oncall)) as console:
        console.rename_organization(ids["cyberdyne"], "Skynet")
        console.deactivate_organization(ids["bluth"])
        console.remove_grant(vendor, people["ben"], ids["ben"])
        console.set_roles(vendor, people["cleo"], ids["cleo"], ["admin", "viewer"])


def resources_of(stack: Stack) -> list[dict[str, Any]]:
    """Return the resources of this package in the state."""
    exported = json.loads(stack.run("pulumi", "stack", "export"))
    return [each for each in exported["deployment"]["resources"] if "zorg:" in each["type"]]


def create_person(admin: AdminClient, organization: str, name: str) -> str:
    """Create a person, and return its id."""
    body = {
        "userName": name,
        "profile": {"firstName": name, "lastName": "Doe"},
        "email": {"email": f"{name}@acme.example", "isEmailVerified": True},
    }
    return str(admin.call("POST", "/management/v1/users/human/_import", body, org=organization)["userId"])


# A terminal.

_COLORS = {
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "1": "#ffffff",
}
_WIDE, _LINE, _CHARACTER = 158, 19, 7.82
_SGR = re.compile("\033\\[([0-9;]*)m")


def plain(line: str) -> str:
    return _SGR.sub("", line)


def terminal(command: str, lines: Sequence[str]) -> str:
    """Return a terminal that shows a command and its output."""
    rows = [f"\033[36m{command}\033[0m"]
    for line in lines:
        rows += wrapped(line.rstrip())
    height = 52 + _LINE * len(rows)
    width = round(_WIDE * _CHARACTER) + 40
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' role='img'>",
        f"<title>{escape(command)}</title>",
        f"<rect width='{width}' height='{height}' rx='8' fill='#0d1117'/>",
        *(
            f"<circle cx='{20 + 20 * at}' cy='18' r='6' fill='{color}'/>"
            for at, color in enumerate(("#ff5f56", "#ffbd2e", "#27c93f"))
        ),
        f"<g {FONT} font-size='13' fill='#c9d1d9'><style>text {{ white-space: pre }}</style>",
        *(f"<text x='20' y='{50 + _LINE * at}'>{colored(row)}</text>" for at, row in enumerate(rows)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def wrapped(line: str) -> list[str]:
    """Return a line in pieces that fit, as a terminal shows it. A coloured line that is too long loses its colours."""
    if len(plain(line)) <= _WIDE:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        plain(line),
        _WIDE,
        subsequent_indent=indent,
        drop_whitespace=False,
        replace_whitespace=False,
        break_on_hyphens=False,
    )


def colored(line: str) -> str:
    """Return a line with ANSI colours as SVG."""
    parts, color, at = [], "", 0
    for match in (*_SGR.finditer(line), None):
        text = line[at : match.start() if match else len(line)]
        if text:
            parts.append(f"<tspan fill='{color}'>{escape(text)}</tspan>" if color else escape(text))
        if match:
            codes = [code for code in match.group(1).split(";") if code in _COLORS]
            color, at = (_COLORS[codes[-1]] if codes else "" if match.group(1) in ("", "0") else color), match.end()
    return "".join(parts)


# What each `active=False` stops.


class Table(NamedTuple):
    """A table of a document: its columns without the first, and its rows."""

    columns: list[str]
    rows: list[list[str]]


def table_of(document: Path, head: str) -> Table:
    """Return the table that begins with a line."""
    lines = document.read_text(encoding="utf-8").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith(head))
    found = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return Table(found[0][1:], found[2:])


def active(table: Table) -> str:
    """Return the table as a picture: red for what stops, yellow for what goes on without roles, green for what goes on."""
    first, column, row, top = 256, 150, 62, 132
    width, height = first + column * len(table.columns) + 20, top + row * len(table.rows) + 50
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' role='img'>",
        "<title>What each deactivation and removal stops</title>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/><g {SANS} font-size='13' fill='#1f2328'>",
        "<text x='16' y='30' font-size='17' font-weight='600'>What stops, and what goes on</text>",
    ]
    for at, title in enumerate(table.columns):
        parts += text_in(title, first + column * at + column // 2, 62, 18, bold=True)
    for at, (name, *cells) in enumerate(table.rows):
        y = top + row * at
        parts += text_in(name, 16, y + 24, 36, middle=False)
        for place, cell in enumerate(cells):
            x = first + column * place
            parts.append(
                f"<rect x='{x + 2}' y='{y}' width='{column - 4}' height='{row - 4}' rx='4' fill='{shade(cell)}'/>"
            )
            parts += text_in(cell.replace("**", ""), x + column // 2, y + 17, 22, small=True)
    legend = (
        ("#ffd7d5", "stops"),
        ("#fff1c4", "goes on without the roles, or with an exception"),
        ("#d7f5dd", "goes on"),
    )
    for at, (fill, meaning) in enumerate(legend):
        x = first + (0, 110, 480)[at]
        parts.append(f"<rect x='{x}' y='{height - 34}' width='18' height='18' rx='3' fill='{fill}'/>")
        parts.append(f"<text x='{x + 26}' y='{height - 20}'>{escape(meaning)}</text>")
    return "\n".join([*parts, "</g></svg>"]) + "\n"


def shade(cell: str) -> str:
    stopped = re.match(r"\*\*(fails|refused|none)", cell) or cell.startswith("says inactive")
    return "#ffd7d5" if stopped else "#fff1c4" if "**" in cell or "fails" in cell or "cannot" in cell else "#d7f5dd"


def text_in(
    text: str, x: int, y: int, width: int, *, bold: bool = False, small: bool = False, middle: bool = True
) -> list[str]:
    """Return a text in lines of a width."""
    style = {"font-size='11'": small, "font-weight='600'": bold, "text-anchor='middle'": middle}
    given = " ".join(each for each, is_given in style.items() if is_given)
    step = 12 if small else 16
    return [
        f"<text x='{x}' y='{y + step * at}' {given}>{escape(line)}</text>"
        for at, line in enumerate(textwrap.wrap(text, width))
    ]


# Who has what.


def objects(resources: Sequence[dict[str, Any]]) -> str:
    """Return a vendor, its project, a customer and its people, with the declarations that connect them."""
    found = {(each["type"].rsplit(":", 1)[1], each["urn"].rsplit("::", 1)[1]): each["outputs"] for each in resources}
    vendor, customer = found["Organization", "vendor"], found["Organization", "acme"]
    project, grant, user = found["Project", "portal"], found["ProjectGrant", "acme"], found["UserGrant", "ann"]
    boxes = [
        (30, 30, "Organization", f"{vendor['name']}, the vendor", ""),
        (30, 190, "Project", project["name"], f"roles: {', '.join(project['roles'])}"),
        (
            350,
            190,
            "ProjectGrant",
            f"{project['name']} for {customer['name']}",
            f"role_keys: {', '.join(grant['role_keys'])}",
        ),
        (720, 30, "Organization", f"{customer['name']}, the customer", ""),
        (720, 190, "UserGrant", "ann", f"role_keys: {', '.join(user['role_keys'])}"),
    ]
    arrows = [
        (140, 190, 140, 110, "org_id", 148, 154),
        (350, 230, 250, 230, "project_id", 264, 222),
        (460, 190, 720, 84, "granted_org_id", 480, 132),
        (830, 190, 830, 110, "org_id", 838, 154),
        (720, 230, 570, 230, "project_grant_id", 590, 222),
    ]
    parts = [
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 970 330' role='img'>",
        "<title>A vendor gives its project to a customer, and a person of the customer gets a role</title>",
        "<defs><marker id='end' viewBox='0 0 8 8' refX='8' refY='4' markerWidth='8' markerHeight='8' orient='auto'>"
        "<path d='M0 0L8 4L0 8z' fill='#57606a'/></marker></defs>",
        f"<rect width='970' height='330' fill='#ffffff'/><g {SANS} font-size='13' fill='#1f2328'>",
    ]
    for x1, y1, x2, y2, label, x, y in arrows:
        parts.append(
            f"<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='#57606a' stroke-width='1.5' marker-end='url(#end)'/>"
        )
        parts.append(f"<text x='{x}' y='{y}' {FONT} font-size='11' fill='#57606a'>{escape(label)}</text>")
    for x, y, type_, name, more in boxes:
        parts.append(f"<rect x='{x}' y='{y}' width='220' height='80' rx='8' fill='#f6f8fa' stroke='#8c959f'/>")
        parts.append(
            f"<text x='{x + 14}' y='{y + 24}' {FONT} font-size='12' fill='#0550ae'>zorg.{escape(type_)}</text>"
        )
        parts.append(f"<text x='{x + 14}' y='{y + 46}' font-weight='600'>{escape(name)}</text>")
        parts.append(f"<text x='{x + 14}' y='{y + 66}' font-size='12'>{escape(more)}</text>")
    says = "An arrow is an argument that names another resource. The user grant names the project too, and ann by its user_id."
    return "\n".join([*parts, f"<text x='30' y='308' font-size='12'>{says}</text>", "</g></svg>"]) + "\n"


if __name__ == "__main__":
    main()
