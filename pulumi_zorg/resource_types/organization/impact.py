"""What changes of an organization mean to people. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import SECRET, Act, Effect, Facts, Impact, Unknown
from pulumi_zorg.resource_types.lifecycle import NOT_ALL, NOTHING

#: The count that is 1 where login names end with the organization's domain, and 0 where they do not.
DOMAIN_IN_LOGIN_NAMES = "domain in login names"
#: The count that is 1 where all applications use the V2 login, and 0 where some may use the old login pages (V1).
LOGIN_V2 = "login v2"
#: The numbers of people and service accounts that are deactivated or reactivated along with it.
PEOPLE_ALONG, ACCOUNTS_ALONG = "people along", "service accounts along"

_CUT_OFF = 'To take access away, set cascade="users"'


def renames(effect: Effect) -> bool:
    """Whether the change gives the organization another name. Of a secret name it is known where nothing else happens."""
    if effect.before is None or effect.after is None:
        return False
    name = effect.after.get("name")
    if name is SECRET:
        return effect.act is Act.CHANGES and effect.is_significant and effect.properties.get("active") is not SECRET
    return bool(effect.before.get("name") != name)


def along(properties: Mapping[str, Any] | None) -> str | None:
    """Return what is deactivated along with an organization; None where that is not known."""
    if properties is None:
        return NOTHING
    flag, cascade = impact.active(properties), properties.get("cascade") or NOTHING
    if str(cascade).startswith(NOT_ALL):
        return str(cascade)
    if flag is True or cascade == NOTHING:
        return NOTHING
    return None if isinstance(flag, Unknown) or isinstance(cascade, Unknown) else str(cascade)


def along_after(effect: Effect) -> str | None:
    """Return what is deactivated along with an organization after a change. A deletion may deactivate it."""
    if effect.after is None and effect.act is Act.DEACTIVATES:
        return along({**(effect.before or {}), "active": False})
    return along(effect.before if effect.act is Act.LEAVES else effect.after)


def comes_back(before: str | None, after: str | None) -> bool:
    """Whether what is deactivated along with an organization comes back by a change, or that is not known."""
    return before != NOTHING and (before is None or before.removeprefix(NOT_ALL) != after)


class OrganizationImpact(Impact):
    """The sentences about organizations.

    Deactivating an organization stops the logins to the applications of its own projects. Its users keep everything else: only
    ZITADEL's old login pages (V1) look at the organization of a user.
    """

    known_by = ("name",)

    def is_significant(self, effect: Effect) -> bool:
        switches = effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES)
        return switches or renames(effect) or self._changes_along(effect)

    def takes_access(self, effect: Effect) -> bool:
        return super().takes_access(effect) or (self._changes_along(effect) and along_after(effect) != NOTHING)

    def gives_access(self, effect: Effect) -> bool:
        gives = comes_back(along(effect.before), along_after(effect))
        return super().gives_access(effect) or (self._changes_along(effect) and gives)

    @staticmethod
    def _changes_along(effect: Effect) -> bool:
        """Whether other objects are deactivated along with it after the change than before, or that is not known."""
        before, after = along(effect.before), along_after(effect)
        return effect.act is not Act.REMOVES and (before != after or before is None)

    def thing(self, effect: Effect, facts: Facts) -> str:
        return f"organization {impact.name_text(effect.properties.get('name'))} ({effect.id or 'id not known yet'})"

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        organization, counts = self.thing(effect, facts), facts.counts
        describe = {Act.REMOVES: _removed, Act.DEACTIVATES: _deactivated, Act.REACTIVATES: _reactivated}.get(effect.act)
        lines = () if describe is None else describe(organization, facts)
        if self._changes_along(effect):
            lines = (*_along(organization, effect, facts), *_projects(effect.act, organization, facts))
        if renames(effect) and 0 not in (counts.get(DOMAIN_IN_LOGIN_NAMES), counts.get("users")):
            return (*lines, _renamed(organization, effect, facts))
        return lines


def _along(organization: str, effect: Effect, facts: Facts) -> tuple[str, ...]:
    """Return the sentences about what is deactivated or reactivated along with an organization."""
    before, after = along(effect.before), along_after(effect)
    itself = {Act.DEACTIVATES: "deactivates", Act.REACTIVATES: "reactivates"}.get(effect.act)
    if before is None or after is None:
        return (
            f"may deactivate or reactivate users of {organization} along with it: that depends on a value that is not known",
        )
    users = _users_along(facts)
    begins = [
        f"{itself} {organization} and, along with it, " if itself else "deactivates, along with " + f"{organization}, "
    ]
    if after == "users":
        return (
            f"{begins[0]}{users}: no login, refresh token, personal access token or service account of them works any more",
            f"ends the access tokens and personal access tokens of the users of {organization} for good. active=True brings back the "
            "users, with their sessions and refresh tokens",
        )
    if after != NOTHING:
        return (
            f"{begins[0]}the user grants of its users in all organizations, which takes the roles out of every token",
        )
    is_of_users = before.removeprefix(NOT_ALL) == "users"
    what = users if is_of_users else "the user grants of its users"
    back = f"{itself} {organization} and, along with it, {what}" if itself else f"reactivates {what} of {organization}"
    stay = "Their sessions and refresh tokens work again, without a password; their access tokens and personal access tokens stay dead"
    return (f"{back} that were deactivated along with it{f'. {stay}' if is_of_users else ''}",)


def _projects(act: Act, organization: str, facts: Facts) -> tuple[str, ...]:
    """Return the sentence about the logins to the applications of its own projects."""
    projects = facts.counts.get("projects")
    if projects == 0 or act not in (Act.DEACTIVATES, Act.REACTIVATES):
        return ()
    of = "its projects, if it owns any," if projects is None else impact.all_text("its", projects, "project")
    if act is Act.REACTIVATES:
        return (
            f"reactivates {organization}: logins to the applications of {of} work again, for the users of all organizations",
        )
    fails = f"every login, refresh and introspection of the applications of {of} fails"
    return (f"deactivates {organization}: {fails}, for the users of all organizations",)


def _users_along(facts: Facts) -> str:
    people, accounts = facts.counts.get(PEOPLE_ALONG), facts.counts.get(ACCOUNTS_ALONG)
    if people is None or accounts is None:
        return "all its users"
    both = [impact.people_text(people)] if people or not accounts else []
    return " and ".join([*both, *([impact.count_text(accounts, "service account")] if accounts else [])])


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
