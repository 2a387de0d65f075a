"""Operations that several versions of ZITADEL's API have, and which of their implementations a server has.

An operation, like "remove an organization", is a tuple of implementations (:class:`Implementation`), the best one first. What a server does
not have is found out once in a process.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from pulumi_zorg.api.call import Endpoint
from pulumi_zorg.errors import ApiError, NotFound, PermissionDenied, UnexpectedAnswer

Answer = TypeVar("Answer")

#: ZITADEL's message for a path that it does not have.
_NO_PATH = "Not Found"


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
    :param needs_right_on_instance: whether a caller may lack the right to these calls who has that to the next implementation's. The
        server answers 403 or 404 then.
    """

    endpoints: tuple[Endpoint, ...]
    make: Callable[..., Answer]
    proves: Proves = Proves.OWNER
    reads: bool = False
    needs_right_on_instance: bool = False


class Operations:
    """Makes operations by the first of their implementations that the server has."""

    def __init__(self) -> None:
        self._missing: set[Implementation[Any]] = set()

    def of(self, implementations: Sequence[Implementation[Answer]]) -> Sequence[Implementation[Answer]]:
        """Return the implementations that the server has, as far as that is known."""
        return [each for each in implementations if each not in self._missing] or implementations[-1:]

    def first(self, implementations: Sequence[Implementation[Answer]], *args: Any, **named: Any) -> Answer:
        """Return the answer of the first implementation that the server has and that the caller may use.

        One that the server does not have is not tried again in this process.

        :raises ApiError: where no implementation can be used: the first refusal of one that the server has.
        """
        refused: ApiError | UnexpectedAnswer | None = None
        missing: list[Implementation[Any]] = []
        *others, last = self.of(implementations)
        for each in others:
            try:
                return each.make(*args, **named)
            except (ApiError, UnexpectedAnswer) as refusal:
                if _is_missing(each, refusal):
                    missing.append(each)
                elif each.needs_right_on_instance and isinstance(refusal, PermissionDenied | NotFound):
                    refused = refused or refusal
                else:
                    raise
        try:
            answer = last.make(*args, **named)
        except (ApiError, UnexpectedAnswer) as refusal:
            if refused is None or not (_is_missing(last, refusal) or isinstance(refusal, PermissionDenied | NotFound)):
                raise
            raise refused from None
        # The server has the last one, so it is ZITADEL that does not have the others.
        self._missing.update(missing)
        return answer


def permissions_of(implementations: Sequence[Implementation[Any]]) -> tuple[frozenset[str], ...]:
    """Return the sets of permissions that an operation needs: of each set, the caller needs one."""
    needed = itertools.product(*([call.permission for call in each.endpoints] for each in implementations))
    return tuple(dict.fromkeys(map(frozenset, needed)))


def _is_missing(implementation: Implementation[Any], refusal: ApiError | UnexpectedAnswer) -> bool:
    """Whether a server answers so that does not have the call. Some answer with a page of the console."""
    if isinstance(refusal, UnexpectedAnswer):
        return implementation.reads or not refusal.may_have_applied
    return refusal.status in (405, 501) or (
        isinstance(refusal, NotFound) and (implementation.reads or refusal.said == _NO_PATH)
    )
