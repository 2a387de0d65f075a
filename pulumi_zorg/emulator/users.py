"""Users: what changes them, and the calls of the v1 API that do."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from . import messages_users as m
from .errors import invalid, not_found, precondition
from .fields import GENDERS, TOKEN_TYPES
from .members import cascade_members
from .model import Details, added, changed, of_event, pb
from .organizations import OrgModel
from .routing import rest
from .schema import Msg
from .store import Command, Unique
from .user_grants_model import cascade_removal
from .users_model import MachineModel, UserModel, event_of
from .world import Call, World


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
    #: Whether an address that is not verified gets a code.
    email_code: bool = True
    password: str = ""
    change_required: bool = False
    metadata: list[tuple[str, str]] = field(default_factory=list)
    #: The part of the server that creates the person, as it is named in the ids of errors.
    part: str = "COMMA"

    def payload(self) -> dict[str, Any]:
        """The payload of the event that adds the person."""
        payload = pb(
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
            payload.update(pb(changeRequired=self.change_required))
        return payload


def hash_secret(secret: str) -> str:
    """A salted hash. Cheap on purpose: the secrets here protect nothing, and tests make many."""
    salt = secrets.token_hex(8)
    return f"{salt}${hashlib.sha256((salt + secret).encode()).hexdigest()}"


def secret_fits(secret: str, hashed: str) -> bool:
    """Whether the hash was made of that secret."""
    salt, _, digest = hashed.partition("$")
    return bool(digest) and hashlib.sha256((salt + secret).encode()).hexdigest() == digest


def _check_username(world: World, owner: str, username: str) -> None:
    domain = username.rpartition("@")[2]
    if domain == username:
        return
    for org in world.tables.orgs.rows.values():
        if org.domains.get(domain) and org.id != owner:
            raise invalid("COMMAND-SFd21", "Errors.User.DomainNotAllowedAsUsername")


def _username(username: str) -> Unique:
    return Unique("usernames", username, "Errors.User.AlreadyExists")


def validate_human(human: Human) -> None:
    """Trim the texts, and refuse a person without one of those that are required."""
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


#: What a password needs, by the default policy.
_PASSWORD_RULES = (
    (re.compile(r".{8}", re.DOTALL), "HuJf6", "MinLength"),
    (re.compile(r"[a-z]"), "co3Xw", "HasLower"),
    (re.compile(r"[A-Z]"), "VoaRj", "HasUpper"),
    (re.compile(r"[0-9]"), "ZBv4H", "HasNumber"),
    (re.compile(r"[^A-Za-z0-9]"), "ZDLwA", "HasSymbol"),
)


def _check_password(password: str, where: str) -> None:
    for rule, error_id, key in _PASSWORD_RULES:
        if password and not rule.search(password):
            raise invalid(f"{where}-{error_id}", f"Errors.User.PasswordComplexityPolicy.{key}")


def _code(call: Call, hours: int) -> dict[str, Any]:
    """A code that is sent by mail, encrypted: here with a key nobody has."""
    crypted = base64.b64encode(secrets.token_bytes(22)).decode()
    return {
        "code": {"CryptoType": 0, "Algorithm": "aes", "KeyID": "userKey", "Crypted": crypted},
        "expiry": hours * 3_600_000_000_000,
        "triggerOrigin": call.origin,
    }


def add_human(call: Call, owner: str, human: Human, *, initial: bool) -> Details:
    """Create a person; with `initial` one who still has to set up the account where email or password are missing."""
    _check_username(call.world, owner, human.username)
    _check_password(human.password, human.part)
    commands = [event_of(human.id, owner, "user.human.added", human.payload(), _username(human.username))]
    if human.email_verified:
        commands.append(event_of(human.id, owner, "user.human.email.verified"))
    if initial and not (human.email_verified and human.password):
        commands.append(event_of(human.id, owner, "user.human.initialization.code.added", _code(call, 72)))
    elif not human.email_verified and human.email_code:
        commands.append(event_of(human.id, owner, "user.human.email.code.added", _code(call, 1)))
    for key, value in human.metadata:
        commands.append(event_of(human.id, owner, "user.metadata.set", {"key": key, "value": value}))
    return of_event(call.push(*commands)[-1])


def add_machine(call: Call, owner: str, user_id: str, payload: dict[str, Any]) -> Details:
    """Create a service account."""
    if not OrgModel(call.world.store, owner).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    if MachineModel(call.world.store, user_id, owner).exists:
        raise precondition("COMMAND-k2una", "Errors.User.AlreadyExisting")
    command = event_of(user_id, owner, "user.machine.added", payload, _username(payload["userName"]))
    return of_event(call.push(command)[-1])


@dataclass(frozen=True)
class StateChange:
    """A change of state: from which states, to which event, and how it is refused. The first ids are v1's."""

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
    """Deactivate, reactivate, lock or unlock a user. v1 names the organization of its header as the owner, v2 none."""
    v2 = not owner
    model = UserModel(call.world.store, user_id, owner)
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
    model.apply(call.push(event_of(user_id, model.owner, change.event)))
    return model.details


