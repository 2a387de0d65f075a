"""Authorization requests: the logins that an application has started. Transitions, and the write model.

They have no read model: the login reads them by id.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event


@dataclass
class AuthRequest(AggregateState):
    """The state of an authorization request: `ADDED`, `LINKED` with a session, `CODE` when it has a code, then `HANDLED`."""

    client_id: str = ""
    redirect_uri: str = ""
    client_state: str = ""
    scopes: list[str] = field(default_factory=list)
    audience: list[str] = field(default_factory=list)
    challenge: str = ""
    challenge_method: str = ""
    session_id: str = ""
    user_id: str = ""
    auth_time: int = 0

    def transition(self, event: Event) -> None:
        """Apply an event of the request."""
        match event.type:
            case "auth_request.added":
                self.state = "ADDED"
                self.client_id, self.redirect_uri = event.get("clientId"), event.get("redirectUri")
                self.client_state, self.scopes = event.get("state", ""), event.get("scope")
                self.audience = event.get("audience")
                challenge = event.get("codeChallenge", {})
                self.challenge, self.challenge_method = challenge.get("Challenge", ""), challenge.get("Method", "")
            case "auth_request.session.linked":
                self.state = "LINKED"
                self.session_id, self.user_id = event.get("sessionId"), event.get("userId")
                self.auth_time = event.get("authTime")
            case "auth_request.code.added":
                self.state = "CODE"
            case "auth_request.code.exchanged" | "auth_request.failed" | "auth_request.succeeded":
                self.state = "HANDLED"


class AuthRequestWriteModel(WriteModel, AuthRequest):
    """An authorization request, which the instance owns."""

    aggregate_type = "auth_request"
    types = frozenset(
        f"auth_request.{name}"
        for name in ("added", "session.linked", "code.added", "code.exchanged", "failed", "succeeded")
    )
