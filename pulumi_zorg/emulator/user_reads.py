"""Users: how they are searched, and read by the v1 API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages_users as m
from .errors import not_found
from .fields import EMPTY, GENDERS, TOKEN_TYPES
from .model import pb, viewed, when
from .queries import kind_of, listed, matches, ordered, page, text_of
from .routing import AUTHENTICATED, rest
from .schema import Msg
from .tables import MemberRow, Tables, UserRow
from .world import Call


def _told(user: UserRow) -> dict[str, Any]:
    told = pb(
        id=user.id,
        details=viewed(user),
        state=f"USER_STATE_{user.state}",
        userName=user.username,
        loginNames=[user.username],
        preferredLoginName=user.username,
    )
    if user.human:
        told["human"] = human_fields(user, "firstName", "lastName", "isEmailVerified")
    else:
        told["machine"] = machine_fields(user)
    return told


def machine_fields(user: UserRow) -> dict[str, Any]:
    """Return what answers have of a service account alone."""
    return pb(
        name=user.name,
        description=user.description,
        hasSecret=bool(user.secret),
        accessTokenType=TOKEN_TYPES[user.token_type] if user.token_type else "",
    )


def human_fields(user: UserRow, given: str, family: str, verified: str) -> dict[str, Any]:
    """Return what answers have of a person alone; v1 and v2 call three of the fields by different names."""
    profile = user.profile
    gender = profile["gender"]
    names = {given: profile["firstName"], family: profile["lastName"]}
    told = {
        "profile": pb(
            **names,
            nickName=profile["nickName"],
            displayName=profile["displayName"],
            preferredLanguage=profile["preferredLanguage"],
            gender=GENDERS[gender] if gender else "",
        ),
        "email": pb(email=profile["email"], **{verified: profile.get("emailVerified", False)}),
        "phone": {},
    }
    return {**told, **pb(passwordChanged=when(user.password_changed))}


#: Nothing is known of a service account's names and address: neither a question nor its opposite holds, as in SQL.
Answer = bool | None


def predicate(tables: Tables, query: Msg) -> Callable[[UserRow], Answer]:
    """What one query of a search asks of a user."""
    kind, inner = kind_of(query)
    if kind in ("or_query", "and_query"):
        parts = [predicate(tables, one) for one in inner["queries"]]
        decisive = kind == "or_query"
        return lambda row: _combined([answers(row) for answers in parts], decisive=decisive)
    if kind == "not_query":
        inverse = predicate(tables, inner["query"])
        return lambda row: None if (answer := inverse(row)) is None else not answer
    if kind == "in_user_ids_query":
        return lambda row: row.id in inner["user_ids"]
    if kind == "in_user_emails_query":
        return lambda row: row.profile["email"] in inner["user_emails"] if row.human else None
    if kind == "metadata_key_filter":
        return lambda row: any(
            matches(inner["method"], entry.key, inner["key"]) for entry in tables.metadata.by("id", row.id)
        )
    return _simple_predicate(kind, inner)


def _combined(answers: list[Answer], *, decisive: bool) -> Answer:
    """One decisive answer decides; without one, an unknown answer leaves all unknown."""
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


_PROFILE = {
    "first_name_query": ("first_name", "firstName"),
    "last_name_query": ("last_name", "lastName"),
    "nick_name_query": ("nick_name", "nickName"),
    "display_name_query": ("display_name", "displayName"),
    "email_query": ("email_address", "email"),
}


def _simple_predicate(kind: str, inner: Msg) -> Callable[[UserRow], Answer]:
    if kind in _PROFILE:
        field, name = _PROFILE[kind]
        # A nickname nobody gave is not an empty one.
        return lambda row: matches(inner["method"], row.profile[name], inner[field]) if row.profile.get(name) else None
    if kind == "state_query":
        return lambda row: bool(f"USER_STATE_{row.state}" == inner["state"])
    if kind == "type_query":
        return lambda row: bool(("TYPE_HUMAN" if row.human else "TYPE_MACHINE") == inner["type"])
    if kind == "organization_id_query":
        return lambda row: bool(row.owner == inner["organization_id"])
    field = "login_name" if kind == "login_name_query" else "user_name"
    return lambda row: matches(inner["method"], row.username, inner[field])


_SORTING: dict[str, Callable[[UserRow], Any]] = {
    "USER_FIELD_NAME_USER_NAME": lambda row: row.username.lower(),
    "USER_FIELD_NAME_FIRST_NAME": lambda row: row.profile.get("firstName", "").lower(),
    "USER_FIELD_NAME_LAST_NAME": lambda row: row.profile.get("lastName", "").lower(),
    "USER_FIELD_NAME_NICK_NAME": lambda row: row.profile.get("nickName", "").lower(),
    "USER_FIELD_NAME_DISPLAY_NAME": lambda row: row.profile.get("displayName", "").lower(),
    "USER_FIELD_NAME_EMAIL": lambda row: row.profile.get("email", "").lower(),
    "USER_FIELD_NAME_STATE": lambda row: row.state,
    "USER_FIELD_NAME_TYPE": lambda row: row.human,
    "USER_FIELD_NAME_CREATION_DATE": lambda row: row.created,
}


def search(call: Call, candidates: list[UserRow]) -> tuple[int, list[UserRow]]:
    """Return the total and the page of those candidates that the request asks for."""
    request = call.request
    asked = [predicate(call.world.lists, query) for query in request["queries"]]
    found = [row for row in candidates if all(answers(row) for answers in asked)]
    # Without a column users come by id, the newest first.
    key = _SORTING.get(request["sorting_column"], lambda row: row.id)
    return page(ordered(found, key, request["query"]), request["query"])


def mine(call: Call, user_id: str) -> UserRow:
    """A user of the caller's organization, read by id."""
    user = call.world.tables.users.get(user_id)
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if user.owner != call.caller.org_id:
        raise not_found("MANAG-fpo4B", "Errors.User.NotFound")
    return user


