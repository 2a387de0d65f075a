"""The inputs of a project grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pulumi_zorg.inputs import ID, ROLE_KEYS, Inputs, Offer, RoleUse, all_texts

__all__ = ["INPUTS", "ProjectGrantInputs"]


@dataclass(frozen=True, kw_only=True)
class ProjectGrantInputs(Inputs):
    """The inputs of a project grant."""

    replaces: ClassVar[tuple[str, ...]] = ("org_id", "project_id", "granted_org_id")
    unique_by: ClassVar[tuple[str, ...]] = ("project_id", "granted_org_id")

    org_id: str = field(metadata=ID)
    project_id: str = field(metadata=ID)
    granted_org_id: str = field(metadata=ID)
    role_keys: tuple[str, ...] = field(default=(), metadata=ROLE_KEYS)

    @classmethod
    def used_roles(cls, properties: Mapping[str, Any]) -> RoleUse | None:
        project_id, org_id, keys = (properties.get(name) for name in ("project_id", "org_id", "role_keys"))
        return RoleUse(project_id, tuple(keys), org_id) if keys and all_texts(project_id, org_id, keys) else None

    @classmethod
    def offered_roles(cls, properties: Mapping[str, Any]) -> Offer | None:
        keys, granted_org_id = properties.get("role_keys") or (), properties.get("granted_org_id")
        if not all_texts(keys):
            return None
        return Offer("project_grant_id", f"the project grant to organization {granted_org_id}", frozenset(keys))


INPUTS = ProjectGrantInputs
