"""What a report on access is limited to: organizations, projects, users and roles, by their ids or names. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from pulumi_zorg.access.instance import Instance, Manager, Project, UserGrant
from pulumi_zorg.errors import NoMatch, SeveralMatches, clean

_MOST_LISTED = 5
_MANAGER_ROLES = ("IAM_", "ORG_", "PROJECT_")


@dataclass(frozen=True)
class Filters:
    """What somebody asked for. None of a kind is no limit.

    :param organizations: ids or names.
    :param projects: ids or names.
    :param users: ids or login names.
    :param roles: keys.
    :param managers: whether the rights of managers are rows too.
    :param inactive: whether what is not in force is too.
    """

    organizations: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    managers: bool = False
    inactive: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the filters for programs. Their order and repetition mean nothing."""
        limits = {"org": self.organizations, "project": self.projects, "user": self.users, "role": self.roles}
        flags = {"managers": self.managers, "inactive": self.inactive}
        return {**{name: sorted(set(values)) for name, values in limits.items()}, **flags}


@dataclass(frozen=True)
class Selection:
    """The ids and role keys that a report is limited to; None is no limit."""

    organizations: frozenset[str] | None = None
    projects: frozenset[str] | None = None
    users: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    managers: bool = False

    def has_grant(self, instance: Instance, grant: UserGrant) -> bool:
        """Whether a user grant is selected. An organization selects what it gives, and what its users have."""
        return (self.projects is None or grant.project_id in self.projects) and self._has(
            instance, grant.user_id, grant.org_id, grant.roles
        )

    def has_manager(self, instance: Instance, manager: Manager) -> bool:
        """Whether a manager's right is selected. With projects, only rights on these are."""
        project_id = manager.object_id.partition(":")[0]
        return (self.projects is None or project_id in self.projects) and self._has(
            instance, manager.user_id, manager.org_id, manager.roles
        )

    def has_project(self, instance: Instance, project: Project) -> bool:
        """Whether a project is selected. An organization selects those that it owns, and those that were granted to it."""
        if self.projects is not None:
            return project.id in self.projects
        having = {project.org_id, *(each.org_id for each in instance.granted_by.get((project.id,), ()))}
        return self.organizations is None or not having.isdisjoint(self.organizations)

    def _has(self, instance: Instance, user_id: str, org_id: str, roles: Iterable[str]) -> bool:
        if self.users is not None and user_id not in self.users:
            return False
        if self.roles is not None and self.roles.isdisjoint(roles):
            return False
        if self.organizations is None or org_id in self.organizations:
            return True
        user = instance.users.get(user_id)
        return user is not None and user.org_id in self.organizations


def select(instance: Instance, filters: Filters, other_roles: Iterable[str] = ()) -> Selection:
    """Return what the filters name.

    :param other_roles: the keys of roles that projects have, and that nobody needs to have been given.
    :raises NoMatch: where one of them names nothing that the credential may see. The error has similar names.
    :raises SeveralMatches: where a name belongs to several objects.
    """
    organizations = {each.id: each.name for each in instance.organizations.values()}
    projects = {each.id: each.name for each in instance.projects.values()}
    owners = {each.id: organizations.get(each.org_id) or each.org_id for each in instance.projects.values()}
    users = {each.id: each.login for each in instance.users.values()}
    # A credential may see grants of users whom it does not see.
    users.update((each.user_id, "") for each in _given(instance) if each.user_id not in users)
    # Nothing lists the roles that a manager can have. Those of a newer server are in no table here.
    of_managers = [each for each in filters.roles if filters.managers and each.startswith(_MANAGER_ROLES)]
    roles = {role: role for role in (*other_roles, *of_managers, *roles_given(instance))}
    return Selection(
        _named("organization", filters.organizations, organizations),
        _named("project", filters.projects, projects, owners=owners),
        _named("user", filters.users, users, "login name"),
        _named("role", filters.roles, roles, "key"),
        filters.managers,
    )


def roles_given(instance: Instance) -> frozenset[str]:
    """Return the keys of all roles that somebody was given."""
    return frozenset(role for each in _given(instance) for role in each.roles)


def _given(instance: Instance) -> Sequence[UserGrant | Manager]:
    return (*instance.user_grants.values(), *instance.managers)


def _named(
    noun: str,
    wanted: Sequence[str],
    names: Mapping[str, str],
    called: str = "name",
    owners: Mapping[str, str] = MappingProxyType({}),
) -> frozenset[str] | None:
    """Return the ids that are wanted by id or by name; None where none is wanted.

    :param owners: the names of the organizations that own the objects, which tell objects of one name apart.
    """
    if not wanted:
        return None
    found = set()
    for each in wanted:
        # A login name in other letters belongs to the same user; names of organizations and projects do not.
        fold = str.casefold if noun == "user" else str
        ids = [each] if each in names else [key for key, name in names.items() if name and fold(name) == fold(each)]
        if len(ids) > 1:
            shown = (f"{key} (of {owners[key]})" if key in owners else key for key in sorted(ids)[:_MOST_LISTED])
            listed = ", ".join(map(clean, shown))
            raise SeveralMatches(f"Several {noun}s have the {called} {_quoted(each)}: give one of the ids {listed}.")
        if not ids:
            what = f"{noun} with the {called}" if called == "key" else f"{noun} with the id or the {called}"
            similar = _similar(each, set(names.values()))
            text = f" Similar names: {', '.join(map(_quoted, similar))}." if similar else ""
            raise NoMatch(f"There is no {what} {_quoted(each)} that this credential may see.{text}")
        found.update(ids)
    return frozenset(found)


def _similar(text: str, names: set[str]) -> list[str]:
    lower = {name.lower(): name for name in sorted(names) if name}
    first = text.lower().replace("@", " ").split()[:1]
    contain = [name for key, name in lower.items() if first and first[0] in key]
    close = [lower[key] for key in get_close_matches(text.lower(), lower, _MOST_LISTED)]
    return list(dict.fromkeys((*close, *contain)))[:_MOST_LISTED]


def _quoted(name: str) -> str:
    return f'"{clean(name)}"'
