"""Reads and writes the files that users name, with errors that name the file."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


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
