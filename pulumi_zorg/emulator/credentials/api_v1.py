"""Secrets, keys and personal access tokens in the v1 API (management)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.credentials import messages_v1 as messages
from pulumi_zorg.emulator.credentials.commands import (
    add_key,
    add_secret,
    add_token,
    remove_key,
    remove_secret,
    remove_token,
)
from pulumi_zorg.emulator.credentials.projection import KeyReadModel, TokenReadModel
from pulumi_zorg.emulator.credentials.tokens import token_of
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.lists import list_response, ordered, page
from pulumi_zorg.emulator.http.responses import (
    change_details,
    creation_details,
    message,
    optional_timestamp,
    read_details,
)
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.users.queries import user_of_caller


@rest("PUT", "/management/v1/users/{user_id}/secret", "user.write", messages.GENERATE_SECRET)
def _generate_secret(call: Call) -> Any:
    user = user_of_caller(call, call.request["user_id"])
    secret, details = add_secret(call, user.id, call.caller.org_id)
    return message(clientId=user.username, clientSecret=secret, details=creation_details(details))


@rest("DELETE", "/management/v1/users/{user_id}/secret", "user.write", messages.REMOVE_SECRET)
def _remove_secret(call: Call) -> Any:
    return {"details": change_details(remove_secret(call, call.request["user_id"], call.caller.org_id))}


@rest("POST", "/management/v1/users/{user_id}/keys", "user.write", messages.ADD_KEY)
def _add_key(call: Call) -> Any:
    key = add_key(call, call.caller.org_id)
    return message(keyId=key.id, keyDetails=key.content, details=creation_details(key.details))


@rest("DELETE", "/management/v1/users/{user_id}/keys/{key_id}", "user.write", messages.REMOVE_KEY)
def _remove_key(call: Call) -> Any:
    return {"details": change_details(remove_key(call, call.caller.org_id))}


def _key_message(key: KeyReadModel) -> dict[str, Any]:
    return message(
        id=key.id, details=read_details(key), type="KEY_TYPE_JSON", expirationDate=optional_timestamp(key.expires)
    )


@rest("GET", "/management/v1/users/{user_id}/keys/{key_id}", "user.read", messages.GET_KEY)
def _get_key(call: Call) -> Any:
    key = call.instance.read_models.keys.get(call.request["key_id"])
    if key is None or key.owner != call.caller.org_id or key.user_id != call.request["user_id"]:
        raise not_found("QUERY-Dgr3g", "Errors.AuthNKey.NotFound")
    return {"key": _key_message(key)}


@rest("POST", "/management/v1/users/{user_id}/keys/_search", "user.read", messages.LIST_KEYS)
def _list_keys(call: Call) -> Any:
    keys = call.instance.list_read_models.keys
    found = [key for key in keys.where("user_id", call.request["user_id"]) if key.owner == call.caller.org_id]
    # The newest first, as on both recorded servers.
    total, items = page(ordered(found, lambda key: key.created, call.request["query"]), call.request["query"])
    return list_response(total, [_key_message(key) for key in items], keys)


@rest("POST", "/management/v1/users/{user_id}/pats", "user.write", messages.ADD_PAT)
def _add_pat(call: Call) -> Any:
    token_id, details = add_token(call, call.caller.org_id)
    token = token_of(call.instance, token_id, call.request["user_id"])
    return message(tokenId=token_id, token=token, details=creation_details(details))


@rest("DELETE", "/management/v1/users/{user_id}/pats/{token_id}", "user.write", messages.REMOVE_PAT)
def _remove_pat(call: Call) -> Any:
    return {"details": change_details(remove_token(call, call.caller.org_id))}


def _token_message(token: TokenReadModel) -> dict[str, Any]:
    return message(
        id=token.id, details=read_details(token), expirationDate=optional_timestamp(token.expires), scopes=token.scopes
    )


@rest("GET", "/management/v1/users/{user_id}/pats/{token_id}", "user.read", messages.GET_PAT)
def _get_pat(call: Call) -> Any:
    token = call.instance.read_models.pats.get(call.request["token_id"])
    if token is None or token.owner != call.caller.org_id or token.user_id != call.request["user_id"]:
        raise not_found("QUERY-fRunu", "Errors.PersonalAccessToken.NotFound")
    return {"token": _token_message(token)}


@rest("POST", "/management/v1/users/{user_id}/pats/_search", "user.read", messages.LIST_PATS)
def _list_pats(call: Call) -> Any:
    pats = call.instance.list_read_models.pats
    found = [token for token in pats.where("user_id", call.request["user_id"]) if token.owner == call.caller.org_id]
    total, items = page(found, call.request["query"])
    return list_response(total, [_token_message(token) for token in items], pats)
