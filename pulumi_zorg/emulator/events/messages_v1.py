"""The request messages of the event search and of the changes of one object."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import CHANGE_QUERY, ident, inner, single, text
from pulumi_zorg.emulator.http.schema import Field, Message

LIST_ORG_CHANGES = single("ListOrgChangesRequest", inner("query", CHANGE_QUERY))
LIST_USER_CHANGES = Message("ListUserChangesRequest", (inner("query", CHANGE_QUERY), ident("user_id")))
LIST_PROJECT_CHANGES = Message("ListProjectChangesRequest", (inner("query", CHANGE_QUERY), ident("project_id")))
LIST_PROJECT_GRANT_CHANGES = Message(
    "ListProjectGrantChangesRequest", (inner("query", CHANGE_QUERY), ident("project_id"), ident("grant_id"))
)
LIST_EVENTS = Message(
    "ListEventsRequest",
    (
        Field("sequence", "int"),
        Field("limit", "int"),
        Field("asc", "bool"),
        text("editor_user_id", 0),
        Field("event_types", repeated=True, max_items=30),
        text("aggregate_id", 0),
        Field("aggregate_types", repeated=True, max_items=10),
        text("resource_owner", 0),
        Field("creation_date", "timestamp"),
        inner(
            "range",
            Message(
                "ListEventsRequest_creation_date_range", (Field("since", "timestamp"), Field("until", "timestamp"))
            ),
            oneof="creation_date_filter",
        ),
        Field("from", "timestamp", oneof="creation_date_filter"),
    ),
)
