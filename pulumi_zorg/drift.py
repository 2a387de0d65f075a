"""From what the state has and what was found to what differs. Pure: no I/O, nothing about the engine's files.

An object is compared as the engine compares it in a refresh: by the inputs that the state has of it, without
those that its resource ignores. So both come to the same verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

__all__ = [
    "ORGANIZATION",
    "USER_GRANT",
    "Absent",
    "Change",
    "Drift",
    "IgnoreRules",
    "Key",
    "Live",
    "Recorded",
    "Report",
    "SharedObject",
    "Unknown",
    "changes_of",
    "compare",
    "find_shared",
    "short",
]

#: The types as they stand in the state and in URNs.
ORGANIZATION = "pulumi-python:dynamic/zorg:Organization"
USER_GRANT = "pulumi-python:dynamic/zorg:UserGrant"

#: Type and id: what makes an object one object.
Key = tuple[str, str]


def short(type: str) -> str:
    """The type as a program writes it, like ``UserGrant``."""
    return type.rsplit(":", 1)[-1]


@dataclass(frozen=True)
class Recorded:
    """A resource of the state.

    :param properties: what is compared, by property.
    :param known: all that the state has of the object; it takes that to find it.
    :param ignored: the paths of properties that the resource ignores changes of; ``*`` stands for all.
    :param secret: the properties whose value the state keeps secret.
    :param external: whether the stack only reads it (``get``) and does not manage it.
    """

    urn: str
    type: str
    id: str
    properties: Mapping[str, Any]
    known: Mapping[str, Any] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    external: bool = False

    @property
    def key(self) -> Key:
        """Type and id."""
        return self.type, self.id


@dataclass(frozen=True)
class Live:
    """An object that exists.

    :param values: by property, in the state's form.
    :param when: for one that no resource declares: when it was created,
    :param by: and by whom.
    """

    type: str
    id: str
    values: Mapping[str, Any]
    when: datetime | None = None
    by: str | None = None

    @property
    def key(self) -> Key:
        """Type and id."""
        return self.type, self.id


@dataclass(frozen=True)
class Absent:
    """An object that is proven to be gone.

    :param how: the proof, as the end of a sentence.
    """

    how: str
    when: datetime | None = None
    by: str | None = None


@dataclass(frozen=True)
class Change:
    """A property that differs.

    :param secret: whether the values must not be shown.
    """

    property: str
    recorded: Any
    live: Any
    when: datetime | None = None
    by: str | None = None
    secret: bool = False


@dataclass(frozen=True)
class Drift:
    """A resource whose object is not as the state has it.

    :param changes: what differs; empty where the object is gone.
    :param removed: the proof that it is gone, as the end of a sentence; None where it exists.
    """

    urn: str
    type: str
    id: str
    changes: tuple[Change, ...] = ()
    removed: str | None = None
    when: datetime | None = None
    by: str | None = None

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Unknown:
    """An object of which nobody who may know has said what became of it.

    :param urn: the resource; None where no resource declares the object.
    :param why: a sentence.
    """

    urn: str | None
    type: str
    id: str
    why: str


@dataclass(frozen=True)
class SharedObject:
    """An object that more than one resource of a state manages. Deleting one of these removes what the others declare.

    :param urns: the resources, in the state's order. The same URN twice means that one of the two is pending deletion.
    """

    type: str
    id: str
    urns: tuple[str, ...]

    @property
    def error(self) -> str:
        """What is wrong, and the way out."""
        commands = [f"pulumi state delete '{urn}'" for urn in dict.fromkeys(self.urns)]
        which = "" if len(commands) > 1 else " (run it at a terminal, and choose the one that is pending deletion)"
        return (
            f"{short(self.type)} {self.id} is managed by {len(self.urns)} resources of the state. Deleting one of them can "
            "remove the object that the other still declares. Remove one of them from the state: "
            f"{' or '.join(commands)}{which}"
        )


def find_shared(managed: Iterable[tuple[str, Key]]) -> tuple[SharedObject, ...]:
    """Return the objects that more than one resource manages.

    :param managed: the URN of each managed resource, and the type and id of its object.
    """
    urns: dict[Key, list[str]] = {}
    for urn, key in managed:
        urns.setdefault(key, []).append(urn)
    return tuple(SharedObject(*key, tuple(found)) for key, found in urns.items() if len(found) > 1)


@dataclass(frozen=True)
class Report:
    """What a comparison came to.

    :param unmanaged: what exists and no resource declares; None where that was not asked for.
    :param unknown: what could not be told. With any of it the verdict is open.
    :param shared: objects that more than one resource of the state manages. They are an error, whatever else was found.
    """

    stack: str
    drifted: tuple[Drift, ...] = ()
    unmanaged: tuple[Live, ...] | None = None
    unknown: tuple[Unknown, ...] = ()
    shared: tuple[SharedObject, ...] = ()

    @property
    def in_sync(self) -> bool | None:
        """Whether state and instance agree; None where that could not be told of everything, or the state is wrong."""
        if self.unknown or self.shared:
            return None
        return not self.drifted and not self.unmanaged

    def without(self, rules: IgnoreRules) -> Report:
        """The report without what is to be ignored.

        What could not be told cannot be ignored by property, and an object that two resources manage not at all.
        """
        return replace(
            self,
            drifted=tuple(left for each in self.drifted if (left := rules.cut(each)) is not None),
            unmanaged=None
            if self.unmanaged is None
            else tuple(each for each in self.unmanaged if not rules.hide(None, each.type, each.id)),
            unknown=tuple(each for each in self.unknown if not rules.hide(each.urn, each.type, each.id)),
        )


def changes_of(recorded: Recorded, values: Mapping[str, Any]) -> tuple[Change, ...]:
    """The properties that differ, in the state's order. A property that ``values`` does not have is not compared."""
    found = []
    for name, value in recorded.properties.items():
        if name in values:
            was, now = _plain(value), _plain(values[name])
            if was != _without_ignored(name, was, now, recorded.ignored):
                found.append(Change(name, was, now, secret=name in recorded.secret))
    return tuple(found)


