"""Metadata of users in the v2 API (UserService, by REST and Connect)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.lists import filter_all, ordered, page, paginated_response, pagination
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest
from pulumi_zorg.emulator.metadata import messages_v2 as messages
from pulumi_zorg.emulator.metadata.commands import remove_all, set_all
from pulumi_zorg.emulator.metadata.queries import predicate
from pulumi_zorg.emulator.users.queries import can_read_user

_SERVICE = "zitadel.user.v2.UserService/"
_USER = "/v2/users/{user_id}/metadata"


@rest("POST", _USER, AUTHENTICATED, messages.SET_USER_METADATA, requires="v2")
@connect(_SERVICE + "SetUserMetadata", AUTHENTICATED, messages.SET_USER_METADATA)
def _set(call: Call) -> Any:
    return {"setDate": format_timestamp(set_all(call, call.request["user_id"], call.request["metadata"]).changed)}


@rest("DELETE", _USER, AUTHENTICATED, messages.DELETE_USER_METADATA, requires="v2")
@connect(_SERVICE + "DeleteUserMetadata", AUTHENTICATED, messages.DELETE_USER_METADATA)
def _remove(call: Call) -> Any:
    return {"deletionDate": format_timestamp(remove_all(call, call.request["user_id"], call.request["keys"]).changed)}


@rest("POST", _USER + "/search", AUTHENTICATED, messages.LIST_USER_METADATA, requires="v2")
@connect(_SERVICE + "ListUserMetadata", AUTHENTICATED, messages.LIST_USER_METADATA)
def _list(call: Call) -> Any:
    user_id, window = call.request["user_id"], pagination(call.request)
    found = filter_all(
        call.instance.list_read_models.user_metadata.where("id", user_id),
        [predicate(query) for query in call.request["filters"]],
    )
    total, items = page(ordered(found, lambda entry: entry.created, window), window)
    user = call.instance.list_read_models.users.get(user_id)
    result = [
        {
            "key": entry.key,
            "creationDate": format_timestamp(entry.created),
            "changeDate": format_timestamp(entry.changed),
            "value": entry.value,
        }
        for entry in items
        if user is not None and can_read_user(call, user)
    ]
    return paginated_response(total, window, metadata=result)
