"""``zorg generate``: writes a program that adopts what exists."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pulumi_zorg.cli.stack import OneForErrors, Stack, stack_options
from pulumi_zorg.cli.writing import progress_bar, whole_output
from pulumi_zorg.errors import ZorgError

__all__ = ["generate"]


@click.command(cls=OneForErrors)
@stack_options
@click.option(
    "--org",
    "organizations",
    multiple=True,
    metavar="ID|NAME",
    help="This organization. It can be given more than once.",
)
@click.option("--all", "everything", is_flag=True, help="All organizations of the instance.")
@click.option("--state", type=click.Choice(["active", "inactive"]), help="Only organizations in this state.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a Pulumi project into this folder. Without it, the program is printed.",
)
def generate(
    stack: str | None, cwd: Path, organizations: tuple[str, ...], everything: bool, state: str | None, out: Path | None
) -> None:
    """Writes a Python program that adopts organizations and all that a resource can manage in them.

    `pulumi up` on the program changes nothing on the server. The exit code is 1 if something could not be read or declared;
    the program then has a comment for each.
    """
    if bool(organizations) is everything:
        raise click.ClickException("give --org for each organization, or --all")
    for file in () if out is None else (out / "Pulumi.yaml", out / "__main__.py"):
        if file.exists():
            raise click.ClickException(f"{file} exists: give another folder with --out")

    # They import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.client import Client
    from pulumi_zorg.drift.concurrency import Reader
    from pulumi_zorg.generate import pipeline

    try:
        client = Client.connect(Stack(cwd, stack).settings, notice=_notice)
        try:
            generated = pipeline.generate(Reader(client, progress_bar, _notice), organizations, state)
        finally:
            client.close()
    except ZorgError as error:
        raise click.ClickException(str(error)) from None
    if out is None:
        with whole_output():
            click.echo(generated.text, nl=False)
    else:
        _write(out, generated.text)
        click.echo(f"{out}: a Pulumi project with {generated.resources} resources", err=True)
    for remark in generated.remarks:
        _notice(remark)
    for why in generated.left_out:
        _notice(why)
    sys.exit(1 if generated.left_out else 0)


def _write(out: Path, program: str) -> None:
    """Write a Pulumi project. What a repository has already beside the program stays as it is."""
    from pulumi_zorg.generate.repository import files

    out.mkdir(parents=True, exist_ok=True)
    for name, text in {**files(_project_name(out)), "__main__.py": program}.items():
        if (out / name).exists():
            _notice(f"{out / name} exists, and stays as it is. It would have been:\n{text.rstrip()}")
        else:
            (out / name).write_text(text, encoding="utf-8")


def _notice(sentence: str) -> None:
    click.echo(f"generate: {sentence}", err=True)


def _project_name(folder: Path) -> str:
    from pulumi_zorg.generate.names import slug

    return slug(folder.resolve().name) or "tenants"
