"""Pure: readable and unique names for resources, and for the variables that hold them."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Sequence
from itertools import chain, count

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
