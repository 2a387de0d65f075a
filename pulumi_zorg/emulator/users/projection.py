"""The read model of users, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.users.aggregate import User

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class UserReadModel(User, ReadModel):
    """A person or a service account. A removed user has no read model."""


@on("user.human.added", "user.machine.added", updates="users")
def _added(read_models: ReadModels, event: Event) -> None:
    if event.aggregate_id in read_models.users.by_key:
        return  # the real projection fails, and shows the first one
    user = UserReadModel.from_event(event)
    user.transition(event)
    read_models.add_user(user)


@on(
    "user.deactivated",
    "user.reactivated",
    "user.locked",
    "user.unlocked",
    "user.human.profile.changed",
    "user.human.email.changed",
    "user.human.email.verified",
    "user.human.phone.changed",
    "user.human.phone.verified",
    "user.human.phone.removed",
    "user.machine.changed",
    "user.machine.secret.set",
    "user.machine.secret.removed",
    updates="users",
)
def _changed(read_models: ReadModels, event: Event) -> None:
    user = read_models.users.get(event.aggregate_id)
    if user is not None:
        user.transition(event)
        user.touch(event)


@on("user.username.changed", updates="users")
def _renamed(read_models: ReadModels, event: Event) -> None:
    user = read_models.users.get(event.aggregate_id)
    if user is not None:
        read_models.rename_user(user, event)
        user.touch(event)


@on("user.human.initialization.code.added", updates="users")
def _initial(read_models: ReadModels, event: Event) -> None:
    # The real projection does not take this event's sequence.
    user = read_models.users.get(event.aggregate_id)
    if user is not None:
        user.transition(event)


@on("user.removed", updates="users user_grants members user_metadata keys pats")
def _removed(read_models: ReadModels, event: Event) -> None:
    user_id = event.aggregate_id
    read_models.delete_user(user_id)
    read_models.user_grants.delete_where("user_id", user_id)
    read_models.members.delete_where("user_id", user_id)
    read_models.user_metadata.delete_where("id", user_id)
    read_models.keys.delete_where("user_id", user_id)
    read_models.pats.delete_where("user_id", user_id)