@rest("GET", "/management/v1/users/{id}", "user.read", m.GET_USER)
def _get(call: Call) -> Any:
    return {"user": _told(mine(call, call.request["id"]))}


@rest("GET", "/management/v1/global/users/_by_login_name", "user.global.read", m.USER_BY_LOGIN_NAME)
def _by_login_name(call: Call) -> Any:
    user = call.world.tables.user_by_login_name(call.request["login_name"])
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    return {"user": _told(user)}


@rest("GET", "/management/v1/users/_is_unique", "user.read", m.IS_USER_UNIQUE)
def _is_unique(call: Call) -> Any:
    name, email = call.request["user_name"], call.request["email"]
    taken = any(
        (not name or user.username == name) and (not email or user.profile.get("email") == email)
        for user in call.world.lists.users.rows.values()
    )
    return pb(isUnique=not taken)


@rest("POST", "/management/v1/users/_search", "user.read", m.LIST_USERS)
def _list(call: Call) -> Any:
    users = call.world.lists.users
    total, rows = search(call, users.by("owner", call.caller.org_id))
    return listed(total, [_told(row) for row in rows], users)


@rest("GET", "/auth/v1/users/me", AUTHENTICATED, EMPTY)
def _me(call: Call) -> Any:
    user = call.world.tables.users.get(call.caller.user_id)
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    return {"user": _told(user)}


@rest("POST", "/auth/v1/permissions/zitadel/me/_search", AUTHENTICATED, EMPTY)
def _my_permissions(call: Call) -> Any:
    world, caller = call.world, call.caller
    return pb(result=list(world.permissions(world.memberships(caller.user_id, caller.org_id))))


# Memberships.


def _membership(tables: Tables, row: MemberRow) -> dict[str, Any]:
    told = pb(userId=row.user_id, details=viewed(row), roles=row.roles)
    if row.kind == "iam":
        return {**told, "iam": True, "displayName": "ZITADEL"}
    project = text_of(tables.projects.get(row.project_id), "name")
    field, name = {
        "org": ("orgId", text_of(tables.orgs.get(row.object_id), "name")),
        "project": ("projectId", project),
        "project_grant": ("projectGrantId", project),
    }[row.kind]
    return {**told, field: row.object_id, **pb(displayName=name)}


def _memberships(call: Call, user_id: str, owners: set[str] | None) -> Any:
    tables = call.world.lists
    wanted = []
    for query in call.request["queries"]:
        kind, inner = kind_of(query)
        name = {"org_query": "org", "project_query": "project", "project_grant_query": "project_grant"}.get(kind, "iam")
        wanted.append((name, next(iter(inner.values())) if name != "iam" else None))
    found = []
    for kind in ("org", "iam", "project", "project_grant"):
        for row in tables.members.by("user_id", user_id):
            fits = all(name == row.kind and value in (None, row.object_id) for name, value in wanted)
            if row.kind == kind and fits and (owners is None or row.owner in owners):
                found.append(row)
    total, rows = page(found, call.request["query"])
    return listed(total, [_membership(tables, row) for row in rows], tables.members)


@rest("POST", "/management/v1/users/{user_id}/memberships/_search", "user.membership.read", m.LIST_MEMBERSHIPS)
def _list_memberships(call: Call) -> Any:
    return _memberships(call, call.request["user_id"], {call.world.instance_id, call.caller.org_id})


@rest("POST", "/auth/v1/memberships/me/_search", AUTHENTICATED, m.LIST_MY_MEMBERSHIPS)
def _list_my_memberships(call: Call) -> Any:
    return _memberships(call, call.caller.user_id, None)
