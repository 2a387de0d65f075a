"""The request messages of metadata in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import QUERY, ident, ids, list_of, match, one_of
from pulumi_zorg.emulator.http.schema import Field, Message

_VALUE = Field("value", "bytes", min_length=1, max_length=500_000)
_METADATA_QUERIES = list_of("queries", one_of("MetadataQuery", "query", key_query=match("MetadataKeyQuery", "key")))
SET_METADATA = Message("SetUserMetadataRequest", (ident("id"), ident("key"), _VALUE))
GET_METADATA = ids("GetUserMetadataRequest", "id", "key")
REMOVE_METADATA = ids("RemoveUserMetadataRequest", "id", "key")
LIST_METADATA = Message("ListUserMetadataRequest", (ident("id"), QUERY, _METADATA_QUERIES))
BULK_SET_METADATA = Message(
    "BulkSetUserMetadataRequest",
    (ident("id"), list_of("metadata", Message("BulkSetUserMetadataRequest_Metadata", (ident("key"), _VALUE)))),
)
_KEYS = Field("keys", repeated=True, min_length=1, max_length=200)
BULK_REMOVE_METADATA = Message("BulkRemoveUserMetadataRequest", (ident("id"), _KEYS))
SET_ORG_METADATA = Message("SetOrgMetadataRequest", (ident("key"), _VALUE))
BULK_SET_ORG_METADATA = Message(
    "BulkSetOrgMetadataRequest",
    (list_of("metadata", Message("BulkSetOrgMetadataRequest_Metadata", (ident("key"), _VALUE))),),
)
BULK_REMOVE_ORG_METADATA = Message("BulkRemoveOrgMetadataRequest", (_KEYS,))
GET_ORG_METADATA = ids("GetOrgMetadataRequest", "key")
REMOVE_ORG_METADATA = ids("RemoveOrgMetadataRequest", "key")
LIST_ORG_METADATA = Message("ListOrgMetadataRequest", (QUERY, _METADATA_QUERIES))
