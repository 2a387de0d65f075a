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
_KEYS = Field("keys", repeated=True, min_length=1, max_length=200)
_FILTERS = list_of(
    "filters",
    one_of("MetadataSearchFilter", "filter", key_filter=match("MetadataKeyFilter", "key", 1, FILTER_METHOD)),
)
LIST_USER_METADATA = Message("ListUserMetadataRequest", (ident("user_id"), PAGINATION, _FILTERS))
DELETE_USER_METADATA = Message("DeleteUserMetadataRequest", (Field("user_id"), _KEYS))

_VALUE = Field("value", "bytes", min_length=1, max_length=500_000)
SET_ORGANIZATION_METADATA = Message(
    "SetOrganizationMetadataRequest",
    (ident("organization_id"), list_of("metadata", Message("SetMetadataEntry", (ident("key"), _VALUE)))),
)
LIST_ORGANIZATION_METADATA = Message(
    "ListOrganizationMetadataRequest", (ident("organization_id"), PAGINATION, _FILTERS)
)
DELETE_ORGANIZATION_METADATA = Message("DeleteOrganizationMetadataRequest", (ident("organization_id"), _KEYS))
