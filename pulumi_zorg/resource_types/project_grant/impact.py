"""What changes of a project grant mean to people. Pure: no I/O."""

from __future__ import annotations

from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import SOME_ROLES, Act, Effect, Facts, Impact, active

_TO_TAKE_ROLES = "To take roles away, deactivate the user grants or remove the project grant"


def changes_login(effect: Effect) -> bool:
    """Whether an active project grant begins or ceases to exist. With ``has_project_check`` it lets its organization log in."""
    if effect.act is Act.CREATES:
        return active(effect.properties) is not False
    if effect.act is Act.REMOVES:
        return active(effect.before or {}) is not False
    return effect.act in (Act.DEACTIVATES, Act.REACTIVATES)


class ProjectGrantImpact(Impact):
    """The sentences about project grants.

    A project grant gives an organization roles, which a deactivation leaves to it. It lets the organization's people log in where
    its project has ``has_project_check``, while it is active.
    """

    gives_access_to = ("granted_org_id", "project_id")

    def is_significant(self, effect: Effect) -> bool:
        return super().is_significant(effect) or bool(effect.gains or effect.loses) or changes_login(effect)

    def thing(self, effect: Effect, facts: Facts) -> str:
        organization, project = _named(effect, facts)
        return f"the grant of {project} to {organization} ({effect.id or 'a new project grant'})"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        organization, project = _named(effect, facts)
        grant, counts = self.thing(effect, facts), facts.counts
        if effect.act is Act.REMOVES:
            back = "Another project grant does not bring their roles back"
            if counts.get("grants") == 0:
                return (f"removes {grant}, by which no user grant was made",)
            along = (
                impact.count_text(counts["grants"], "user grant")
                if "grants" in counts
                else "all user grants made by it"
            )
            why = "" if "grants" in counts else facts.not_counted
            return (f"removes {grant} and {along}{why}. {back}",)
        lines = []
        if effect.act is Act.DEACTIVATES:
            only = "its people then cannot log in where the project has has_project_check, and no token loses a role"
            lines.append(f"deactivates {grant}: {only}. {_TO_TAKE_ROLES}")
        elif effect.act is Act.REACTIVATES:
            lines.append(f"reactivates {grant}: its people can log in where the project has has_project_check")
        from_both = f"from {grant}, and from the user grants made by it"
        if effect.loses == (SOME_ROLES,) and effect.gains:
            others = "all roles that are not declared" if effect.gains == effect.loses else "all other roles"
            lines.append(f"takes {others} {from_both}")
        elif effect.loses:
            lines.append(f"takes {impact.roles_text(effect.loses)} {from_both}")
        if effect.gains:
            lines.append(f"lets {organization} give {impact.roles_text(effect.gains)} of {project} to its users")
        return tuple(lines)


def _named(effect: Effect, facts: Facts) -> tuple[str, str]:
    """Return the organization and the project in a sentence."""
    return facts.named("organization", "granted_org_id", effect), facts.named("project", "project_id", effect)
