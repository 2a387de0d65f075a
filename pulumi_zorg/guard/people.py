"""Who loses and who gains what by a whole plan: the model of access before it and after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from pulumi_zorg.access.compare import Change, Difference, What, compare
from pulumi_zorg.access.instance import Instance, Kind, User
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.access import NOT_KNOWN_YET, AccessModel
from pulumi_zorg.resource_types.impact import SOME_ROLES, Act, count_text, people_text, roles_text, text
from pulumi_zorg.resource_types.registry import ACCESS
from pulumi_zorg.world.tokens import resource_name

if TYPE_CHECKING:
    from pulumi_zorg.guard.report import Reviewed

#: How many people, and how many projects, a sentence names.
_NAMED = 10


@dataclass(frozen=True)
class People:
    """Who loses and who gains what.

    :param before: the instance before the plan; None where it was not read.
    :param after: the instance after it.
    :param why_lost_incomplete: why more people may lose something; None where all are known.
    :param why_gained_incomplete: the same for those who gain something.
    """

    before: Instance | None = None
    after: Instance | None = None
    difference: Difference = field(default=Difference((), ()))
    why_lost_incomplete: str | None = None
    why_gained_incomplete: str | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """Who loses and who gains what, people by name up to ten and by number beyond."""
        lost, gained = self.difference.lost, self.difference.gained
        return (*self._sentences(lost, ("loses", "lose")), *self._sentences(gained, ("gains", "gain")))

    def as_json(self) -> dict[str, Any]:
        """Return who loses and who gains what, for programs."""
        return {
            "lost": [self._json(each) for each in self.difference.lost],
            "gained": [self._json(each) for each in self.difference.gained],
            "why_lost_incomplete": self.why_lost_incomplete,
            "why_gained_incomplete": self.why_gained_incomplete,
        }

    def _json(self, change: Change) -> dict[str, Any]:
        user, project_id = self._user(change.user_id), change.project_id
        return {
            "user_id": None if user is not None and user.org_id == NOT_KNOWN_YET else change.user_id,
            "name": self._name(change.user_id),
            "project_id": None if project_id == NOT_KNOWN_YET else project_id,
            "project": None if project_id is None else self._project(project_id),
            "what": change.what.value,
            "roles": sorted(change.roles),
            "certain": change.certain,
            "reasons": [each.text for each in change.reasons],
        }

    def _sentences(self, changes: Iterable[Change], verbs: tuple[str, str]) -> Iterator[str]:
        """Return a sentence for all who lose or gain the same thing for the same reasons, in the same projects."""
        who: dict[tuple[Any, ...], dict[str, None]] = {}
        for each in changes:
            roles = each.roles if each.what is What.ROLES else frozenset[str]()
            key = (each.project_id, each.what, roles, each.certain, each.reasons)
            who.setdefault(key, {})[each.user_id] = None
        where: dict[tuple[Any, ...], list[str]] = {}
        for (project_id, *rest), users in who.items():
            named = [] if project_id is None else [self._project(project_id)]
            where.setdefault((tuple(users), *rest), []).extend(named)
        for (users, what, roles, certain, reasons), projects in where.items():
            verb = f"may {verbs[1]}" if not certain else verbs[0] if len(users) == 1 else verbs[1]
            thing = _THINGS[what].format(projects=_some(projects), roles=_roles(roles))
            why = "; ".join(text(each.text) for each in reasons)
            yield f"{self._who(users)} {verb} {thing}{f': {why}' if why else ''}"

    def _who(self, user_ids: Sequence[str]) -> str:
        """Return users by name up to ten, and by number beyond."""
        names = [self._name(each) for each in user_ids[:_NAMED]]
        if len(user_ids) <= _NAMED:
            return ", ".join(names)
        found = [self._user(each) for each in user_ids]
        accounts = sum(each is not None and each.kind is Kind.SERVICE_ACCOUNT for each in found)
        people = people_text(len(found) - accounts) if len(found) > accounts else ""
        both = " and ".join(filter(None, (people, count_text(accounts, "service account") if accounts else "")))
        return f"{both} ({', '.join(names)} and {len(user_ids) - _NAMED} more)"

    def _user(self, user_id: str) -> User | None:
        return next((each.users[user_id] for each in self._instances if user_id in each.users), None)

    def _name(self, user_id: str) -> str:
        user = self._user(user_id)
        return text((user and (user.login or user.name)) or user_id)

    def _project(self, project_id: str) -> str:
        found = next((each.projects[project_id] for each in self._instances if project_id in each.projects), None)
        return text((found and found.name) or project_id)

    @property
    def _instances(self) -> Iterator[Instance]:
        return (each for each in (self.before, self.after) if each is not None)


#: What is lost or gained, as the end of a sentence.
_THINGS = {
    What.LOGIN: "the login to {projects}",
    What.ROLES: "{roles} of {projects}",
    What.EVERYTHING: "every login and every token",
}


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return f"{', '.join(names[:_NAMED])} and {more} more projects" if more > 1 else ", ".join(names)


def _roles(roles: Iterable[str]) -> str:
    return roles_text((SOME_ROLES,) if SOME_ROLES in roles else tuple(sorted(roles)))


def people_of(before: Instance, reviewed: Sequence[Reviewed]) -> People:
    """Return who loses and who gains what by the whole plan.

    :param before: the instance as it is. What the plan has and no list shows is there as the state has it.
    """
    # A manager's right ends with its user, or with the object that it is on. The report has the removal of both.
    before = replace(before, managers=())
    before = reduce(lambda instance, each: _model(each).known(instance, _id(each), each.effect), reviewed, before)
    # An object that goes along with another one can be changed before that, and not after it.
    in_order = sorted(reviewed, key=lambda each: each.effect.act is Act.REMOVES)
    after = reduce(_applied, in_order, before)
    difference = compare(before, after)
    hidden = next(iter(before.unlisted.values()), None)

    def why(verb: str, concerned: Callable[[Reviewed], bool], counted: frozenset[str]) -> str | None:
        for each in filter(concerned, reviewed):
            reason = _model(each).why_not_known(each.effect)
            # A change of what one user has, who is counted, concerns nobody else.
            if reason is None and each.effect.properties.get("user_id") not in counted:
                reason = hidden
            if reason is not None:
                return _is_not_known(verb, each, reason)
        return None

    return People(
        before,
        after,
        difference,
        why("loses", lambda each: each.takes_access, difference.losing),
        why("gains", lambda each: each.gives_access, difference.gaining),
    )


def unknown_people(reviewed: Sequence[Reviewed], why_not: str | None) -> People:
    """Return that nobody knows who loses and who gains something, where something takes or gives access.

    :param why_not: why the instance was not read.
    """
    takers = (_is_not_known("loses", each, why_not) for each in reviewed if each.takes_access)
    givers = (_is_not_known("gains", each, why_not) for each in reviewed if each.gives_access)
    return People(why_lost_incomplete=next(takers, None), why_gained_incomplete=next(givers, None))


def losing_by(before: Instance, each: Reviewed) -> int:
    """Return how many people and service accounts would lose access by one change alone."""
    return len(compare(before, _applied(before, each)).losing)


def _is_not_known(verb: str, each: Reviewed, why: str | None) -> str:
    name = clean(resource_name(each.urn))
    return f"who {verb} access by the change of {name} is not known{f': {why}' if why else ''}"


def _applied(instance: Instance, each: Reviewed) -> Instance:
    return _model(each).applied(instance, _id(each), each.effect)


def _model(each: Reviewed) -> AccessModel:
    return ACCESS[each.effect.type]


def _id(each: Reviewed) -> str:
    return each.effect.id or each.urn
