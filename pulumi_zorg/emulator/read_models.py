"""All read models of an instance. Lists and most reads are answered from them.

Each projection (`<resource>/projection.py`) updates them. Importing this module registers all projections.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pulumi_zorg.emulator.applications.projection import ApplicationReadModel
from pulumi_zorg.emulator.credentials.projection import KeyReadModel, TokenReadModel
from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import PROJECTIONS, Table
from pulumi_zorg.emulator.members.projection import MemberReadModel
from pulumi_zorg.emulator.metadata.projection import MetadataReadModel
from pulumi_zorg.emulator.organizations.projection import OrganizationReadModel
from pulumi_zorg.emulator.project_grants.projection import ProjectGrantReadModel
from pulumi_zorg.emulator.project_roles.projection import RoleReadModel
from pulumi_zorg.emulator.projects.projection import ProjectReadModel
from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel
from pulumi_zorg.emulator.users.projection import UserReadModel

#: The tables of the objects themselves. What else an event changes, like the tokens of a user who is deactivated, has a projection
#: of its own on the real server, which does not miss the same events.
OBJECTS = frozenset({"orgs", "users", "projects", "project_grants", "user_grants"})


class ReadModels:
    """One table for each kind of read model, built from events."""

    def __init__(self, events: Iterable[Event] = (), missed: Collection[int] = ()) -> None:
        self.orgs: Table[OrganizationReadModel] = Table()
        self.users: Table[UserReadModel] = Table("owner")
        self.projects: Table[ProjectReadModel] = Table("owner")
        self.applications: Table[ApplicationReadModel] = Table("owner", "project_id")
        self.roles: Table[RoleReadModel] = Table("id", "owner")
        self.project_grants: Table[ProjectGrantReadModel] = Table("owner", "project_id", "granted_org_id")
        self.user_grants: Table[UserGrantReadModel] = Table(
            "owner", "user_id", "user_owner", "project_id", "project_owner", "project_grant_id", "granted_org"
        )
        self.members: Table[MemberReadModel] = Table(
            "owner", "kind", "object_id", "user_id", "user_owner", "project_id", "granted_org"
        )
        self.user_metadata: Table[MetadataReadModel] = Table("id", "owner")
        self.org_metadata: Table[MetadataReadModel] = Table("id")
        self.keys: Table[KeyReadModel] = Table("user_id", "owner")
        self.pats: Table[TokenReadModel] = Table("user_id", "owner")
        # Owners never change, and are kept after a removal: grants and members of removed users still need them.
        self.owner_of: dict[str, str] = {}
        #: (project, project grant) -> the organization that the project is granted to.
        self.granted_org_of: dict[tuple[str, str], str] = {}
        self._by_username: dict[str, str] = {}
        #: The positions of events that the projection of their object has missed for good.
        self._missed = missed
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Call the projections of an event."""
        for tables, projection in PROJECTIONS.get(event.type, ()):
            if event.position in self._missed and not OBJECTS.isdisjoint(tables):
                continue
            for table in tables:
                getattr(self, table).last_event = event.created_at
            projection(self, event)

    def user_by_login_name(self, login_name: str) -> UserReadModel | None:
        """Return the user with that login name. Case does not matter."""
        user_id = self._by_username.get(login_name.lower())
        user = None if user_id is None else self.users.get(user_id)
        # A person can be added to a removed organization, but is not found there by login name.
        return user if user is not None and user.owner in self.orgs.by_key else None

    def rename_user(self, user: UserReadModel, event: Event) -> None:
        """Apply a change of the user name, and index the new login name."""
        self._by_username.pop(user.username.lower(), None)
        user.transition(event)
        self._by_username[user.username.lower()] = user.id

    def add_user(self, user: UserReadModel) -> None:
        """Add a user, and index its login name."""
        self.owner_of[user.id] = user.owner
        self.users.put(user.id, user)
        self._by_username[user.username.lower()] = user.id

    def delete_user(self, user_id: str) -> None:
        """Delete a user and its login name."""
        user = self.users.get(user_id)
        if user is not None:
            self.users.delete(user_id)
            if self._by_username.get(user.username.lower()) == user_id:
                del self._by_username[user.username.lower()]
