"""The read model of organizations, and the projection of their events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.organizations.aggregate import Organization

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class OrganizationReadModel(Organization, ReadModel):
    """An organization. A removed one has no read model."""

    @classmethod
    def from_history(cls, events: Iterable[Event]) -> OrganizationReadModel | None:
        """Build an organization from all its events, as reads by id do. A removed one has the state `REMOVED`.

        Unlike in the projection, every event of the aggregate counts for `sequence` and `changed`, members included.
        """
        org: OrganizationReadModel | None = None
        for event in events:
            if org is None:
                org = cls.from_event(event)
            if event.type == "org.added":
                org.created = event.created_at
            org.transition(event)
            org.touch(event)
        return org


@on("org.added", updates="orgs")
def _added(read_models: ReadModels, event: Event) -> None:
    org = OrganizationReadModel.from_event(event)
    org.transition(event)
    read_models.orgs.put(org.id, org)


@on("org.changed", "org.deactivated", "org.reactivated", "org.domain.primary.set", updates="orgs")
def _changed(read_models: ReadModels, event: Event) -> None:
    org = read_models.orgs.get(event.aggregate_id)
    if org is not None:
        org.transition(event)
        org.touch(event)
        read_models.orgs.move_to_end(org.id)


@on("org.domain.added", "org.domain.verified", "org.domain.removed", "org.policy.domain.added", updates="")
def _domain_changed(read_models: ReadModels, event: Event) -> None:
    org = read_models.orgs.get(event.aggregate_id)
    if org is not None:
        org.transition(event)


@on(
    "org.removed",
    updates=(
        "orgs users projects applications roles project_grants user_grants members user_metadata org_metadata keys pats"
    ),
)
def _removed(read_models: ReadModels, event: Event) -> None:
    """Delete the organization with all that belongs to it. ZITADEL writes no events for these."""
    org_id = event.aggregate_id
    read_models.orgs.delete(org_id)
    for user in read_models.users.where("owner", org_id):
        read_models.delete_user(user.id)
    read_models.projects.delete_where("owner", org_id)
    read_models.applications.delete_where("owner", org_id)
    read_models.roles.delete_where("owner", org_id)
    read_models.project_grants.delete_where("owner", org_id)
    read_models.project_grants.delete_where("granted_org_id", org_id)
    for index in ("owner", "user_owner", "project_owner", "granted_org"):
        read_models.user_grants.delete_where(index, org_id)
    for index in ("owner", "user_owner", "granted_org"):
        read_models.members.delete_where(index, org_id)
    read_models.user_metadata.delete_where("owner", org_id)
    read_models.org_metadata.delete_where("id", org_id)
    read_models.keys.delete_where("owner", org_id)
    read_models.pats.delete_where("owner", org_id)
