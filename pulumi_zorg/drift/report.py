"""What a comparison found. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from pulumi_zorg.drift.ignore import IgnoreRules
from pulumi_zorg.engine.state import SharedObject, Undetermined
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.world.observed import Observed

#: In place of a value that must not be shown.
SECRET = "[secret]"  # noqa: S105 - no secret, but the mark of one


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

    def as_json(self) -> dict[str, Any]:
        """Return the change for programs."""
        return {
            "property": self.property,
            "recorded": SECRET if self.secret else self.recorded,
            "live": SECRET if self.secret else self.live,
            "when": _timestamp(self.when),
            "by": self.by,
            "why": None if self.secret else self.why,
            "lost": self.lost,
        }


@dataclass(frozen=True)
class Phantom:
    """Why an object that exists is drift although nothing of it differs: the server does not show it.

    :param effect: what it fails to do, as a verb: "gives no roles".
    :param advice: what that means and how to repair it, as sentences.
    """

    effect: str
    advice: str

    @property
    def sentence(self) -> str:
        """That the server does not show the object, without a full stop."""
        return f"not shown by ZITADEL; {self.effect}"


@dataclass(frozen=True)
class Drift:
    """A resource whose object differs from the state, was removed, or is not shown by the server.

    :param changes: the properties that differ; none where the object was removed.
    :param phantom: set where reads and lists of the server do not show the object, which exists.
    :param removed: the proof of the removal, as the end of a sentence; None where the object exists.
    :param when: the time of the newest change or of the removal; None where it is not known.
    :param by: the user who made it; None where it is not known.
    :param access: who gained and who lost access by it; None where a pattern leaves out a property of it.
    """

    urn: str
    token: str
    id: str
    changes: tuple[Change, ...] = ()
    removed: str | None = None
    when: datetime | None = None
    by: str | None = None
    phantom: Phantom | None = None
    access: People | None = None

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do about changes that the server lost, and about a phantom."""
        return (*(each.lost for each in self.changes if each.lost), *((self.phantom.advice,) if self.phantom else ()))

    @property
    def access_sentences(self) -> tuple[str, ...]:
        """Who gained and who lost access by it, or why that is not known."""
        if self.access is None:
            return ()
        why = self.access.why_lost_incomplete
        found = self.access.sentences_of_the_past
        who = "who else" if found else "who"
        return found if why is None else (*found, f"{who} gained or lost access is not known: {why}")

    def without(self, rules: IgnoreRules) -> Drift | None:
        """Return the drift without the properties that are ignored; None where nothing is left of it.

        Neither a removal nor a phantom is ignored by a pattern of a property.
        """
        if rules.ignores(self.urn, self.token, self.id):
            return None
        if self.removed is not None:
            return self
        left = tuple(each for each in self.changes if not rules.ignores_property(self.token, each.property))
        access = self.access if left == self.changes else None
        return replace(self, changes=left, access=access) if left or self.phantom is not None else None

    def as_json(self) -> dict[str, Any]:
        """Return the drift for programs."""
        return {
            "urn": self.urn,
            "type": self.token,
            "id": self.id,
            "removed": self.removed is not None,
            "proof": self.removed,
            "changes": [each.as_json() for each in self.changes],
            "when": _timestamp(self.when),
            "by": self.by,
            "phantom": self.phantom.advice if self.phantom else None,
            "access": None if self.access is None else self.access.as_json(),
        }


@dataclass(frozen=True)
class Unmanaged:
    """An object that exists, and that no resource of the stack manages.

    :param by: the user who created it; None where it is not known.
    """

    observed: Observed
    by: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object for programs, with the inputs and outputs that a resource of its type would have."""
        return {
            "type": self.observed.token,
            "id": self.observed.id,
            "properties": {
                name: value for name, value in self.observed.properties.items() if not name.startswith("__")
            },
            "when": _timestamp(self.observed.created),
            "by": self.by,
        }


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

    @property
    def errors(self) -> tuple[str, ...]:
        """Why it is not known whether they agree, as sentences."""
        unknown = (f"{clean(each.title, 1_000)}: {each.why}" for each in self.unknown)
        return (*(each.error for each in self.shared), *unknown)

    def without(self, rules: IgnoreRules) -> Report:
        """Return the report without what is ignored. An object that two resources manage is never ignored."""
        unmanaged = self.unmanaged and tuple(
            each for each in self.unmanaged if not rules.ignores(None, each.observed.token, each.observed.id)
        )
        return replace(
            self,
            drifted=tuple(left for each in self.drifted if (left := each.without(rules)) is not None),
            unmanaged=unmanaged,
            unknown=tuple(each for each in self.unknown if not rules.ignores(each.urn, each.token, each.id)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the output of `zorg drift --format json`. docs/schemas/drift.json is its JSON schema."""
        return {
            "schema": "zorg-drift/1",
            "stack": self.stack,
            "in_sync": self.in_sync,
            "drifted": [each.as_json() for each in self.drifted],
            "unmanaged": None if self.unmanaged is None else [each.as_json() for each in self.unmanaged],
            "unknown": [each.as_json() for each in self.unknown],
            "shared": [each.as_json() for each in self.shared],
        }


def _timestamp(moment: datetime | None) -> str | None:
    """Return a time in UTC, in ISO 8601 with Z."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if moment else None
