"""Writes the output of commands: reports in every format, and errors. Reads and writes the files that users name."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import click

from pulumi_zorg.errors import clean

#: What ``--format`` takes.
FORMS = ("table", "json", "markdown", "github")

#: Characters of one line. Only a server that sends rubbish makes a longer one, and that is cut.
LONGEST = 20_000


class Report(Protocol):
    """What a command found."""

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs. docs/schemas has its JSON schema."""


R = TypeVar("R", bound=Report)


@dataclass(frozen=True)
class Formats(Generic[R]):
    """How a command writes its report.

    :param table: the lines for people at a terminal, with colours. None is broken or cut: a URN, an id or a command of a line is copied
        as it is.
    :param markdown: the lines for a comment on a pull request, or a job's summary.
    :param annotations: the annotations of a workflow's run at GitHub (docs.github.com, "Workflow commands"), each with its level
        (``notice``, ``warning`` or ``error``), its title and its message.
    """

    table: Callable[[R], Iterable[str]]
    markdown: Callable[[R], Iterable[str]]
    annotations: Callable[[R], Iterable[tuple[str, str, str]]]

    def write(self, form: str, report: R) -> None:
        """Write the report to standard output in one of :data:`FORMS`."""
        with whole_output():
            if form == "json":
                print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
            elif form == "markdown":
                print("\n".join(self.markdown(report)))
            elif form == "github":
                for annotation in self.annotations(report):
                    _annotate(*annotation)
            else:
                show_lines(self.table(report))


def show_lines(lines: Iterable[str]) -> None:
    """Write lines with colours to standard output: in colour only where it is a terminal that shows colours."""
    dumb = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    show = click.echo if sys.stdout.isatty() and not dumb else lambda line: print(click.unstyle(line))
    for line in lines:
        show(line)


def write_errors(sentences: Sequence[str], at_most: int | None = None) -> None:
    """Write errors to standard error.

    :param at_most: how many of them are shown; None is all.
    """
    for sentence in sentences[:at_most]:
        click.echo(f"Error: {clean(sentence, 3_000)}", err=True)
    if at_most is not None and len(sentences) > at_most:
        click.echo(f"Error: and {len(sentences) - at_most} more", err=True)


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


def row(*cells: str) -> str:
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Return text as code in Markdown. Other people choose names, and a name must not become a mention or a link."""
    text = clean(text, LONGEST)
    if not text:
        return ""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def escaped(text: str) -> str:
    """Return text in which no character has a meaning in Markdown."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>()#+!|@~" else character for character in text)


def _annotate(level: str, title: str, message: str) -> None:
    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    print(
        f"::{level} title={data(clean(title)).replace(':', '%3A').replace(',', '%2C')}::{data(clean(message, LONGEST))}"
    )


def refuse_existing(*files: Path, option: str) -> None:
    """Refuse to write over a file.

    :param option: the option that names it, or its folder.
    :raises click.ClickException: where one of them exists.
    """
    for file in files:
        if file.exists():
            another = "folder" if len(files) > 1 else "file"
            raise click.ClickException(f"{file} exists: give another {another} with {option}")


def write_text(file: Path, text: str) -> None:
    """Write a file.

    :raises click.ClickException: where it cannot be written.
    """
    with _readable_errors(f"{file} cannot be written"):
        file.write_text(text, encoding="utf-8")


def read_file_or_stdin(path: str, if_empty: str) -> str:
    """Return the text of a file, or of standard input for ``-``.

    :param if_empty: the error for an empty standard input.
    :raises click.ClickException: where it cannot be read.
    """
    if path != "-":
        return read_text(Path(path))
    with _readable_errors("standard input cannot be read"):
        # A standard input that was replaced, as in a test, may have no bytes.
        text = _decoded(sys.stdin.buffer.read()) if hasattr(sys.stdin, "buffer") else sys.stdin.read()
    if not text.strip():
        raise click.ClickException(if_empty)
    return text


def read_text(file: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark, which Windows PowerShell writes.

    :raises click.ClickException: where it cannot be read.
    """
    with _readable_errors(f"{file} cannot be read"):
        return _decoded(file.read_bytes())


def _decoded(content: bytes) -> str:
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return content.decode("utf-16" if content.startswith(marks) else "utf-8-sig")


@contextmanager
def _readable_errors(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{what}: {getattr(error, 'strerror', None) or error}") from None
