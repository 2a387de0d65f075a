"""Sessions by v2: enough to check a person's password."""

from __future__ import annotations

import secrets
from typing import Any

from . import messages_users as m
from .errors import invalid, not_found, precondition
from .model import WriteModel, changed, of_event, pb
from .routing import AUTHENTICATED, rest
from .schema import Msg
from .store import Command, Event, EventStore, stamp
from .tables import UserRow
from .users import secret_fits
from .world import Call


class SessionModel(WriteModel):
    """A session, owned by the instance."""

    aggregate_type = "session"
    types = frozenset(
        {"session.added", "session.user.checked", "session.password.checked", "session.token.set", "session.terminated"}
    )

    def __init__(self, store: EventStore, aggregate_id: str) -> None:
        self.user_id = ""
        self.user_owner = ""
        super().__init__(store, aggregate_id)

    def reduce(self, event: Event) -> None:
        """State and user."""
        if event.type == "session.added":
            self.state = "ACTIVE"
        elif event.type == "session.terminated":
            self.state = "REMOVED"
        elif event.type == "session.user.checked":
            self.user_id, self.user_owner = event.get("userID"), event.get("userResourceOwner")


def _checked_user(call: Call, check: Msg) -> UserRow:
    tables = call.world.tables
    user_id, login_name = check["user_id"], check["login_name"]
    user = tables.users.get(user_id) if user_id is not None else tables.user_by_login_name(login_name)
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if user.state not in ("ACTIVE", "INITIAL"):
        raise precondition("SESSION-Gj4ko", "Errors.User.NotActive")
    return user


@rest("POST", "/v2/sessions", AUTHENTICATED, m.CREATE_SESSION, status=201, needs="v2")
def _create(call: Call) -> Any:
    world = call.world
    checks = call.request["checks"] or {"user": None, "password": None}
    user = _checked_user(call, checks["user"]) if checks["user"] else None
    session_id = world.store.new_id()
    call.check("session.write", "", "")

    def event(name: str, payload: dict[str, Any] | None = None) -> Command:
        return Command("session", session_id, world.instance_id, f"session.{name}", payload or {})

    commands = [event("added")]
    if user is not None:
        checked = {"userID": user.id, "userResourceOwner": user.owner, "checkedAt": stamp(user.changed)}
        commands.append(event("user.checked", checked))
    if checks["password"]:
        if user is None:
            raise precondition("COMMAND-Sfw3f", "Errors.User.UserIDMissing")
        _check_password(call, user, checks["password"]["password"])
        commands.append(event("password.checked"))
    commands.append(event("token.set", {"tokenID": world.store.new_id()}))
    events = call.push(*commands)
    token = secrets.token_urlsafe(48)
    return pb(details=changed(of_event(events[-1])), sessionId=session_id, sessionToken=token)


def _check_password(call: Call, user: UserRow, password: str) -> None:
    if not user.human:
        raise precondition("COMMAND-3n77z", "Errors.User.NotFound")
    if not user.password:
        raise precondition("COMMAND-3nJ4t", "Errors.User.Password.NotSet")
    world, owner = call.world, user.owner
    fits = secret_fits(password, user.password)
    name = "succeeded" if fits else "failed"
    world.store.push(call.caller.user_id, [Command("user", user.id, owner, f"user.human.password.check.{name}", {})])
    if not fits:
        raise invalid("COMMAND-3M0fs", "Errors.User.Password.Invalid")


def _existing(call: Call) -> SessionModel:
    return SessionModel(call.world.store, call.request["session_id"])


@rest("GET", "/v2/sessions/{session_id}", AUTHENTICATED, m.GET_SESSION, needs="v2")
def _get(call: Call) -> Any:
    model = _existing(call)
    if not model.exists:
        raise not_found("QUERY-SFeaa", "Errors.Session.NotExisting")
    if model.user_id != call.caller.user_id:
        call.check("session.read", model.user_owner, model.user_id)
    factors = {"user": {"id": model.user_id, "organizationId": model.user_owner}} if model.user_id else None
    told = pb(id=model.id, sequence=str(model.sequence), changeDate=stamp(model.changed), factors=factors)
    return {"session": told}


@rest("DELETE", "/v2/sessions/{session_id}", AUTHENTICATED, m.DELETE_SESSION, needs="v2")
def _delete(call: Call) -> Any:
    model = _existing(call)
    if model.exists:
        if model.user_id != call.caller.user_id:
            call.check("session.delete", model.user_owner, model.user_id)
        model.apply(call.push(Command("session", model.id, model.owner, "session.terminated", {})))
    return {"details": changed(model.details)}
