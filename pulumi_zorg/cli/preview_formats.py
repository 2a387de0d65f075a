"""The output formats of ``zorg preview-guard``: a table, JSON, Markdown, and annotations of GitHub."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.text import Text

from pulumi_zorg.cli import json_models
from pulumi_zorg.cli.writing import LONGEST, annotate, code, escaped, row, terminal
from pulumi_zorg.errors import clean
from pulumi_zorg.guard.review import Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Act, Effect, Harm, count_text
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES

__all__ = ["FORMATS"]

#: What happens to a resource, by the engine's name for the operation.
_CHANGES = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "same": "unchanged",
}
#: Why an object is removed, where its resource is not simply deleted.
_HOW = {"replace": "replaced", "pending": "deletion that an earlier run left undone"}


def as_table(verdict: Verdict) -> None:
    """Print the verdict for people at a terminal, one sentence a line."""
    console = terminal()
    for each in _ordered(verdict):
        for sentence in each.sentences:
            style = "red" if each.effect.act in (Act.REMOVES, Act.DEACTIVATES) else "yellow"
            line = Text(f"{clean(_title(each))}: ", style="dim")
            console.print(line.append(clean(sentence, LONGEST), style=style))
    for urn in verdict.not_allowed:
        console.print(Text(f"not allowed: {clean(urn, LONGEST)}", style="red"))
    for note in _notes(verdict):
        console.print(Text(note, style="dim"))
    console.print(Text(_changes(verdict), style="dim"))
    console.print(Text(_summary(verdict), style="bold red" if verdict.exit_code else "bold"))


def as_json(verdict: Verdict) -> None:
    """Print the verdict for programs. docs/previews.md describes it."""
    output = json_models.PreviewVerdict(
        stack=verdict.stack,
        exceeded=any(each.exceeded for each in verdict.limits),
        refused=verdict.is_refused,
        limited=verdict.is_limited,
        allowed=None if verdict.allowed is None else sorted(verdict.allowed),
        not_allowed=list(verdict.not_allowed),
        protected=list(verdict.protected),
        limits=[
            json_models.Limit(
                option=each.option,
                most=each.most,
                found=each.found,
                along=each.along,
                uncounted=each.uncounted,
                exceeded=each.exceeded,
            )
            for each in verdict.limits
        ],
        changes=dict(verdict.changes),
        shared=json_models.as_shared(verdict.shared),
        effects=[_effect_model(each) for each in verdict.reviewed],
        not_asked=verdict.not_asked,
        not_read=verdict.not_read,
    )
    print(json_models.as_json_text(output))


def as_markdown(verdict: Verdict) -> None:
    """Print the verdict for a comment on a pull request."""
    lines = [f"**{escaped(_summary(verdict))}**"]
    if verdict.reviewed:
        lines += ["", "| resource | what it would do |", "|---|---|"]
    for each in _ordered(verdict):
        # Other people choose names. As code they are neither a mention nor a link.
        text = "<br>".join(code(sentence) for sentence in each.sentences)
        lines.append(row(code(_title(each)), text))
    lines += [f"\nnot allowed: {code(urn)}" for urn in verdict.not_allowed]
    lines += [f"\n{code(error)}" for error in verdict.errors]
    lines += [f"\n{escaped(_changes(verdict))}"]
    lines += [f"\n{escaped(note)}" for note in _notes(verdict)]
    print("\n".join(lines))


def as_github(verdict: Verdict) -> None:
    """Print the verdict as annotations of a workflow's run (docs.github.com, "Workflow commands")."""
    for each in _ordered(verdict):
        for sentence in each.sentences:
            level = "warning" if each.effect.act in (Act.REMOVES, Act.DEACTIVATES) else "notice"
            annotate(level, f"Preview of {_title(each)}", sentence)
    for urn in verdict.not_allowed:
        annotate("error", "zorg preview-guard", f"not allowed: {urn}")
    for error in verdict.errors:
        annotate("error", "zorg preview-guard", error)
    for note in _notes(verdict):
        annotate("notice", "zorg preview-guard", note)
    annotate("error" if verdict.exit_code else "notice", "zorg preview-guard", _summary(verdict))


FORMATS: dict[str, Callable[[Verdict], None]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
    "github": as_github,
}


def _ordered(verdict: Verdict) -> list[Reviewed]:
    """Return the changes in the order of harm. What is not known to happen comes after what is."""

    def place(each: Reviewed) -> tuple[float, bool, str, str]:
        effect = each.effect
        harm = Harm.NOT_READ if effect.adopts else RESOURCE_TYPES[effect.type].impact.harm(effect)
        return harm, effect.maybe, effect.type, each.urn

    return sorted(verdict.reviewed, key=place)


