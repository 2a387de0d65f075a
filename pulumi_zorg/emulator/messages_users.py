"""The request messages of users, by v1 and v2, of their credentials and metadata by v1, and of sessions."""

from __future__ import annotations

from .fields import (
    FILTER_METHOD,
    GENDERS,
    QUERY,
    TOKEN_TYPES,
    USER_FIELDS,
    USER_STATES,
    USER_STATES_V2,
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
from .schema import Field, Message

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
        text("description", most=500),
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
            text("preferred_language", most=10),
            enum("gender", GENDERS),
        ),
    )


def _email(name: str) -> Message:
    return Message(name, (ident("email"), Field("is_email_verified", "bool")))


ADD_HUMAN = Message(
    "AddHumanUserRequest",
    (
        ident("user_name"),
        inner("profile", _profile("AddHumanUserRequest_Profile"), required=True),
        inner("email", _email("AddHumanUserRequest_Email"), required=True),
        Field("initial_password"),
    ),
)
IMPORT_HUMAN = Message(
    "ImportHumanUserRequest",
    (
        ident("user_name"),
        inner("profile", _profile("ImportHumanUserRequest_Profile"), required=True),
        inner("email", _email("ImportHumanUserRequest_Email"), required=True),
        Field("password"),
        Field("password_change_required", "bool"),
    ),
)


def _user_queries(least: int | None, states: tuple[str, ...], *, v2: bool) -> Message:
    kinds = {
        "user_name_query": match("UserNameQuery", "user_name", least),
        "first_name_query": match("FirstNameQuery", "first_name", least),
        "last_name_query": match("LastNameQuery", "last_name", least),
        "nick_name_query": match("NickNameQuery", "nick_name", least),
        "display_name_query": match("DisplayNameQuery", "display_name", least),
        "email_query": match("EmailQuery", "email_address"),
        "state_query": single("StateQuery", enum("state", states)),
        "type_query": single("TypeQuery", enum("type", USER_TYPES)),
        "login_name_query": match("LoginNameQuery", "login_name", least),
        "in_user_ids_query": single("InUserIDQuery", texts("user_ids")),
        "in_user_emails_query": single("InUserEmailsQuery", texts("user_emails")),
    }
    if v2:
        kinds["organization_id_query"] = single("OrganizationIdQuery", ident("organization_id"))
        kinds["metadata_key_filter"] = match("MetadataKeyFilter", "key", 1, FILTER_METHOD)
    leaf = one_of("SearchQuery", "query", **kinds)
    # Two levels of nesting are as deep as anyone asks a test server.
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
    (QUERY, enum("sorting_column", USER_FIELDS), list_of("queries", _user_queries(None, USER_STATES, v2=False))),
)
LIST_USERS_V2 = Message(
    "ListUsersRequest",
    (QUERY, enum("sorting_column", USER_FIELDS), list_of("queries", _user_queries(1, USER_STATES_V2, v2=True))),
)

# Metadata of users.

_VALUE = Field("value", "bytes", least=1, most=500_000)
_METADATA_QUERIES = list_of("queries", one_of("MetadataQuery", "query", key_query=match("MetadataKeyQuery", "key")))
SET_METADATA = Message("SetUserMetadataRequest", (ident("id"), ident("key"), _VALUE))
GET_METADATA = ids("GetUserMetadataRequest", "id", "key")
REMOVE_METADATA = ids("RemoveUserMetadataRequest", "id", "key")
LIST_METADATA = Message("ListUserMetadataRequest", (ident("id"), QUERY, _METADATA_QUERIES))
BULK_SET_METADATA = Message(
    "BulkSetUserMetadataRequest",
    (ident("id"), list_of("metadata", Message("BulkSetUserMetadataRequest_Metadata", (ident("key"), _VALUE)))),
)
BULK_REMOVE_METADATA = Message(
    "BulkRemoveUserMetadataRequest", (ident("id"), Field("keys", repeated=True, least=1, most=200))
)

# Metadata of organizations.

