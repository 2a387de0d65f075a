"""What a change does to an instance, with all that goes along. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from pulumi_zorg.access.instance import Instance, Level, User, UserGrant, UserState


def remove(
    instance: Instance,
    *,
    organizations: Collection[str] = (),
    users: Collection[str] = (),
    projects: Collection[str] = (),
    project_grants: Collection[str] = (),
    user_grants: Collection[str] = (),
) -> Instance:
    """Return the instance without these objects, and without everything that ZITADEL removes along with them."""
    users = {*users, *(each.id for each in instance.users.values() if each.org_id in organizations)}
    projects = {*projects, *(each.id for each in instance.projects.values() if each.org_id in organizations)}
    project_grants = {*project_grants} | {
        each.id
        for each in instance.project_grants.values()
        if each.project_id in projects or each.org_id in organizations
    }
    user_grants = {*user_grants} | {
        each.id
        for each in instance.user_grants.values()
        if each.org_id in organizations
        or each.user_id in users
        or each.project_id in projects
        or each.project_grant_id in project_grants
    }
    managed = {Level.ORGANIZATION: organizations, Level.PROJECT: projects, Level.PROJECT_GRANT: project_grants}
    managers = tuple(
        each
        for each in instance.managers
        if each.user_id not in users
        and each.org_id not in organizations
        and each.object_id not in managed.get(each.level, ())
    )
    without = replace(instance, managers=managers)
    for collection, ids in (
        ("organizations", organizations),
        ("users", users),
        ("projects", projects),
        ("project_grants", project_grants),
        ("user_grants", user_grants),
    ):
        without = without.without(collection, ids)
    return without


def take_roles(
    instance: Instance, roles: Iterable[str] | None, *, project_id: str, project_grant_id: str | None = None
) -> Instance:
    """Return the instance after roles were taken out of a project, or out of one of its project grants.

    :param roles: None where it is not known which ones: each user grant may then have lost each of its roles.
    """
    taken = None if roles is None else frozenset(roles)
    changed: list[UserGrant] = []
    for each in instance.user_grants.values():
        if each.project_id != project_id or project_grant_id not in (None, each.project_grant_id):
            continue
        if taken is None:
            changed += doubted(each)
        else:
            changed.append(replace(each, roles=tuple(role for role in each.roles if role not in taken)))
    return instance.having("user_grants", *changed)


def doubted(grant: UserGrant, *roles: str) -> tuple[UserGrant, UserGrant]:
    """Return a user grant of which it is not known whether it gives its roles, or these.

    The first one lets its user in as before. The state of the second one is not known.
    """
    unsure = replace(grant, id=f"{grant.id} in doubt", roles=(*grant.roles, *roles), active=grant.active and None)
    return replace(grant, roles=()), unsure


def take_along(instance: Instance, org_id: str, kind: str | None) -> Instance:
    """Return the instance after what goes along with an organization was deactivated.

    :param kind: ``users`` or ``user_grants``; None where it is not known which, or whether anything is.
    """
    ids = {each.id for each in instance.users.values() if each.org_id == org_id}
    grants = [each for each in instance.user_grants.values() if each.user_id in ids and each.active is not False]
    if kind == "user_grants":
        return instance.having("user_grants", *(replace(each, active=False) for each in grants))
    state = None if kind is None else UserState.INACTIVE
    return instance.having("users", *(replace(each, state=state) for each in working_in(instance, org_id)))


def working_in(instance: Instance, org_id: str) -> list[User]:
    """Return the users that are deactivated along with their organization. Who is locked stays locked."""
    off = (UserState.INACTIVE, UserState.LOCKED)
    users = (each for each in instance.users.values() if each.org_id == org_id and each.id != instance.own_user)
    return [each for each in users if each.state not in off]


def give_back(instance: Instance, org_id: str, kind: str | None) -> Instance:
    """Return the instance after what was deactivated along with an organization was reactivated. See :func:`take_along`.

    Where it was not read which objects these are, it is not known of any that is inactive.
    """
    taken = instance.taken.get(org_id)
    users = [each for each in instance.users.values() if each.org_id == org_id and each.state is UserState.INACTIVE]
    if kind == "user_grants":
        ids = {each.id for each in instance.users.values() if each.org_id == org_id}
        off = [each for each in instance.user_grants.values() if each.user_id in ids and each.active is False]
        back = off if taken is None else [each for each in off if each.id in taken]
        return instance.having("user_grants", *(replace(each, active=None if taken is None else True) for each in back))
    unsure = taken is None or kind is None
    back_users = [each for each in users if taken is None or each.id in taken]
    state = None if unsure else UserState.ACTIVE
    return instance.having("users", *(replace(each, state=state) for each in back_users))
