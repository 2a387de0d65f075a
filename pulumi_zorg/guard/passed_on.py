"""Which options ``zorg preview-guard`` passes on to ``pulumi preview`` and ``pulumi destroy``. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pulumi_zorg.errors import ConfigurationError, clean

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
