"""Applications of projects (OIDC and API): transitions and the write model. Their events belong to the project's aggregate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.store import EventStore

_CONFIG = "project.application.config."


@dataclass
class Application(AggregateState):
    """The state of an application.

    :param kind: `oidc` or `api`, and empty until it is configured.
    :param config: the payload of the event that configured it.
    """

    name: str = ""
    kind: str = ""
    client_id: str = ""
    secret: str = ""
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def by_secret(self) -> bool:
        """Whether the client authenticates with its secret. It can have one without that."""
        return self.config.get("authMethodType", 0) in (0, 1)

    def transition(self, event: Event) -> None:
        """Apply an event of the application, or the removal of its project."""
        match event.type:
            case "project.application.added":
                self.state, self.name = "ACTIVE", event.get("name")
            case "project.application.config.oidc.added" | "project.application.config.api.added":
                self.kind = event.type.split(".")[3]
                self.client_id, self.secret = event.get("clientId"), event.get("hashedSecret", "")
                self.config = dict(event.payload or {})
            case "project.application.config.oidc.secret.changed" | "project.application.config.api.secret.changed":
                self.secret = event.get("hashedSecret")
            case "project.application.deactivated":
                self.state = "INACTIVE"
            case "project.application.reactivated":
                self.state = "ACTIVE"
            case "project.application.removed" | "project.removed":
                self.state = "REMOVED"


class ApplicationWriteModel(WriteModel, Application):
    """An application as commands see it."""

    aggregate_type = "project"
    types = frozenset(
        {
            "project.removed",
            *(f"project.application.{name}" for name in ("added", "deactivated", "reactivated", "removed")),
            *(f"{_CONFIG}{kind}.{name}" for kind in ("oidc", "api") for name in ("added", "secret.changed")),
        }
    )

    def __init__(self, store: EventStore, project_id: str, owner: str, app_id: str) -> None:
        self.app_id = app_id
        super().__init__(store, project_id, owner)

    def accepts(self, event: Event) -> bool:
        """Only events of this application count, and the removal of its project."""
        return event.type == "project.removed" or event.get("appId") == self.app_id
