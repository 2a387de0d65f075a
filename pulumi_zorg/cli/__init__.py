"""The command ``zorg``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from pulumi_zorg.cli.access import access
from pulumi_zorg.cli.doctor import doctor
from pulumi_zorg.cli.drift import drift
from pulumi_zorg.cli.emulator import emulator
from pulumi_zorg.cli.generate import generate, import_object
from pulumi_zorg.cli.preview_guard import preview_guard
from pulumi_zorg.errors import ZorgError, clean


class _Commands(click.Group):
    """A command whose subcommands show each error of this package as a message, and end with 1 for every error, as the engine's do."""

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


for _command in (access, doctor, drift, emulator, generate, import_object, preview_guard):
    main.add_command(_command)
