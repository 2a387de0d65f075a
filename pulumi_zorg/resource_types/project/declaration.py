"""The declaration of the resource type Project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pulumi_zorg.api.access import Login
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import PROJECT_CHANGES
from pulumi_zorg.errors import LockoutRefused, clean
from pulumi_zorg.resource_types.impact import Act, Effect, Facts, active, are_shown
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.logins import Logins, counts_of, facts_of_lost_roles, read_logins
from pulumi_zorg.resource_types.project import impact as project_impact
from pulumi_zorg.resource_types.project.calls import ROLE_CHANGES, ProjectCalls, ProjectRecord
from pulumi_zorg.resource_types.project.inputs import SETTINGS, ProjectInputs
from pulumi_zorg.resource_types.resource_type import FactReader, ResourceType
from pulumi_zorg.resource_types.role_use import take_from_project_grants, take_from_users
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Address, Observed
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
    created_state = "PROJECT_STATE_ACTIVE"
    reference = "project_id"
    gives_roles = "roles"
    read_permission = "project.read"
    counted = ("grants", "project_grants")
    impact = project_impact.ProjectImpact()
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
        log=PROJECT_CHANGES,
    )

    def as_written(self, name: str, value: Any) -> Any:
        """Return an input in the form in which a person writes it: a role without a group is its display name."""
        if name != "roles":
            return value
        return {key: role if role["group"] else role["display_name"] for key, role in value.items()}

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

    def as_created(self, client: Client, id: str, inputs: ProjectInputs) -> Observed | None:
        """A new project has no roles; the declared ones are added next."""
        made = super().as_created(client, id, inputs if inputs.roles is None else replace(inputs, roles={}))
        return None if made is None else replace(made, properties={**inputs.left_as_is, **made.properties})

    def settle(self, client: Client, id: str, inputs: ProjectInputs, known: Mapping[str, Any]) -> None:
        """Verify that no project grant and no user grant has the roles that the project lost."""
        lost = self.lost_roles(client, id, inputs, known)
        if lost and inputs.roles is not None:
            title = self.title(inputs, id)
            granted_to = take_from_project_grants(client, title, inputs.org_id, id, lost, inputs.roles)
            take_from_users(client, title, id, lost, [inputs.org_id, *granted_to])

    def facts(self, client: Client, reader: FactReader, effect: Effect) -> Facts:
        if effect.id is None:
            return Facts(why_not="its id is not known yet")
        org_id = str(effect.properties.get("org_id"))
        if effect.act is Act.REMOVES:
            return self._facts_of_removal(client, reader, effect, org_id)
        grants = partial(client.access.grants, project_id=effect.id)
        lost = effect.loses if are_shown(effect.loses) else ()
        facts = facts_of_lost_roles(
            reader, effect.id, {project_impact.WITH_ROLE + key: partial(grants, role=key) for key in lost}
        )
        switched = project_impact.switches(effect)
        if effect.act is Act.DEACTIVATES or switched:
            logins = self._logins(client, reader, effect, org_id)
            if logins is None:
                return Facts(facts.counts, why_not="a setting of it is not known")
            after = _login(logins.login, {name: value is not False for name, value in switched.items()})
            facts |= Facts(_counts(logins, after), why_not=logins.why_not)
        return facts

    def _facts_of_removal(self, client: Client, reader: FactReader, effect: Effect, org_id: str) -> Facts:
        project_id, access, found = effect.id or "", client.access, dict[str, int]()
        grants, why = reader.attempt(("grants on", project_id), lambda: access.grants(project_id=project_id))
        if grants is not None:
            found["grants"] = grants.total
            shared, why = reader.attempt(("project grants", org_id), lambda: access.project_grants(org_id))
            if shared is not None and shared.complete:
                found["project_grants"] = sum(each.project_id == project_id for each in shared.entries)
        return Facts(found, why_not=why)

    def _logins(self, client: Client, reader: FactReader, effect: Effect, org_id: str) -> Logins | None:
        """Return who can log in before the change; None where a setting is not known."""
        before, project_id = effect.before or {}, effect.id or ""
        known = {name: value for name, value in project_impact.checks(before).items() if isinstance(value, bool)}
        if len(known) < len(project_impact.CHECKS):
            return None
        login = _login(Login(org_id, active(before) is not False, role_check=False, project_check=False), known)
        members = effect.act is Act.DEACTIVATES
        return read_logins(client.access, reader, project_id, login, members=members)


def _login(login: Login, values: Mapping[str, bool]) -> Login:
    """Return the settings with other values of the checks."""
    role_check = values.get("project_role_check", login.role_check)
    return replace(login, role_check=role_check, project_check=values.get("has_project_check", login.project_check))


def _counts(logins: Logins, after: Login) -> dict[str, int]:
    """Return the counts about a deactivation, or about a switch of the checks to these settings."""
    counts, outside = counts_of([logins]), 0
    if logins.grants is None or logins.people is None:
        return counts
    active = {each.user_id: each.user_org for each in logins.grants if each.active and each.user_id in logins.people}
    inactive = {each.user_id for each in logins.grants if each.user_id in logins.people} - active.keys()
    counts[project_impact.INACTIVE] = len(inactive)
    if logins.inside is not None:
        outside = sum(org_id not in logins.inside for org_id in active.values())
        counts[project_impact.OUTSIDE] = outside
    if logins.inside is not None or not after.project_check:
        counts[project_impact.LET_IN] = len(active) - (outside if after.project_check else 0)
    return counts


def _named_like(taken: ProjectRecord) -> str:
    """Return that a project has a name, as a sentence. ZITADEL keeps names unique whatever their upper and lower case."""
    return (
        f"ZITADEL ignores upper and lower case in the names of projects, and project {taken.id} of that organization is "
        f"named {clean(taken.name)!r}."
    )


TYPE = ProjectType()
