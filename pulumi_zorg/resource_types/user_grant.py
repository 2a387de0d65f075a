"""The resource type UserGrant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import ApiError, Gone, InputError, UnexpectedAnswer, ZorgError
from pulumi_zorg.inputs import UserGrantInputs
from pulumi_zorg.lifecycle import Action, Step
from pulumi_zorg.models import Event, PhantomGrantRecord, UserGrantRecord
from pulumi_zorg.proof import Removal, find_organization, find_user_grant, list_events
from pulumi_zorg.resource_types.base import Observed, ResourceType
from pulumi_zorg.retry import poll
from pulumi_zorg.tokens import USER_GRANT

__all__ = ["UserGrantType"]

#: Seconds within which the list over all organizations shows a grant that was just made.
_LISTED_WITHIN = 5.0


class UserGrantType(ResourceType[UserGrantInputs]):
    """A user grant, by the endpoints of :class:`pulumi_zorg.client.user_grants.UserGrants`."""

    token = USER_GRANT
    noun = "user grant"
    inputs = UserGrantInputs
    updatable = ("role_keys",)
    address = ("org_id", "user_id")
    created_event = "user.grant.added"
    change_events: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "role_keys": ("user.grant.changed", "user.grant.cascade.changed"),
        "active": ("user.grant.deactivated", "user.grant.reactivated"),
    }
    server_defaults = ("project_grant_id",)

    def title(self, inputs: UserGrantInputs, id: str) -> str:
        return f"User grant {id} (user {inputs.user_id}, project {inputs.project_id})"

    def identity(self, properties: Mapping[str, Any]) -> dict[str, str]:
        needed = {name: properties.get(name) for name in ("org_id", "user_id", "project_id")}
        known = {name: value for name, value in needed.items() if isinstance(value, str)}
        project_grant = properties.get("project_grant_id") or ""
        if len(known) < len(needed) or not isinstance(project_grant, str):
            return {}
        return {**known, "project_grant_id": project_grant}

    def properties(self, record: UserGrantRecord) -> dict[str, Any]:
        properties: dict[str, Any] = {
            "org_id": record.org_id,
            "user_id": record.user_id,
            "project_id": record.project_id,
            "role_keys": sorted(set(record.role_keys)),
            "active": record.active,
            "state": record.state,
        }
        if record.project_grant_id:
            properties["project_grant_id"] = record.project_grant_id
        return properties

    def find(self, client: Client, id: str, known: Mapping[str, Any]) -> Observed | Removal:
        org_id = known.get("org_id") or _organization_of(client, id)
        found = find_user_grant(client, org_id, id, known.get("user_id"), known.get("project_id"))
        if isinstance(found, Removal):
            return found
        if known.get("user_id", found.user_id) != found.user_id:
            # The server does not look at the user in the path.
            raise InputError(f"User grant {id}", "user_id", f"is not {known['user_id']} but {found.user_id}")
        warning = (
            f"user grant {id} of user {found.user_id} is a phantom: reads and lists of this server do not show it, but its "
            "event store has it, and no removal of it. It stays in the state and can be changed and removed. To make it "
            "visible again, remove and recreate it (`pulumi up --replace` its URN)."
            if isinstance(found, PhantomGrantRecord)
            else None
        )
        return self.observed(found, warning)

    def find_existing(self, client: Client, inputs: UserGrantInputs) -> str | None:
        def exists(grant_id: str) -> bool:
            known = {"org_id": inputs.org_id, "user_id": inputs.user_id, "project_id": inputs.project_id}
            return self.find_visible(client, grant_id, known) is not None

        found = client.user_grants.search(inputs.org_id, inputs.user_id, inputs.project_id)
        project_grant = inputs.project_grant_id or ""
        exact = [each.id for each in found if each.project_grant_id == project_grant]
        # The server fills in the project grant of an organization that the project is granted to.
        candidates = exact or [each.id for each in found if not project_grant]
        # Lists lag: what they show may be removed by now.
        listed = next((each for each in candidates if exists(each)), None)
        if listed is not None:
            return listed
        for event in list_events(client, (self.created_event,), inputs.org_id):
            same_project_grant = not project_grant or event.payload.get("grantId", "") == project_grant
            if self.is_create_of(event, inputs) and same_project_grant and exists(event.aggregate.id):
                return event.aggregate.id
        return None

    def is_create_of(self, event: Event, inputs: UserGrantInputs) -> bool:
        created = (event.payload.get("userId"), event.payload.get("projectId"))
        return created == (inputs.user_id, inputs.project_id)

    def explain_conflict(self, client: Client, inputs: UserGrantInputs) -> str | None:
        """The server keeps a grant unique even after its organization was removed."""
        try:
            organization = find_organization(client, inputs.org_id)
        except ZorgError:
            return None
        return _removed_organization(inputs.org_id, organization) if isinstance(organization, Removal) else None

    def before_create(self, client: Client, inputs: UserGrantInputs) -> None:
        if client.verify_org_header(inputs.org_id):
            return
        organization = find_organization(client, inputs.org_id)
        if isinstance(organization, Removal):
            raise Gone(_removed_organization(inputs.org_id, organization))

    def create(self, client: Client, inputs: UserGrantInputs) -> str:
        return client.user_grants.create(
            inputs.org_id, inputs.user_id, inputs.project_id, inputs.project_grant_id, inputs.role_keys
        )

    def perform(self, client: Client, id: str, inputs: UserGrantInputs, step: Step) -> None:
        where = (inputs.org_id, id, inputs.user_id)
        client.verify_org_header(inputs.org_id)
        match step.action:
            case Action.UPDATE:
                client.user_grants.set_roles(*where, inputs.role_keys)
            case Action.DEACTIVATE:
                client.user_grants.deactivate(*where)
            case Action.REACTIVATE:
                client.user_grants.reactivate(*where)
            case Action.REMOVE:
                client.user_grants.remove(*where)


def _removed_organization(org_id: str, removal: Removal) -> str:
    return (
        f"The grant cannot be made in organization {org_id}, which does not exist any more: {removal.describe()}. "
        "Declare the grant in another organization (org_id)."
    )


def _organization_of(client: Client, grant_id: str) -> str:
    """Return the organization in which a grant was made, for a caller who knows only the grant's id."""
    try:
        org_id = poll(
            lambda: client.user_grants.organization_of(grant_id),
            lambda found: found is not None,
            within=_LISTED_WITHIN,
            sleep=client.transport.sleep,
        )
    except (ApiError, UnexpectedAnswer):  # servers before v4 do not have that call
        org_id = None
    if org_id is None:
        raise InputError(
            f"User grant {grant_id}",
            "org_id",
            "cannot be found out from the id on this server: give the organization it was made in",
        )
    return org_id
