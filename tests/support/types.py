"""The type tokens that tests name."""

from __future__ import annotations

from pulumi_zorg.world.tokens import type_token

ORGANIZATION, PROJECT_GRANT, USER_GRANT, MACHINE_USER, HUMAN_USER = (
    type_token(each) for each in ("Organization", "ProjectGrant", "UserGrant", "MachineUser", "HumanUser")
)
