"""Projects: what changes them, and how they are read by the v1 API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import already_exists, not_found, precondition
from .fields import LABELINGS
from .model import Details, WriteModel, added, changed, pb, viewed
from .queries import all_of, kind_of, listed, matches, page
from .routing import rest
from .schema import Msg
from .store import Command, Event, EventStore, Unique
from .tables import ProjectRow
from .user_grants_model import cascade_removal
from .world import Call, World

_FLAGS = {
    "project_role_assertion": "projectRoleAssertion",
    "project_role_check": "projectRoleCheck",
    "has_project_check": "hasProjectCheck",
}


class ProjectModel(WriteModel):
    """A project as commands see it."""

    aggregate_type = "project"
    types = frozenset(
        {"project.added", "project.changed", "project.deactivated", "project.reactivated", "project.removed"}
    )

    def __init__(self, store: EventStore, aggregate_id: str, owner: str = "") -> None:
        self.name = ""
        self.flags: dict[str, Any] = {}
        super().__init__(store, aggregate_id, owner)

    def reduce(self, event: Event) -> None:
        """Name, flags and state."""
        if event.type in ("project.added", "project.changed"):
            payload = dict(event.payload or {})
            self.name = payload.pop("name", self.name)
            self.flags = payload if event.type == "project.added" else {**self.flags, **payload}
        if event.type == "project.added":
            self.state = "ACTIVE"
        elif event.type == "project.removed":
            self.state, self.name, self.flags = "REMOVED", "", {}
        elif self.state != "REMOVED" and event.type != "project.changed":
            self.state = "INACTIVE" if event.type == "project.deactivated" else "ACTIVE"


def event_of(project_id: str, owner: str, event_type: str, payload: Any = None, *uniques: Unique) -> Command:
    """An event of a project."""
    return Command("project", project_id, owner, event_type, payload, uniques)


def require_project(store: EventStore, project_id: str, owner: str) -> ProjectModel:
    """The project in that organization, or a refusal."""
    model = ProjectModel(store, project_id, owner)
    if not model.exists:
        raise precondition("COMMAND-EbFMN", "Errors.Project.NotFound")
    return model


def _flags(request: Msg) -> dict[str, Any]:
    flags = {name: request[field] for field, name in _FLAGS.items()}
    flags["privateLabelingSetting"] = LABELINGS.index(request["private_labeling_setting"])
    return flags


# Commands. v1 names the organization of its header as the owner, v2 names none.


def add(call: Call, project_id: str, owner: str, name: str, flags: dict[str, Any]) -> Details:
    """Create a project."""
    world = call.world
    model = ProjectModel(world.store, project_id, owner)
    if model.exists:
        raise already_exists("COMMAND-opamwu", "Errors.Project.AlreadyExisting")
    call.check("project.create", owner, project_id)
    payload = {"name": name, **{key: value for key, value in flags.items() if value}}
    unique = Unique("project_names", name + owner, "Errors.Project.AlreadyExists")
    commands = [event_of(project_id, owner, "project.added", payload, unique), *milestone(world, "ProjectCreated")]
    model.apply(call.push(*commands))
    return model.details


def milestone(world: World, name: str) -> list[Command]:
    """The event of something done for the first time on this instance, or nothing."""
    events = world.store.aggregate("milestone", world.instance_id)
    if any(event.get("type") == name for event in events):
        return []
    return [Command("milestone", world.instance_id, world.instance_id, "milestone.v2.reached", {"type": name})]


def change(call: Call, project_id: str, owner: str, name: str, flags: dict[str, Any]) -> Details:
    """Set the name and those of the flags that are given; one event, if anything changes."""
    model = ProjectModel(call.world.store, project_id, owner)
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
        model.apply(call.push(event_of(model.id, model.owner, "project.changed", changes, *uniques)))
    return model.details


def deactivate(call: Call, project_id: str, owner: str = "") -> Details:
    """Deactivate a project."""
    model = ProjectModel(call.world.store, project_id, owner)
    if not model.exists:
        raise not_found("COMMAND-112M9", "Errors.Project.NotFound")
    if model.state != "ACTIVE":
        raise precondition("COMMAND-mki55", "Errors.Project.NotActive")
    call.check("project.write", model.owner, model.id)
    model.apply(call.push(event_of(model.id, model.owner, "project.deactivated")))
    return model.details


def reactivate(call: Call, project_id: str, owner: str = "") -> Details:
    """Reactivate a project."""
    model = ProjectModel(call.world.store, project_id, owner)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    if model.state != "INACTIVE":
        raise precondition("COMMAND-5M9bs", "Errors.Project.NotInactive")
    call.check("project.write", model.owner, model.id)
    model.apply(call.push(event_of(model.id, model.owner, "project.reactivated")))
    return model.details


def remove(call: Call, project_id: str, owner: str = "") -> Details:
    """Remove a project and its user grants. v2 reports success for a project that does not exist."""
    world = call.world
    model = ProjectModel(world.store, project_id, owner)
    if not model.exists:
        if not owner:
            return model.details
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    if not owner:
        call.check("project.delete", model.owner, model.id)
    freed = Unique("project_names", model.name + model.owner)
    grants = world.tables.user_grants.by("project_id", model.id)
    commands = [event_of(model.id, model.owner, "project.removed", None, freed), *cascade_removal(world, grants)]
    model.apply(call.push(*commands))
    return model.details


# v1.


@rest("POST", "/management/v1/projects", "project.create", m.ADD_PROJECT)
def _add(call: Call) -> Any:
    project_id = call.world.store.new_id()
    details = add(call, project_id, call.caller.org_id, call.request["name"], _flags(call.request))
    return pb(id=project_id, details=added(details))


@rest("PUT", "/management/v1/projects/{id}", "project.write", m.UPDATE_PROJECT, check="id")
def _update(call: Call) -> Any:
    request = call.request
    return {"details": changed(change(call, request["id"], call.caller.org_id, request["name"], _flags(request)))}


@rest("POST", "/management/v1/projects/{id}/_deactivate", "project.write", m.DEACTIVATE_PROJECT, check="id")
def _deactivate(call: Call) -> Any:
    return {"details": changed(deactivate(call, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/projects/{id}/_reactivate", "project.write", m.REACTIVATE_PROJECT, check="id")
def _reactivate(call: Call) -> Any:
    return {"details": changed(reactivate(call, call.request["id"], call.caller.org_id))}


@rest("DELETE", "/management/v1/projects/{id}", "project.delete", m.REMOVE_PROJECT, check="id")
def _remove(call: Call) -> Any:
    return {"details": changed(remove(call, call.request["id"], call.caller.org_id))}


def by_id(world: World, project_id: str) -> ProjectRow:
    """Read a project of whatever organization.

    :raises ApiError: 404 for a project that does not exist.
    """
    row = world.tables.projects.get(project_id)
    if row is None:
        raise not_found("QUERY-fk2fs", "Errors.Project.NotFound")
    return row


def _told(row: ProjectRow) -> dict[str, Any]:
    flags = row.flags
    labeling = flags.get("privateLabelingSetting", 0)
    return pb(
        id=row.id,
        details=viewed(row),
        name=row.name,
        state=f"PROJECT_STATE_{row.state}",
        projectRoleAssertion=flags.get("projectRoleAssertion"),
        projectRoleCheck=flags.get("projectRoleCheck"),
        hasProjectCheck=flags.get("hasProjectCheck"),
        privateLabelingSetting=LABELINGS[labeling] if labeling else "",
    )


@rest("GET", "/management/v1/projects/{id}", "project.read", m.GET_PROJECT, check="id")
def _get(call: Call) -> Any:
    row = by_id(call.world, call.request["id"])
    if row.owner != call.caller.org_id and call.world.like.project_reads_by_organization:
        raise not_found("MANAG-SFf2a", "Errors.Project.NotFound")
    return {"project": _told(row)}


@rest("POST", "/management/v1/projects/_search", "project.read", m.LIST_PROJECTS)
def _list(call: Call) -> Any:
    predicates: list[Callable[[ProjectRow], bool]] = [_project_predicate(query) for query in call.request["queries"]]
    if not call.caller.globally:
        predicates.append(lambda row: row.id in call.caller.objects)
    projects = call.world.lists.projects
    total, rows = page(all_of(projects.by("owner", call.caller.org_id), predicates), call.request["query"])
    return listed(total, [_told(row) for row in rows], projects)


def _project_predicate(query: Msg) -> Callable[[ProjectRow], bool]:
    kind, inner = kind_of(query)
    if kind == "name_query":
        return lambda row: matches(inner["method"], row.name, inner["name"])
    return lambda row: row.owner == inner["resource_owner"]
