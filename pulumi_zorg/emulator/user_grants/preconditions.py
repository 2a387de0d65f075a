"""What must hold before a user grant is added or changed."""

from __future__ import annotations

from pulumi_zorg.emulator.errors import precondition
from pulumi_zorg.emulator.eventstore.store import EventStore
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrant
from pulumi_zorg.emulator.projects.aggregate import ProjectWriteModel
from pulumi_zorg.emulator.user_grants.aggregate import UserGrantWriteModel
from pulumi_zorg.emulator.users.aggregate import UserWriteModel


def check_preconditions(store: EventStore, model: UserGrantWriteModel, role_keys: list[str]) -> None:
    """Check that the user, the project (or the project grant) and the roles exist. Fill in what the grant leaves out.

    :raises ApiError: 400, for the first that does not exist.
    """
    project = ProjectWriteModel(store, model.project_id)
    project_grant_id, project_grant = _find_project_grant(store, model)
    model.owner = model.owner or project.owner
    model.project_grant_id = model.project_grant_id or project_grant_id
    if not UserWriteModel(store, model.user_id).exists:
        raise precondition("COMMAND-4f8sg", "Errors.User.NotFound")
    owned = model.owner in ("", project.owner)
    if owned and not project.exists:
        raise precondition("COMMAND-3n77S", "Errors.Project.NotFound")
    if not owned and not project_grant_id:
        raise precondition("COMMAND-4m9ff", "Errors.Project.Grant.NotFound")
    grantable = set(project_grant.role_keys) if project_grant_id else project.role_keys
    if not grantable.issuperset(role_keys):
        raise precondition("COMMAND-mm9F4", "Errors.Project.Role.NotFound")


def _find_project_grant(store: EventStore, model: UserGrantWriteModel) -> tuple[str, ProjectGrant]:
    """Return the id and the state of the project grant that the user grant is for. Without one, the id is empty.

    As on the real server, roles that a project grant loses in a cascade still count here.
    """
    grant_id, grant = "", ProjectGrant()
    for event in store.aggregate("project", model.project_id):
        if event.type == "project.removed":
            grant.transition(event)
        elif event.type == "project.grant.added":
            if _is_for(model, event.get("grantId"), event.get("grantedOrgId")):
                grant_id, grant = event.get("grantId"), ProjectGrant()
                grant.transition(event)
        elif event.get("grantId") == grant_id:
            if event.type == "project.grant.changed":
                grant.transition(event)
            elif event.type == "project.grant.removed":
                grant_id, grant = "", ProjectGrant()
    return grant_id, grant


def _is_for(model: UserGrantWriteModel, grant_id: str, granted_org_id: str) -> bool:
    if not model.project_grant_id and not model.owner:
        return False
    return model.project_grant_id in ("", grant_id) and model.owner in ("", granted_org_id)
