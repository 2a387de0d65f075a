"""``zorg generate`` and ``zorg import``, top to bottom: read what exists, name it, and write a program and an import file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.engine.state_form import outputs
from pulumi_zorg.errors import InputError, clean
from pulumi_zorg.generate.program import Declared, Way, declaration, program
from pulumi_zorg.generate.python_text import variable
from pulumi_zorg.generate.selection import Managed, select, select_one, verify
from pulumi_zorg.resource_types.inputs import wrong_id
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES, resource_class
from pulumi_zorg.world.reader import World
from pulumi_zorg.world.tokens import resource_name, short


@dataclass(frozen=True)
class Generated:
    """The program for what exists, or the declaration of one object, and the import file for it.

    :ivar resources: how many resources it declares.
    :ivar left_out: why objects are not in it, as sentences.
    :ivar remarks: what else the user should know, as sentences.
    :ivar import_file: empty for a program that adopts.
    """

    text: str
    resources: int
    left_out: Sequence[str]
    remarks: Sequence[str]
    import_file: str = ""


def generate(
    world: World,
    organizations: Sequence[str],
    state: str | None,
    *,
    imports: bool = False,
    managed: Managed | None = None,
    on_request: bool = False,
) -> Generated:
    """Return a program that declares the organizations and what is in them. It is formatted and typed.

    :param organizations: ids or names; none for all that exist.
    :param state: only organizations that are ``active`` or ``inactive``; None for both.
    :param imports: whether an import file brings the objects into the stack; else the resources adopt them.
    :param managed: what the stack's state has already, and is left out; None for a new stack.
    :param on_request: whether the types are included that are generated only on request (:attr:`ResourceType.on_request`).
    :raises InputError: for an id or a name that cannot be one.
    :raises NoMatch: for an organization that does not exist.
    :raises SeveralMatches: for a name that several organizations have.
    """
    verify(organizations)
    way = Way(imports, managed or Managed(""))
    # What an import file has is not verified, while an adoption reads the object.
    have = way.managed.resources.keys()
    selection = select(world, organizations, state, managed=have, by_id=imports, on_request=on_request)
    text, resources, left_out = program(selection, way)
    return Generated(text, len(resources), left_out, selection.remarks, import_file(resources) if imports else "")


def import_one(
    world: World,
    managed: Managed,
    token: str,
    name: str,
    id: str,
    address: Mapping[str, str],
    parent: str | None = None,
) -> Generated:
    """Return the declaration of one object, which is read by its id, and the import file for it.

    :param managed: what the stack's state has already.
    :param token: the type token.
    :param name: the name of the resource.
    :param address: what else finds the object, by property.
    :param parent: the URN of the resource's parent, with the variable that holds it before it (``tenant=urn:…``) or without;
        None for the stack itself.
    :raises InputError: for an id or a name that cannot be one, for an object of another organization, and where the state does
        not allow the import.
    :raises Gone: where the object was removed.
    :raises NotProven: where neither the object nor its removal can be shown.
    """
    resource_type, what = RESOURCE_TYPES[token], f"{short(token)} {clean(name)!r}"
    if not name.strip() or not name.isprintable():
        raise InputError(what, "NAME", "must be a name that can be printed")
    for each in [each for each in address if each not in resource_type.address]:
        raise InputError(what, _option(each), f"does not belong to a {resource_type.noun}: leave it out")
    for each in resource_type.address:
        if each not in address and each not in resource_type.looked_up:
            raise InputError(what, _option(each), f"is missing: a {resource_type.noun} cannot be found by its id alone")
    for label, value in (("ID", id), *((_option(each), value) for each, value in address.items())):
        if (reason := wrong_id(value)) is not None:
            raise InputError(what, label, reason)
    selection = select_one(world, resource_type, id, address)
    named, urn = _variable_and_urn(parent)
    managed.refuse(selection.objects[0], name, urn)
    holds_parent = None if urn is None else named or variable(resource_name(urn), set())
    text, resource = declaration(selection.objects[0], name, selection, Way(True, managed), holds_parent)
    return Generated(text, 1, (), selection.remarks, import_file([resource], urn))


def _variable_and_urn(parent: str | None) -> tuple[str, str | None]:
    """Return the variable of a parent, empty where it was not given, and its URN. Both may have ``=`` in them."""
    variable, separator, rest = (parent or "").partition("=urn:")
    if separator and not variable.startswith("urn:"):
        return variable, f"urn:{rest}"
    return "", parent or None


def _option(property: str) -> str:
    """Return the option of the command that gives a property of the address."""
    return f"--{property.removesuffix('_id')}"


def import_file(resources: Iterable[Declared], parent: str | None = None) -> str:
    """Return an import file.

    The engine does not call the provider, and writes each entry into the state as it is. An internal input, which the state
    never has, would be a change in the next preview.

    :param parent: the URN of the parent of all resources; None for the stack itself.
    """
    entries = [_entry(each) for each in resources]
    content: dict[str, Any] = {"resources": entries}
    if parent is not None:
        # Neither this name nor those of the entries are in the state.
        children = [{**each, "parent": "the parent"} for each in entries]
        content = {"nameTable": {"the parent": parent}, "resources": children}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _entry(resource: Declared) -> dict[str, Any]:
    from pulumi.dynamic.dynamic import PROVIDER_KEY  # only an import file needs pulumi's SDK

    from pulumi_zorg.resource_types.registration import pickled_provider

    token = resource.resource_type.token
    provider = {PROVIDER_KEY: pickled_provider(resource_class(token)._dynamic_provider)}
    return {
        "type": token,
        # Unique in the file, where resources of several types may have one name.
        "name": f"{short(token)} {resource.name}",
        "logicalName": resource.name,
        "id": resource.observed.id,
        "inputs": {**resource.inputs, **provider},
        "outputs": {**outputs(resource.resource_type, resource.observed, resource.inputs), **provider},
    }
