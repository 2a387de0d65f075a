"""What was found out about one object: it exists, or it was removed. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pulumi_zorg.world.tokens import Key

__all__ = ["Observed", "Removal"]


@dataclass(frozen=True)
class Observed:
    """An object that exists, as the server showed it.

    :param token: the type token.
    :param properties: inputs and outputs, in the state's form.
    :param created: when the object was created, by the server's clock; None where the server does not say.
    :param warning: what the user should know about the object, as a sentence.
    :param is_phantom: whether only its events show it: reads and lists of the server do not.
    :param within: see :class:`Key`.
    """

    token: str
    id: str
    properties: Mapping[str, Any]
    created: datetime | None = None
    warning: str | None = None
    is_phantom: bool = False
    within: str = ""

    @property
    def key(self) -> Key:
        """What is unique of the object."""
        return Key(self.token, self.id, self.within)


@dataclass(frozen=True)
class Removal:
    """The proof that an object was removed.

    :param how: what was seen, as the end of a sentence.
    :param by: the user who removed it, where the event store names one.
    :param at: the time of the removal, where the event store has it.
    """

    how: str
    by: str | None = None
    at: datetime | None = None

    def describe(self) -> str:
        """Return the proof as the end of a sentence, with who and when where that is known."""
        by = f" by {self.by}" if self.by else ""
        at = f" at {self.at:%Y-%m-%d %H:%M:%S} UTC" if self.at else ""
        return f"{self.how}{by}{at}"
