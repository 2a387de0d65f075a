"""Sessions in the v2 API by REST: the password of a person is checked, and the session then finishes a login (auth_requests)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.credentials.tokens import token_of
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details, details_after
from pulumi_zorg.emulator.eventstore.events import NewEvent, format_timestamp
from pulumi_zorg.emulator.http.responses import change_details, message
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.sessions import messages_v2 as messages
from pulumi_zorg.emulator.sessions.aggregate import SessionWriteModel
from pulumi_zorg.emulator.users.passwords import secret_matches
from pulumi_zorg.emulator.users.projection import UserReadModel


def _checked_user(call: Call, check: MessageDict) -> UserReadModel:
    read_models = call.instance.read_models
    user_id, login_name = check["user_id"], check["login_name"]
    user = read_models.users.get(user_id) if user_id is not None else read_models.user_by_login_name(login_name)
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if user.state not in ("ACTIVE", "INITIAL"):
        raise precondition("SESSION-Gj4ko", "Errors.User.NotActive")
    return user


def _checked(call: Call, session_id: str, user: UserReadModel | None) -> tuple[list[NewEvent], UserReadModel | None]:
    """Return the events of the checks that the request wants, and the user of the session after them.

    :param user: the user that was checked before.
    """
    instance = call.instance
    checks = call.request["checks"] or {"user": None, "password": None}
    new_events = []
    if checks["user"]:
        user = _checked_user(call, checks["user"])
        checked = {"userID": user.id, "userResourceOwner": user.owner, "checkedAt": format_timestamp(user.changed)}
        new_events.append(_event(instance, session_id, "user.checked", checked))
    if checks["password"]:
        if user is None:
            raise precondition("COMMAND-Sfw3f", "Errors.User.UserIDMissing")
        _check_password(call, user, checks["password"]["password"])
        new_events.append(_event(instance, session_id, "password.checked"))
    return new_events, user


def _event(instance: Instance, session_id: str, name: str, payload: dict[str, Any] | None = None) -> NewEvent:
    return NewEvent("session", session_id, instance.instance_id, f"session.{name}", payload or {})


def _push_with_token(call: Call, session_id: str, new_events: list[NewEvent]) -> tuple[Details, str]:
    """Store the events, and a new token, which replaces the earlier one."""
    token_id = call.instance.store.new_id()
    events = call.push(*new_events, _event(call.instance, session_id, "token.set", {"tokenID": token_id}))
    return details_after(events[-1]), token_of(call.instance, token_id, session_id)


@rest("POST", "/v2/sessions", AUTHENTICATED, messages.CREATE_SESSION, status=201, requires="v2")
def _create(call: Call) -> Any:
    session_id = call.instance.store.new_id()
    if call.request["checks"] and call.request["checks"]["user"]:
        # The user is looked up before the permission is checked.
        _checked_user(call, call.request["checks"]["user"])
    call.check("session.write", "", "")
    checks, _ = _checked(call, session_id, None)
    details, token = _push_with_token(call, session_id, [_event(call.instance, session_id, "added"), *checks])
    return message(details=change_details(details), sessionId=session_id, sessionToken=token)


@rest("PATCH", "/v2/sessions/{session_id}", AUTHENTICATED, messages.SET_SESSION, requires="v2")
def _set(call: Call) -> Any:
    """Check more, as the login does after it has found the user."""
    model = _existing(call)
    call.check("session.write", "", "")
    checks, _ = _checked(call, model.id, call.instance.read_models.users.get(model.user_id))
    if not model.exists:
        raise precondition("COMMAND-Flk38", "Errors.Session.NotExisting")
    details, token = _push_with_token(call, model.id, checks)
    return message(details=change_details(details), sessionToken=token)


def _check_password(call: Call, user: UserReadModel, password: str) -> None:
    if not user.human:
        raise precondition("COMMAND-3n77z", "Errors.User.NotFound")
    if not user.password:
        raise precondition("COMMAND-3nJ4t", "Errors.User.Password.NotSet")
    instance, owner = call.instance, user.owner
    fits = secret_matches(password, user.password)
    name = "succeeded" if fits else "failed"
    instance.store.push(
        call.caller.user_id, [NewEvent("user", user.id, owner, f"user.human.password.check.{name}", {})]
    )
    if not fits:
        raise invalid("COMMAND-3M0fs", "Errors.User.Password.Invalid")


def _existing(call: Call) -> SessionWriteModel:
    return SessionWriteModel(call.instance.store, call.request["session_id"])


@rest("GET", "/v2/sessions/{session_id}", AUTHENTICATED, messages.GET_SESSION, requires="v2")
def _get(call: Call) -> Any:
    model = _existing(call)
    if not model.exists:
        raise not_found("QUERY-SFeaa", "Errors.Session.NotExisting")
    if model.user_id != call.caller.user_id:
        call.check("session.read", model.user_owner, model.user_id)
    factors = {"user": {"id": model.user_id, "organizationId": model.user_owner}} if model.user_id else None
    result = message(
        id=model.id, sequence=str(model.sequence), changeDate=format_timestamp(model.changed), factors=factors
    )
    return {"session": result}


@rest("DELETE", "/v2/sessions/{session_id}", AUTHENTICATED, messages.DELETE_SESSION, requires="v2")
def _delete(call: Call) -> Any:
    model = _existing(call)
    if model.exists:
        if model.user_id != call.caller.user_id:
            call.check("session.delete", model.user_owner, model.user_id)
        model.apply(call.push(NewEvent("session", model.id, model.owner, "session.terminated", {})))
    return {"details": change_details(model.details)}
