"""The request messages of projects in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    FILTER_METHOD,
    IN_IDS_FILTER,
    LABELINGS,
    PAGINATION,
    enum,
    ident,
    ids,
    list_of,
    match,
    one_of,
    text,
)
from pulumi_zorg.emulator.http.schema import Field, Message

CREATE_PROJECT = Message(
    "CreateProjectRequest",
    (
        ident("organization_id"),
        text("project_id", 1, optional=True),
        ident("name"),
        Field("project_role_assertion", "bool"),
        Field("authorization_required", "bool"),
        Field("project_access_required", "bool"),
        enum("private_labeling_setting", LABELINGS),
    ),
)
UPDATE_PROJECT = Message(
    "UpdateProjectRequest",
    (
        ident("project_id"),
        text("name", 1, optional=True),
        Field("project_role_assertion", "bool", optional=True),
        Field("authorization_required", "bool", optional=True),
        Field("project_access_required", "bool", optional=True),
        Field("private_labeling_setting", "enum", values=LABELINGS, optional=True),
    ),
)
GET_PROJECT = ids("GetProjectRequest", "project_id")
DELETE_PROJECT = ids("DeleteProjectRequest", "project_id")
DEACTIVATE_PROJECT = ids("DeactivateProjectRequest", "project_id")
ACTIVATE_PROJECT = ids("ActivateProjectRequest", "project_id")
_PROJECT_NAME = match("ProjectNameFilter", "project_name", None, FILTER_METHOD)
LIST_PROJECTS = Message(
    "ListProjectsRequest",
    (
        PAGINATION,
        enum(
            "sorting_column",
            tuple(
                f"PROJECT_FIELD_NAME_{name}" for name in ("UNSPECIFIED", "ID", "CREATION_DATE", "CHANGE_DATE", "NAME")
            ),
        ),
        list_of(
            "filters",
            one_of(
                "ProjectSearchFilter",
                "filter",
                project_name_filter=_PROJECT_NAME,
                in_project_ids_filter=IN_IDS_FILTER,
                organization_id_filter=Message(
                    "ProjectOrganizationIDFilter",
                    (
                        text("organization_id"),
                        enum("type", ("TYPE_UNSPECIFIED", "OWNED", "GRANTED", "OWNED_OR_GRANTED")),
                    ),
                ),
            ),
        ),
    ),
)
