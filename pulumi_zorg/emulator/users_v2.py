"""UserService: users by the v2 API, by REST and Connect."""

from __future__ import annotations

import base64
from typing import Any

from . import messages_users as m
from .errors import ApiError, not_found, precondition
from .fields import GENDERS, TOKEN_TYPES
from .model import Details, changed, of_row, pb, when
from .organizations import OrgModel
from .queries import listed_v2
from .routing import AUTHENTICATED, connect, rest
from .schema import Msg
from .store import stamp
from .tables import UserRow
from .user_reads import human_fields, machine_fields, search
from .users import (
    DEACTIVATE,
    LOCK,
    REACTIVATE,
    UNLOCK,
    Human,
    add_human,
    add_machine,
    change_state,
    remove,
    validate_human,
)
from .users_model import UserModel
from .world import Call

_SERVICE = "zitadel.user.v2.UserService/"


def _human_v2(request: Msg) -> Human:
    profile, email, password = request["profile"], request["email"], request["password"]
    return Human(
        request["username"] or email["email"],
        profile["given_name"],
        profile["family_name"],
        email["email"],
        id=request["user_id"] or "",
        nick_name=profile["nick_name"] or "",
        display_name=profile["display_name"] or "",
        language=profile["preferred_language"] or "",
        gender=GENDERS.index(profile["gender"]),
        email_verified=bool(email["is_verified"]),
        email_code=email["is_verified"] is None,
        password=password["password"] if password else "",
        change_required=bool(password and password["change_required"]),
        metadata=[(entry["key"], base64.b64encode(entry["value"]).decode()) for entry in request["metadata"]],
    )


def add_human_v2(call: Call, owner: str, request: Msg) -> tuple[str, Details]:
    """Create a person by v2: never one in the initial state."""
    human = _human_v2(request)
    validate_human(human)
    human.id = human.id or call.world.store.new_id()
    if human.id != call.caller.user_id:
        call.check("user.write", owner, human.id)
    if not OrgModel(call.world.store, owner).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    if UserModel(call.world.store, human.id).exists:
        raise precondition("COMMAND-7yiox1isql", "Errors.User.AlreadyExisting")
    return human.id, add_human(call, owner, human, initial=False)


_ADD_HUMAN = _SERVICE + "AddHumanUser"


@rest("POST", "/v2/users/human", "user.write", m.ADD_HUMAN_V2, org_field="organization", needs="v2")
@connect(_ADD_HUMAN, "user.write", m.ADD_HUMAN_V2, org_field="organization")
def _add_human(call: Call) -> Any:
    user_id, details = add_human_v2(call, call.caller.org_id, call.request)
    return pb(userId=user_id, details=changed(details))


@rest("POST", "/v2/users/new", AUTHENTICATED, m.CREATE_USER_V2, needs="v2")
@connect(_SERVICE + "CreateUser", AUTHENTICATED, m.CREATE_USER_V2)
def _create(call: Call) -> Any:
    request = call.request
    owner = request["organization_id"]
    if request["human"] is not None:
        sent = {**request["human"], "user_id": request["user_id"], "username": request["username"], "metadata": []}
        user_id, details = add_human_v2(call, owner, sent)
        return {"id": user_id, "creationDate": stamp(details.changed)}
    machine = request["machine"]
    user_id = request["user_id"] or call.world.store.new_id()
    call.check("user.write", owner, user_id)
    payload = {
        "userName": request["username"] or user_id,
        **pb(
            name=machine["name"],
            description=machine["description"],
            accessTokenType=TOKEN_TYPES.index(machine["access_token_type"]),
        ),
    }
    details = add_machine(call, owner, user_id, payload)
    return {"id": user_id, "creationDate": stamp(details.changed)}


@rest("POST", "/v2/users/{user_id}/deactivate", AUTHENTICATED, m.DEACTIVATE_USER_V2, needs="v2")
@connect(_SERVICE + "DeactivateUser", AUTHENTICATED, m.DEACTIVATE_USER_V2)
def _deactivate(call: Call) -> Any:
    return {"details": changed(change_state(call, DEACTIVATE, call.request["user_id"]))}


@rest("POST", "/v2/users/{user_id}/reactivate", AUTHENTICATED, m.REACTIVATE_USER_V2, needs="v2")
@connect(_SERVICE + "ReactivateUser", AUTHENTICATED, m.REACTIVATE_USER_V2)
def _reactivate(call: Call) -> Any:
    return {"details": changed(change_state(call, REACTIVATE, call.request["user_id"]))}


@rest("POST", "/v2/users/{user_id}/lock", AUTHENTICATED, m.LOCK_USER_V2, needs="v2")
@connect(_SERVICE + "LockUser", AUTHENTICATED, m.LOCK_USER_V2)
def _lock(call: Call) -> Any:
    return {"details": changed(change_state(call, LOCK, call.request["user_id"]))}


@rest("POST", "/v2/users/{user_id}/unlock", AUTHENTICATED, m.UNLOCK_USER_V2, needs="v2")
@connect(_SERVICE + "UnlockUser", AUTHENTICATED, m.UNLOCK_USER_V2)
def _unlock(call: Call) -> Any:
    return {"details": changed(change_state(call, UNLOCK, call.request["user_id"]))}


@rest("DELETE", "/v2/users/{user_id}", AUTHENTICATED, m.DELETE_USER_V2, needs="v2")
@connect(_SERVICE + "DeleteUser", AUTHENTICATED, m.DELETE_USER_V2)
def _remove(call: Call) -> Any:
    return {"details": changed(remove(call, call.request["user_id"]))}


# Reads.


def _told(user: UserRow) -> dict[str, Any]:
    told = pb(
        userId=user.id,
        details=_details(user),
        state=f"USER_STATE_{user.state}",
        username=user.username,
        loginNames=[user.username],
        preferredLoginName=user.username,
    )
    if not user.human:
        told["machine"] = machine_fields(user)
        return told
    human = human_fields(user, "givenName", "familyName", "isVerified")
    # Optional fields are told even when empty.
    human["profile"] = {"nickName": "", "gender": "GENDER_UNSPECIFIED", **human["profile"]}
    told["human"] = {**human, **pb(passwordChangeRequired=user.change_required)}
    return told


def _details(user: UserRow) -> dict[str, Any]:
    return {**changed(of_row(user)), **pb(creationDate=when(user.created))}


def readable(call: Call, user: UserRow) -> bool:
    """Whether the caller may read a user: every user may read itself."""
    if user.id == call.caller.user_id:
        return True
    try:
        call.check("user.read", user.owner, user.id)
    except ApiError:
        return False
    return True


@rest("GET", "/v2/users/{user_id}", AUTHENTICATED, m.GET_USER_V2, needs="v2")
@connect(_SERVICE + "GetUserByID", AUTHENTICATED, m.GET_USER_V2)
def _get(call: Call) -> Any:
    user = call.world.tables.users.get(call.request["user_id"])
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if user.id != call.caller.user_id:
        call.check("user.read", user.owner, user.id)
    return {"details": _details(user), "user": _told(user)}


@rest("POST", "/v2/users", AUTHENTICATED, m.LIST_USERS_V2, needs="v2")
@connect(_SERVICE + "ListUsers", AUTHENTICATED, m.LIST_USERS_V2)
def _list(call: Call) -> Any:
    users = call.world.lists.users
    total, rows = search(call, [user for user in users.rows.values() if readable(call, user)])
    return listed_v2(total, [_told(row) for row in rows], users)
