"""The declaration of the resource type Project."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import PROJECT_CHANGES
from pulumi_zorg.errors import LockoutRefused, NotFound, PermissionDenied, clean
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.project.calls import ROLE_CHANGES, ProjectCalls, ProjectRecord
from pulumi_zorg.resource_types.project.impact import ProjectImpact
from pulumi_zorg.resource_types.project.inputs import SETTINGS, ProjectInputs
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.resource_types.role_use import take_from_project_grants, take_from_users
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Address
from pulumi_zorg.world.proof import history_of
from pulumi_zorg.world.tokens import type_token


class ProjectType(ResourceType[ProjectInputs]):
    """A project: an application's roles, and who has them."""

    token = type_token("Project")
    inputs = ProjectInputs
    calls: ProjectCalls = ProjectCalls()
    updatable = ("name", "roles", *SETTINGS)
    set_after_create = ("roles",)
    server_defaults = tuple(SETTINGS)
    address = ("org_id",)
    reference = "project_id"
    gives_roles = "roles"
    read_permission = "project.read"
    counted = ("grants", "project_grants")
    impact = ProjectImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created=("project.added",),
        removed=("project.removed",),
        changes={
            "name": ("project.changed",),
            "roles": ROLE_CHANGES,
            "active": ("project.deactivated", "project.reactivated"),
            **dict.fromkeys(SETTINGS, ("project.changed",)),
        },
        payload={"name": "name", **SETTINGS},
        not_listed=("roles",),
        log=PROJECT_CHANGES,
    )

    def as_written(self, name: str, value: Any) -> Any:
        """Return an input in the form in which a person writes it: a role without a group is its display name."""
        if name != "roles":
            return value
        return {key: role if role["group"] else role["display_name"] for key, role in value.items()}

    def why_id_taken(self, client: Client, inputs: ProjectInputs) -> str | None:
        taken = super().why_id_taken(client, inputs)
        if taken is not None or inputs.custom_id is None or not inputs.roles:
            return taken
        kept = set[str]()
        for event in history_of(client, inputs.custom_id, ROLE_CHANGES) or ():
            change = kept.discard if event.kind == "project.role.removed" else kept.add
            change(str(event.payload.get("key", "")))
        keys = ", ".join(clean(key) for key in sorted(kept & inputs.roles.keys()))
        if not keys:
            return None
        return (
            f"custom_id declares {clean(inputs.custom_id)}, which was the id of a project that was removed with the roles {keys}. ZITADEL "
            "refuses to add them to a project with that id."
        )

    def owner_of_id(self, client: Client, id: str) -> str | None:
        with suppress(NotFound, PermissionDenied):
            return self.calls.read_v2(client, id).org_id
        return None

    def title(self, inputs: ProjectInputs, id: str) -> str:
        return f"Project {inputs.name!r} ({id})"

    def guard(self, client: Client, id: str, inputs: ProjectInputs, step: Step) -> None:
        """Refuse every change of ZITADEL's own project, to which everybody logs in who manages the instance."""
        if step.action is not Action.REACTIVATE and id == client.own_project:
            raise LockoutRefused(
                f"{self.title(inputs, id)} is ZITADEL's own project, and no resource changes or removes it: everybody who manages the "
                "instance logs in to its applications. Nothing was done. Change it in the console. To take the resource out of the "
                "stack, run `pulumi state delete`."
            )

    def explain_conflict(self, client: Client, inputs: ProjectInputs) -> str | None:
        removed = super().explain_conflict(client, inputs)
        if removed is None:
            for taken in self.calls.named_like(client, inputs):
                return f"{_named_like(taken)} Declare it by that name, with adopt=True, or declare another name."
        return removed

    def why_taken(self, client: Client, id: str, inputs: ProjectInputs) -> str | None:
        address = Address({"org_id": inputs.org_id}, frozenset({"roles"}))
        for each in self.calls.named_like(client, inputs):
            # A list may lag: the project may be removed, or have another name by now.
            found = self.find_visible(client, each.id, address) if each.id != id else None
            if found is not None and str(found.properties["name"]).lower() == inputs.name.lower():
                return f"{_named_like(each)} Declare another name, or rename or remove that one first."
        return None

    def settle(self, client: Client, id: str, inputs: ProjectInputs, known: Mapping[str, Any]) -> None:
        """Verify that no project grant and no user grant has the roles that the project lost."""
        lost = self.lost_roles(client, id, inputs, known)
        if lost and inputs.roles is not None:
            title = self.title(inputs, id)
            granted_to = take_from_project_grants(client, title, inputs.org_id, id, lost, inputs.roles)
            take_from_users(client, title, id, lost, [inputs.org_id, *granted_to])


def _named_like(taken: ProjectRecord) -> str:
    """Return that a project has a name, as a sentence. ZITADEL keeps names unique whatever their upper and lower case."""
    return (
        f"ZITADEL ignores upper and lower case in the names of projects, and project {taken.id} of that organization is "
        f"named {clean(taken.name)!r}."
    )


TYPE = ProjectType()