SET_ORG_METADATA = Message("SetOrgMetadataRequest", (ident("key"), _VALUE))
GET_ORG_METADATA = ids("GetOrgMetadataRequest", "key")
REMOVE_ORG_METADATA = ids("RemoveOrgMetadataRequest", "key")
LIST_ORG_METADATA = Message("ListOrgMetadataRequest", (QUERY, _METADATA_QUERIES))

# Credentials of service accounts.

_USER_ID = Field("user_id", least=1)
GENERATE_SECRET = single("GenerateMachineSecretRequest", _USER_ID)
REMOVE_SECRET = ids("RemoveMachineSecretRequest", "user_id")
ADD_KEY = Message(
    "AddMachineKeyRequest",
    (
        _USER_ID,
        enum("type", ("KEY_TYPE_UNSPECIFIED", "KEY_TYPE_JSON"), not_unspecified=True),
        Field("expiration_date", "timestamp"),
        Field("public_key", "bytes"),
    ),
)
GET_KEY = ids("GetMachineKeyByIDsRequest", "user_id", "key_id")
REMOVE_KEY = ids("RemoveMachineKeyRequest", "user_id", "key_id")
LIST_KEYS = Message("ListMachineKeysRequest", (ident("user_id"), QUERY))
ADD_PAT = Message("AddPersonalAccessTokenRequest", (_USER_ID, Field("expiration_date", "timestamp")))
GET_PAT = ids("GetPersonalAccessTokenByIDsRequest", "user_id", "token_id")
REMOVE_PAT = ids("RemovePersonalAccessTokenRequest", "user_id", "token_id")
LIST_PATS = Message("ListPersonalAccessTokensRequest", (ident("user_id"), QUERY))
LIST_MEMBERSHIPS = Message(
    "ListUserMembershipsRequest",
    (
        ident("user_id"),
        QUERY,
        list_of(
            "queries",
            one_of(
                "MembershipQuery",
                "query",
                org_query=single("MembershipOrgQuery", text("org_id")),
                project_query=single("MembershipProjectQuery", text("project_id")),
                project_grant_query=single("MembershipProjectGrantQuery", text("project_grant_id")),
                iam_query=single("MembershipIAMQuery", Field("iam", "bool")),
            ),
        ),
    ),
)
LIST_MY_MEMBERSHIPS = Message("ListMyMembershipsRequest", LIST_MEMBERSHIPS.fields[1:])

# v2: users and sessions.

_NAME = Message(
    "SetHumanProfile",
    (
        ident("given_name"),
        ident("family_name"),
        text("nick_name", optional=True),
        text("display_name", optional=True),
        text("preferred_language", most=10, optional=True),
        enum("gender", GENDERS),
    ),
)
_NOTHING = Message("Empty")
_EMAIL = Message(
    "SetHumanEmail",
    (
        Field("email", least=1, most=200, email=True),
        inner("send_code", _NOTHING, oneof="verification"),
        inner("return_code", _NOTHING, oneof="verification"),
        Field("is_verified", "bool", oneof="verification"),
    ),
)
ADD_HUMAN_V2 = Message(
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
CREATE_USER_V2 = Message(
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
GET_USER_V2 = ids("GetUserByIDRequest", "user_id")
DELETE_USER_V2 = ids("DeleteUserRequest", "user_id")
DEACTIVATE_USER_V2 = ids("DeactivateUserRequest", "user_id")
REACTIVATE_USER_V2 = ids("ReactivateUserRequest", "user_id")
LOCK_USER_V2 = ids("LockUserRequest", "user_id")
UNLOCK_USER_V2 = ids("UnlockUserRequest", "user_id")
CREATE_SESSION = Message(
    "CreateSessionRequest",
    (
        inner(
            "checks",
            Message(
                "Checks",
                (
                    inner(
                        "user",
                        Message(
                            "CheckUser",
                            (
                                Field("user_id", least=1, most=200, oneof="search"),
                                Field("login_name", least=1, most=200, oneof="search"),
                            ),
                            ("search",),
                        ),
                    ),
                    inner("password", single("CheckPassword", ident("password"))),
                ),
            ),
        ),
    ),
)
GET_SESSION = ids("GetSessionRequest", "session_id")
DELETE_SESSION = Message("DeleteSessionRequest", (ident("session_id"), Field("session_token", optional=True)))
