"""Users in the v2 API (UserService, by REST and Connect): the calls that create and change persons and service accounts."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import UNIMPLEMENTED, ApiError
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.responses import change_details, message
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest
from pulumi_zorg.emulator.users import messages_v2 as messages
from pulumi_zorg.emulator.users.changes import remove_phone_v2, set_contact, update_human
from pulumi_zorg.emulator.users.humans import add_human_v2
from pulumi_zorg.emulator.users.machines import add_machine, update_machine

_SERVICE = "zitadel.user.v2.UserService/"


@rest("POST", "/v2/users/human", "user.write", messages.ADD_HUMAN, org_field="organization", requires="v2")
@connect(_SERVICE + "AddHumanUser", "user.write", messages.ADD_HUMAN, org_field="organization")
def _add_human(call: Call) -> Any:
    new = add_human_v2(call, call.caller.org_id, call.request)
    details = change_details(new.details)
    return message(userId=new.id, details=details, emailCode=new.email_code, phoneCode=new.phone_code)


@rest("POST", "/v2/users/new", AUTHENTICATED, messages.CREATE_USER, requires="v2")
@connect(_SERVICE + "CreateUser", AUTHENTICATED, messages.CREATE_USER)
def _create(call: Call) -> Any:
    request = call.request
    owner = request["organization_id"]
    if request["human"] is not None:
        sent = {**request["human"], "user_id": request["user_id"], "username": request["username"], "metadata": []}
        new = add_human_v2(call, owner, sent)
        created = format_timestamp(new.details.changed)
        return message(id=new.id, creationDate=created, emailCode=new.email_code, phoneCode=new.phone_code)
    user_id = request["user_id"] or call.instance.store.new_id()
    call.check("user.write", owner, user_id)
    details = add_machine(call, owner, user_id, request["username"] or user_id, request["machine"])
    return {"id": user_id, "creationDate": format_timestamp(details.changed)}


@rest("PUT", "/v2/users/human/{user_id}", AUTHENTICATED, messages.UPDATE_HUMAN, requires="v2")
@connect(_SERVICE + "UpdateHumanUser", AUTHENTICATED, messages.UPDATE_HUMAN)
def _update_human(call: Call) -> Any:
    done = update_human(call, call.request["user_id"], call.request)
    return message(details=change_details(done.details), emailCode=done.email_code, phoneCode=done.phone_code)


@rest("PATCH", "/v2/users/{user_id}", AUTHENTICATED, messages.UPDATE_USER, requires="v2")
@connect(_SERVICE + "UpdateUser", AUTHENTICATED, messages.UPDATE_USER)
def _update(call: Call) -> Any:
    request, user_id = call.request, call.request["user_id"]
    if request["human"] is not None:
        done = update_human(call, user_id, {**request["human"], "username": request["username"]})
        changed = format_timestamp(done.details.changed)
        return message(changeDate=changed, emailCode=done.email_code, phoneCode=done.phone_code)
    if request["machine"] is None:
        raise ApiError(UNIMPLEMENTED, "user type is not implemented", detailed=True)
    details = update_machine(call, user_id, request["username"], request["machine"])
    return {"changeDate": format_timestamp(details.changed)}


@rest("POST", "/v2/users/{user_id}/email", AUTHENTICATED, messages.SET_EMAIL, requires="v2")
@connect(_SERVICE + "SetEmail", AUTHENTICATED, messages.SET_EMAIL)
def _set_email(call: Call) -> Any:
    done = set_contact(call, call.request["user_id"], "email", call.request)
    return message(details=change_details(done.details), verificationCode=done.email_code)


@rest("POST", "/v2/users/{user_id}/phone", AUTHENTICATED, messages.SET_PHONE, requires="v2")
@connect(_SERVICE + "SetPhone", AUTHENTICATED, messages.SET_PHONE)
def _set_phone(call: Call) -> Any:
    done = set_contact(call, call.request["user_id"], "phone", call.request)
    return message(details=change_details(done.details), verificationCode=done.phone_code)


@rest("DELETE", "/v2/users/{user_id}/phone", AUTHENTICATED, messages.REMOVE_PHONE, requires="v2")
@connect(_SERVICE + "RemovePhone", AUTHENTICATED, messages.REMOVE_PHONE)
def _remove_phone(call: Call) -> Any:
    return {"details": change_details(remove_phone_v2(call, call.request["user_id"]))}