def remove(call: Call, user_id: str, owner: str = "") -> Details:
    """Remove a user and, each with an event, the user's grants and manager roles wherever they are."""
    world = call.world
    model = UserModel(world.store, user_id, owner)
    if not model.exists:
        raise not_found("COMMAND-m9od" if owner else "COMMAND-bd4ir1mblj", "Errors.User.NotFound")
    if not owner:
        call.check("user.delete", model.owner, user_id)
    removed = event_of(user_id, model.owner, "user.removed", None, Unique("usernames", model.username))
    grants = world.tables.user_grants.by("user_id", user_id)
    commands: list[Command] = [removed, *cascade_removal(world, grants), *cascade_members(world, user_id)]
    model.apply(call.push(*commands))
    return model.details


def _human_v1(request: Msg, password: str) -> Human:
    profile, email = request["profile"], request["email"]
    return Human(
        request["user_name"],
        profile["first_name"],
        profile["last_name"],
        email["email"],
        nick_name=profile["nick_name"],
        display_name=profile["display_name"],
        language=profile["preferred_language"],
        # v1 knows no way to say nothing.
        gender=GENDERS.index(profile["gender"]) or -1,
        email_verified=email["is_email_verified"],
        password=password,
        change_required=True,
    )


@rest("POST", "/management/v1/users/human", "user.write", m.ADD_HUMAN)
def _add_human_v1(call: Call) -> Any:
    human = _human_v1(call.request, call.request["initial_password"])
    validate_human(human)
    human.id = call.world.store.new_id()
    return pb(userId=human.id, details=added(add_human(call, call.caller.org_id, human, initial=True)))


@rest("POST", "/management/v1/users/human/_import", "user.write", m.IMPORT_HUMAN)
def _import_human_v1(call: Call) -> Any:
    human = _human_v1(call.request, call.request["password"])
    human.change_required = call.request["password_change_required"]
    human.username = human.username.strip()
    human.part = "DOMAIN"
    human.id = call.world.store.new_id()
    if human.email_verified and not human.password:
        human.email_verified = False
    return pb(userId=human.id, details=added(add_human(call, call.caller.org_id, human, initial=True)))


@rest("POST", "/management/v1/users/machine", "user.write", m.ADD_MACHINE)
def _add_machine_v1(call: Call) -> Any:
    request = call.request
    user_id = request["user_id"] or call.world.store.new_id()
    payload = {
        "userName": request["user_name"],
        **pb(
            name=request["name"],
            description=request["description"],
            accessTokenType=TOKEN_TYPES.index(request["access_token_type"]),
        ),
    }
    return pb(userId=user_id, details=changed(add_machine(call, call.caller.org_id, user_id, payload)))


@rest("POST", "/management/v1/users/{id}/_deactivate", "user.write", m.DEACTIVATE_USER)
def _deactivate_v1(call: Call) -> Any:
    return {"details": changed(change_state(call, DEACTIVATE, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{id}/_reactivate", "user.write", m.REACTIVATE_USER)
def _reactivate_v1(call: Call) -> Any:
    return {"details": changed(change_state(call, REACTIVATE, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{id}/_lock", "user.write", m.LOCK_USER)
def _lock_v1(call: Call) -> Any:
    return {"details": changed(change_state(call, LOCK, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{id}/_unlock", "user.write", m.UNLOCK_USER)
def _unlock_v1(call: Call) -> Any:
    return {"details": changed(change_state(call, UNLOCK, call.request["id"], call.caller.org_id))}


@rest("DELETE", "/management/v1/users/{id}", "user.delete", m.REMOVE_USER)
def _remove_v1(call: Call) -> Any:
    return {"details": changed(remove(call, call.request["id"], call.caller.org_id))}


@rest("PUT", "/management/v1/users/{user_id}/username", "user.write", m.UPDATE_USER_NAME)
def _rename_v1(call: Call) -> Any:
    user_id, username = call.request["user_id"], call.request["user_name"].strip()
    if not username:
        raise invalid("COMMAND-2N9fs", "Errors.IDMissing")
    model = UserModel(call.world.store, user_id, call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-5N9ds", "Errors.User.NotFound")
    if model.username == username:
        raise precondition("COMMAND-6m9gs", "Errors.User.UsernameNotChanged")
    _check_username(call.world, model.owner, username)
    uniques = Unique("usernames", model.username), _username(username)
    model.apply(call.push(event_of(user_id, model.owner, "user.username.changed", {"userName": username}, *uniques)))
    return {"details": changed(model.details)}