def _title(each: Reviewed) -> str:
    """Return the resource's name in the program, why its object is removed, and whether it is protected from that."""
    name = each.urn.rsplit("::", 1)[-1]
    how = [_HOW[each.op]] if each.op in _HOW and each.effect.act is not Act.CREATES else []
    how += ["protected"] if each.protected else []
    return f"{name} ({', '.join(how)})" if how else name


def _effect_model(each: Reviewed) -> json_models.Effect:
    effect, counts = each.effect, each.facts.counts if each.facts else {}
    return json_models.Effect.model_validate(
        {
            "urn": each.urn,
            "type": effect.type,
            "id": effect.id,
            "op": each.op,
            "protected": each.protected,
            "act": effect.act.value,
            "certain": not effect.maybe,
            "gains": list(effect.gains),
            "loses": list(effect.loses),
            "users": counts.get("users"),
            "service_accounts": counts.get("service_accounts"),
            "projects": counts.get("projects"),
            "grants": counts.get("grants"),
            "project_grants": counts.get("project_grants"),
            "takes_access": each.takes_access,
            "losing_access": None if each.facts is None or each.facts.losing is None else len(each.facts.losing),
            "sentences": list(each.sentences),
        }
    )


def _notes(verdict: Verdict) -> list[str]:
    notes = []
    if not verdict.is_limited:
        notes.append(
            "No limit was set: this is a report, and no approval. The limits are --max-losing-access, --max-remove, --allow and "
            "others (see --help)."
        )
    if verdict.not_asked:
        notes.append(f"The instance was not read: {clean(verdict.not_asked)}")
    if verdict.not_read:
        notes.append(
            f"The state was not read: {clean(verdict.not_read)}. Deletions that earlier runs left undone are counted only if the "
            "plan was made with --show-replacement-steps. Two resources that manage one object are found only if the plan was "
            "made with --show-sames."
        )
    for each in verdict.limits:
        if each.uncounted and not each.undecided and each.note:
            notes.append(each.note)
    return notes


def _changes(verdict: Verdict) -> str:
    parts = [f"{verdict.changes[op]} {words}" for op, words in _CHANGES.items() if verdict.changes.get(op)]
    return f"{clean(verdict.stack)}: {', '.join(parts) or 'no changes'}"


def _summary(verdict: Verdict) -> str:
    stack = clean(verdict.stack)
    if verdict.shared:
        return f"{stack}: error: {count_text(len(verdict.shared), 'object')} managed by more than one resource"
    over = [f"{each.sentence}, and {each.option} is {each.most}" for each in verdict.limits if each.exceeded]
    if verdict.not_allowed:
        count = len(verdict.not_allowed)
        which = "1 resource takes" if count == 1 else f"{count} resources take"
        over.append(f"{which} access away or {'is' if count == 1 else 'are'} removed without being allowed (--allow)")
    protected = _protected(verdict)
    if over:
        return f"{stack}: refused: {'; '.join(over)}{protected}"
    if verdict.errors:
        return f"{stack}: error: it is not known whether a limit is exceeded{protected}"
    limited = "; within the limits" if verdict.is_limited else ""
    return f"{stack}: {_impact(verdict)}{limited}{protected}"


def _protected(verdict: Verdict) -> str:
    """Return how many resources are deleted although they are protected, as the end of the summary."""
    if not verdict.protected:
        return ""
    resources = count_text(len(verdict.protected), "protected resource")
    return f"; {resources} would be deleted or replaced, which only --ignore-protect allows"


def _impact(verdict: Verdict) -> str:
    """Return what would happen to people, in numbers."""
    parts = [each.sentence for each in verdict.limits if each.is_told]
    rest = [each.effect for each in verdict.reviewed if each.effect.act not in (Act.REMOVES, Act.DEACTIVATES)]
    parts += _counted(rest, "lose roles", lambda effect: bool(effect.loses))
    if not parts:
        parts.append("nobody would be locked out")
    parts += _counted(rest, "be reactivated", lambda effect: effect.act is Act.REACTIVATES and not effect.gains)
    parts += _counted([each.effect for each in verdict.reviewed], "give more roles", lambda effect: bool(effect.gains))
    return ", ".join(parts) if verdict.reviewed else "nobody would be locked out or let in"


def _counted(effects: Iterable[Effect], what: str, is_so: Callable[[Effect], bool]) -> list[str]:
    """Return of how many objects of each type something is so."""
    types = [effect.type for effect in effects if is_so(effect)]
    nouns = {token: RESOURCE_TYPES[token].noun for token in RESOURCE_TYPES if token in types}
    return [f"{count_text(types.count(token), noun)} would {what}" for token, noun in nouns.items()]
