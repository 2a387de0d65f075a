"""Project grants: transitions and the write model. Their events belong to the project's aggregate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, Unique

if TYPE_CHECKING:
    from pulumi_zorg.emulator.instance import Instance


@dataclass
class ProjectGrant(AggregateState):
    """The state of a project grant."""

    granted_org_id: str = ""
    role_keys: list[str] = field(default_factory=list)

    def transition(self, event: Event) -> None:
        """Apply an event of the grant, or of its project."""
        match event.type:
            case "project.grant.added":
                self.state, self.granted_org_id = "ACTIVE", event.get("grantedOrgId")
                self.role_keys = event.get("roleKeys", [])
            case "project.grant.changed" | "project.grant.cascade.changed":
                self.role_keys = event.get("roleKeys", [])
            case "project.grant.deactivated":
                self.state = "INACTIVE"
            case "project.grant.reactivated":
                self.state = "ACTIVE"
            case "project.grant.removed":
                self.state = "REMOVED"
            case "project.removed":
                self.state, self.role_keys = "REMOVED", []
            case "project.added":
                self.state, self.role_keys = "", []


class ProjectGrantWriteModel(WriteModel, ProjectGrant):
    """A project grant as commands see it.

    It is found by its id, or by the organization that the project is granted to. In the second case the latest grant counts.

    The id of a removed grant finds the grant that its organization got afterwards, as on a real server of July 2026. So what names the
    old id changes or removes the new grant.

    :ivar named: the id that it was named by; empty where the organization names it.
    """

    aggregate_type = "project"
    types = frozenset(
        {
            "project.added",
            "project.removed",
            *(
                f"project.grant.{name}"
                for name in ("added", "changed", "cascade.changed", "deactivated", "reactivated", "removed")
            ),
        }
    )

    def __init__(
        self, instance: Instance, project_id: str, owner: str, grant_id: str, granted_org_id: str = ""
    ) -> None:
        self.grant_id = self.named = grant_id
        self._found_by_org = granted_org_id
        self._cascades_count = instance.profile.details_follow_cascades
        super().__init__(instance.store, project_id, owner)

    def accepts(self, event: Event) -> bool:
        """Events of other grants do not count. Cascades on other aggregates count if the server's profile says so."""
        if event.type == "project.grant.added":
            org_id = self._found_by_org or self.granted_org_id
            same_org = bool(org_id) and event.get("grantedOrgId") == org_id
            return same_org or bool(event.get("grantId") == self.grant_id)
        if event.type.startswith("project.grant."):
            return bool(event.get("grantId") == self.grant_id)
        return self._cascades_count or event.aggregate_id == self.id

    def transition(self, event: Event) -> None:
        """Apply an event, and take over the id of a new grant."""
        super().transition(event)
        if event.type == "project.grant.added":
            self.grant_id = event.get("grantId")

    @property
    def unique(self) -> Unique:
        """The release of the unique constraint: a project can be granted to an organization once."""
        return Unique("project_grant", f"{self.granted_org_id}:{self.id}")
