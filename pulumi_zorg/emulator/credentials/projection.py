"""The read models of keys and personal access tokens, and the projections of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.credentials.aggregate import MachineKey, PersonalAccessToken
from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class KeyReadModel(MachineKey, ReadModel):
    """A public key of a service account."""

    user_id: str = field(kw_only=True)


@dataclass
class TokenReadModel(PersonalAccessToken, ReadModel):
    """A personal access token."""

    user_id: str = field(kw_only=True)


@on("user.machine.key.added", updates="keys")
def _key_added(read_models: ReadModels, event: Event) -> None:
    key = KeyReadModel.from_event(event, event.get("keyId"), user_id=event.aggregate_id)
    key.transition(event)
    read_models.keys.put(key.id, key)


@on("user.machine.key.removed", updates="keys")
def _key_removed(read_models: ReadModels, event: Event) -> None:
    read_models.keys.delete(event.get("keyId"))


@on("user.pat.added", updates="pats")
def _token_added(read_models: ReadModels, event: Event) -> None:
    token = TokenReadModel.from_event(event, event.get("tokenId"), user_id=event.aggregate_id)
    token.transition(event)
    read_models.pats.put(token.id, token)


@on("user.deactivated", "user.locked", updates="pats")
def _user_disabled(read_models: ReadModels, event: Event) -> None:
    for token in read_models.pats.where("user_id", event.aggregate_id):
        token.transition(event)


@on("user.pat.removed", updates="pats")
def _token_removed(read_models: ReadModels, event: Event) -> None:
    read_models.pats.delete(event.get("tokenId"))
