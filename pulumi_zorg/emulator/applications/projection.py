"""The read model of applications, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.applications.aggregate import Application
from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels

_NAME = "project.application."


@dataclass
class ApplicationReadModel(Application, ReadModel):
    """An application. A removed one has no read model."""

    project_id: str = field(kw_only=True)


@on(_NAME + "added", updates="applications")
def _added(read_models: ReadModels, event: Event) -> None:
    app = ApplicationReadModel.from_event(event, event.get("appId"), project_id=event.aggregate_id)
    app.transition(event)
    read_models.applications.put(app.id, app)


@on(
    *(f"{_NAME}config.{kind}.{name}" for kind in ("oidc", "api") for name in ("added", "secret.changed")),
    _NAME + "deactivated",
    _NAME + "reactivated",
    updates="applications",
)
def _changed(read_models: ReadModels, event: Event) -> None:
    app = read_models.applications.get(event.get("appId"))
    if app is not None:
        app.transition(event)
        app.touch(event)


@on(_NAME + "removed", updates="applications")
def _removed(read_models: ReadModels, event: Event) -> None:
    read_models.applications.delete(event.get("appId"))
