"""What a comparison found, and the patterns of a .zorgignore file: what is not drift. Pure: no I/O. docs/drift.md has their format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Any

from pulumi_zorg.engine.state import SharedObject, Undetermined
from pulumi_zorg.errors import InputError, clean
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.tokens import short

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
    def advice(self) -> tuple[str, ...]:
        """What to do about changes that the server lost, and about a phantom."""
        return (*(each.lost for each in self.changes if each.lost), *((self.phantom.advice,) if self.phantom else ()))

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

    def apply(self, report: Report) -> Report:
        """Return the report without what is ignored.

        An object that two resources manage is never ignored, and neither a removal nor a phantom is ignored by a pattern of a property.
        """
        unmanaged = report.unmanaged and tuple(
            each for each in report.unmanaged if not self._ignores(None, each.observed.token, each.observed.id)
        )
        return replace(
            report,
            drifted=tuple(left for each in report.drifted if (left := self._rest_of(each)) is not None),
            unmanaged=unmanaged,
            unknown=tuple(each for each in report.unknown if not self._ignores(each.urn, each.token, each.id)),
        )

    def _ignores(self, urn: str | None, type: str, id: str) -> bool:
        """Whether the whole object is ignored."""
        if urn is not None and any(_matches(urn, pattern) for pattern in self.urns):
            return True
        return _is_among(self.objects, type, id)

    def _rest_of(self, drift: Drift) -> Drift | None:
        """Return the drift without the properties that are ignored; None where nothing is left of it."""
        if self._ignores(drift.urn, drift.token, drift.id):
            return None
        if drift.removed is not None:
            return drift
        left = tuple(change for change in drift.changes if not _is_among(self.properties, drift.token, change.property))
        return replace(drift, changes=left) if left or drift.phantom is not None else None


def _is_among(patterns: Iterable[tuple[str, str]], type: str, text: str) -> bool:
    """Whether one of the patterns is that of the text, and of the type as a token or as a program writes it."""
    return any(_matches(text, name) and (_matches(type, of) or _matches(short(type), of)) for of, name in patterns)


def _matches(text: str, pattern: str) -> bool:
    """Whether a pattern is that of the text. A text matches itself, also with ``[`` in it."""
    return text == pattern or fnmatchcase(text, pattern)
