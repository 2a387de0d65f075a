"""The request messages of project grants in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    FILTER_METHOD,
    ID_FILTER,
    IN_IDS_FILTER,
    PAGINATION,
    enum,
    ident,
    list_of,
    match,
    one_of,
    texts,
)
from pulumi_zorg.emulator.http.schema import Message

_PROJECT_NAME = match("ProjectNameFilter", "project_name", None, FILTER_METHOD)
_ROLE_KEY = match("ProjectRoleKeyFilter", "key", None, FILTER_METHOD)
_GRANT = (ident("project_id"), ident("granted_organization_id"))
CREATE_PROJECT_GRANT = Message("CreateProjectGrantRequest", (*_GRANT, texts("role_keys")))
UPDATE_PROJECT_GRANT = Message("UpdateProjectGrantRequest", (*_GRANT, texts("role_keys")))
DELETE_PROJECT_GRANT = Message("DeleteProjectGrantRequest", _GRANT)
DEACTIVATE_PROJECT_GRANT = Message("DeactivateProjectGrantRequest", _GRANT)
ACTIVATE_PROJECT_GRANT = Message("ActivateProjectGrantRequest", _GRANT)
LIST_PROJECT_GRANTS = Message(
    "ListProjectGrantsRequest",
    (
        PAGINATION,
        enum(
            "sorting_column",
            tuple(
                f"PROJECT_GRANT_FIELD_NAME_{name}"
                for name in ("UNSPECIFIED", "PROJECT_ID", "CREATION_DATE", "CHANGE_DATE")
            ),
        ),
        list_of(
            "filters",
            one_of(
                "ProjectGrantSearchFilter",
                "filter",
                project_name_filter=_PROJECT_NAME,
                role_key_filter=_ROLE_KEY,
                in_project_ids_filter=IN_IDS_FILTER,
                organization_id_filter=ID_FILTER,
                granted_organization_id_filter=ID_FILTER,
            ),
        ),
    ),
)
