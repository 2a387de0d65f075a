"""The list of user grants, which newer documents call authorizations, over all organizations.

Document: https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations). Servers before ZITADEL v4 do not
have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.pages import PAGE_V2
from pulumi_zorg.api.records import NonEmpty, Wire


class _Reference(Wire):
    id: NonEmpty
    organization_id: str = ""


class _Role(Wire):
    key: str


class Authorization(Wire):
    """A user grant as the list shows it. It does not name the project grant."""

    id: NonEmpty
    state: str = ""
    user: _Reference
    project: _Reference
    organization: _Reference
    roles: tuple[_Role, ...] = ()
    creation_date: datetime | None = None


#: The oldest first, so that a grant that is created meanwhile moves no other grant to another page.
AUTHORIZATIONS = ObjectList(
    Endpoint("POST", "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations", "user.grant.read"),
    Authorization,
    rows="authorizations",
    sorted_by="AUTHORIZATION_FIELD_NAME_CREATED_DATE",
    size=PAGE_V2,
)


def authorization_filters(
    *,
    ids: Sequence[str] | None = None,
    user_id: str | None = None,
    project_id: str | None = None,
    role: str | None = None,
    project_grant_id: str | None = None,
    org_id: str | None = None,
) -> list[dict[str, Any]]:
    """Return the filters of the list. None is no filter."""
    filters: dict[str, dict[str, Any]] = {
        "authorizationIds": {"ids": ids},
        "inUserIds": {"ids": None if user_id is None else [user_id]},
        "projectId": {"id": project_id},
        "roleKey": {"key": role, "method": "TEXT_FILTER_METHOD_EQUALS"},
        "projectGrantId": {"id": project_grant_id},
        "organizationId": {"id": org_id},
    }
    return [{name: each} for name, each in filters.items() if None not in each.values()]
