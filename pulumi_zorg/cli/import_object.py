"""``zorg import``: brings one object that exists into a stack's state, by its id."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import click

from pulumi_zorg.cli.files import refuse_existing, write_text
from pulumi_zorg.cli.options import import_file_option, stack_options, type_argument
from pulumi_zorg.cli.reading import connected, notice
from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.cli.writing import whole_output

_notice = partial(notice, "import")


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
    managed = Managed.of(stack.name, stack.state)
    with connected(stack.settings, "import") as world:
        imported = import_one(world, managed, token, name, id_, address, parent)
    for remark in imported.remarks:
        _notice(remark)
    if import_file is not None:
        write_text(import_file, imported.import_file)
        _notice(f"import it with `{stack.import_command(import_file)}`, and add this to the program:")
    else:
        with tempfile.TemporaryDirectory() as folder:  # nobody else may read it
            file = Path(folder) / "import.json"
            file.write_text(imported.import_file, encoding="utf-8")
            click.echo(stack.import_file(file), err=True, nl=False)
        _notice(f"stack {managed.stack} now has it, with protect=True. Add this to the program, and run `pulumi up`:")
    with whole_output():
        click.echo(imported.text)
