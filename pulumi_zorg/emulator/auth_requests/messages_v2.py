"""The request messages of authorization requests in the v2 API (OIDCService)."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import ident, ids, inner, text
from pulumi_zorg.emulator.http.schema import Field, Message

GET_AUTH_REQUEST = ids("GetAuthRequestRequest", "auth_request_id")
CREATE_CALLBACK = Message(
    "CreateCallbackRequest",
    (
        ident("auth_request_id"),
        inner("session", Message("Session", (ident("session_id"), ident("session_token"))), oneof="callback_kind"),
        inner(
            "error",
            Message("AuthorizationError", (Field("error"), text("error_description"), text("error_uri"))),
            oneof="callback_kind",
        ),
    ),
    ("callback_kind",),
)
