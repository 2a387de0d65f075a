"""Who can log in to the applications of a project, and who loses that by a change.

ZITADEL's rules, as docs/resources.md has them: a deactivated project lets nobody log in, and neither does one whose organization
is deactivated. With ``project_role_check``, a person needs an active user grant on the project. With ``has_project_check``, the
person's own organization must own the project or have an active project grant of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pulumi_zorg.api.access import Access, FoundGrant, Login
from pulumi_zorg.api.lists import Found
from pulumi_zorg.resource_types import impact
from pulumi_zorg.resource_types.impact import Facts
from pulumi_zorg.resource_types.resource_type import FactReader


@dataclass(frozen=True)
class Logins:
    """What decides who can log in to the applications of one project, as far as it was read.

    :param grants: the user grants on it; None where not all were read.
    :param people: which of their users are people; None where that is not known of all.
    :param granted: the organizations with an active project grant of it; None where they were not read.
    :param members: the people of organizations, as far as they were all read.
    :param why_not: why something of it was not read.
    """

    login: Login
    grants: tuple[FoundGrant, ...] | None = None
    people: frozenset[str] | None = None
    granted: frozenset[str] | None = None
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    why_not: str | None = None

    @property
    def granted_users(self) -> frozenset[str] | None:
        """The users with an active user grant, people and service accounts."""
        return None if self.grants is None else frozenset(each.user_id for each in self.grants if each.active)

    @property
    def inside(self) -> frozenset[str] | None:
        """The organizations whose people ``has_project_check`` lets in."""
        return None if self.granted is None else self.granted | {self.login.owner}

    @property
    def unlisted(self) -> str | None:
        """Why no list has the people whom the settings let in; None where one has them."""
        if not self.login.active or self.login.role_check or self.login.project_check:
            return None
        return "everybody of the instance can log in to its applications"

    def who(self, login: Login) -> Mapping[str, str] | None:
        """Return the people whom these settings let in, with their organizations; None where no list that was read has them all.

        Where neither check is on, these are all people of the instance, which are not listed.
        """
        if not login.active:
            return {}
        if login.role_check:
            if self.grants is None or self.people is None or (login.project_check and self.inside is None):
                return None
            found = [each for each in self.grants if each.active and each.user_id in self.people]
            return {each.user_id: each.user_org for each in found if self._lets_in(login, each.user_id, each.user_org)}
        if login.project_check and self.inside is not None and self.inside <= self.members.keys():
            return {person: org_id for org_id in self.inside for person in self.members[org_id]}
        return None

    def losing(self, before: Login, after: Login) -> frozenset[str] | None:
        """Return the people whom the settings let in before a change and not after it; None where they are not known."""
        narrower = (
            (before.active and not after.active)
            or (after.role_check and not before.role_check)
            or (after.project_check and not before.project_check)
        )
        if not narrower:
            return frozenset()
        had = self.who(before)
        if had is None or (after.role_check and self.grants is None) or (after.project_check and self.inside is None):
            return None if had != {} else frozenset()
        return frozenset(person for person, org_id in had.items() if not self._lets_in(after, person, org_id))

    def _lets_in(self, login: Login, person: str, org_id: str) -> bool:
        """Whether the settings let a person in. What they depend on must have been read."""
        return (
            login.active
            and (not login.role_check or person in (self.granted_users or ()))
            and (not login.project_check or org_id in (self.inside or ()))
        )


def read_login(access: Access, reader: FactReader, project_id: Any) -> tuple[Login | None, str | None]:
    """Return the settings of a project; or None and why they were not read.

    :param project_id: its id, or what is there in place of one that is not known yet.
    """
    if not isinstance(project_id, str):
        return None, "it is not known yet"
    return reader.attempt(("login", project_id), lambda: access.login(project_id))


def read_logins(access: Access, reader: FactReader, project_id: str, login: Login, *, members: bool) -> Logins:
    """Return what decides who can log in to the applications of a project. It never raises.

    :param members: whether the people of the organizations are needed too. They take a call for each organization.
    """
    found, why = reader.attempt(("grants on", project_id), lambda: access.grants(project_id=project_id))
    if found is None:
        return Logins(login, why_not=why)
    if not found.complete:
        total = impact.count_text(found.total, "user grant")
        return Logins(login, why_not=f"the server shows {len(found.entries)} of {total}")
    users = {each.user_id for each in found.entries}
    kinds, why = reader.attempt(("kinds", *sorted(users)), lambda: access.kinds(users)) if users else (None, None)
    if not users:
        result = Logins(login, found.entries, people=frozenset())
    elif kinds is not None and kinds.complete:
        result = Logins(login, found.entries, people=kinds.people)
    else:
        result = Logins(login, found.entries, why_not=why or "the server does not show all of their users")
    granted, why = reader.attempt(("project grants", login.owner), lambda: access.project_grants(login.owner))
    if granted is None or not granted.complete:
        return replace(result, why_not=why or "the server does not show all project grants")
    of_project = [each for each in granted.entries if each.active and each.project_id == project_id]
    result = replace(result, granted=frozenset(each.granted_org_id for each in of_project))
    return _with_members(access, reader, result, result.granted or frozenset()) if members else result


def _with_members(access: Access, reader: FactReader, logins: Logins, granted: frozenset[str]) -> Logins:
    # Those of the owner decide only where has_project_check alone is on.
    only_organizations = logins.login.project_check and not logins.login.role_check
    wanted = granted | ({logins.login.owner} if only_organizations else set())
    if len(wanted) > reader.at_most:
        return replace(logins, why_not=f"that takes more than {impact.count_text(reader.at_most, 'call')}")
    found: dict[str, frozenset[str]] = {}
    for org_id in sorted(wanted):
        users, why = reader.attempt(("users of", org_id), partial(access.users, org_id))
        if users is None or not users.complete:
            return replace(logins, members=found, why_not=why or "the server does not show all users")
        found[org_id] = users.people
    return replace(logins, members=found)


def counts_of(all_logins: Iterable[Logins]) -> dict[str, int]:
    """Return the counts about projects that :func:`pulumi_zorg.resource_types.impact.shut_out` shows, as far as they are known of all."""
    several = list(all_logins)
    counts = {impact.OPEN: sum(not (each.login.role_check or each.login.project_check) for each in several)}
    users = [each.granted_users for each in several]
    people = [each.people for each in several]
    if None not in users and None not in people:
        with_grants = frozenset().union(*(each or () for each in users))
        those = frozenset().union(*(each or () for each in people))
        counts |= {impact.PEOPLE: len(with_grants & those), impact.SERVICE_ACCOUNTS: len(with_grants - those)}
    granted = [each.granted for each in several]
    if None not in granted:
        organizations = frozenset().union(*(each or () for each in granted))
        counts[impact.ORGANIZATIONS] = len(organizations)
        members = {org_id: people for each in several for org_id, people in each.members.items()}
        if organizations <= members.keys():
            counts[impact.PEOPLE_OF_ORGANIZATIONS] = len(frozenset().union(*(members[each] for each in organizations)))
    return counts


def users_losing(logins: Logins) -> frozenset[str] | None:
    """Return who loses access where a project is deactivated or removed; None where they are not known.

    Service accounts are among them: a deactivated project stops the introspection of their tokens.
    """
    people = logins.losing(logins.login, replace(logins.login, active=False))
    users = logins.granted_users
    return None if people is None or users is None else people | users


def facts_of_lost_roles(
    reader: FactReader, id: str | None, reads: Mapping[str, Callable[[], Found[FoundGrant]]]
) -> Facts:
    """Return how many user grants lose each role, whose they are, and why that was not read.

    :param id: the object that the roles are taken out of.
    :param reads: reads the user grants that lose something, by the name of their count.
    """
    facts = Facts(losing=frozenset())
    for name, read in reads.items():
        found, why = reader.attempt(("losing by", id or "", name), read)
        if found is None:
            return facts | Facts(why_not=why)
        active = frozenset(each.user_id for each in found.entries if each.active)
        facts |= Facts({name: found.total}, losing=active if found.complete else None)
        if not found.complete:
            break
    return facts
