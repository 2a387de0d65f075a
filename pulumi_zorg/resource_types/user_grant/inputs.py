"""The inputs of a user grant."""

from __future__ import annotations

from typing import ClassVar

from pulumi_zorg.inputs import Id, Inputs, RoleKeys

__all__ = ["UserGrantInputs"]


class UserGrantInputs(Inputs):
    """The inputs of a user grant."""

    replaces: ClassVar[tuple[str, ...]] = ("org_id", "user_id", "project_id", "project_grant_id")

    org_id: Id
    user_id: Id
    project_id: Id
    project_grant_id: Id | None = None
    role_keys: RoleKeys = ()
