"""Queries on users, for the v1 and v2 APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import UNKNOWN, ApiError, not_found
from pulumi_zorg.emulator.http.fields import GENDERS, TOKEN_TYPES
from pulumi_zorg.emulator.http.lists import kind_of, matches, ordered, page
from pulumi_zorg.emulator.http.responses import message, optional_timestamp
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.read_models import ReadModels
from pulumi_zorg.emulator.users.projection import UserReadModel


def machine_fields(user: UserReadModel) -> dict[str, Any]:
    """Return the fields that only service accounts have in answers."""
    return message(
        name=user.name,
        description=user.description,
        hasSecret=bool(user.secret),
        accessTokenType=TOKEN_TYPES[user.token_type] if user.token_type else "",
    )


def phone_fields(user: UserReadModel, verified: str) -> dict[str, Any]:
    """Return the phone number of a person. v1 and v2 use different names for whether it is verified."""
    return message(phone=user.profile["phone"], **{verified: user.profile.get("phoneVerified", False)})


def human_fields(user: UserReadModel, *, v2: bool) -> dict[str, Any]:
    """Return the fields that only persons have in answers. v1 and v2 use different names for some of them."""
    profile = user.profile
    # v1 stores an unspecified gender as -1.
    gender = max(0, profile["gender"])
    given, family, verified = ("givenName", "familyName", "is") if v2 else ("firstName", "lastName", "isEmail")
    names = {given: profile["firstName"], family: profile["lastName"]}
    result = {
        "profile": message(
            **names,
            nickName=profile["nickName"],
            displayName=profile["displayName"],
            preferredLanguage=profile["preferredLanguage"],
            gender=GENDERS[gender] if gender else "",
        ),
        "email": message(email=profile["email"], **{verified + "Verified": profile.get("emailVerified", False)}),
        "phone": phone_fields(user, "isVerified" if v2 else "isPhoneVerified"),
    }
    return {**result, **message(passwordChanged=optional_timestamp(user.password_changed))}


#: None is SQL's NULL: a comparison with a value that a service account does not have, such as a first name.
Answer = bool | None


def predicate(read_models: ReadModels, query: MessageDict) -> Callable[[UserReadModel], Answer]:
    """Return whether a user matches one query of a search."""
    kind, inner = kind_of(query)
    if kind in ("or_query", "and_query"):
        parts = [predicate(read_models, one) for one in inner["queries"]]
        decisive = kind == "or_query"
        return lambda user: _combined([answers(user) for answers in parts], decisive=decisive)
    if kind == "not_query":
        inverse = predicate(read_models, inner["query"])
        return lambda user: None if (answer := inverse(user)) is None else not answer
    if kind in ("in_user_ids_query", "in_user_emails_query") and not any(inner.values()):
        raise ApiError(UNKNOWN, "values array must not be empty")
    if kind == "in_user_ids_query":
        return lambda user: user.id in inner["user_ids"]
    if kind == "in_user_emails_query":
        return lambda user: user.profile["email"] in inner["user_emails"] if user.human else None
    if kind == "metadata_key_filter":
        return lambda user: any(
            matches(inner["method"], entry.key, inner["key"])
            for entry in read_models.user_metadata.where("id", user.id)
        )
    return _simple_predicate(kind, inner)


def _combined(answers: list[Answer], *, decisive: bool) -> Answer:
    """Combine answers as SQL does: one decisive answer decides, otherwise one NULL makes the result NULL."""
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


def _simple_predicate(kind: str, inner: MessageDict) -> Callable[[UserReadModel], Answer]:
    if kind in _PROFILE:
        field, name = _PROFILE[kind]
        # A missing nickname is NULL, not the empty text.
        return lambda user: (
            matches(inner["method"], user.profile[name], inner[field]) if user.profile.get(name) else None
        )
    if kind == "state_query":
        return lambda user: bool(f"USER_STATE_{user.state}" == inner["state"])
    if kind == "type_query":
        return lambda user: bool(("TYPE_HUMAN" if user.human else "TYPE_MACHINE") == inner["type"])
    if kind == "organization_id_query":
        return lambda user: bool(user.owner == inner["organization_id"])
    field = "login_name" if kind == "login_name_query" else "user_name"
    return lambda user: matches(inner["method"], user.username, inner[field])


_SORTING: dict[str, Callable[[UserReadModel], Any]] = {
    "USER_FIELD_NAME_USER_NAME": lambda user: user.username.lower(),
    "USER_FIELD_NAME_FIRST_NAME": lambda user: user.profile.get("firstName", "").lower(),
    "USER_FIELD_NAME_LAST_NAME": lambda user: user.profile.get("lastName", "").lower(),
    "USER_FIELD_NAME_NICK_NAME": lambda user: user.profile.get("nickName", "").lower(),
    "USER_FIELD_NAME_DISPLAY_NAME": lambda user: user.profile.get("displayName", "").lower(),
    "USER_FIELD_NAME_EMAIL": lambda user: user.profile.get("email", "").lower(),
    "USER_FIELD_NAME_STATE": lambda user: user.state,
    "USER_FIELD_NAME_TYPE": lambda user: user.human,
    "USER_FIELD_NAME_CREATION_DATE": lambda user: user.created,
}


def search(call: Call, candidates: list[UserReadModel]) -> tuple[int, list[UserReadModel]]:
    """Return the total and the requested page of the users that match all queries of the request."""
    request = call.request
    predicates = [predicate(call.instance.list_read_models, query) for query in request["queries"]]
    found = [user for user in candidates if all(answers(user) for answers in predicates)]
    # Without a sorting column, users are sorted by id, the newest first.
    key = _SORTING.get(request["sorting_column"], lambda user: user.id)
    return page(ordered(found, key, request["query"]), request["query"])


def user_of_caller(call: Call, user_id: str, read_models: ReadModels | None = None) -> UserReadModel:
    """Return a user of the organization of the call.

    :param read_models: what to read from, instead of the read models of reads by id.
    :raises ApiError: 404, if the user does not exist, or belongs to another organization.
    """
    user = (read_models or call.instance.read_models).users.get(user_id)
    if user is None:
        raise not_found("QUERY-Dfbg2", "Errors.User.NotFound")
    if user.owner != call.caller.org_id:
        raise not_found("MANAG-fpo4B", "Errors.User.NotFound")
    return user


def can_read_user(call: Call, user: UserReadModel) -> bool:
    """Whether the caller may read a user. Every user may read itself."""
    return user.id == call.caller.user_id or call.may("user.read", user.owner, user.id)
