"""What a comparison found. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pulumi_zorg.engine.state import SharedObject, Undetermined
from pulumi_zorg.world.observed import Observed

__all__ = ["Change", "Drift", "Phantom", "Report", "Undetermined", "Unmanaged"]


@dataclass(frozen=True)
class Change:
    """A property that differs between the state and the instance.

    :param when: the time of the change; None where it is not known.
    :param by: the user who made it; None where it is not known.
    :param secret: whether the values must not be shown.
    :param why: what is wrong with the live value, as a sentence without the full stop, where it is what the state has.
    :param lost: of a change of ``active`` that the server accepted and lost, what that means and how to repair it, as sentences.
        ``live`` is what reads show, and the last event says otherwise; ``when`` and ``by`` are those of the event. Else None.
    :param lost_noun: what was lost: a deactivation, a reactivation, or the removal of the object.
    """

    property: str
    recorded: Any
    live: Any
    when: datetime | None = None
    by: str | None = None
    secret: bool = False
    why: str | None = None
    lost: str | None = None
    lost_noun: str = ""


@dataclass(frozen=True)
class Phantom:
    """Why an object that exists is drift although nothing of it differs: the server does not show it.

    :param effect: what it fails to do, as a verb: "gives no roles".
    :param advice: what that means and how to repair it, as sentences.
    """

    effect: str
    advice: str


@dataclass(frozen=True)
class Drift:
    """A resource whose object differs from the state, was removed, or is not shown by the server.

    :param changes: the properties that differ; none where the object was removed.
    :param phantom: set where reads and lists of the server do not show the object, which exists.
    :param removed: the proof of the removal, as the end of a sentence; None where the object exists.
    :param when: the time of the newest change or of the removal; None where it is not known.
    :param by: the user who made it; None where it is not known.
    """

    urn: str
    token: str
    id: str
    changes: tuple[Change, ...] = ()
    removed: str | None = None
    when: datetime | None = None
    by: str | None = None
    phantom: Phantom | None = None

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Unmanaged:
    """An object that exists, and that no resource of the stack manages.

    :param by: the user who created it; None where it is not known.
    """

    observed: Observed
    by: str | None = None


@dataclass(frozen=True)
class Report:
    """The result of a comparison.

    :param unmanaged: the unmanaged objects; None where they were not looked for.
    :param unknown: the objects that could not be compared.
    :param shared: the objects that more than one resource of the state manages. They are an error, whatever else was found.
    """

    stack: str
    drifted: tuple[Drift, ...] = ()
    unmanaged: tuple[Unmanaged, ...] | None = None
    unknown: tuple[Undetermined, ...] = ()
    shared: tuple[SharedObject, ...] = ()

    @property
    def in_sync(self) -> bool | None:
        """Whether state and instance agree; None where something could not be compared, or the state is wrong."""
        if self.unknown or self.shared:
            return None
        return not self.drifted and not self.unmanaged
