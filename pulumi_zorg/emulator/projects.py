"""Projects and their roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import not_found, precondition
from .fields import LABELINGS
from .model import Details, WriteModel, added, changed, pb, viewed
from .queries import all_of, kind_of, listed, matches, page
from .routing import rest
from .schema import Msg
from .store import Command, Event, EventStore, Unique
from .tables import ProjectRow, RoleRow, UserGrantRow
from .user_grants_model import cascade_removal, cascade_roles
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


class RoleModel(WriteModel):
    """One role of a project. An empty key is no role at all and sees only the project itself."""

    aggregate_type = "project"
    types = frozenset(
        {"project.added", "project.role.added", "project.role.changed", "project.role.removed", "project.removed"}
    )

    def __init__(self, world: World, project_id: str, owner: str, key: str) -> None:
        self.key = key
        self.display_name = ""
        self.group = ""
        self._others = world.like.details_follow_cascades
        super().__init__(world.store, project_id, owner)

    def accepts(self, event: Event) -> bool:
        """Events of other roles do not count."""
        if event.type in ("project.role.added", "project.role.changed", "project.role.removed"):
            return bool(event.get("key") == self.key)
        return self._others or (event.aggregate_id == self.id and event.type in self.types)

    def reduce(self, event: Event) -> None:
        """Names and state."""
        if event.type == "project.role.added":
            self.state = "ACTIVE"
            self.display_name, self.group = event.get("displayName", ""), event.get("group", "")
        elif event.type == "project.role.changed":
            self.display_name = event.get("displayName", self.display_name)
            self.group = event.get("group", self.group)
        elif event.type in ("project.role.removed", "project.removed"):
            self.state = "REMOVED"
        elif event.type == "project.added":
            self.state = ""


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


def add(call: Call, project_id: str, owner: str, name: str, flags: dict[str, Any]) -> Details:
    """Create a project."""
    world = call.world
    call.check("project.create", owner, project_id)
    model = ProjectModel(world.store, project_id, owner)
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


@rest("POST", "/management/v1/projects", "project.create", m.ADD_PROJECT)
def _add(call: Call) -> Any:
    project_id = call.world.store.new_id()
    details = add(call, project_id, call.caller.org_id, call.request["name"], _flags(call.request))
    return pb(id=project_id, details=added(details))


@rest("PUT", "/management/v1/projects/{id}", "project.write", m.UPDATE_PROJECT, check="id")
def _update(call: Call) -> Any:
    request = call.request
    model = ProjectModel(call.world.store, request["id"], call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    call.check("project.write", model.owner, model.id)
    changes = {
        name: value for name, value in _flags(request).items() if value != (model.flags.get(name) or type(value)())
    }
    uniques: tuple[Unique, ...] = ()
    if request["name"] != model.name:
        changes = {"name": request["name"], **changes}
        uniques = (
            Unique("project_names", model.name + model.owner),
            Unique("project_names", request["name"] + model.owner, "Errors.Project.AlreadyExists"),
        )
    if changes:
        model.apply(call.push(event_of(model.id, model.owner, "project.changed", changes, *uniques)))
    return {"details": changed(model.details)}


@rest("POST", "/management/v1/projects/{id}/_deactivate", "project.write", m.DEACTIVATE_PROJECT, check="id")
def _deactivate(call: Call) -> Any:
    model = ProjectModel(call.world.store, call.request["id"], call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-112M9", "Errors.Project.NotFound")
    if model.state != "ACTIVE":
        raise precondition("COMMAND-mki55", "Errors.Project.NotActive")
    call.check("project.write", model.owner, model.id)
    model.apply(call.push(event_of(model.id, model.owner, "project.deactivated")))
    return {"details": changed(model.details)}


@rest("POST", "/management/v1/projects/{id}/_reactivate", "project.write", m.REACTIVATE_PROJECT, check="id")
def _reactivate(call: Call) -> Any:
    model = ProjectModel(call.world.store, call.request["id"], call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    if model.state != "INACTIVE":
        raise precondition("COMMAND-5M9bs", "Errors.Project.NotInactive")
    call.check("project.write", model.owner, model.id)
    model.apply(call.push(event_of(model.id, model.owner, "project.reactivated")))
    return {"details": changed(model.details)}


@rest("DELETE", "/management/v1/projects/{id}", "project.delete", m.REMOVE_PROJECT, check="id")
def _remove(call: Call) -> Any:
    world = call.world
    model = ProjectModel(world.store, call.request["id"], call.caller.org_id)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.Project.NotFound")
    freed = Unique("project_names", model.name + model.owner)
    grants = world.tables.user_grants.by("project_id", model.id)
    commands = [event_of(model.id, model.owner, "project.removed", None, freed), *cascade_removal(world, grants)]
    model.apply(call.push(*commands))
    return {"details": changed(model.details)}


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
    row = call.world.tables.projects.get(call.request["id"])
    if row is None:
        raise not_found("QUERY-fk2fs", "Errors.Project.NotFound")
    if row.owner != call.caller.org_id:
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


# Roles.


def _role_added(project_id: str, owner: str, role: Msg, key: str) -> Command:
    payload = {"key": key, "displayName": role["display_name"]}
    if role["group"]:
        payload["group"] = role["group"]
    unique = Unique("project_role", f"{key}:{project_id}", "Errors.Project.Role.AlreadyExists")
    return event_of(project_id, owner, "project.role.added", payload, unique)


@rest("POST", "/management/v1/projects/{project_id}/roles", "project.role.write", m.ADD_ROLE, check="project_id")
def _add_role(call: Call) -> Any:
    project_id, key = call.request["project_id"], call.request["role_key"]
    project = require_project(call.world.store, project_id, call.caller.org_id)
    call.check("project.role.write", project.owner, project_id)
    # The answer tells of the new event alone: the model starts empty.
    events = call.push(_role_added(project_id, project.owner, call.request, key))
    return {"details": added(Details(events[-1].sequence, events[-1].created_at, project.owner))}


@rest(
    "POST",
    "/management/v1/projects/{project_id}/roles/_bulk",
    "project.role.write",
    m.BULK_ADD_ROLES,
    check="project_id",
)
def _bulk_add_roles(call: Call) -> Any:
    project_id = call.request["project_id"]
    project = require_project(call.world.store, project_id, call.caller.org_id)
    for _ in call.request["roles"]:
        call.check("project.role.write", project.owner, project_id)
    call.push(*[_role_added(project_id, project.owner, role, role["key"]) for role in call.request["roles"]])
    # The model of no role in particular sees none of the events: no sequence, no date.
    return {"details": added(Details(owner=project.owner))}


@rest(
    "PUT",
    "/management/v1/projects/{project_id}/roles/{role_key=**}",
    "project.role.write",
    m.UPDATE_ROLE,
    check="project_id",
)
def _update_role(call: Call) -> Any:
    request = call.request
    project = require_project(call.world.store, request["project_id"], call.caller.org_id)
    call.check("project.role.write", project.owner, project.id)
    model = RoleModel(call.world, project.id, project.owner, request["role_key"])
    if not model.exists:
        raise not_found("COMMAND-vv8M9", "Errors.Project.Role.NotExisting")
    changes = {}
    if request["display_name"] != model.display_name:
        changes["displayName"] = request["display_name"]
    if request["group"] != model.group:
        changes["group"] = request["group"]
    if changes:
        payload = {"key": model.key, **changes}
        model.apply(call.push(event_of(project.id, project.owner, "project.role.changed", payload)))
    return {"details": changed(model.details)}


@rest(
    "DELETE",
    "/management/v1/projects/{project_id}/roles/{role_key=**}",
    "project.role.delete",
    m.REMOVE_ROLE,
    check="project_id",
)
def _remove_role(call: Call) -> Any:
    world, project_id, key = call.world, call.request["project_id"], call.request["role_key"]
    model = RoleModel(world, project_id, call.caller.org_id, key)
    if not model.exists:
        return {"details": changed(model.details)}
    call.check("project.role.delete", model.owner, project_id)
    freed = Unique("project_role", f"{key}:{project_id}")
    commands = [event_of(project_id, model.owner, "project.role.removed", {"key": key}, freed)]
    for grant in world.lists.project_grants.by("project_id", project_id):
        if key in grant.role_keys:
            kept = [role for role in grant.role_keys if role != key]
            payload = {"grantId": grant.id, **({"roleKeys": kept} if kept else {})}
            commands.append(event_of(project_id, model.owner, "project.grant.cascade.changed", payload))
    having: list[UserGrantRow] = [
        grant for grant in world.lists.user_grants.by("project_id", project_id) if key in grant.role_keys
    ]
    model.apply(call.push(*commands, *cascade_roles(world, having, {key})))
    return {"details": changed(model.details)}


@rest(
    "POST", "/management/v1/projects/{project_id}/roles/_search", "project.role.read", m.LIST_ROLES, check="project_id"
)
def _list_roles(call: Call) -> Any:
    predicates: list[Callable[[RoleRow], bool]] = [_role_predicate(query) for query in call.request["queries"]]
    predicates.append(lambda row: row.owner == call.caller.org_id)
    roles = call.world.lists.roles
    total, rows = page(all_of(roles.by("id", call.request["project_id"]), predicates), call.request["query"])
    told = [pb(key=row.key, details=viewed(row), displayName=row.display_name, group=row.group) for row in rows]
    return listed(total, told, roles)


def _role_predicate(query: Msg) -> Callable[[RoleRow], bool]:
    kind, inner = kind_of(query)
    if kind == "key_query":
        return lambda row: matches(inner["method"], row.key, inner["key"])
    return lambda row: matches(inner["method"], row.display_name, inner["display_name"])
