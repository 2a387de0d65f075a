"""The type tokens of the resources, as they are in the state and in URNs, and the keys of objects."""

from __future__ import annotations

from typing import NamedTuple

_PREFIX = "pulumi-python:dynamic/zorg:"


class Key(NamedTuple):
    """What is unique on an instance. An id alone is not: callers of the v2 API choose ids.

    :param token: the type token.
    :param within: the id of the object within which ids of this type are unique; empty where they are unique on the instance.
    """

    token: str
    id: str
    within: str = ""


def type_token(name: str) -> str:
    """Return the type token of a resource class.

    :param name: as a program writes it, like ``UserGrant``.
    """
    return f"{_PREFIX}{name}"


def short(type: str) -> str:
    """Return the type as a program writes it, like ``UserGrant``."""
    return type.rsplit(":", 1)[-1]


def is_ours(type: object) -> bool:
    """Whether the type token is that of a resource of this package."""
    return isinstance(type, str) and type.startswith(_PREFIX)
