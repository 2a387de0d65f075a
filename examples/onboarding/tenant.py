"""The component :class:`Tenant`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

import pulumi_zorg as zorg


class Tenant(pulumi.ComponentResource):
    """An organization and the grants of its people, switched off and on together.

    Deactivating the organization alone closes ZITADEL's login pages to its users, and no more: tokens and service
    accounts go on working, with all their roles. Hence the grants follow the same flag, and the roles leave new tokens.

    :ivar organization: the tenant's own organization.
    :ivar grants: by the person's key.
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
        """Declares a tenant.

        :param key: names the resources, and never changes; ``name`` may.
        :param grants_in: the id of the organization that owns the project; None makes the grants in the tenant's own
            organization, which works where the project is granted to it.
        :param people: by key, the user's id and the roles.
        :param deletion_policy: what becomes of the organization when the tenant is taken out of the stack.
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
                # Removing an organization removes its users and their grants: the grants go first.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.organization]),
            )
            for person, (user_id, roles) in people.items()
        }
        self.register_outputs({"org_id": self.organization.id, "state": self.organization.state})
