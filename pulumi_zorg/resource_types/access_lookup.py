"""Who can get in, for a policy or a test of a program: :func:`get_access`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.access.report import AccessRow
from pulumi_zorg.errors import LookupFailed
from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client


def get_access(
    *, org_id: str | None = None, project_id: str | None = None, user_id: str | None = None, managers: bool = False
) -> tuple[AccessRow, ...]:
    """Return who can get in: a row for each user, project and organization that gives the access, sorted by login name.

    Rows of what is not in force are among them. Of a row whose ``in_force`` is None that is not known, so a policy asks
    ``row.in_force is not False``. People who can log in without a user grant have no row. The lists of the whole instance are read, once
    in a run.

    :param org_id: only what this organization gives, and what its users have.
    :param project_id: only access to this project.
    :param user_id: only the access of this user.
    :param managers: whether the rights of managers, like ORG_OWNER, are rows too.
    :raises NoMatch: for an id that the credential does not see: a policy about a mistyped project would find nobody.
    :raises LookupFailed: where the credential may not see all of a list, so that rows may be missing, and where the server does not have
        the v2 API. IAM_OWNER_VIEWER on the instance sees all.
    :raises InputError: for a wrong argument, before anything is called.

    Documents: see :mod:`pulumi_zorg.access.read`.
    """
    question = lookup.Question("get_access", locals(), ("managers",))

    def find(client: Client) -> tuple[AccessRow, ...]:
        from pulumi_zorg.access.read import read_instance
        from pulumi_zorg.access.report import rows_of
        from pulumi_zorg.access.selection import Filters, select

        instance = lookup.once_in_run("who can get in", read_instance)
        for name, why in instance.unlisted.items():
            if managers or name != "managers":
                raise LookupFailed(
                    f"It is not known who can get in: not all {name.replace('_', ' ')} are shown ({why})."
                )
        filters = Filters(_limit(org_id), _limit(project_id), _limit(user_id), managers=managers)
        return rows_of(instance, select(instance, filters))

    return question.answers(AccessRow, "access", find)


def _limit(id: str | None) -> tuple[str, ...]:
    return () if id is None else (id,)


def get_access_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    user_id: pulumi.Input[str] | None = None,
    managers: bool = False,
) -> pulumi.Output[tuple[AccessRow, ...]]:
    """Return the same as :func:`get_access`, for arguments that may be known later."""
    return lookup.as_output(get_access, locals())
