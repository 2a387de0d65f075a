"""``zorg generate``: writes a program that declares what exists, and an import file for it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from pulumi_zorg.cli.files import refuse_existing, write_text
from pulumi_zorg.cli.options import import_file_option, stack_options
from pulumi_zorg.cli.reading import connected, notice
from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.cli.writing import whole_output
from pulumi_zorg.resource_types.impact import count_text

_notice = partial(notice, "generate")


@click.command()
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
@import_file_option(
    "Write the file for `pulumi import --file` too, which brings the objects into the stack (pulumi 3.254 or newer). Without it, the "
    "resources have adopt=True."
)
@click.option("--missing", is_flag=True, help="Only what the stack's state does not have.")
def generate(
    stack: Stack,
    organizations: tuple[str, ...],
    everything: bool,
    state: str | None,
    out: Path | None,
    import_file: Path | None,
    missing: bool,
) -> None:
    """Writes a Python program that declares what exists.

    It declares organizations, and all that a resource can manage in them. Neither `pulumi import` of the import file nor
    `pulumi up` on the program changes anything on the server. The exit code is 1 if something could not be read or declared;
    the program then has a comment for each.
    """
    if bool(organizations) is everything:
        raise click.ClickException("give --org for each organization, or --all")
    if missing and out is not None:
        raise click.ClickException(
            "--missing is for a program that exists: leave out --out, and add what is printed to it"
        )
    refuse_existing(*(() if out is None else (out / "Pulumi.yaml", out / "__main__.py")), option="--out")
    if import_file is not None:
        refuse_existing(import_file, option="--import-file")
        stack.require_imports(
            "Install it, or leave out --import-file: the resources of the program then have adopt=True."
        )

    # They import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.generate import pipeline
    from pulumi_zorg.generate.selection import Managed

    managed = Managed.of(stack.name, stack.state) if missing else None
    with connected(stack.settings, "generate") as world:
        imports = import_file is not None
        generated = pipeline.generate(world, organizations, state, imports=imports, managed=managed)
    for why in generated.left_out:
        _notice(why)
    if managed is not None and not generated.resources:
        _notice(f"stack {managed.stack} already has all of it")
        sys.exit(1 if generated.left_out else 0)
    resources = count_text(generated.resources, "resource")
    if import_file is not None and generated.resources:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)  # the file may be in it
        write_text(import_file, generated.import_file)
        _notice(f"{import_file} has {resources}. Bring them into the stack with `{stack.import_command(import_file)}`")
    if out is None:
        with whole_output():
            click.echo(generated.text, nl=False)
    else:
        _write(out, generated.text)
        click.echo(f"{out}: a Pulumi project with {resources}", err=True)
    for remark in generated.remarks:
        _notice(remark)
    sys.exit(1 if generated.left_out else 0)


def _write(out: Path, program: str) -> None:
    """Write a Pulumi project. A file that exists is not changed."""
    from pulumi_zorg.generate.python_text import slug
    from pulumi_zorg.generate.repository import files

    out.mkdir(parents=True, exist_ok=True)
    for name, text in {**files(slug(out.resolve().name) or "tenants"), "__main__.py": program}.items():
        if (out / name).exists():
            _notice(f"{out / name} exists and was not changed. It would have been:\n{text.rstrip()}")
        else:
            (out / name).write_text(text, encoding="utf-8")
