"""UserService: secrets, keys and personal access tokens of service accounts, by REST and Connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages_v2 as m
from .credentials import add_key, add_secret, add_token, remove_key, remove_secret, remove_token, token_of
from .model import pb
from .queries import all_of, kind_of, ordered, page, paginated, pagination
from .routing import AUTHENTICATED, connect, rest
from .schema import Msg
from .store import stamp
from .tables import KeyRow, PatRow, Table
from .users_v2 import readable
from .world import Call

_SERVICE = "zitadel.user.v2.UserService/"
_USER = "/v2/users/{user_id}"


@rest("POST", _USER + "/secret", AUTHENTICATED, m.ADD_SECRET, needs="v2")
@connect(_SERVICE + "AddSecret", AUTHENTICATED, m.ADD_SECRET)
def _add_secret(call: Call) -> Any:
    secret, details = add_secret(call, call.request["user_id"])
    return {"creationDate": stamp(details.changed), "clientSecret": secret}


@rest("DELETE", _USER + "/secret", AUTHENTICATED, m.REMOVE_SECRET, needs="v2")
@connect(_SERVICE + "RemoveSecret", AUTHENTICATED, m.REMOVE_SECRET)
def _remove_secret(call: Call) -> Any:
    return {"deletionDate": stamp(remove_secret(call, call.request["user_id"]).changed)}


@rest("POST", _USER + "/keys", AUTHENTICATED, m.ADD_KEY, needs="v2")
@connect(_SERVICE + "AddKey", AUTHENTICATED, m.ADD_KEY)
def _add_key(call: Call) -> Any:
    key = add_key(call)
    return pb(creationDate=stamp(key.details.changed), keyId=key.id, keyContent=key.content)


@rest("DELETE", _USER + "/keys/{key_id}", AUTHENTICATED, m.REMOVE_KEY, needs="v2")
@connect(_SERVICE + "RemoveKey", AUTHENTICATED, m.REMOVE_KEY)
def _remove_key(call: Call) -> Any:
    return {"deletionDate": stamp(remove_key(call).changed)}


@rest("POST", "/v2/users/keys/search", AUTHENTICATED, m.LIST_KEYS, needs="v2")
@connect(_SERVICE + "ListKeys", AUTHENTICATED, m.LIST_KEYS)
def _list_keys(call: Call) -> Any:
    return _list(call, call.world.lists.keys)


@rest("POST", _USER + "/pats", AUTHENTICATED, m.ADD_TOKEN, needs="v2")
@connect(_SERVICE + "AddPersonalAccessToken", AUTHENTICATED, m.ADD_TOKEN)
def _add_token(call: Call) -> Any:
    token_id, details = add_token(call)
    token = token_of(call.world, token_id, call.request["user_id"])
    return {"creationDate": stamp(details.changed), "tokenId": token_id, "token": token}


@rest("DELETE", _USER + "/pats/{token_id}", AUTHENTICATED, m.REMOVE_TOKEN, needs="v2")
@connect(_SERVICE + "RemovePersonalAccessToken", AUTHENTICATED, m.REMOVE_TOKEN)
def _remove_token(call: Call) -> Any:
    return {"deletionDate": stamp(remove_token(call).changed)}


@rest("POST", "/v2/users/pats/search", AUTHENTICATED, m.LIST_TOKENS, needs="v2")
@connect(_SERVICE + "ListPersonalAccessTokens", AUTHENTICATED, m.LIST_TOKENS)
def _list_tokens(call: Call) -> Any:
    return _list(call, call.world.lists.pats)


_Credential = KeyRow | PatRow

#: The end of the name of a sorting column, and the value it sorts by.
_SORTING: dict[str, Callable[[_Credential], Any]] = {
    "FIELD_NAME_ID": lambda row: row.id,
    "USER_ID": lambda row: row.user_id,
    "ORGANIZATION_ID": lambda row: row.owner,
    "EXPIRATION_DATE": lambda row: row.expires,
}


def _list(call: Call, table: Table[Any]) -> Any:
    request, asked = call.request, pagination(call.request)
    found = all_of(table.rows.values(), [_predicate(query) for query in request["filters"]])
    key = next((key for end, key in _SORTING.items() if request["sorting_column"].endswith(end)), _created)
    total, rows = page(ordered(found, key, asked), asked)
    return paginated(total, asked, result=[_told(row) for row in rows if _readable(call, row)])


def _created(row: _Credential) -> int:
    return row.created


def _readable(call: Call, row: _Credential) -> bool:
    user = call.world.lists.users.get(row.user_id)
    return user is not None and readable(call, user)


def _predicate(query: Msg) -> Callable[[_Credential], bool]:
    kind, inner = kind_of(query)
    column = {"user_id_filter": "user_id", "organization_id_filter": "owner"}.get(kind, "id")
    return lambda row: bool(getattr(row, column) == inner["id"])


def _told(row: _Credential) -> dict[str, Any]:
    return {
        "creationDate": stamp(row.created),
        "changeDate": stamp(row.changed),
        "id": row.id,
        "userId": row.user_id,
        "organizationId": row.owner,
        "expirationDate": stamp(row.expires),
    }
