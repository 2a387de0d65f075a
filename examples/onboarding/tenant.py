"""The component resource :class:`Tenant`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

import pulumi_zorg as zorg


class Tenant(pulumi.ComponentResource):
    """An organization and the grants of its people, deactivated and reactivated together.

    Deactivating only the organization stops logins on ZITADEL's own pages. Tokens and service accounts keep working, with
    all their roles. So the grants have the same flag: with it, new tokens carry no roles of the project.

    :ivar organization: the tenant's own organization.
    :ivar grants: the user grants, by the person's key.
    """

    organization: zorg.Organization
    grants: dict[str, zorg.UserGrant]

    def __init__(
        self,
        key: str,
        *,
        name: str,
        project_id: str,
        grants_in: str | None,
        people: Mapping[str, tuple[str, Sequence[str]]],
        active: bool = True,
        adopt: bool = False,
        deletion_policy: str = "deactivate",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a tenant.

        :param key: names the resources. It must not change; ``name`` may.
        :param name: the organization's name.
        :param project_id: the project whose roles the grants give.
        :param grants_in: the id of the organization that owns the project. None makes the grants in the tenant's own
            organization, to which the project must be granted.
        :param people: the user's id and roles, by the person's key.
        :param active: False deactivates the organization and its grants.
        :param adopt: take over an existing organization and existing grants.
        :param deletion_policy: what deleting the tenant does to the organization: remove, deactivate or retain.
        """
        super().__init__("onboarding:index:Tenant", key, None, opts)
        self.organization = zorg.Organization(
            key,
            name=name,
            active=active,
            adopt=adopt,
            deletion_policy=deletion_policy,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.grants = {
            person: zorg.UserGrant(
                f"{key}-{person}",
                org_id=grants_in or self.organization.id,
                user_id=user_id,
                project_id=project_id,
                role_keys=roles,
                active=active,
                adopt=adopt,
                # Removing an organization also removes its users and their grants. So the grants must be deleted first.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.organization]),
            )
            for person, (user_id, roles) in people.items()
        }
        self.register_outputs({"org_id": self.organization.id, "state": self.organization.state})
