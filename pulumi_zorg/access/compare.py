"""Who gains and who loses access between two instances: before a plan and after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from pulumi_zorg.access.instance import Instance, Kind, Level, User
from pulumi_zorg.access.rules import Access, Answer, Reason, Rule, access_to, manages, user_works


class What(Enum):
    """What a user loses or gains."""

    #: A person's login to a project.
    LOGIN = "login"
    #: Roles of a project.
    ROLES = "roles"
    #: A right as a manager.
    RIGHT = "right"
    #: Every login and every token: the user itself is removed, deactivated or locked.
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Change:
    """What one user loses or gains.

    :param project_id: None where it is not about one project.
    :param roles: the roles; of a manager those of the right.
    :param certain: whether both sides are known. What is not known counts as a change.
    :param reasons: why it does not work on the side where it does not.
    :param place: of a right, what it is on.
    """

    user_id: str
    project_id: str | None
    what: What
    roles: frozenset[str]
    certain: bool = True
    reasons: tuple[Reason, ...] = ()
    place: tuple[Level, str] | None = None


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
    lost, all_gained = [*_everything(before, after)], [*_everything(after, before)]
    # Whoever comes back is told by what the user gets. A new user has nothing else yet.
    gained = [each for each in all_gained if each.user_id not in before.users]
    whole = {each.user_id for each in (*lost, *gained)}
    for user_id, project_id in _pairs(before, after):
        if user_id not in whole:
            was, now = access_to(before, user_id, project_id), access_to(after, user_id, project_id)
            worked, works = _login(was), _login(now)
            lost += _change(was, worked, now, works)
            gained += _change(now, works, was, worked)
    gaining = {each.user_id for each in gained}
    gained += (each for each in all_gained if each.user_id not in gaining)
    had, has = _rights(before), _rights(after)
    for key in dict.fromkeys((*had, *has)):
        lost += _of_manager(key, had, has)
        gained += _of_manager(key, has, had)
    return Difference(tuple(lost), tuple(gained))


def _everything(has: Instance, other: Instance) -> Iterator[Change]:
    """Return who can do something in one instance and nothing at all in the other: the user is removed there, deactivated or locked."""
    for user_id, user in has.users.items():
        there = other.users.get(user_id)
        if there is None or there.state is not user.state:
            works, ends = user_works(has, user_id), user_works(other, user_id)
            less_known = there is not None and ends.works is None and works.works is True
            if works.works is not False and (ends.works is False or less_known):
                certain = _is_known(works) and not less_known
                yield Change(user_id, None, What.EVERYTHING, frozenset(), certain, ends.reasons)


def _is_known(answer: Answer) -> bool:
    """Whether it is known what a user has. Of one who was invited it is, though not whether the invitation was accepted."""
    return answer.works is not None or all(each.rule is Rule.USER_INITIAL for each in answer.reasons)


def _login(access: Access) -> Answer:
    """Return whether a user gets in by the login pages that applications use; not known where they differ and may be either."""
    v1, v2 = access.login_v1, access.login_v2
    if v1 is None or v2 is None:
        return access.token
    if access.only_v2 or v1.works == v2.works:
        return v2
    return Answer(None, (*v1.reasons, *v2.reasons))


def _change(has: Access, works: Answer, there: Access, works_there: Answer) -> Iterator[Change]:
    """Return what a user has on one side and not on the other. What is not known counts as had here, and as not had there."""
    if works.works is False:
        return
    roles = has.roles | has.unsure_roles
    # Where neither side is known, and for the same reasons, nothing is known to change.
    less_known = works_there.works is None and not {*works_there.reasons} <= {*works.reasons}
    missing = (has.roles - there.roles) | (has.unsure_roles - there.roles - there.unsure_roles)
    if works_there.works is False or less_known:
        certain = _is_known(works) and works_there.works is not None
        what = What.EVERYTHING if has.login_v2 is None else What.LOGIN
        yield Change(has.user_id, has.project_id, what, roles, certain, works_there.reasons)
    elif missing:
        certain = _is_known(works) and missing <= has.roles - there.unsure_roles
        yield Change(has.user_id, has.project_id, What.ROLES, missing, certain)


_Place = tuple[str, tuple[Level, str]]


def _rights(instance: Instance) -> dict[_Place, tuple[frozenset[str], Answer]]:
    """Return the roles of each manager, and whether they work, by the user and what it administers."""
    return {(each.user_id, each.place): (frozenset(each.roles), manages(instance, each)) for each in instance.managers}


def _of_manager(
    key: _Place, had: dict[_Place, tuple[frozenset[str], Answer]], has: dict[_Place, tuple[frozenset[str], Answer]]
) -> Iterator[Change]:
    roles, works = had.get(key, (frozenset[str](), Answer(False)))
    there, works_there = has.get(key, (frozenset[str](), Answer(False)))
    missing = roles if works_there.works is False else roles - there
    if works.works is not False and missing:
        reasons = works_there.reasons if works_there.works is False else ()
        yield Change(key[0], None, What.RIGHT, missing, works.works is not None, reasons, key[1])


def _pairs(before: Instance, after: Instance) -> Iterable[tuple[str, str]]:
    """Return the users and projects between which something may differ: where one has a user grant, and where a person needs none."""
    both = (before, after)
    different = _different_projects(before, after)
    people = {**_people(before), **_people(after)}
    users = {each for each in {**before.users, **after.users} if _as_seen(before, each) != _as_seen(after, each)}
    pairs = dict.fromkeys(
        (each.user_id, each.project_id)
        for one, other in (both, both[::-1])
        for each in one.user_grants.values()
        if (found := other.user_grants.get(each.id)) is not each and found != each
    )
    # What is read of the whole instance may concern everybody.
    everybody = any(getattr(before, name) != getattr(after, name) for name in ("login_v2", "unlisted", "applications"))
    concerned = [each for each in people if everybody or each in users]
    granted = dict.fromkeys((*before.grants_of, *after.grants_of))
    pairs.update(dict.fromkeys(each for each in granted if everybody or each[0] in users or each[1] in different))
    for project_id in dict.fromkeys((*before.projects, *after.projects)):
        some = people if project_id in different else concerned
        if some is people or any(_needs_no_grant(each, project_id) for each in both):
            pairs.update(dict.fromkeys((user_id, project_id) for user_id in some))
    return pairs


def _needs_no_grant(instance: Instance, project_id: str) -> bool:
    project = instance.projects.get(project_id)
    return project is not None and not project.role_check


def _different_projects(before: Instance, after: Instance) -> set[str]:
    """Return the projects whose login differs for people without a user grant."""
    ids = {*before.projects, *after.projects}
    return {each for each in ids if _login_of(before, each) != _login_of(after, each)}


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
