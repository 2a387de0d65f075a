"""The resource :class:`UserGrant`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import pulumi

from pulumi_zorg.providers.user_grant import UserGrantProvider
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs


@dataclass(kw_only=True, eq=False, repr=False)
class UserGrantArgs:
    """The arguments of :class:`UserGrant` as one object."""

    org_id: pulumi.Input[str]
    user_id: pulumi.Input[str]
    project_id: pulumi.Input[str]
    role_keys: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    project_grant_id: pulumi.Input[str] | None = None
    active: pulumi.Input[bool] = True
    adopt: pulumi.Input[bool] = False
    deletion_policy: DeletionPolicyInput = "remove"


class UserGrant(ZitadelResource, module="zorg", name="UserGrant"):
    """A user grant of ZITADEL, which newer documents call an authorization: a user's roles in a project.

    :ivar state: ``USER_GRANT_STATE_ACTIVE`` or ``USER_GRANT_STATE_INACTIVE``.

    Documents: https://zitadel.com/docs/guides/manage/console/roles, and the management API's calls Add, Update,
    Deactivate, Reactivate and Remove User Grant (https://zitadel.com/docs/apis/resources/mgmt).
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        org_id: pulumi.Output[str]
        user_id: pulumi.Output[str]
        project_id: pulumi.Output[str]
        project_grant_id: pulumi.Output[str | None]
        role_keys: pulumi.Output[Sequence[str]]
        active: pulumi.Output[bool]
        state: pulumi.Output[str]

    _dynamic_provider, _inputs, _args = UserGrantProvider(), UserGrantInputs, UserGrantArgs

    @overload
    def __init__(self, resource_name: str, args: UserGrantArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        org_id: pulumi.Input[str],
        user_id: pulumi.Input[str],
        project_id: pulumi.Input[str],
        role_keys: pulumi.Input[Sequence[pulumi.Input[str]]] = (),
        project_grant_id: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] = True,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: DeletionPolicyInput = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """A user grant of ZITADEL, which newer documents call an authorization: a user's roles in a project.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`UserGrantArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param org_id: the organization in which the grant is made: the project's own, or one that the project is granted to.
            Changing it replaces the grant.
        :param user_id: the user who gets the roles. Changing it replaces the grant.
        :param project_id: the project whose roles they are. Changing it replaces the grant.
        :param project_grant_id: the project grant that gives the project to the organization; left out, ZITADEL finds it.
            Changing it replaces the grant.
        :param role_keys: the roles, as a set: neither order nor repetition matters. A grant without roles gives no role, and lets
            the user log in where the project has ``project_role_check``.
        :param active: whether the grant is active. False deactivates it: its roles leave userinfo, introspection and new tokens at
            once. An application that checks a token without asking ZITADEL sees them until the token expires. Where the project
            has ``project_role_check``, the user can no longer log in to its applications. Nothing is deleted; True reactivates it.
        :param adopt: take over the grant of that organization, user, project and project grant if it exists.
        :param deletion_policy: what deleting the resource does: ``remove``, ``deactivate``, or ``retain``.
            A grant that was kept in one of the last two ways can be adopted later.
        :raises InputError: where an argument that is known already cannot be right.
        """
        self._declare(resource_name, *args, **given)

    @staticmethod
    def get(
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
        *,
        org_id: pulumi.Input[str] | None = None,
        user_id: pulumi.Input[str] | None = None,
    ) -> UserGrant:
        """Read a user grant that exists and that this stack does not manage.

        :param id: the grant's id.
        :param org_id: the organization in which it was made. Left out, it is looked up, which servers before ZITADEL v4
            cannot do.
        :param user_id: the user whose grant it is. If given, a grant of another user is an error.
        :raises Gone: in the deployment, where the grant does not exist.
        """
        address = {"org_id": org_id, "user_id": user_id}
        given = {name: value for name, value in address.items() if value is not None}
        return UserGrant._get(resource_name, id, opts, **given)
