"""How ``zorg doctor`` writes what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from pulumi_zorg.cli.writing import LONGEST, Formats, code, row
from pulumi_zorg.doctor.findings import Diagnosis, Status
from pulumi_zorg.errors import clean

_STYLES: dict[Status, dict[str, Any]] = {
    "ok": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "error": {"fg": "red", "bold": True},
    "skipped": {"dim": True},
}
#: How the summary counts findings: one of them, and several.
_COUNTED: dict[Status, tuple[str, str]] = {
    "ok": ("ok", "ok"),
    "warning": ("warning", "warnings"),
    "error": ("error", "errors"),
    "skipped": ("skipped", "skipped"),
}
#: The levels of annotations. A skipped check adds nothing to the error that it names.
_LEVELS = {"warning": "warning", "error": "error", "skipped": "notice"}


def _table(diagnosis: Diagnosis) -> Iterator[str]:
    """Return one line for each finding, and one that counts them."""
    for each in diagnosis.findings:
        status = click.style(f"{each.status:<8}", **_STYLES[each.status])
        yield f"{status}{each.check:<11} {clean(each.message, LONGEST)}"
    yield click.style(_summary(diagnosis), bold=True)


def _markdown(diagnosis: Diagnosis) -> Iterator[str]:
    yield from (f"**{_summary(diagnosis)}**", "", "| result | check | what |", "|---|---|---|")
    yield from (row(each.status, each.check, code(each.message)) for each in diagnosis.findings)


def _annotations(diagnosis: Diagnosis) -> Iterator[tuple[str, str, str]]:
    for each in diagnosis.findings:
        if each.status in _LEVELS:
            yield _LEVELS[each.status], f"zorg doctor: {each.check}", each.message
    yield "notice" if diagnosis.healthy else "error", "zorg doctor", _summary(diagnosis)


FORMATS = Formats(_table, _markdown, _annotations)


def _summary(diagnosis: Diagnosis) -> str:
    counts = Counter(each.status for each in diagnosis.findings)
    shown = (f"{counts[status]} {words[counts[status] > 1]}" for status, words in _COUNTED.items() if counts[status])
    return f"doctor: {', '.join(shown)}"
