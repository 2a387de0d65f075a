"""The resource :class:`HumanUser`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import pulumi

from pulumi_zorg.providers.human_user import HumanUserProvider
from pulumi_zorg.resource_types.human_user.inputs import Gender, HumanUserInputs
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource

#: What the argument ``gender`` takes. An output, like a setting of the stack, is checked when it is known.
GenderInput = pulumi.Input[Gender] | pulumi.Output[str]


@dataclass(kw_only=True, eq=False, repr=False)
class HumanUserArgs:
    """The arguments of :class:`HumanUser` as one object."""

    org_id: pulumi.Input[str]
    user_name: pulumi.Input[str]
    given_name: pulumi.Input[str] | None = None
    family_name: pulumi.Input[str] | None = None
    email: pulumi.Input[str] | None = None
    email_verified: pulumi.Input[bool] | None = None
    nick_name: pulumi.Input[str] | None = None
    display_name: pulumi.Input[str] | None = None
    preferred_language: pulumi.Input[str] | None = None
    gender: GenderInput | None = None
    phone: pulumi.Input[str] | None = None
    active: pulumi.Input[bool] = True
    custom_id: pulumi.Input[str] | None = None
    adopt: pulumi.Input[bool] = False
    deletion_policy: DeletionPolicyInput = "deactivate"


class HumanUser(ZitadelResource, module="zorg", name="HumanUser"):
    """A human user of ZITADEL: a person. No password gets into the state: a person is invited, or signs in by an identity provider.

    :ivar state: ``USER_STATE_ACTIVE``, ``USER_STATE_INACTIVE``, ``USER_STATE_LOCKED`` or ``USER_STATE_INITIAL`` (invited, and without a
        password yet).

    Documents: https://zitadel.com/docs/guides/manage/console/users, https://zitadel.com/docs/apis/resources/user_service_v2
    (AddHumanUser, UpdateHumanUser, SetEmail, SetPhone), and the management API's calls Deactivate, Reactivate and Delete User
    (https://zitadel.com/docs/apis/resources/mgmt).
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        org_id: pulumi.Output[str]
        user_name: pulumi.Output[str]
        given_name: pulumi.Output[str | None]
        family_name: pulumi.Output[str | None]
        email: pulumi.Output[str | None]
        email_verified: pulumi.Output[bool | None]
        nick_name: pulumi.Output[str | None]
        display_name: pulumi.Output[str | None]
        preferred_language: pulumi.Output[str | None]
        gender: pulumi.Output[str | None]
        phone: pulumi.Output[str | None]
        custom_id: pulumi.Output[str | None]
        active: pulumi.Output[bool]
        state: pulumi.Output[str]

    _dynamic_provider, _inputs, _args = HumanUserProvider(), HumanUserInputs, HumanUserArgs

    @overload
    def __init__(self, resource_name: str, args: HumanUserArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        org_id: pulumi.Input[str],
        user_name: pulumi.Input[str],
        given_name: pulumi.Input[str] | None = None,
        family_name: pulumi.Input[str] | None = None,
        email: pulumi.Input[str] | None = None,
        email_verified: pulumi.Input[bool] | None = None,
        nick_name: pulumi.Input[str] | None = None,
        display_name: pulumi.Input[str] | None = None,
        preferred_language: pulumi.Input[str] | None = None,
        gender: GenderInput | None = None,
        phone: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] = True,
        custom_id: pulumi.Input[str] | None = None,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: DeletionPolicyInput = "deactivate",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """A human user of ZITADEL: a person. No password gets into the state: a person is invited, or signs in by an identity provider.

        What a program leaves out is not managed: people change their own names, and no update sets them back.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`HumanUserArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param org_id: the organization that the person lives in. Changing it replaces the human user.
        :param user_name: the user name. It is unique among all users, service accounts too, whatever its upper and lower case: on the
            instance, or in the organization where login names end with its domain.
        :param given_name: the given name. Only with ``adopt=True`` it may be left out, and then it is not managed; the same for
            ``family_name`` and ``email``.
        :param family_name: the family name.
        :param email: the email address. A new one that is not verified gets a code from ZITADEL.
        :param email_verified: True: an address that this resource sets counts as verified. False, or left out: the person verifies it,
            and whether that is done is not managed.
        :param nick_name: the nickname. It can be changed, and not be emptied. Left out, it is not managed.
        :param display_name: the name that is shown. Left out, it is not managed, and ZITADEL makes that of a new person of the two names.
        :param preferred_language: the language, like ``de`` or ``de-CH``. Left out, it is not managed.
        :param gender: ``GENDER_UNSPECIFIED``, ``GENDER_FEMALE``, ``GENDER_MALE`` or ``GENDER_DIVERSE``. Left out, it is not managed.
        :param phone: the phone number in the international form, like ``+41 79 123 45 67``; spaces do not count. A new one gets a code
            from ZITADEL. Left out, it is not managed.
        :param active: whether the person is active. False stops everything at once: logins, refresh tokens, access tokens and personal
            access tokens. Nothing is deleted. True reactivates the person: refresh tokens and sessions of before then work again, without a
            password; access tokens and personal access tokens of before never do. A locked person stays locked, and one in the initial
            state stays in it.
        :param custom_id: the id of the new person, chosen by the program. Left out, ZITADEL chooses it. It never changes:
            the present id changes nothing, and another one is refused. With ``adopt=True``, only the person that has this id is
            taken over.
        :param adopt: take over the person of that user name in that organization if there is one.
        :param deletion_policy: what deleting the resource does: ``deactivate``, ``remove`` (with user grants, roles as a manager, history
            and id, for good), or ``retain``. A person who was kept this way can be adopted later.
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
    ) -> HumanUser:
        """Read a person who exists and whom this stack does not manage.

        :param id: the user's id.
        :param org_id: the organization that the person lives in.
        :raises Gone: in the deployment, where there is no such person.
        """
        return HumanUser._get(resource_name, id, opts, org_id=org_id)
