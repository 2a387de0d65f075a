"""The resource :class:`Project`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, overload

import pulumi

from pulumi_zorg.resource_types.project.inputs import Labeling, ProjectInputs
from pulumi_zorg.resource_types.project.provider import ProjectProvider
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource

if TYPE_CHECKING:
    from typing_extensions import NotRequired, ReadOnly


#: What the argument ``private_labeling_setting`` takes. An output, like a setting of the stack, is checked when it is known.
LabelingInput = pulumi.Input[Labeling] | pulumi.Output[str]


class ProjectRole(TypedDict):
    """A role with more than a display name."""

    # Read-only, so that the roles of a lookup, which are texts, are roles to give as well.
    display_name: ReadOnly[pulumi.Input[str]]
    group: ReadOnly[NotRequired[pulumi.Input[str]]]


@dataclass(kw_only=True, eq=False, repr=False)
class ProjectArgs:
    """The arguments of :class:`Project` as one object."""

    org_id: pulumi.Input[str]
    name: pulumi.Input[str]
    roles: pulumi.Input[Mapping[str, pulumi.Input[str] | ProjectRole]] | None = None
    project_role_assertion: pulumi.Input[bool] | None = None
    project_role_check: pulumi.Input[bool] | None = None
    has_project_check: pulumi.Input[bool] | None = None
    private_labeling_setting: LabelingInput | None = None
    active: pulumi.Input[bool] = True
    custom_id: pulumi.Input[str] | None = None
    adopt: pulumi.Input[bool] = False
    deletion_policy: DeletionPolicyInput = "remove"


class Project(ZitadelResource, module="zorg", name="Project"):
    """A project of ZITADEL: an application's roles.

    :ivar state: ``PROJECT_STATE_ACTIVE`` or ``PROJECT_STATE_INACTIVE``.

    Documents: https://zitadel.com/docs/guides/manage/console/projects, and the management API's calls Add, Change,
    Deactivate, Reactivate and Remove Project (https://zitadel.com/docs/apis/resources/mgmt).
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        org_id: pulumi.Output[str]
        name: pulumi.Output[str]
        roles: pulumi.Output[Mapping[str, Mapping[str, str]] | None]
        project_role_assertion: pulumi.Output[bool]
        project_role_check: pulumi.Output[bool]
        has_project_check: pulumi.Output[bool]
        private_labeling_setting: pulumi.Output[str]
        custom_id: pulumi.Output[str | None]
        active: pulumi.Output[bool]
        state: pulumi.Output[str]

    _dynamic_provider, _inputs, _args = ProjectProvider(), ProjectInputs, ProjectArgs

    @overload
    def __init__(self, resource_name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        org_id: pulumi.Input[str],
        name: pulumi.Input[str],
        roles: pulumi.Input[Mapping[str, pulumi.Input[str] | ProjectRole]] | None = None,
        project_role_assertion: pulumi.Input[bool] | None = None,
        project_role_check: pulumi.Input[bool] | None = None,
        has_project_check: pulumi.Input[bool] | None = None,
        private_labeling_setting: LabelingInput | None = None,
        active: pulumi.Input[bool] = True,
        custom_id: pulumi.Input[str] | None = None,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: DeletionPolicyInput = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """A project of ZITADEL: an application's roles.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`ProjectArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param org_id: the organization that owns the project. Changing it replaces the project.
        :param name: the name. It is unique in the organization, whatever its upper and lower case.
        :param roles: the roles: a display name, or a :class:`ProjectRole`, for each role key. They are added, changed and removed to
            match, and removing one takes it from all project grants and user grants. Left out, the roles are not managed.
        :param project_role_assertion: whether userinfo and tokens have the user's roles in this project. Left out, it is not changed on
            a project that exists, and a new one has False; the same for the other flags.
        :param project_role_check: whether only people with an active user grant on the project, with or without roles, can log in to
            its applications. Refresh tokens and service accounts are not checked.
        :param has_project_check: whether only people of the organization that owns the project, and of organizations with an active
            project grant, can log in to its applications. A user grant does not help others. Refresh tokens and service accounts
            are not checked.
        :param private_labeling_setting: whose branding the login pages show: ``PRIVATE_LABELING_SETTING_UNSPECIFIED``,
            ``PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY`` or
            ``PRIVATE_LABELING_SETTING_ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY``.
        :param active: whether the project is active. False makes every login to its applications, every refresh and every
            introspection by its APIs fail, for the users of all organizations. **It takes no role out of any token**: service
            accounts still get tokens with all their roles. To take roles away, deactivate the user grants. Nothing is deleted; True
            reactivates it.
        :param custom_id: the id of the new project, chosen by the program. Left out, ZITADEL chooses it. It never changes:
            the present id changes nothing, and another one is refused. With ``adopt=True``, only the project that has this id is
            taken over.
        :param adopt: take over the project of that name in that organization if it exists.
        :param deletion_policy: what deleting the resource does: ``remove`` (with its roles, project grants and user grants),
            ``deactivate``, or ``retain``. A project that was kept this way can be adopted later.
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
    ) -> Project:
        """Read a project that exists and that this stack does not manage.

        :param id: the project's id.
        :param org_id: the organization that owns it.
        :raises Gone: in the deployment, where it does not exist.
        """
        return Project._get(resource_name, id, opts, org_id=org_id)
