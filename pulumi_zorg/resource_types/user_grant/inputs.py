"""The inputs of a user grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pulumi_zorg.resource_types.inputs import ID, ROLE_KEYS, RoleUse, SwitchableInputs, role_use


def _email(user_id: str) -> str | None:
    """Return why a user's id is hardly one. Callers of the v2 API choose ids, and so may choose an email address."""
    if "@" not in user_id:
        return None
    return (
        "looks like an email address, and must be the user's id: zorg.get_user(email=…).id finds it. If it is the id, give "
        "zorg.get_user_output(id=…).id"
    )


@dataclass(frozen=True, kw_only=True)
class UserGrantInputs(SwitchableInputs):
    """The inputs of a user grant."""

    noun: ClassVar[str] = "user grant"
    limit_suffix: ClassVar[str] = "-grants"
    replaces: ClassVar[tuple[str, ...]] = ("org_id", "user_id", "project_id", "project_grant_id")
    unique_by: ClassVar[tuple[str, ...]] = ("org_id", "user_id", "project_id")

    org_id: str = field(metadata=ID)
    user_id: str = field(metadata={**ID, "doubt": _email})
    project_id: str = field(metadata=ID)
    project_grant_id: str | None = field(default=None, metadata=ID)
    role_keys: tuple[str, ...] = field(default=(), metadata=ROLE_KEYS)

    @classmethod
    def unique_key(cls, properties: Mapping[str, Any]) -> dict[str, str]:
        known = super().unique_key(properties)
        project_grant = properties.get("project_grant_id") or ""
        return {**known, "project_grant_id": project_grant} if known and isinstance(project_grant, str) else {}

    @classmethod
    def used_roles(cls, properties: Mapping[str, Any]) -> RoleUse | None:
        return role_use(properties, by_grant=True)


INPUTS = UserGrantInputs
