"""Who loses and who gains what by changes, in sentences and as JSON. Pure: no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from pulumi_zorg.access.compare import Change, Difference, What
from pulumi_zorg.access.instance import Instance, Kind, Level, User
from pulumi_zorg.resource_types.access import NOT_KNOWN_YET
from pulumi_zorg.resource_types.impact import SOME_ROLES, count_text, people_text, roles_text, text

#: How many people, and how many projects, a sentence names.
_NAMED = 10


class Verb(NamedTuple):
    """A verb of a sentence, in its forms."""

    of_one: str
    of_several: str
    maybe: str


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
    def nobody_loses(self) -> bool:
        """Whether it is known that nobody loses anything."""
        return self.before is not None and not self.difference.lost and self.why_lost_incomplete is None

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is not known of those who lose and who gain something, as sentences."""
        sides = ((self.why_lost_incomplete, self.difference.lost), (self.why_gained_incomplete, self.difference.gained))
        return tuple(why.replace("who ", "who else ", 1) if known else why for why, known in sides if why)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Who loses and who gains what, people by name up to ten and by number beyond."""
        lost, gained = self.difference.lost, self.difference.gained
        lose, gain = Verb("loses", "lose", "may lose"), Verb("gains", "gain", "may gain")
        return (*self._sentences(lost, lose), *self._sentences(map(_without_reasons, gained), gain))

    @property
    def sentences_of_the_past(self) -> tuple[str, ...]:
        """The same of a change that was made: who lost and who gained what."""
        lost, gained = self.difference.lost, self.difference.gained
        lose, gain = Verb("lost", "lost", "may have lost"), Verb("gained", "gained", "may have gained")
        return (*self._sentences(lost, lose), *self._sentences(map(_without_reasons, gained), gain))

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
            "administers": None if change.place is None else self._administered(*change.place),
            "roles": sorted(change.roles),
            "certain": change.certain,
            "reasons": [each.text for each in change.reasons],
        }

    def _sentences(self, changes: Iterable[Change], verb: Verb) -> Iterator[str]:
        """Return a sentence for all who lose or gain the same thing for the same reasons, in the same projects."""
        who: dict[tuple[Any, ...], dict[str, None]] = {}
        for each in changes:
            roles = each.roles if each.what is What.ROLES else frozenset[str]()
            if each.what is What.RIGHT:
                roles = each.roles
            key = ((each.project_id, each.place), each.what, roles, each.certain, each.reasons)
            who.setdefault(key, {})[each.user_id] = None
        where: dict[tuple[Any, ...], list[str]] = {}
        for ((project_id, place), *rest), users in who.items():
            named = [] if project_id is None else [self._place(project_id)]
            named += [] if place is None else [self._administered(*place)]
            where.setdefault((tuple(users), *rest), []).extend(named)
        for (users, what, roles, certain, reasons), projects in where.items():
            does = verb.maybe if not certain else verb.of_one if len(users) == 1 else verb.of_several
            thing = _THINGS[what].format(projects=_some(projects), roles=_roles(roles))
            why = "; ".join(text(each.text) for each in reasons)
            yield f"{self._who(users)} {does} {thing}{f': {why}' if why else ''}"

    def _who(self, user_ids: Sequence[str]) -> str:
        """Return users by name up to ten, and by number beyond."""
        names = [self._called(each) for each in user_ids[:_NAMED]]
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

    def _called(self, user_id: str) -> str:
        name = self._name(user_id)
        return f"user {name}" if name == user_id else name

    def _project(self, project_id: str) -> str:
        return text(self._names.get(project_id) or project_id)

    def _administered(self, level: Level, object_id: str) -> str:
        """Return what a manager's right is on, by its name where that is known."""
        if level is Level.INSTANCE:
            return "the instance"
        collection = {Level.ORGANIZATION: "organizations", Level.PROJECT: "projects"}.get(level)
        found = (getattr(each, collection).get(object_id) for each in self._instances if collection)
        name = next((each.name for each in found if each is not None and each.name), "")
        return f"{level.value} {text(name or object_id)}"

    def _place(self, project_id: str) -> str:
        """Return a project by its name, with its owner where another project has that name too."""
        name = self._names.get(project_id)
        if not name:
            return f"project {text(project_id)}"
        if self._uses[name] == 1:
            return text(name)
        owner = next(each.projects[project_id].org_id for each in self._instances if project_id in each.projects)
        named = (each.organizations[owner].name for each in self._instances if owner in each.organizations)
        return f"{self._project(project_id)} ({text(next(named, '') or owner)})"

    @cached_property
    def _names(self) -> dict[str, str]:
        """The names of all projects by their ids, as they are before the changes."""
        return {key: found.name for each in reversed([*self._instances]) for key, found in each.projects.items()}

    @cached_property
    def _uses(self) -> Counter[str]:
        """How many projects have a name."""
        return Counter(self._names.values())

    @property
    def _instances(self) -> Iterator[Instance]:
        return (each for each in (self.before, self.after) if each is not None)


#: What is lost or gained, as the end of a sentence.
_THINGS = {
    What.LOGIN: "the login to {projects}",
    What.ROLES: "{roles} of {projects}",
    What.RIGHT: "{roles} as a manager of {projects}",
    What.EVERYTHING: "every login and every token",
}


def _without_reasons(gained: Change) -> Change:
    """Return a gain as a sentence has it. Why the user did not have it before does not matter any more."""
    return replace(gained, reasons=())


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return f"{', '.join(names[:_NAMED])} and {more} more projects" if more > 1 else ", ".join(names)


def _roles(roles: Iterable[str]) -> str:
    return roles_text((SOME_ROLES,) if SOME_ROLES in roles else tuple(sorted(roles)))
