"""The list of managers over the whole instance, of the v2 API, which calls them administrators.

Document: https://zitadel.com/docs/apis/resources/internal_permission_service_v2 (ListAdministrators). It leaves out what the caller may
not see, and counts it.
"""

from __future__ import annotations

from datetime import datetime

from pulumi_zorg.api.lists import PAGE_V2, ObjectList
from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.api.records import NonEmpty, Wire


class _Reference(Wire):
    id: str = ""


class _User(_Reference):
    organization_id: str = ""


class _OnProject(_Reference):
    organization_id: str = ""


class _OnProjectGrant(_OnProject):
    project_id: NonEmpty
    granted_organization_id: NonEmpty


class Administrator(Wire):
    """An entry of the list. It names what the right is on; one on the instance names none of these."""

    user: _User
    roles: tuple[str, ...] = ()
    organization: _Reference | None = None
    project: _OnProject | None = None
    project_grant: _OnProjectGrant | None = None
    creation_date: datetime | None = None
    change_date: datetime | None = None

    @property
    def id(self) -> str:
        """What distinguishes it in the list."""
        on = self.project_grant
        if on is not None:
            return f"{on.project_id} {on.granted_organization_id} {self.user.id}"
        on_one = self.project or self.organization
        return f"{on_one.id if on_one else 'instance'} {self.user.id}"


ADMINISTRATORS = ObjectList(
    Endpoint("POST", "/zitadel.internal_permission.v2.InternalPermissionService/ListAdministrators", "iam.member.read"),
    Administrator,
    rows="administrators",
    sorted_by="ADMINISTRATOR_FIELD_NAME_CREATION_DATE",
    size=PAGE_V2,
)
