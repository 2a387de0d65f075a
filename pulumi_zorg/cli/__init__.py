"""The command ``zorg``. It loads the module of the one subcommand that is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from pulumi_zorg.errors import ZorgError, clean

#: Where each subcommand is (its module in this package, and its name there), and its line in the help: the first sentence of its own.
COMMANDS = {
    "access": ("access.access", "Reports who can get in, who cannot, and why."),
    "doctor": ("doctor.doctor", "Checks what `pulumi up` needs, and changes nothing."),
    "drift": ("drift.drift", "Compares a stack's state with the live instance."),
    "emulator": ("emulator.emulator", "Runs a ZITADEL in memory until it is interrupted."),
    "generate": ("generate.generate", "Writes a Python program that declares what exists."),
    "import": ("generate.import_object", "Imports one object that exists into the stack."),
    "preview-guard": ("preview_guard.preview_guard", "Reports what a preview does to people, and has limits."),
}


def load_command(name: str) -> click.Command:
    """Return a subcommand."""
    module, _, attribute = COMMANDS[name][0].partition(".")
    command: click.Command = getattr(import_module(f"{__name__}.{module}"), attribute)
    return command


class _Commands(click.Group):
    """A command whose subcommands show each error of this package as a message, and end with 1 for every error, as the engine's do.

    Its subcommands have a name and a line in the help. The one that is used is loaded.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the options before the subcommand."""
        with _readable_errors():
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options. Without any argument, show the help as an error. Releases of click differ in that."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(1)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that the arguments name, loaded."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, None if listed is None else load_command(str(listed.name)), rest

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the subcommand's arguments, and run it."""
        with _readable_errors():
            return super().invoke(ctx)


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.show()
        raise click.exceptions.Exit(1) from None  # click's own code is 2
    except ZorgError as error:
        raise click.ClickException(clean(str(error), 2_000)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-zorg", prog_name="zorg")
def main() -> None:
    """Tools for the objects of ZITADEL that Pulumi manages."""


for _name, (_, _help) in COMMANDS.items():
    main.add_command(click.Command(_name, short_help=_help))
