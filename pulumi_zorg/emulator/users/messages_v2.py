"""The request messages of users in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    GENDERS,
    QUERY,
    TOKEN_TYPES,
    USER_FIELDS,
    USER_STATES_V2,
    enum,
    ident,
    ids,
    inner,
    list_of,
    text,
)
from pulumi_zorg.emulator.http.schema import Field, Message
from pulumi_zorg.emulator.metadata.messages_v1 import _VALUE
from pulumi_zorg.emulator.users.messages_v1 import user_queries

LIST_USERS = Message(
    "ListUsersRequest",
    (QUERY, enum("sorting_column", USER_FIELDS), list_of("queries", user_queries(1, USER_STATES_V2, v2=True))),
)
_NAME = Message(
    "SetHumanProfile",
    (
        ident("given_name"),
        ident("family_name"),
        text("nick_name", optional=True),
        text("display_name", optional=True),
        text("preferred_language", max_length=10, optional=True),
        enum("gender", GENDERS),
    ),
)
_NOTHING = Message("Empty")
_EMAIL = Message(
    "SetHumanEmail",
    (
        Field("email", min_length=1, max_length=200, email=True),
        inner("send_code", _NOTHING, oneof="verification"),
        inner("return_code", _NOTHING, oneof="verification"),
        Field("is_verified", "bool", oneof="verification"),
    ),
)
ADD_HUMAN = Message(
    "AddHumanUserRequest",
    (
        text("user_id", 1, optional=True),
        text("username", 1, optional=True),
        inner(
            "organization", Message("Organization", (Field("org_id", oneof="org"), Field("org_domain", oneof="org")))
        ),
        inner("profile", _NAME, required=True),
        inner("email", _EMAIL, required=True),
        list_of("metadata", Message("SetMetadataEntry", (ident("key"), _VALUE))),
        inner("password", Message("Password", (ident("password"), Field("change_required", "bool")))),
    ),
)
CREATE_USER = Message(
    "CreateUserRequest",
    (
        ident("organization_id"),
        text("user_id", 1, optional=True),
        text("username", 1, optional=True),
        inner(
            "human",
            Message(
                "CreateUserRequest_Human",
                (
                    inner("profile", _NAME, required=True),
                    inner("email", _EMAIL, required=True),
                    inner("password", Message("Password", (ident("password"), Field("change_required", "bool")))),
                ),
            ),
            oneof="user_type",
        ),
        inner(
            "machine",
            Message(
                "CreateUserRequest_Machine",
                (
                    ident("name"),
                    text("description", 1, 500, optional=True),
                    enum("access_token_type", TOKEN_TYPES),
                ),
            ),
            oneof="user_type",
        ),
    ),
    ("user_type",),
)
GET_USER = ids("GetUserByIDRequest", "user_id")
DELETE_USER = ids("DeleteUserRequest", "user_id")
DEACTIVATE_USER = ids("DeactivateUserRequest", "user_id")
REACTIVATE_USER = ids("ReactivateUserRequest", "user_id")
LOCK_USER = ids("LockUserRequest", "user_id")
UNLOCK_USER = ids("UnlockUserRequest", "user_id")
