"""The request messages of users in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    FILTER_METHOD,
    GENDERS,
    QUERY,
    TOKEN_TYPES,
    USER_FIELDS,
    USER_STATES,
    USER_TYPES,
    enum,
    ident,
    ids,
    inner,
    list_of,
    match,
    one_of,
    single,
    text,
    texts,
)
from pulumi_zorg.emulator.http.schema import Field, Message

GET_USER = ids("GetUserByIDRequest", "id")
DEACTIVATE_USER = ids("DeactivateUserRequest", "id")
REACTIVATE_USER = ids("ReactivateUserRequest", "id")
LOCK_USER = ids("LockUserRequest", "id")
UNLOCK_USER = ids("UnlockUserRequest", "id")
REMOVE_USER = ids("RemoveUserRequest", "id")
UPDATE_USER_NAME = ids("UpdateUserNameRequest", "user_id", "user_name")
USER_BY_LOGIN_NAME = ids("GetUserByLoginNameGlobalRequest", "login_name")
IS_USER_UNIQUE = Message("IsUserUniqueRequest", (text("user_name"), text("email")))
ADD_MACHINE = Message(
    "AddMachineUserRequest",
    (
        ident("user_name"),
        ident("name"),
        text("description", max_length=500),
        enum("access_token_type", TOKEN_TYPES),
        text("user_id", 1, optional=True),
    ),
)


def _profile(name: str) -> Message:
    return Message(
        name,
        (
            ident("first_name"),
            ident("last_name"),
            text("nick_name"),
            text("display_name"),
            text("preferred_language", max_length=10),
            enum("gender", GENDERS),
        ),
    )


def _email(name: str) -> Message:
    return Message(name, (ident("email"), Field("is_email_verified", "bool")))


_PHONE_NUMBER = Field("phone", min_length=1, max_length=50, prefix="+")


def _phone(name: str) -> Message:
    return Message(name, (_PHONE_NUMBER, Field("is_phone_verified", "bool")))


ADD_HUMAN = Message(
    "AddHumanUserRequest",
    (
        ident("user_name"),
        inner("profile", _profile("AddHumanUserRequest_Profile"), required=True),
        inner("email", _email("AddHumanUserRequest_Email"), required=True),
        inner("phone", _phone("AddHumanUserRequest_Phone")),
        Field("initial_password"),
    ),
)
IMPORT_HUMAN = Message(
    "ImportHumanUserRequest",
    (
        ident("user_name"),
        inner("profile", _profile("ImportHumanUserRequest_Profile"), required=True),
        inner("email", _email("ImportHumanUserRequest_Email"), required=True),
        inner("phone", _phone("ImportHumanUserRequest_Phone")),
        Field("password"),
        Field("password_change_required", "bool"),
    ),
)
UPDATE_PROFILE = Message(
    "UpdateHumanProfileRequest",
    (
        ident("user_id"),
        ident("first_name"),
        ident("last_name"),
        text("nick_name"),
        ident("display_name"),
        text("preferred_language", max_length=10),
        enum("gender", GENDERS),
    ),
)
UPDATE_EMAIL = Message(
    "UpdateHumanEmailRequest", (ident("user_id"), ident("email"), Field("is_email_verified", "bool"))
)
GET_PHONE = ids("GetHumanPhoneRequest", "user_id")
UPDATE_PHONE = Message("UpdateHumanPhoneRequest", (ident("user_id"), _PHONE_NUMBER, Field("is_phone_verified", "bool")))
REMOVE_PHONE = ids("RemoveHumanPhoneRequest", "user_id")
UPDATE_MACHINE = Message(
    "UpdateMachineRequest",
    (
        ident("user_id"),
        text("description", max_length=500),
        ident("name"),
        enum("access_token_type", TOKEN_TYPES),
    ),
)


def user_queries(min_length: int | None, states: tuple[str, ...], *, v2: bool) -> Message:
    kinds = {
        "user_name_query": match("UserNameQuery", "user_name", min_length),
        "first_name_query": match("FirstNameQuery", "first_name", min_length),
        "last_name_query": match("LastNameQuery", "last_name", min_length),
        "nick_name_query": match("NickNameQuery", "nick_name", min_length),
        "display_name_query": match("DisplayNameQuery", "display_name", min_length),
        "email_query": match("EmailQuery", "email_address"),
        "state_query": single("StateQuery", enum("state", states)),
        "type_query": single("TypeQuery", enum("type", USER_TYPES)),
        "login_name_query": match("LoginNameQuery", "login_name", min_length),
        "in_user_ids_query": single("InUserIDQuery", texts("user_ids")),
        "in_user_emails_query": single("InUserEmailsQuery", texts("user_emails")),
    }
    if v2:
        kinds["organization_id_query"] = single("OrganizationIdQuery", ident("organization_id"))
        kinds["metadata_key_filter"] = match("MetadataKeyFilter", "key", 1, FILTER_METHOD)
    leaf = one_of("SearchQuery", "query", **kinds)
    # Queries can be nested twice. That is enough for tests.
    for _ in range(2):
        leaf = one_of(
            "SearchQuery",
            "query",
            **kinds,
            or_query=single("OrQuery", list_of("queries", leaf)),
            and_query=single("AndQuery", list_of("queries", leaf)),
            not_query=single("NotQuery", inner("query", leaf)),
        )
    return leaf


LIST_USERS = Message(
    "ListUsersRequest",
    (QUERY, enum("sorting_column", USER_FIELDS), list_of("queries", user_queries(None, USER_STATES, v2=False))),
)
