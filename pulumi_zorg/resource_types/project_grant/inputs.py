"""The inputs of a project grant."""

from __future__ import annotations

from typing import ClassVar

from pulumi_zorg.inputs import Id, Inputs, RoleKeys

__all__ = ["ProjectGrantInputs"]


class ProjectGrantInputs(Inputs):
    """The inputs of a project grant."""

    replaces: ClassVar[tuple[str, ...]] = ("org_id", "project_id", "granted_org_id")

    org_id: Id
    project_id: Id
    granted_org_id: Id
    role_keys: RoleKeys = ()
