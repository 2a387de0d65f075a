"""The declaration of the resource type UserGrant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import TooLong
from pulumi_zorg.api.records import Details, Event, ObjectRecord
from pulumi_zorg.api.retry import poll
from pulumi_zorg.errors import ApiError, InputError, NotFound, PermissionDenied, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.parents import PROJECT, PROJECT_GRANT, USER
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.resource_types.user_grant.calls import (
    PhantomGrantRecord,
    UserGrantCalls,
    active_of_users_in,
    organization_of,
)
from pulumi_zorg.resource_types.user_grant.impact import UserGrantImpact
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Address, Observed, Removal
from pulumi_zorg.world.tokens import type_token

#: Seconds within which the list over all organizations shows a grant that was just made.
_LISTED_WITHIN = 5.0

_ROLES = ("user.grant.changed", "user.grant.cascade.changed")


class UserGrantType(ResourceType[UserGrantInputs]):
    """A user grant: a user's roles in a project."""

    token = type_token("UserGrant")
    inputs = UserGrantInputs
    calls: UserGrantCalls = UserGrantCalls()
    updatable = ("role_keys",)
    address = ("org_id", "user_id")
    looked_up = address
    server_defaults = ("project_grant_id",)
    reference = "user_grant_id"
    gives_access = True
    goes_along = "user_grants"
    phantom_effect = "gives no roles"
    read_permission = "user.grant.read"
    impact = UserGrantImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created=("user.grant.added",),
        removed=("user.grant.removed", "user.grant.cascade.removed"),
        changes={"role_keys": _ROLES, "active": ("user.grant.deactivated", "user.grant.reactivated")},
        set_whole={"role_keys": "roleKeys"},
        payload={"user_id": "userId", "project_id": "projectId", "project_grant_id": "grantId"},
        parents=(USER, PROJECT, PROJECT_GRANT),
    )

    def title(self, inputs: UserGrantInputs, id: str) -> str:
        return f"User grant {id} (user {inputs.user_id}, project {inputs.project_id})"

    def find(self, client: Client, id: str, address: Address) -> Observed | Removal:
        if "org_id" not in address.ids:
            address = replace(address, ids={**address.ids, "org_id": _find_organization_of(client, id)})
        found = super().find(client, id, address)
        if isinstance(found, Observed):
            user_id = found.properties["user_id"]
            declared = address.ids.get("user_id", user_id)
            if declared != user_id:
                # The server does not look at the user in the path.
                raise InputError(f"User grant {id}", "user_id", f"is not {declared} but {user_id}")
        return found

    def record_from(self, events: tuple[Event, ...]) -> PhantomGrantRecord:
        first = events[0]
        values: dict[str, Any] = {name: first.payload.get(field, "") for name, field in self.events.payload.items()}
        values |= {"id": first.aggregate.id, "state": "USER_GRANT_STATE_ACTIVE"}
        for event in events:
            if event.kind in (*self.events.created, *_ROLES):
                values["role_keys"] = tuple(event.payload.get("roleKeys") or ())
            elif event.kind in self.events.state_changes:
                active = self.events.gives(event, "active", True)
                values["state"] = f"USER_GRANT_STATE_{'ACTIVE' if active else 'INACTIVE'}"
        details = Details(creation_date=first.creation_date, resource_owner=first.aggregate.resource_owner)
        return PhantomGrantRecord.model_validate({**values, "details": details})

    def listed_beside(self, client: Client, address: Address) -> Sequence[ObjectRecord]:
        user_id, project_id = map(address.ids.get, ("user_id", "project_id"))
        return self.calls.search_organization(client, address.ids["org_id"], user_id, project_id)

    def taken_with(self, client: Client, observed: Observed) -> str:
        """A user grant goes along with the organization of its user."""
        user_id, org_id = str(observed.properties["user_id"]), str(observed.properties["org_id"])
        if user_id not in client.organization_of_user:
            self.calls.note_organizations_of_users(client, org_id)
        if user_id not in client.organization_of_user:
            try:
                user = client.searches.user(f"Reading user {clean(user_id)}", user_id)
            except (NotFound, PermissionDenied):
                return ""  # the caller may not see the user: the user grant counts by itself
            client.organization_of_user[user_id] = user.details.resource_owner
        return client.organization_of_user[user_id]

    def list_along(self, client: Client, org_id: str) -> Sequence[Observed]:
        return [self.observed(each) for each in active_of_users_in(client, org_id)]

    def removed_along(
        self, client: Client, removed: Mapping[str, Mapping[str, Mapping[str, Any]]], at_most: int
    ) -> Collection[str] | None:
        try:
            listed = self.calls.list_instance(client, at_most) or ()
        except TooLong:
            return None
        organizations = removed.get("org_id", {}).keys()
        # The list does not name the project grant, but there is one for each project and organization.
        grants = removed.get("project_grant_id", {}).values()
        granted = {(each.get("granted_org_id"), each.get("project_id")) for each in grants}
        return {
            each.id
            for each in listed
            if not organizations.isdisjoint({each.org_id, *each.owners})
            or self.is_removed_with(each, removed)
            or (each.org_id, each.project_id) in granted
        }


def _find_organization_of(client: Client, grant_id: str) -> str:
    """Return the organization in which a grant was made, for a caller who knows only the grant's id."""
    try:
        org_id = poll(
            lambda: organization_of(client, grant_id),
            lambda found: found is not None,
            within=_LISTED_WITHIN,
            sleep=client.transport.sleep,
        )
    except (ApiError, UnexpectedAnswer):  # servers before v4 do not have that call
        org_id = None
    if org_id is None:
        reason = "cannot be found out from the id on this server: give the organization it was made in"
        raise InputError(f"User grant {grant_id}", "org_id", reason)
    return org_id


TYPE = UserGrantType()
