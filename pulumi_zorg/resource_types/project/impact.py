"""What changes of a project mean to people. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import SECRET, SOME_ROLES, UNKNOWN, Act, Effect, Facts, Impact, Planned, Unknown


def _lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the roles that the change removes. Roles that the program does not manage stay as they are."""
    had, has = before.get("roles"), after.get("roles")
    if has is None or had == {}:
        return ()
    if isinstance(had, Mapping) and isinstance(has, Mapping):
        return tuple(sorted(had.keys() - has.keys()))
    # Which ones the project has, or will have, is not known. Where they were not managed, the state does not have them.
    return (SOME_ROLES,) if had is None or isinstance(had, Unknown) or isinstance(has, Unknown) else ()


#: The settings that keep people out of the login.
CHECKS = ("project_role_check", "has_project_check")
#: What each setting does where it is on, and where it is off.
_ON_AND_OFF = {
    "project_role_check": ("only people with an active user grant on it can", "people need no user grant on it to"),
    "has_project_check": (
        "only people of its own organization and of those with an active project grant of it can",
        "people of every organization can",
    ),
}


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
        lines = [*_switched(effect, project), *_checked(effect, project), *_asserted(effect, project)]
        if effect.loses and effect.adopts:
            # What is before it in the output, "Unless the object already matches", covers that the project may have no others.
            lines.append(f"removes the roles of {project} that are not declared: every user grant loses them")
        elif effect.loses:
            it, verb = (
                ("it" if len(effect.loses) == 1 else "them", "removes")
                if impact.are_shown(effect.loses)
                else ("them", "may remove")
            )
            lines.append(f"{verb} {impact.roles_text(effect.loses)} of {project}: every user grant loses {it}")
        return tuple(lines)


def _switched(effect: Effect, project: str) -> tuple[str, ...]:
    """Return the sentence about a deactivation or a reactivation."""
    if effect.act is Act.DEACTIVATES:
        fails = "every login to its applications, every refresh and every introspection by its APIs fails"
        keep = "No token loses a role, and service accounts still get new ones. To take roles away, deactivate the user grants"
        return (f"deactivates {project}: {fails}, for the users of all organizations. {keep}",)
    if effect.act is Act.REACTIVATES:
        again = "logins to its applications work again, with old refresh tokens too"
        return (f"reactivates {project}: {again}, for the users of all organizations",)
    return ()


def _checked(effect: Effect, project: str) -> tuple[str, ...]:
    """Return the sentences about the settings that keep people out of the login."""
    lines = []
    for name, value in switches(effect).items():
        if value is SECRET:
            may = "who can log in to its applications may change"
            lines.append(f"may change {name} of {project} (the value is secret): {may}")
        else:
            verb = "disables" if value is False else "enables" if value is True else "may enable"
            then = f"then {_ON_AND_OFF[name][value is False]} log in to its applications"
            only = "" if value is False else ". It acts at the login alone: refresh tokens and service accounts go on"
            lines.append(f"{verb} {name} of {project}: {then}{only}")
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
