"""The request messages of metadata in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import FILTER_METHOD, PAGINATION, ident, list_of, match, one_of
from pulumi_zorg.emulator.http.schema import Field, Message

SET_USER_METADATA = Message(
    "SetUserMetadataRequest",
    (
        ident("user_id"),
        list_of("metadata", Message("Metadata", (ident("key"), Field("value", "bytes", max_length=500_000)))),
    ),
)
LIST_USER_METADATA = Message(
    "ListUserMetadataRequest",
    (
        ident("user_id"),
        PAGINATION,
        list_of(
            "filters",
            one_of("MetadataSearchFilter", "filter", key_filter=match("MetadataKeyFilter", "key", 1, FILTER_METHOD)),
        ),
    ),
)
DELETE_USER_METADATA = Message(
    "DeleteUserMetadataRequest", (Field("user_id"), Field("keys", repeated=True, min_length=1, max_length=200))
)
