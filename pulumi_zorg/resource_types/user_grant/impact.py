"""What changes of a user grant mean to people. Pure: no I/O.

A user grant is judged by its effective roles: its role keys while it is active, else none. In a project with
``project_role_check``, an active one also lets its user log in, whether it has roles or not.
"""

from __future__ import annotations

from pulumi_zorg.resource_types.impact import (
    SECRET,
    SECRET_ROLES,
    SOME_ROLES,
    Act,
    Effect,
    Facts,
    Impact,
    Unknown,
    active,
    role_keys,
    roles_text,
)


def begins(effect: Effect) -> bool:
    """Whether an active user grant begins to exist."""
    return effect.act is Act.REACTIVATES or (effect.act is Act.CREATES and active(effect.properties) is not False)


class UserGrantImpact(Impact):
    """The sentences about user grants."""

    gives_access_to = ("org_id", "project_id")
    roles_need_active = True

    def is_significant(self, effect: Effect) -> bool:
        switched = effect.act in (Act.DEACTIVATES, Act.REMOVES) or begins(effect)
        return switched or bool(effect.gains or effect.loses) or effect.is_phantom

    def thing(self, effect: Effect, facts: Facts) -> str:
        user, project = facts.named("user", "user_id", effect), facts.named("project", "project_id", effect)
        grant = (
            f"user grant {effect.id}"
            if effect.id
            else "an adopted or a new user grant"
            if effect.adopts
            else "a user grant"
        )
        return f"{grant} of {user} in {project}"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        grant = self.thing(effect, facts)
        if effect.is_phantom:
            no_roles = "reads and lists of this server do not show it, and it gives its user no roles"
            heal = "To heal it, recreate it after the update (`pulumi up --replace` its URN)"
            return (f"adopts {grant}, which is a phantom: {no_roles}. {heal}",)
        if effect.act is Act.CREATES:
            return (f"creates {grant} with {roles_text(effect.gains) if effect.gains else 'no roles'}",)
        if effect.act is not Act.CHANGES:
            return (f"{effect.act.value} {grant}, which {_what_it_has(effect)}",)
        if effect.loses == (SOME_ROLES,) == effect.gains:
            return (f"replaces the roles of {grant} by {SOME_ROLES}",)
        lines = []
        if effect.loses == (SOME_ROLES,) and effect.gains:
            lines.append(f"takes all other roles from {grant}")
        elif effect.loses:
            lines.append(f"takes {roles_text(effect.loses)} from {grant}")
        if effect.gains:
            lines.append(f"gives {roles_text(effect.gains)} to {grant}")
        return tuple(lines)


def _what_it_has(effect: Effect) -> str:
    """Return the roles of a user grant that is switched or removed."""
    properties = (effect.after if effect.act is Act.REACTIVATES else effect.before) or {}
    keys = role_keys(properties)
    if isinstance(keys, Unknown):
        keys = (SECRET_ROLES if properties.get("role_keys") is SECRET else SOME_ROLES,)
    has = f"has {roles_text(keys)}" if keys else "has no roles"
    return "is inactive already" if active(properties) is False else has
