"""The request messages of credentials in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import ID_FILTER, PAGINATION, enum, ident, ids, list_of, one_of
from pulumi_zorg.emulator.http.schema import Field, Message

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
            PAGINATION,
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
