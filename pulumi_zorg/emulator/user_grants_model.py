"""User grants as commands see them, and what happens to them when something they rest on goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .model import WriteModel
from .store import Command, Event, EventStore, Unique
from .tables import UserGrantRow
from .world import World


class UserGrantModel(WriteModel):
    """A user grant.

    Only its own events count: removing the organization that owns it, or that owns the user or the project, writes none,
    so commands go on working on grants that no read shows any more.
    """

    aggregate_type = "usergrant"
    types = frozenset(
        f"user.grant.{name}"
        for name in ("added", "changed", "cascade.changed", "deactivated", "reactivated", "removed", "cascade.removed")
    )

    def __init__(self, store: EventStore, aggregate_id: str, owner: str = "") -> None:
        self.user_id = ""
        self.project_id = ""
        self.project_grant_id = ""
        self.role_keys: list[str] = []
        super().__init__(store, aggregate_id, owner)

    def reduce(self, event: Event) -> None:
        """Roles and state."""
        if event.type == "user.grant.added":
            self.user_id, self.project_id = event.get("userId"), event.get("projectId")
            self.project_grant_id = event.get("grantId", "")
            self.role_keys = event.get("roleKeys") or []
            self.state = "ACTIVE"
        elif event.type.endswith("changed"):
            self.role_keys = event.get("roleKeys") or []
        elif event.type.endswith("removed"):
            self.state = "REMOVED"
        elif self.state != "REMOVED":
            self.state = "INACTIVE" if event.type == "user.grant.deactivated" else "ACTIVE"

    @property
    def unique(self) -> str:
        """What may exist once: organization, user, project and project grant together."""
        return f"{self.owner}:{self.user_id}:{self.project_id}:{self.project_grant_id}"

    def event(self, name: str, payload: dict[str, Any] | None = None, *uniques: Unique) -> Command:
        """An event of this grant."""
        return Command("usergrant", self.id, self.owner, f"user.grant.{name}", payload, uniques)


def cascade_removal(world: World, rows: Iterable[UserGrantRow]) -> list[Command]:
    """The events that remove these grants because what they rest on was removed.

    The rows come from a list: a grant that lists do not show (a phantom) gets no event.
    """
    commands = []
    for row in rows:
        model = UserGrantModel(world.store, row.id)
        if model.exists and row.id not in world.phantoms:
            commands.append(model.event("cascade.removed", None, Unique("user_grant", model.unique)))
    return commands


def cascade_roles(world: World, rows: Iterable[UserGrantRow], gone: set[str]) -> list[Command]:
    """The events that take these role keys out of the grants; grants without them stay as they are."""
    commands = []
    for row in rows:
        model = UserGrantModel(world.store, row.id)
        kept = [key for key in model.role_keys if key not in gone]
        if model.exists and row.id not in world.phantoms and len(kept) < len(model.role_keys):
            commands.append(model.event("cascade.changed", {"roleKeys": kept} if kept else {}))
    return commands
