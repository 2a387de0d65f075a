"""The component resource :class:`Tenant`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi

import pulumi_zorg as zorg


class Tenant(pulumi.ComponentResource):
    """A customer's organization, the vendor's project granted to it, and the grants of its people.

    They are deactivated and reactivated together. Deactivating only the organization cuts nobody off, so its users go along
    (``cascade``). People of other organizations, like the vendor's own staff, are not its users, so their grants here have the
    same flag: with it, new tokens carry no roles of the project. The project grant stays active, because its flag takes no role
    out of any token.

    :ivar organization: the customer's own organization.
    :ivar project_grant: gives the project to that organization.
    :ivar grants: the user grants, by the person's key.
    """

    organization: zorg.Organization
    project_grant: zorg.ProjectGrant
    grants: dict[str, zorg.UserGrant]

    def __init__(
        self,
        key: str,
        *,
        name: str,
        vendor_id: str,
        project_id: str,
        roles: Sequence[str],
        people: Mapping[str, tuple[str, Sequence[str]]],
        active: bool = True,
        adopt: bool = False,
        deletion_policy: pulumi.Output[str] | Literal["remove", "deactivate", "retain"] = "deactivate",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a tenant.

        :param key: names the resources. It must not change; ``name`` may.
        :param name: the organization's name.
        :param vendor_id: the organization that owns the project.
        :param project_id: the project that is granted to the tenant.
        :param roles: the roles that the tenant may give to its people.
        :param people: the user's id and roles, by the person's key.
        :param active: False deactivates the organization, all its users, and the user grants.
        :param adopt: take over an existing organization, and existing grants.
        :param deletion_policy: what deleting the tenant does to the organization: remove, deactivate or retain. The grants are
            removed in each case.
        """
        super().__init__("onboarding:index:Tenant", key, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.organization = zorg.Organization(
            key,
            name=name,
            active=active,
            cascade="users",
            adopt=adopt,
            deletion_policy=deletion_policy,
            opts=child,
        )
        self.project_grant = zorg.ProjectGrant(
            key,
            org_id=vendor_id,
            project_id=project_id,
            granted_org_id=self.organization.id,
            role_keys=roles,
            adopt=adopt,
            opts=child,
        )
        self.grants = {
            person: zorg.UserGrant(
                f"{key}-{person}",
                org_id=self.organization.id,
                user_id=user_id,
                project_id=project_id,
                project_grant_id=self.project_grant.id,
                role_keys=own_roles,
                active=active,
                adopt=adopt,
                opts=child,
            )
            for person, (user_id, own_roles) in people.items()
        }
        self.register_outputs({"org_id": self.organization.id, "state": self.organization.state})
