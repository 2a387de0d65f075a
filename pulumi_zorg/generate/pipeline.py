"""``zorg generate`` and ``zorg import``, top to bottom: read what exists, name it, and write a program and an import file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_zorg.errors import InputError, clean
from pulumi_zorg.generate.import_file import import_file
from pulumi_zorg.generate.managed import Managed, resource_name
from pulumi_zorg.generate.names import variable
from pulumi_zorg.generate.program import Way, declaration, program
from pulumi_zorg.generate.selection import select, select_one, verify
from pulumi_zorg.resource_types.inputs import wrong_id
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.reader import World
from pulumi_zorg.world.tokens import short

__all__ = ["Generated", "Imported", "Wanted", "generate", "import_one"]


@dataclass(frozen=True)
class Generated:
    """A program, and the import file for it.

    :ivar resources: how many resources it declares.
    :ivar left_out: why objects are not in it, as sentences.
    :ivar import_file: empty for a program that adopts.
    :ivar remarks: what else the user should know, as sentences.
    """

    text: str
    resources: int
    left_out: Sequence[str]
    remarks: Sequence[str]
    import_file: str = ""


@dataclass(frozen=True)
class Wanted:
    """An object to import.

    :param type: the type token.
    :param name: the name of the resource.
    :param address: what else finds the object, by property.
    :param parent: the URN of the resource's parent, with the variable that holds it before it (``tenant=urn:…``) or without;
        None for the stack itself.
    """

    type: str
    name: str
    id: str
    address: Mapping[str, str]
    parent: str | None = None


@dataclass(frozen=True)
class Imported:
    """The declaration of one object, and the import file for it.

    :ivar remarks: what the user should know, as sentences.
    """

    text: str
    import_file: str
    remarks: Sequence[str]


def generate(
    world: World,
    organizations: Sequence[str],
    state: str | None,
    *,
    imports: bool = False,
    managed: Managed | None = None,
) -> Generated:
    """Return a program that declares the organizations and what is in them. It is formatted and typed.

    :param organizations: ids or names; none for all that exist.
    :param state: only organizations that are ``active`` or ``inactive``; None for both.
    :param imports: whether an import file brings the objects into the stack; else the resources adopt them.
    :param managed: what the stack's state has already, and is left out; None for a new stack.
    :raises InputError: for an id or a name that cannot be one.
    :raises NoMatch: for an organization that does not exist.
    :raises SeveralMatches: for a name that several organizations have.
    """
    verify(organizations)
    own = () if managed is None else managed.resources.keys()
    # What an import says is believed, while an adoption reads the object.
    selection = select(world, organizations, state, managed=own, by_id=imports)
    written = program(selection, Way(imports, managed))
    file = import_file(written.resources) if imports else ""
    return Generated(written.text, len(written.resources), written.left_out, selection.remarks, file)


def import_one(world: World, wanted: Wanted, managed: Managed) -> Imported:
    """Return the declaration of one object, which is read by its id, and the import file for it.

    :param managed: what the stack's state has already.
    :raises InputError: for an id or a name that cannot be one, for an object of another organization, and where the state does
        not allow the import.
    :raises Gone: where the object was removed.
    :raises NotProven: where neither the object nor its removal can be shown.
    """
    resource_type, what = RESOURCE_TYPES[wanted.type], f"{short(wanted.type)} {clean(wanted.name)!r}"
    if not wanted.name.strip() or not wanted.name.isprintable():
        raise InputError(what, "NAME", "must be a name that can be printed")
    for name in [each for each in wanted.address if each not in resource_type.address]:
        raise InputError(what, _option(name), f"does not belong to a {resource_type.noun}: leave it out")
    for name in resource_type.address:
        if name not in wanted.address and name not in resource_type.looked_up:
            raise InputError(what, _option(name), f"is missing: a {resource_type.noun} cannot be found by its id alone")
    for label, value in {"ID": wanted.id, **{_option(name): value for name, value in wanted.address.items()}}.items():
        reason = wrong_id(value)
        if reason is not None:
            raise InputError(what, label, reason)
    selection = select_one(world, resource_type, wanted.id, wanted.address)
    named, parent = _variable_and_urn(wanted.parent)
    managed.refuse(selection.objects[0], wanted.name, parent)
    holds_parent = None if parent is None else named or variable(resource_name(parent), set())
    text, resource = declaration(selection.objects[0], wanted.name, selection, Way(True, managed), holds_parent)
    return Imported(text, import_file([resource], parent), selection.remarks)


def _variable_and_urn(parent: str | None) -> tuple[str, str | None]:
    """Return the variable of a parent, empty where it was not given, and its URN. Both may have ``=`` in them."""
    variable, separator, rest = (parent or "").partition("=urn:")
    if separator and not variable.startswith("urn:"):
        return variable, f"urn:{rest}"
    return "", parent or None


def _option(property: str) -> str:
    """Return the option of the command that gives a property of the address."""
    return f"--{property.removesuffix('_id')}"
