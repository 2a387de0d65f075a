"""A call of the API, as :class:`Transport` sends it, and as data: the client makes it, and the documentation lists it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import quote

from typing_extensions import Unpack

from pulumi_zorg.errors import InputError

#: Names the organization that a call of the management API acts on.
ORG_HEADER = "x-zitadel-orgid"


@dataclass(frozen=True)
class Call:
    """One call of the API.

    :param operation: what it is for, as the beginning of a sentence: "Reading organization 42".
    :param reads: whether it changes nothing, and so may be repeated after any failure.
    :param hint: preconditions, as a sentence; shown where ZITADEL answers that one is missing.
    """

    operation: str
    method: str
    path: str
    org: str | None = None
    body: dict[str, Any] | None = None
    reads: bool = False
    hint: str = ""


class WriteOptions(TypedDict, total=False):
    """What is given to a call beside its operation and the organization. See :class:`Call`.

    :param ids: the ids in the endpoint's path.
    """

    body: dict[str, Any] | None
    ids: Mapping[str, str] | None
    hint: str


class CallOptions(WriteOptions, total=False):
    """The same, and the organization that the header names."""

    org: str | None


@dataclass(frozen=True)
class Endpoint:
    """A call of the API.

    :param path: with the names of ids in braces, like ``/management/v1/projects/{id}``.
    :param permission: the permission that the caller needs, like ``project.write``.
    """

    method: str
    path: str
    permission: str

    @property
    def is_of_connect(self) -> bool:
        """Whether it is of a service that speaks Connect, which has other names for the page and the filters of a list."""
        return self.path.startswith("/zitadel.")

    def at(self, ids: Mapping[str, str]) -> str:
        """Return the path with these ids.

        :raises InputError: for ``.`` and ``..``. Clients, servers and proxies read them as a folder, also when they are
            encoded, so the call would be about another object.
        """
        for name, value in ids.items():
            if value in (".", ".."):
                raise InputError(f"{self.method} {self.path}", name, f"cannot be {value!r}, which changes the path")
        return self.path.format(**{name: quote(value, safe="") for name, value in ids.items()})

    def call(self, operation: str, *, reads: bool = False, **options: Unpack[CallOptions]) -> Call:
        """Return a call. See :class:`Call`."""
        path = self.at(options.get("ids") or {})
        return Call(
            operation, self.method, path, options.get("org"), options.get("body"), reads, options.get("hint", "")
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
