"""Reads a stack with the command ``pulumi``: its name, its configuration and its state. Only an import writes to it."""

from __future__ import annotations

import codecs
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.settings.config import Process, Settings, load_settings
from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, NO_IMPORT, version_in
from pulumi_zorg.settings.pulumi_project import program_folder, project_file, project_folder, read_project
from pulumi_zorg.world.tokens import short

__all__ = [
    "Preview",
    "Stack",
    "format_option",
    "read_file_or_stdin",
    "read_text",
    "readable_errors",
    "refuse_existing",
    "stack_options",
    "type_argument",
    "type_option",
    "write_text",
]


def stack_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--stack`` and ``--cwd``, the same for all commands."""
    folder = click.Path(path_type=Path, file_okay=False, exists=True)
    command = click.option(
        "--cwd", type=folder, default=Path(), help="The program's folder. The default is the current one."
    )(command)
    return click.option("--stack", metavar="NAME", help="The stack. The default is the selected one.")(command)


def format_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--format``, the same for all commands."""
    forms = click.Choice(["table", "json", "markdown", "github"])
    return click.option("--format", "form", type=forms, default="table", show_default=True, help="The output format.")(
        command
    )


def _type_token(value: str) -> str:
    """Return the type token of a type, given as a program writes it or as it is in a URN."""
    found = next((each for each in RESOURCE_TYPES if short(each).lower() == short(value).lower()), None)
    if found is None:
        raise click.BadParameter(f"{value!r} is none of {_type_names()}")
    return found


def _complete_types(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in map(short, RESOURCE_TYPES) if name.lower().startswith(incomplete.lower())]


