"""The commands that create and change service accounts, for the v1 and v2 APIs."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details, details_after
from pulumi_zorg.emulator.http.fields import TOKEN_TYPES
from pulumi_zorg.emulator.http.responses import message
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel
from pulumi_zorg.emulator.users.aggregate import (
    ServiceAccountWriteModel,
    UserWriteModel,
    check_user_write,
    unique_username,
    user_event,
)
from pulumi_zorg.emulator.users.changes import renamed


def add_machine(call: Call, owner: str, user_id: str, username: str, machine: MessageDict) -> Details:
    """Create a service account."""
    if not OrganizationWriteModel(call.instance.store, owner).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    if ServiceAccountWriteModel(call.instance.store, user_id, owner).exists:
        raise precondition("COMMAND-k2una", "Errors.User.AlreadyExisting")
    payload = {
        "userName": username,
        **message(
            name=machine["name"],
            description=machine["description"],
            accessTokenType=TOKEN_TYPES.index(machine["access_token_type"]),
        ),
    }
    new_event = user_event(user_id, owner, "user.machine.added", payload, unique_username(username))
    return details_after(call.push(new_event)[-1])


def _changed(model: UserWriteModel, machine: MessageDict) -> dict[str, Any]:
    """Return the payload of the change of a service account. None in the request leaves a field as it is."""
    token_type = machine["access_token_type"]
    sent = {
        "name": machine["name"],
        "description": machine["description"],
        "accessTokenType": None if token_type is None else TOKEN_TYPES.index(token_type),
    }
    now = {"name": model.name, "description": model.description, "accessTokenType": model.token_type}
    return {field: value for field, value in sent.items() if value not in (None, now[field])}


def change_machine(call: Call, user_id: str, owner: str, machine: MessageDict) -> Details:
    """Change a service account, as v1 does: what the request leaves out is reset."""
    model = ServiceAccountWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise not_found("COMMAND-5M0od", "Errors.User.NotFound")
    payload = _changed(model, machine)
    if not payload:
        raise precondition("COMMAND-2n8vs", "Errors.User.NotChanged")
    model.apply(call.push(user_event(user_id, model.owner, "user.machine.changed", payload)))
    return model.details


def update_machine(call: Call, user_id: str, username: str | None, machine: MessageDict) -> Details:
    """Change a service account, as v2 does: what the request leaves out is kept."""
    model = UserWriteModel(call.instance.store, user_id)
    if not model.exists or model.human:
        raise not_found("COMMAND-ugjs0upun6", "Errors.User.NotFound")
    check_user_write(call, user_id)
    if not call.instance.profile.patches_token_type:
        machine = {**machine, "access_token_type": None}
    new_events = renamed(call, model, username)
    payload = _changed(model, machine)
    if payload:
        new_events.append(user_event(user_id, model.owner, "user.machine.changed", payload))
    if new_events:
        model.apply(call.push(*new_events))
    return model.details
