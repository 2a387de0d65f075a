"""What changes of a user grant mean to people. Pure: no I/O.

A user grant is judged by its effective roles: its role keys while it is active, else none. In a project with
``project_role_check``, an active one also lets its user log in, whether it has roles or not.
"""

from __future__ import annotations

from pulumi_zorg.resource_types.impact import SECRET, SOME_ROLES, Act, Effect, Facts, Impact, active, roles_text

#: The count that is 1 where the project has ``project_role_check``, and 0 where it does not.
ROLE_CHECK = "project_role_check"


def begins(effect: Effect) -> bool:
    """Whether an active user grant begins to exist."""
    return effect.act is Act.REACTIVATES or (effect.act is Act.CREATES and active(effect.properties) is not False)


def ends(effect: Effect) -> bool:
    """Whether an active user grant ceases to exist."""
    if effect.act not in (Act.DEACTIVATES, Act.REMOVES) or effect.before is None:
        return False
    return active(effect.before) is not False or effect.before.get("active") is SECRET


def decides_alone(effect: Effect) -> bool:
    """Whether a user grant without roles begins or ceases to exist: only ``project_role_check`` decides if that changes anything."""
    return (begins(effect) and not effect.gains) or (ends(effect) and not effect.loses)


class UserGrantImpact(Impact):
    """The sentences about user grants."""

    gives_access_to = ("org_id", "project_id")
    roles_need_active = True

    def is_significant(self, effect: Effect) -> bool:
        switched = effect.act in (Act.DEACTIVATES, Act.REMOVES) or begins(effect)
        return switched or bool(effect.gains or effect.loses) or effect.is_phantom

    def thing(self, effect: Effect, facts: Facts) -> str:
        of_user = f"{_grant(effect)} of {facts.named('user', 'user_id', effect)}"
        return f"{of_user} in {facts.named('project', 'project_id', effect)}"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        user, project = facts.named("user", "user_id", effect), facts.named("project", "project_id", effect)
        grant = _grant(effect)
        if effect.is_phantom:
            no_roles = f"reads and lists of this server do not show it, and it gives {user} no roles"
            heal = "To heal it, recreate it after the update (`pulumi up --replace` its URN)"
            return (f"adopts {self.thing(effect, facts)}, which is a phantom: {no_roles}. {heal}",)
        named = effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES)
        how = f"{effect.act.value} {grant}" if named else grant
        lines = []
        if effect.loses == (SOME_ROLES,) == effect.gains:
            lines.append(f"replaces the roles of {project} that {user} has by {SOME_ROLES} ({how})")
        elif effect.loses == (SOME_ROLES,) and effect.gains:
            lines.append(f"takes all other roles of {project} from {user} ({how})")
        elif effect.loses:
            lines.append(f"takes {roles_text(effect.loses)} of {project} from {user} ({how})")
        if effect.gains and not (effect.gains == (SOME_ROLES,) == effect.loses):
            lines.append(f"gives {roles_text(effect.gains)} of {project} to {user} ({how})")
        applications = f"the applications of {project}"
        checked = facts.counts.get(ROLE_CHECK)
        if checked and ends(effect):
            unless = "unless another active user grant on it lets the user in"
            lines.append(
                f"shuts {user} out of the login to {applications}, which has project_role_check, {unless} ({how})"
            )
        elif checked and decides_alone(effect):
            lines.append(f"lets {user} log in to {applications}, which has project_role_check ({how})")
        elif checked is None and decides_alone(effect):
            why = f"; that could not be read: {facts.why_not}" if facts.why_not else ""
            if begins(effect):
                lines.append(f"lets {user} log in to {applications} if it has project_role_check ({how}{why})")
            else:
                shut = f"shuts {user} out of the login to {applications} if it has project_role_check{why}"
                lines.append(f"{how} of {user} in {project}, which gives no roles; {shut}")
        elif not lines and not begins(effect):
            lines.append(f"{how} of {user} in {project}, which gives no roles")
        return tuple(lines)


def _grant(effect: Effect) -> str:
    if effect.id:
        return f"user grant {effect.id}"
    return "an adopted or a new user grant" if effect.adopts else "a new user grant"
