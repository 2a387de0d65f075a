"""``zorg doctor``: checks what `pulumi up` needs, before it runs, and writes what it found in each format. It changes nothing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from pulumi_zorg.cli.options import format_option, stack_options, type_option
from pulumi_zorg.cli.stack import PulumiFailed, Stack
from pulumi_zorg.cli.writing import LONGEST, Formats, code, row
from pulumi_zorg.doctor.findings import Diagnosis, Status
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES

if TYPE_CHECKING:
    from pulumi_zorg.settings.config import Settings

_STYLES: dict[Status, dict[str, Any]] = {
    "ok": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "error": {"fg": "red", "bold": True},
    "skipped": {"dim": True},
}
#: The levels of annotations. A skipped check adds nothing to the error that it names.
_LEVELS = {"warning": "warning", "error": "error", "skipped": "notice"}


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


def _table(diagnosis: Diagnosis) -> Iterator[str]:
    """Return one line for each finding, and one that counts them."""
    for each in diagnosis.findings:
        status = click.style(f"{each.status:<8}", **_STYLES[each.status])
        yield f"{status}{each.check:<11} {clean(each.message, LONGEST)}"
    yield click.style(_summary(diagnosis), bold=True)


def _markdown(diagnosis: Diagnosis) -> Iterator[str]:
    yield from (f"**{_summary(diagnosis)}**", "", "| result | check | what |", "|---|---|---|")
    yield from (row(each.status, each.check, code(each.message)) for each in diagnosis.findings)


def _annotations(diagnosis: Diagnosis) -> Iterator[tuple[str, str, str]]:
    for each in diagnosis.findings:
        if each.status in _LEVELS:
            yield _LEVELS[each.status], f"zorg doctor: {each.check}", each.message
    yield "notice" if diagnosis.healthy else "error", "zorg doctor", _summary(diagnosis)


FORMATS = Formats(_table, _markdown, _annotations)


def _plural(status: Status) -> str:
    return f"{status}s" if status in ("warning", "error") else status


def _summary(diagnosis: Diagnosis) -> str:
    counts = Counter(each.status for each in diagnosis.findings)
    shown = (f"{counts[each]} {_plural(each) if counts[each] > 1 else each}" for each in _STYLES if counts[each])
    return f"doctor: {', '.join(shown)}"
