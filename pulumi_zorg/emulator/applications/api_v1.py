"""Applications of projects in the v1 API (management)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pulumi_zorg.emulator.applications import messages_v1 as messages
from pulumi_zorg.emulator.applications.commands import NewApplication, add, deactivate, new_secret, reactivate, remove
from pulumi_zorg.emulator.applications.projection import ApplicationReadModel
from pulumi_zorg.emulator.applications.queries import by_id
from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.lists import filter_all, list_response, matches, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest

_APPS = "/management/v1/projects/{project_id}/apps"
_APP = _APPS + "/{app_id}"

#: Field of the request -> field of the event, for the settings of an OIDC application that are kept as they are sent.
_SETTINGS = {
    "redirect_uris": "redirectUris",
    "post_logout_redirect_uris": "postLogoutRedirectUris",
    "dev_mode": "devMode",
    "access_token_role_assertion": "accessTokenRoleAssertion",
    "id_token_role_assertion": "idTokenRoleAssertion",
    "id_token_userinfo_assertion": "idTokenUserinfoAssertion",
}


#: What an answer says of an OIDC application without a redirect URI. Other problems are not reported.
_WITHOUT_REDIRECT = {
    "noneCompliant": True,
    "complianceProblems": [
        {
            "key": "Application.OIDC.V1.NotCompliant",
            "localizedMessage": "Your configuration is not compliant and differs from OIDC 1.0 standard.",
        },
        {
            "key": "Application.OIDC.V1.NoRedirectUris",
            "localizedMessage": "At least one redirect uri must be registered.",
        },
    ],
}


def _added(app: NewApplication) -> dict[str, Any]:
    details = creation_details(app.details)
    return message(appId=app.id, details=details, clientId=app.client_id, clientSecret=app.secret)


@rest("POST", _APPS + "/oidc", "project.app.write", messages.ADD_OIDC_APP, check="project_id")
def _add_oidc(call: Call) -> Any:
    request = call.request
    config = {name: request[field] for field, name in _SETTINGS.items() if request[field]}
    config |= message(
        responseTypes=[messages.RESPONSE_TYPES.index(one) for one in request["response_types"]],
        grantTypes=[messages.GRANT_TYPES.index(one) for one in request["grant_types"]],
        applicationType=messages.APP_TYPES.index(request["app_type"]),
        authMethodType=messages.AUTH_METHODS.index(request["auth_method_type"]),
        accessTokenType=messages.TOKEN_TYPES.index(request["access_token_type"]),
    )
    by_secret = request["auth_method_type"] in messages.AUTH_METHODS[:2]
    answer = _added(add(call, request["project_id"], call.caller.org_id, "oidc", config, secret=by_secret))
    return answer if request["redirect_uris"] else {**answer, **_WITHOUT_REDIRECT}


@rest("POST", _APPS + "/api", "project.app.write", messages.ADD_API_APP, check="project_id")
def _add_api(call: Call) -> Any:
    request = call.request
    method = messages.API_AUTH_METHODS.index(request["auth_method_type"])
    config = message(authMethodType=method)
    return _added(add(call, request["project_id"], call.caller.org_id, "api", config, secret=not method))


@rest("POST", _APP + "/_deactivate", "project.app.write", messages.DEACTIVATE_APP, check="project_id")
def _deactivate(call: Call) -> Any:
    return {"details": change_details(deactivate(call))}


@rest("POST", _APP + "/_reactivate", "project.app.write", messages.REACTIVATE_APP, check="project_id")
def _reactivate(call: Call) -> Any:
    return {"details": change_details(reactivate(call))}


@rest("DELETE", _APP, "project.app.delete", messages.REMOVE_APP, check="project_id")
def _remove(call: Call) -> Any:
    return {"details": change_details(remove(call))}


@rest(
    "POST", _APP + "/oidc_config/_generate_client_secret", "project.app.write", messages.OIDC_SECRET, check="project_id"
)
def _new_oidc_secret(call: Call) -> Any:
    secret, details = new_secret(call, "oidc")
    return {"clientSecret": secret, "details": change_details(details)}


@rest(
    "POST", _APP + "/api_config/_generate_client_secret", "project.app.write", messages.API_SECRET, check="project_id"
)
def _new_api_secret(call: Call) -> Any:
    secret, details = new_secret(call, "api")
    return {"clientSecret": secret, "details": change_details(details)}


def _to_message(app: ApplicationReadModel) -> dict[str, Any]:
    result = message(id=app.id, details=read_details(app), state=f"APP_STATE_{app.state}", name=app.name)
    if app.kind == "api":
        method = app.config.get("authMethodType", 0)
        auth = messages.API_AUTH_METHODS[method] if method else ""
        return {**result, "apiConfig": message(clientId=app.client_id, authMethodType=auth)}
    config = app.config
    types = [messages.RESPONSE_TYPES[one] for one in config.get("responseTypes", [])]
    grants = [messages.GRANT_TYPES[one] for one in config.get("grantTypes", [])]
    method, kind, token = (config.get(name, 0) for name in ("authMethodType", "applicationType", "accessTokenType"))
    return {
        **result,
        "oidcConfig": message(
            **{name: config.get(name) for name in _SETTINGS.values()},
            responseTypes=types,
            grantTypes=grants,
            appType=messages.APP_TYPES[kind] if kind else "",
            clockSkew="0s",
            allowedOrigins=_origins(config.get("redirectUris", [])),
            clientId=app.client_id,
            authMethodType=messages.AUTH_METHODS[method] if method else "",
            accessTokenType=messages.TOKEN_TYPES[token] if token else "",
        ),
    }


def _origins(uris: list[str]) -> list[str]:
    parts = [urlsplit(uri) for uri in uris]
    return list(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))


@rest("GET", _APP, "project.app.read", messages.GET_APP, check="project_id")
def _get(call: Call) -> Any:
    app = by_id(call.instance, call.request["project_id"], call.request["app_id"])
    if app.owner != call.caller.org_id and call.instance.profile.project_reads_by_organization:
        raise not_found("MANAG-SFf2a", "Application not found")
    return {"app": _to_message(app)}


@rest("POST", _APPS + "/_search", "project.app.read", messages.LIST_APPS, check="project_id")
def _list(call: Call) -> Any:
    apps = call.instance.list_read_models.applications
    named = [query["name_query"] for query in call.request["queries"]]
    found = filter_all(
        apps.where("project_id", call.request["project_id"]),
        [lambda app: all(matches(query["method"], app.name, query["name"]) for query in named)],
    )
    total, items = page(found, call.request["query"])
    return list_response(total, [_to_message(app) for app in items], apps)
