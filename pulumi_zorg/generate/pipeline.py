"""``zorg generate``, top to bottom: read what exists, name it, and write a program that adopts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_zorg.drift.concurrency import Reader
from pulumi_zorg.generate.program import program
from pulumi_zorg.generate.selection import select, verify

__all__ = ["Generated", "generate"]


@dataclass(frozen=True)
class Generated:
    """A program.

    :ivar resources: how many resources it declares.
    :ivar left_out: why objects are not in it, as sentences.
    :ivar remarks: what else the user should know, as sentences.
    """

    text: str
    resources: int
    left_out: Sequence[str]
    remarks: Sequence[str]


def generate(reader: Reader, organizations: Sequence[str], state: str | None) -> Generated:
    """Return a program that adopts the organizations and what is in them. It is formatted and typed.

    :param organizations: ids or names; none for all that exist.
    :param state: only organizations that are ``active`` or ``inactive``; None for both.
    :raises InputError: for an id or a name that cannot be one.
    :raises NoMatch: for an organization that does not exist.
    :raises SeveralMatches: for a name that several organizations have.
    """
    verify(organizations)
    selection = select(reader, organizations, state)
    text, resources, left_out = program(selection)
    return Generated(text, resources, left_out, selection.remarks)
