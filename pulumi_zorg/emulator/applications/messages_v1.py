"""The request messages of applications in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import QUERY, enum, ident, ids, list_of, match, one_of, texts
from pulumi_zorg.emulator.http.schema import Field, Message

APP_TYPES = ("OIDC_APP_TYPE_WEB", "OIDC_APP_TYPE_USER_AGENT", "OIDC_APP_TYPE_NATIVE")
AUTH_METHODS = (
    "OIDC_AUTH_METHOD_TYPE_BASIC",
    "OIDC_AUTH_METHOD_TYPE_POST",
    "OIDC_AUTH_METHOD_TYPE_NONE",
    "OIDC_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT",
)
API_AUTH_METHODS = ("API_AUTH_METHOD_TYPE_BASIC", "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT")
GRANT_TYPES = (
    "OIDC_GRANT_TYPE_AUTHORIZATION_CODE",
    "OIDC_GRANT_TYPE_IMPLICIT",
    "OIDC_GRANT_TYPE_REFRESH_TOKEN",
    "OIDC_GRANT_TYPE_DEVICE_CODE",
    "OIDC_GRANT_TYPE_TOKEN_EXCHANGE",
)
RESPONSE_TYPES = ("OIDC_RESPONSE_TYPE_CODE", "OIDC_RESPONSE_TYPE_ID_TOKEN", "OIDC_RESPONSE_TYPE_ID_TOKEN_TOKEN")
TOKEN_TYPES = ("OIDC_TOKEN_TYPE_BEARER", "OIDC_TOKEN_TYPE_JWT")

ADD_OIDC_APP = Message(
    "AddOIDCAppRequest",
    (
        ident("project_id"),
        ident("name"),
        texts("redirect_uris"),
        Field("response_types", "enum", values=RESPONSE_TYPES, repeated=True),
        Field("grant_types", "enum", values=GRANT_TYPES, repeated=True),
        enum("app_type", APP_TYPES),
        enum("auth_method_type", AUTH_METHODS),
        texts("post_logout_redirect_uris"),
        Field("dev_mode", "bool"),
        enum("access_token_type", TOKEN_TYPES),
        Field("access_token_role_assertion", "bool"),
        Field("id_token_role_assertion", "bool"),
        Field("id_token_userinfo_assertion", "bool"),
    ),
)
ADD_API_APP = Message(
    "AddAPIAppRequest", (ident("project_id"), ident("name"), enum("auth_method_type", API_AUTH_METHODS))
)
GET_APP = ids("GetAppByIDRequest", "project_id", "app_id")
DEACTIVATE_APP = ids("DeactivateAppRequest", "project_id", "app_id")
REACTIVATE_APP = ids("ReactivateAppRequest", "project_id", "app_id")
REMOVE_APP = ids("RemoveAppRequest", "project_id", "app_id")
OIDC_SECRET = ids("RegenerateOIDCClientSecretRequest", "project_id", "app_id")
API_SECRET = ids("RegenerateAPIClientSecretRequest", "project_id", "app_id")
LIST_APPS = Message(
    "ListAppsRequest",
    (
        ident("project_id"),
        QUERY,
        list_of("queries", one_of("AppQuery", "query", name_query=match("AppNameQuery", "name"))),
    ),
)
