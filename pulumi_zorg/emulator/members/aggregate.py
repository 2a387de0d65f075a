"""Members (manager roles) of organizations, the instance, projects and project grants: transitions and the write model.

Their events belong to the aggregate that the user is a member of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, Unique
from pulumi_zorg.emulator.eventstore.store import EventStore

if TYPE_CHECKING:
    from pulumi_zorg.emulator.instance import Instance
    from pulumi_zorg.emulator.members.projection import MemberReadModel

#: Prefix of the event types -> the kind of member in read models.
KINDS = {"org": "org", "instance": "iam", "project": "project", "project.grant": "project_grant"}


@dataclass
class Member(AggregateState):
    """The state of a member."""

    roles: list[str] = field(default_factory=list)

    def transition(self, event: Event) -> None:
        """Apply an event of the member, or the removal of the project or project grant that it belongs to."""
        if event.type.endswith(".member.added"):
            # A member of the instance can have no roles. The event has null then.
            self.state, self.roles = "ACTIVE", event.get("roles") or []
        elif event.type.endswith(".member.changed"):
            self.roles = event.get("roles", [])
        elif event.type.endswith(".removed"):
            self.state, self.roles = "REMOVED", []


class MemberWriteModel(WriteModel, Member):
    """A member as commands see it.

    As on the real server, a member that was removed in a cascade still exists here. Only for members of project grants the
    cascade counts, and so do the removals of the grant and of the project.

    :param prefix: the prefix of the event types, a key of `KINDS`.
    """

    def __init__(
        self, store: EventStore, prefix: str, object_id: str, user_id: str, owner: str = "", grant_id: str = ""
    ) -> None:
        self.prefix = prefix
        self.user_id = user_id
        self.grant_id = grant_id
        # Constants of the class in other write models. Here they depend on the kind of member.
        self.aggregate_type = prefix.partition(".")[0]
        names = ("member.added", "member.changed", "member.removed", "member.cascade.removed")
        ends = ("project.grant.removed", "project.removed") if prefix == "project.grant" else ()
        self.types = frozenset({*(f"{prefix}.{name}" for name in names), *ends})
        super().__init__(store, object_id, owner)

    def accepts(self, event: Event) -> bool:
        """Only events of this member count, and those of the grant and the project for a member of a project grant."""
        if event.type not in self.types:
            return False
        if event.type == "project.removed":
            return True
        grant_id = event.get("grantId", "")
        if event.type == "project.grant.removed":
            return bool(grant_id == self.grant_id)
        return bool(event.get("userId") == self.user_id and grant_id == self.grant_id)

    def transition(self, event: Event) -> None:
        """Apply an event, and ignore a cascade where the real server does."""
        if self.prefix == "project.grant" or not event.type.endswith("cascade.removed"):
            super().transition(event)

    def event(self, name: str, roles: list[str] | None = None, *uniques: Unique) -> NewEvent:
        """Return a new event of this member."""
        payload: dict[str, Any] = {"userId": self.user_id}
        if roles is not None:
            payload["roles"] = roles or None
        if self.grant_id:
            payload["grantId"] = self.grant_id
        return NewEvent(self.aggregate_type, self.id, self.owner, f"{self.prefix}.member.{name}", payload, uniques)

    @property
    def unique(self) -> tuple[str, str]:
        """Kind and field of the unique constraint."""
        if self.grant_id:
            return "project_grant_member", f"{self.id}:{self.user_id}:{self.grant_id}"
        return "member", f"{self.id}:{self.user_id}"


def is_member(store: EventStore, prefix: str, object_id: str, user_id: str) -> bool:
    """Whether a user is a member of an organization or the instance. Unlike in the write model, cascades count."""
    member = Member()
    for event in store.aggregate(prefix, object_id):
        if event.type.startswith(f"{prefix}.member.") and event.get("userId") == user_id:
            member.transition(event)
    return member.state == "ACTIVE"


def cascade_member_removals(instance: Instance, user_id: str) -> list[NewEvent]:
    """Return the events that remove all memberships of a removed user."""
    members = instance.list_read_models.members.where("user_id", user_id)
    return [
        _cascade_removal(member, prefix) for prefix, kind in KINDS.items() for member in members if member.kind == kind
    ]


def _cascade_removal(member: MemberReadModel, prefix: str) -> NewEvent:
    payload = {"userId": member.user_id}
    aggregate_id, unique = member.object_id, Unique("member", f"{member.object_id}:{member.user_id}")
    if member.kind == "project_grant":
        payload["grantId"] = member.object_id
        aggregate_id = member.project_id
        unique = Unique("project_grant_member", f"{member.project_id}:{member.user_id}:{member.object_id}")
    aggregate_type = prefix.partition(".")[0]
    return NewEvent(aggregate_type, aggregate_id, member.owner, f"{prefix}.member.cascade.removed", payload, (unique,))
