"""Sessions: their transitions and the write model. They have no read model: reads use the write model."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event


@dataclass
class Session(AggregateState):
    """The state of a session.

    :param token_id: the id of its present token.
    :param checked: when the user was checked for the last time, in microseconds since 1970.
    :param password: whether the password was checked.
    """

    user_id: str = ""
    user_owner: str = ""
    token_id: str = ""
    checked: int = 0
    password: bool = False

    def transition(self, event: Event) -> None:
        """Apply an event of the session."""
        match event.type:
            case "session.added":
                self.state = "ACTIVE"
            case "session.terminated":
                self.state = "REMOVED"
            case "session.user.checked":
                self.user_id, self.user_owner = event.get("userID"), event.get("userResourceOwner")
                self.checked = event.created_at
            case "session.password.checked":
                self.password, self.checked = True, event.created_at
            case "session.token.set":
                self.token_id = event.get("tokenID")


class SessionWriteModel(WriteModel, Session):
    """A session, which the instance owns."""

    aggregate_type = "session"
    types = frozenset(
        {"session.added", "session.user.checked", "session.password.checked", "session.token.set", "session.terminated"}
    )
