"""What the tests see of the page of `zorg access --format html`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pulumi_zorg.access.page import page
from tests.support.browser import Browser

Report = dict[str, Any]

LINES = "[...document.querySelectorAll('#rows tbody tr')].filter((row) => row.checkVisibility())"
#: The name of the person and what the access is to, of each row that is shown.
SHOWN = f"{LINES}.map((row) => [row.querySelector('a').textContent, row.cells[2].firstElementChild.textContent])"


def show(window: Browser, folder: Path, report: Report) -> Browser:
    """Open the page of a report."""
    file = folder / "access.html"
    file.write_text(page(report), encoding="utf-8")
    window.open(file.as_uri())
    return window


def people(window: Browser) -> list[str]:
    """Return the name in each row that is shown."""
    return [name for name, _ in window.run(SHOWN)]


def status(window: Browser) -> str:
    """Return what the page says of the number of rows."""
    return str(window.run("document.getElementById('shown').textContent"))


def names(report: Report, **wanted: Any) -> list[str]:
    """Return the people of a report's rows with these values, in the order of the page."""
    found = [each["display_name"] for each in report["rows"] if wanted.items() <= each.items()]
    return sorted(found, key=str.casefold)
