"""Where a Pulumi project is: its file, and its program's folder. The engine's protocol does not send that to a provider.

Measured with engines 3.250 and 3.276: the program and the provider's process are started in the program's folder, whatever the
current folder of the command and its option ``--cwd`` are. So each process finds the project from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_NAMES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def project_file(start: Path) -> Path | None:
    """Return the project's file, which the engine looks for in the folder ``start`` and in those above it."""
    return next(_files(start), None)


def read_project(file: Path) -> Mapping[str, Any]:
    """Return the content of the project's file; nothing where it cannot be read."""
    import yaml  # few processes need it

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def program_folder(file: Path) -> Path:
    """Return the folder in which the engine starts the program of a project.

    :param file: the project's file.
    """
    program = (file.parent / str(read_project(file).get("main") or ".")).resolve()
    return program.parent if program.is_file() else program


def project_folder(program: Path) -> Path | None:
    """Return the folder of the project's file; None where it is not known.

    That is so for a program outside of it (``main: ../app``), and for an inline program of the automation API, whose project file
    is in a temporary folder. A Pulumi.yaml of another program does not count.

    :param program: the program's folder.
    """
    program = program.resolve()
    return next((file.parent for file in _files(program) if program_folder(file) == program), None)


def _files(start: Path) -> Iterator[Path]:
    """Yield the project files in a folder and in those above it, the nearest first."""
    for folder in (start, *start.parents):
        file = next((folder / name for name in _NAMES if (folder / name).is_file()), None)
        if file is not None:
            yield file
