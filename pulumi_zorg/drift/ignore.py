"""The patterns of a .zorgignore file: what is not drift. Pure: no I/O. docs/drift.md has their format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_zorg.errors import InputError
from pulumi_zorg.world.tokens import short


@dataclass(frozen=True)
class IgnoreRules:
    """The patterns of one file.

    :param urns: patterns of URNs.
    :param objects: patterns of types and ids.
    :param properties: patterns of types and properties.
    """

    urns: tuple[str, ...] = ()
    objects: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, source: str = ".zorgignore") -> IgnoreRules:
        """Return the rules in the text of a file.

        :param source: the file's name, for messages.
        :raises InputError: for a line that is not a pattern. The message has the line's number.
        """
        urns, objects, properties = [], [], []
        for number, line in enumerate(text.splitlines(), start=1):
            pattern = line.strip()
            if not pattern or pattern.startswith("#"):
                continue
            type_of_id, double, object_id = pattern.rpartition("::")
            type_of_property, single, name = pattern.rpartition(":")
            if pattern.startswith("urn:"):
                urns.append(pattern)
            elif double and type_of_id and object_id:
                objects.append((type_of_id, object_id))
            elif single and type_of_property and name and not double:
                properties.append((type_of_property, name))
            else:
                reason = "is not a pattern: write a URN (urn:pulumi:…), type::id or type:property, with * for anything"
                raise InputError(f"{source}, line {number}", repr(pattern), reason)
        return cls(tuple(urns), tuple(objects), tuple(properties))

    def ignores(self, urn: str | None, token: str, id: str) -> bool:
        """Return whether a whole object is ignored."""
        if urn is not None and any(_matches(urn, pattern) for pattern in self.urns):
            return True
        return _is_among(self.objects, token, id)

    def ignores_property(self, token: str, name: str) -> bool:
        """Return whether a property of all objects of a type is ignored."""
        return _is_among(self.properties, token, name)


def _is_among(patterns: Iterable[tuple[str, str]], token: str, text: str) -> bool:
    """Whether one of the patterns is that of the text, and of the type as a token or as a program writes it."""
    return any(_matches(text, name) and (_matches(token, of) or _matches(short(token), of)) for of, name in patterns)


def _matches(text: str, pattern: str) -> bool:
    """Whether a pattern is that of the text. A text matches itself, also with ``[`` in it."""
    return text == pattern or fnmatchcase(text, pattern)