#: A step of a property path (pulumi.com/docs/iac/concepts/options/ignorechanges): a name, or an index; ``*`` is any.
_STEP = re.compile(r'\.?([^.\["]+)|\["([^"]*)"\]|\[(\d+|\*)\]')


def _without_ignored(name: str, was: Any, now: Any, ignored: Iterable[str]) -> Any:
    """What is there, with what was recorded in place of what is ignored, as the engine does it."""
    for path in ignored:
        first, *rest = ["".join(step.groups("")) for step in _STEP.finditer(path)] or [""]
        if first not in (name, "*"):
            continue
        if not rest:
            return was
        if isinstance(was, list) and isinstance(now, list):
            now = [
                recorded if rest[0] in ("*", str(index)) else live
                for index, (recorded, live) in enumerate(zip(was, now, strict=False))
            ] + now[len(was) :]
    return now


def compare(recorded: Iterable[Recorded], live: Mapping[Key, Live | Absent]) -> tuple[Drift, ...]:
    """What differs, in the state's order. What ``live`` does not have was not looked at and is passed over."""
    found = []
    for each in recorded:
        seen = live.get(each.key)
        if isinstance(seen, Absent):
            found.append(Drift(each.urn, each.type, each.id, removed=seen.how, when=seen.when, by=seen.by))
        elif seen is not None and (changes := changes_of(each, seen.values)):
            found.append(Drift(each.urn, each.type, each.id, changes))
    return tuple(found)


def _plain(value: Any) -> Any:
    """Lists and tuples are the same; which comes depends on who made the value."""
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class IgnoreRules:
    """What a file of patterns says is no drift. docs/drift.md has the format.

    :param urns: globs of URNs.
    :param objects: globs of types and ids.
    :param properties: globs of types and properties.
    """

    urns: tuple[str, ...] = ()
    objects: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, source: str = ".zorgignore") -> IgnoreRules:
        """The rules of a file.

        :param source: the file's name, for messages.
        :raises ValueError: for a line that is no pattern, with its number.
        """
        urns, objects, properties = [], [], []
        for number, line in enumerate(text.splitlines(), start=1):
            pattern = line.strip()
            if not pattern or pattern.startswith("#"):
                continue
            of_type, double, object_id = pattern.rpartition("::")
            of, single, name = pattern.rpartition(":")
            if pattern.startswith("urn:"):
                urns.append(pattern)
            elif double and of_type and object_id:
                objects.append((of_type, object_id))
            elif single and of and name and not double:
                properties.append((of, name))
            else:
                raise ValueError(
                    f"{source}, line {number}: {pattern!r} is no pattern: write a URN (urn:pulumi:…), type::id or "
                    "type:property, with * for anything"
                )
        return cls(tuple(urns), tuple(objects), tuple(properties))

    def hide(self, urn: str | None, type: str, id: str) -> bool:
        """Whether the object is ignored altogether."""
        if urn is not None and any(fnmatchcase(urn, pattern) for pattern in self.urns):
            return True
        return any(fnmatchcase(id, pattern) and _is(type, of) for of, pattern in self.objects)

    def cut(self, drift: Drift) -> Drift | None:
        """The drift without the properties that are ignored; None where nothing is left of it."""
        if self.hide(drift.urn, drift.type, drift.id):
            return None
        if drift.removed is not None:
            return drift
        ignored: Callable[[str], bool] = lambda name: any(  # noqa: E731 - one line says it best
            fnmatchcase(name, pattern) and _is(drift.type, of) for of, pattern in self.properties
        )
        left = tuple(change for change in drift.changes if not ignored(change.property))
        return replace(drift, changes=left) if left else None


def _is(type: str, pattern: str) -> bool:
    return fnmatchcase(type, pattern) or fnmatchcase(short(type), pattern)
