"""Users as commands see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import not_found, precondition
from .model import WriteModel
from .store import Command, Event, EventStore, Unique

if TYPE_CHECKING:
    from .world import Call

_STATES = {
    "user.human.added": "ACTIVE",
    "user.machine.added": "ACTIVE",
    "user.human.initialization.code.added": "INITIAL",
    "user.locked": "LOCKED",
    "user.unlocked": "ACTIVE",
    "user.deactivated": "INACTIVE",
    "user.reactivated": "ACTIVE",
    "user.removed": "REMOVED",
}


class UserModel(WriteModel):
    """Any user."""

    aggregate_type = "user"
    types = frozenset({*_STATES, "user.username.changed", "user.machine.changed"})

    def __init__(self, store: EventStore, aggregate_id: str, owner: str = "") -> None:
        self.username = ""
        self.human = False
        super().__init__(store, aggregate_id, owner)

    def reduce(self, event: Event) -> None:
        """State, name and kind."""
        if event.type in ("user.human.added", "user.machine.added"):
            self.human = event.type == "user.human.added"
            self.username = event.get("userName")
        elif event.type == "user.username.changed":
            self.username = event.get("userName")
        if event.type in _STATES and (self.state != "REMOVED" or event.type.endswith(".added")):
            self.state = _STATES[event.type]


class MachineModel(UserModel):
    """A service account with its secret. A person is no machine and looks as if it did not exist."""

    types = (UserModel.types - {"user.human.initialization.code.added"}) | {
        "user.machine.secret.set",
        "user.machine.secret.removed",
    }

    def __init__(self, store: EventStore, aggregate_id: str, owner: str = "") -> None:
        self.secret = ""
        super().__init__(store, aggregate_id, owner)

    def reduce(self, event: Event) -> None:
        """The secret too."""
        super().reduce(event)
        if event.type == "user.human.added":
            self.state = ""
        elif event.type == "user.machine.secret.set":
            self.secret = event.get("hashedSecret")
        elif event.type == "user.machine.secret.removed":
            self.secret = ""


def event_of(user_id: str, owner: str, event_type: str, payload: Any = None, *uniques: Unique) -> Command:
    """An event of a user."""
    return Command("user", user_id, owner, event_type, payload, uniques)


def require_user(store: EventStore, user_id: str, owner: str = "") -> UserModel:
    """The user, or a refusal.

    Users of a removed organization still pass: nothing was written to them.
    """
    model = UserModel(store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-uXHNj", "Errors.User.NotFound")
    return model


def check_write(call: Call, user_id: str, *, oneself: bool = True) -> None:
    """Refuse a caller without the right to change a user; with `oneself` every user may change itself.

    :raises ApiError: 404 for a user that never was, and without any membership; 403 without the permission.
    """
    if oneself and user_id == call.caller.user_id:
        return
    events = call.world.store.aggregate("user", user_id)
    if not events:
        raise not_found("COMMAND-4g3xq", "Errors.NotFound")
    call.check("user.write", events[0].resource_owner, user_id)


def machine_exists(store: EventStore, user_id: str, owner: str) -> bool:
    """Whether a service account was added and not removed; with an owner, in that organization."""
    found = False
    for event in store.aggregate("user", user_id):
        if owner in ("", event.resource_owner):
            if event.type == "user.machine.added":
                found = True
            elif event.type == "user.removed":
                found = False
    return found


def user_exists(store: EventStore, user_id: str) -> bool:
    """Whether a user was added and not removed, in whatever organization."""
    found = False
    for event in store.aggregate("user", user_id):
        if event.type in ("user.machine.added", "user.human.added"):
            found = True
        elif event.type == "user.removed":
            found = False
    return found
