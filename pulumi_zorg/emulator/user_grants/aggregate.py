"""User grants: their events, their transitions, the write model, and what removals of other objects do to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, Unique

if TYPE_CHECKING:
    from pulumi_zorg.emulator.instance import Instance
    from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel


@dataclass
class UserGrant(AggregateState):
    """The state of a user grant."""

    user_id: str = ""
    project_id: str = ""
    project_grant_id: str = ""
    role_keys: list[str] = field(default_factory=list)

    def transition(self, event: Event) -> None:
        """Apply an event of the grant."""
        match event.type:
            case "user.grant.added":
                self.state, self.role_keys = "ACTIVE", event.get("roleKeys") or []
                self.user_id, self.project_id = event.get("userId"), event.get("projectId")
                self.project_grant_id = event.get("grantId", "")
            case "user.grant.changed" | "user.grant.cascade.changed":
                self.role_keys = event.get("roleKeys") or []
            case "user.grant.deactivated":
                self.state = "INACTIVE"
            case "user.grant.reactivated":
                self.state = "ACTIVE"
            case "user.grant.removed" | "user.grant.cascade.removed":
                self.state = "REMOVED"


class UserGrantWriteModel(WriteModel, UserGrant):
    """A user grant as commands see it.

    Only its own events count. Removing the organization of the grant, of the user or of the project writes no event of the
    grant, so commands still work on a grant that no read shows any more.
    """

    aggregate_type = "usergrant"
    types = frozenset(
        f"user.grant.{name}"
        for name in ("added", "changed", "cascade.changed", "deactivated", "reactivated", "removed", "cascade.removed")
    )

    @property
    def unique(self) -> str:
        """What can exist once: organization, user, project and project grant together."""
        return f"{self.owner}:{self.user_id}:{self.project_id}:{self.project_grant_id}"

    def event(self, name: str, payload: dict[str, Any] | None = None, *uniques: Unique) -> NewEvent:
        """Return a new event of this grant."""
        return NewEvent("usergrant", self.id, self.owner, f"user.grant.{name}", payload, uniques)


def cascade_user_grant_removals(instance: Instance, grants: Iterable[UserGrantReadModel]) -> list[NewEvent]:
    """Return the events that remove these grants because something they depend on was removed.

    The grants come from a list: a grant that lists do not show (a phantom) gets no event.
    """
    new_events = []
    for grant in grants:
        model = UserGrantWriteModel(instance.store, grant.id)
        if model.exists and grant.id not in instance.phantoms:
            new_events.append(model.event("cascade.removed", None, Unique("user_grant", model.unique)))
    return new_events


def cascade_user_grant_roles(
    instance: Instance, grants: Iterable[UserGrantReadModel], removed: set[str]
) -> list[NewEvent]:
    """Return the events that take the removed role keys out of these grants. Grants without such a key get no event."""
    new_events = []
    for grant in grants:
        model = UserGrantWriteModel(instance.store, grant.id)
        kept = _without(model.role_keys, removed, skips_next=instance.profile.cascades_skip_roles)
        if model.exists and grant.id not in instance.phantoms and len(kept) < len(model.role_keys):
            new_events.append(model.event("cascade.changed", {"roleKeys": kept} if kept else {}))
    return new_events


def _without(role_keys: list[str], removed: set[str], *, skips_next: bool) -> list[str]:
    """Return the role keys that a cascade leaves.

    :param skips_next: whether the key that follows a removed one stays, whatever it is (`cascades_skip_roles`).
    """
    kept: list[str] = []
    follows_removed = False
    for key in role_keys:
        follows_removed = key in removed and not (skips_next and follows_removed)
        if not follows_removed:
            kept.append(key)
    return kept
