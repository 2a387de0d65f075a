"""Authorization requests in the v2 API (OIDCService, by REST and Connect), as the V2 login uses them."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.auth_requests import messages_v2 as messages
from pulumi_zorg.emulator.auth_requests.aggregate import AuthRequestWriteModel
from pulumi_zorg.emulator.auth_requests.commands import fail, finish
from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.responses import change_details, message
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest

_PATH = "/v2/oidc/auth_requests/{auth_request_id}"
_SERVICE = "zitadel.oidc.v2.OIDCService/"


@rest("GET", _PATH, AUTHENTICATED, messages.GET_AUTH_REQUEST, requires="v2")
@connect(_SERVICE + "GetAuthRequest", AUTHENTICATED, messages.GET_AUTH_REQUEST)
def _get(call: Call) -> Any:
    instance = call.instance
    model = AuthRequestWriteModel(instance.store, call.request["auth_request_id"])
    if not model.exists:
        raise not_found("QUERY-Thee9", "Errors.AuthRequest.NotExisting")
    call.check("session.read", instance.instance_id, "")
    created = instance.store.aggregate("auth_request", model.id)[0].created_at
    return {
        "authRequest": message(
            id=model.id,
            creationDate=format_timestamp(created),
            clientId=model.client_id,
            scope=model.scopes,
            redirectUri=model.redirect_uri,
        )
    }


@rest("POST", _PATH, AUTHENTICATED, messages.CREATE_CALLBACK, requires="v2")
@connect(_SERVICE + "CreateCallback", AUTHENTICATED, messages.CREATE_CALLBACK)
def _finish(call: Call) -> Any:
    details, url = finish(call) if call.request["session"] else fail(call)
    return {"details": change_details(details), "callbackUrl": url}
