"""What a command learns of a stack: its name, its configuration and its state, by asking ``pulumi``. Nothing is written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from pulumi_zorg.config import Settings, load_settings
from pulumi_zorg.errors import clean

__all__ = ["OneForErrors", "Stack", "format_option", "stack_options"]

#: Settings that name a file, which the engine looks for from the project's folder.
_FILES = ("jwtProfileFile", "caFile")
_PROJECTS = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


class OneForErrors(click.Command):
    """A command whose every error ends with 1, as the engine's do: click's own are 2 for a wrong option."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click does it."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            error.show()
            raise click.exceptions.Exit(1) from None


def stack_options(command: Callable[..., None]) -> Callable[..., None]:
    """``--stack`` and ``--cwd``, the same for all commands."""
    folder = click.Path(path_type=Path, file_okay=False, exists=True)
    command = click.option("--cwd", type=folder, default=Path(), help="Where the program is; else here.")(command)
    return click.option("--stack", metavar="NAME", help="The stack; else the selected one.")(command)


def format_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--format``, the same for all commands."""
    forms = click.Choice(["table", "json", "markdown", "github"])
    return click.option("--format", "form", type=forms, default="table", show_default=True, help="How to show it.")(
        command
    )


@dataclass
class Stack:
    """A stack of the folder, asked for what it has.

    :param folder: where the program is.
    :param asked: the stack's name, else the selected one is meant.
    """

    folder: Path
    asked: str | None = None

    @cached_property
    def root(self) -> Path:
        """The project's folder, which pulumi finds above the one where it is called too."""
        start = self.folder.resolve()
        projects = (each for each in (start, *start.parents) if any((each / name).is_file() for name in _PROJECTS))
        return next(projects, self.folder)

    @cached_property
    def name(self) -> str:
        """The stack's name.

        :raises click.ClickException: where there is none, or no ``pulumi``.
        """
        named = ("--stack", self.asked) if self.asked else ()
        return self._pulumi("stack", "--show-name", *named).strip()

    @cached_property
    def state(self) -> dict[str, Any]:
        """The state, with its secrets; it is not to be shown."""
        return self._exported("--show-secrets")

    @cached_property
    def outline(self) -> dict[str, Any]:
        """The state, without its secrets."""
        return self._exported()

    @cached_property
    def settings(self) -> Settings:
        """The settings of the stack's configuration, completed by the environment.

        :raises ConfigurationError: where they are missing, doubled or malformed.
        """
        shown = self._pulumi("config", "--json", "--show-secrets", "--stack", self.asked or self.name)
        config = self._object(shown, "config")

        def get(key: str) -> str | None:
            value = (config.get(f"zorg:{key}") or {}).get("value")
            if key in _FILES and value and not value.startswith("~"):
                return str(self.root / value)
            return value if isinstance(value, str) else None

        return load_settings(get)

    def preview(self) -> str:
        """What ``pulumi preview --json`` prints, with the deletions that earlier runs left undone."""
        # A preview that fails prints what it came to all the same; who reads it sees that it failed.
        args = ("preview", "--json", "--show-replacement-steps", "--stack", self.asked or self.name)
        return self._pulumi(*args, failed_too=True)

    def _exported(self, *more: str) -> dict[str, Any]:
        # Fully qualified or not, it is the name that was asked for: another selection meanwhile changes nothing.
        exported = self._pulumi("stack", "export", *more, "--stack", self.asked or self.name)
        return self._object(exported, "stack export")

    def _pulumi(self, *args: str, failed_too: bool = False) -> str:
        command = ["pulumi", "--non-interactive", "--color", "never", "--cwd", str(self.folder), *args]
        try:
            done = subprocess.run(  # noqa: S603 - the user's own pulumi, and no shell
                command, capture_output=True, text=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError:
            raise click.ClickException(
                "the command `pulumi` is not found: zorg asks it for the stack's state and configuration. Put it on PATH."
            ) from None
        except OSError as error:
            raise click.ClickException(f"the command `pulumi` cannot be run: {error.strerror}") from None
        if done.returncode != 0 and not (failed_too and done.stdout.strip()):
            # What it printed to its standard output may hold secrets and is not shown.
            said = clean(done.stderr.replace("error: ", ""), 1_000) or f"it ended with {done.returncode}"
            raise click.ClickException(f"`pulumi {' '.join(args[:2])}` failed: {said}")
        return done.stdout

    def _object(self, text: str, what: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise click.ClickException(f"`pulumi {what}` did not answer with JSON; is this pulumi 3.227 or newer?")
        return found
