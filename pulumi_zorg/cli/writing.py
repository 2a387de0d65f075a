"""How commands write: to a terminal, in Markdown, and as annotations of GitHub."""

from __future__ import annotations

import sys

from rich.console import Console

from pulumi_zorg.errors import clean

__all__ = ["annotate", "code", "escaped", "row", "terminal"]

_WIDE = 10_000  # columns of what is no terminal: lines are not to be broken there


def terminal() -> Console:
    """Standard output, in colour where it is a terminal."""
    return Console(soft_wrap=False) if sys.stdout.isatty() else Console(width=_WIDE)


def row(*cells: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Text as it is, whatever is in it: names are chosen by others, and must not become a mention or a link."""
    text = clean(text, 1_000)
    if not text:
        return ""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def escaped(text: str) -> str:
    """Text in which no character means anything to Markdown."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>()#+!|@~" else character for character in text)


def annotate(level: str, title: str, message: str) -> None:
    """An annotation of a workflow's run at GitHub.

    :param level: ``notice``, ``warning`` or ``error``.
    """

    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    print(
        f"::{level} title={data(clean(title)).replace(':', '%3A').replace(',', '%2C')}::{data(clean(message, 2_000))}"
    )
