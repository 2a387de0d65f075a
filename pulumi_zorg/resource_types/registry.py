"""The registry of resource types, by the type token that they have in the state. Each module of a type is loaded when it is used.

The inputs of a type can be had without its declaration, whose calls need pydantic.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.world.tokens import short, type_token

if TYPE_CHECKING:
    from pulumi_zorg.resource_types.access import AccessModel
    from pulumi_zorg.resource_types.inputs import Inputs
    from pulumi_zorg.resource_types.registration import ZitadelResource
    from pulumi_zorg.resource_types.resource_type import ResourceType


T = TypeVar("T")

#: The package of each type in resource_types/, by its type token, which has the name of its resource class. A new type is a line here.
_PACKAGES = {
    type_token("Organization"): "organization",
    type_token("MachineUser"): "machine_user",
    type_token("HumanUser"): "human_user",
    type_token("Project"): "project",
    type_token("ProjectGrant"): "project_grant",
    type_token("UserGrant"): "user_grant",
    type_token("Manager"): "manager",
}


def is_known(type: object) -> bool:
    """Whether the type token is that of a resource of this release. It loads nothing."""
    return type in list(_PACKAGES)


class _Registry(Mapping[str, T], Generic[T]):
    """What each type's package has under one name, by type token.

    :param module: the module of the packages that has it.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __getitem__(self, type: str) -> T:
        if type not in _PACKAGES:
            raise ConfigurationError(
                f"This release does not know the resource type {clean(type, 200)}. Install a newer one."
            )
        found: T = _load(_PACKAGES[type], self._module, self._name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_PACKAGES)

    def __len__(self) -> int:
        return len(_PACKAGES)


@cache
def _load(package: str, module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"pulumi_zorg.resource_types.{package}.{module}"), name)


def resource_class(token: str) -> type[ZitadelResource]:
    """Return the class by which a program declares a resource of a type."""
    found: type[ZitadelResource] = _load(_PACKAGES[token], "resource", short(token))
    return found


def referred_types(property: str) -> tuple[str, ...]:
    """Return the type tokens of the objects that a property has the ids of: of ``org_id`` and ``granted_org_id``, organizations.

    Several for a property that names objects of several types, and none for one that refers to nothing that a type manages.
    """
    return tuple(
        token
        for token, resource_type in RESOURCE_TYPES.items()
        if property == resource_type.reference or property.endswith(f"_{resource_type.reference}")
    )


def in_order_of_references() -> Iterator[tuple[str, ResourceType[Any]]]:
    """Return the resource types with their tokens, each after those that its inputs refer to: the order in a program."""
    order = TopologicalSorter(
        {
            token: {other for name in each.inputs.names() for other in referred_types(name)} - {token}
            for token, each in RESOURCE_TYPES.items()
        }
    )
    return ((token, RESOURCE_TYPES[token]) for token in order.static_order())


#: All resource types.
RESOURCE_TYPES: Mapping[str, ResourceType[Any]] = _Registry("declaration", "TYPE")
#: The models of their inputs.
INPUTS: Mapping[str, type[Inputs]] = _Registry("inputs", "INPUTS")
#: What their changes do to who can get in.
ACCESS: Mapping[str, AccessModel] = _Registry("access", "ACCESS")
