"""The declaration of the resource type ProjectGrant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import PROJECT_GRANT_CHANGES
from pulumi_zorg.resource_types.parents import PROJECT
from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantCalls
from pulumi_zorg.resource_types.project_grant.impact import ProjectGrantImpact
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.resource_types.role_use import take_from_users
from pulumi_zorg.world.object_events import ORG_REMOVED, ObjectEvents, Parent
from pulumi_zorg.world.tokens import type_token


class ProjectGrantType(ResourceType[ProjectGrantInputs]):
    """A project grant: it lets an organization give roles of another organization's project to its users."""

    token = type_token("ProjectGrant")
    inputs = ProjectGrantInputs
    calls: ProjectGrantCalls = ProjectGrantCalls()
    updatable = ("role_keys",)
    address = ("org_id", "project_id")
    reference = "project_grant_id"
    gives_roles = "role_keys"
    read_permission = "project.grant.read"
    counted = ("grants",)
    impact = ProjectGrantImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created=("project.grant.added",),
        removed=("project.grant.removed",),
        changes={
            "role_keys": ("project.grant.changed", "project.grant.cascade.changed"),
            "active": ("project.grant.deactivated", "project.grant.reactivated"),
        },
        set_whole={"role_keys": "roleKeys"},
        payload={"granted_org_id": "grantedOrgId"},
        parents=(
            PROJECT,
            Parent("granted_org_id", "granted organization", ORG_REMOVED),
        ),
        payload_id="grantId",
        aggregate="project_id",
        log=PROJECT_GRANT_CHANGES,
    )

    def title(self, inputs: ProjectGrantInputs, id: str) -> str:
        return f"Project grant {id} (project {inputs.project_id}, organization {inputs.granted_org_id})"

    def settle(self, client: Client, id: str, inputs: ProjectGrantInputs, known: Mapping[str, Any]) -> None:
        """Verify that the user grants made by the project grant do not have the roles that it lost."""
        lost = self.lost_roles(client, id, inputs, known)
        if lost:
            title, org_ids = self.title(inputs, id), [inputs.granted_org_id]
            take_from_users(client, title, inputs.project_id, lost, org_ids, grant_id=id)


TYPE = ProjectGrantType()
