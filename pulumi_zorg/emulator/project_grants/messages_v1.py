"""The request messages of project grants in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import QUERY, ident, ids, list_of, match, one_of, single, text, texts
from pulumi_zorg.emulator.http.schema import Message

ADD_PROJECT_GRANT = Message(
    "AddProjectGrantRequest", (ident("project_id"), ident("granted_org_id"), texts("role_keys"))
)
UPDATE_PROJECT_GRANT = Message(
    "UpdateProjectGrantRequest", (ident("project_id"), ident("grant_id"), texts("role_keys"))
)
GET_GRANTED_PROJECT = ids("GetGrantedProjectByIDRequest", "project_id", "grant_id")
GET_PROJECT_GRANT = ids("GetProjectGrantByIDRequest", "project_id", "grant_id")
DEACTIVATE_PROJECT_GRANT = ids("DeactivateProjectGrantRequest", "project_id", "grant_id")
REACTIVATE_PROJECT_GRANT = ids("ReactivateProjectGrantRequest", "project_id", "grant_id")
REMOVE_PROJECT_GRANT = ids("RemoveProjectGrantRequest", "project_id", "grant_id")
_GRANT_KINDS = {
    "project_name_query": match("GrantProjectNameQuery", "name"),
    "role_key_query": match("GrantRoleKeyQuery", "role_key"),
}
LIST_PROJECT_GRANTS = Message(
    "ListProjectGrantsRequest",
    (ident("project_id"), QUERY, list_of("queries", one_of("ProjectGrantQuery", "query", **_GRANT_KINDS))),
)
LIST_ALL_PROJECT_GRANTS = Message(
    "ListAllProjectGrantsRequest",
    (
        QUERY,
        list_of(
            "queries",
            one_of(
                "AllProjectGrantQuery",
                "query",
                **_GRANT_KINDS,
                project_id_query=single("ProjectIDQuery", text("project_id")),
                granted_org_id_query=single("GrantedOrgIDQuery", text("granted_org_id")),
            ),
        ),
    ),
)
