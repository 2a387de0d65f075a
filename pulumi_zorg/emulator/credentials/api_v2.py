"""Secrets, keys and personal access tokens in the v2 API (UserService, by REST and Connect)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.credentials import messages_v2 as messages
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
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.eventstore.projections import Table
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, ordered, page, paginated_response, pagination
from pulumi_zorg.emulator.http.responses import message
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.users.queries import can_read_user

_SERVICE = "zitadel.user.v2.UserService/"
_USER = "/v2/users/{user_id}"


@rest("POST", _USER + "/secret", AUTHENTICATED, messages.ADD_SECRET, requires="v2")
@connect(_SERVICE + "AddSecret", AUTHENTICATED, messages.ADD_SECRET)
def _add_secret(call: Call) -> Any:
    secret, details = add_secret(call, call.request["user_id"])
    return {"creationDate": format_timestamp(details.changed), "clientSecret": secret}


@rest("DELETE", _USER + "/secret", AUTHENTICATED, messages.REMOVE_SECRET, requires="v2")
@connect(_SERVICE + "RemoveSecret", AUTHENTICATED, messages.REMOVE_SECRET)
def _remove_secret(call: Call) -> Any:
    return {"deletionDate": format_timestamp(remove_secret(call, call.request["user_id"]).changed)}


@rest("POST", _USER + "/keys", AUTHENTICATED, messages.ADD_KEY, requires="v2")
@connect(_SERVICE + "AddKey", AUTHENTICATED, messages.ADD_KEY)
def _add_key(call: Call) -> Any:
    key = add_key(call)
    return message(creationDate=format_timestamp(key.details.changed), keyId=key.id, keyContent=key.content)


@rest("DELETE", _USER + "/keys/{key_id}", AUTHENTICATED, messages.REMOVE_KEY, requires="v2")
@connect(_SERVICE + "RemoveKey", AUTHENTICATED, messages.REMOVE_KEY)
def _remove_key(call: Call) -> Any:
    return {"deletionDate": format_timestamp(remove_key(call).changed)}


@rest("POST", "/v2/users/keys/search", AUTHENTICATED, messages.LIST_KEYS, requires="v2")
@connect(_SERVICE + "ListKeys", AUTHENTICATED, messages.LIST_KEYS)
def _list_keys(call: Call) -> Any:
    return _list(call, call.instance.list_read_models.keys)


@rest("POST", _USER + "/pats", AUTHENTICATED, messages.ADD_TOKEN, requires="v2")
@connect(_SERVICE + "AddPersonalAccessToken", AUTHENTICATED, messages.ADD_TOKEN)
def _add_token(call: Call) -> Any:
    token_id, details = add_token(call)
    token = token_of(call.instance, token_id, call.request["user_id"])
    return {"creationDate": format_timestamp(details.changed), "tokenId": token_id, "token": token}


@rest("DELETE", _USER + "/pats/{token_id}", AUTHENTICATED, messages.REMOVE_TOKEN, requires="v2")
@connect(_SERVICE + "RemovePersonalAccessToken", AUTHENTICATED, messages.REMOVE_TOKEN)
def _remove_token(call: Call) -> Any:
    return {"deletionDate": format_timestamp(remove_token(call).changed)}


@rest("POST", "/v2/users/pats/search", AUTHENTICATED, messages.LIST_TOKENS, requires="v2")
@connect(_SERVICE + "ListPersonalAccessTokens", AUTHENTICATED, messages.LIST_TOKENS)
def _list_tokens(call: Call) -> Any:
    return _list(call, call.instance.list_read_models.pats)


_Credential = KeyReadModel | TokenReadModel

#: The end of the name of a sorting column, and the value it sorts by.
_SORTING: dict[str, Callable[[_Credential], Any]] = {
    "FIELD_NAME_ID": lambda credential: credential.id,
    "USER_ID": lambda credential: credential.user_id,
    "ORGANIZATION_ID": lambda credential: credential.owner,
    "EXPIRATION_DATE": lambda credential: credential.expires,
}


def _list(call: Call, table: Table[Any]) -> Any:
    request, window = call.request, pagination(call.request)
    found = filter_all(table.all(), [_predicate(query) for query in request["filters"]])
    key = next((key for end, key in _SORTING.items() if request["sorting_column"].endswith(end)), _created)
    total, items = page(ordered(found, key, window), window)
    return paginated_response(
        total, window, result=[_to_message(credential) for credential in items if _readable(call, credential)]
    )


def _created(credential: _Credential) -> int:
    return credential.created


def _readable(call: Call, credential: _Credential) -> bool:
    user = call.instance.list_read_models.users.get(credential.user_id)
    return user is not None and can_read_user(call, user)


def _predicate(query: MessageDict) -> Callable[[_Credential], bool]:
    kind, inner = kind_of(query)
    column = {"user_id_filter": "user_id", "organization_id_filter": "owner"}.get(kind, "id")
    return lambda credential: bool(getattr(credential, column) == inner["id"])


def _to_message(credential: _Credential) -> dict[str, Any]:
    return {
        "creationDate": format_timestamp(credential.created),
        "changeDate": format_timestamp(credential.changed),
        "id": credential.id,
        "userId": credential.user_id,
        "organizationId": credential.owner,
        "expirationDate": format_timestamp(credential.expires),
    }
