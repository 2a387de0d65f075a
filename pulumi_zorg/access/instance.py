"""What decides who can get in to an instance, as data. Pure: no I/O.

A flag or a state that the caller may not see is None. An object that is missing from its collection was removed, unless
:attr:`Instance.unlisted` has the reason why its collection is not whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar


class Kind(Enum):
    """What a user is."""

    PERSON = "person"
    SERVICE_ACCOUNT = "service account"


class UserState(Enum):
    """The state of a user (https://zitadel.com/docs/concepts/structure/users). INITIAL users have not set their password yet."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    LOCKED = "locked"
    INITIAL = "initial"


class Level(Enum):
    """What a manager's right is on."""

    INSTANCE = "instance"
    ORGANIZATION = "organization"
    PROJECT = "project"
    PROJECT_GRANT = "project grant"


@dataclass(frozen=True)
class Organization:
    """An organization."""

    id: str
    name: str = ""
    active: bool | None = True


@dataclass(frozen=True)
class User:
    """A person or a service account.

    :param org_id: the organization that it lives in.
    :param login: the preferred login name, or the user name.
    :param name: the display name.
    :param kind: None where it is not known.
    """

    id: str
    org_id: str
    login: str = ""
    name: str = ""
    kind: Kind | None = Kind.PERSON
    state: UserState | None = UserState.ACTIVE


@dataclass(frozen=True)
class Project:
    """A project.

    :param org_id: the organization that owns it.
    :param role_check: ``project_role_check``: the login needs an active user grant.
    :param project_check: ``has_project_check``: the login needs an organization that has the project.
    """

    id: str
    org_id: str
    name: str = ""
    active: bool | None = True
    role_check: bool | None = False
    project_check: bool | None = False


@dataclass(frozen=True)
class Application:
    """An application of a project.

    :param is_api: whether it introspects tokens, and nobody logs in to it.
    """

    id: str
    project_id: str
    is_api: bool = False
    active: bool | None = True


@dataclass(frozen=True)
class ProjectGrant:
    """A project grant: an organization that has another organization's project.

    :param org_id: the organization that has it.
    """

    id: str
    project_id: str
    org_id: str
    active: bool | None = True


@dataclass(frozen=True)
class UserGrant:
    """A user grant: a user's roles in a project.

    :param org_id: the organization that gave it.
    :param changed: when its roles or its state were changed last. It decides nothing.
    """

    id: str
    org_id: str
    user_id: str
    project_id: str
    roles: tuple[str, ...] = ()
    active: bool | None = True
    project_grant_id: str | None = None
    changed: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Manager:
    """A user's right to administer something.

    :param object_id: what it is on; the id of the project grant for one.
    :param org_id: the organization of that; empty for the instance.
    :param changed: when the roles were changed last. It decides nothing.
    """

    user_id: str
    level: Level
    object_id: str
    roles: tuple[str, ...]
    org_id: str = ""
    changed: datetime | None = field(default=None, compare=False)

    @property
    def place(self) -> tuple[Level, str]:
        """What it is on. An id alone is not unique."""
        return self.level, self.object_id


Object = TypeVar("Object", Organization, User, Project, Application, ProjectGrant, UserGrant)


#: The collections of an instance that lists show.
COLLECTIONS = ("organizations", "users", "projects", "project_grants", "user_grants", "managers")


@dataclass(frozen=True)
class Instance:
    """What an instance has, as far as it is known.

    :param applications: None where they were not read. Each project is then assumed to have active ones.
    :param login_v2: whether every application uses the V2 login (the feature ``login_v2`` is required); False where applications
        choose, and None where that is not known.
    :param unlisted: the reason why a collection is not whole, by the name of the collection, like ``users``.
    :param taken: the ids of the objects that were deactivated along with an organization and come back with it, by the organization's id,
        where that was read.
    :param own_user: the id of the credential's own user, which is not deactivated along with its organization, where that was read.
    :param whole: the parts of such collections that are whole: ``("user_grants", project id)`` and ``("users", organization id)``.
    """

    organizations: Mapping[str, Organization] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    projects: Mapping[str, Project] = field(default_factory=dict)
    project_grants: Mapping[str, ProjectGrant] = field(default_factory=dict)
    user_grants: Mapping[str, UserGrant] = field(default_factory=dict)
    managers: tuple[Manager, ...] = ()
    applications: Mapping[str, Application] | None = None
    login_v2: bool | None = None
    unlisted: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[tuple[str, str]] = frozenset()
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_user: str = ""

    def why_not_whole(self, collection: str, of: str) -> str | None:
        """Return why the user grants on a project, or the users of an organization, are not all there; None where they are."""
        return None if (collection, of) in self.whole else self.unlisted.get(collection)

    @cached_property
    def granted_to(self) -> Mapping[tuple[str, str], tuple[ProjectGrant, ...]]:
        """The project grants by project and organization."""
        return _grouped(self.project_grants.values(), "project_id", "org_id")

    @cached_property
    def granted_by(self) -> Mapping[tuple[str], tuple[ProjectGrant, ...]]:
        """The project grants by project."""
        return _grouped(self.project_grants.values(), "project_id")

    @cached_property
    def grants_of(self) -> Mapping[tuple[str, str], tuple[UserGrant, ...]]:
        """The user grants by user and project."""
        return _grouped(self.user_grants.values(), "user_id", "project_id")

    def grants_on(self, user_id: str, project_id: str) -> tuple[UserGrant, ...]:
        """Return the user grants of one user on one project. It does not group all for that, as :attr:`grants_of` does."""
        if "grants_of" in vars(self):
            return self.grants_of.get((user_id, project_id), ())
        both = (user_id, project_id)
        return tuple(each for each in self.user_grants.values() if (each.user_id, each.project_id) == both)

    @cached_property
    def applications_of(self) -> Mapping[tuple[str, bool], tuple[Application, ...]]:
        """The applications by project and :attr:`Application.is_api`."""
        return _grouped((self.applications or {}).values(), "project_id", "is_api")

    def without(self, collection: str, ids: Iterable[str]) -> Instance:
        """Return the instance without these objects, and nothing else: see :mod:`pulumi_zorg.access.changes` for what goes along."""
        gone = set(ids)
        kept: Any = {each.id: each for each in getattr(self, collection).values() if each.id not in gone}
        return replace(self, **{collection: kept})

    def having(self, collection: str, *objects: Any) -> Instance:
        """Return the instance with these objects, in place of those that have their ids."""
        merged: Any = {**getattr(self, collection), **by_id(objects)}
        return replace(self, **{collection: merged})


def by_id(objects: Iterable[Object]) -> dict[str, Object]:
    """Return the objects by their ids."""
    return {each.id: each for each in objects}


def _grouped(objects: Iterable[Any], *names: str) -> dict[Any, tuple[Any, ...]]:
    found: dict[Any, list[Any]] = {}
    for each in objects:
        found.setdefault(tuple(getattr(each, name) for name in names), []).append(each)
    return {key: tuple(several) for key, several in found.items()}
