"""Queries on metadata."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_zorg.emulator.http.lists import kind_of, matches
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.metadata.projection import MetadataReadModel


def predicate(query: MessageDict) -> Callable[[MetadataReadModel], bool]:
    """Return whether an entry matches one query of a search. All queries are about the key."""
    _, inner = kind_of(query)
    return lambda entry: matches(inner["method"], entry.key, inner["key"])
