"""``zorg generate`` writes a program that declares what exists, and an import file for it. ``zorg import`` does so for one object.

It brings that object into the stack's state, by its id.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import click

from pulumi_zorg.cli.options import import_file_option, stack_options, type_argument
from pulumi_zorg.cli.stack import Stack, connected, notice
from pulumi_zorg.cli.writing import refuse_existing, whole_output, write_text
from pulumi_zorg.resource_types.impact import count_text

_notice, _import_notice = partial(notice, "generate"), partial(notice, "import")


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
@click.option(
    "--people",
    is_flag=True,
    help="The people too, with their names and email addresses. Without it, only service accounts: people come and go without a program.",
)
@click.option("--missing", is_flag=True, help="Only what the stack's state does not have.")
def generate(
    stack: Stack,
    organizations: tuple[str, ...],
    everything: bool,
    state: str | None,
    out: Path | None,
    import_file: Path | None,
    people: bool,
    missing: bool,
) -> None:
    """Writes a Python program that declares what exists.

    It declares organizations, and all that a resource can manage in them; people only with --people. Neither `pulumi import` of
    the import file nor `pulumi up` on the program changes anything on the server. The exit code is 1 if something could not
    be read or declared; the program then has a comment for each.
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

    managed = None
    if missing:
        from pulumi_zorg.generate.selection import Managed

        managed = Managed.of(stack.name, stack.export())
    with connected(stack.settings, "generate") as world:
        from pulumi_zorg.generate import pipeline  # it loads all that calls need, and errors before do not need it

        imports = import_file is not None
        generated = pipeline.generate(world, organizations, state, imports=imports, managed=managed, on_request=people)
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


@click.command("import")
@stack_options
@type_argument
@click.argument("name")
@click.argument("id_", metavar="ID")
@click.option("--org", "org_id", metavar="ID", help="The organization that the object is in.")
@click.option("--project", "project_id", metavar="ID", help="The project within which the id is unique.")
@click.option(
    "--parent",
    metavar="[VARIABLE=]URN",
    help="The parent of the resource, and the variable that holds it in the program.",
)
@import_file_option("Only write the file for `pulumi import --file`, and import nothing.")
def import_object(
    stack: Stack,
    token: str,
    name: str,
    id_: str,
    org_id: str | None,
    project_id: str | None,
    parent: str | None,
    import_file: Path | None,
) -> None:
    """Imports one object that exists into the stack.

    It becomes the resource NAME, and its declaration for the program is printed. This is for an object that its name does not
    single out. It calls `pulumi import`, and changes nothing on the server. It needs pulumi 3.254 or newer.
    """
    if import_file is not None:
        refuse_existing(import_file, option="--import-file")
    stack.require_imports("Install it, or declare the object with adopt=True.")

    # These import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.generate.pipeline import import_one
    from pulumi_zorg.generate.selection import Managed

    given = {"org_id": org_id, "project_id": project_id}
    address = {name: value for name, value in given.items() if value is not None}
    managed = Managed.of(stack.name, stack.export())
    with connected(stack.settings, "import") as world:
        imported = import_one(world, managed, token, name, id_, address, parent)
    for remark in imported.remarks:
        _import_notice(remark)
    if import_file is not None:
        write_text(import_file, imported.import_file)
        _import_notice(f"import it with `{stack.import_command(import_file)}`, and add this to the program:")
    else:
        with tempfile.TemporaryDirectory() as folder:  # nobody else may read it
            file = Path(folder) / "import.json"
            file.write_text(imported.import_file, encoding="utf-8")
            click.echo(stack.import_file(file), err=True, nl=False)
        _import_notice(
            f"stack {managed.stack} now has it, with protect=True. Add this to the program, and run `pulumi up`:"
        )
    with whole_output():
        click.echo(imported.text)
