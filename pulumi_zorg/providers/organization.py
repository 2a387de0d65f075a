"""Organizations, as Pulumi calls for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift import ORGANIZATION
from pulumi_zorg.errors import LockoutRefused
from pulumi_zorg.inputs import OrganizationInputs
from pulumi_zorg.lifecycle import Action, Snapshot, Step
from pulumi_zorg.proof import Removal, find_organization, list_events
from pulumi_zorg.providers.base import StatefulProvider
from pulumi_zorg.providers.kind import Kind, Sighting

__all__ = ["OrganizationKind", "OrganizationProvider"]


class OrganizationKind(Kind[OrganizationInputs]):
    """One model, and the endpoints of :class:`pulumi_zorg.client.organizations.Organizations`."""

    token = ORGANIZATION
    noun = "organization"
    inputs = OrganizationInputs
    begins_with = "org.added"

    def title(self, inputs: OrganizationInputs, id: str) -> str:
        return f"Organization {inputs.name!r} ({id})"

    def identity(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        name = inputs.get("name")
        return {"name": name} if isinstance(name, str) else {}

    def wanted(self, inputs: OrganizationInputs) -> Snapshot:
        return Snapshot(inputs.active, {"name": inputs.name})

    def find(self, client: Client, id: str, known: Mapping[str, Any]) -> Sighting | Removal:
        found = find_organization(client, id)
        if isinstance(found, Removal):
            return found
        values = {
            "name": found.name,
            "active": found.active,
            "state": found.state,
            "primary_domain": found.primary_domain,
        }
        return Sighting(id, values, Snapshot(found.active, {"name": found.name}), found.details)

    def find_like(self, client: Client, inputs: OrganizationInputs) -> str | None:
        def stands(org_id: str) -> bool:
            seen = self.seen(client, org_id, {})
            return seen is not None and seen.values["name"] == inputs.name

        # Lists lag behind: what they show may be gone, or be called otherwise by now.
        listed = next((each.id for each in client.organizations.by_name(inputs.name) if stands(each.id)), None)
        if listed is not None:
            return listed
        named = list_events(client, ("org.added", "org.changed"))
        ids = dict.fromkeys(event.aggregate.id for event in named if event.payload.get("name") == inputs.name)
        return next((org_id for org_id in ids if stands(org_id)), None)

    def create(self, client: Client, inputs: OrganizationInputs) -> str:
        org_id = client.organizations.create(inputs.name)
        client.made(org_id)
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
                    "it. Nothing was done. If that is meant, say allow_lockout=True on this resource."
                )


class OrganizationProvider(StatefulProvider[OrganizationInputs]):
    """The provider of :class:`pulumi_zorg.Organization`. Its path and name are the state's format."""

    kind = OrganizationKind()
