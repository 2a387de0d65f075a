"""Commands on user grants, for the v1 API and AuthorizationService."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import denied, invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import Unique
from pulumi_zorg.emulator.user_grants.aggregate import UserGrantWriteModel
from pulumi_zorg.emulator.user_grants.preconditions import check_preconditions

#: Checks the caller's permission on a grant: called with the project, the project grant and the resource owner.
Check = Callable[[str, str, str], None]


def check_v1(call: Call) -> Check:
    """Return the check of the v1 API. The endpoint has checked the permission, so only its objects are checked here."""

    def check(project_id: str, project_grant_id: str, _owner: str) -> None:
        object_ids = call.caller.object_ids
        if call.caller.is_global or (project_grant_id and project_grant_id in object_ids) or project_id in object_ids:
            return
        raise denied("EVENT-Shu7e", "Errors.UserGrant.NoPermissionForProject")

    return check


def check_v2(call: Call, permission: str) -> Check:
    """Return the check of the v2 API: the permission on the grant's project, in the grant's organization."""

    def check(project_id: str, project_grant_id: str, owner: str) -> None:
        call.check(permission, owner, project_grant_id or project_id)

    return check


def add(call: Call, model: UserGrantWriteModel, role_keys: list[str], check: Check) -> Details:
    """Add the grant that the model describes."""
    if not model.project_id or not model.user_id:
        raise invalid("COMMAND-kVfMa", "Errors.UserGrant.Invalid")
    check_preconditions(call.instance.store, model, role_keys)
    check(model.project_id, model.project_grant_id, model.owner)
    payload: dict[str, Any] = {"projectId": model.project_id, "userId": model.user_id}
    if model.project_grant_id:
        payload["grantId"] = model.project_grant_id
    if role_keys:
        payload["roleKeys"] = role_keys
    unique = Unique("user_grant", model.unique, "Errors.UserGrant.AlreadyExists")
    model.apply(call.push(model.event("added", payload, unique)))
    return model.details


def new(call: Call, owner: str, user_id: str, project_id: str, project_grant_id: str = "") -> UserGrantWriteModel:
    """Return the write model of a grant that does not exist yet, with a new id."""
    model = UserGrantWriteModel(call.instance.store, call.instance.store.new_id(), owner)
    model.user_id, model.project_id, model.project_grant_id = user_id, project_id, project_grant_id
    return model


def change(call: Call, grant_id: str, role_keys: list[str], check: Check, *, v2: bool = False) -> Details:
    """Set the role keys.

    Unlike in all other calls on a grant, the organization of the header does not matter here. Unchanged roles in the same
    order are an error in v1 and a success in v2.
    """
    model = UserGrantWriteModel(call.instance.store, grant_id)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.UserGrant.NotFound")
    if model.role_keys == role_keys:
        if v2:
            return model.details
        raise precondition("COMMAND-Rs8fy", "Errors.UserGrant.NotChanged")
    check_preconditions(call.instance.store, model, role_keys)
    check(model.project_id, model.project_grant_id, model.owner)
    if v2:
        new_event = model.event("cascade.changed", {"roleKeys": role_keys} if role_keys else {})
    else:
        # The payload of this event has null for no roles. The others leave the field out.
        new_event = model.event("changed", {"roleKeys": role_keys or None, "userId": model.user_id})
    model.apply(call.push(new_event))
    return model.details


def deactivate(call: Call, grant_id: str, owner: str, check: Check) -> Details:
    """Deactivate a grant. For an inactive grant this is a no-op, or an error with `strict_user_grant_state`."""
    model = UserGrantWriteModel(call.instance.store, grant_id, owner)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.UserGrant.NotFound")
    if model.state != "ACTIVE":
        if call.instance.profile.strict_user_grant_state:
            raise precondition("COMMAND-1S9gx", "Errors.UserGrant.NotActive")
        return model.details
    check(model.project_id, model.project_grant_id, model.owner)
    model.apply(call.push(model.event("deactivated")))
    return model.details


def reactivate(call: Call, grant_id: str, owner: str, check: Check) -> Details:
    """Reactivate a grant. For an active grant this is a no-op, or an error with `strict_user_grant_state`."""
    model = UserGrantWriteModel(call.instance.store, grant_id, owner)
    if not model.exists:
        raise not_found("COMMAND-Lp0gs", "Errors.UserGrant.NotFound")
    if model.state != "INACTIVE":
        if call.instance.profile.strict_user_grant_state:
            raise precondition("COMMAND-1ML0v", "Errors.UserGrant.NotInactive")
        return model.details
    check(model.project_id, model.project_grant_id, model.owner)
    model.apply(call.push(model.event("reactivated")))
    return model.details


def remove(call: Call, grant_ids: list[str], owner: str, check: Check, *, v2: bool = False) -> Details:
    """Remove grants, all or none."""
    models = [UserGrantWriteModel(call.instance.store, grant_id, owner) for grant_id in grant_ids]
    new_events = []
    for model in models:
        if not model.exists:
            if v2:
                return model.details
            raise not_found("COMMAND-1My0t", "Errors.UserGrant.NotFound")
        check(model.project_id, model.project_grant_id, model.owner)
        payload = {"projectId": model.project_id, "userId": model.user_id}
        if model.project_grant_id:
            payload["grantId"] = model.project_grant_id
        new_events.append(model.event("removed", payload, Unique("user_grant", model.unique)))
    models[0].apply(call.push(*new_events))
    return models[0].details
