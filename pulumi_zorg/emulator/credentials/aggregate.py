"""Keys and personal access tokens of service accounts: their transitions. Their events belong to the user's aggregate."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState
from pulumi_zorg.emulator.eventstore.events import Event, parse_timestamp
from pulumi_zorg.emulator.eventstore.store import EventStore


@dataclass
class MachineKey(AggregateState):
    """The state of a public key of a service account. `expires` is in microseconds since 1970."""

    public_key: str = ""
    expires: int = 0

    def transition(self, event: Event) -> None:
        """Apply an event of the key, or of its user."""
        match event.type:
            case "user.machine.key.added":
                self.state, self.public_key = "ACTIVE", event.get("publicKey")
                self.expires = parse_timestamp(event.get("expirationDate"))
            case "user.machine.key.removed" | "user.removed":
                self.state = "REMOVED"


@dataclass
class PersonalAccessToken(AggregateState):
    """The state of a personal access token.

    Deactivating or locking the user makes the token `INACTIVE` for good: it stays in the lists and is refused.
    """

    scopes: list[str] = field(default_factory=list)
    expires: int = 0

    def transition(self, event: Event) -> None:
        """Apply an event of the token, or of its user."""
        match event.type:
            case "user.pat.added":
                self.state, self.scopes = "ACTIVE", event.get("scopes", [])
                self.expires = parse_timestamp(event.get("expiration"))
            case "user.deactivated" | "user.locked":
                self.state = "INACTIVE"
            case "user.pat.removed" | "user.removed":
                self.state = "REMOVED"


def credential_exists(
    store: EventStore, user_id: str, owner: str, credential: MachineKey | PersonalAccessToken, credential_id: str
) -> bool:
    """Whether a credential was added and not removed. With an owner, only events of that resource owner count.

    :param credential: an empty state of the kind that is looked for.
    """
    id_field = "keyId" if isinstance(credential, MachineKey) else "tokenId"
    for event in store.aggregate("user", user_id):
        if owner in ("", event.resource_owner) and (
            event.type == "user.removed" or event.get(id_field) == credential_id
        ):
            credential.transition(event)
    return credential.state == "ACTIVE"
