"""What changes of a project grant mean to people. Pure: no I/O."""

from __future__ import annotations

from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import SOME_ROLES, Act, Effect, Facts, Impact, active

#: The names of counts: 1 where the project's settings make the project grant decide who can log in, else 0; and the people whom
#: it lets in.
DECIDES, LET_IN = "decides about logins", "people let in"

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
        login = _login(effect, project, organization, facts)
        if effect.act is Act.REMOVES:
            if counts.get("grants") == 0:
                return (f"removes {grant}, by which no user grant was made", *login)
            counted = "grants" in counts
            along = impact.count_text(counts["grants"], "user grant") if counted else "all user grants made by it"
            back = "Another project grant does not bring their roles back"
            why = "" if counted else facts.not_counted
            return (f"removes {grant} and {along}{why}. {back}", *login)
        lines = [*_switched(effect, grant, login, facts)]
        if effect.loses == (SOME_ROLES,) and effect.gains:
            others = "all roles that are not declared" if effect.gains == effect.loses else "all other roles"
            lines.append(f"takes {others} from {grant}, and from the user grants made by it")
        elif impact.are_shown(effect.loses):
            lines += (f"takes {impact.lost_role(key, f'from {grant}', counts.get(key), facts)}" for key in effect.loses)
        else:
            lines.append(f"takes {impact.roles_text(effect.loses)} from {grant}, and from the user grants made by it")
        if effect.gains:
            lines.append(f"lets {organization} give {impact.roles_text(effect.gains)} of {project} to its users")
        return (*lines, *(login if effect.act is Act.CREATES else ()))


def _named(effect: Effect, facts: Facts) -> tuple[str, str]:
    """Return the organization and the project in a sentence."""
    return facts.named("organization", "granted_org_id", effect), facts.named("project", "project_id", effect)


def _switched(effect: Effect, grant: str, login: tuple[str, ...], facts: Facts) -> tuple[str, ...]:
    """Return the sentences about a deactivation or a reactivation."""
    if effect.act not in (Act.DEACTIVATES, Act.REACTIVATES):
        return ()
    if effect.act is Act.REACTIVATES:
        return login
    decides = facts.counts.get(DECIDES)
    if decides is None:
        if_on = f"it stops the logins of its people if the project has has_project_check{facts.not_counted}"
        return (f"deactivates {grant}, which takes no role out of any token; {if_on}. {_TO_TAKE_ROLES}",)
    if not decides:
        nothing = "which stops nothing: the project has no has_project_check, and no token loses a role"
        return (f"deactivates {grant}, {nothing}. {_TO_TAKE_ROLES}",)
    return (f"deactivates {grant}, which takes no role out of any token. {_TO_TAKE_ROLES}", *login)


def _login(effect: Effect, project: str, organization: str, facts: Facts) -> tuple[str, ...]:
    """Return the sentence about the logins of the organization's people, where the project grant decides about them."""
    if not facts.counts.get(DECIDES) or not changes_login(effect):
        return ()
    number = facts.counts.get(LET_IN)
    who = f"the people of {organization}" if number is None else f"{impact.people_text(number)} of {organization}"
    because = "the project has has_project_check"
    if effect.act in (Act.DEACTIVATES, Act.REMOVES):
        why = facts.not_counted if number is None else ""
        return (f"shuts {who} out of the login to the applications of {project}: {because}{why}",)
    return (f"lets {who} log in to the applications of {project}: {because}",)
