"""What changes of a project mean to people. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.impact import (
    SOME_ROLES,
    Act,
    Effect,
    Facts,
    Impact,
    Planned,
    Unknown,
    are_shown,
    count_text,
    lost_role,
    name_text,
    switched,
)

__all__ = ["WITH_ROLE", "ProjectImpact"]

#: What the names of the counts of the user grants that have a role begin with.
WITH_ROLE = "grants with "


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the roles that the change removes. Roles that the program does not manage stay as they are."""
    had, has = before.get("roles"), after.get("roles")
    if has is None or had == {}:
        return ()
    if isinstance(had, Mapping) and isinstance(has, Mapping):
        return tuple(sorted(had.keys() - has.keys()))
    # Which ones the project has, or will have, is not known. Where they were not managed, the state does not have them.
    return (SOME_ROLES,) if had is None or isinstance(had, Unknown) or isinstance(has, Unknown) else ()


class ProjectImpact(Impact):
    """The sentences about projects."""

    known_by = ("name",)

    def effect(self, planned: Planned) -> Effect:
        effect = super().effect(planned)
        if planned.before is None or planned.after is None:
            return effect
        effect = replace(effect, loses=_lost(planned.before, planned.after))
        return replace(effect, is_significant=self.is_significant(effect))

    def is_significant(self, effect: Effect) -> bool:
        return super().is_significant(effect) or bool(effect.loses)

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        counts = facts.counts
        project = f"project {name_text(effect.properties.get('name'))} ({effect.id or 'id not known yet'})"
        if effect.act is Act.REMOVES:
            if not {"grants", "project_grants"} <= counts.keys():
                return (f"removes {project} and all its roles, project grants and user grants{facts.not_counted}",)
            along = (
                f"{count_text(counts['project_grants'], 'project grant')}, {count_text(counts['grants'], 'user grant')}"
            )
            return (f"removes {project} and {along}",)
        how = ", which takes no role out of any token: to do that, deactivate the user grants"
        lines = [*switched(effect, project, how)]
        if effect.adopts and effect.loses:
            # What is before it in the output, "may be so", covers that the project may have no other roles.
            lines.append(f"removes the roles of {project} that are not declared: every user grant loses them")
        elif are_shown(effect.loses):
            lines += (
                f"removes {lost_role(key, f'of {project}', counts.get(WITH_ROLE + key), facts)}" for key in effect.loses
            )
        else:
            lines.append(f"may remove {effect.loses[0]} of {project}: every user grant loses them{facts.not_counted}")
        return tuple(lines)
