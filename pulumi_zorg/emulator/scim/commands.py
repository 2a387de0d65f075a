"""The commands of SCIM. They create and change persons as v2 does, with metadata for what ZITADEL itself does not have."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import UNIMPLEMENTED, ApiError, invalid, not_found
from pulumi_zorg.emulator.eventstore.events import NewEvent
from pulumi_zorg.emulator.metadata.aggregate import UserMetadataWriteModel
from pulumi_zorg.emulator.scim.resources import EMAILS_KEY, OTHER_KEYS, ScimUser
from pulumi_zorg.emulator.users.aggregate import HumanWriteModel, user_event
from pulumi_zorg.emulator.users.changes import contact_changed, profile_changed, renamed
from pulumi_zorg.emulator.users.humans import Human, NewHuman, add_new_human
from pulumi_zorg.emulator.users.states import remove


def create(call: Call, user: ScimUser) -> NewHuman:
    """Create a person. Its email address and its phone number are verified."""
    human = Human(
        user.username,
        user.given_name,
        user.family_name,
        user.emails[0]["value"],
        nick_name=user.nick_name,
        display_name=user.formatted,
        language=user.language,
        email_verified=True,
        phone=user.phones[0]["value"] if user.phones else "",
        phone_verified=True,
        password=user.password,
        metadata=[(EMAILS_KEY, user.emails_metadata)],
        inactive=user.active is False,
    )
    return add_new_human(call, call.caller.org_id, human)


def _human(call: Call, user_id: str) -> HumanWriteModel:
    model = HumanWriteModel(call.instance.store, user_id, call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-ugjs0upun6", "Errors.User.NotFound")
    return model


def replace(call: Call, user_id: str, user: ScimUser) -> HumanWriteModel:
    """Change a person to what a request says. What it leaves out is reset, except for the state."""
    model = _human(call, user_id)
    model.apply(call.push(*_changed(call, model, user), *_metadata(call, model, user), *_state_changed(model, user)))
    return model


def patch(call: Call, user_id: str, operations: list[dict[str, Any]]) -> None:
    """Change the state of a person. The emulator knows no other operation.

    As on the real server, what the person has is written again: a phone number that it has not is removed, and an unset language
    becomes English.
    """
    model = _human(call, user_id)
    user = ScimUser.from_user(model)
    if user.language in ("", "und"):
        user.language = "en"
    for operation in operations:
        sent = {operation["path"]: operation["value"]} if operation["path"] else operation["value"]
        if not isinstance(sent, dict) or sent.keys() != {"active"} or not isinstance(sent["active"], bool):
            raise ApiError(UNIMPLEMENTED, "the emulator only knows operations on active", detailed=True)
        user.active = sent["active"]
    call.push(*_changed(call, model, user), *_state_changed(model, user))


def _changed(call: Call, model: HumanWriteModel, user: ScimUser) -> list[NewEvent]:
    profile = {
        "firstName": user.given_name,
        "lastName": user.family_name,
        "nickName": user.nick_name,
        "displayName": user.formatted,
        "preferredLanguage": user.language,
    }
    verified = {"is_verified": True, "return_code": None}
    new_events = renamed(call, model, user.username) + profile_changed(model, profile)
    new_events += contact_changed(call, model, "email", {"email": user.emails[0]["value"], **verified})[0]
    if user.phones:
        return new_events + contact_changed(call, model, "phone", {"phone": user.phones[0]["value"], **verified})[0]
    return [*new_events, user_event(model.id, model.owner, "user.human.phone.removed")]


def _metadata(call: Call, model: HumanWriteModel, user: ScimUser) -> list[NewEvent]:
    values = UserMetadataWriteModel(call.instance.store, model.id, model.owner).values
    entry = {"key": EMAILS_KEY, "value": user.emails_metadata}
    removed = [user_event(model.id, model.owner, "user.metadata.removed", {"key": key}) for key in OTHER_KEYS]
    if values.get(EMAILS_KEY) == entry["value"] and not call.instance.profile.scim_repeats_metadata:
        return removed
    return [user_event(model.id, model.owner, "user.metadata.set", entry), *removed]


def _state_changed(model: HumanWriteModel, user: ScimUser) -> list[NewEvent]:
    """Return the event that deactivates or reactivates. Who is neither active nor inactive is refused."""
    wanted = {None: model.state, True: "ACTIVE", False: "INACTIVE"}[user.active]
    if model.state == wanted:
        return []
    if model.state not in ("ACTIVE", "INACTIVE"):
        raise invalid("USER2-statex1" if user.active else "USER2-statex2", "Errors.User.State.Invalid")
    name = "reactivated" if user.active else "deactivated"
    return [user_event(model.id, model.owner, f"user.{name}")]


def delete(call: Call, user_id: str) -> None:
    """Remove a user."""
    owners = {event.resource_owner for event in call.instance.store.aggregate("user", user_id)}
    if call.caller.org_id not in owners:
        raise not_found("COMMAND-bd4ir1mblj", "Errors.User.NotFound")
    remove(call, user_id)
