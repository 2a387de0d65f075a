"""The request messages of user grants in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    QUERY,
    USER_TYPES,
    enum,
    ident,
    ids,
    list_of,
    match,
    one_of,
    single,
    text,
    texts,
)
from pulumi_zorg.emulator.http.schema import Field, Message

ADD_USER_GRANT = Message(
    "AddUserGrantRequest", (ident("user_id"), ident("project_id"), text("project_grant_id"), texts("role_keys"))
)
UPDATE_USER_GRANT = Message("UpdateUserGrantRequest", (ident("user_id"), ident("grant_id"), texts("role_keys")))
GET_USER_GRANT = ids("GetUserGrantByIDRequest", "user_id", "grant_id")
DEACTIVATE_USER_GRANT = ids("DeactivateUserGrantRequest", "user_id", "grant_id")
REACTIVATE_USER_GRANT = ids("ReactivateUserGrantRequest", "user_id", "grant_id")
REMOVE_USER_GRANT = ids("RemoveUserGrantRequest", "user_id", "grant_id")
BULK_REMOVE_USER_GRANTS = single("BulkRemoveUserGrantRequest", texts("grant_id"))
LIST_USER_GRANTS = Message(
    "ListUserGrantRequest",
    (
        QUERY,
        list_of(
            "queries",
            one_of(
                "UserGrantQuery",
                "query",
                project_id_query=single("UserGrantProjectIDQuery", text("project_id")),
                user_id_query=single("UserGrantUserIDQuery", text("user_id")),
                with_granted_query=single("UserGrantWithGrantedQuery", Field("with_granted", "bool")),
                role_key_query=match("UserGrantRoleKeyQuery", "role_key"),
                project_grant_id_query=single("UserGrantProjectGrantIDQuery", text("project_grant_id")),
                user_name_query=match("UserGrantUserNameQuery", "user_name"),
                first_name_query=match("UserGrantFirstNameQuery", "first_name"),
                last_name_query=match("UserGrantLastNameQuery", "last_name"),
                email_query=match("UserGrantEmailQuery", "email"),
                org_name_query=match("UserGrantOrgNameQuery", "org_name"),
                org_domain_query=match("UserGrantOrgDomainQuery", "org_domain"),
                project_name_query=match("UserGrantProjectNameQuery", "project_name"),
                display_name_query=match("UserGrantDisplayNameQuery", "display_name"),
                user_type_query=single("UserGrantUserTypeQuery", enum("type", USER_TYPES)),
                in_user_ids_query=single("UserGrantInUserIDsQuery", texts("in_user_ids")),
            ),
        ),
    ),
)
