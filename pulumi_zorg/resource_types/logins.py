"""Counts of those who have access to a project, for the sentences of a preview.

A preview makes few calls, so it reads the lists of the projects that it concerns. Who loses access is in :mod:`pulumi_zorg.access`.
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
    if len(granted) > reader.at_most:
        return replace(logins, why_not=f"that takes more than {impact.count_text(reader.at_most, 'call')}")
    found: dict[str, frozenset[str]] = {}
    for org_id in sorted(granted):
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


def facts_of_lost_roles(
    reader: FactReader, id: str | None, reads: Mapping[str, Callable[[], Found[FoundGrant]]]
) -> Facts:
    """Return how many user grants lose each role, and why that was not read.

    :param id: the object that the roles are taken out of.
    :param reads: reads the user grants that lose something, by the name of their count.
    """
    facts = Facts()
    for name, read in reads.items():
        found, why = reader.attempt(("losing by", id or "", name), read)
        if found is None:
            return facts | Facts(why_not=why)
        facts |= Facts({name: found.total})
    return facts
