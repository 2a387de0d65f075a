"""Users by SCIM (`/scim/v2/{organization}/Users`), as far as it was recorded. Reads and lists can be late (`POST /debug/lag`)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import UNIMPLEMENTED, ApiError, not_found
from pulumi_zorg.emulator.http.routing import scim
from pulumi_zorg.emulator.scim import messages
from pulumi_zorg.emulator.scim.commands import create, delete, patch, replace
from pulumi_zorg.emulator.scim.resources import ScimUser
from pulumi_zorg.emulator.users.projection import UserReadModel

_USERS = "/scim/v2/{org_id}/Users"
_USER = _USERS + "/{user_id}"
_PAGE = 100


@scim("POST", _USERS, "user.write", messages.USER, status=201)
def _create(call: Call) -> Any:
    user = ScimUser.from_request(call.request)
    new = create(call, user)
    # As on the real server, the answer has what the request has, and no more.
    if not user.display_name and not (call.request["name"] or {}).get("formatted"):
        user.formatted = ""
    changed = new.details.changed
    return user.as_json(call.caller.org_id, new.id, call.origin, changed, changed, new.details.sequence)


@scim("PUT", _USER, "user.write", messages.USER)
def _replace(call: Call) -> Any:
    user = ScimUser.from_request(call.request)
    model = replace(call, call.request["user_id"], user)
    user.phones = user.phones or [{"value": "", "primary": True}]
    return user.as_json(call.caller.org_id, model.id, call.origin, model.changed, model.changed, model.sequence)


@scim("PATCH", _USER, "user.write", messages.PATCH_USER, status=204)
def _patch(call: Call) -> Any:
    patch(call, call.request["user_id"], call.request["Operations"])


@scim("DELETE", _USER, "user.delete", messages.EMPTY, status=204)
def _delete(call: Call) -> Any:
    delete(call, call.request["user_id"])


def _to_json(call: Call, user: UserReadModel) -> Any:
    found = ScimUser.from_user(user)
    return found.as_json(user.owner, user.id, call.origin, user.created, user.changed, user.sequence)


@scim("GET", _USER, "user.read", messages.EMPTY)
def _get(call: Call) -> Any:
    user = call.instance.list_read_models.users.get(call.request["user_id"])
    if user is None or user.owner != call.caller.org_id:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if not user.human:
        raise not_found("SCIM-USRT1", "Errors.Users.NotFound")
    return _to_json(call, user)


@scim("GET", _USERS, "user.read", messages.LIST_USERS)
def _list(call: Call) -> Any:
    request = call.request
    if request["filter"]:
        raise ApiError(UNIMPLEMENTED, "the emulator knows no filters", detailed=True)
    users = call.instance.list_read_models.users.where("owner", call.caller.org_id)
    found = sorted((user for user in call.instance.shown(users) if user.human), key=lambda user: user.created)
    start, count = request["start_index"] or 1, request["count"] or _PAGE
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "itemsPerPage": count,
        "totalResults": len(found),
        "startIndex": start,
        "Resources": [_to_json(call, user) for user in found[start - 1 :][:count]],
    }
