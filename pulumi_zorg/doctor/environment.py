"""The check of the Python environment: whether this command and `pulumi` use the same one.

Two processes of `pulumi` need this package: the program, which the language host starts, and the provider's process, which a
script of the distribution starts. Each finds its Python in a way of its own. The rules are those of the distributions 3.229 to
3.276. Those of the provider's process were measured with engines 3.250 and 3.276. A language host that was built from the old Go
module v3.79.0 ignores both options, and starts the program with the Python on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_zorg.doctor.examination import Examination, run
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.errors import clean
from pulumi_zorg.settings.pulumi_project import program_folder, project_file, read_project

_ANSWERS_WITHIN = 20  # seconds
_WINDOWS = os.name == "nt"
#: It imports only what every Python has. What it finds is what `pulumi` would find, with the same PYTHONPATH.
_QUESTION = """
import sys
from importlib.metadata import PackageNotFoundError, version
print(sys.prefix)
try:
    print(version("pulumi-zorg"))
except PackageNotFoundError:
    print("")
"""


@dataclass(frozen=True)
class Interpreter:
    """The Python that a process of `pulumi` uses.

    :param named_by: what names it, as a part of a sentence.
    :param executable: None where it is not known.
    :param made: whether `pulumi up` makes its environment where it is missing.
    """

    named_by: str
    executable: Path | None
    made: bool = False


def interpreters(file: Path) -> tuple[Interpreter, Interpreter]:
    """Return the Python of the program, and that of the provider's process.

    :param file: the project's file.
    """
    options, program = _options(file), program_folder(file)
    virtualenv, toolchain = str(options.get("virtualenv") or ""), str(options.get("toolchain") or "").lower()
    detected = toolchain or next((each for each in ("uv", "poetry") if _above(program, f"{each}.lock")), "")
    named = f"`virtualenv: {virtualenv}` in {file.name}"
    if detected == "poetry":
        of_program = _of_poetry(program)
    elif virtualenv:
        of_program = Interpreter(named, _python_of(file.parent / virtualenv), made=detected == "uv")
    elif detected == "uv":
        of_program = Interpreter("uv", _python_of(_of_uv(program)), made=True)
    else:
        of_program = _on_path("python3", "python")
    # The script looks at the two options only. It starts in the program's folder.
    if virtualenv:
        of_provider = Interpreter(named, _python_of(program / virtualenv), made=detected == "uv")
    elif toolchain == "uv":
        of_provider = Interpreter("uv", _python_of(program / ".venv"), made=True)
    elif toolchain == "poetry":
        of_provider = _of_poetry(program)
    else:
        of_provider = _on_path("python" if _WINDOWS else "python3")
    return of_program, of_provider


def check_python(examination: Examination) -> Sequence[Finding]:
    """This command is in the Python environment that `pulumi` uses for the project."""
    file = project_file(examination.folder.resolve())
    if file is None:
        return [
            ok(
                f"this command is in {sys.prefix}. Which environment `pulumi` uses depends on a project, and there is none here"
            )
        ]
    folder, (of_program, of_provider) = program_folder(file), interpreters(file)
    if of_program == of_provider:
        return [_compared(of_program, "the program and the provider's process of `pulumi` use", folder)]
    return [
        _compared(of_program, "the program of `pulumi` uses", folder),
        _compared(of_provider, "the provider's process of `pulumi` uses", folder),
    ]


def _compared(interpreter: Interpreter, who_uses: str, folder: Path) -> Finding:
    """Return whether processes of `pulumi` use this command's Python.

    :param who_uses: the processes, as the beginning of a sentence.
    :param folder: the folder in which they start.
    """
    mine, by, executable = f"this command is in {sys.prefix}", interpreter.named_by, interpreter.executable
    if executable is None:
        return warning(f"it is not known which Python {who_uses} ({by}), and {mine}")
    if not executable.is_file():
        absent = f"{who_uses} {executable} ({by}), which does not exist"
        if interpreter.made:
            return warning(f"{absent} yet. Run `pulumi install`, and `zorg doctor` in that environment.")
        return error(
            f"{absent}. Run `pulumi install`. With `main` in {folder}, the program looks for a relative `virtualenv` from the project's "
            "folder, and the provider's process from the program's folder: then give an absolute path."
        )
    is_mine = _same(executable.parent.parent, Path(sys.prefix))
    answer = (sys.prefix, "") if is_mine else _ask(executable, folder)
    if answer is None:
        return warning(f"{who_uses} {executable} ({by}), which cannot be run, and {mine}")
    prefix, installed = answer
    if _same(Path(prefix), Path(sys.prefix)):
        return ok(f"{mine}, which {who_uses} too ({by})")
    there = f"pulumi_zorg {installed} is installed there" if installed else "pulumi_zorg is not installed there"
    return warning(
        f"{who_uses} another Python environment: {prefix} ({by}), and {mine}. {there}. Install pulumi_zorg into the "
        "environment that `pulumi` uses, and run `zorg` from it."
    )


def _options(file: Path) -> Mapping[str, Any]:
    """Return the options of the project's runtime."""
    runtime = read_project(file).get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    return options if isinstance(options, dict) else {}


def _on_path(*names: str) -> Interpreter:
    """Return the first of these commands that is on PATH, or the one that PULUMI_PYTHON_CMD names."""
    given = os.environ.get("PULUMI_PYTHON_CMD")
    wanted = [given] if given else list(reversed(names) if _WINDOWS else names)
    found = next((path for path in map(shutil.which, wanted) if path), None)
    if found is None:
        return Interpreter(f"there is no {' or '.join(wanted)} on PATH", None)
    by = f"PULUMI_PYTHON_CMD is {given}" if given else f"{Path(found).name} on PATH"
    return Interpreter(by, Path(found).absolute())


def _of_poetry(program: Path) -> Interpreter:
    """Return what `poetry env info` is most likely to name: the active environment, or the project's own."""
    active = os.environ.get("VIRTUAL_ENV")
    if active:
        return Interpreter("poetry, in the active environment", _python_of(Path(active)))
    folder = _above(program, "poetry.lock") or _above(program, "pyproject.toml")
    own = _python_of(folder / ".venv") if folder else None
    if own is not None and own.is_file():
        return Interpreter("poetry", own)
    return Interpreter("`poetry env info --path` shows it", None)


def _of_uv(program: Path) -> Path:
    """Return the environment that uv uses without the option `virtualenv`."""
    folder = _above(program, "uv.lock") or _above(program, "pyproject.toml") or program
    return folder / (os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _above(folder: Path, name: str) -> Path | None:
    """Return the nearest folder, this one or one above it, that has a file of this name."""
    return next((each for each in (folder, *folder.parents) if (each / name).is_file()), None)


def _python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if _WINDOWS else "bin/python")


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _ask(executable: Path, folder: Path) -> tuple[str, str] | None:
    """Return the environment's folder, and the version of this package in it (empty where it has none); None without an answer."""
    try:
        done = run([executable, "-c", _QUESTION], folder, _ANSWERS_WITHIN)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.split("\n")
    return (clean(lines[0], 500), clean(lines[1], 50)) if done.returncode == 0 and len(lines) > 1 else None
