"""The declaration of the resource type Organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import LockoutRefused, clean
from pulumi_zorg.impact import Act, Effect, Facts
from pulumi_zorg.lifecycle import Action, Step
from pulumi_zorg.models import OrganizationRecord
from pulumi_zorg.object_events import ORG_REMOVED, ObjectEvents
from pulumi_zorg.proof import Removal, find_organization
from pulumi_zorg.resource_type import FactReader, ResourceType
from pulumi_zorg.resource_types.organization.calls import OrganizationCalls, with_domain_of
from pulumi_zorg.resource_types.organization.impact import OrganizationImpact
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.tokens import type_token

__all__ = ["TYPE", "OrganizationType"]


class OrganizationType(ResourceType[OrganizationInputs]):
    """An organization: a tenant, with its own users, projects and grants."""

    token = type_token("Organization")
    noun = "organization"
    inputs = OrganizationInputs
    calls = OrganizationCalls()
    updatable = ("name",)
    reference = "org_id"
    gives_access = True
    read_permission = "org.read"
    limit_suffix = ""
    impact = OrganizationImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created="org.added",
        removed=(ORG_REMOVED,),
        changes={
            "name": ("org.changed",),
            "active": ("org.deactivated", "org.reactivated"),
            "primary_domain": ("org.domain.primary.set",),
        },
        payload={"name": "name"},
    )

    def title(self, inputs: OrganizationInputs, id: str) -> str:
        return f"Organization {inputs.name!r} ({id})"

    def find_record(self, client: Client, id: str, known: Mapping[str, Any]) -> OrganizationRecord | Removal:
        return find_organization(client, id)

    def explain_conflict(self, client: Client, inputs: OrganizationInputs) -> str | None:
        """The server makes a domain of the name, and refuses the name where another organization has that domain."""
        taken = with_domain_of(client, inputs.name)
        if not taken:
            return None
        owners = ", ".join(f"organization {clean(each.name)!r} ({each.id})" for each in taken)
        return (
            f"No organization has that name, but the domain that ZITADEL makes from it ({clean(taken[0].primary_domain)}) "
            f"belongs to {owners}. Declare a name that differs in its letters or digits."
        )

    def guard(self, client: Client, id: str, inputs: OrganizationInputs, step: Step) -> None:
        if step.action in (Action.DEACTIVATE, Action.REMOVE) and not inputs.allow_lockout:
            reason = client.why_protected(id)
            if reason is not None:
                verb = "Deactivating" if step.action is Action.DEACTIVATE else "Removing"
                raise LockoutRefused(
                    f"{verb} {self.title(inputs, id)} is refused: {reason}, so that it could lock out whoever would have to undo "
                    "it. Nothing was done. If you mean it, set allow_lockout=True on this resource."
                )

    def facts(self, client: Client, reader: FactReader, effect: Effect) -> Facts:
        if effect.id is None:
            return Facts(why_not="its id is not known yet")
        org_id, counts = effect.id, client.counts
        # Users first. The caller is a user, so the answer shows whether the server ignores the header.
        found = {"users": reader.read(lambda: counts.users(org_id))}
        if effect.act is Act.REMOVES:
            found["projects"] = reader.read(lambda: counts.projects(org_id))
            found["grants"] = reader.read(lambda: counts.user_grants(org_id))
        else:
            found["service_accounts"] = reader.read(lambda: counts.service_accounts(org_id)) if found["users"] else 0
        return Facts(found)


TYPE = OrganizationType()
