"""The command ``zorg``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from pulumi_zorg.cli.doctor import doctor
from pulumi_zorg.cli.drift import drift
from pulumi_zorg.cli.emulator import emulator
from pulumi_zorg.cli.generate import generate
from pulumi_zorg.cli.import_object import import_object
from pulumi_zorg.cli.preview_guard import preview_guard

__all__ = ["main"]


class _OneForErrors(click.Group):
    """A command whose subcommands have exit code 1 for every error, as those of the engine. click's own for wrong options is 2."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the options before the subcommand."""
        with _exit_code_1():
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options. Without any argument, show the help as an error. Releases of click differ in that."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(1)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the subcommand's arguments, and run it."""
        with _exit_code_1():
            return super().invoke(ctx)


@contextmanager
def _exit_code_1() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.show()
        raise click.exceptions.Exit(1) from None


@click.group(cls=_OneForErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-zorg", prog_name="zorg")
def main() -> None:
    """Tools for the objects of ZITADEL that Pulumi manages."""


main.add_command(doctor)
main.add_command(drift)
main.add_command(emulator)
main.add_command(generate)
main.add_command(import_object)
main.add_command(preview_guard)
