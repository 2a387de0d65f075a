"""What changes of an organization mean to people. Pure: no I/O."""

from __future__ import annotations

from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import SECRET, Act, Effect, Facts, Impact

#: The count that is 1 where login names end with the organization's domain, and 0 where they do not.
DOMAIN_IN_LOGIN_NAMES = "domain in login names"
#: The count that is 1 where all applications use the V2 login, and 0 where some may use the old login pages (V1).
LOGIN_V2 = "login v2"

_CUT_OFF = "To take access away, deactivate the users or their user grants"


def renames(effect: Effect) -> bool:
    """Whether the change gives the organization another name. Of a secret name it is known where nothing else happens."""
    if effect.before is None or effect.after is None:
        return False
    name = effect.after.get("name")
    if name is SECRET:
        return effect.act is Act.CHANGES and effect.is_significant and effect.properties.get("active") is not SECRET
    return bool(effect.before.get("name") != name)


class OrganizationImpact(Impact):
    """The sentences about organizations.

    Deactivating an organization stops the logins to the applications of its own projects. Its users keep everything else: only
    ZITADEL's old login pages (V1) look at the organization of a user.
    """

    known_by = ("name",)

    def is_significant(self, effect: Effect) -> bool:
        return effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES) or renames(effect)

    def thing(self, effect: Effect, facts: Facts) -> str:
        return f"organization {impact.name_text(effect.properties.get('name'))} ({effect.id or 'id not known yet'})"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        organization, counts = self.thing(effect, facts), facts.counts
        describe = {Act.REMOVES: _removed, Act.DEACTIVATES: _deactivated, Act.REACTIVATES: _reactivated}.get(effect.act)
        lines = () if describe is None else describe(organization, facts)
        if renames(effect) and 0 not in (counts.get(DOMAIN_IN_LOGIN_NAMES), counts.get("users")):
            return (*lines, _renamed(organization, effect, facts))
        return lines


def _removed(organization: str, facts: Facts) -> tuple[str, ...]:
    counts = facts.counts
    if not {"users", "projects", "grants"} <= counts.keys():
        return (f"removes {organization} and all its projects, users and grants{facts.not_counted}",)
    nouns = {"projects": "project", "users": "user", "grants": "user grant"}
    along = impact.counts_text({noun: counts[name] for name, noun in nouns.items()})
    removes = f"removes {organization}{f' and {along}' if along else ', which is empty'}"
    if not counts["projects"]:
        return (removes,)
    its = impact.all_text("the", counts["projects"], "project")
    return (
        removes,
        f"ends every login to the applications of {its} of {organization}, for the users of all organizations",
    )


def _deactivated(organization: str, facts: Facts) -> tuple[str, ...]:
    projects = facts.counts.get("projects")
    pages = "" if facts.counts.get(LOGIN_V2) else ": only ZITADEL's old login pages (V1) refuse them"
    if projects == 0:
        return (f"deactivates {organization}, which cuts off none of its users{pages}. {_CUT_OFF}",)
    whose = "its projects, if it owns any," if projects is None else impact.all_text("its", projects, "project")
    return (
        f"deactivates {organization}: every login, refresh and introspection of the applications of {whose} fails, for the users of "
        "all organizations",
        f"leaves the users of {organization} their roles, and their access to all other applications{pages}. {_CUT_OFF}",
    )


def _reactivated(organization: str, facts: Facts) -> tuple[str, ...]:
    projects, is_v2 = facts.counts.get("projects"), facts.counts.get(LOGIN_V2)
    pages = "ZITADEL's old login pages (V1) accept its users again"
    if projects == 0:
        stopped = ", whose deactivation stopped nobody" if is_v2 else f": {pages}. Nothing else was stopped"
        return (f"reactivates {organization}{stopped}",)
    whose = "its projects, if it owns any," if projects is None else impact.all_text("its", projects, "project")
    again = f"logins to the applications of {whose} work again, for the users of all organizations"
    return (f"reactivates {organization}: {again}{'' if is_v2 else f'; {pages}'}",)


def _renamed(organization: str, effect: Effect, facts: Facts) -> str:
    name = (effect.after or {}).get("name")
    to = impact.text(name) if isinstance(name, str) else impact.called("name", name)
    users = facts.counts.get("users")
    who = "its users" if users is None else impact.all_text("its", users, "user")
    if DOMAIN_IN_LOGIN_NAMES in facts.counts:
        because = "and they end with its domain (userLoginMustBeDomain)"
        return f"changes the login names of {who} at once: {organization} is renamed to {to}, {because}"
    why = f"; that could not be read: {facts.why_not}" if facts.why_not else ""
    if_so = "they change if they end with its domain (userLoginMustBeDomain)"
    return f"may change the login names of {who} at once: {organization} is renamed to {to}, and {if_so}{why}"
