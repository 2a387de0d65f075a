"""Commands on users, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner. v2 passes none.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details, details_after
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.http.fields import GENDERS
from pulumi_zorg.emulator.http.responses import message
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.members.aggregate import cascade_member_removals
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel
from pulumi_zorg.emulator.user_grants.aggregate import cascade_user_grant_removals
from pulumi_zorg.emulator.users.aggregate import ServiceAccountWriteModel, UserWriteModel, user_event
from pulumi_zorg.emulator.users.passwords import check_password, hash_secret


@dataclass
class Human:
    """A person to be created."""

    username: str
    first_name: str
    last_name: str
    email: str
    id: str = ""
    nick_name: str = ""
    display_name: str = ""
    language: str = ""
    gender: int = 0
    email_verified: bool = False
    #: Whether an email address that is not verified gets a verification code.
    email_code: bool = True
    password: str = ""
    change_required: bool = False
    metadata: list[tuple[str, str]] = field(default_factory=list)
    #: The prefix of error ids, which names the part of the server that creates the person.
    part: str = "COMMA"

    def payload(self) -> dict[str, Any]:
        """Return the payload of the event that adds the person."""
        payload = message(
            userName=self.username,
            firstName=self.first_name,
            lastName=self.last_name,
            nickName=self.nick_name,
            displayName=self.display_name.strip() or f"{self.first_name} {self.last_name}",
            preferredLanguage=self.language or "und",
            gender=self.gender,
            email=self.email,
        )
        if self.password:
            payload["encodedHash"] = hash_secret(self.password)
            payload.update(message(changeRequired=self.change_required))
        return payload


def _check_username(instance: Instance, owner: str, username: str) -> None:
    domain = username.rpartition("@")[2]
    if domain == username:
        return
    for org in instance.read_models.orgs.all():
        if org.domains.get(domain) and org.id != owner:
            raise invalid("COMMAND-SFd21", "Errors.User.DomainNotAllowedAsUsername")


def _username(username: str) -> Unique:
    return Unique("usernames", username, "Errors.User.AlreadyExists")


def validate_human(human: Human) -> None:
    """Strip the texts, and check that the required ones are not empty.

    :raises ApiError: 400, for the first that is empty.
    """
    human.username, human.email = human.username.strip(), human.email.strip()
    human.first_name, human.last_name = human.first_name.strip(), human.last_name.strip()
    if not human.email:
        raise invalid("EMAIL-spblu", "Errors.User.Email.Empty")
    if not human.username:
        raise invalid("V2-zzad3", "Errors.Invalid.Argument")
    if not human.first_name:
        raise invalid("USER-UCej2", "Errors.User.Profile.FirstNameEmpty")
    if not human.last_name:
        raise invalid("USER-4hB7d", "Errors.User.Profile.LastNameEmpty")


def _code(call: Call, hours: int) -> dict[str, Any]:
    """Return the payload of a verification code. Its encrypted text is random."""
    crypted = base64.b64encode(secrets.token_bytes(22)).decode()
    return {
        "code": {"CryptoType": 0, "Algorithm": "aes", "KeyID": "userKey", "Crypted": crypted},
        "expiry": hours * 3_600_000_000_000,
        "triggerOrigin": call.origin,
    }


def add_human(call: Call, owner: str, human: Human, *, initial: bool) -> Details:
    """Create a person.

    :param initial: give the person the state `INITIAL` if the verified email address or the password is missing.
    """
    _check_username(call.instance, owner, human.username)
    check_password(human.password, human.part)
    new_events = [user_event(human.id, owner, "user.human.added", human.payload(), _username(human.username))]
    if human.email_verified:
        new_events.append(user_event(human.id, owner, "user.human.email.verified"))
    if initial and not (human.email_verified and human.password):
        new_events.append(user_event(human.id, owner, "user.human.initialization.code.added", _code(call, 72)))
    elif not human.email_verified and human.email_code:
        new_events.append(user_event(human.id, owner, "user.human.email.code.added", _code(call, 1)))
    for key, value in human.metadata:
        new_events.append(user_event(human.id, owner, "user.metadata.set", {"key": key, "value": value}))
    return details_after(call.push(*new_events)[-1])


def _human_v2(request: MessageDict) -> Human:
    profile, email, password = request["profile"], request["email"], request["password"]
    return Human(
        request["username"] or email["email"],
        profile["given_name"],
        profile["family_name"],
        email["email"],
        id=request["user_id"] or "",
        nick_name=profile["nick_name"] or "",
        display_name=profile["display_name"] or "",
        language=profile["preferred_language"] or "",
        gender=GENDERS.index(profile["gender"]),
        email_verified=bool(email["is_verified"]),
        email_code=email["is_verified"] is None,
        password=password["password"] if password else "",
        change_required=bool(password and password["change_required"]),
        metadata=[(entry["key"], base64.b64encode(entry["value"]).decode()) for entry in request["metadata"]],
    )


def add_human_v2(call: Call, owner: str, request: MessageDict) -> tuple[str, Details]:
    """Create a person as the v2 API does, and return its id. The person never has the initial state."""
    human = _human_v2(request)
    validate_human(human)
    human.id = human.id or call.instance.store.new_id()
    if human.id != call.caller.user_id:
        call.check("user.write", owner, human.id)
    if not OrganizationWriteModel(call.instance.store, owner).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    if UserWriteModel(call.instance.store, human.id).exists:
        raise precondition("COMMAND-7yiox1isql", "Errors.User.AlreadyExisting")
    return human.id, add_human(call, owner, human, initial=False)


def add_machine(call: Call, owner: str, user_id: str, payload: dict[str, Any]) -> Details:
    """Create a service account."""
    if not OrganizationWriteModel(call.instance.store, owner).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    if ServiceAccountWriteModel(call.instance.store, user_id, owner).exists:
        raise precondition("COMMAND-k2una", "Errors.User.AlreadyExisting")
    new_event = user_event(user_id, owner, "user.machine.added", payload, _username(payload["userName"]))
    return details_after(call.push(new_event)[-1])


@dataclass(frozen=True)
class StateChange:
    """A change of a user's state: its event, the states in which it is allowed, and its errors.

    :param missing: the error ids of v1 and v2 when the user does not exist.
    :param wrong: the error ids of v1 and v2 when the state does not allow the change.
    :param wrong_key: the message key of that error.
    """

    event: str
    missing: tuple[str, str]
    wrong: tuple[str, str]
    wrong_key: str
    allowed: frozenset[str]


DEACTIVATE = StateChange(
    "user.deactivated",
    ("COMMAND-3M9ds", "COMMAND-5gp2p62iin"),
    ("COMMAND-5M0sf", "COMMAND-5gunjw0cd7"),
    "Errors.User.AlreadyInactive",
    frozenset({"ACTIVE", "LOCKED"}),
)
REACTIVATE = StateChange(
    "user.reactivated",
    ("COMMAND-4M0sd", "COMMAND-9hy5kzbuk6"),
    ("COMMAND-6M0sf", "COMMAND-s5qqcz97hf"),
    "Errors.User.NotInactive",
    frozenset({"INACTIVE"}),
)
LOCK = StateChange(
    "user.locked",
    ("COMMAND-5M9fs", "COMMAND-450yxuqrh1"),
    ("COMMAND-3NN8v", "COMMAND-lgws8wtsqf"),
    "Errors.User.ShouldBeActiveOrInitial",
    frozenset({"ACTIVE", "INITIAL"}),
)
UNLOCK = StateChange(
    "user.unlocked",
    ("COMMAND-M0dos", "COMMAND-x377t913pw"),
    ("COMMAND-4M0ds", "COMMAND-olb9vb0oca"),
    "Errors.User.NotLocked",
    frozenset({"LOCKED"}),
)


def change_state(call: Call, change: StateChange, user_id: str, owner: str = "") -> Details:
    """Deactivate, reactivate, lock or unlock a user."""
    v2 = not owner
    model = UserWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise not_found(change.missing[v2], "Errors.User.NotFound")
    if change is DEACTIVATE and model.state == "INITIAL":
        if v2:
            raise precondition("COMMAND-gvx4kct9r2", "Errors.User.CantDeactivateInitial")
        raise not_found("COMMAND-ke0fw", "Errors.User.CantDeactivateInitial")
    if model.state not in change.allowed:
        raise precondition(change.wrong[v2], change.wrong_key)
    if v2:
        call.check("user.write", model.owner, user_id)
    model.apply(call.push(user_event(user_id, model.owner, change.event)))
    return model.details


def remove(call: Call, user_id: str, owner: str = "") -> Details:
    """Remove a user, with an event for each of its grants and memberships in all organizations."""
    instance = call.instance
    model = UserWriteModel(instance.store, user_id, owner)
    if not model.exists:
        raise not_found("COMMAND-m9od" if owner else "COMMAND-bd4ir1mblj", "Errors.User.NotFound")
    if not owner:
        call.check("user.delete", model.owner, user_id)
    removed = user_event(user_id, model.owner, "user.removed", None, Unique("usernames", model.username))
    grants = instance.read_models.user_grants.where("user_id", user_id)
    new_events: list[NewEvent] = [
        removed,
        *cascade_user_grant_removals(instance, grants),
        *cascade_member_removals(instance, user_id),
    ]
    model.apply(call.push(*new_events))
    return model.details
