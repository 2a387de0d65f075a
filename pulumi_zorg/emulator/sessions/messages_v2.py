"""The request messages of sessions in the v2 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import ident, ids, inner, single
from pulumi_zorg.emulator.http.schema import Field, Message

_CHECKS = inner(
    "checks",
    Message(
        "Checks",
        (
            inner(
                "user",
                Message(
                    "CheckUser",
                    (
                        Field("user_id", min_length=1, max_length=200, oneof="search"),
                        Field("login_name", min_length=1, max_length=200, oneof="search"),
                    ),
                    ("search",),
                ),
            ),
            inner("password", single("CheckPassword", ident("password"))),
        ),
    ),
)
CREATE_SESSION = Message("CreateSessionRequest", (_CHECKS,))
SET_SESSION = Message("SetSessionRequest", (ident("session_id"), Field("session_token", optional=True), _CHECKS))
GET_SESSION = ids("GetSessionRequest", "session_id")
DELETE_SESSION = Message("DeleteSessionRequest", (ident("session_id"), Field("session_token", optional=True)))
