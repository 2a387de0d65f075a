"""What changes of a project mean to people. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import SECRET, SOME_ROLES, UNKNOWN, Act, Effect, Facts, Impact, Planned, Unknown

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


#: The settings that keep people out of the login, by whether they were off or on.
CHECKS = ("project_role_check", "has_project_check")
#: The names of counts: people whom the settings let in after the change, people whose user grants are all inactive, and people
#: with an active one who are of other organizations.
LET_IN, INACTIVE, OUTSIDE = "people let in", "people with inactive grants", "people of other organizations"


def checks(properties: Mapping[str, Any]) -> dict[str, bool | Unknown]:
    """Return the settings that keep people out of the login. ZITADEL's default is that they are off."""
    found = {name: properties.get(name, False) for name in CHECKS}
    return {name: value if isinstance(value, bool | Unknown) else UNKNOWN for name, value in found.items()}


def switches(effect: Effect) -> dict[str, bool | Unknown]:
    """Return which of these settings the change switches, and to what."""
    before, after = effect.before, effect.after
    if before is None or after is None:
        return {}
    had = checks(before)
    # A setting that the program leaves out is not changed.
    has = checks({**before, **{name: value for name, value in after.items() if value is not None}})
    return {name: has[name] for name in CHECKS if has[name] is not had[name] or isinstance(has[name], Unknown)}


def stops_asserting(effect: Effect) -> bool | Unknown:
    """Return whether the change takes the roles out of the tokens of applications that do not ask for them."""
    name = "project_role_assertion"
    before, after = effect.before, effect.after
    if before is None or after is None or after.get(name) is None:
        return False
    had, has = before.get(name, False), after[name]
    if had is False or has is True:
        return False
    return next((each for each in (had, has) if isinstance(each, Unknown)), True)


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
        reactivated = effect.act is Act.REACTIVATES
        switched = bool(effect.loses or switches(effect) or stops_asserting(effect))
        return super().is_significant(effect) or reactivated or switched

    def gives_access(self, effect: Effect) -> bool:
        return super().gives_access(effect) or any(value is not True for value in switches(effect).values())

    def takes_access(self, effect: Effect) -> bool:
        switched = any(value is not False for value in switches(effect).values()) or bool(stops_asserting(effect))
        return super().takes_access(effect) or switched

    def thing(self, effect: Effect, facts: Facts) -> str:
        return f"project {impact.name_text(effect.properties.get('name'))} ({effect.id or 'id not known yet'})"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        counts, project = facts.counts, self.thing(effect, facts)
        if effect.act is Act.REMOVES:
            if not {"grants", "project_grants"} <= counts.keys():
                return (f"removes {project} and all its roles, project grants and user grants{facts.not_counted}",)
            along = impact.counts_text({"project grant": counts["project_grants"], "user grant": counts["grants"]})
            return (f"removes {project}{f' and {along}' if along else ', on which there is no grant'}",)
        lines = [*_switched(effect, project, facts), *_checked(effect, project, facts), *_asserted(effect, project)]
        if effect.loses and effect.adopts:
            # What is before it in the output, "Unless the object already matches", covers that the project may have no others.
            lines.append(f"removes the roles of {project} that are not declared: every user grant loses them")
        elif impact.are_shown(effect.loses):
            for key in effect.loses:
                lines.append(f"removes {impact.lost_role(key, f'of {project}', counts.get(WITH_ROLE + key), facts)}")
        else:
            lines.append(f"may remove {effect.loses[0]} of {project}: every user grant loses them{facts.not_counted}")
        return tuple(lines)


def _switched(effect: Effect, project: str, facts: Facts) -> tuple[str, ...]:
    """Return the sentences about a deactivation or a reactivation."""
    if effect.act is Act.DEACTIVATES:
        fails = "every login to its applications, every refresh and every introspection by its APIs fails"
        return (
            f"deactivates {project}: {fails}, for the users of all organizations",
            *impact.shut_out(facts, project, "it"),
        )
    if effect.act is Act.REACTIVATES:
        again = "logins to its applications work again, with old refresh tokens too"
        return (f"reactivates {project}: {again}, for the users of all organizations",)
    return ()


def _checked(effect: Effect, project: str, facts: Facts) -> tuple[str, ...]:
    """Return the sentences about the settings that keep people out of the login."""
    now = checks(effect.properties)
    lines = []
    for name, value in switches(effect).items():
        if value is SECRET:
            lines.append(
                f"may change {name} of {project} (the value is secret): who can log in to its applications may change"
            )
        elif value is False:
            lines.append(f"disables {name} of {project}: {_let_in(name, now)} can log in to its applications")
        else:
            verb = "enables" if value is True else "may enable"
            lines.append(f"{verb} {name} of {project}: {_let_in_only(name, facts)}")
    return tuple(lines)


def _asserted(effect: Effect, project: str) -> tuple[str, ...]:
    """Return the sentence about the setting that puts roles into tokens."""
    stops = stops_asserting(effect)
    if not stops:
        return ()
    verb = "disables" if stops is True else "may disable"
    only = (
        "an application then gets the roles only if it asks for them with a scope; introspection by the project's own APIs "
        "still has them"
    )
    return (f"{verb} project_role_assertion of {project}: {only}",)


def _let_in(name: str, now: Mapping[str, bool | Unknown]) -> str:
    """Return who can log in where a setting is disabled."""
    if name == "project_role_check":
        only = now["has_project_check"] is True
        where = "its own organization and of those that it is granted to" if only else "every organization"
        return f"all people of {where}, also without a user grant,"
    also = " with an active user grant" if now["project_role_check"] is True else ""
    return f"people of every organization{also}, also without a project grant,"


def _let_in_only(name: str, facts: Facts) -> str:
    """Return who alone can log in where a setting is enabled."""
    counts = facts.counts
    if name == "project_role_check":
        if not {LET_IN, INACTIVE} <= counts.keys():
            return f"only people with an active user grant on it can log in to its applications{facts.not_counted}"
        only = (
            f"only {impact.people_text(counts[LET_IN])} with an active user grant on it can log in to its applications"
        )
        if not counts[LET_IN]:
            only = "nobody can log in to its applications, because nobody has an active user grant on it"
        return (
            f"{only}; {impact.people_text(counts[INACTIVE])} with an inactive one cannot" if counts[INACTIVE] else only
        )
    own = "only people of its own organization and of those with an active project grant can log in to its applications"
    if not {impact.ORGANIZATIONS, OUTSIDE} <= counts.keys():
        return f"{own}{facts.not_counted}"
    number = counts[impact.ORGANIZATIONS]
    these = f"{own} ({impact.count_text(number, 'organization') if number else 'no organization'} with one)"
    outside = f"; {impact.people_text(counts[OUTSIDE])} with an active user grant on it"
    return f"{these}{outside} cannot, being of other organizations" if counts[OUTSIDE] else these
