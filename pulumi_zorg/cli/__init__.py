"""The command ``zorg``."""

from __future__ import annotations

import click

from pulumi_zorg.cli.doctor import doctor
from pulumi_zorg.cli.drift import drift
from pulumi_zorg.cli.emulator import emulator
from pulumi_zorg.cli.generate import generate
from pulumi_zorg.cli.import_object import import_object
from pulumi_zorg.cli.preview_guard import preview_guard

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-zorg", prog_name="zorg")
def main() -> None:
    """Tools for the objects of ZITADEL that Pulumi manages."""


main.add_command(doctor)
main.add_command(drift)
main.add_command(emulator)
main.add_command(generate)
main.add_command(import_object)
main.add_command(preview_guard)
