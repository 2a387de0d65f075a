"""The request messages of project roles in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import QUERY, ident, ids, list_of, match, one_of, text
from pulumi_zorg.emulator.http.schema import Message

ADD_ROLE = Message(
    "AddProjectRoleRequest", (ident("project_id"), ident("role_key"), ident("display_name"), text("group"))
)
BULK_ADD_ROLES = Message(
    "BulkAddProjectRolesRequest",
    (
        ident("project_id"),
        list_of(
            "roles", Message("BulkAddProjectRolesRequest_Role", (ident("key"), ident("display_name"), text("group")))
        ),
    ),
)
UPDATE_ROLE = Message(
    "UpdateProjectRoleRequest", (ident("project_id"), ident("role_key"), ident("display_name"), text("group"))
)
REMOVE_ROLE = ids("RemoveProjectRoleRequest", "project_id", "role_key")
LIST_ROLES = Message(
    "ListProjectRolesRequest",
    (
        ident("project_id"),
        QUERY,
        list_of(
            "queries",
            one_of(
                "RoleQuery",
                "query",
                key_query=match("RoleKeyQuery", "key"),
                display_name_query=match("RoleDisplayNameQuery", "display_name"),
            ),
        ),
    ),
)
LIST_GRANTED_ROLES = Message("ListGrantedProjectRolesRequest", (ident("project_id"), ident("grant_id"), QUERY))
