"""What changes of projects do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.access.changes import take_roles
from pulumi_zorg.access.instance import Instance, Project
from pulumi_zorg.resource_types.access import AccessModel, flag_of
from pulumi_zorg.resource_types.impact import Effect, active, are_shown
from pulumi_zorg.resource_types.project.impact import checks, stops_asserting, switches


class ProjectAccess(AccessModel):
    """Projects. A new one has no application yet, so nobody can log in to it."""

    collection = "projects"
    counted: ClassVar[Mapping[str, str]] = {"grants": "user_grants", "project_grants": "project_grants"}

    def projects(self, instance: Instance, effect: Effect) -> Collection[str]:
        return () if effect.id is None else (effect.id,)

    def only_of(self, instance: Instance, effect: Effect) -> Collection[str]:
        found, granted = instance.projects.get(effect.id or ""), instance.granted_by.get((effect.id or "",), ())
        if found is None or not found.project_check or effect.properties.get("has_project_check", True) is not True:
            return ()
        return (found.org_id, *(each.org_id for each in granted))

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Project:
        flags = checks(properties)
        return Project(
            id,
            str(properties.get("org_id")),
            str(properties.get("name", "")),
            flag_of(active(properties)),
            flag_of(flags["project_role_check"]),
            flag_of(flags["has_project_check"]),
        )

    def update(self, instance: Instance, found: Project, effect: Effect) -> Instance:
        switched = {name: flag_of(value) for name, value in switches(effect).items()}
        found = replace(
            found,
            role_check=switched.get("project_role_check", found.role_check),
            project_check=switched.get("has_project_check", found.project_check),
        )
        instance = instance.having(self.collection, found)
        if not effect.loses:
            return instance
        return take_roles(instance, effect.loses if are_shown(effect.loses) else None, project_id=found.id)

    def why_not_known(self, effect: Effect) -> str | None:
        if stops_asserting(effect):
            return "which applications ask for the roles with a scope is not known"
        return super().why_not_known(effect)


ACCESS = ProjectAccess()
