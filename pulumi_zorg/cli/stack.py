"""Runs the command ``pulumi`` for a stack: its name, configuration, state and preview. Only an import writes to the stack.

It also connects a command to the instance of the stack.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.settings.config import Process, Settings, load_settings
from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, NO_IMPORT, version_in
from pulumi_zorg.settings.pulumi_project import program_folder, project_file, project_folder, read_project

if TYPE_CHECKING:
    from pulumi_zorg.settings.config import Settings
    from pulumi_zorg.world.reader import World

Item = TypeVar("Item")


class PulumiFailed(ZorgError):
    """The command ``pulumi`` failed, or cannot be run."""


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
    def _project_file(self) -> Path | None:
        return project_file(self.folder.resolve())

    @property
    def root(self) -> Path:
        """The project's folder: this one, or the nearest one above it that has a Pulumi.yaml."""
        return self.folder if self._project_file is None else self._project_file.parent

    @property
    def in_project(self) -> bool:
        """Whether the folder is that of a project, or the stack was named, so that the stack has settings of its own."""
        return self.requested is not None or self._project_file is not None

    @cached_property
    def pulumi_project(self) -> str | None:
        """The project's name in its file; None in a folder without a project.

        :raises ConfigurationError: where the file does not have it.
        """
        if self._project_file is None:
            return None
        name = read_project(self._project_file).get("name")
        if not isinstance(name, str | int) or name == "":
            raise ConfigurationError(f"{self._project_file} does not have the project's name")
        return str(name)

    @cached_property
    def name(self) -> str:
        """The stack's name.

        :raises PulumiFailed: where there is no stack, or no command ``pulumi``.
        """
        named = ("--stack", self.requested) if self.requested else ()
        return self._pulumi("stack", "--show-name", *named).strip()

    def require_imports(self, instead: str) -> None:
        """Verify that the engine can import dynamic resources.

        :param instead: what to do with an engine that cannot, as a sentence.
        :raises click.ClickException: where it cannot.
        :raises PulumiFailed: where there is no command ``pulumi``.
        """
        engine = self._pulumi("version").strip()
        found = version_in(engine)
        if found is None or found < IMPORTS_SINCE:
            raise click.ClickException(f"pulumi {clean(engine, 100)} {NO_IMPORT}. {instead}")

    def import_command(self, file: Path) -> str:
        """Return the command that imports a file into this stack, and not into the selected one, as a user writes it."""
        elsewhere = self.folder != Path()
        command = ["pulumi", "import", "--file", str(file.absolute() if elsewhere else file)]
        command += ["--generate-code=false", "--yes"]
        command += ["--stack", self.requested] if self.requested else []
        return shlex.join([*command, "--cwd", str(self.folder)] if elsewhere else command)

    def import_file(self, file: Path) -> str:
        """Import the objects in a file into the state, and return what the engine printed.

        :raises click.ClickException: where it failed; its output is part of the message.
        """
        options = ("--generate-code=false", "--yes", "--suppress-progress")
        done = self._run("import", "--file", str(file), *options, *self._named)
        if done.returncode:
            raise click.ClickException(
                f"`pulumi import` ended with {done.returncode}:\n{done.stdout}{done.stderr}".rstrip()
            )
        return done.stdout

    def export(self) -> dict[str, Any]:
        """Return the state with its secrets in plain text. It must not be shown. A large one is not kept here."""
        return self._object("stack", "export", "--show-secrets", *self._named)

    @cached_property
    def outline(self) -> dict[str, Any]:
        """The state with encrypted secrets."""
        return self._object("stack", "export", *self._named)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the stack's configuration, completed by the environment; in a folder without a project, and without
        the stack's name, those of the environment.

        :raises ConfigurationError: where they are missing, doubled or malformed.
        :raises PulumiFailed: where the stack's configuration cannot be read.
        """
        if not self.in_project:
            return self.settings_of_environment
        config = self._object("config", "--json", "--show-secrets", *self._named, *self._config_file)

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
        file = self._project_file
        return self.folder.resolve() if file is None else project_folder(program_folder(file))

    def preview(self, *, destroy: bool, options: Sequence[str]) -> tuple[str, str | None]:
        """Return the output of ``pulumi preview --json``, and an error where it failed.

        The plan includes the deletions that earlier runs left undone. A failed preview may print a plan with the error in it.

        :param destroy: preview ``pulumi destroy`` instead.
        :param options: more options of the command.
        """
        command = ("destroy", "--preview-only") if destroy else ("preview",)
        form = ("--json", "--show-replacement-steps")
        done = self._run(*command, *form, *self._named, *self._config_file, *options)
        return done.stdout, _failure(done, command[0]) if done.returncode else None

    @property
    def _named(self) -> tuple[str, str]:
        """The option ``--stack``. With it, nothing changes where another stack is selected meanwhile."""
        return ("--stack", self.requested or self.name)

    @property
    def _config_file(self) -> tuple[str, ...]:
        return () if self.config_file is None else (f"--config-file={self.config_file}",)

    def _pulumi(self, *args: str) -> str:
        done = self._run(*args)
        if done.returncode != 0:
            raise PulumiFailed(_failure(done, " ".join(args[:2])))
        return done.stdout

    def _run(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", "--non-interactive", "--color", "never", "--cwd", str(self.folder), *args]
        try:
            return subprocess.run(  # noqa: S603 - the user's own pulumi, and no shell
                command, capture_output=True, text=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError:
            raise PulumiFailed(
                "the command `pulumi` is not found. zorg reads the stack's state and configuration with it. Put it on PATH."
            ) from None
        except OSError as error:
            raise PulumiFailed(f"the command `pulumi` cannot be run: {error.strerror}") from None

    def _object(self, *args: str) -> dict[str, Any]:
        """Return the JSON object that a command of ``pulumi`` prints."""
        # It loads the types' inputs, which --help does not need.
        from pulumi_zorg.engine.exported import parsed

        try:
            found = parsed(self._pulumi(*args))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            what = " ".join(args[:2])
            raise PulumiFailed(f"`pulumi {what}` did not print JSON. Is this pulumi 3.227 or newer?")
        return found


def _failure(done: subprocess.CompletedProcess[str], what: str) -> str:
    # Standard output may have secrets, so it is not shown.
    error = clean(done.stderr.replace("error: ", ""), 1_000) or f"it ended with {done.returncode}"
    return f"`pulumi {what}` failed: {error}"


def notice(command: str, sentence: str) -> None:
    """Write a sentence to standard error, after the command's name."""
    click.echo(f"{command}: {sentence}", err=True)


@contextmanager
def connected(settings: Settings, command: str) -> Iterator[World]:
    """Return the instance as this run reads it, which shows its progress and notices on standard error.

    :param command: the beginning of the notices.
    """
    # They import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
    from pulumi_zorg.world.reader import World

    show = partial(notice, command)
    with closing(Client.connect(settings, notice=show)) as client:
        yield World(client, RESOURCE_TYPES, _progress_bar, show)


def _progress_bar(items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
    """Show the progress at a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=total, label=what, file=sys.stderr) as bar:
        yield from bar
