"""The request messages of organizations, members, events, projects and user grants, with ZITADEL's names and rules."""

from __future__ import annotations

from .fields import (
    AUTHORIZATION_FIELDS,
    CHANGE_QUERY,
    FILTER_METHOD,
    ID_FILTER,
    IN_IDS_FILTER,
    LABELINGS,
    ORG_STATES,
    PAGE,
    QUERY,
    USER_TYPES,
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
from .schema import Field, Message

# Organizations, v1.

ADD_ORG = single("AddOrgRequest", ident("name"))
UPDATE_ORG = single("UpdateOrgRequest", ident("name"))
GET_ORG = ids("GetOrgByIDRequest", "id")
REMOVE_ORG = ids("RemoveOrgRequest", "org_id")
IS_ORG_UNIQUE = Message("IsOrgUniqueRequest", (text("name"), text("domain")))
ORG_BY_DOMAIN = single("GetOrgByDomainGlobalRequest", ident("domain"))
LIST_ORG_CHANGES = single("ListOrgChangesRequest", inner("query", CHANGE_QUERY))
LIST_USER_CHANGES = Message("ListUserChangesRequest", (inner("query", CHANGE_QUERY), ident("user_id")))
LIST_ORGS = Message(
    "ListOrgsRequest",
    (
        QUERY,
        enum("sorting_column", ("ORG_FIELD_NAME_UNSPECIFIED", "ORG_FIELD_NAME_NAME")),
        list_of(
            "queries",
            one_of(
                "OrgQuery",
                "query",
                name_query=match("OrgNameQuery", "name"),
                domain_query=match("OrgDomainQuery", "domain"),
                state_query=single("OrgStateQuery", enum("state", ORG_STATES)),
                id_query=single("OrgIDQuery", text("id")),
            ),
        ),
    ),
)

# Members.

_MEMBER_QUERY = one_of(
    "SearchQuery",
    "query",
    first_name_query=match("FirstNameQuery", "first_name"),
    last_name_query=match("LastNameQuery", "last_name"),
    email_query=match("EmailQuery", "email"),
    user_id_query=single("UserIDQuery", text("user_id")),
)


def member_messages(name: str, *path: str) -> tuple[Message, Message, Message, Message]:
    """The messages to list, add, change and remove members of that kind; `path` are the ids before the user's."""
    before = tuple(ident(one) for one in path)
    return (
        Message(f"List{name}sRequest", (*before, QUERY, list_of("queries", _MEMBER_QUERY))),
        Message(f"Add{name}Request", (*before, ident("user_id"), texts("roles"))),
        Message(f"Update{name}Request", (*before, ident("user_id"), texts("roles"))),
        ids(f"Remove{name}Request", *path, "user_id"),
    )


# Events.

LIST_EVENTS = Message(
    "ListEventsRequest",
    (
        Field("sequence", "int"),
        Field("limit", "int"),
        Field("asc", "bool"),
        text("editor_user_id", 0),
        Field("event_types", repeated=True, most_items=30),
        text("aggregate_id", 0),
        Field("aggregate_types", repeated=True, most_items=10),
        text("resource_owner", 0),
        Field("creation_date", "timestamp"),
        inner(
            "range",
            Message(
                "ListEventsRequest_creation_date_range", (Field("since", "timestamp"), Field("until", "timestamp"))
            ),
            oneof="creation_date_filter",
        ),
        Field("from", "timestamp", oneof="creation_date_filter"),
    ),
)

# Projects, roles and project grants.

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

# User grants, v1 and v2.

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
_ROLE_KEYS = Field("role_keys", repeated=True, unique=True, least=1, most=200)
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
        inner("pagination", PAGE),
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
