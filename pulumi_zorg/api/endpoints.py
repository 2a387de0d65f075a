"""One call of the API as data: the client makes it, and the documentation lists it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pulumi_zorg.errors import InputError


@dataclass(frozen=True)
class Endpoint:
    """A call of the API.

    :param path: with the names of ids in braces, like ``/management/v1/projects/{id}``.
    :param permission: the permission that the caller needs, like ``project.write``.
    """

    method: str
    path: str
    permission: str

    def at(self, ids: Mapping[str, str]) -> str:
        """Return the path with these ids.

        :raises InputError: for ``.`` and ``..``. Clients, servers and proxies read them as a folder, also when they are
            encoded, so the call would be about another object.
        """
        for name, value in ids.items():
            if value in (".", ".."):
                raise InputError(f"{self.method} {self.path}", name, f"cannot be {value!r}, which changes the path")
        return self.path.format(**{name: quote(value, safe="") for name, value in ids.items()})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
