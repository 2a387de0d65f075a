"""A call of the API, as :class:`Transport` sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
