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
        it = self.thing(effect, facts)
        if effect.act is Act.CREATES:
            user, place = facts.named("user", "user_id", effect), _place(effect, facts)
            return (f"makes {user} a manager of {place} with {roles_text(effect.gains)}",)
        if effect.act is Act.REMOVES:
            return (f"removes {it}, who has {roles_text(effect.loses) if effect.loses else 'no roles'}",)
        if effect.loses == (SOME_ROLES,) == effect.gains:
            return (f"replaces the roles of {it} by {SOME_ROLES}",)
        lines = []
        if effect.loses:
            others = effect.loses == (SOME_ROLES,) and effect.gains
            lines.append(f"takes {'all other roles' if others else roles_text(effect.loses)} from {it}")
        if effect.gains:
            lines.append(f"gives {roles_text(effect.gains)} to {it}")
        return tuple(lines)


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
