"""The list of projects over all organizations, of the v2 API.

Document: https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjects).
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from pulumi_zorg.api.lists import PAGE_V2, ObjectList
from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.api.records import NonEmpty, Wire


class ListedProject(Wire):
    """An entry of the list. A project has one of its own, and one for each organization that it is granted to.

    :ivar granted_organization_id: of a project grant, the organization that has it. The list does not show the id of a project grant.
    :ivar granted_state: the state of the project grant.
    """

    project_id: NonEmpty
    organization_id: str = ""
    granted_organization_id: str = ""
    name: str = ""
    state: str = ""
    granted_state: str = ""
    creation_date: datetime | None = None
    project_role_assertion: bool = False
    project_role_check: bool = Field(False, alias="authorizationRequired")
    has_project_check: bool = Field(False, alias="projectAccessRequired")
    private_labeling_setting: str = ""

    @property
    def id(self) -> str:
        """What distinguishes it in the list."""
        return f"{self.project_id} {self.granted_organization_id}"


PROJECTS = ObjectList(
    Endpoint("POST", "/zitadel.project.v2.ProjectService/ListProjects", "project.read"),
    ListedProject,
    rows="projects",
    # The oldest first, so that what is created meanwhile moves nothing to another page. By another column the order would not be
    # stable: a project and the entries of its grants have one id and one name.
    sorted_by="PROJECT_FIELD_NAME_CREATION_DATE",
    size=PAGE_V2,
)
