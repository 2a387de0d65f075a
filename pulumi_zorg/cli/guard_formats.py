"""How ``zorg preview-guard`` writes its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click

from pulumi_zorg.cli.writing import LONGEST, Formats, code, escaped, row
from pulumi_zorg.errors import clean
from pulumi_zorg.guard.report import LOSING_ACCESS, Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Act, Effect, Harm, count_text
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES

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


def _table(verdict: Verdict) -> Iterator[str]:
    """Return the lines for people at a terminal, one sentence a line."""
    for each in _ordered(verdict):
        title, color = click.style(f"{clean(_title(each))}: ", dim=True), "red" if each.locks_out else "yellow"
        yield from (title + click.style(clean(sentence, LONGEST), fg=color) for sentence in each.sentences)
    yield from (click.style(f"not allowed: {clean(urn, LONGEST)}", fg="red") for urn in verdict.not_allowed)
    yield from (click.style(line, dim=True) for line in (*_notes(verdict), _changes(verdict)))
    yield click.style(_summary(verdict), bold=True, fg="red" if verdict.exit_code else None)


def _markdown(verdict: Verdict) -> Iterator[str]:
    yield f"**{escaped(_summary(verdict))}**"
    if verdict.reviewed:
        yield from ("", "| resource | what it would do |", "|---|---|")
    # Other people choose names. As code they are neither a mention nor a link.
    yield from (row(code(_title(each)), "<br>".join(map(code, each.sentences))) for each in _ordered(verdict))
    yield from (f"\nnot allowed: {code(urn)}" for urn in verdict.not_allowed)
    yield from (f"\n{code(error)}" for error in verdict.errors)
    yield from (f"\n{escaped(line)}" for line in (_changes(verdict), *_notes(verdict)))


def _annotations(verdict: Verdict) -> Iterator[tuple[str, str, str]]:
    for each in _ordered(verdict):
        level, title = "warning" if each.locks_out else "notice", f"Preview of {_title(each)}"
        yield from ((level, title, sentence) for sentence in each.sentences)
    errors = (*(f"not allowed: {urn}" for urn in verdict.not_allowed), *verdict.errors)
    yield from (("error", "zorg preview-guard", error) for error in errors)
    yield from (("notice", "zorg preview-guard", note) for note in _notes(verdict))
    yield "error" if verdict.exit_code else "notice", "zorg preview-guard", _summary(verdict)


FORMATS = Formats(_table, _markdown, _annotations)


def _ordered(verdict: Verdict) -> list[Reviewed]:
    """Return the changes in the order of harm. What is not known to happen comes after what is."""

    def place(each: Reviewed) -> tuple[float, bool, str, str]:
        effect = each.effect
        harm = Harm.NOT_READ if effect.adopts else RESOURCE_TYPES[effect.type].impact.harm(effect)
        return harm, effect.maybe, effect.type, each.urn

    return sorted(verdict.reviewed, key=place)


def _title(each: Reviewed) -> str:
    """Return the resource's name in the program, why its object is removed, and whether it is protected from that."""
    how = [_HOW[each.op]] if each.op in _HOW and each.effect.act is not Act.CREATES else []
    how += ["protected"] if each.protected else []
    return f"{each.name} ({', '.join(how)})" if how else each.name


def _notes(verdict: Verdict) -> Iterator[str]:
    if not verdict.is_limited:
        yield (
            "No limit was set: this is a report, not an approval. The limits are --max-losing-access, --max-remove, --allow and "
            "others (see --help)."
        )
    if verdict.why_instance_not_read:
        yield f"The instance was not read: {clean(verdict.why_instance_not_read)}"
    if verdict.why_state_not_read:
        yield (
            f"The state was not read: {clean(verdict.why_state_not_read)}. Deletions that earlier runs left undone are counted only "
            "if the plan was made with --show-replacement-steps. Two resources that manage one object are found only if the plan "
            "was made with --show-sames."
        )
    # An error reports an undecided limit, and the summary reports the gap in the number of people.
    gaps = (
        each.gap
        for each in verdict.limits
        if each.why_incomplete and not each.undecided and each.option != LOSING_ACCESS
    )
    yield from (f"{gap[0].upper()}{gap[1:]}" for gap in gaps)


def _changes(verdict: Verdict) -> str:
    parts = [f"{verdict.changes[op]} {words}" for op, words in _CHANGES.items() if verdict.changes.get(op)]
    return f"{clean(verdict.stack)}: {', '.join(parts) or 'no changes'}"


def _summary(verdict: Verdict) -> str:
    return f"{clean(verdict.stack)}: {_result(verdict)}"


def _result(verdict: Verdict) -> str:
    if verdict.shared:
        return f"error: {count_text(len(verdict.shared), 'object')} managed by more than one resource"
    protected = ""
    if verdict.protected:
        resources = count_text(len(verdict.protected), "protected resource")
        protected = f"; {resources} would be deleted or replaced, which only --ignore-protect allows"
    over = [f"{each.sentence}, and {each.option} is {each.most}" for each in verdict.limits if each.exceeded]
    if verdict.not_allowed:
        count = len(verdict.not_allowed)
        which = "1 resource takes" if count == 1 else f"{count} resources take"
        over.append(f"{which} access away or {'is' if count == 1 else 'are'} removed without being allowed (--allow)")
    if over:
        return f"refused: {'; '.join(over)}{protected}"
    if verdict.errors:
        return f"error: it is not known whether a limit is exceeded{protected}"
    return f"{_impact(verdict)}{'; within the limits' if verdict.is_limited else ''}{protected}"


def _impact(verdict: Verdict) -> str:
    """Return what would happen to people, in numbers."""
    if not verdict.reviewed:
        return "nobody would be locked out or let in"
    rest = [each.effect for each in verdict.reviewed if not each.locks_out]
    parts = [each.sentence for each in verdict.limits if each.is_shown]
    parts += _counted(rest, "lose roles", lambda effect: bool(effect.loses))
    parts = parts or ["nobody would be locked out"]
    parts += _counted(rest, "be reactivated", lambda effect: effect.act is Act.REACTIVATES and not effect.gains)
    parts += _counted([each.effect for each in verdict.reviewed], "give more roles", lambda effect: bool(effect.gains))
    return ", ".join(parts)


def _counted(effects: Iterable[Effect], what: str, is_so: Callable[[Effect], bool]) -> list[str]:
    """Return how many objects of each type a predicate holds for, as the parts of a sentence."""
    types = [effect.type for effect in effects if is_so(effect)]
    return [
        f"{count_text(types.count(token), each.noun)} would {what}"
        for token, each in RESOURCE_TYPES.items()
        if token in types
    ]
