"""Commands on roles of projects, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner. v2 passes none.
"""

from __future__ import annotations

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.project_roles.aggregate import RoleWriteModel
from pulumi_zorg.emulator.projects.aggregate import project_event, require_project
from pulumi_zorg.emulator.user_grants.aggregate import cascade_user_grant_roles
from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel


def role_added(project_id: str, owner: str, key: str, display_name: str, group: str) -> NewEvent:
    """Return the event that adds a role to a project."""
    payload = {"key": key, "displayName": display_name}
    if group:
        payload["group"] = group
    unique = Unique("project_role", f"{key}:{project_id}", "Errors.Project.Role.AlreadyExists")
    return project_event(project_id, owner, "project.role.added", payload, unique)


def add(call: Call, request: MessageDict, owner: str = "") -> Details:
    """Add a role to a project."""
    project = require_project(call.instance.store, request["project_id"], owner)
    call.check("project.role.write", project.owner, project.id)
    key, display_name, group = request["role_key"], request["display_name"], request["group"] or ""
    # The answer is about the new event alone, even for a role that existed before.
    [event] = call.push(role_added(project.id, project.owner, key, display_name, group))
    return Details(event.sequence, event.created_at, project.owner)


def change(call: Call, request: MessageDict, owner: str = "") -> Details:
    """Set the display name and the group of a role. A value that is left out becomes empty, in v2 too."""
    project = require_project(call.instance.store, request["project_id"], owner)
    call.check("project.role.write", project.owner, project.id)
    model = RoleWriteModel(call.instance, project.id, project.owner, request["role_key"])
    if not model.exists:
        raise not_found("COMMAND-vv8M9", "Errors.Project.Role.NotExisting")
    display_name, group = request["display_name"] or "", request["group"] or ""
    changes = {}
    if display_name != model.display_name:
        changes["displayName"] = display_name
    if group != model.group:
        changes["group"] = group
    if changes:
        payload = {"key": model.key, **changes}
        model.apply(call.push(project_event(project.id, project.owner, "project.role.changed", payload)))
    return model.details


def remove(call: Call, project_id: str, key: str, owner: str = "") -> Details:
    """Remove a role, also from all project grants and user grants of the project."""
    instance = call.instance
    model = RoleWriteModel(instance, project_id, owner, key)
    if not model.exists:
        return model.details
    call.check("project.role.delete", model.owner, project_id)
    freed = Unique("project_role", f"{key}:{project_id}")
    new_events = [project_event(project_id, model.owner, "project.role.removed", {"key": key}, freed)]
    for grant in instance.shown(instance.list_read_models.project_grants.where("project_id", project_id)):
        if key in grant.role_keys and grant.id not in instance.missed_by_cascades:
            kept = [role for role in grant.role_keys if role != key]
            payload = {"grantId": grant.id, **({"roleKeys": kept} if kept else {})}
            new_events.append(project_event(project_id, model.owner, "project.grant.cascade.changed", payload))
    having: list[UserGrantReadModel] = [
        grant
        for grant in instance.list_read_models.user_grants.where("project_id", project_id)
        if key in grant.role_keys
    ]
    model.apply(call.push(*new_events, *cascade_user_grant_roles(instance, having, {key})))
    return model.details
