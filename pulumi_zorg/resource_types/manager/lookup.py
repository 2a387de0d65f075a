"""Finding managers that exist: :func:`get_managers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.resource_types.manager.calls import ManagerRecord


@dataclass(frozen=True)
class ManagerResult:
    """A manager that exists.

    :ivar id: what :meth:`Manager.get` and an import take.
    :ivar org_id: the organization that is administered, or that owns the project; None on the instance.
    :ivar project_id: the project; None where the organization or the instance is administered.
    :ivar project_grant_id: the project grant; None where something else is administered.
    """

    id: str
    user_id: str
    roles: tuple[str, ...]
    org_id: str | None
    project_id: str | None
    project_grant_id: str | None


def get_managers(
    *,
    org_id: str | None = None,
    project_id: str | None = None,
    project_grant_id: str | None = None,
    user_id: str | None = None,
) -> tuple[ManagerResult, ...]:
    """Return the managers of what is given, sorted by id. None at all is no error.

    As for :class:`Manager`, nothing means the instance, ``org_id`` an organization, with ``project_id`` a project, and with
    ``project_grant_id`` a project grant.

    :param org_id: the organization, or the one that owns the project.
    :param project_id: needs ``org_id``.
    :param project_grant_id: needs ``org_id`` and ``project_id``.
    :param user_id: only this user.
    :raises PermissionDenied: where the credential may not read the managers.
    :raises UnexpectedAnswer: where the server counts more than it shows.
    :raises NoMatch: where the organization was removed.
    :raises HeaderIgnored: where the server searches another organization than ``org_id``.
    :raises InputError: for a wrong argument, before anything is called.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (List Organization, Project and Project Grant Members) and
    https://zitadel.com/docs/apis/resources/admin (List IAM Members).
    """
    question = lookup.Question("get_managers", locals())
    if project_id is not None or project_grant_id is not None:
        question.require("org_id")
    if project_grant_id is not None:
        question.require("project_id")

    def find(client: Client) -> list[ManagerResult]:
        from pulumi_zorg.resource_types.manager.calls import managers_of
        from pulumi_zorg.resource_types.manager.place import Place

        queries = [{"userIdQuery": {"userId": user_id}}] if user_id else []
        found: Sequence[ManagerRecord] = managers_of(
            client, Place(org_id or "", project_id or "", project_grant_id or ""), *queries
        )
        if org_id:
            found = lookup.in_organization(client, org_id, found)
        results = [lookup.result_of(ManagerResult, each) for each in found]
        return sorted(results, key=lambda each: each.id)

    return question.answers(ManagerResult, "managers", find)


def get_managers_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    project_grant_id: pulumi.Input[str] | None = None,
    user_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[tuple[ManagerResult, ...]]:
    """Return the same as :func:`get_managers`, for arguments that may be known later."""
    return lookup.as_output(get_managers, locals())
