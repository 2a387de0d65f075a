"""The resource :class:`MachineUser`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import pulumi

from pulumi_zorg.providers.machine_user import MachineUserProvider
from pulumi_zorg.resource_types.machine_user.inputs import AccessTokenType, MachineUserInputs
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource

#: What the argument ``access_token_type`` takes. An output, like a setting of the stack, is checked when it is known.
AccessTokenTypeInput = pulumi.Input[AccessTokenType] | pulumi.Output[str]


@dataclass(kw_only=True, eq=False, repr=False)
class MachineUserArgs:
    """The arguments of :class:`MachineUser` as one object."""

    org_id: pulumi.Input[str]
    user_name: pulumi.Input[str]
    name: pulumi.Input[str]
    description: pulumi.Input[str] | None = None
    access_token_type: AccessTokenTypeInput | None = None
    active: pulumi.Input[bool] = True
    custom_id: pulumi.Input[str] | None = None
    adopt: pulumi.Input[bool] = False
    deletion_policy: DeletionPolicyInput = "remove"


class MachineUser(ZitadelResource, module="zorg", name="MachineUser"):
    """A machine user of ZITADEL: a service account. Neither a key nor a token of it gets into the state.

    :ivar state: ``USER_STATE_ACTIVE``, ``USER_STATE_INACTIVE`` or ``USER_STATE_LOCKED``.

    Documents: https://zitadel.com/docs/guides/integrate/service-users/authenticate-service-users, and the management API's calls
    Create User (Machine), Update Machine User, Change Username, Deactivate, Reactivate and Delete User
    (https://zitadel.com/docs/apis/resources/mgmt).
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        org_id: pulumi.Output[str]
        user_name: pulumi.Output[str]
        name: pulumi.Output[str]
        description: pulumi.Output[str | None]
        access_token_type: pulumi.Output[str | None]
        custom_id: pulumi.Output[str | None]
        active: pulumi.Output[bool]
        state: pulumi.Output[str]

    _dynamic_provider, _inputs, _args = MachineUserProvider(), MachineUserInputs, MachineUserArgs

    @overload
    def __init__(
        self, resource_name: str, args: MachineUserArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        org_id: pulumi.Input[str],
        user_name: pulumi.Input[str],
        name: pulumi.Input[str],
        description: pulumi.Input[str] | None = None,
        access_token_type: AccessTokenTypeInput | None = None,
        active: pulumi.Input[bool] = True,
        custom_id: pulumi.Input[str] | None = None,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: DeletionPolicyInput = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """A machine user of ZITADEL: a service account. Neither a key nor a token of it gets into the state.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`MachineUserArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param org_id: the organization that the service account lives in. Changing it replaces the machine user.
        :param user_name: the user name. It is unique among all users, people too, whatever its upper and lower case: on the instance,
            or in the organization where login names end with its domain.
        :param name: the name that the console shows.
        :param description: a text about it. An empty one removes it. Left out, it is not managed.
        :param access_token_type: ``ACCESS_TOKEN_TYPE_BEARER`` (opaque) or ``ACCESS_TOKEN_TYPE_JWT``, of tokens that are issued from
            now on. Left out, it is not managed, and ZITADEL gives a new machine user the first.
        :param active: whether the service account is active. False stops everything at once: it gets no token, and its access tokens
            and personal access tokens are refused. Nothing is deleted. True reactivates it: its keys work again, and its personal access
            tokens of before never do. A locked one stays locked.
        :param custom_id: the id of the new service account, chosen by the program. Left out, ZITADEL chooses it. It never changes:
            the present id changes nothing, and another one is refused. With ``adopt=True``, only the service account that has this id is
            taken over.
        :param adopt: take over the service account of that user name in that organization if it exists.
        :param deletion_policy: what deleting the resource does: ``remove`` (with its keys, tokens, user grants and roles as a manager),
            ``deactivate``, or ``retain``. One that was kept this way can be adopted later.
        :raises InputError: where an argument that is known already cannot be right.
        """
        self._declare(resource_name, *args, **given)

    @staticmethod
    def get(
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
        *,
        org_id: pulumi.Input[str],
    ) -> MachineUser:
        """Read a service account that exists and that this stack does not manage.

        :param id: the user's id.
        :param org_id: the organization that it lives in.
        :raises Gone: in the deployment, where it does not exist.
        """
        return MachineUser._get(resource_name, id, opts, org_id=org_id)
