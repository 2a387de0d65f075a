"""What changes of project grants do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from pulumi_zorg.access.changes import take_roles
from pulumi_zorg.access.instance import Instance, ProjectGrant
from pulumi_zorg.resource_types.access import AccessModel, flag_of, named
from pulumi_zorg.resource_types.impact import Effect, active, are_shown


class ProjectGrantAccess(AccessModel):
    """Project grants. There is one for each project and organization, which the lists of the model do not show by its id."""

    collection = "project_grants"
    counted: ClassVar[Mapping[str, str]] = {"grants": "user_grants"}

    def projects(self, instance: Instance, effect: Effect) -> Collection[str]:
        return named(effect, "project_id")

    def only_of(self, instance: Instance, effect: Effect) -> Collection[str]:
        return named(effect, "granted_org_id")

    def model_id(self, id: str, properties: Mapping[str, Any]) -> str:
        return f"{properties.get('project_id')}:{properties.get('granted_org_id')}"

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> ProjectGrant:
        project_id, org_id = str(properties.get("project_id")), str(properties.get("granted_org_id"))
        return ProjectGrant(id, project_id, org_id, flag_of(active(properties)))

    def create(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Instance:
        found = self.as_object(instance, self.model_id(id, properties), properties)
        return instance.having(self.collection, found)

    def update(self, instance: Instance, found: ProjectGrant, effect: Effect) -> Instance:
        if not effect.loses:
            return instance
        roles = effect.loses if are_shown(effect.loses) else None
        return take_roles(instance, roles, project_id=found.project_id, project_grant_id=found.id)


ACCESS = ProjectGrantAccess()
