"""An object that is looked for, and what was found out about it: it exists, or it was removed. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pulumi_zorg.errors import ZorgError

#: The property that changes of state change: True, False, or missing in a state that is neither active nor inactive, and of an
#: object that has no states.
ACTIVE = "active"


class Key(NamedTuple):
    """What is unique on an instance. An id alone is not: callers of the v2 API choose ids.

    :param token: the type token.
    :param within: the id of the object within which ids of this type are unique; empty where they are unique on the instance.
    """

    token: str
    id: str
    within: str = ""


@dataclass(frozen=True)
class Address:
    """By what an object is found, besides its own id, and what of it is not read.

    :param ids: the ids of its organization and of its parents, by property, as far as they are known.
    :param unwanted: the properties that the caller has no use for. They are not read where that takes a call of its own.
    :param along: what is to be deactivated along with the object, like ``users``, if the caller wants to know whether it is. None
        is no use for that.
    :param is_active: whether the caller has it as active. Of an object that is inactive, it is then read whether it was deactivated along
        with its organization.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    unwanted: frozenset[str] = frozenset()
    along: str | None = None
    is_active: bool = True

    @classmethod
    def of(cls, properties: Mapping[str, Any], wanted: Iterable[str] = ()) -> Address:
        """Return the address of an object that has these properties.

        :param properties: as the state, a list or an event has them.
        :param wanted: the properties that are wanted if the object has them here; all others are wanted in any case.
        """
        ids = {
            name: value
            for name, value in properties.items()
            if name.endswith("_id") and isinstance(value, str) and value
        }
        unwanted = frozenset([name for name in wanted if properties.get(name) is None])
        return cls(ids, unwanted, is_active=properties.get(ACTIVE) is not False)


@dataclass(frozen=True)
class Sought:
    """An object that is looked for.

    :param agrees: whether the caller has these properties of it already. Then it is enough that a list shows it like that. Else
        it is read by its id.
    """

    key: Key
    address: Address
    agrees: Callable[[Mapping[str, Any]], bool] = field(default=lambda properties: False, compare=False)


@dataclass(frozen=True)
class Observed:
    """An object that exists, as the server showed it.

    :param token: the type token.
    :param properties: inputs and outputs, in the state's form.
    :param created: when the object was created, by the server's clock; None where the server does not say.
    :param warning: what the user should know about the object, as a sentence.
    :param is_phantom: whether only its events show it: reads and lists of the server do not.
    :param within: see :class:`Key`.
    :param along: what is deactivated along with the object, where that was read. See
        :class:`~pulumi_zorg.resource_types.lifecycle.Snapshot`.
    :param taken_by: the id of the deactivated organization along with which it was deactivated; empty for none. Its own flag ``active`` is
        what it was before then, and what it is again afterwards.
    :param removed_with: the organizations of its parents, with which it is removed; None where not all of them are known.
    :param still_active: the objects that should be deactivated along with it, and are active.
    """

    token: str
    id: str
    properties: Mapping[str, Any]
    created: datetime | None = None
    warning: str | None = None
    is_phantom: bool = False
    within: str = ""
    along: str = "none"
    taken_by: str = ""
    removed_with: frozenset[str] | None = None
    still_active: tuple[Observed, ...] = ()

    @property
    def key(self) -> Key:
        """What is unique of the object."""
        return Key(self.token, self.id, self.within)

    @property
    def shown_active(self) -> bool | None:
        """The flag that the server shows: an object that was deactivated along with its organization is not active."""
        return False if self.taken_by else self.properties.get(ACTIVE)


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


#: What was found out about an object: it exists, it was removed, or neither could be shown.
Found = Observed | Removal | ZorgError
