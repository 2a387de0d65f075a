"""The type tokens of the resources, as they are in the state and in URNs. It imports nothing."""

from __future__ import annotations

__all__ = ["ORGANIZATION", "USER_GRANT", "Key", "short"]

ORGANIZATION = "pulumi-python:dynamic/zorg:Organization"
USER_GRANT = "pulumi-python:dynamic/zorg:UserGrant"

#: The type token and the id of an object. Together they are unique on an instance.
Key = tuple[str, str]


def short(type: str) -> str:
    """Return the type as a program writes it, like ``UserGrant``."""
    return type.rsplit(":", 1)[-1]
