"""The calls of the API as data, and operations that several versions of it have.

The client makes a call (:class:`Call`), and the documentation lists it (:class:`Endpoint`).

An operation, like "remove an organization", is a tuple of implementations (:class:`Implementation`), the best one first. What a server does
not have is found out once in a process.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypedDict, TypeVar
from urllib.parse import quote

from typing_extensions import Unpack

from pulumi_zorg.errors import AlreadyExists, ApiError, InputError, NotFound, PermissionDenied, UnexpectedAnswer

#: What the paths of the v1 API begin with.
V1 = ("/management/", "/admin/", "/auth/")
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

    @property
    def changes_only_its_object(self) -> bool:
        """Whether it removes, deactivates or reactivates the object that its path names, and fails within another organization."""
        return "/{id}" in self.path and (
            self.method == "DELETE" or self.path.endswith(("/_deactivate", "/_reactivate"))
        )

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


Answer = TypeVar("Answer")


class Proves(Enum):
    """What the answer to a call proves about the organization that the server acted on."""

    #: The call names the organization in the header, and the answer names it in ``details.resourceOwner``. A server may ignore the
    #: header, so it is verified before the first write in an organization that the server honours it.
    OWNER = "owner"
    #: The call names the object by its id, whatever organization it is in. The header is not needed.
    ID = "id"


@dataclass(frozen=True, eq=False)
class Implementation(Generic[Answer]):
    """An implementation of an operation: calls of one version of the API.

    :param endpoints: its calls. `zorg doctor` and the documents follow from them.
    :param make: makes the calls.
    :param proves: what their answers prove.
    :param reads: whether the calls change nothing.
    :param may_lack_right: whether a caller may lack the right to these calls who has that to the next implementation's. The
        server answers 403 or 404 then.
    """

    endpoints: tuple[Endpoint, ...]
    make: Callable[..., Answer]
    proves: Proves = Proves.OWNER
    reads: bool = False
    may_lack_right: bool = False

    @property
    def is_v1(self) -> bool:
        """Whether its calls are of the v1 API."""
        return any(each.path.startswith(V1) for each in self.endpoints)


class Operations:
    """Makes operations by the first of their implementations that the server has.

    :param lacks_v1: finds out by a call whether the server has the v1 API at all.
    """

    def __init__(self, lacks_v1: Callable[[], bool] = lambda: False) -> None:
        self._lacks_v1, self._is_without_v1 = lacks_v1, False
        self._missing: set[Implementation[Any]] = set()
        #: The ids of the objects that this process made. Lists of v2 may not show them yet.
        self.made: set[str] = set()

    def of(self, implementations: Sequence[Implementation[Answer]]) -> Sequence[Implementation[Answer]]:
        """Return the implementations that the server has, as far as that is known."""
        return [each for each in implementations if each not in self._missing] or implementations[-1:]

    def first(self, implementations: Sequence[Implementation[Answer]], *args: Any, **named: Any) -> Answer:
        """Return the answer of the first implementation that the server has and that the caller may use.

        One that the server does not have is not tried again in this process.

        :raises ApiError: where no implementation can be used: the first refusal of one that the server has.
        """
        refused: ApiError | UnexpectedAnswer | None = None
        last: ApiError | UnexpectedAnswer | None = None
        missing: list[Implementation[Any]] = []
        for each in self.of(implementations):
            try:
                answer = each.make(*args, **named)
            except (ApiError, UnexpectedAnswer) as refusal:
                if self._is_missing(each, refusal):
                    missing.append(each)
                elif each.may_lack_right and isinstance(refusal, PermissionDenied | NotFound):
                    refused = refused or refusal
                elif refused is not None and isinstance(refusal, PermissionDenied | NotFound):
                    break
                else:
                    if isinstance(refusal, AlreadyExists):
                        refusal.after_page = isinstance(last, UnexpectedAnswer)
                    if isinstance(refusal, ApiError) and not refusal.is_outage:
                        self._missing.update(missing)
                    raise
                last = refusal
            else:
                # The server has this one, so it is ZITADEL that does not have those before it.
                self._missing.update(missing)
                return answer
        assert last is not None  # noqa: S101 - narrows the type for the checker: there is at least one implementation
        raise (refused or last) from None

    def lacks(self, refusal: ApiError | UnexpectedAnswer) -> bool:
        """Return whether the server does not have a call of v1, by its answer.

        One page of a gateway does not show that: it may have replaced the answer to a call that the server has made. So another call
        of v1 has to be missing too.
        """
        if not refusal.is_missing_call:
            return False
        if isinstance(refusal, UnexpectedAnswer) and not self._is_without_v1:
            self._is_without_v1 = self._lacks_v1()
            return self._is_without_v1
        return True

    def _is_missing(self, implementation: Implementation[Any], refusal: ApiError | UnexpectedAnswer) -> bool:
        """Whether a server answers so that does not have the calls. Some answer with a page of the console, or a redirect to it."""
        if implementation.is_v1:
            return self.lacks(refusal)
        if isinstance(refusal, UnexpectedAnswer):
            return implementation.reads or not refusal.may_have_applied
        return refusal.is_missing_call or (implementation.reads and isinstance(refusal, NotFound))


def permissions_of(implementations: Sequence[Implementation[Any]]) -> tuple[frozenset[str], ...]:
    """Return the sets of permissions that an operation needs: of each set, the caller needs one."""
    of_each = (dict.fromkeys(call.permission for call in each.endpoints) for each in implementations if each.endpoints)
    needed = dict.fromkeys(map(frozenset, itertools.product(*of_each)))
    # Who has one of a smaller set has one of the larger one.
    return tuple(each for each in needed if not any(other < each for other in needed))
