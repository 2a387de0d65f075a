"""The registry of resource types, by the type token that they have in the state. Each declaration is loaded when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.tokens import type_token

if TYPE_CHECKING:
    from pulumi_zorg.resource_type import ResourceType

__all__ = ["RESOURCE_TYPES"]

#: The package of each type in resource_types/, by the name of its resource class. A new type is a line here.
_PACKAGES = {
    "Organization": "organization",
    "Project": "project",
    "ProjectGrant": "project_grant",
    "UserGrant": "user_grant",
}


class _Registry(Mapping[str, "ResourceType[Any]"]):
    """The declarations, by type token."""

    def __getitem__(self, type: str) -> ResourceType[Any]:
        for name, package in _PACKAGES.items():
            if type_token(name) == type:
                return _load(package)
        raise ConfigurationError(
            f"This release does not know the resource type {clean(type, 200)}. Install a newer one."
        )

    def __iter__(self) -> Iterator[str]:
        return (type_token(name) for name in _PACKAGES)

    def __len__(self) -> int:
        return len(_PACKAGES)


@cache
def _load(package: str) -> ResourceType[Any]:
    declared: ResourceType[Any] = importlib.import_module(f"pulumi_zorg.resource_types.{package}.declaration").TYPE
    return declared


#: All resource types.
RESOURCE_TYPES: Mapping[str, ResourceType[Any]] = _Registry()
