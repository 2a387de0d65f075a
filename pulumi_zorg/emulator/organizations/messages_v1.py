"""The request messages of organizations in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import ORG_STATES, QUERY, enum, ident, ids, list_of, match, one_of, single, text
from pulumi_zorg.emulator.http.schema import Field, Message

ADD_ORG = single("AddOrgRequest", ident("name"))
UPDATE_ORG = single("UpdateOrgRequest", ident("name"))
GET_ORG = ids("GetOrgByIDRequest", "id")
REMOVE_ORG = ids("RemoveOrgRequest", "org_id")
IS_ORG_UNIQUE = Message("IsOrgUniqueRequest", (text("name"), text("domain")))
ORG_BY_DOMAIN = single("GetOrgByDomainGlobalRequest", ident("domain"))
ADD_CUSTOM_DOMAIN_POLICY = Message(
    "AddCustomDomainPolicyRequest",
    (
        ident("org_id"),
        Field("user_login_must_be_domain", "bool"),
    ),
)
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
