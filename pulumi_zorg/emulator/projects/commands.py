"""Commands on projects, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner. v2 passes none.
"""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import already_exists, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.projects.aggregate import ProjectWriteModel, project_event
from pulumi_zorg.emulator.user_grants.aggregate import cascade_user_grant_removals


def add(call: Call, project_id: str, owner: str, name: str, flags: dict[str, Any]) -> Details:
    """Create a project."""
    instance = call.instance
    model = ProjectWriteModel(instance.store, project_id, owner)
    if model.exists:
        raise already_exists("COMMAND-opamwu", "Errors.Project.AlreadyExisting")
    call.check("project.create", owner, project_id)
    payload = {"name": name, **{key: value for key, value in flags.items() if value}}
    unique = Unique("project_names", name + owner, "Errors.Project.AlreadyExists")
    new_events = [
        project_event(project_id, owner, "project.added", payload, unique),
        *milestone(instance, "ProjectCreated"),
    ]
    model.apply(call.push(*new_events))
    return model.details


def milestone(instance: Instance, name: str) -> list[NewEvent]:
    """The event of something done for the first time on this instance, or nothing."""
    events = instance.store.aggregate("milestone", instance.instance_id)
    if any(event.get("type") == name for event in events):
        return []
    return [NewEvent("milestone", instance.instance_id, instance.instance_id, "milestone.v2.reached", {"type": name})]


def change(call: Call, project_id: str, owner: str, name: str, flags: dict[str, Any]) -> Details:
    """Set the name and those of the flags that are given; one event, if anything changes."""
    model = ProjectWriteModel(call.instance.store, project_id, owner)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    call.check("project.write", model.owner, model.id)
    changes = {key: value for key, value in flags.items() if value != (model.flags.get(key) or type(value)())}
    uniques: tuple[Unique, ...] = ()
    if name not in ("", model.name):
        changes = {"name": name, **changes}
        uniques = (
            Unique("project_names", model.name + model.owner),
            Unique("project_names", name + model.owner, "Errors.Project.AlreadyExists"),
        )
    if changes:
        model.apply(call.push(project_event(model.id, model.owner, "project.changed", changes, *uniques)))
    return model.details


def deactivate(call: Call, project_id: str, owner: str = "") -> Details:
    """Deactivate a project."""
    model = ProjectWriteModel(call.instance.store, project_id, owner)
    if not model.exists:
        raise not_found("COMMAND-112M9", "Errors.Project.NotFound")
    if model.state != "ACTIVE":
        raise precondition("COMMAND-mki55", "Errors.Project.NotActive")
    call.check("project.write", model.owner, model.id)
    model.apply(call.push(project_event(model.id, model.owner, "project.deactivated")))
    return model.details


def reactivate(call: Call, project_id: str, owner: str = "") -> Details:
    """Reactivate a project."""
    model = ProjectWriteModel(call.instance.store, project_id, owner)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    if model.state != "INACTIVE":
        raise precondition("COMMAND-5M9bs", "Errors.Project.NotInactive")
    call.check("project.write", model.owner, model.id)
    model.apply(call.push(project_event(model.id, model.owner, "project.reactivated")))
    return model.details


def remove(call: Call, project_id: str, owner: str = "") -> Details:
    """Remove a project and its user grants. v2 reports success for a project that does not exist."""
    instance = call.instance
    model = ProjectWriteModel(instance.store, project_id, owner)
    if not model.exists:
        if not owner:
            return model.details
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    if not owner:
        call.check("project.delete", model.owner, model.id)
    freed = Unique("project_names", model.name + model.owner)
    grants = instance.read_models.user_grants.where("project_id", model.id)
    new_events = [
        project_event(model.id, model.owner, "project.removed", None, freed),
        *cascade_user_grant_removals(instance, grants),
    ]
    model.apply(call.push(*new_events))
    return model.details
