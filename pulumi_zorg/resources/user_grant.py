"""The resource :class:`UserGrant`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import pulumi
from pulumi.dynamic import Resource

from pulumi_zorg.inputs import UserGrantInputs
from pulumi_zorg.providers.user_grant import UserGrantProvider
from pulumi_zorg.resources.base import register, register_existing

__all__ = ["UserGrant", "UserGrantArgs"]

_OUTPUTS = ("state",)


class UserGrantArgs:
    """The arguments of :class:`UserGrant` as one object."""

    def __init__(
        self,
        *,
        org_id: pulumi.Input[str],
        user_id: pulumi.Input[str],
        project_id: pulumi.Input[str],
        role_keys: pulumi.Input[Sequence[pulumi.Input[str]]] = (),
        project_grant_id: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] = True,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: pulumi.Input[str] = "remove",
    ) -> None:
        """See :class:`UserGrant`."""
        self.org_id = org_id
        self.user_id = user_id
        self.project_id = project_id
        self.role_keys = role_keys
        self.project_grant_id = project_grant_id
        self.active = active
        self.adopt = adopt
        self.deletion_policy = deletion_policy


class UserGrant(Resource, module="zorg", name="UserGrant"):
    """A user grant of ZITADEL, which newer documents call an authorization: a user's roles in a project.

    :ivar org_id: the organization in which the grant is made: the project's own, or one that the project is granted to.
        Changing it replaces the grant.
    :ivar user_id: the user who gets the roles. Changing it replaces the grant.
    :ivar project_id: the project whose roles they are. Changing it replaces the grant.
    :ivar project_grant_id: the project grant that gives the project to the organization; left out, ZITADEL finds it.
        Changing it replaces the grant.
    :ivar role_keys: the roles, as a set: neither order nor repetition matters.
    :ivar active: whether the grant is active. False deactivates it: its roles leave userinfo and new tokens at once,
        and tokens already issued keep them until they expire. Nothing is deleted; True reactivates it.
    :ivar adopt: take over the grant of that organization, user, project and project grant if it exists.
    :ivar deletion_policy: what deleting the resource does: ``remove``, ``deactivate``, or ``retain``.
        A grant that was kept in one of the last two ways can be adopted later.
    :ivar state: ``USER_GRANT_STATE_ACTIVE`` or ``USER_GRANT_STATE_INACTIVE``.

    Documents: https://zitadel.com/docs/guides/manage/console/roles, and the management API's calls Add, Update,
    Deactivate, Reactivate and Remove User Grant (https://zitadel.com/docs/apis/resources/mgmt).
    """

    org_id: pulumi.Output[str]
    user_id: pulumi.Output[str]
    project_id: pulumi.Output[str]
    project_grant_id: pulumi.Output[str | None]
    role_keys: pulumi.Output[Sequence[str]]
    active: pulumi.Output[bool]
    adopt: pulumi.Output[bool]
    deletion_policy: pulumi.Output[str]
    state: pulumi.Output[str]

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
        deletion_policy: pulumi.Input[str] = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(
        self,
        resource_name: str,
        args: UserGrantArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **given: Any,
    ) -> None:
        """Declare a user grant.

        :param resource_name: the resource's name in the stack.
        :param args: the arguments as one object, instead of by name.
        :raises InputError: where an argument that is known already cannot be right; it names the argument.
        """
        if args is not None and given:
            raise TypeError(f"give the arguments as UserGrantArgs or by name, not both: {', '.join(sorted(given))}")
        if args is None:
            args = UserGrantArgs(**{"org_id": None, "user_id": None, "project_id": None, **given})
        register(self, UserGrantProvider(), UserGrantInputs, resource_name, dict(vars(args)), _OUTPUTS, opts)

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
        existing = UserGrant.__new__(UserGrant)
        address = {"org_id": org_id, "user_id": user_id}
        register_existing(existing, UserGrantProvider(), UserGrantInputs, resource_name, id, address, _OUTPUTS, opts)
        return existing
