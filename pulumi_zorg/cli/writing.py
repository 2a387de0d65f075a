"""How commands write: to a terminal, in Markdown, and as annotations of GitHub."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from pulumi_zorg.drift import SharedObject
from pulumi_zorg.errors import clean

__all__ = ["annotate", "as_shared", "code", "escaped", "row", "terminal", "whole_output"]

_WIDE = 10_000  # columns of what is no terminal: lines are not to be broken there


@contextmanager
def whole_output() -> Iterator[None]:
    """What is written in it changes nothing about what the command found: no character that the output cannot show, and
    no reader who has read enough, is an error."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # As docs.python.org has it ("Note on SIGPIPE"): what is flushed at the end would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich's own ends the process with 1, whatever the command found."""
        raise  # noqa: PLE0704 - rich calls it while it handles the error


def terminal() -> Console:
    """Standard output, in colour where it is a terminal, and nowhere else."""
    if sys.stdout.isatty():
        return _Console(soft_wrap=False)
    return _Console(width=_WIDE, force_terminal=False, color_system=None)


def row(*cells: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Text as it is, whatever is in it: names are chosen by others, and must not become a mention or a link."""
    text = clean(text, 2_000)
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


def as_shared(shared: Iterable[SharedObject]) -> list[dict[str, Any]]:
    """The objects that more than one resource manages, as the JSON of all commands has them."""
    return [{"type": each.type, "id": each.id, "urns": list(each.urns), "error": each.error} for each in shared]


def annotate(level: str, title: str, message: str) -> None:
    """An annotation of a workflow's run at GitHub.

    :param level: ``notice``, ``warning`` or ``error``.
    """

    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    print(
        f"::{level} title={data(clean(title)).replace(':', '%3A').replace(',', '%2C')}::{data(clean(message, 2_000))}"
    )
