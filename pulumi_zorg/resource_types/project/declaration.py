"""The declaration of the resource type Project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.impact import Act, Effect, Facts, are_shown
from pulumi_zorg.object_events import ObjectEvents
from pulumi_zorg.resource_type import FactReader, Observed, ResourceType
from pulumi_zorg.resource_types.project.calls import ProjectCalls
from pulumi_zorg.resource_types.project.impact import WITH_ROLE, ProjectImpact
from pulumi_zorg.resource_types.project.inputs import ProjectInputs
from pulumi_zorg.tokens import type_token

__all__ = ["TYPE", "ProjectType"]

#: The flags, and the names that the API has for them.
_FLAGS = {
    "project_role_assertion": "projectRoleAssertion",
    "project_role_check": "projectRoleCheck",
    "has_project_check": "hasProjectCheck",
    "private_labeling_setting": "privateLabelingSetting",
}


class ProjectType(ResourceType[ProjectInputs]):
    """A project: an application's roles, and who has them."""

    token = type_token("Project")
    noun = "project"
    inputs = ProjectInputs
    calls: ProjectCalls = ProjectCalls()
    updatable = ("name", "roles", *_FLAGS)
    set_after_create = ("roles",)
    address = ("org_id",)
    created_state = "PROJECT_STATE_ACTIVE"
    reference = "project_id"
    read_permission = "project.read"
    limit_suffix = "-projects"
    impact = ProjectImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created="project.added",
        removed=("project.removed",),
        changes={
            "name": ("project.changed",),
            "roles": ("project.role.added", "project.role.changed", "project.role.removed"),
            "active": ("project.deactivated", "project.reactivated"),
            **dict.fromkeys(_FLAGS, ("project.changed",)),
        },
        payload={"name": "name", **_FLAGS},
    )

    def as_written(self, name: str, value: Any) -> Any:
        """Return an input in the form in which a person writes it: a role without a group is its display name."""
        if name != "roles":
            return value
        return {key: role if role["group"] else role["display_name"] for key, role in value.items()}

    def title(self, inputs: ProjectInputs, id: str) -> str:
        return f"Project {inputs.name!r} ({id})"

    def explain_conflict(self, client: Client, inputs: ProjectInputs) -> str | None:
        removed = super().explain_conflict(client, inputs)
        if removed is not None:
            return removed
        # ZITADEL keeps project names unique whatever their upper and lower case.
        taken = next(iter(self.calls.named_like(client, inputs)), None)
        if taken is None:
            return None
        return (
            f"ZITADEL ignores upper and lower case in the names of projects, and project {taken.id} of that organization is "
            f"named {clean(taken.name)!r}. Declare it by that name, with adopt=True, or declare another name."
        )

    def as_created(self, client: Client, id: str, inputs: ProjectInputs) -> Observed | None:
        """A new project has no roles; the declared ones are added next."""
        without_roles = inputs if inputs.roles is None else replace(inputs, roles={})
        return super().as_created(client, id, without_roles)

    def is_listed(self, client: Client, id: str, known: Mapping[str, Any]) -> bool | None:
        if super().is_listed(client, id, known):
            return True
        try:
            return any(each.id == id for each in self.calls.list_ids(client, [id]))
        except (ApiError, UnexpectedAnswer):  # older servers do not have that list
            return False

    def facts(self, client: Client, reader: FactReader, effect: Effect) -> Facts:
        if effect.id is None:
            return Facts(why_not="its id is not known yet")
        project_id, org_id, counts = effect.id, str(effect.properties.get("org_id")), client.counts
        if effect.act is Act.REMOVES:
            found = {
                "grants": reader.read(lambda: counts.grants_of_project(project_id)),
                "project_grants": reader.read(lambda: counts.project_grants(org_id, project_id)),
            }
            return Facts(found)
        removed = effect.loses if are_shown(effect.loses) else ()
        return Facts(
            {WITH_ROLE + key: reader.read(partial(counts.grants_of_project, project_id, role=key)) for key in removed}
        )


TYPE = ProjectType()
