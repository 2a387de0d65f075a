"""``zorg doctor``: checks what `pulumi up` needs, before it runs. It writes nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pulumi_zorg.cli.options import format_option, stack_options, type_option
from pulumi_zorg.cli.stack import PulumiFailed, Stack
from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES

if TYPE_CHECKING:
    from pulumi_zorg.settings.config import Settings


def _org_id(value: str) -> str:
    from pulumi_zorg.resource_types.inputs import wrong_id

    reason = wrong_id(value)
    if reason is not None:
        raise click.BadParameter(f"{value!r} {reason}")
    return value


@click.command()
@stack_options
@click.option(
    "--org",
    "org_ids",
    type=_org_id,
    multiple=True,
    metavar="ID",
    help="Check the rights in this organization. It can be given more than once. The default is the rights on the instance.",
)
@type_option("Check the rights for this type only")
@click.option("--read-only", is_flag=True, help="Check only the rights to read, which previews and `zorg drift` need.")
@format_option
def doctor(stack: Stack, org_ids: tuple[str, ...], only: tuple[str, ...], read_only: bool, form: str) -> None:
    """Checks what `pulumi up` needs, and changes nothing.

    It checks the address, the credential, its rights, the server, the engine and more. Each line is ok, a warning, an error, or a
    check that was skipped because another one failed. The exit code is 1 if there is an error, and else 0.
    """
    # These import the HTTP client, which takes half a second; --help does not need it.
    from pulumi_zorg.cli.doctor_formats import FORMATS
    from pulumi_zorg.doctor.examination import Examination
    from pulumi_zorg.doctor.pipeline import diagnose

    examination = Examination(
        stack.folder,
        lambda: _load(stack),
        tuple(dict.fromkeys(org_ids)),
        only or tuple(RESOURCE_TYPES),
        read_only,
        lambda: stack.outline if stack.in_project else None,
    )
    try:
        diagnosis = diagnose(examination)
    finally:
        examination.close()
    FORMATS.write(form, diagnosis)
    sys.exit(0 if diagnosis.healthy else 1)


def _load(stack: Stack) -> tuple[Settings, str | None]:
    """Return the settings of the stack, or of the environment alone where there is no stack, and why not those of the stack."""
    try:
        return stack.settings, None
    except PulumiFailed as failed:
        why = f"the stack's configuration cannot be read: {failed}"
    if stack.requested is not None:
        raise ConfigurationError(why)
    why = f"{why} The settings are those of the environment alone. Select a stack, or name it with --stack."
    return stack.settings_of_environment, why
