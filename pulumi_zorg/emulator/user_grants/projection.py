"""The read model of user grants, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.user_grants.aggregate import UserGrant

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class UserGrantReadModel(UserGrant, ReadModel):
    """An authorization of a user on a project."""

    user_owner: str = field(kw_only=True)
    project_owner: str = field(kw_only=True)
    granted_org: str = field(kw_only=True)


@on("user.grant.added", updates="user_grants")
def _added(read_models: ReadModels, event: Event) -> None:
    project_id, project_grant_id = event.get("projectId"), event.get("grantId", "")
    granted_org = read_models.granted_org_of.get((project_id, project_grant_id), "")
    if project_grant_id and not granted_org:
        # The project grant does not exist. The real projection fails on such a grant and skips it after some attempts, so
        # no read ever finds it.
        return
    grant = UserGrantReadModel.from_event(
        event,
        user_owner=read_models.owner_of.get(event.get("userId"), ""),
        project_owner=read_models.owner_of.get(project_id, ""),
        granted_org=granted_org,
    )
    grant.transition(event)
    read_models.user_grants.put(grant.id, grant)


@on(
    "user.grant.changed",
    "user.grant.cascade.changed",
    "user.grant.deactivated",
    "user.grant.reactivated",
    updates="user_grants",
)
def _changed(read_models: ReadModels, event: Event) -> None:
    grant = read_models.user_grants.get(event.aggregate_id)
    if grant is not None:
        grant.transition(event)
        grant.touch(event)


@on("user.grant.removed", "user.grant.cascade.removed", updates="user_grants")
def _removed(read_models: ReadModels, event: Event) -> None:
    read_models.user_grants.delete(event.aggregate_id)
