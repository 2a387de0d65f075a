"""The inputs of a manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pulumi_zorg.resource_types.inputs import FLAG, ID, ROLE_KEYS, Inputs, Problem, WrongValue, checked_by
from pulumi_zorg.resource_types.manager.place import PARTS, PREFIXES, SEPARATOR, Place, level_of_role


def _part(value: Any) -> str:
    found: str = ID["check"](value)
    if SEPARATOR in found:
        raise WrongValue(f"must not have {SEPARATOR!r}, which separates the parts of a manager's id")
    return found


def _roles(value: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = ROLE_KEYS["check"](value)
    if not found:
        raise WrongValue("must not be empty: a manager has at least one role. To take all, delete the resource")
    return found


_PART = checked_by(_part)


@dataclass(frozen=True, kw_only=True)
class ManagerInputs(Inputs):
    """The inputs of a manager."""

    noun: ClassVar[str] = "manager"
    limit_suffix: ClassVar[str] = "-managers"
    replaces: ClassVar[tuple[str, ...]] = ("user_id", *PARTS)
    unique_by: ClassVar[tuple[str, ...]] = ("user_id", *PARTS)

    user_id: str = field(metadata=ID)
    roles: tuple[str, ...] = field(metadata=checked_by(_roles))
    org_id: str | None = field(default=None, metadata=_PART)
    project_id: str | None = field(default=None, metadata=_PART)
    project_grant_id: str | None = field(default=None, metadata=_PART)
    allow_lockout: bool = field(default=False, metadata=FLAG)

    @property
    def place(self) -> Place:
        """What the manager administers."""
        return Place.of(vars(self))

    @property
    def id(self) -> str:
        """The manager's id."""
        return self.place.id_of(self.user_id)

    @classmethod
    def unique_key(cls, properties: Mapping[str, Any]) -> dict[str, str]:
        found = {name: properties.get(name) or "" for name in cls.unique_by}
        return found if found["user_id"] and all(isinstance(each, str) for each in found.values()) else {}

    @classmethod
    def contradictions(cls, checked: Mapping[str, Any]) -> list[Problem]:
        """Without this, a forgotten ``org_id`` would make a manager of the instance."""
        given = [name for name in PARTS if name in checked]
        missing = next((name for name, found in zip(PARTS, given, strict=False) if name != found), None)
        if missing is not None:
            return [Problem(missing, f"is missing: {given[-1]} alone does not name what is administered")]
        level = Place(*given).level  # a value that is known later counts as well
        roles = checked["roles"] if isinstance(checked["roles"], list) else ()
        for role in (each for each in roles if isinstance(each, str) and level_of_role(each) is not level):
            with_ids = f"with {', '.join(given)}" if given else "without org_id"
            begin = f"{with_ids}, the resource is a manager of {_NOUNS[level.name]}, whose roles begin with {PREFIXES[level]}"
            not_of_grant = " and not with PROJECT_GRANT_" if role.startswith("PROJECT_GRANT_") else ""
            return [Problem("roles", f"cannot have {role!r}: {begin}{not_of_grant}")]
        return []


_NOUNS = {
    "INSTANCE": "the instance",
    "ORGANIZATION": "an organization",
    "PROJECT": "a project",
    "PROJECT_GRANT": "a project grant",
}

INPUTS = ManagerInputs
