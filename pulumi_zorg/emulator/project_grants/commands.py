"""Commands on project grants, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner, and names a grant by its id. v2 passes no owner, and names a grant by
the organization that the project is granted to.
"""

from __future__ import annotations

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import ApiError, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import Unique
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.projects.aggregate import ProjectWriteModel, project_event, require_project
from pulumi_zorg.emulator.user_grants.aggregate import cascade_user_grant_removals, cascade_user_grant_roles
from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel


def _require_roles(
    instance: Instance, project_id: str, granted_org_id: str, owner: str, role_keys: list[str]
) -> ProjectWriteModel:
    project = ProjectWriteModel(instance.store, project_id, owner)
    if not project.exists:
        raise precondition("COMMAND-m9gsd", "Errors.Project.NotFound")
    # A deactivated organization counts as existing.
    if not OrganizationWriteModel(instance.store, granted_org_id).exists:
        raise precondition("COMMAND-3m9gg", "Errors.Org.NotFound")
    if not (project.role_keys | project.former_role_keys).issuperset(role_keys):
        raise precondition("COMMAND-6m9gd", "Errors.Project.Role.NotFound")
    return project


def _check(call: Call, permission: str, owner: str, project_id: str, grant_id: str) -> None:
    """Check a permission on the grant, or on its project."""
    try:
        call.check(permission, owner, grant_id)
    except ApiError:
        call.check(permission, owner, project_id)


def add(
    call: Call, project_id: str, granted_org_id: str, role_keys: list[str], owner: str = ""
) -> ProjectGrantWriteModel:
    """Grant a project to an organization."""
    grant_id = call.instance.store.new_id()
    owner = _require_roles(call.instance, project_id, granted_org_id, owner, role_keys).owner
    _check(call, "project.grant.write", owner, project_id, grant_id)
    if owner == granted_org_id:
        raise precondition("PROJECT-ckUpbvboAH", "Errors.Project.Grant.Invalid")
    payload = {"grantId": grant_id, "grantedOrgId": granted_org_id, **({"roleKeys": role_keys} if role_keys else {})}
    unique = Unique("project_grant", f"{granted_org_id}:{project_id}", "Errors.Project.Grant.AlreadyExists")
    events = call.push(project_event(project_id, owner, "project.grant.added", payload, unique))
    model = ProjectGrantWriteModel(call.instance, project_id, owner, grant_id)
    model.apply(events)
    return model


def _existing(model: ProjectGrantWriteModel) -> ProjectGrantWriteModel:
    if not model.exists:
        raise not_found("PROJECT-D8JxR", "Errors.Project.Grant.NotFound")
    return model


def change(call: Call, model: ProjectGrantWriteModel, role_keys: list[str], *, cascade: bool = False) -> Details:
    """Set the roles. With `cascade`, each user grant that loses a role gets an event."""
    _existing(model)
    _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
    _require_roles(call.instance, model.id, model.granted_org_id, model.owner, role_keys)
    if model.role_keys != role_keys:
        payload = {"grantId": model.grant_id, **({"roleKeys": role_keys} if role_keys else {})}
        new_events = [project_event(model.id, model.owner, "project.grant.changed", payload)]
        removed_keys = {key for key in model.role_keys if key not in role_keys}
        if removed_keys and cascade:
            grants = call.instance.read_models.user_grants.where("project_grant_id", model.grant_id)
            new_events += cascade_user_grant_roles(call.instance, grants, removed_keys)
        model.apply(call.push(*new_events))
    return model.details


def set_state(call: Call, model: ProjectGrantWriteModel, owner: str, state: str) -> Details:
    """Make a grant `ACTIVE` or `INACTIVE`. If it is so already, no event is written."""
    require_project(call.instance.store, model.id, owner)
    _existing(model)
    if model.state != state:
        _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
        name = "reactivated" if state == "ACTIVE" else "deactivated"
        payload = {"grantId": model.grant_id}
        model.apply(call.push(project_event(model.id, model.owner, f"project.grant.{name}", payload)))
    return model.details


def remove(call: Call, model: ProjectGrantWriteModel, grants: list[UserGrantReadModel]) -> Details:
    """Remove a project grant, and the user grants given."""
    _check(call, "project.grant.delete", model.owner, model.id, model.grant_id)
    payload = {"grantId": model.grant_id}
    removed = project_event(model.id, model.owner, "project.grant.removed", payload, model.unique)
    model.apply(call.push(removed, *cascade_user_grant_removals(call.instance, grants)))
    return model.details