def type_option(help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option ``--only``, which names resource types, the same for all commands.

    :param help: the beginning of its help.
    """
    more = f"{help}: {_type_names()}. It can be given more than once."
    return click.option(
        "--only", type=_type_token, multiple=True, metavar="TYPE", help=more, shell_complete=_complete_types
    )


def type_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument ``TYPE``, a resource type."""
    return click.argument("type_", type=_type_token, metavar="TYPE", shell_complete=_complete_types)(command)


def _type_names() -> str:
    return ", ".join(map(short, RESOURCE_TYPES))


@contextmanager
def readable_errors() -> Iterator[None]:
    """Show an error of this package as the command's error."""
    try:
        yield
    except ZorgError as error:
        raise click.ClickException(str(error)) from None


def refuse_existing(*files: Path, option: str) -> None:
    """Refuse to write over a file.

    :param option: the option that names it, or its folder.
    :raises click.ClickException: where one of them exists.
    """
    for file in files:
        if file.exists():
            raise click.ClickException(
                f"{file} exists: give another {'folder' if len(files) > 1 else 'file'} with {option}"
            )


def write_text(file: Path, text: str) -> None:
    """Write a file.

    :raises click.ClickException: where it cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror or error}") from None


def read_file_or_stdin(path: str, if_empty: str) -> str:
    """Return the text of a file, or of standard input for ``-``.

    :param if_empty: the error for an empty standard input.
    :raises click.ClickException: where the file cannot be read.
    """
    if path != "-":
        return read_text(Path(path))
    with _readable("standard input"):
        # A standard input that was replaced, as in a test, may have no bytes.
        text = _decoded(sys.stdin.buffer.read()) if hasattr(sys.stdin, "buffer") else sys.stdin.read()
    if not text.strip():
        raise click.ClickException(if_empty)
    return text


def read_text(file: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark, which Windows PowerShell writes.

    :raises click.ClickException: where the file cannot be read.
    """
    with _readable(str(file)):
        return _decoded(file.read_bytes())


def _decoded(content: bytes) -> str:
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return content.decode("utf-16" if content.startswith(marks) else "utf-8-sig")


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{what} cannot be read: {getattr(error, 'strerror', None) or error}") from None


@dataclass(frozen=True)
class Preview:
    """A preview of ``pulumi``, by its own options.

    :param destroy: the preview of ``pulumi destroy``, instead of ``pulumi preview``.
    :param passed_on: more options for that command, as they were given.
    """

    destroy: bool = False
    targets: tuple[str, ...] = ()
    target_dependents: bool = False
    refresh: bool = False
    run_program: bool = False
    passed_on: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments after ``pulumi``."""
        return ("destroy", "--preview-only") if self.destroy else ("preview",)

    @property
    def options(self) -> tuple[str, ...]:
        """The options that were given."""
        given = {
            "--target-dependents": self.target_dependents,
            "--refresh": self.refresh,
            "--run-program": self.run_program,
        }
        return (
            *(f"--target={urn}" for urn in self.targets),
            *(option for option, is_given in given.items() if is_given),
            *self.passed_on,
        )


@dataclass
class Stack:
    """A stack of a project.

    :param folder: the program's folder.
    :param requested: the stack's name; None is the selected stack.
    :param config_file: the file with the stack's configuration, as pulumi's ``--config-file`` has it; None is its own file.
    """

    folder: Path
    requested: str | None = None
    config_file: str | None = None

    @cached_property
    def root(self) -> Path:
        """The project's folder: this one, or the nearest one above it that has a Pulumi.yaml."""
        file = project_file(self.folder.resolve())
        return self.folder if file is None else file.parent

    @property
    def in_project(self) -> bool:
        """Whether the folder is that of a project, or the stack was named, so that the stack has settings of its own."""
        return self.requested is not None or project_file(self.folder.resolve()) is not None

    @cached_property
    def pulumi_project(self) -> str | None:
        """The project's name in its file; None in a folder without a project.

        :raises ConfigurationError: where the file does not have it.
        """
        file = project_file(self.folder.resolve())
        if file is None:
            return None
        name = read_project(file).get("name")
        if not isinstance(name, str | int) or name == "":
            raise ConfigurationError(f"{file} does not have the project's name")
        return str(name)

    @cached_property
    def name(self) -> str:
        """The stack's name.

        :raises click.ClickException: where there is no stack, or no command ``pulumi``.
        """
        named = ("--stack", self.requested) if self.requested else ()
        return self._pulumi("stack", "--show-name", *named).strip()

    @cached_property
    def engine(self) -> str:
        """The engine's version, as it shows it.

        :raises click.ClickException: where there is no command ``pulumi``.
        """
        return self._pulumi("version").strip()

    def require_imports(self, instead: str) -> None:
        """Verify that the engine can import dynamic resources.

        :param instead: what to do with an engine that cannot, as a sentence.
        :raises click.ClickException: where it cannot, or where there is no command ``pulumi``.
        """
        found = version_in(self.engine)
        if found is None or found < IMPORTS_SINCE:
            raise click.ClickException(f"pulumi {clean(self.engine, 100)} {NO_IMPORT}. {instead}")

    def import_command(self, file: Path) -> str:
        """Return the command that imports a file into this stack, and not into the selected one, as a user writes it."""
        elsewhere = self.folder != Path()
        command = ["pulumi", "import", "--file", str(file.absolute() if elsewhere else file)]
        command += ["--generate-code=false", "--yes"]
        command += ["--stack", self.requested] if self.requested else []
        return shlex.join([*command, "--cwd", str(self.folder)] if elsewhere else command)

    def import_file(self, file: Path) -> str:
        """Import what a file says into the state, and return what the engine printed.

        :raises click.ClickException: where it failed; its output is part of the message.
        """
        name = self.requested or self.name
        options = ("--generate-code=false", "--yes", "--suppress-progress")
        done = self._run("import", "--file", str(file), *options, "--stack", name)
        if done.returncode:
            raise click.ClickException(
                f"`pulumi import` ended with {done.returncode}:\n{done.stdout}{done.stderr}".rstrip()
            )
        return done.stdout

    @cached_property
    def state(self) -> dict[str, Any]:
        """The state with its secrets in plain text. It must not be shown."""
        return self._exported("--show-secrets")

    @cached_property
    def outline(self) -> dict[str, Any]:
        """The state with encrypted secrets."""
        return self._exported()

    @cached_property
    def settings(self) -> Settings:
        """The settings of the stack's configuration, completed by the environment; in a folder without a project, and without
        the stack's name, those of the environment.

        :raises ConfigurationError: where they are missing, doubled or malformed.
        :raises click.ClickException: where the stack's configuration cannot be read.
        """
        if not self.in_project:
            return self.settings_of_environment
        name = self.requested or self.name
        shown = self._pulumi("config", "--json", "--show-secrets", "--stack", name, *self._config_file)
        config = self._object(shown, "config")

        def get(key: str) -> str | None:
            value = (config.get(f"zorg:{key}") or {}).get("value")
            return value if isinstance(value, str) else None

        return load_settings(get, process=Process.COMMAND, folder=self._start_of_paths)

    @property
    def settings_of_environment(self) -> Settings:
        """The settings of the environment alone.

        :raises ConfigurationError: where they are missing, doubled or malformed.
        """
        return load_settings(lambda key: None, process=Process.COMMAND, folder=self._start_of_paths)

    def _start_of_paths(self) -> Path | None:
        """Return the folder that relative paths in settings start at, as the provider's process does.

        Without a project it is this one.
        """
        folder = self.folder.resolve()
        file = project_file(folder)
        return folder if file is None else project_folder(program_folder(file))

    def preview(self, preview: Preview) -> tuple[str, str | None]:
        """Return the output of ``pulumi preview --json``, and an error where it failed.

        The plan includes the deletions that earlier runs left undone. A failed preview may print a plan with the error in it.
        """
        name = self.requested or self.name
        form = ("--json", "--show-replacement-steps")
        done = self._run(*preview.command, *form, "--stack", name, *self._config_file, *preview.options)
        return done.stdout, _failure(done, preview.command[0]) if done.returncode else None

    @property
    def _config_file(self) -> tuple[str, ...]:
        return () if self.config_file is None else (f"--config-file={self.config_file}",)

    def _exported(self, *more: str) -> dict[str, Any]:
        # With the name, a stack that is selected meanwhile changes nothing.
        exported = self._pulumi("stack", "export", *more, "--stack", self.requested or self.name)
        return self._object(exported, "stack export")

    def _pulumi(self, *args: str) -> str:
        done = self._run(*args)
        if done.returncode != 0:
            raise click.ClickException(_failure(done, " ".join(args[:2])))
        return done.stdout

    def _run(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", "--non-interactive", "--color", "never", "--cwd", str(self.folder), *args]
        try:
            return subprocess.run(  # noqa: S603 - the user's own pulumi, and no shell
                command, capture_output=True, text=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError:
            raise click.ClickException(
                "the command `pulumi` is not found. zorg reads the stack's state and configuration with it. Put it on PATH."
            ) from None
        except OSError as error:
            raise click.ClickException(f"the command `pulumi` cannot be run: {error.strerror}") from None

    def _object(self, text: str, what: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise click.ClickException(f"`pulumi {what}` did not answer with JSON; is this pulumi 3.227 or newer?")
        return found


def _failure(done: subprocess.CompletedProcess[str], what: str) -> str:
    # Standard output may have secrets, so it is not shown.
    error = clean(done.stderr.replace("error: ", ""), 1_000) or f"it ended with {done.returncode}"
    return f"`pulumi {what}` failed: {error}"
