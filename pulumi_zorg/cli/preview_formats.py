"""How ``zorg preview-guard`` shows what it found: a table, JSON, Markdown, or the annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rich.text import Text

from pulumi_zorg.cli.preview_guard import Limit, Reviewed, Verdict
from pulumi_zorg.cli.writing import annotate, code, escaped, row, terminal
from pulumi_zorg.errors import clean
from pulumi_zorg.impact import Act, sentences

__all__ = ["FORMATS", "SCHEMA"]

#: The form of the JSON. What is added to it does not change this; what is taken or means something else does.
SCHEMA = "zorg-preview/1"

#: What is told first: what cannot be undone, then what locks out, then what lets in.
_ORDER = {act: place for place, act in enumerate((Act.REMOVES, Act.DEACTIVATES, Act.CHANGES, Act.REACTIVATES))}


def as_table(verdict: Verdict) -> None:
    """For people at a terminal: a sentence a line."""
    console = terminal()
    for each in _ordered(verdict):
        for sentence in sentences(each.effect, each.facts):
            style = "red" if each.effect.act in (Act.REMOVES, Act.DEACTIVATES) else "yellow"
            line = Text(f"{clean(_name(each))}: ", style="dim")
            console.print(line.append(clean(sentence, 1_000), style=style))
    for note in _notes(verdict):
        console.print(Text(note, style="dim"))
    console.print(Text(_summary(verdict), style="bold red" if verdict.exceeded else "bold"))


def as_json(verdict: Verdict) -> None:
    """For programs; docs/previews.md describes it."""
    told = {
        "schema": SCHEMA,
        "stack": verdict.stack,
        "exceeded": verdict.exceeded,
        "limits": [
            {"option": each.option, "most": each.most, "found": each.found, "exceeded": each.exceeded}
            for each in verdict.limits
        ],
        "effects": [_effect(each) for each in verdict.reviewed],
        "not_asked": verdict.not_asked,
        "not_read": verdict.not_read,
    }
    print(json.dumps(told, indent=2, ensure_ascii=False))


def as_markdown(verdict: Verdict) -> None:
    """For a comment on a pull request."""
    lines = [f"**{escaped(_summary(verdict))}**"]
    if verdict.reviewed:
        lines += ["", "| resource | what it would do |", "|---|---|"]
    for each in _ordered(verdict):
        # Names are chosen by others: as code they are neither a mention nor a link.
        told = "<br>".join(code(sentence) for sentence in sentences(each.effect, each.facts))
        lines.append(row(code(_name(each)), told))
    lines += [f"\n{escaped(note)}" for note in _notes(verdict)]
    print("\n".join(lines))


def as_github(verdict: Verdict) -> None:
    """Annotations of a workflow's run (docs.github.com, "Workflow commands")."""
    for each in _ordered(verdict):
        for sentence in sentences(each.effect, each.facts):
            level = "warning" if each.effect.act in (Act.REMOVES, Act.DEACTIVATES) else "notice"
            annotate(level, f"Preview of {_name(each)}", sentence)
    for note in _notes(verdict):
        annotate("notice", "zorg preview-guard", note)
    annotate("error" if verdict.exceeded else "notice", "zorg preview-guard", _summary(verdict))


FORMATS: dict[str, Callable[[Verdict], None]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "github": as_github,
}


def _ordered(verdict: Verdict) -> list[Reviewed]:
    def place(each: Reviewed) -> tuple[int, str, str]:
        return _ORDER.get(each.effect.act, len(_ORDER)), each.effect.type, each.urn

    return sorted(verdict.reviewed, key=place)


def _name(each: Reviewed) -> str:
    return each.urn.rsplit("::", 1)[-1]


def _effect(each: Reviewed) -> dict[str, Any]:
    effect, facts = each.effect, each.facts
    return {
        "urn": each.urn,
        "type": effect.type,
        "id": effect.id,
        "act": effect.act.value,
        "certain": not effect.maybe,
        "gains": list(effect.gains),
        "loses": list(effect.loses),
        "users": facts.users if facts else None,
        "projects": facts.projects if facts else None,
        "grants": facts.grants if facts else None,
        "sentences": list(sentences(effect, facts)),
    }


def _notes(verdict: Verdict) -> list[str]:
    notes = []
    if verdict.not_asked:
        notes.append(f"The instance was not asked: {clean(verdict.not_asked)}")
    if verdict.not_read:
        notes.append(
            "The state was not read, so that deletions which earlier runs left undone are counted only if the plan was made "
            f"with --show-replacement-steps: {clean(verdict.not_read)}"
        )
    return notes


def _summary(verdict: Verdict) -> str:
    stack = clean(verdict.stack)
    over = [each for each in verdict.limits if each.exceeded]
    if over:
        return f"{stack}: refused: {'; '.join(_over(each) for each in over)}"
    if not verdict.reviewed:
        return f"{stack}: nobody would be locked out or let in"
    counts = ", ".join(_found(each) for each in verdict.limits if each.found)
    return f"{stack}: {counts or 'nothing would be deactivated or removed'}; within the limits"


def _over(limit: Limit) -> str:
    return f"{_found(limit)}, and {limit.option} is {limit.most}"


def _found(limit: Limit) -> str:
    noun = "user grant" if limit.option.endswith("-grants") else "organization"
    verb = "deactivated" if "deactivate" in limit.option else "removed"
    return f"{limit.found} {noun}{'' if limit.found == 1 else 's'} would be {verb}"
