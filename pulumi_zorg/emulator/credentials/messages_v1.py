"""The request messages of credentials in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import QUERY, enum, ident, ids, single
from pulumi_zorg.emulator.http.schema import Field, Message

_USER_ID = Field("user_id", min_length=1)
GENERATE_SECRET = single("GenerateMachineSecretRequest", _USER_ID)
REMOVE_SECRET = ids("RemoveMachineSecretRequest", "user_id")
ADD_KEY = Message(
    "AddMachineKeyRequest",
    (
        _USER_ID,
        enum("type", ("KEY_TYPE_UNSPECIFIED", "KEY_TYPE_JSON"), not_unspecified=True),
        Field("expiration_date", "timestamp"),
        Field("public_key", "bytes"),
    ),
)
GET_KEY = ids("GetMachineKeyByIDsRequest", "user_id", "key_id")
REMOVE_KEY = ids("RemoveMachineKeyRequest", "user_id", "key_id")
LIST_KEYS = Message("ListMachineKeysRequest", (ident("user_id"), QUERY))
ADD_PAT = Message("AddPersonalAccessTokenRequest", (_USER_ID, Field("expiration_date", "timestamp")))
GET_PAT = ids("GetPersonalAccessTokenByIDsRequest", "user_id", "token_id")
REMOVE_PAT = ids("RemovePersonalAccessTokenRequest", "user_id", "token_id")
LIST_PATS = Message("ListPersonalAccessTokensRequest", (ident("user_id"), QUERY))
