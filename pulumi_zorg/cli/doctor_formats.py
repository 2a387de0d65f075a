"""The output formats of ``zorg doctor``: a table, JSON, Markdown, and annotations of GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rich.text import Text

from pulumi_zorg.cli import json_models
from pulumi_zorg.cli.writing import LONGEST, annotate, code, row, terminal
from pulumi_zorg.doctor.findings import Diagnosis, Finding, Status
from pulumi_zorg.errors import clean

__all__ = ["FORMATS"]

_COLORS = {"ok": "green", "warning": "yellow", "error": "bold red", "skipped": "dim"}
#: How the summary counts findings: one of them, and several.
_COUNTED: dict[Status, tuple[str, str]] = {
    "ok": ("ok", "ok"),
    "warning": ("warning", "warnings"),
    "error": ("error", "errors"),
    "skipped": ("skipped", "skipped"),
}


def as_table(diagnosis: Diagnosis) -> None:
    """Print one line for each finding, and one that counts them."""
    console = terminal()
    for each in diagnosis.findings:
        line = Text(f"{each.status:<8}", style=_COLORS[each.status])
        line.append(f"{each.check:<11} {_message(each)}", style="")
        console.print(line)
    console.print(Text(_summary(diagnosis), style="bold"))


def as_json(diagnosis: Diagnosis) -> None:
    """Print the diagnosis for programs. docs/doctor.md describes it."""
    findings = [
        json_models.Finding(
            check=each.check,
            status=each.status,
            message=_message(each),
            org_id=each.org_id,
            type=each.type,
            missing=None if each.missing is None else {action: list(lacks) for action, lacks in each.missing.items()},
        )
        for each in diagnosis.findings
    ]
    print(json_models.as_json_text(json_models.DoctorReport(healthy=diagnosis.healthy, findings=findings)))


def as_markdown(diagnosis: Diagnosis) -> None:
    """Print the diagnosis for a comment or a job's summary."""
    lines = [f"**{_summary(diagnosis)}**", "", "| result | check | what |", "|---|---|---|"]
    lines += [row(each.status, each.check, code(_message(each))) for each in diagnosis.findings]
    print("\n".join(lines))


def as_github(diagnosis: Diagnosis) -> None:
    """Print what is not ok as annotations of a workflow's run (docs.github.com, "Workflow commands")."""
    # A check that was skipped says nothing more than the error that it names.
    levels = {"warning": "warning", "error": "error", "skipped": "notice"}
    for each in diagnosis.findings:
        if each.status in levels:
            annotate(levels[each.status], f"zorg doctor: {each.check}", _message(each))
    annotate("notice" if diagnosis.healthy else "error", "zorg doctor", _summary(diagnosis))


FORMATS: dict[str, Callable[[Diagnosis], None]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "github": as_github,
}


def _message(finding: Finding) -> str:
    return clean(finding.message, LONGEST)


def _summary(diagnosis: Diagnosis) -> str:
    counts = Counter(each.status for each in diagnosis.findings)
    shown = (f"{counts[status]} {words[counts[status] > 1]}" for status, words in _COUNTED.items() if counts[status])
    return f"doctor: {', '.join(shown)}"
