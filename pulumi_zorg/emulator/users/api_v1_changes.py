"""Users in the v1 API (management): the calls that create and change persons and service accounts."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.fields import GENDERS
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.users import messages_v1 as messages
from pulumi_zorg.emulator.users.changes import change_email, change_phone, change_profile, remove_phone, rename
from pulumi_zorg.emulator.users.contacts import check_email, normalized_phone
from pulumi_zorg.emulator.users.humans import Human, add_human, validate_human
from pulumi_zorg.emulator.users.machines import add_machine, change_machine
from pulumi_zorg.emulator.users.queries import phone_fields, user_of_caller

_USER = "/management/v1/users/{user_id}"


def _human_v1(request: MessageDict, password: str) -> Human:
    profile, email = request["profile"], request["email"]
    phone = request["phone"] or {"phone": "", "is_phone_verified": False}
    return Human(
        request["user_name"],
        profile["first_name"],
        profile["last_name"],
        email["email"],
        nick_name=profile["nick_name"],
        display_name=profile["display_name"],
        language=profile["preferred_language"],
        # v1 stores an unspecified gender as -1, as the real server does.
        gender=GENDERS.index(profile["gender"]) or -1,
        email_verified=email["is_email_verified"],
        phone=phone["phone"],
        phone_verified=phone["is_phone_verified"],
        password=password,
        change_required=True,
    )


@rest("POST", "/management/v1/users/human", "user.write", messages.ADD_HUMAN)
def _add_human(call: Call) -> Any:
    human = _human_v1(call.request, call.request["initial_password"])
    validate_human(human)
    return _add(call, human)


def _add(call: Call, human: Human) -> Any:
    human.id = call.instance.store.new_id()
    new = add_human(call, call.caller.org_id, human, v1=True)
    return message(userId=new.id, details=creation_details(new.details))


@rest("POST", "/management/v1/users/human/_import", "user.write", messages.IMPORT_HUMAN)
def _import_human(call: Call) -> Any:
    human = _human_v1(call.request, call.request["password"])
    human.change_required = call.request["password_change_required"]
    human.username = human.username.strip()
    human.part = "DOMAIN"
    check_email(human.email)
    if human.phone:
        human.phone = normalized_phone(human.phone)
    if human.email_verified and not human.password:
        human.email_verified = False
    return _add(call, human)


@rest("POST", "/management/v1/users/machine", "user.write", messages.ADD_MACHINE)
def _add_machine(call: Call) -> Any:
    request = call.request
    user_id = request["user_id"] or call.instance.store.new_id()
    details = add_machine(call, call.caller.org_id, user_id, request["user_name"], request)
    return message(userId=user_id, details=change_details(details))


@rest("PUT", _USER + "/username", "user.write", messages.UPDATE_USER_NAME)
def _rename(call: Call) -> Any:
    details = rename(call, call.request["user_id"], call.caller.org_id, call.request["user_name"])
    return {"details": change_details(details)}


@rest("PUT", _USER + "/profile", "user.write", messages.UPDATE_PROFILE)
def _change_profile(call: Call) -> Any:
    details = change_profile(call, call.request["user_id"], call.caller.org_id, call.request)
    return {"details": change_details(details)}


@rest("PUT", _USER + "/email", "user.write", messages.UPDATE_EMAIL)
def _change_email(call: Call) -> Any:
    request = call.request
    verified = request["is_email_verified"]
    details = change_email(call, request["user_id"], call.caller.org_id, request["email"], verified=verified)
    return {"details": change_details(details)}


@rest("PUT", _USER + "/phone", "user.write", messages.UPDATE_PHONE)
def _change_phone(call: Call) -> Any:
    request = call.request
    verified = request["is_phone_verified"]
    details = change_phone(call, request["user_id"], call.caller.org_id, request["phone"], verified=verified)
    return {"details": change_details(details)}


@rest("DELETE", _USER + "/phone", "user.write", messages.REMOVE_PHONE)
def _remove_phone(call: Call) -> Any:
    return {"details": change_details(remove_phone(call, call.request["user_id"], call.caller.org_id))}


@rest("GET", _USER + "/phone", "user.read", messages.GET_PHONE)
def _get_phone(call: Call) -> Any:
    # Unlike the read of the whole user, this one can be late, as lists are.
    user = user_of_caller(call, call.request["user_id"], call.instance.list_read_models)
    if not user.human:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    return {"details": read_details(user), "phone": phone_fields(user, "isPhoneVerified")}


@rest("PUT", _USER + "/machine", "user.write", messages.UPDATE_MACHINE)
def _change_machine(call: Call) -> Any:
    details = change_machine(call, call.request["user_id"], call.caller.org_id, call.request)
    return {"details": change_details(details)}
