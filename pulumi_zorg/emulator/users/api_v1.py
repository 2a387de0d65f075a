"""Users in the v1 API (management and auth)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.events import Unique
from pulumi_zorg.emulator.http.fields import EMPTY, GENDERS, TOKEN_TYPES
from pulumi_zorg.emulator.http.lists import list_response
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.users import messages_v1 as messages
from pulumi_zorg.emulator.users.aggregate import UserWriteModel, user_event
from pulumi_zorg.emulator.users.commands import (
    DEACTIVATE,
    LOCK,
    REACTIVATE,
    UNLOCK,
    Human,
    _check_username,
    _username,
    add_human,
    add_machine,
    change_state,
    remove,
    validate_human,
)
from pulumi_zorg.emulator.users.projection import UserReadModel
from pulumi_zorg.emulator.users.queries import human_fields, machine_fields, search, user_of_caller


def _human_v1(request: MessageDict, password: str) -> Human:
    profile, email = request["profile"], request["email"]
    return Human(
        request["user_name"],
        profile["first_name"],
        profile["last_name"],
        email["email"],
        nick_name=profile["nick_name"],
        display_name=profile["display_name"],
        language=profile["preferred_language"],
        # v1 knows no way to say nothing.
        gender=GENDERS.index(profile["gender"]) or -1,
        email_verified=email["is_email_verified"],
        password=password,
        change_required=True,
    )


@rest("POST", "/management/v1/users/human", "user.write", messages.ADD_HUMAN)
def _add_human_v1(call: Call) -> Any:
    human = _human_v1(call.request, call.request["initial_password"])
    validate_human(human)
    human.id = call.instance.store.new_id()
    return message(userId=human.id, details=creation_details(add_human(call, call.caller.org_id, human, initial=True)))


@rest("POST", "/management/v1/users/human/_import", "user.write", messages.IMPORT_HUMAN)
def _import_human_v1(call: Call) -> Any:
    human = _human_v1(call.request, call.request["password"])
    human.change_required = call.request["password_change_required"]
    human.username = human.username.strip()
    human.part = "DOMAIN"
    human.id = call.instance.store.new_id()
    if human.email_verified and not human.password:
        human.email_verified = False
    return message(userId=human.id, details=creation_details(add_human(call, call.caller.org_id, human, initial=True)))


@rest("POST", "/management/v1/users/machine", "user.write", messages.ADD_MACHINE)
def _add_machine_v1(call: Call) -> Any:
    request = call.request
    user_id = request["user_id"] or call.instance.store.new_id()
    payload = {
        "userName": request["user_name"],
        **message(
            name=request["name"],
            description=request["description"],
            accessTokenType=TOKEN_TYPES.index(request["access_token_type"]),
        ),
    }
    return message(userId=user_id, details=change_details(add_machine(call, call.caller.org_id, user_id, payload)))


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


@rest("PUT", "/management/v1/users/{user_id}/username", "user.write", messages.UPDATE_USER_NAME)
def _rename_v1(call: Call) -> Any:
    user_id, username = call.request["user_id"], call.request["user_name"].strip()
    if not username:
        raise invalid("COMMAND-2N9fs", "Errors.IDMissing")
    model = UserWriteModel(call.instance.store, user_id, call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-5N9ds", "Errors.User.NotFound")
    if model.username == username:
        raise precondition("COMMAND-6m9gs", "Errors.User.UsernameNotChanged")
    _check_username(call.instance, model.owner, username)
    uniques = Unique("usernames", model.username), _username(username)
    model.apply(call.push(user_event(user_id, model.owner, "user.username.changed", {"userName": username}, *uniques)))
    return {"details": change_details(model.details)}


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
        result["human"] = human_fields(user, "firstName", "lastName", "isEmailVerified")
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
