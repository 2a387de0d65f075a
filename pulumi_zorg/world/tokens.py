"""The type tokens of the resources, as they are in the state and in URNs."""

from __future__ import annotations

_PREFIX = "pulumi-python:dynamic/zorg:"


def type_token(name: str) -> str:
    """Return the type token of a resource class.

    :param name: as a program writes it, like ``UserGrant``.
    """
    return f"{_PREFIX}{name}"


def short(type: str) -> str:
    """Return the type as a program writes it, like ``UserGrant``."""
    return type.rsplit(":", 1)[-1]


def resource_name(urn: str) -> str:
    """Return the resource's name in the program. It may have any characters."""
    return urn.split("::", 3)[-1]


def is_ours(type: object) -> bool:
    """Whether the type token is that of a resource of this package."""
    return isinstance(type, str) and type.startswith(_PREFIX)
