"""The commands that create persons, for the v1 and v2 APIs. changes.py has those that change them.

v1 passes the organization of the header as the owner. v2 passes the one that the request names.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details, details_after
from pulumi_zorg.emulator.http.fields import GENDERS
from pulumi_zorg.emulator.http.responses import message
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel
from pulumi_zorg.emulator.users.aggregate import UserWriteModel, check_username, unique_username, user_event
from pulumi_zorg.emulator.users.contacts import (
    check_email,
    email_code,
    initialization_code,
    normalized_phone,
    phone_code,
)
from pulumi_zorg.emulator.users.languages import stored_language
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
    phone: str = ""
    phone_verified: bool = False
    #: Whether the answer, instead of a message, has the codes.
    return_email_code: bool = False
    return_phone_code: bool = False
    password: str = ""
    change_required: bool = False
    inactive: bool = False
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
            preferredLanguage=stored_language(self.language),
            gender=self.gender,
            email=self.email,
            phone=self.phone,
        )
        if self.password:
            payload["encodedHash"] = hash_secret(self.password)
            payload.update(message(changeRequired=self.change_required))
        return payload


@dataclass(frozen=True)
class NewHuman:
    """A person that was created, with the codes that the request wanted to have returned."""

    id: str
    details: Details
    email_code: str = ""
    phone_code: str = ""


def validate_human(human: Human) -> None:
    """Strip the texts, normalize the phone number, and check that the required texts are not empty.

    :raises ApiError: 400, for the first that is empty or not valid.
    """
    human.username, human.email = human.username.strip(), human.email.strip()
    human.first_name, human.last_name = human.first_name.strip(), human.last_name.strip()
    if not human.email:
        raise invalid("EMAIL-spblu", "Errors.User.Email.Empty")
    check_email(human.email)
    if not human.username:
        raise invalid("V2-zzad3", "Errors.Invalid.Argument")
    if not human.first_name:
        raise invalid("USER-UCej2", "Errors.User.Profile.FirstNameEmpty")
    if not human.last_name:
        raise invalid("USER-4hB7d", "Errors.User.Profile.LastNameEmpty")
    if human.phone:
        human.phone = normalized_phone(human.phone)


def add_human(call: Call, owner: str, human: Human, *, v1: bool) -> NewHuman:
    """Create a person. v1 gives it the state `INITIAL` if the verified email address or the password is missing."""
    check_username(call.instance, owner, human.username)
    check_password(human.password, human.part)
    new_events = [user_event(human.id, owner, "user.human.added", human.payload(), unique_username(human.username))]
    mail = email_code(call, v2=not v1, returned=human.return_email_code)
    text = phone_code(call, returned=human.return_phone_code)

    def add(name: str, payload: dict[str, Any] | None = None) -> None:
        new_events.append(user_event(human.id, owner, f"user.{name}", payload))

    if human.email_verified:
        add("human.email.verified")
    if v1 and not (human.email_verified and human.password):
        add("human.initialization.code.added", initialization_code(call).payload)
    elif not human.email_verified and human.email_code:
        add("human.email.code.added", mail.payload)
    if human.phone_verified and human.phone:
        add("human.phone.verified")
    elif human.phone:
        add("human.phone.code.added", text.payload)
    for key, value in human.metadata:
        add("metadata.set", {"key": key, "value": value})
    if human.inactive:
        add("deactivated")
    return NewHuman(
        human.id,
        details_after(call.push(*new_events)[-1]),
        mail.plain if human.return_email_code else "",
        text.plain if human.return_phone_code and human.phone else "",
    )


def _human_v2(request: MessageDict) -> Human:
    profile, email, password = request["profile"], request["email"], request["password"]
    phone = request["phone"] or {"phone": "", "is_verified": None, "return_code": None}
    return Human(
        request["username"] or email["email"],
        profile["given_name"],
        profile["family_name"],
        email["email"],
        id=request["user_id"] or "",
        nick_name=profile["nick_name"] or "",
        display_name=profile["display_name"] or "",
        language=profile["preferred_language"] or "",
        gender=GENDERS.index(profile["gender"] or GENDERS[0]),
        email_verified=bool(email["is_verified"]),
        email_code=email["is_verified"] is None,
        phone=phone["phone"],
        phone_verified=bool(phone["is_verified"]),
        return_email_code=email["return_code"] is not None,
        return_phone_code=phone["return_code"] is not None,
        password=password["password"] if password else "",
        change_required=bool(password and password["change_required"]),
        metadata=[(entry["key"], base64.b64encode(entry["value"]).decode()) for entry in request["metadata"]],
    )


def add_human_v2(call: Call, owner: str, request: MessageDict) -> NewHuman:
    """Create the person that a request of the v2 API describes. It never has the initial state."""
    return add_new_human(call, owner, _human_v2(request))


def add_new_human(call: Call, owner: str, human: Human) -> NewHuman:
    """Create a person as v2 and SCIM do: they check the permission, the organization, and that the id is free."""
    validate_human(human)
    human.id = human.id or call.instance.store.new_id()
    if human.id != call.caller.user_id:
        call.check("user.write", owner, human.id)
    if not OrganizationWriteModel(call.instance.store, owner).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    if UserWriteModel(call.instance.store, human.id).exists:
        raise precondition("COMMAND-7yiox1isql", "Errors.User.AlreadyExisting")
    return add_human(call, owner, human, v1=False)
