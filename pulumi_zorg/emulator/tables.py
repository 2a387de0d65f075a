"""What lists and most reads see: rows folded from the events, one event at a time.

The real server calls them projections. A row's `sequence` and `changed` are those of the last event that this kind of
row takes notice of, which need not be the last of the aggregate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .store import Event


@dataclass
class Row:
    """What every row has."""

    id: str
    owner: str
    created: int
    changed: int
    sequence: int


@dataclass
class OrgRow(Row):
    """An organization; a removed one has no row."""

    name: str
    state: str = "ACTIVE"
    domain: str = ""
    domains: dict[str, bool] = field(default_factory=dict)


@dataclass
class UserRow(Row):
    """A person or a service account. `profile` holds what only persons have."""

    username: str
    human: bool
    state: str = "ACTIVE"
    name: str = ""
    description: str = ""
    token_type: int = 0
    secret: str = ""
    profile: dict[str, Any] = field(default_factory=dict)
    password: str = ""
    password_changed: int = 0
    change_required: bool = False


@dataclass
class ProjectRow(Row):
    """A project."""

    name: str
    flags: dict[str, Any]
    state: str = "ACTIVE"


@dataclass
class RoleRow(Row):
    """A role of a project; `id` is the project's."""

    key: str
    display_name: str
    group: str


@dataclass
class ProjectGrantRow(Row):
    """A project granted to another organization."""

    project_id: str
    granted_org_id: str
    role_keys: list[str]
    state: str = "ACTIVE"


@dataclass
class UserGrantRow(Row):
    """An authorization of a user on a project."""

    user_id: str
    user_owner: str
    project_id: str
    project_owner: str
    grant_id: str
    granted_org: str
    role_keys: list[str]
    state: str = "ACTIVE"


@dataclass
class MemberRow(Row):
    """A manager role of a user. `kind` is org, iam, project or project_grant; `object_id` is what it counts for."""

    kind: str
    object_id: str
    user_id: str
    user_owner: str
    roles: list[str]
    project_id: str = ""
    granted_org: str = ""


@dataclass
class MetadataRow(Row):
    """A value under a key, of a user or an organization; `id` is the one of whose it is."""

    key: str
    value: str


@dataclass
class KeyRow(Row):
    """A public key of a service account."""

    user_id: str
    public_key: str
    expires: int


@dataclass
class PatRow(Row):
    """A personal access token. A dead one stays listed and is refused."""

    user_id: str
    scopes: list[str]
    expires: int
    dead: bool = False


R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """Rows by key, in the order in which they came, with indexes on attributes that never change."""

    def __init__(self, *indexes: str) -> None:
        self.rows: dict[Hashable, R] = {}
        self.last_event = 0
        self._indexes: dict[str, dict[Any, dict[Hashable, None]]] = {name: defaultdict(dict) for name in indexes}

    def put(self, key: Hashable, row: R) -> None:
        """Add or replace a row."""
        self.drop(key)
        self.rows[key] = row
        for name, index in self._indexes.items():
            index[getattr(row, name)][key] = None

    def drop(self, key: Hashable) -> None:
        """Take a row away, if it is there."""
        row = self.rows.pop(key, None)
        if row is not None:
            for name, index in self._indexes.items():
                index[getattr(row, name)].pop(key, None)

    def move(self, key: Hashable) -> None:
        """Put a row to the end: where a database without an ORDER BY finds a changed row again."""
        row = self.rows.get(key)
        if row is not None:
            self.put(key, row)

    def get(self, key: Hashable) -> R | None:
        """The row of that key."""
        return self.rows.get(key)

    def by(self, name: str, value: Any) -> list[R]:
        """The rows with that value, in order."""
        return [self.rows[key] for key in self._indexes[name].get(value, ())]

    def drop_by(self, name: str, value: Any) -> None:
        """Take away the rows with that value."""
        for key in list(self._indexes[name].get(value, ())):
            self.drop(key)


class Tables:
    """All rows, folded from events."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.orgs: Table[OrgRow] = Table()
        self.users: Table[UserRow] = Table("owner")
        self.projects: Table[ProjectRow] = Table("owner")
        self.roles: Table[RoleRow] = Table("id", "owner")
        self.project_grants: Table[ProjectGrantRow] = Table("owner", "project_id", "granted_org_id")
        self.user_grants: Table[UserGrantRow] = Table(
            "owner", "user_id", "user_owner", "project_id", "project_owner", "grant_id", "granted_org"
        )
        self.members: Table[MemberRow] = Table(
            "owner", "kind", "object_id", "user_id", "user_owner", "project_id", "granted_org"
        )
        self.metadata: Table[MetadataRow] = Table("id", "owner")
        self.org_metadata: Table[MetadataRow] = Table("id")
        self.keys: Table[KeyRow] = Table("user_id", "owner")
        self.pats: Table[PatRow] = Table("user_id", "owner")
        # Who owns what never changes and outlives removal: grants and members of removed users still need it.
        self.owner_of: dict[str, str] = {}
        self.granted_org_of: dict[tuple[str, str], str] = {}
        self._by_username: dict[str, str] = {}
        for event in events:
            self.fold(event)

    def fold(self, event: Event) -> None:
        """Take notice of an event."""
        for names, fold in FOLDS.get(event.type, ()):
            for name in names:
                getattr(self, name).last_event = event.created_at
            fold(self, event)

    def user_by_login_name(self, login_name: str) -> UserRow | None:
        """The user of that login name, whatever the case."""
        user_id = self._by_username.get(login_name.lower())
        user = None if user_id is None else self.users.get(user_id)
        # A person can still be added to a removed organization, but is not found there by name.
        return user if user is not None and user.owner in self.orgs.rows else None

    def rename_user(self, row: UserRow, username: str) -> None:
        """Keep the login names up to date."""
        self._by_username.pop(row.username.lower(), None)
        row.username = username
        self._by_username[username.lower()] = row.id

    def add_user(self, row: UserRow) -> None:
        """Add a user and its login name."""
        self.owner_of[row.id] = row.owner
        self.users.put(row.id, row)
        self._by_username[row.username.lower()] = row.id

    def drop_user(self, user_id: str) -> None:
        """Take a user and its login name away."""
        row = self.users.get(user_id)
        if row is not None:
            self.users.drop(user_id)
            if self._by_username.get(row.username.lower()) == user_id:
                del self._by_username[row.username.lower()]


Fold = Callable[[Tables, Event], None]

#: event type -> (tables whose view moves on, what happens to the rows); `folds` fills it.
FOLDS: dict[str, list[tuple[tuple[str, ...], Fold]]] = defaultdict(list)
