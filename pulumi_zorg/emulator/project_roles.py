"""Roles of projects: what changes them, and how they are read by the v1 API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import not_found
from .model import Details, WriteModel, added, changed, pb, viewed
from .projects import event_of, require_project
from .queries import all_of, kind_of, listed, matches, page
from .routing import rest
from .schema import Msg
from .store import Command, Event, Unique
from .tables import RoleRow, UserGrantRow
from .user_grants_model import cascade_roles
from .world import Call, World


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


# Commands. v1 names the organization of its header as the owner, v2 names none.


def _added(project_id: str, owner: str, key: str, display_name: str, group: str) -> Command:
    payload = {"key": key, "displayName": display_name}
    if group:
        payload["group"] = group
    unique = Unique("project_role", f"{key}:{project_id}", "Errors.Project.Role.AlreadyExists")
    return event_of(project_id, owner, "project.role.added", payload, unique)


def add(call: Call, request: Msg, owner: str = "") -> Details:
    """Add a role to a project."""
    project = require_project(call.world.store, request["project_id"], owner)
    call.check("project.role.write", project.owner, project.id)
    # The answer tells of the new event alone: the model starts empty.
    added_role = _added(project.id, project.owner, request["role_key"], request["display_name"], request["group"] or "")
    [event] = call.push(added_role)
    return Details(event.sequence, event.created_at, project.owner)


def change(call: Call, request: Msg, owner: str = "") -> Details:
    """Set the display name and the group of a role. Without a value each of them becomes empty, by v2 too."""
    project = require_project(call.world.store, request["project_id"], owner)
    call.check("project.role.write", project.owner, project.id)
    model = RoleModel(call.world, project.id, project.owner, request["role_key"])
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
        model.apply(call.push(event_of(project.id, project.owner, "project.role.changed", payload)))
    return model.details


def remove(call: Call, project_id: str, key: str, owner: str = "") -> Details:
    """Remove a role, and take it out of all grants of the project."""
    world = call.world
    model = RoleModel(world, project_id, owner, key)
    if not model.exists:
        return model.details
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
    return model.details


# v1.

_ROLES = "/management/v1/projects/{project_id}/roles"
_ROLE = _ROLES + "/{role_key=**}"


@rest("POST", _ROLES, "project.role.write", m.ADD_ROLE, check="project_id")
def _add(call: Call) -> Any:
    return {"details": added(add(call, call.request, call.caller.org_id))}


@rest("POST", _ROLES + "/_bulk", "project.role.write", m.BULK_ADD_ROLES, check="project_id")
def _bulk_add(call: Call) -> Any:
    project_id, roles = call.request["project_id"], call.request["roles"]
    project = require_project(call.world.store, project_id, call.caller.org_id)
    for _ in roles:
        call.check("project.role.write", project.owner, project_id)
    commands = [_added(project_id, project.owner, role["key"], role["display_name"], role["group"]) for role in roles]
    call.push(*commands)
    # The model of no role in particular sees none of the events: no sequence, no date.
    return {"details": added(Details(owner=project.owner))}


@rest("PUT", _ROLE, "project.role.write", m.UPDATE_ROLE, check="project_id")
def _update(call: Call) -> Any:
    return {"details": changed(change(call, call.request, call.caller.org_id))}


@rest("DELETE", _ROLE, "project.role.delete", m.REMOVE_ROLE, check="project_id")
def _remove(call: Call) -> Any:
    return {"details": changed(remove(call, call.request["project_id"], call.request["role_key"], call.caller.org_id))}


@rest("POST", _ROLES + "/_search", "project.role.read", m.LIST_ROLES, check="project_id")
def _list(call: Call) -> Any:
    predicates: list[Callable[[RoleRow], bool]] = [_predicate(query) for query in call.request["queries"]]
    predicates.append(lambda row: row.owner == call.caller.org_id)
    roles = call.world.lists.roles
    total, rows = page(all_of(roles.by("id", call.request["project_id"]), predicates), call.request["query"])
    told = [pb(key=row.key, details=viewed(row), displayName=row.display_name, group=row.group) for row in rows]
    return listed(total, told, roles)


def _predicate(query: Msg) -> Callable[[RoleRow], bool]:
    kind, inner = kind_of(query)
    if kind == "key_query":
        return lambda row: matches(inner["method"], row.key, inner["key"])
    return lambda row: matches(inner["method"], row.display_name, inner["display_name"])
