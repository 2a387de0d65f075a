"""The request messages of organizations in the v2 API and in v2beta."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import (
    LIST_QUERY,
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
from pulumi_zorg.emulator.http.schema import Field, Message
from pulumi_zorg.emulator.users.messages_v2 import ADD_HUMAN

_ADMIN = Message(
    "AddOrganizationRequest_Admin",
    (
        Field("user_id", oneof="user_type"),
        inner("human", ADD_HUMAN, oneof="user_type"),
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
GET_DOMAIN_SETTINGS = Message(
    "GetDomainSettingsRequest", (inner("ctx", Message("RequestContext", (text("org_id", optional=True),))),)
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

# In v2beta the field of the id is `id`.
UPDATE_ORGANIZATION_BETA = ids("UpdateOrganizationRequest", "id", "name")
DELETE_ORGANIZATION_BETA = ids("DeleteOrganizationRequest", "id")
DEACTIVATE_ORGANIZATION_BETA = ids("DeactivateOrganizationRequest", "id")
ACTIVATE_ORGANIZATION_BETA = ids("ActivateOrganizationRequest", "id")
