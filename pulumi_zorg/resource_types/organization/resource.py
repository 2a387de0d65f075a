"""The resource :class:`Organization`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import pulumi

from pulumi_zorg.providers.organization import OrganizationProvider
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource

#: What is deactivated along with an organization.
CascadeInput = pulumi.Input[Literal["none", "user_grants", "users"]]


@dataclass(kw_only=True, eq=False, repr=False)
class OrganizationArgs:
    """The arguments of :class:`Organization` as one object."""

    name: pulumi.Input[str]
    active: pulumi.Input[bool] = True
    admins: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    custom_id: pulumi.Input[str] | None = None
    adopt: pulumi.Input[bool] = False
    deletion_policy: DeletionPolicyInput = "remove"
    allow_lockout: pulumi.Input[bool] = False
    cascade: CascadeInput | None = None


class Organization(ZitadelResource, module="zorg", name="Organization"):
    """An organization of ZITADEL: a tenant, with its own users, projects and grants.

    :ivar primary_domain: the domain that ZITADEL made from the name, or that was set outside Pulumi.
    :ivar state: ``ORG_STATE_ACTIVE`` or ``ORG_STATE_INACTIVE``.

    Documents: https://zitadel.com/docs/guides/manage/console/organizations, and the management API's calls
    Add, Change, Deactivate, Reactivate and Remove Organization (https://zitadel.com/docs/apis/resources/mgmt).
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        name: pulumi.Output[str]
        admins: pulumi.Output[Sequence[str] | None]
        allow_lockout: pulumi.Output[bool]
        cascade: pulumi.Output[str | None]
        primary_domain: pulumi.Output[str]
        custom_id: pulumi.Output[str | None]
        active: pulumi.Output[bool]
        state: pulumi.Output[str]

    _dynamic_provider, _inputs, _args = OrganizationProvider(), OrganizationInputs, OrganizationArgs
    _outputs = ("primary_domain", "state")

    @overload
    def __init__(
        self, resource_name: str, args: OrganizationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        active: pulumi.Input[bool] = True,
        admins: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        custom_id: pulumi.Input[str] | None = None,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: DeletionPolicyInput = "remove",
        allow_lockout: pulumi.Input[bool] = False,
        cascade: CascadeInput | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """An organization of ZITADEL: a tenant, with its own users, projects and grants.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`OrganizationArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param name: the name. It is unique on the instance, and changing it changes the primary domain. Where login names end with
            the domain (``userLoginMustBeDomain``), it changes the login names of all users of the organization at once.
        :param active: whether the organization is active. False deactivates it. **That cuts off none of its users**: only ZITADEL's
            old login pages (V1) refuse them. To cut them off, set ``cascade``. If the organization owns projects, every login, refresh
            and introspection of their applications fails, for the users of all organizations. Nothing is deleted; True reactivates it.
        :param admins: the ids of the users who become ORG_OWNER of the organization when it is created; an empty list is nobody. Left
            out, the credential's own user does. It is used only then: changing it later makes no call, so declare a
            :class:`pulumi_zorg.Manager` for that.
        :param custom_id: the id of the new organization, chosen by the program. Left out, ZITADEL chooses it. It never changes:
            the present id changes nothing, and another one is refused. With ``adopt=True``, only the organization that has this id is
            taken over.
        :param adopt: take over the organization of that name if it exists.
        :param deletion_policy: what deleting the resource does: ``remove`` (with all users, projects and grants in it),
            ``deactivate``, or ``retain``. An organization that was kept this way can be adopted later.
        :param allow_lockout: lets this resource deactivate or remove the organization of the credential's own user, or the
            default organization; or any organization, where the server does not say which is the default one.
        :param cascade: what is deactivated along with the organization: ``users``, every person and service account of it except the
            credential's own user, which stops everything at once; ``user_grants``, the user grants of its users in all organizations, which
            takes their roles; or ``none``. ``active=True`` reactivates exactly those. Which ones these are is kept in the organization's
            metadata. Left out, nothing goes along.
        :raises InputError: where an argument that is known already cannot be right.
        """
        self._declare(resource_name, *args, **given)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Organization:
        """Read an organization that exists and that this stack does not manage.

        :param id: the organization's id.
        :raises Gone: in the deployment, where the organization does not exist.
        """
        return Organization._get(resource_name, id, opts)
