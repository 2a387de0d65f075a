"""The inputs of a project grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pulumi_zorg.resource_types.inputs import ID, ROLE_KEYS, Offer, RoleUse, SwitchableInputs, known_roles, role_use


@dataclass(frozen=True, kw_only=True)
class ProjectGrantInputs(SwitchableInputs):
    """The inputs of a project grant."""

    noun: ClassVar[str] = "project grant"
    limit_suffix: ClassVar[str] = "-project-grants"
    replaces: ClassVar[tuple[str, ...]] = ("org_id", "project_id", "granted_org_id")
    unique_by: ClassVar[tuple[str, ...]] = ("project_id", "granted_org_id")
    id_within: ClassVar[str | None] = "project_id"

    org_id: str = field(metadata=ID)
    project_id: str = field(metadata=ID)
    granted_org_id: str = field(metadata=ID)
    role_keys: tuple[str, ...] = field(default=(), metadata=ROLE_KEYS)

    @classmethod
    def used_roles(cls, properties: Mapping[str, Any]) -> RoleUse | None:
        return role_use(properties)

    @classmethod
    def offered_roles(cls, properties: Mapping[str, Any]) -> Offer | None:
        keys, granted_org_id = known_roles(properties.get("role_keys")), properties.get("granted_org_id")
        if keys is None:
            return None
        to = f" to organization {granted_org_id}" if isinstance(granted_org_id, str) else ""
        return Offer("project_grant_id", f"the project grant{to}", frozenset(keys))


INPUTS = ProjectGrantInputs
