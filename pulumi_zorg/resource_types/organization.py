"""The resource type Organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import LockoutRefused, clean
from pulumi_zorg.inputs import OrganizationInputs
from pulumi_zorg.lifecycle import Action, Step
from pulumi_zorg.models import Event, OrganizationRecord
from pulumi_zorg.proof import Removal, find_organization, list_events
from pulumi_zorg.resource_types.base import Observed, ResourceType
from pulumi_zorg.tokens import ORGANIZATION

__all__ = ["OrganizationType"]


class OrganizationType(ResourceType[OrganizationInputs]):
    """An organization, by the endpoints of :class:`pulumi_zorg.client.organizations.Organizations`."""

    token = ORGANIZATION
    noun = "organization"
    inputs = OrganizationInputs
    updatable = ("name",)
    created_event = "org.added"
    change_events: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "name": ("org.changed",),
        "active": ("org.deactivated", "org.reactivated"),
        "primary_domain": ("org.domain.primary.set",),
    }

    def title(self, inputs: OrganizationInputs, id: str) -> str:
        return f"Organization {inputs.name!r} ({id})"

    def identity(self, properties: Mapping[str, Any]) -> dict[str, str]:
        name = properties.get("name")
        return {"name": name} if isinstance(name, str) else {}

    def properties(self, record: OrganizationRecord) -> dict[str, Any]:
        return {
            "name": record.name,
            "active": record.active,
            "state": record.state,
            "primary_domain": record.primary_domain,
        }

    def find(self, client: Client, id: str, known: Mapping[str, Any]) -> Observed | Removal:
        found = find_organization(client, id)
        return found if isinstance(found, Removal) else self.observed(found)

    def find_existing(self, client: Client, inputs: OrganizationInputs) -> str | None:
        def has_name(org_id: str) -> bool:
            found = self.find_visible(client, org_id, {})
            return found is not None and found.properties["name"] == inputs.name

        # Lists lag: what they show may be removed or renamed by now.
        listed = next((each.id for each in client.organizations.by_name(inputs.name) if has_name(each.id)), None)
        if listed is not None:
            return listed
        named = list_events(client, ("org.added", "org.changed"))
        ids = dict.fromkeys(event.aggregate.id for event in named if event.payload.get("name") == inputs.name)
        return next((org_id for org_id in ids if has_name(org_id)), None)

    def is_create_of(self, event: Event, inputs: OrganizationInputs) -> bool:
        return bool(event.payload.get("name") == inputs.name)

    def explain_conflict(self, client: Client, inputs: OrganizationInputs) -> str | None:
        """The server makes a domain of the name, and refuses the name where another organization has that domain."""
        taken = client.organizations.with_domain_of(inputs.name)
        if not taken:
            return None
        owners = ", ".join(f"organization {clean(each.name)!r} ({each.id})" for each in taken)
        return (
            f"No organization has that name, but the domain that ZITADEL makes from it ({clean(taken[0].primary_domain)}) "
            f"belongs to {owners}. Declare a name that differs in its letters or digits."
        )

    def create(self, client: Client, inputs: OrganizationInputs) -> str:
        org_id = client.organizations.create(inputs.name)
        client.mark_created(org_id)
        return org_id

    def perform(self, client: Client, id: str, inputs: OrganizationInputs, step: Step) -> None:
        match step.action:
            case Action.UPDATE:
                client.organizations.rename(id, inputs.name)
            case Action.DEACTIVATE:
                client.organizations.deactivate(id)
            case Action.REACTIVATE:
                client.organizations.reactivate(id)
            case Action.REMOVE:
                client.organizations.remove(id)

    def guard(self, client: Client, id: str, inputs: OrganizationInputs, step: Step) -> None:
        if step.action in (Action.DEACTIVATE, Action.REMOVE) and not inputs.allow_lockout:
            reason = client.why_protected(id)
            if reason is not None:
                verb = "Deactivating" if step.action is Action.DEACTIVATE else "Removing"
                raise LockoutRefused(
                    f"{verb} {self.title(inputs, id)} is refused: {reason}, so that it could lock out whoever would have to undo "
                    "it. Nothing was done. If you mean it, set allow_lockout=True on this resource."
                )
