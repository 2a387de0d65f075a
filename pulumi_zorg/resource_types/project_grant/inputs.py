"""The inputs of a project grant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pulumi_zorg.inputs import ID, ROLE_KEYS, Inputs

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


INPUTS = ProjectGrantInputs
