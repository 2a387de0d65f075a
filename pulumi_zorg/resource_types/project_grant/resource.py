"""The resource :class:`ProjectGrant`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import pulumi

from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.project_grant.provider import ProjectGrantProvider
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource


@dataclass(kw_only=True, eq=False, repr=False)
class ProjectGrantArgs:
    """The arguments of :class:`ProjectGrant` as one object."""

    org_id: pulumi.Input[str]
    project_id: pulumi.Input[str]
    granted_org_id: pulumi.Input[str]
    role_keys: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    active: pulumi.Input[bool] = True
    adopt: pulumi.Input[bool] = False
    deletion_policy: DeletionPolicyInput = "remove"


class ProjectGrant(ZitadelResource, module="zorg", name="ProjectGrant"):
    """A project grant of ZITADEL: it lets another organization give roles of a project to its users.

    Its id is what the argument ``project_grant_id`` of :class:`pulumi_zorg.UserGrant` takes.

    :ivar state: ``PROJECT_GRANT_STATE_ACTIVE`` or ``PROJECT_GRANT_STATE_INACTIVE``.

    Documents: https://zitadel.com/docs/guides/manage/console/projects, and the management API's calls Add, Change,
    Deactivate, Reactivate and Remove Project Grant (https://zitadel.com/docs/apis/resources/mgmt).
    """

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        org_id: pulumi.Output[str]
        project_id: pulumi.Output[str]
        granted_org_id: pulumi.Output[str]
        role_keys: pulumi.Output[Sequence[str]]
        active: pulumi.Output[bool]
        state: pulumi.Output[str]

    _dynamic_provider, _inputs, _args = ProjectGrantProvider(), ProjectGrantInputs, ProjectGrantArgs

    @overload
    def __init__(
        self, resource_name: str, args: ProjectGrantArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        *,
        org_id: pulumi.Input[str],
        project_id: pulumi.Input[str],
        granted_org_id: pulumi.Input[str],
        role_keys: pulumi.Input[Sequence[pulumi.Input[str]]] = (),
        active: pulumi.Input[bool] = True,
        adopt: pulumi.Input[bool] = False,
        deletion_policy: DeletionPolicyInput = "remove",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...

    def __init__(self, resource_name: str, *args: Any, **given: Any) -> None:
        """A project grant of ZITADEL: it lets another organization give roles of a project to its users.

        :param resource_name: the name of the resource in the stack.
        :param args: all arguments below as one :class:`ProjectGrantArgs`, in place of giving them by name.
        :param opts: the options of Pulumi.
        :param org_id: the organization that owns the project. Changing it replaces the project grant.
        :param project_id: the project. Changing it replaces the project grant.
        :param granted_org_id: the organization that the project is granted to. Changing it replaces the project grant.
        :param role_keys: the roles that it may give, as a set. Taking one away takes it from the user grants made by it.
        :param active: whether the project grant is active. **False takes no role out of any token.** Where the project has
            ``has_project_check``, the people of the granted organization can no longer log in to its applications. Elsewhere, False
            stops nothing. To take roles away, deactivate the user grants, or remove the project grant. Nothing is deleted; True
            reactivates it.
        :param adopt: take over the grant of that project to that organization if it exists.
        :param deletion_policy: what deleting the resource does: ``remove`` (with the user grants made by it, whose roles another
            project grant does not bring back), ``deactivate``, or ``retain``. A project grant that was kept this way can be adopted later.
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
        project_id: pulumi.Input[str],
    ) -> ProjectGrant:
        """Read a project grant that exists and that this stack does not manage.

        :param id: the project grant's id.
        :param org_id: the organization that owns the project.
        :param project_id: the project.
        :raises Gone: in the deployment, where it does not exist.
        """
        return ProjectGrant._get(resource_name, id, opts, org_id=org_id, project_id=project_id)
