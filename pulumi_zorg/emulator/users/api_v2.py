"""Users in the v2 API (UserService, by REST and Connect): their states, removals, reads and searches."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.eventstore.aggregate import details_of
from pulumi_zorg.emulator.http.lists import list_response_v2
from pulumi_zorg.emulator.http.responses import change_details, message, optional_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest
from pulumi_zorg.emulator.users import messages_v2 as messages
from pulumi_zorg.emulator.users.projection import UserReadModel
from pulumi_zorg.emulator.users.queries import can_read_user, human_fields, machine_fields, search
from pulumi_zorg.emulator.users.states import DEACTIVATE, LOCK, REACTIVATE, UNLOCK, change_state, remove

_SERVICE = "zitadel.user.v2.UserService/"


@rest("POST", "/v2/users/{user_id}/deactivate", AUTHENTICATED, messages.DEACTIVATE_USER, requires="v2")
@connect(_SERVICE + "DeactivateUser", AUTHENTICATED, messages.DEACTIVATE_USER)
def _deactivate(call: Call) -> Any:
    return {"details": change_details(change_state(call, DEACTIVATE, call.request["user_id"]))}


@rest("POST", "/v2/users/{user_id}/reactivate", AUTHENTICATED, messages.REACTIVATE_USER, requires="v2")
@connect(_SERVICE + "ReactivateUser", AUTHENTICATED, messages.REACTIVATE_USER)
def _reactivate(call: Call) -> Any:
    return {"details": change_details(change_state(call, REACTIVATE, call.request["user_id"]))}


@rest("POST", "/v2/users/{user_id}/lock", AUTHENTICATED, messages.LOCK_USER, requires="v2")
@connect(_SERVICE + "LockUser", AUTHENTICATED, messages.LOCK_USER)
def _lock(call: Call) -> Any:
    return {"details": change_details(change_state(call, LOCK, call.request["user_id"]))}


@rest("POST", "/v2/users/{user_id}/unlock", AUTHENTICATED, messages.UNLOCK_USER, requires="v2")
@connect(_SERVICE + "UnlockUser", AUTHENTICATED, messages.UNLOCK_USER)
def _unlock(call: Call) -> Any:
    return {"details": change_details(change_state(call, UNLOCK, call.request["user_id"]))}


@rest("DELETE", "/v2/users/{user_id}", AUTHENTICATED, messages.DELETE_USER, requires="v2")
@connect(_SERVICE + "DeleteUser", AUTHENTICATED, messages.DELETE_USER)
def _remove(call: Call) -> Any:
    return {"details": change_details(remove(call, call.request["user_id"]))}


def _to_message(user: UserReadModel) -> dict[str, Any]:
    result = message(
        userId=user.id,
        details=_details(user),
        state=f"USER_STATE_{user.state}",
        username=user.username,
        loginNames=[user.username],
        preferredLoginName=user.username,
    )
    if not user.human:
        result["machine"] = machine_fields(user)
        return result
    human = human_fields(user, v2=True)
    # Optional fields are sent even if they are empty.
    human["profile"] = {"nickName": "", "displayName": "", "gender": "GENDER_UNSPECIFIED", **human["profile"]}
    result["human"] = {**human, **message(passwordChangeRequired=user.change_required)}
    return result


def _details(user: UserReadModel) -> dict[str, Any]:
    return {**change_details(details_of(user)), **message(creationDate=optional_timestamp(user.created))}


@rest("GET", "/v2/users/{user_id}", AUTHENTICATED, messages.GET_USER, requires="v2")
@connect(_SERVICE + "GetUserByID", AUTHENTICATED, messages.GET_USER)
def _get(call: Call) -> Any:
    user = call.instance.read_models.users.get(call.request["user_id"])
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if user.id != call.caller.user_id:
        call.check("user.read", user.owner, user.id)
    return {"details": _details(user), "user": _to_message(user)}


@rest("POST", "/v2/users", AUTHENTICATED, messages.LIST_USERS, requires="v2")
@connect(_SERVICE + "ListUsers", AUTHENTICATED, messages.LIST_USERS)
def _list(call: Call) -> Any:
    users = call.instance.list_read_models.users
    total, items = search(call, [user for user in call.instance.shown(users.all()) if can_read_user(call, user)])
    return list_response_v2(total, [_to_message(user) for user in items], users)
