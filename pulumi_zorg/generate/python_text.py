"""Pure: Python source, laid out as `ruff format` does it, with readable and unique names for resources and variables."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

_WIDTH = 88


@dataclass(frozen=True)
class Entry:
    """One element or argument.

    :param before: what precedes the value: ``name=``, ``"key": `` or nothing.
    :param comment: what is written after it.
    """

    value: str | Collection
    before: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Collection:
    """A list, a tuple, a dictionary, or the call of a function."""

    entries: Sequence[Entry]
    begin: str = "["
    end: str = "]"


def call(function: str, entries: Sequence[Entry]) -> Collection:
    """Return a call of a function."""
    return Collection(entries, f"{function}(", ")")


def literal(value: object) -> str | Collection:
    """Return a value of the API as Python."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return Collection([Entry(literal(each), f"{_text(str(key))}: ") for key, each in value.items()], "{", "}")
    if isinstance(value, list | tuple):
        return Collection([Entry(literal(each)) for each in value])
    return repr(value)


def assign(target: str, value: str | Collection, indent: int = 0) -> str:
    """Return a statement.

    :param target: the variable; empty for a statement without one.
    """
    before = f"{target} = " if target else ""
    return f"{' ' * indent}{before}{_render(value, indent, indent + len(before))}"


def for_each(columns: Collection, table: str) -> str:
    """Return the head of a loop over the rows of a table."""
    names = ", ".join(each.before + str(each.value) for each in columns.entries)
    flat = f"for {names} in {table}:"
    return flat if len(flat) <= _WIDTH else f"for {_render(columns, 0, _WIDTH)} in {table}:"


def comment(text: str) -> str:
    """Return a text in one line, as a comment. Names are chosen by others: they cannot end the line."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return f"# {' '.join(printable.split())}"


def _render(value: str | Collection, indent: int, column: int, after: int = 0) -> str:
    """Return a value in one line if it fits, else with one entry in each line.

    :param column: where it begins.
    :param after: how many characters follow it.
    """
    if isinstance(value, str):
        return value
    flat = _flat(value)
    if flat is not None and column + len(flat) + after <= _WIDTH:
        return flat
    inner = indent + 4
    lines = [value.begin]
    for each in value.entries:
        rendered = _render(each.value, inner, inner + len(each.before), 1)
        remark = f"  {comment(each.comment)}" if each.comment else ""
        lines.append(f"{' ' * inner}{each.before}{rendered},{remark}")
    lines.append(f"{' ' * indent}{value.end}")
    return "\n".join(lines)


def _flat(value: str | Collection) -> str | None:
    """Return a value in one line; None where a comment is in it."""
    if isinstance(value, str):
        return value
    parts = []
    for each in value.entries:
        part = _flat(each.value)
        if part is None or each.comment:
            return None
        parts.append(f"{each.before}{part}")
    comma_of_one = "," if value.begin == "(" and len(parts) == 1 else ""
    return f"{value.begin}{', '.join(parts)}{comma_of_one}{value.end}"


def _text(value: str) -> str:
    """Return a string literal: in double quotes, unless that needs more escapes."""
    quote = "'" if value.count('"') > value.count("'") else '"'
    escaped = "".join(_escaped(each, quote) for each in value)
    return f"{quote}{escaped}{quote}"


def _escaped(character: str, quote: str) -> str:
    if character in ("\\", quote):
        return f"\\{character}"
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


#: Characters of a name that is readable. It ends with a whole word.
_LONGEST = 24
#: Names that the generated program uses itself.
_TAKEN = {"pulumi", "zorg", "KEPT", "resource_name"}


def slug(text: str) -> str:
    """Return a text in small letters, digits and hyphens; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", text.partition("@")[0]).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return words if len(words) <= _LONGEST else words[:_LONGEST].rpartition("-")[0] or words[:_LONGEST]


def unique(candidates: Sequence[str], taken: set[str]) -> str:
    """Return the first candidate that is not taken, or else the last one with a number, and take it."""
    numbered = (f"{candidates[-1]}-{number}" for number in count(2))
    name = next(each for each in chain(candidates, numbered) if each and each not in taken)
    taken.add(name)
    return name


def variable(name: str, taken: set[str]) -> str:
    """Return an identifier for a resource's name, and take it."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII)
    text = f"_{text}" if text[0].isdigit() else text
    if keyword.iskeyword(text) or text in _TAKEN:
        text += "_"
    while text in taken:
        text += "_"
    taken.add(text)
    return text
