"""Users: their events, their transitions, and the write models of users and of service accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, Unique
from pulumi_zorg.emulator.eventstore.store import EventStore

if TYPE_CHECKING:
    from pulumi_zorg.emulator.call import Call
    from pulumi_zorg.emulator.instance import Instance

#: Event type -> the state of the user after it.
STATE_AFTER = {
    "user.human.added": "ACTIVE",
    "user.machine.added": "ACTIVE",
    "user.human.initialization.code.added": "INITIAL",
    "user.locked": "LOCKED",
    "user.unlocked": "ACTIVE",
    "user.deactivated": "INACTIVE",
    "user.reactivated": "ACTIVE",
    "user.removed": "REMOVED",
}
_PROFILE_FIELDS = ("firstName", "lastName", "nickName", "displayName", "preferredLanguage", "gender", "email", "phone")
#: What else changes a person, and counts for the details of an answer about it.
_HUMAN_CHANGES = frozenset(
    f"user.human.{name}"
    for name in (
        "profile.changed",
        "email.changed",
        "email.verified",
        "phone.changed",
        "phone.verified",
        "phone.removed",
    )
)


@dataclass
class User(AggregateState):
    """The state of a person or a service account.

    Only persons have a `profile`, with their email address and phone number, and a `password` (hashed). Only service accounts
    have a `name`, a `description`, a `token_type` and a `secret` (hashed).
    """

    username: str = ""
    human: bool = False
    name: str = ""
    description: str = ""
    token_type: int = 0
    secret: str = ""
    profile: dict[str, Any] = field(default_factory=dict)
    password: str = ""
    password_changed: int = 0
    change_required: bool = False

    def transition(self, event: Event) -> None:
        """Apply an event of the user."""
        self.state = STATE_AFTER.get(event.type, self.state)
        match event.type:
            case "user.human.added":
                self._add_human(event)
            case "user.machine.added":
                self._add_machine(event)
            case "user.username.changed":
                self.username = event.get("userName")
            case "user.human.profile.changed":
                self.profile |= event.payload or {}
            case "user.human.email.changed":
                self.profile |= {"email": event.get("email"), "emailVerified": False}
            case "user.human.email.verified":
                self.profile["emailVerified"] = True
            case "user.human.phone.changed" | "user.human.phone.removed":
                self.profile |= {"phone": event.get("phone", ""), "phoneVerified": False}
            case "user.human.phone.verified":
                self.profile["phoneVerified"] = True
            case "user.machine.changed":
                self._change_machine(event)
            case "user.machine.secret.set" | "user.machine.secret.removed":
                self.secret = event.get("hashedSecret", "")

    def _add_human(self, event: Event) -> None:
        self.human = True
        self.username = event.get("userName")
        self.profile = {name: event.get(name, "") for name in _PROFILE_FIELDS}
        self.profile["gender"] = self.profile["gender"] or 0
        self.change_required = bool(event.get("changeRequired", False))
        self.password = event.get("encodedHash", "")
        self.password_changed = event.created_at if self.password else 0

    def _add_machine(self, event: Event) -> None:
        self.human = False
        self.username = event.get("userName")
        self.name = event.get("name", "")
        self.description = event.get("description", "")
        self.token_type = event.get("accessTokenType", 0)

    def _change_machine(self, event: Event) -> None:
        self.name = event.get("name", self.name)
        self.description = event.get("description", self.description)
        self.token_type = event.get("accessTokenType", self.token_type)


class UserWriteModel(WriteModel, User):
    """Any user as commands see it."""

    aggregate_type = "user"
    types = frozenset({*STATE_AFTER, "user.username.changed", "user.machine.changed"})


class HumanWriteModel(UserWriteModel):
    """A person with its profile, email address and phone number. A service account looks as if it did not exist."""

    types = UserWriteModel.types | _HUMAN_CHANGES

    @property
    def exists(self) -> bool:
        """Whether the person was created and not removed."""
        return self.human and super().exists


class ServiceAccountWriteModel(UserWriteModel):
    """A service account with its secret. A person looks as if it did not exist.

    As on the real server, a person that was deactivated, reactivated, locked or unlocked does look like a service account.
    """

    types = (UserWriteModel.types - {"user.human.initialization.code.added"}) | {
        "user.machine.secret.set",
        "user.machine.secret.removed",
    }

    def transition(self, event: Event) -> None:
        """Apply an event of the user, and ignore that a person was added."""
        super().transition(event)
        if event.type == "user.human.added":
            self.state = ""


def user_event(user_id: str, owner: str, event_type: str, payload: Any = None, *uniques: Unique) -> NewEvent:
    """Return a new event of a user."""
    return NewEvent("user", user_id, owner, event_type, payload, uniques)


def unique_username(username: str) -> Unique:
    """Return the constraint that a user name is taken once on the instance, whoever has it."""
    return Unique("usernames", username, "Errors.User.AlreadyExists")


def check_username(instance: Instance, owner: str, username: str) -> None:
    """Check that a user name does not end with the verified domain of another organization.

    :raises ApiError: 400, if it does.
    """
    domain = username.rpartition("@")[2]
    if domain == username:
        return
    for org in instance.read_models.orgs.all():
        if org.domains.get(domain) and org.id != owner:
            raise invalid("COMMAND-SFd21", "Errors.User.DomainNotAllowedAsUsername")


def require_user(store: EventStore, user_id: str, owner: str = "") -> UserWriteModel:
    """Return the user. Users of a removed organization still exist here, because no event was written to them.

    :raises ApiError: 400, if the user does not exist.
    """
    model = UserWriteModel(store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-uXHNj", "Errors.User.NotFound")
    return model


def check_user_write(call: Call, user_id: str, *, allow_self: bool = True) -> None:
    """Check that the caller may change a user. With `allow_self`, every user may change itself.

    :raises ApiError: 404 for a user that never existed, or without any membership; 403 without the permission.
    """
    if allow_self and user_id == call.caller.user_id:
        return
    events = call.instance.store.aggregate("user", user_id)
    if not events:
        raise not_found("COMMAND-4g3xq", "Errors.NotFound")
    call.check("user.write", events[0].resource_owner, user_id)
