"""What changes of a manager mean to people. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.resource_types.impact import (
    SOME_ROLES,
    UNKNOWN,
    Act,
    Effect,
    Facts,
    Impact,
    Unknown,
    called,
    roles_text,
)
from pulumi_zorg.resource_types.inputs import known_roles


def manager_roles(properties: Mapping[str, Any]) -> tuple[str, ...] | Unknown:
    """Return the roles of a manager, sorted and each once."""
    roles = known_roles(properties.get("roles"))
    return UNKNOWN if roles is None else tuple(sorted(set(roles)))


class ManagerImpact(Impact):
    """The sentences about managers."""

    gives_access_to = ("org_id", "project_id")

    def roles(self, properties: Mapping[str, Any]) -> tuple[str, ...] | Unknown:
        return manager_roles(properties)

    def is_significant(self, effect: Effect) -> bool:
        return super().is_significant(effect) or bool(effect.gains or effect.loses)

    def thing(self, effect: Effect, facts: Facts) -> str:
        return f"the manager {facts.named('user', 'user_id', effect)} of {_place(effect, facts)}"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        user, place = facts.named("user", "user_id", effect), _place(effect, facts)
        how = (
            f"manager {effect.id}" if effect.id else "an adopted or a new manager" if effect.adopts else "a new manager"
        )
        how = f"removes {how}" if effect.act is Act.REMOVES else how
        lines = []
        if effect.loses == (SOME_ROLES,) == effect.gains:
            lines.append(f"replaces the roles that {user} has as a manager of {place} by {SOME_ROLES} ({how})")
        elif effect.loses:
            taken = "all other roles" if effect.loses == (SOME_ROLES,) and effect.gains else roles_text(effect.loses)
            lines.append(f"takes {taken} on {place} from {user} ({how})")
        if effect.gains and not (effect.gains == (SOME_ROLES,) == effect.loses):
            lines.append(f"gives {roles_text(effect.gains)} on {place} to {user} ({how})")
        return tuple(lines) or (f"{how} of {place}, {user}, who has no roles there",)


def _place(effect: Effect, facts: Facts) -> str:
    """Return what is administered, in a sentence."""
    properties = effect.properties
    if properties.get("project_grant_id") is not None:
        grant = called("grant", properties["project_grant_id"])
        return f"{grant} of {facts.named('project', 'project_id', effect)}"
    if properties.get("project_id") is not None:
        return facts.named("project", "project_id", effect)
    if properties.get("org_id") is not None:
        return facts.named("organization", "org_id", effect)
    return "the instance"
