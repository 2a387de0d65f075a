"""The request messages of project roles in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import FILTER_METHOD, PAGINATION, enum, ident, ids, list_of, match, one_of, text
from pulumi_zorg.emulator.http.schema import Message

ADD_PROJECT_ROLE = Message(
    "AddProjectRoleRequest",
    (ident("project_id"), ident("role_key"), ident("display_name"), text("group", optional=True)),
)
UPDATE_PROJECT_ROLE = Message(
    "UpdateProjectRoleRequest",
    (ident("project_id"), ident("role_key"), text("display_name", 1, optional=True), text("group", optional=True)),
)
REMOVE_PROJECT_ROLE = ids("RemoveProjectRoleRequest", "project_id", "role_key")
_ROLE_KEY = match("ProjectRoleKeyFilter", "key", None, FILTER_METHOD)
LIST_PROJECT_ROLES = Message(
    "ListProjectRolesRequest",
    (
        ident("project_id"),
        PAGINATION,
        enum(
            "sorting_column",
            tuple(f"PROJECT_ROLE_FIELD_NAME_{name}" for name in ("UNSPECIFIED", "KEY", "CREATION_DATE", "CHANGE_DATE")),
        ),
        list_of(
            "filters",
            one_of(
                "ProjectRoleSearchFilter",
                "filter",
                role_key_filter=_ROLE_KEY,
                display_name_filter=match("ProjectRoleDisplayNameFilter", "display_name", None, FILTER_METHOD),
            ),
        ),
    ),
)
