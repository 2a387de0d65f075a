"""Pure: what the state has of an object, beside what the program declares of it. An import file has the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pulumi_zorg.resource_types.inputs import DIFFERS, FILLED
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import Observed


def outputs(type: ResourceType[Any], observed: Observed, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a resource.

    :param declared: its inputs, in the state's form.
    """
    found = {**declared, **in_state(type, observed, frozenset(type.server_defaults) - declared.keys())}
    names = differing(type, observed, declared)
    return {**found, DIFFERS: names} if names else found


def in_state(type: ResourceType[Any], observed: Observed, filled: Collection[str]) -> dict[str, Any]:
    """Return an object's properties as the state has them.

    :param filled: what the server filled in. It is kept apart, for it was not declared.
    """
    apart = {name: value for name, value in observed.properties.items() if name in filled}
    hidden = apart.keys() - type.inputs.left_as_is.keys()
    rest = {name: value for name, value in observed.properties.items() if name not in hidden}
    return {**rest, FILLED: apart} if apart and type.records_server_defaults else rest


def differing(type: ResourceType[Any], observed: Observed, declared: Mapping[str, Any]) -> list[str]:
    """Return the properties that are otherwise than declared."""
    return [
        name
        for name in changeable(type, declared)
        if name in observed.properties and observed.properties[name] != declared[name]
    ]


def changeable(type: ResourceType[Any], declared: Mapping[str, Any]) -> list[str]:
    """Return the declared properties that an update can change on the server."""
    return [name for name in ("active", *type.updatable) if name in declared]
