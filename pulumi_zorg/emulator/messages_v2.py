"""The request messages of the v2 services of projects and organizations, and of UserService for credentials and metadata."""

from __future__ import annotations

from .fields import (
    FILTER_METHOD,
    ID_FILTER,
    IN_IDS_FILTER,
    LABELINGS,
    LIST_QUERY,
    PAGE,
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
from .messages_users import ADD_HUMAN_V2
from .schema import Field, Message

_PAGINATION = inner("pagination", PAGE)

# Projects.

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
        _PAGINATION,
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

# Roles of projects.

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
        _PAGINATION,
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

# Project grants.

_GRANT = (ident("project_id"), ident("granted_organization_id"))
CREATE_PROJECT_GRANT = Message("CreateProjectGrantRequest", (*_GRANT, texts("role_keys")))
UPDATE_PROJECT_GRANT = Message("UpdateProjectGrantRequest", (*_GRANT, texts("role_keys")))
DELETE_PROJECT_GRANT = Message("DeleteProjectGrantRequest", _GRANT)
DEACTIVATE_PROJECT_GRANT = Message("DeactivateProjectGrantRequest", _GRANT)
ACTIVATE_PROJECT_GRANT = Message("ActivateProjectGrantRequest", _GRANT)
LIST_PROJECT_GRANTS = Message(
    "ListProjectGrantsRequest",
    (
        _PAGINATION,
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

# Credentials of service accounts.

ADD_SECRET = ids("AddSecretRequest", "user_id")
REMOVE_SECRET = ids("RemoveSecretRequest", "user_id")
_EXPIRATION = Field("expiration_date", "timestamp", required=True)
ADD_KEY = Message("AddKeyRequest", (ident("user_id"), _EXPIRATION, Field("public_key", "bytes")))
REMOVE_KEY = ids("RemoveKeyRequest", "user_id", "key_id")
ADD_TOKEN = Message("AddPersonalAccessTokenRequest", (ident("user_id"), _EXPIRATION))
REMOVE_TOKEN = ids("RemovePersonalAccessTokenRequest", "user_id", "token_id")


def _list_credentials(name: str, search_filter: str, own_id: str, columns: str, expiration: str) -> Message:
    names = ("UNSPECIFIED", "CREATED_DATE", "ID", "USER_ID", "ORGANIZATION_ID", expiration)
    kinds = {own_id: ID_FILTER, "user_id_filter": ID_FILTER, "organization_id_filter": ID_FILTER}
    return Message(
        name,
        (
            _PAGINATION,
            enum("sorting_column", tuple(f"{columns}_FIELD_NAME_{one}" for one in names)),
            list_of("filters", one_of(search_filter, "filter", **kinds)),
        ),
    )


LIST_KEYS = _list_credentials("ListKeysRequest", "KeysSearchFilter", "key_id_filter", "KEY", "KEY_EXPIRATION_DATE")
LIST_TOKENS = _list_credentials(
    "ListPersonalAccessTokensRequest",
    "PersonalAccessTokensSearchFilter",
    "token_id_filter",
    "PERSONAL_ACCESS_TOKEN",
    "EXPIRATION_DATE",
)

# Metadata of users.

SET_USER_METADATA = Message(
    "SetUserMetadataRequest",
    (
        ident("user_id"),
        list_of("metadata", Message("Metadata", (ident("key"), Field("value", "bytes", most=500_000)))),
    ),
)
LIST_USER_METADATA = Message(
    "ListUserMetadataRequest",
    (
        ident("user_id"),
        _PAGINATION,
        list_of(
            "filters",
            one_of("MetadataSearchFilter", "filter", key_filter=match("MetadataKeyFilter", "key", 1, FILTER_METHOD)),
        ),
    ),
)
DELETE_USER_METADATA = Message(
    "DeleteUserMetadataRequest", (Field("user_id"), Field("keys", repeated=True, least=1, most=200))
)

# Organizations.

_ADMIN = Message(
    "AddOrganizationRequest_Admin",
    (
        Field("user_id", oneof="user_type"),
        inner("human", ADD_HUMAN_V2, oneof="user_type"),
        texts("roles"),
    ),
)
ADD_ORGANIZATION = Message(
    "AddOrganizationRequest",
    (
        ident("name"),
        list_of("admins", _ADMIN),
        text("organization_id", 1, optional=True),
        text("org_id", 1, optional=True),
    ),
)
UPDATE_ORGANIZATION = ids("UpdateOrganizationRequest", "organization_id", "name")
DELETE_ORGANIZATION = ids("DeleteOrganizationRequest", "organization_id")
DEACTIVATE_ORGANIZATION = ids("DeactivateOrganizationRequest", "organization_id")
ACTIVATE_ORGANIZATION = ids("ActivateOrganizationRequest", "organization_id")
ORGANIZATION_STATES = tuple(f"ORGANIZATION_STATE_{name}" for name in ("UNSPECIFIED", "ACTIVE", "INACTIVE", "REMOVED"))
LIST_ORGANIZATIONS = Message(
    "ListOrganizationsRequest",
    (
        inner("query", LIST_QUERY),
        enum(
            "sorting_column",
            tuple(f"ORGANIZATION_FIELD_NAME_{name}" for name in ("UNSPECIFIED", "NAME", "CREATION_DATE")),
        ),
        list_of(
            "queries",
            one_of(
                "SearchQuery",
                "query",
                name_query=match("OrganizationNameQuery", "name", 1),
                domain_query=match("OrganizationDomainQuery", "domain", 1),
                state_query=single("OrganizationStateQuery", enum("state", ORGANIZATION_STATES)),
                id_query=single("OrganizationIDQuery", ident("id")),
                default_query=Message("DefaultOrganizationQuery"),
            ),
        ),
    ),
)

# v2beta names the id `id`.
UPDATE_ORGANIZATION_BETA = ids("UpdateOrganizationRequest", "id", "name")
DELETE_ORGANIZATION_BETA = ids("DeleteOrganizationRequest", "id")
DEACTIVATE_ORGANIZATION_BETA = ids("DeactivateOrganizationRequest", "id")
ACTIVATE_ORGANIZATION_BETA = ids("ActivateOrganizationRequest", "id")
