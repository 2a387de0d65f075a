"""The options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.cli.writing import FORMS
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import short

Command = Callable[..., None]


def stack_options(command: Command) -> Command:
    """Add ``--stack`` and ``--cwd``. The command gets what they name as ``stack``, a :class:`Stack`."""

    @click.option("--stack", metavar="NAME", help="The stack. The default is the selected one.")
    @click.option(
        "--cwd",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        default=Path(),
        help="The program's folder. The default is the current one.",
    )
    @wraps(command)
    def with_stack(*, stack: str | None, cwd: Path, **options: Any) -> None:
        command(stack=Stack(cwd, stack), **options)

    return with_stack


#: The option ``--format``.
format_option = click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="The output format."
)


def import_file_option(help: str) -> Callable[[Command], Command]:
    """Return the option ``--import-file``, a file that is written for `pulumi import --file`."""
    file = click.Path(path_type=Path, dir_okay=False)
    return click.option("--import-file", type=file, metavar="FILE", help=help)


def type_option(help: str) -> Callable[[Command], Command]:
    """Return the option ``--only``, which names resource types.

    :param help: the beginning of its help.
    """
    return click.option(
        "--only",
        type=_type_token,
        multiple=True,
        metavar="TYPE",
        help=f"{help}: {_type_names()}. It can be given more than once.",
        shell_complete=_complete_types,
        callback=lambda context, option, tokens: tuple(dict.fromkeys(tokens)),
    )


def _type_token(value: str) -> str:
    """Return the type token of a type, given as a program writes it or as it is in a URN."""
    found = next((each for each in RESOURCE_TYPES if short(each).lower() == short(value).lower()), None)
    if found is None:
        raise click.BadParameter(f"{value!r} is none of {_type_names()}")
    return found


def _complete_types(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in map(short, RESOURCE_TYPES) if name.lower().startswith(incomplete.lower())]


def _type_names() -> str:
    return ", ".join(map(short, RESOURCE_TYPES))


#: The argument ``TYPE``, a resource type.
type_argument = click.argument("token", type=_type_token, metavar="TYPE", shell_complete=_complete_types)
