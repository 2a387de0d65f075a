"""The declaration of the resource type ProjectGrant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from pulumi_zorg.client import Client
from pulumi_zorg.impact import (
    Act,
    Effect,
    Facts,
    Impact,
    Unknown,
    are_shown,
    called,
    count_text,
    lost_role,
    role_keys,
    roles_text,
    switched,
)
from pulumi_zorg.object_events import ORG_REMOVED, ObjectEvents, Parent
from pulumi_zorg.resource_type import FactReader, ResourceType
from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantCalls
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.tokens import type_token

__all__ = ["TYPE", "ProjectGrantType"]


class ProjectGrantImpact(Impact):
    """The sentences about project grants."""

    def roles(self, properties: Mapping[str, Any]) -> tuple[str, ...] | Unknown:
        """Return the roles that the granted organization may give. A deactivation takes none of them away."""
        return role_keys(properties)

    def is_significant(self, effect: Effect) -> bool:
        return super().is_significant(effect) or bool(effect.gains or effect.loses)

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        granted_to = called("organization", effect.properties.get("granted_org_id"))
        organization = facts.names.get("granted_org_id") or granted_to
        project = facts.names.get("project_id") or called("project", effect.properties.get("project_id"))
        grant = f"the grant of {project} to {organization} ({effect.id or 'a new project grant'})"
        counts = facts.counts
        if effect.act is Act.REMOVES:
            along = count_text(counts["grants"], "user grant") if "grants" in counts else "all user grants made by it"
            return (f"removes {grant} and {along}{facts.not_counted}",)
        to_do_that = "to do that, deactivate the user grants or remove the project grant"
        lines = [*switched(effect, grant, f", which takes no role out of any token: {to_do_that}")]
        if are_shown(effect.loses):
            lines += (f"takes {lost_role(key, f'from {grant}', counts.get(key), facts)}" for key in effect.loses)
        else:
            lines.append(f"takes {roles_text(effect.loses)} from {grant}, and from the user grants made by it")
        if effect.gains:
            lines.append(f"lets {organization} give {roles_text(effect.gains)} of {project} to its users")
        return tuple(lines)


class ProjectGrantType(ResourceType[ProjectGrantInputs]):
    """A project grant: it lets an organization give roles of another organization's project to its users."""

    token = type_token("ProjectGrant")
    noun = "project grant"
    inputs = ProjectGrantInputs
    calls: ProjectGrantCalls = ProjectGrantCalls()
    updatable = ("role_keys",)
    address = ("org_id", "project_id")
    created_state = "PROJECT_GRANT_STATE_ACTIVE"
    reference = "project_grant_id"
    read_permission = "project.grant.read"
    limit_suffix = "-project-grants"
    impact = ProjectGrantImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created="project.grant.added",
        removed=("project.grant.removed",),
        changes={
            "role_keys": ("project.grant.changed", "project.grant.cascade.changed"),
            "active": ("project.grant.deactivated", "project.grant.reactivated"),
        },
        payload={"granted_org_id": "grantedOrgId"},
        parents=(
            Parent("project_id", "project", "project.removed", created=("project.added",)),
            Parent("granted_org_id", "granted organization", ORG_REMOVED),
        ),
        payload_id="grantId",
        aggregate="project_id",
    )

    def title(self, inputs: ProjectGrantInputs, id: str) -> str:
        return f"Project grant {id} (project {inputs.project_id}, organization {inputs.granted_org_id})"

    def facts(self, client: Client, reader: FactReader, effect: Effect) -> Facts:
        names = self.names(client, reader, effect, "project_id", "granted_org_id")
        grant_id, project_id = effect.id, effect.properties.get("project_id")
        if grant_id is None or not isinstance(project_id, str):
            return Facts(names=names)
        count = partial(client.counts.grants_of_project, project_id, project_grant=grant_id)
        if effect.act is Act.REMOVES:
            return Facts({"grants": reader.read(count)}, names)
        lost = effect.loses if are_shown(effect.loses) else ()
        return Facts({key: reader.read(partial(count, role=key)) for key in lost}, names)


TYPE = ProjectGrantType()
