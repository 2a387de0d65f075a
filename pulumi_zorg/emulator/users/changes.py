"""The commands that change the user name, profile, email address and phone number of persons, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner, and refuses a change that changes nothing. v2 passes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import ApiError, invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.http.fields import GENDERS
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.users.aggregate import (
    HumanWriteModel,
    UserWriteModel,
    check_user_write,
    check_username,
    unique_username,
    user_event,
)
from pulumi_zorg.emulator.users.contacts import Code, check_email, email_code, normalized_phone, phone_code
from pulumi_zorg.emulator.users.languages import stored_language


@dataclass(frozen=True)
class Changed:
    """What a change did, with the codes that the request wanted to have returned."""

    details: Details
    email_code: str = ""
    phone_code: str = ""


def _event(model: UserWriteModel, name: str, payload: dict[str, Any] | None = None) -> NewEvent:
    return user_event(model.id, model.owner, f"user.human.{name}", payload)


def _push(call: Call, model: UserWriteModel, *new_events: NewEvent) -> Details:
    if new_events:
        model.apply(call.push(*new_events))
    return model.details


def _contact(model: UserWriteModel, kind: str, value: str, changed: bool, code: Code | None) -> list[NewEvent]:
    """Return the events that change an email address or a phone number, and that verify it or add a code."""
    new_events = [_event(model, f"{kind}.changed", {kind: value})] if changed else []
    if code is None:
        return [*new_events, _event(model, f"{kind}.verified")]
    return [*new_events, _event(model, f"{kind}.code.added", code.payload)]


def profile_changed(model: HumanWriteModel, profile: dict[str, Any]) -> list[NewEvent]:
    """Return the event that changes a profile. It has only what is new, and None leaves a field as it is."""
    new = {name: value for name, value in profile.items() if value is not None and value != model.profile.get(name)}
    return [_event(model, "profile.changed", new)] if new else []


# User names.


def renamed(call: Call, model: UserWriteModel, username: str | None) -> list[NewEvent]:
    """Return the event that gives a user another name. None, or the name that it has, is no event."""
    if username is None or username == model.username:
        return []
    check_username(call.instance, model.owner, username)
    uniques = Unique("usernames", model.username), unique_username(username)
    return [user_event(model.id, model.owner, "user.username.changed", {"userName": username}, *uniques)]


def rename(call: Call, user_id: str, owner: str, username: str) -> Details:
    """Change the user name of a person or a service account, as v1 does."""
    username = username.strip()
    if not username:
        raise invalid("COMMAND-2N9fs", "Errors.IDMissing")
    model = UserWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise not_found("COMMAND-5N9ds", "Errors.User.NotFound")
    if model.username == username:
        raise precondition("COMMAND-6m9gs", "Errors.User.UsernameNotChanged")
    return _push(call, model, *renamed(call, model, username))


# v1.


def _human(call: Call, user_id: str, owner: str, error: ApiError) -> HumanWriteModel:
    model = HumanWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise error
    return model


def change_profile(call: Call, user_id: str, owner: str, sent: MessageDict) -> Details:
    """Change the profile of a person, as v1 does: what the request leaves out is reset."""
    model = _human(call, user_id, owner, precondition("COMMAND-3M9sd", "Errors.User.Profile.NotFound"))
    profile = {
        "firstName": sent["first_name"].strip(),
        "lastName": sent["last_name"].strip(),
        "nickName": sent["nick_name"],
        "displayName": sent["display_name"],
        "preferredLanguage": stored_language(sent["preferred_language"]),
        # v1 stores an unspecified gender as -1, as the real server does.
        "gender": GENDERS.index(sent["gender"]) or -1,
    }
    new_events = profile_changed(model, profile)
    if not new_events:
        raise precondition("COMMAND-2M0fs", "Errors.User.Profile.NotChanged")
    return _push(call, model, *new_events)


def change_email(call: Call, user_id: str, owner: str, email: str, *, verified: bool) -> Details:
    """Change the email address of a person, or mark the present one as verified, as v1 does."""
    email = email.strip()
    check_email(email)
    model = _human(call, user_id, owner, precondition("COMMAND-0Pe4r", "Errors.User.Email.NotFound"))
    if model.state == "INITIAL":
        raise precondition("COMMAND-J8dsk", "Errors.User.NotInitialised")
    changed = model.profile["email"] != email
    if not changed and (not verified or model.profile.get("emailVerified")):
        raise precondition("COMMAND-2b7fM", "Errors.User.Email.NotChanged")
    return _push(
        call, model, *_contact(model, "email", email, changed, None if verified else email_code(call, v2=False))
    )


def change_phone(call: Call, user_id: str, owner: str, phone: str, *, verified: bool) -> Details:
    """Change the phone number of a person, or mark the present one as verified, as v1 does."""
    phone = normalized_phone(phone)
    model = _human(call, user_id, owner, precondition("COMMAND-3M0fs", "Errors.User.NotFound"))
    changed = model.profile["phone"] != phone
    if not changed and (not verified or model.profile.get("phoneVerified")):
        raise precondition("COMMAND-wF94r", "Errors.User.Phone.NotChanged")
    return _push(call, model, *_contact(model, "phone", phone, changed, None if verified else phone_code(call)))


def remove_phone(call: Call, user_id: str, owner: str) -> Details:
    """Remove the phone number of a person, as v1 does."""
    model = _human(call, user_id, owner, precondition("COMMAND-3M9fs", "Errors.User.NotFound"))
    if not model.profile["phone"]:
        raise not_found("COMMAND-p6rsc", "Errors.User.Phone.NotFound")
    return _push(call, model, _event(model, "phone.removed"))


# v2.


def _profile_v2(sent: MessageDict) -> dict[str, Any]:
    language = sent["preferred_language"]
    return {
        "firstName": sent["given_name"],
        "lastName": sent["family_name"],
        "nickName": sent["nick_name"],
        "displayName": sent["display_name"],
        "preferredLanguage": None if language is None else stored_language(language),
        "gender": None if sent["gender"] is None else GENDERS.index(sent["gender"]),
    }


def contact_changed(call: Call, model: HumanWriteModel, kind: str, sent: MessageDict) -> tuple[list[NewEvent], str]:
    """Return the events of a new email address or phone number, and the code if the request wants it.

    The present one again is an event only where it becomes verified.
    """
    value = normalized_phone(sent["phone"]) if kind == "phone" else sent["email"]
    changed = bool(model.profile[kind] != value)
    verified, returned = bool(sent["is_verified"]), sent["return_code"] is not None
    if not changed and (not verified or model.profile.get(f"{kind}Verified")):
        return [], ""
    if verified:
        return _contact(model, kind, value, changed, None), ""
    code = phone_code(call, returned=returned) if kind == "phone" else email_code(call, v2=True, returned=returned)
    return _contact(model, kind, value, changed, code), code.plain if returned else ""


def update_human(call: Call, user_id: str, sent: MessageDict) -> Changed:
    """Change a person, as v2 does: what the request leaves out is kept."""
    model = _human(call, user_id, "", not_found("COMMAND-ugjs0upun6", "Errors.User.NotFound"))
    check_user_write(call, user_id)
    new_events = renamed(call, model, sent["username"])
    if sent["profile"]:
        new_events += profile_changed(model, _profile_v2(sent["profile"]))
    codes = {}
    for kind in ("email", "phone"):
        if sent[kind]:
            more, codes[kind] = contact_changed(call, model, kind, sent[kind])
            new_events += more
    return Changed(_push(call, model, *new_events), codes.get("email", ""), codes.get("phone", ""))


def set_contact(call: Call, user_id: str, kind: str, sent: MessageDict) -> Changed:
    """Change the email address or the phone number of a person, as v2 does. The present one again is an error.

    :param kind: `email` or `phone`.
    """
    noun = kind.capitalize()
    model = _existing_contact(call, user_id, noun)
    # Nobody says of the own address that it is verified.
    check_user_write(call, user_id, allow_self=not sent["is_verified"])
    value = normalized_phone(sent["phone"]) if kind == "phone" else sent["email"]
    if model.profile[kind] == value:
        raise precondition("COMMAND-Uch5e", f"Errors.User.{noun}.NotChanged")
    new_events, code = contact_changed(call, model, kind, sent)
    return Changed(_push(call, model, *new_events), code, code)


def _existing_contact(call: Call, user_id: str, noun: str) -> HumanWriteModel:
    model = _human(call, user_id, "", not_found("COMMAND-ieJ2e", f"Errors.User.{noun}.NotFound"))
    if model.state == "INITIAL":
        raise precondition("COMMAND-uz0Uu", "Errors.User.NotInitialised")
    return model


def remove_phone_v2(call: Call, user_id: str) -> Details:
    """Remove the phone number of a person, as v2 does."""
    model = _existing_contact(call, user_id, "Phone")
    check_user_write(call, user_id)
    if not model.profile["phone"]:
        raise precondition("COMMAND-ieJ2e", "Errors.User.Phone.NotFound")
    return _push(call, model, _event(model, "phone.removed"))
