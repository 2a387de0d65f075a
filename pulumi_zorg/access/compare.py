"""Who gains and who loses access between two instances: before a plan and after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_zorg.access.instance import Instance, Kind, Manager, User
from pulumi_zorg.access.rules import Answer, Reason, access_to, manages

__all__ = ["Change", "Difference", "compare"]


@dataclass(frozen=True)
class Change:
    """What one user loses or gains.

    :param project_id: None where it is a right as a manager.
    :param roles: the roles; of a manager those of the right.
    :param gets_in: whether it is the login, or a service account's token, that is lost or gained.
    :param certain: whether both sides are known. What is not known counts as a change.
    :param reasons: why it does not work on the side where it does not.
    """

    user_id: str
    project_id: str | None
    roles: frozenset[str]
    gets_in: bool
    certain: bool = True
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What changes for people and service accounts."""

    lost: tuple[Change, ...]
    gained: tuple[Change, ...]

    @property
    def losing(self) -> frozenset[str]:
        """The ids of the users who lose something."""
        return frozenset(each.user_id for each in self.lost)

    @property
    def gaining(self) -> frozenset[str]:
        """The ids of the users who gain something."""
        return frozenset(each.user_id for each in self.gained)


def compare(before: Instance, after: Instance) -> Difference:
    """Return what each user loses and gains between two instances."""
    lost: list[Change] = []
    gained: list[Change] = []
    for user_id, project_id in _pairs(before, after):
        was, now = access_to(before, user_id, project_id), access_to(after, user_id, project_id)
        had, has = was.roles | was.unsure_roles, now.roles | now.unsure_roles
        lost += _change(user_id, project_id, (was.gets_in, had), (now.gets_in, has))
        gained += _change(user_id, project_id, (now.gets_in, has), (was.gets_in, had))
    for manager in dict.fromkeys((*before.managers, *after.managers)):
        was_right, is_right = _right(before, manager), _right(after, manager)
        lost += _of_manager(manager, was_right, is_right)
        gained += _of_manager(manager, is_right, was_right)
    return Difference(tuple(lost), tuple(gained))


def _change(
    user_id: str, project_id: str, has: tuple[Answer, frozenset[str]], other: tuple[Answer, frozenset[str]]
) -> Iterator[Change]:
    """Return what a user has on one side and not on the other. What is not known counts as had, and as not had there."""
    (works, roles), (works_there, roles_there) = has, other
    if works.works is False:
        return
    certain = works.works is not None and works_there.works is not None
    if not works_there.works:
        # Where neither side is known, nothing is known to change.
        if works.works or works_there.works is False:
            yield Change(user_id, project_id, roles, True, certain, works_there.reasons)
    elif roles - roles_there:
        yield Change(user_id, project_id, roles - roles_there, False, certain)


def _right(instance: Instance, manager: Manager) -> Answer:
    return manages(instance, manager) if manager in instance.managers else Answer(False)


def _of_manager(manager: Manager, has: Answer, other: Answer) -> Iterator[Change]:
    if has.works is not False and other.works is False:
        yield Change(manager.user_id, None, frozenset(manager.roles), True, has.works is not None, other.reasons)


def _pairs(before: Instance, after: Instance) -> Iterable[tuple[str, str]]:
    """Return the users and projects between which something may differ: where one has a user grant, and where a person needs none."""
    pairs = dict.fromkeys((*before.grants_of, *after.grants_of))
    different = _different_projects(before, after)
    people = {**_people(before), **_people(after)}
    users = [user_id for user_id in people if _as_seen(before, user_id) != _as_seen(after, user_id)]
    for project_id in different:
        pairs.update(dict.fromkeys((user_id, project_id) for user_id in people))
    without_a_grant = [
        project_id
        for project_id in dict.fromkeys((*before.projects, *after.projects))
        if any(_needs_no_grant(each, project_id) for each in (before, after))
    ]
    pairs.update(dict.fromkeys((user_id, project_id) for user_id in users for project_id in without_a_grant))
    return pairs


def _needs_no_grant(instance: Instance, project_id: str) -> bool:
    project = instance.projects.get(project_id)
    return project is not None and not project.role_check


def _different_projects(before: Instance, after: Instance) -> list[str]:
    """Return the projects whose login differs for people without a user grant."""
    ids = dict.fromkeys((*before.projects, *after.projects))
    return [each for each in ids if _login_of(before, each) != _login_of(after, each)]


def _login_of(instance: Instance, project_id: str) -> object:
    project = instance.projects.get(project_id)
    if project is None:
        return None
    owner = instance.organizations.get(project.org_id)
    grants = instance.granted_by.get((project_id,), ()) if project.project_check is not False else ()
    return (
        project.active,
        project.role_check,
        project.project_check,
        None if owner is None else owner.active,
        {(each.org_id, each.active) for each in grants},
    )


def _people(instance: Instance) -> dict[str, User]:
    return {each.id: each for each in instance.users.values() if each.kind is not Kind.SERVICE_ACCOUNT}


def _as_seen(instance: Instance, user_id: str) -> object:
    """Return what of a user decides a login: its state, and that of its organization."""
    user = instance.users.get(user_id)
    if user is None:
        return None
    own = instance.organizations.get(user.org_id)
    return user.state, user.org_id, own is not None and own.active
