"""The checks of this machine: the engine, the SDK, the Python environment, the stack's state, and the pending creates.

This command and `pulumi` should use the same Python environment.
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
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pulumi_zorg.doctor.examination import Examination, moment_text, run
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.engine.pending import PendingCreate, PendingCreates, pending_creates_folder
from pulumi_zorg.engine.state import not_understood
from pulumi_zorg.errors import ZorgError, clean
from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, NO_IMPORT, OLDEST_ENGINE, dotted, version_in
from pulumi_zorg.settings.pulumi_project import program_folder, project_file, read_project

#: Older SDKs drop the internal input that names the resource.
OLDEST_SDK = (3, 235)

_ANSWERS_WITHIN = 60  # seconds


def check_engine(examination: Examination) -> Finding:
    """The command `pulumi` can be run, and is new enough."""
    oldest = f"pulumi {dotted(OLDEST_ENGINE)} or newer"
    try:
        done = run(["pulumi", "version"], examination.folder, _ANSWERS_WITHIN, PULUMI_SKIP_UPDATE_CHECK="true")
    except FileNotFoundError:
        return error(f"the command `pulumi` is not found. Install {oldest}, and put it on PATH.")
    except (OSError, subprocess.TimeoutExpired) as failed:
        return error(f"the command `pulumi` cannot be run ({type(failed).__name__}). Install {oldest}.")
    shown = clean(done.stdout, 100)
    found = version_in(shown)
    if done.returncode != 0 or found is None:
        answer = shown or clean(done.stderr) or "nothing"
        return error(f"`pulumi version` ended with {done.returncode} and shows no version: {answer}. Install {oldest}.")
    if found < OLDEST_ENGINE:
        return error(f"pulumi {shown} is too old. Install {oldest}.")
    if found < IMPORTS_SINCE:
        return ok(
            f"pulumi {shown}. It {NO_IMPORT}. With this one, adopt=True takes over what exists (`zorg generate`)."
        )
    return ok(f"pulumi {shown}, which imports what exists (`zorg generate --import-file`, `zorg import`)")


def check_sdk(examination: Examination) -> Finding:
    """Pulumi's Python SDK of this environment is new enough."""
    way_out = f"Install it with `pip install 'pulumi>={dotted(OLDEST_SDK)}'` in the environment that runs the program."
    try:
        shown = version("pulumi")
    except PackageNotFoundError:
        return error(f"Pulumi's Python SDK is not in {sys.prefix}. {way_out}")
    found = version_in(shown)
    if found is None or found < OLDEST_SDK:
        return error(f"Pulumi's Python SDK {clean(shown)} in {sys.prefix} is too old. {way_out}")
    return ok(f"Pulumi's Python SDK {clean(shown)} in {sys.prefix}")


def check_checkpoints(examination: Examination) -> Finding:
    """The engine writes the state after each step."""
    # Measured on 3.250 and 3.276: it takes effect without PULUMI_EXPERIMENTAL too.
    if os.environ.get("PULUMI_SKIP_CHECKPOINTS", "").lower() not in ("1", "true"):
        return ok("the engine writes the state after each step")
    return warning(
        "PULUMI_SKIP_CHECKPOINTS is set: the engine writes the state once, at the end. A run that is killed before that leaves "
        "a state without the objects that it created. The next run is then refused for each of them that is not declared with "
        "adopt=True (docs/performance.md). Unset it."
    )


def check_state(examination: Examination) -> Sequence[Finding]:
    """This release understands the resources of this package in the stack's state."""
    try:
        exported = examination.read_state()
    except ZorgError as failed:
        return [warning(f"the stack's state is not read: {failed}")]
    if exported is None:
        return [ok("no stack is selected, so there is no state to read")]
    fine = ok("this release understands all resources of pulumi_zorg in the stack's state")
    return [error(each.why) for each in not_understood(exported)] or [fine]


def check_pending_folder(examination: Examination) -> Finding:
    """Pending creates can be kept on disk. A run without them works, and cannot be resumed."""
    cost = "A create that is cut short cannot be resumed by the next run, which may need adopt=True."
    folder = pending_creates_folder(examination.folder.resolve())
    if folder is None:
        return warning(
            "pending creates are not kept: the backend is not known, or its path is relative (like file://./state), so it "
            f"cannot be distinguished from another one. {cost} Log in (`pulumi login`), or set PULUMI_BACKEND_URL to an absolute path."
        )
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not existing.is_dir():
        why = f"{existing} is not a folder"
    elif not os.access(existing, os.W_OK | os.X_OK):
        why = f"{existing} belongs to {_owner(existing)}, and this user cannot write to it"
    elif existing != folder:
        return ok(f"pending creates are kept in {folder} (will be created in {existing})")
    else:
        return ok(f"pending creates are kept in {folder}, which belongs to {_owner(folder)}")
    return warning(
        f"pending creates cannot be kept in {folder}: {why}. {cost} Name another folder in ZORG_JOURNAL_DIR."
    )


def check_pending(examination: Examination) -> Sequence[Finding]:
    """No create of an earlier run was left unfinished."""
    folder = pending_creates_folder(examination.folder.resolve())
    pending = PendingCreates(examination.settings.url, folder, lambda sentence: None)
    fine = ok("this machine keeps no unfinished create of an earlier run")
    return [warning(_describe(each)) for each in pending.all()] or [fine]


def _describe(pending: PendingCreate) -> str:
    stack = clean("/".join(pending.resource.split("/")[:3]))  # as `pulumi stack select` takes it
    last = max((each.began for each in pending.attempts), default=None)
    since = f", last attempted at {moment_text(datetime.fromtimestamp(last, timezone.utc))}" if last is not None else ""
    made = f"The server has answered with the id {clean(pending.id)}. " if pending.id else ""
    return (
        f"the create of {display_name(pending.resource)} in stack {stack} is "
        f"unfinished{since}. {made}The next `pulumi up` of that stack resumes it, while its program declares the resource. "
        "If it does not any more, look for the object in ZITADEL and remove it there."
    )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError, NotImplementedError):  # a user without a name, or a system without owners
        return f"user {path.stat().st_uid}"


_PYTHON_ANSWERS_WITHIN = 20  # seconds
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
        environment = (
            os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv"
        )  # what uv uses without the option `virtualenv`
        folder = _above(program, "uv.lock") or _above(program, "pyproject.toml") or program
        of_program = Interpreter("uv", _python_of(folder / environment), made=True)
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
    here = Path(sys.prefix).resolve()
    answer = (sys.prefix, "") if executable.parent.parent.resolve() == here else _ask(executable, folder)
    if answer is None:
        return warning(f"{who_uses} {executable} ({by}), which cannot be run, and {mine}")
    prefix, installed = answer
    if Path(prefix).resolve() == here:
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


def _above(folder: Path, name: str) -> Path | None:
    """Return the nearest folder, this one or one above it, that has a file of this name."""
    return next((each for each in (folder, *folder.parents) if (each / name).is_file()), None)


def _python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if _WINDOWS else "bin/python")


def _ask(executable: Path, folder: Path) -> tuple[str, str] | None:
    """Return the environment's folder, and the version of this package in it (empty where it has none); None without an answer."""
    try:
        done = run([executable, "-c", _QUESTION], folder, _PYTHON_ANSWERS_WITHIN)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.split("\n")
    return (clean(lines[0], 500), clean(lines[1], 50)) if done.returncode == 0 and len(lines) > 1 else None
