"""The resource :class:`Manager`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import pulumi

from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.resource_types.manager.provider import ManagerProvider
from pulumi_zorg.resource_types.registration import ZitadelResource

#: What the argument ``deletion_policy`` takes.
ManagerDeletionPolicyInput = pulumi.Input[Literal["remove", "retain"]] | pulumi.Output[str]


@dataclass(kw_only=True, eq=False, repr=False)
class ManagerArgs:
    """The arguments of :class:`Manager` as one object."""

    user_id: pulumi.Input[str]
    roles: pulumi.Input[Sequence[pulumi.Input[str]]]
    org_id: pulumi.Input[str] | None = None
    project_id: pulumi.Input[str] | None = None
    project_grant_id: pulumi.Input[str] | None = None
    allow_lockout: pulumi.Input[bool] = False
    adopt: pulumi.Input[bool] = False
    deletion_policy: ManagerDeletionPolicyInput = "remove"


class Manager(ZitadelResource, module="zorg", name="Manager"):
    """A manager of ZITADEL, which its APIs call a member or an administrator: who administers what, with which roles.

    What is given decides what the user administers: nothing the **instance** (roles IAM_…), ``org_id`` the **organization** (ORG_…),
    ``org_id`` and ``project_id`` the **project** (PROJECT_…), these and ``project_grant_id`` the **project grant** (PROJECT_GRANT_…).
    Roles of another level are refused before anything is called, so that a forgotten ``org_id`` makes nobody a manager of the
    instance. There is no flag ``active``, because ZITADEL has none: deactivate the user, or remove the manager.

    Documents: https://zitadel.com/docs/guides/manage/console/managers, and the calls Add, Change and Remove Member of
    https://zitadel.com/docs/apis/resources/mgmt and https://zitadel.com/docs/apis/resources/admin.
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        user_id: pulumi.Output[str]
        roles: pulumi.Output[Sequence[str]]
        org_id: pulumi.Output[str | None]
        project_id: pulumi.Output[str | None]
        project_grant_id: pulumi.Output[str | None]
        allow_lockout: pulumi.Output[bool]

    _dynamic_provider, _inputs, _args = ManagerProvider(), ManagerInputs, ManagerArgs
    _outputs = ()

    @overload
    def __init__(self, resource_name: str, args: ManagerArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        user_id: pulumi.Input[str],
        roles: pulumi.Input[Sequence[pulumi.Input[str]]],
        org_id: pulumi.Input[str] | None = None,
        project_id: pulumi.Input[str] | None = None,
        project_grant_id: pulumi.Input[str] | None = None,
        allow_lockout: pulumi.Input[bool] = False,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: ManagerDeletionPolicyInput = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """A manager of ZITADEL, which its APIs call a member or an administrator: who administers what, with which roles.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`ManagerArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param user_id: the user who gets the roles, of any organization. Changing it replaces the manager.
        :param roles: the roles as a set, at least one, like ``["ORG_OWNER"]``. They must be of the level that the ids name.
        :param org_id: the organization that is administered, or that owns the project. Left out, the instance is administered.
            Changing it replaces the manager.
        :param project_id: the project that is administered. Changing it replaces the manager.
        :param project_grant_id: the project grant that is administered, for which ``project_id`` and the ``org_id`` of the
            project's owner are needed too. Changing it replaces the manager.
        :param allow_lockout: lets this resource take a role from the credential's own user, or the role IAM_OWNER from the last
            one on the instance, or ORG_OWNER from the last one of the organization.
        :param adopt: take over the user's roles there if the user is a manager already.
        :param deletion_policy: what deleting the resource does: ``remove``, or ``retain``. A manager that was kept this way can
            be adopted later.
        :raises InputError: where an argument that is known already cannot be right.
        """
        self._declare(resource_name, *args, **given)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Manager:
        """Read a manager that exists and that this stack does not manage.

        :param id: the level, the ids of what is administered, and the user's: ``instance:USER``, ``organization:ORG:USER``,
            ``project:ORG:PROJECT:USER`` or ``project_grant:ORG:PROJECT:GRANT:USER``.
        :raises Gone: in the deployment, where it does not exist.
        """
        return Manager._get(resource_name, id, opts)
