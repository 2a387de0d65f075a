"""Finding user grants that exist: :func:`get_user_grants`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_zorg.api.api_services import AUTHORIZATIONS, needs_service
from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client

_WAY_OUT = "Without it, user grants are looked up in one organization only: give org_id."


@dataclass(frozen=True)
class UserGrantResult:
    """A user grant that exists.

    :ivar org_id: the organization in which it was made.
    :ivar project_grant_id: the project grant by which it was made; None where there is none.
    :ivar state: ``USER_GRANT_STATE_ACTIVE`` or ``USER_GRANT_STATE_INACTIVE``.
    """

    id: str
    org_id: str
    user_id: str
    project_id: str
    project_grant_id: str | None
    role_keys: tuple[str, ...]
    active: bool
    state: str


def get_user_grants(
    *, org_id: str | None = None, user_id: str | None = None, project_id: str | None = None
) -> tuple[UserGrantResult, ...]:
    """Return all user grants that match, sorted by id. None at all is no error.

    :param org_id: only grants that were made in this organization. Without it, those of all organizations are listed, which
        a server without the v2 API cannot do.
    :param user_id: only grants of this user.
    :param project_id: only grants for this project.
    :raises UnexpectedAnswer: where the server counts more than the credential may see.
    :raises LookupFailed: without ``org_id``, where the server does not have the v2 API.
    :raises NoMatch: where the organization was removed.
    :raises HeaderIgnored: where the server searches another organization than ``org_id``.
    :raises InputError: for a wrong argument, or without any, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/mgmt (Search User Grants), and without ``org_id``
    https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations).
    """
    question = lookup.Question("get_user_grants", locals())
    question.any_of("org_id", "user_id", "project_id")

    def find(client: Client) -> list[UserGrantResult]:
        from pulumi_zorg.resource_types.user_grant.calls import verify_project_grants
        from pulumi_zorg.resource_types.user_grant.declaration import TYPE

        if org_id is None:
            with needs_service(client.transport, AUTHORIZATIONS, _WAY_OUT):
                listed = TYPE.calls.search_instance(client, user_id, project_id)
        else:
            listed = lookup.in_organization(
                client, org_id, TYPE.calls.search_organization(client, org_id, user_id, project_id)
            )
        verify_project_grants(listed)
        found = [lookup.result_of(UserGrantResult, each) for each in listed]
        wanted = [each for each in found if user_id in (None, each.user_id) and project_id in (None, each.project_id)]
        return sorted(wanted, key=lambda each: each.id)

    return question.answers(UserGrantResult, "user_grants", find)


def get_user_grants_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    user_id: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[tuple[UserGrantResult, ...]]:
    """Return the same as :func:`get_user_grants`, for arguments that may be known later."""
    return lookup.as_output(get_user_grants, locals())
