"""The options and arguments that several commands share, and those of pulumi that ``zorg preview-guard`` passes on."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.cli.writing import FORMS
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import short

Command = Callable[..., None]

_OWN = "It decides which settings and which state the guard reads. Give it to `zorg preview-guard`, before the `--`"
_FORM = "The guard reads the plan that the engine prints with --json and --show-replacement-steps, and gives these options itself"
_SAVED = "pulumi writes the value into the stack's configuration file, in a preview too. Use `pulumi config set` first, or --config-file"
_PREVIEW = "The guard only previews a destroy"
_ELSEWHERE = "The preview would run on another machine, with other settings"
#: Why an option is refused, by its name.
_REFUSED = {
    "stack": _OWN,
    "cwd": _OWN,
    "config-file": _OWN,
    "config": _SAVED,
    "config-path": _SAVED,
    "override-env": "`pulumi config` does not have it, so the guard would read other settings than the preview",
    "json": _FORM,
    "output": _FORM,
    "show-replacement-steps": _FORM,
    "preview-only": _PREVIEW,
    "skip-preview": _PREVIEW,
    "yes": _PREVIEW,
    "remove": _PREVIEW,
    "remote": _ELSEWHERE,
}
#: The options above that have a letter too.
_LETTERS = {"s": "stack", "C": "cwd", "c": "config", "j": "json", "f": "skip-preview", "y": "yes"}
#: Letters of options that take a value: what follows the letter in its group is the value.
_WITH_VALUE = frozenset("cmpstxCv")


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


def verify_passed_on(options: Sequence[str]) -> None:
    """Verify that no option makes the guard read another stack, other settings or something else than the plan.

    Every word that could be such an option is refused, also where it would be the value of another option.

    :raises ConfigurationError: where one does, or where the first word is not an option. Nothing was called then.
    """
    if options and not options[0].startswith("-"):
        raise ConfigurationError(
            f"{clean(options[0], 300)!r} is not an option of pulumi. Options for `pulumi preview` or `pulumi destroy` come after `--`. "
            "A PLAN is given before it."
        )
    for option in options:
        for name in _names(option):
            why = _REFUSED.get(name, _ELSEWHERE if name.startswith("remote-") else None)
            if why is not None:
                raise ConfigurationError(f"{clean(option, 300)!r} cannot be passed on to pulumi (--{name}). {why}.")


def _names(option: str) -> Iterator[str]:
    """Return the names of the options that a word can be, as pulumi reads it: ``--name=value``, or letters like ``-rsdev``."""
    if option.startswith("--"):
        yield option[2:].partition("=")[0]
    elif option.startswith("-"):
        for letter in option[1:].partition("=")[0]:
            yield _LETTERS.get(letter, letter)
            if letter in _WITH_VALUE:
                return


@contextmanager
def without_collections() -> Iterator[None]:
    """Keep the garbage collector from looking through what is read, again and again: all of it stays until the end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
