"""What a change does to an instance, with all that goes along. Pure: no I/O.

The rows of tests/emulator/test_access.py that remove something say what is removed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pulumi_zorg.access.instance import Instance, Level, Manager, UserGrant

__all__ = ["remove", "take_roles"]


def remove(instance: Instance, collection: str, id: str) -> Instance:
    """Return the instance without an object and without everything that ZITADEL removes along with it.

    :param collection: the name of its collection, like ``organizations``.
    """
    return _REMOVALS[collection](instance, id)


def take_roles(
    instance: Instance, roles: Iterable[str], *, project_id: str, project_grant_id: str | None = None
) -> Instance:
    """Return the instance after roles were taken out of a project, or out of one of its project grants."""
    taken = frozenset(roles)

    def loses(grant: UserGrant) -> bool:
        of_grant = project_grant_id is None or grant.project_grant_id == project_grant_id
        return grant.project_id == project_id and of_grant and bool(taken.intersection(grant.roles))

    changed = [
        replace(each, roles=tuple(role for role in each.roles if role not in taken))
        for each in instance.user_grants.values()
        if loses(each)
    ]
    return instance.having("user_grants", *changed)


def _remove_organization(instance: Instance, id: str) -> Instance:
    for user in [each.id for each in instance.users.values() if each.org_id == id]:
        instance = _remove_user(instance, user)
    for project in [each.id for each in instance.projects.values() if each.org_id == id]:
        instance = _remove_project(instance, project)
    for grant in [each.id for each in instance.project_grants.values() if each.org_id == id]:
        instance = _remove_project_grant(instance, grant)
    instance = _without(instance, "user_grants", lambda grant: grant.org_id == id)
    instance = _without_managers(instance, lambda each: id in (each.org_id, each.object_id))
    return _without(instance, "organizations", lambda each: each.id == id)


def _remove_user(instance: Instance, id: str) -> Instance:
    instance = _without(instance, "user_grants", lambda grant: grant.user_id == id)
    instance = _without_managers(instance, lambda each: each.user_id == id)
    return _without(instance, "users", lambda each: each.id == id)


def _remove_project(instance: Instance, id: str) -> Instance:
    for grant in [each.id for each in instance.project_grants.values() if each.project_id == id]:
        instance = _remove_project_grant(instance, grant)
    instance = _without(instance, "user_grants", lambda grant: grant.project_id == id)
    instance = _without_managers(instance, lambda each: each.level is Level.PROJECT and each.object_id == id)
    return _without(instance, "projects", lambda each: each.id == id)


def _remove_project_grant(instance: Instance, id: str) -> Instance:
    instance = _without(instance, "user_grants", lambda grant: grant.project_grant_id == id)
    instance = _without_managers(instance, lambda each: each.level is Level.PROJECT_GRANT and each.object_id == id)
    return _without(instance, "project_grants", lambda each: each.id == id)


def _without(instance: Instance, collection: str, gone: Callable[[Any], bool]) -> Instance:
    return instance.without(collection, [each.id for each in getattr(instance, collection).values() if gone(each)])


def _without_managers(instance: Instance, gone: Callable[[Manager], bool]) -> Instance:
    return replace(instance, managers=tuple(each for each in instance.managers if not gone(each)))


_REMOVALS: dict[str, Callable[[Instance, str], Instance]] = {
    "organizations": _remove_organization,
    "users": _remove_user,
    "projects": _remove_project,
    "project_grants": _remove_project_grant,
    "user_grants": lambda instance, grant: instance.without("user_grants", [grant]),
}
