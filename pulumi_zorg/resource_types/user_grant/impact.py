"""What changes of a user grant mean to people. Pure: no I/O.

A user grant is judged by its effective roles: its role keys while it is active, else none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.impact import (
    SECRET,
    UNKNOWN,
    Act,
    Effect,
    Facts,
    Impact,
    Unknown,
    active,
    called,
    role_keys,
    roles_text,
)

__all__ = ["UserGrantImpact"]


class UserGrantImpact(Impact):
    """The sentences about user grants."""

    def roles(self, properties: Mapping[str, Any]) -> tuple[str, ...] | Unknown:
        flag = active(properties)
        if flag is False:
            return ()
        return UNKNOWN if flag is UNKNOWN else role_keys(properties)

    def is_significant(self, effect: Effect) -> bool:
        return effect.act in (Act.DEACTIVATES, Act.REMOVES) or bool(effect.gains or effect.loses)

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        user = facts.names.get("user_id") or called("user", effect.properties.get("user_id"))
        project = facts.names.get("project_id") or called("project", effect.properties.get("project_id"))
        new = "an adopted or a new user grant" if effect.adopts else "a new user grant"
        grant = f"user grant {effect.id}" if effect.id else new
        named = effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES)
        how = f"{effect.act.value} {grant}" if named else grant
        if effect.properties.get("active") is SECRET and effect.act in (Act.DEACTIVATES, Act.REACTIVATES):
            return (f"deactivates or reactivates {grant} of {user} in {project}: which of them is secret",)
        lines = []
        if effect.loses:
            lines.append(f"takes {roles_text(effect.loses)} of {project} from {user} ({how})")
        if effect.gains:
            lines.append(f"gives {roles_text(effect.gains)} of {project} to {user} ({how})")
        return tuple(lines) or (f"{how} of {user} in {project}, which gives no roles",)
