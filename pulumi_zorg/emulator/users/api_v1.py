"""Users in the v1 API (management and auth): their states, removals, reads and searches."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.fields import EMPTY
from pulumi_zorg.emulator.http.lists import list_response
from pulumi_zorg.emulator.http.responses import change_details, message, read_details
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, rest
from pulumi_zorg.emulator.users import messages_v1 as messages
from pulumi_zorg.emulator.users.projection import UserReadModel
from pulumi_zorg.emulator.users.queries import human_fields, machine_fields, search, user_of_caller
from pulumi_zorg.emulator.users.states import DEACTIVATE, LOCK, REACTIVATE, UNLOCK, change_state, remove


@rest("POST", "/management/v1/users/{id}/_deactivate", "user.write", messages.DEACTIVATE_USER)
def _deactivate_v1(call: Call) -> Any:
    return {"details": change_details(change_state(call, DEACTIVATE, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{id}/_reactivate", "user.write", messages.REACTIVATE_USER)
def _reactivate_v1(call: Call) -> Any:
    return {"details": change_details(change_state(call, REACTIVATE, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{id}/_lock", "user.write", messages.LOCK_USER)
def _lock_v1(call: Call) -> Any:
    return {"details": change_details(change_state(call, LOCK, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{id}/_unlock", "user.write", messages.UNLOCK_USER)
def _unlock_v1(call: Call) -> Any:
    return {"details": change_details(change_state(call, UNLOCK, call.request["id"], call.caller.org_id))}


@rest("DELETE", "/management/v1/users/{id}", "user.delete", messages.REMOVE_USER)
def _remove_v1(call: Call) -> Any:
    return {"details": change_details(remove(call, call.request["id"], call.caller.org_id))}


def _to_message(user: UserReadModel) -> dict[str, Any]:
    result = message(
        id=user.id,
        details=read_details(user),
        state=f"USER_STATE_{user.state}",
        userName=user.username,
        loginNames=[user.username],
        preferredLoginName=user.username,
    )
    if user.human:
        result["human"] = human_fields(user, v2=False)
    else:
        result["machine"] = machine_fields(user)
    return result


@rest("GET", "/management/v1/users/{id}", "user.read", messages.GET_USER)
def _get(call: Call) -> Any:
    return {"user": _to_message(user_of_caller(call, call.request["id"]))}


@rest("GET", "/management/v1/global/users/_by_login_name", "user.global.read", messages.USER_BY_LOGIN_NAME)
def _by_login_name(call: Call) -> Any:
    user = call.instance.read_models.user_by_login_name(call.request["login_name"])
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    return {"user": _to_message(user)}


@rest("GET", "/management/v1/users/_is_unique", "user.read", messages.IS_USER_UNIQUE)
def _is_unique(call: Call) -> Any:
    name, email = call.request["user_name"], call.request["email"]
    taken = any(
        (not name or user.username == name) and (not email or user.profile.get("email") == email)
        for user in call.instance.list_read_models.users.all()
    )
    return message(isUnique=not taken)


@rest("POST", "/management/v1/users/_search", "user.read", messages.LIST_USERS)
def _list(call: Call) -> Any:
    users = call.instance.list_read_models.users
    total, items = search(call, users.where("owner", call.caller.org_id))
    return list_response(total, [_to_message(user) for user in items], users)


@rest("GET", "/auth/v1/users/me", AUTHENTICATED, EMPTY)
def _me(call: Call) -> Any:
    user = call.instance.read_models.users.get(call.caller.user_id)
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    return {"user": _to_message(user)}


@rest("POST", "/auth/v1/permissions/zitadel/me/_search", AUTHENTICATED, EMPTY)
def _my_permissions(call: Call) -> Any:
    instance, caller = call.instance, call.caller
    return message(result=list(instance.permissions(instance.memberships(caller.user_id, caller.org_id))))
