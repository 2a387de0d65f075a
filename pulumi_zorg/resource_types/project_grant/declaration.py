"""The declaration of the resource type ProjectGrant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import PROJECT_CHANGES, PROJECT_GRANT_CHANGES
from pulumi_zorg.resource_types.impact import Act, Effect, Facts, are_shown
from pulumi_zorg.resource_types.logins import facts_of_lost_roles, read_login, read_logins
from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantCalls
from pulumi_zorg.resource_types.project_grant.impact import DECIDES, LET_IN, ProjectGrantImpact, changes_login
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.resource_type import FactReader, ResourceType
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
    created_state = "PROJECT_GRANT_STATE_ACTIVE"
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
            Parent("project_id", "project", "project.removed", created=("project.added",), log=PROJECT_CHANGES),
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

    def facts(self, client: Client, reader: FactReader, effect: Effect) -> Facts:
        names = self.names(client, reader, effect, "project_id", "granted_org_id")
        project_id = effect.properties.get("project_id")
        if not isinstance(project_id, str):
            return Facts(names=names)
        grants = partial(client.access.grants, project_id=project_id, project_grant_id=effect.id)
        reads = {key: partial(grants, role=key) for key in effect.loses}
        if effect.act is Act.REMOVES:
            reads = {"grants": grants}
        elif effect.id is None or not are_shown(effect.loses):
            reads = {}
        facts = facts_of_lost_roles(reader, effect.id, reads)
        if changes_login(effect):
            facts |= self._facts_of_login(client, reader, effect, project_id)
        return replace(facts, names=names)

    def _facts_of_login(self, client: Client, reader: FactReader, effect: Effect, project_id: str) -> Facts:
        """Return whether the project grant decides about logins, and how many people it lets in."""
        access, org_id = client.access, effect.properties.get("granted_org_id")
        login, why = read_login(access, reader, project_id)
        if login is None:
            return Facts(why_not=why)
        if not (login.project_check and login.active):
            return Facts({DECIDES: 0})
        if not isinstance(org_id, str):
            return Facts({DECIDES: 1})
        if login.role_check:
            logins = read_logins(access, reader, project_id, login, members=False)
            why, people, grants = logins.why_not, logins.people, logins.grants or ()
            let_in = {each.user_id for each in grants if each.active and each.user_org == org_id}
            people = None if people is None else people & let_in
        else:
            users, why = reader.attempt(("users of", org_id), partial(access.users, org_id))
            people = users.people if users is not None and users.complete else None
        return Facts({DECIDES: 1, **({} if people is None else {LET_IN: len(people)})}, why_not=why)


TYPE = ProjectGrantType()
