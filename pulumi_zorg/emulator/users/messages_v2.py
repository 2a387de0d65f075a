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
        enum("gender", GENDERS, optional=True),
    ),
)
_NOTHING = Message("Empty")
_VERIFICATION = (
    inner("send_code", _NOTHING, oneof="verification"),
    inner("return_code", _NOTHING, oneof="verification"),
    Field("is_verified", "bool", oneof="verification"),
)
_ADDRESS = Field("email", min_length=1, max_length=200, email=True)
_EMAIL = Message("SetHumanEmail", (_ADDRESS, *_VERIFICATION))
_PHONE = Message("SetHumanPhone", (text("phone"), *_VERIFICATION))
_PASSWORD = Message("Password", (ident("password"), Field("change_required", "bool")))
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
        inner("phone", _PHONE),
        list_of("metadata", Message("SetMetadataEntry", (ident("key"), _VALUE))),
        inner("password", _PASSWORD),
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
                    inner("phone", _PHONE),
                    inner("password", _PASSWORD),
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
UPDATE_HUMAN = Message(
    "UpdateHumanUserRequest",
    (
        ident("user_id"),
        text("username", 1, optional=True),
        inner("profile", _NAME),
        inner("email", _EMAIL),
        inner("phone", _PHONE),
    ),
)
_UPDATED_HUMAN = Message(
    "UpdateUserRequest_Human",
    (
        inner(
            "profile",
            Message(
                "UpdateUserRequest_Human_Profile",
                (
                    text("given_name", 1, optional=True),
                    text("family_name", 1, optional=True),
                    text("nick_name", 1, optional=True),
                    text("display_name", 1, optional=True),
                    text("preferred_language", 1, 10, optional=True),
                    enum("gender", GENDERS, optional=True),
                ),
            ),
        ),
        inner("email", _EMAIL),
        inner("phone", _PHONE),
    ),
)
_UPDATED_MACHINE = Message(
    "UpdateUserRequest_Machine",
    (
        text("name", 1, optional=True),
        text("description", max_length=500, optional=True),
        enum("access_token_type", TOKEN_TYPES, optional=True),
    ),
)
UPDATE_USER = Message(
    "UpdateUserRequest",
    (
        ident("user_id"),
        text("username", 1, optional=True),
        inner("human", _UPDATED_HUMAN, oneof="user_type"),
        inner("machine", _UPDATED_MACHINE, oneof="user_type"),
    ),
)
SET_EMAIL = Message("SetEmailRequest", (ident("user_id"), _ADDRESS, *_VERIFICATION))
SET_PHONE = Message("SetPhoneRequest", (ident("user_id"), text("phone", 1), *_VERIFICATION))
REMOVE_PHONE = ids("RemovePhoneRequest", "user_id")
GET_USER = ids("GetUserByIDRequest", "user_id")
DELETE_USER = ids("DeleteUserRequest", "user_id")
DEACTIVATE_USER = ids("DeactivateUserRequest", "user_id")
REACTIVATE_USER = ids("ReactivateUserRequest", "user_id")
LOCK_USER = ids("LockUserRequest", "user_id")
UNLOCK_USER = ids("UnlockUserRequest", "user_id")
