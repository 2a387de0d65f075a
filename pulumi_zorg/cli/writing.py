"""Writes the output of commands: to a terminal, in Markdown, and as annotations of GitHub."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console

from pulumi_zorg.errors import clean

__all__ = ["LONGEST", "annotate", "code", "escaped", "progress_bar", "row", "terminal", "whole_output"]

Item = TypeVar("Item")

#: Characters of one line. Only a server that sends rubbish makes a longer one, and that is cut.
LONGEST = 20_000


@contextmanager
def whole_output() -> Iterator[None]:
    """Write without errors that would change the exit code.

    A character that the output cannot show is escaped. A reader that closes the pipe early is not an error.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # As in docs.python.org ("Note on SIGPIPE"): else the flush at the end of the process fails again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error again. Rich's own method ends the process with 1, whatever the command found."""
        raise  # noqa: PLE0704 - rich calls it while it handles the error


def terminal() -> Console:
    """Return standard output, in colour only where it is a terminal.

    It breaks no line, and cuts none: a URN, an id or a command of a line is copied from the terminal as it is.
    """
    if sys.stdout.isatty():
        return _Console(soft_wrap=True)
    return _Console(soft_wrap=True, force_terminal=False, color_system=None)


def row(*cells: str) -> str:
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Return text as code in Markdown. Other people choose names, and a name must not become a mention or a link."""
    text = clean(text, LONGEST)
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
    """Return text in which no character has a meaning in Markdown."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>()#+!|@~" else character for character in text)


def annotate(level: str, title: str, message: str) -> None:
    """Print an annotation of a workflow's run at GitHub.

    :param level: ``notice``, ``warning`` or ``error``.
    """

    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    print(
        f"::{level} title={data(clean(title)).replace(':', '%3A').replace(',', '%2C')}::{data(clean(message, LONGEST))}"
    )


def progress_bar(items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
    """Show the progress at a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        return items
    from rich.progress import track

    return track(items, total=total, description=what, console=Console(stderr=True), transient=True)
