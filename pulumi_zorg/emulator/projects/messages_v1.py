"""The request messages of projects in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import LABELINGS, QUERY, enum, ident, ids, list_of, match, one_of, single, text
from pulumi_zorg.emulator.http.schema import Field, Message

_PROJECT_FLAGS = (
    Field("project_role_assertion", "bool"),
    Field("project_role_check", "bool"),
    Field("has_project_check", "bool"),
    enum("private_labeling_setting", LABELINGS),
)
ADD_PROJECT = Message("AddProjectRequest", (ident("name"), *_PROJECT_FLAGS))
UPDATE_PROJECT = Message("UpdateProjectRequest", (ident("id"), ident("name"), *_PROJECT_FLAGS))
GET_PROJECT = ids("GetProjectByIDRequest", "id")
DEACTIVATE_PROJECT = ids("DeactivateProjectRequest", "id")
REACTIVATE_PROJECT = ids("ReactivateProjectRequest", "id")
REMOVE_PROJECT = ids("RemoveProjectRequest", "id")
LIST_PROJECTS = Message(
    "ListProjectsRequest",
    (
        QUERY,
        list_of(
            "queries",
            one_of(
                "ProjectQuery",
                "query",
                name_query=match("ProjectNameQuery", "name"),
                project_resource_owner_query=single("ProjectResourceOwnerQuery", text("resource_owner")),
            ),
        ),
    ),
)
