"""User grants, as Pulumi calls for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.client import Client
from pulumi_zorg.drift import USER_GRANT
from pulumi_zorg.errors import ApiError, InputError, UnexpectedAnswer
from pulumi_zorg.inputs import UserGrantInputs
from pulumi_zorg.lifecycle import Action, Snapshot, Step
from pulumi_zorg.models import UserGrantRecord
from pulumi_zorg.proof import Removal, find_user_grant, list_events
from pulumi_zorg.providers.base import StatefulProvider
from pulumi_zorg.providers.kind import Kind, Sighting
from pulumi_zorg.providers.waiting import look_until

__all__ = ["UserGrantKind", "UserGrantProvider"]


class UserGrantKind(Kind[UserGrantInputs]):
    """One model, and the endpoints of :class:`pulumi_zorg.client.user_grants.UserGrants`."""

    token = USER_GRANT
    noun = "user grant"
    inputs = UserGrantInputs
    address = ("org_id", "user_id")
    begins_with = "user.grant.added"
    left_to_server = ("project_grant_id",)

    def title(self, inputs: UserGrantInputs, id: str) -> str:
        return f"User grant {id} (user {inputs.user_id}, project {inputs.project_id})"

    def identity(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        needed = {name: inputs.get(name) for name in ("org_id", "user_id", "project_id")}
        known = {name: value for name, value in needed.items() if isinstance(value, str)}
        granted = inputs.get("project_grant_id") or ""
        if len(known) < len(needed) or not isinstance(granted, str):
            return {}
        return {**known, "project_grant_id": granted}

    def wanted(self, inputs: UserGrantInputs) -> Snapshot:
        return Snapshot(inputs.active, {"role_keys": tuple(inputs.role_keys)})

    def find(self, client: Client, id: str, known: Mapping[str, Any]) -> Sighting | Removal:
        org_id = known.get("org_id") or _organization_of(client, id)
        found = find_user_grant(client, org_id, id, known.get("user_id"), known.get("project_id"))
        if isinstance(found, Removal):
            return found
        record = found.record
        assert isinstance(record, UserGrantRecord)  # noqa: S101 - narrows the type for the checker
        if known.get("user_id", record.user_id) != record.user_id:
            # The server does not look at the user in the path.
            raise InputError(f"User grant {id}", "user_id", f"is not {known['user_id']} but {record.user_id}")
        role_keys = tuple(sorted(set(record.role_keys)))
        values: dict[str, Any] = {
            "org_id": record.org_id,
            "user_id": record.user_id,
            "project_id": record.project_id,
            "role_keys": list(role_keys),
            "active": record.active,
            "state": record.state,
        }
        if record.project_grant_id:
            values["project_grant_id"] = record.project_grant_id
        warning = (
            f"user grant {id} of user {record.user_id} is a phantom: reads and lists of this server do not show it, but its "
            "event store has it, and no removal of it. It stays in the state and can be changed and removed. To make it "
            "visible again, remove and recreate it (`pulumi up --replace` its URN)."
            if found.phantom
            else None
        )
        return Sighting(id, values, Snapshot(record.active, {"role_keys": role_keys}), record.details, warning)

    def find_like(self, client: Client, inputs: UserGrantInputs) -> str | None:
        def stands(grant_id: str) -> bool:
            known = {"org_id": inputs.org_id, "user_id": inputs.user_id, "project_id": inputs.project_id}
            return self.seen(client, grant_id, known) is not None

        found = client.user_grants.search(inputs.org_id, inputs.user_id, inputs.project_id)
        wanted = inputs.project_grant_id or ""
        exact = [each.id for each in found if each.project_grant_id == wanted]
        # The server fills in the project grant of an organization that the project is granted to.
        candidates = exact or [each.id for each in found if not wanted]
        # Lists lag behind: what they show may be gone by now.
        seen = next((each for each in candidates if stands(each)), None)
        if seen is not None:
            return seen
        for event in list_events(client, (self.begins_with,), inputs.org_id):
            payload = event.payload
            same = (payload.get("userId"), payload.get("projectId")) == (inputs.user_id, inputs.project_id)
            if same and (not wanted or payload.get("grantId", "") == wanted) and stands(event.aggregate.id):
                return event.aggregate.id
        return None

    def before_create(self, client: Client, inputs: UserGrantInputs) -> None:
        client.make_sure_of(inputs.org_id)

    def create(self, client: Client, inputs: UserGrantInputs) -> str:
        return client.user_grants.create(
            inputs.org_id, inputs.user_id, inputs.project_id, inputs.project_grant_id, inputs.role_keys
        )

    def perform(self, client: Client, id: str, inputs: UserGrantInputs, step: Step) -> None:
        where = (inputs.org_id, id, inputs.user_id)
        client.make_sure_of(inputs.org_id)
        match step.action:
            case Action.UPDATE:
                client.user_grants.set_roles(*where, inputs.role_keys)
            case Action.DEACTIVATE:
                client.user_grants.deactivate(*where)
            case Action.REACTIVATE:
                client.user_grants.reactivate(*where)
            case Action.REMOVE:
                client.user_grants.remove(*where)


class UserGrantProvider(StatefulProvider[UserGrantInputs]):
    """The provider of :class:`pulumi_zorg.UserGrant`. Its path and name are the state's format."""

    kind = UserGrantKind()


def _organization_of(client: Client, grant_id: str) -> str:
    """Where the grant was made, for who reads it by its id alone."""
    try:
        # The list lags behind what was just made.
        org_id = look_until(
            lambda: client.user_grants.organization_of(grant_id),
            lambda found: found is not None,
            within=5,
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
