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
        return "{} ({})".format(*_name_and_id(effect))

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        organization, where = _name_and_id(effect)
        counts = facts.counts
        describe = {Act.REMOVES: _removed, Act.DEACTIVATES: _deactivated, Act.REACTIVATES: _reactivated}.get(effect.act)
        lines = [] if describe is None else describe(organization, where, facts)
        if renames(effect) and 0 not in (counts.get(DOMAIN_IN_LOGIN_NAMES), counts.get("users")):
            lines.append(_renamed(self.thing(effect, facts), effect, facts))
        return tuple(lines)


def _name_and_id(effect: Effect) -> tuple[str, str]:
    return f"organization {impact.name_text(effect.properties.get('name'))}", effect.id or "id not known yet"


def _removed(organization: str, where: str, facts: Facts) -> list[str]:
    counts = facts.counts
    if not {"users", "projects", "grants"} <= counts.keys():
        all_of_it = "all its projects, users and grants"
        return [f"removes {organization} and {all_of_it} ({where}{facts.not_counted})"]
    along = impact.counts_text({noun: counts[f"{noun}s"] for noun in ("project", "user", "grant")})
    removes = f"removes {organization} and {along} ({where})"
    if not along:
        removes = f"removes {organization} ({where}), which is empty"
    return [removes, _ended(organization, where, facts)] if counts["projects"] else [removes]


def _ended(organization: str, where: str, facts: Facts) -> str:
    """Return what the removal of its projects means to the users of other organizations too."""
    counts = facts.counts
    projects = f"{impact.all_text('the', counts['projects'], 'project')} of {organization} ({where})"
    it = "it" if counts["projects"] == 1 else "them"
    if {impact.PEOPLE, impact.SERVICE_ACCOUNTS} <= counts.keys():
        people, accounts = counts[impact.PEOPLE], counts[impact.SERVICE_ACCOUNTS]
        both = [impact.people_text(people)] if people or not accounts else []
        both += [impact.count_text(accounts, "service account")] if accounts else []
        who = f"{' and '.join(both)} with an active user grant on {it} would lose their roles"
        who = who if people or accounts else f"nobody has an active user grant on {it}"
    else:
        who = f"everybody with a user grant on {it} loses the roles{facts.not_counted}"
    return f"ends every login to the applications of {projects}, for the users of all organizations: {who}"


def _deactivated(organization: str, where: str, facts: Facts) -> list[str]:
    projects = facts.counts.get("projects")
    pages = "" if facts.counts.get(LOGIN_V2) else ": only ZITADEL's old login pages (V1) refuse people of it"
    if projects == 0:
        if _is_empty(facts):
            return [f"deactivates {organization} ({where}), which has no projects and no users"]
        leaves = f"which leaves {_users(facts, 'its')} their access{pages}"
        return [f"deactivates {organization} ({where}), {leaves}. {_CUT_OFF}"]
    fails, of_all = "every login, refresh and introspection of", "fails, for the users of all organizations"
    if projects is None:
        stopped = f"if it owns projects, {fails} their applications {of_all}"
        keep = f"Its users keep their access to all other applications{pages}"
        return [f"deactivates {organization} ({where}{facts.not_counted}): {stopped}. {keep}"]
    stopped = f"{fails} the applications of {impact.all_text('its', projects, 'project')} {of_all}"
    these = f"{impact.all_text('the', projects, 'project')} of {organization} ({where})"
    users = f"{_users(facts, 'the')} of {organization} ({where})"
    leaves = f"leaves {users} their access to all other applications{pages}. {_CUT_OFF}"
    return [
        f"deactivates {organization} ({where}): {stopped}",
        *impact.shut_out(facts, these, "it" if projects == 1 else "them"),
        *(() if _is_empty(facts) else (leaves,)),
    ]


def _reactivated(organization: str, where: str, facts: Facts) -> list[str]:
    projects, is_v2 = facts.counts.get("projects"), facts.counts.get(LOGIN_V2)
    pages = "ZITADEL's old login pages (V1) accept people of it again"
    if projects == 0:
        what = ", whose deactivation stopped nobody" if is_v2 else f": {pages}. Nothing else was stopped"
        return [f"reactivates {organization} ({where}){what}"]
    those = "its projects, if it owns any," if projects is None else impact.all_text("its", projects, "project")
    again = f"logins to the applications of {those} work again, for the users of all organizations"
    return [f"reactivates {organization} ({where}{facts.not_counted}): {again}{'' if is_v2 else f'; {pages}'}"]


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


def _users(facts: Facts, whose: str) -> str:
    counts = facts.counts
    if not {"users", "service_accounts"} <= counts.keys():
        return f"{whose} users"
    accounts = counts["service_accounts"]
    people = max(0, counts["users"] - accounts)
    if not people:
        return impact.all_text(whose, accounts, "service account")
    if not accounts:
        return f"{whose} {impact.people_text(people)}" if people > 1 else f"{whose} only user"
    return f"{whose} {impact.people_text(people)} and {impact.count_text(accounts, 'service account')}"


def _is_empty(facts: Facts) -> bool:
    """Whether nobody is in the organization. The two numbers may be counted one after the other."""
    return facts.counts.get("users") == 0 and facts.counts.get("service_accounts") == 0
