"""The request messages of AuthorizationService."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    AUTHORIZATION_FIELDS,
    FILTER_METHOD,
    ID_FILTER,
    IN_IDS_FILTER,
    PAGINATION,
    enum,
    ident,
    ids,
    list_of,
    match,
    one_of,
    single,
)
from pulumi_zorg.emulator.http.schema import Field, Message

_ROLE_KEYS = Field("role_keys", repeated=True, unique=True, min_length=1, max_length=200)
CREATE_AUTHORIZATION = Message(
    "CreateAuthorizationRequest", (ident("user_id"), ident("project_id"), ident("organization_id"), _ROLE_KEYS)
)
UPDATE_AUTHORIZATION = Message("UpdateAuthorizationRequest", (ident("id"), _ROLE_KEYS))
DELETE_AUTHORIZATION = ids("DeleteAuthorizationRequest", "id")
ACTIVATE_AUTHORIZATION = ids("ActivateAuthorizationRequest", "id")
DEACTIVATE_AUTHORIZATION = ids("DeactivateAuthorizationRequest", "id")
LIST_AUTHORIZATIONS = Message(
    "ListAuthorizationsRequest",
    (
        PAGINATION,
        enum("sorting_column", AUTHORIZATION_FIELDS),
        list_of(
            "filters",
            one_of(
                "AuthorizationsSearchFilter",
                "filter",
                authorization_ids=IN_IDS_FILTER,
                organization_id=ID_FILTER,
                state=single(
                    "StateQuery",
                    enum("state", ("STATE_UNSPECIFIED", "STATE_ACTIVE", "STATE_INACTIVE"), not_unspecified=True),
                ),
                in_user_ids=IN_IDS_FILTER,
                user_organization_id=ID_FILTER,
                user_preferred_login_name=match("UserPreferredLoginNameQuery", "login_name", 1, FILTER_METHOD),
                user_display_name=match("UserDisplayNameQuery", "display_name", 1, FILTER_METHOD),
                project_id=ID_FILTER,
                project_name=match("ProjectNameQuery", "name", None, FILTER_METHOD),
                role_key=match("RoleKeyQuery", "key", None, FILTER_METHOD),
                project_grant_id=ID_FILTER,
            ),
        ),
    ),
)
