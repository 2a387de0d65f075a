"""Commands on metadata of users and organizations, for the v1 and v2 APIs.

For a user, v1 passes the organization of the header as the owner. v2 passes none.
"""

from __future__ import annotations

import base64

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.metadata.aggregate import OrganizationMetadataWriteModel, UserMetadataWriteModel
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel, organization_event
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


def organization_metadata(call: Call, org_id: str) -> OrganizationMetadataWriteModel:
    """Return the entries of an organization."""
    if not OrganizationWriteModel(call.instance.store, org_id).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    return OrganizationMetadataWriteModel(call.instance.store, org_id)


def set_in_organization(
    call: Call, org_id: str, entries: list[MessageDict], *, unchanged_too: bool, v2: bool = False
) -> Details:
    """Set entries of an organization.

    :param unchanged_too: write an event for a value that is set already.
    """
    if not entries:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    if v2:
        call.check("org.write", org_id, org_id)
    model = organization_metadata(call, org_id)
    values = [(entry["key"], encode(entry["value"])) for entry in entries]
    new_events = [
        organization_event(org_id, "org.metadata.set", {"key": key, "value": value})
        for key, value in values
        if unchanged_too or model.values.get(key) != value
    ]
    if new_events:
        model.apply(call.push(*new_events))
    return model.details


def remove_from_organization(call: Call, org_id: str, keys: list[str], *, v2: bool = False) -> Details:
    """Remove entries of an organization, all or none."""
    if not keys:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    if v2:
        call.check("org.write", org_id, org_id)
    model = organization_metadata(call, org_id)
    if any(key not in model.values for key in keys):
        raise not_found("META-2npds", "Errors.Metadata.KeyNotExisting")
    model.apply(call.push(*(organization_event(org_id, "org.metadata.removed", {"key": key}) for key in keys)))
    return model.details
