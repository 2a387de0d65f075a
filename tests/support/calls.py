"""The calls of the resource types, with plain arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import OrganizationRecord
from pulumi_zorg.resource_types.calls import Calls
from pulumi_zorg.resource_types.inputs import Inputs
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.organization.calls import OrganizationCalls, with_domain_of
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.user_grant.calls import UserGrantCalls, UserGrantRecord, organization_of
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs
from pulumi_zorg.world.observed import Address


def change(calls: Calls[Any, Any], client: Client, id: str, inputs: Inputs, step: Step) -> None:
    """Change an object as a step says."""
    client.operations.first(calls.implementations[step.action.value], client, id, inputs, step.changed)


class Organizations:
    """The calls about organizations."""

    def __init__(self, client: Client) -> None:
        self.client, self.calls = client, OrganizationCalls()
        self.read = client.organizations.read

    def create(self, name: str) -> str:
        return self.calls.create(self.client, OrganizationInputs(name=name))

    def rename(self, org_id: str, name: str) -> None:
        change(self.calls, self.client, org_id, OrganizationInputs(name=name), Step(Action.UPDATE, frozenset({"name"})))

    def deactivate(self, org_id: str) -> None:
        change(self.calls, self.client, org_id, _ANY_ORGANIZATION, Step(Action.DEACTIVATE))

    def reactivate(self, org_id: str) -> None:
        change(self.calls, self.client, org_id, _ANY_ORGANIZATION, Step(Action.REACTIVATE))

    def remove(self, org_id: str) -> None:
        change(self.calls, self.client, org_id, _ANY_ORGANIZATION, Step(Action.REMOVE))

    def by_name(self, name: str) -> Sequence[OrganizationRecord]:
        return self.calls.search(self.client, OrganizationInputs(name=name))

    def with_domain_of(self, name: str) -> Sequence[OrganizationRecord]:
        return with_domain_of(self.client, name)


_ANY_ORGANIZATION = OrganizationInputs(name="any")


class UserGrants:
    """The calls about user grants."""

    def __init__(self, client: Client) -> None:
        self.client, self.calls = client, UserGrantCalls()

    def read(self, org_id: str, grant_id: str, user_id: str | None = None) -> UserGrantRecord:
        return self.calls.read(self.client, grant_id, Address.of({"org_id": org_id, "user_id": user_id}))

    def create(
        self, org_id: str, user_id: str, project_id: str, project_grant_id: str | None, role_keys: Sequence[str]
    ) -> str:
        return self.calls.create(self.client, _grant(org_id, user_id, project_id, project_grant_id, role_keys))

    def set_roles(self, org_id: str, grant_id: str, user_id: str, role_keys: Sequence[str]) -> None:
        step = Step(Action.UPDATE, frozenset({"role_keys"}))
        change(self.calls, self.client, grant_id, _grant(org_id, user_id, role_keys=role_keys), step)

    def deactivate(self, org_id: str, grant_id: str, user_id: str) -> None:
        change(self.calls, self.client, grant_id, _grant(org_id, user_id), Step(Action.DEACTIVATE))

    def reactivate(self, org_id: str, grant_id: str, user_id: str) -> None:
        change(self.calls, self.client, grant_id, _grant(org_id, user_id), Step(Action.REACTIVATE))

    def remove(self, org_id: str, grant_id: str, user_id: str) -> None:
        change(self.calls, self.client, grant_id, _grant(org_id, user_id), Step(Action.REMOVE))

    def search(self, org_id: str, user_id: str, project_id: str) -> Sequence[UserGrantRecord]:
        return self.calls.search_organization(self.client, org_id, user_id, project_id)

    def organization_of(self, grant_id: str) -> str | None:
        return organization_of(self.client, grant_id)


def _grant(
    org_id: str,
    user_id: str,
    project_id: str = "any",
    project_grant_id: str | None = None,
    role_keys: Sequence[str] = (),
) -> UserGrantInputs:
    given: dict[str, Any] = {"org_id": org_id, "user_id": user_id, "project_id": project_id, "role_keys": role_keys}
    return UserGrantInputs.of({**given, "project_grant_id": project_grant_id})
