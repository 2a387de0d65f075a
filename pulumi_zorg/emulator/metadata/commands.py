"""Commands on metadata of users, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner. v2 passes none.
"""

from __future__ import annotations

import base64

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.metadata.aggregate import UserMetadataWriteModel
from pulumi_zorg.emulator.users.aggregate import check_user_write, require_user, user_event


def user_metadata(call: Call, user_id: str, owner: str = "") -> UserMetadataWriteModel:
    """Return the entries of a user. Without an owner, also check that the caller may change the user."""
    user = require_user(call.instance.store, user_id, owner)
    if not owner:
        check_user_write(call, user_id, allow_self=False)
    return UserMetadataWriteModel(call.instance.store, user.id, user.owner)


def encode(value: bytes) -> str:
    """Return a value as events have it, in base64."""
    return base64.b64encode(value).decode()


def set_all(call: Call, user_id: str, entries: list[MessageDict], owner: str = "") -> Details:
    """Set entries of a user. A value that is set already writes no event, and an empty value removes the entry."""
    if not entries:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    model = user_metadata(call, user_id, owner)
    new_events = []
    for entry in entries:
        key, value = entry["key"], encode(entry["value"])
        if not value and key in model.values:
            new_events.append(user_event(model.id, model.owner, "user.metadata.removed", {"key": key}))
        elif value and model.values.get(key) != value:
            new_events.append(user_event(model.id, model.owner, "user.metadata.set", {"key": key, "value": value}))
    if new_events:
        model.apply(call.push(*new_events))
    return model.details


def remove_all(call: Call, user_id: str, keys: list[str], owner: str = "") -> Details:
    """Remove entries of a user, all or none."""
    if not keys:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    model = user_metadata(call, user_id, owner)
    if any(not key for key in keys):
        raise invalid("COMMAND-m29ds", "Errors.Metadata.Invalid")
    if any(key not in model.values for key in keys):
        raise not_found("META-2nnds", "Errors.Metadata.KeyNotExisting")
    new_events = [user_event(model.id, model.owner, "user.metadata.removed", {"key": key}) for key in keys]
    model.apply(call.push(*new_events))
    return model.details
