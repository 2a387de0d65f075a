"""The request messages of administrators in the v2 API (InternalPermissionService)."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    ID_FILTER,
    IN_IDS_FILTER,
    PAGINATION,
    enum,
    ident,
    inner,
    list_of,
    one_of,
    single,
    text,
)
from pulumi_zorg.emulator.http.schema import Field, Message

_RESOURCE = Message(
    "ResourceType",
    (
        Field("instance", "bool", oneof="resource"),
        Field("organization_id", min_length=1, max_length=200, oneof="resource"),
        Field("project_id", min_length=1, max_length=200, oneof="resource"),
        inner(
            "project_grant",
            Message("ProjectGrant", (ident("project_id"), ident("organization_id"))),
            oneof="resource",
        ),
    ),
    ("resource",),
)
_WHO = (inner("resource", _RESOURCE, required=True), ident("user_id"))
_ROLES = Field("roles", repeated=True, unique=True, min_length=1, max_length=200)
CREATE_ADMINISTRATOR = Message("CreateAdministratorRequest", (*_WHO, _ROLES))
UPDATE_ADMINISTRATOR = Message("UpdateAdministratorRequest", (*_WHO, _ROLES))
DELETE_ADMINISTRATOR = Message("DeleteAdministratorRequest", _WHO)
_COLUMNS = ("UNSPECIFIED", "USER_ID", "CREATION_DATE", "CHANGE_DATE")
LIST_ADMINISTRATORS = Message(
    "ListAdministratorsRequest",
    (
        PAGINATION,
        enum("sorting_column", tuple(f"ADMINISTRATOR_FIELD_NAME_{name}" for name in _COLUMNS)),
        list_of(
            "filters",
            one_of(
                "AdministratorSearchFilter",
                "filter",
                in_user_ids_filter=IN_IDS_FILTER,
                user_organization_id=ID_FILTER,
                resource=_RESOURCE,
                role=single("RoleFilter", text("role_key")),
            ),
        ),
    ),
)
