"""``zorg import``: brings one object that exists into a stack's state, by its id."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import click

from pulumi_zorg.cli.stack import Stack, readable_errors, refuse_existing, stack_options, type_argument, write_text
from pulumi_zorg.cli.writing import progress_bar, whole_output

__all__ = ["import_object"]


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
@click.option(
    "--import-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Only write the file for `pulumi import --file`, and import nothing.",
)
def import_object(
    stack: str | None,
    cwd: Path,
    type_: str,
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
    of = Stack(cwd, stack)
    of.require_imports("Install it, or declare the object with adopt=True.")

    # They import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.generate.managed import Managed
    from pulumi_zorg.generate.pipeline import Wanted, import_one
    from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
    from pulumi_zorg.world.reader import World

    given = {"org_id": org_id, "project_id": project_id}
    address = {name: value for name, value in given.items() if value is not None}
    with readable_errors():
        managed = Managed.of(of.name, of.state)
        with closing(Client.connect(of.settings, notice=_notice)) as client:
            world = World(client, RESOURCE_TYPES, progress_bar, _notice)
            imported = import_one(world, Wanted(type_, name, id_, address, parent), managed)
    for remark in imported.remarks:
        _notice(remark)
    if import_file is not None:
        write_text(import_file, imported.import_file)
        _notice(f"import it with `{of.import_command(import_file)}`, and add this to the program:")
    else:
        with tempfile.TemporaryDirectory() as folder:  # nobody else may read it
            file = Path(folder) / "import.json"
            file.write_text(imported.import_file, encoding="utf-8")
            click.echo(of.import_file(file), err=True, nl=False)
        _notice(f"stack {managed.stack} has it now, protected. Add this to the program, and run `pulumi up`:")
    with whole_output():
        click.echo(imported.text)


def _notice(sentence: str) -> None:
    click.echo(f"import: {sentence}", err=True)
