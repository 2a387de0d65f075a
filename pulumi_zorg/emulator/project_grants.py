"""Project grants: a project made available to another organization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import ApiError, not_found, precondition
from .model import WriteModel, added, changed, pb, viewed
from .organizations import OrgModel
from .projects import ProjectModel, event_of, require_project
from .queries import all_of, kind_of, listed, matches, page, text_of
from .routing import rest
from .schema import Msg
from .store import Event, Unique
from .tables import ProjectGrantRow, Tables
from .user_grants_model import cascade_removal, cascade_roles
from .world import Call, World


class ProjectGrantModel(WriteModel):
    """A project grant as commands see it: part of the project's events."""

    aggregate_type = "project"
    types = frozenset(
        {
            "project.added",
            "project.removed",
            *(
                f"project.grant.{name}"
                for name in ("added", "changed", "cascade.changed", "deactivated", "reactivated", "removed")
            ),
        }
    )

    def __init__(self, world: World, project_id: str, owner: str, grant_id: str) -> None:
        self.grant_id = grant_id
        self.granted_org = ""
        self.role_keys: list[str] = []
        self._others = world.like.details_follow_cascades
        super().__init__(world.store, project_id, owner)

    def accepts(self, event: Event) -> bool:
        """Events of other grants of the project do not count."""
        if event.type.startswith("project.grant."):
            return bool(event.get("grantId") == self.grant_id)
        return self._others or event.aggregate_id == self.id

    def reduce(self, event: Event) -> None:
        """Roles and state."""
        if event.type == "project.grant.added":
            self.granted_org = event.get("grantedOrgId")
            self.role_keys, self.state = event.get("roleKeys", []), "ACTIVE"
        elif event.type in ("project.grant.changed", "project.grant.cascade.changed"):
            self.role_keys = event.get("roleKeys", [])
        elif event.type in ("project.grant.deactivated", "project.grant.reactivated"):
            if self.state != "REMOVED":
                self.state = "INACTIVE" if event.type == "project.grant.deactivated" else "ACTIVE"
        elif event.type == "project.grant.removed":
            self.state = "REMOVED"
        elif event.type == "project.removed":
            self.state, self.role_keys = "REMOVED", []
        else:
            self.state, self.role_keys = "", []

    @property
    def unique(self) -> Unique:
        """An organization can have a project granted once; this gives the place free."""
        return Unique("project_grant", f"{self.granted_org}:{self.id}")


def _require_roles(world: World, project_id: str, granted_org: str, owner: str, role_keys: list[str]) -> None:
    project = ProjectModel(world.store, project_id, owner)
    if not project.exists:
        raise precondition("COMMAND-m9gsd", "Errors.Project.NotFound")
    # An organization counts here from its creation to its removal, deactivated or not.
    if not OrgModel(world.store, granted_org).exists:
        raise precondition("COMMAND-3m9gg", "Errors.Org.NotFound")
    existing: set[str] = set()
    for event in world.store.aggregate("project", project_id):
        if event.type == "project.role.added":
            existing.add(event.get("key"))
        elif event.type == "project.role.removed":
            existing.discard(event.get("key"))
    if not existing.issuperset(role_keys):
        raise precondition("COMMAND-6m9gd", "Errors.Project.Role.NotFound")


def _check(call: Call, permission: str, owner: str, project_id: str, grant_id: str) -> None:
    """The permission on the grant or on its project."""
    try:
        call.check(permission, owner, grant_id)
    except ApiError:
        call.check(permission, owner, project_id)


def _existing(call: Call) -> ProjectGrantModel:
    request = call.request
    model = ProjectGrantModel(call.world, request["project_id"], call.caller.org_id, request["grant_id"])
    if not model.exists:
        raise not_found("PROJECT-D8JxR", "Errors.Project.Grant.NotFound")
    return model


_GRANTS = "/management/v1/projects/{project_id}/grants"
_GRANT = _GRANTS + "/{grant_id}"


@rest("POST", _GRANTS, "project.grant.write", m.ADD_PROJECT_GRANT)
def _add(call: Call) -> Any:
    request, owner = call.request, call.caller.org_id
    project_id, granted_org, role_keys = request["project_id"], request["granted_org_id"], request["role_keys"]
    grant_id = call.world.store.new_id()
    _require_roles(call.world, project_id, granted_org, owner, role_keys)
    _check(call, "project.grant.write", owner, project_id, grant_id)
    if owner == granted_org:
        raise precondition("PROJECT-ckUpbvboAH", "Errors.Project.Grant.Invalid")
    payload = {"grantId": grant_id, "grantedOrgId": granted_org, **({"roleKeys": role_keys} if role_keys else {})}
    unique = Unique("project_grant", f"{granted_org}:{project_id}", "Errors.Project.Grant.AlreadyExists")
    events = call.push(event_of(project_id, owner, "project.grant.added", payload, unique))
    model = ProjectGrantModel(call.world, project_id, owner, grant_id)
    model.apply(events)
    return pb(grantId=grant_id, details=added(model.details))


@rest("PUT", _GRANT, "project.grant.write", m.UPDATE_PROJECT_GRANT)
def _update(call: Call) -> Any:
    world, role_keys = call.world, call.request["role_keys"]
    model = _existing(call)
    _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
    _require_roles(world, model.id, model.granted_org, model.owner, role_keys)
    if model.role_keys != role_keys:
        payload = {"grantId": model.grant_id, **({"roleKeys": role_keys} if role_keys else {})}
        commands = [event_of(model.id, model.owner, "project.grant.changed", payload)]
        gone = {key for key in model.role_keys if key not in role_keys}
        if gone:
            grants = world.tables.user_grants.by("grant_id", model.grant_id)
            commands += cascade_roles(world, grants, gone)
        model.apply(call.push(*commands))
    return {"details": changed(model.details)}


@rest("POST", _GRANT + "/_deactivate", "project.grant.write", m.DEACTIVATE_PROJECT_GRANT)
def _deactivate(call: Call) -> Any:
    require_project(call.world.store, call.request["project_id"], call.caller.org_id)
    model = _existing(call)
    if model.state == "ACTIVE":
        _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
        payload = {"grantId": model.grant_id}
        model.apply(call.push(event_of(model.id, model.owner, "project.grant.deactivated", payload)))
    return {"details": changed(model.details)}


@rest("POST", _GRANT + "/_reactivate", "project.grant.write", m.REACTIVATE_PROJECT_GRANT)
def _reactivate(call: Call) -> Any:
    require_project(call.world.store, call.request["project_id"], call.caller.org_id)
    model = _existing(call)
    if model.state == "INACTIVE":
        _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
        payload = {"grantId": model.grant_id}
        model.apply(call.push(event_of(model.id, model.owner, "project.grant.reactivated", payload)))
    return {"details": changed(model.details)}


@rest("DELETE", _GRANT, "project.grant.delete", m.REMOVE_PROJECT_GRANT)
def _remove(call: Call) -> Any:
    world = call.world
    model = _existing(call)
    _check(call, "project.grant.delete", model.owner, model.id, model.grant_id)
    payload = {"grantId": model.grant_id}
    grants = world.lists.user_grants.by("grant_id", model.grant_id)
    removed = event_of(model.id, model.owner, "project.grant.removed", payload, model.unique)
    model.apply(call.push(removed, *cascade_removal(world, grants)))
    return {"details": changed(model.details)}


def _told(tables: Tables, row: ProjectGrantRow) -> dict[str, Any]:
    return pb(
        grantId=row.id,
        grantedOrgId=row.granted_org_id,
        grantedOrgName=text_of(tables.orgs.get(row.granted_org_id), "name"),
        grantedRoleKeys=row.role_keys,
        state=f"PROJECT_GRANT_STATE_{row.state}",
        projectId=row.project_id,
        projectName=text_of(tables.projects.get(row.project_id), "name"),
        projectOwnerId=row.owner,
        projectOwnerName=text_of(tables.orgs.get(row.owner), "name"),
        details=viewed(row),
    )


@rest("GET", _GRANT, "project.grant.read", m.GET_PROJECT_GRANT)
def _get(call: Call) -> Any:
    row = call.world.tables.project_grants.get(call.request["grant_id"])
    if row is None:
        raise not_found("QUERY-n98GGs", "Errors.ProjectGrant.NotFound")
    if call.caller.org_id not in (row.owner, row.granted_org_id):
        raise not_found("MANAG-d3g31", "Errors.ProjectGrant.NotFound")
    return {"projectGrant": _told(call.world.tables, row)}


def _search(call: Call, candidates: list[ProjectGrantRow], *, only_permitted: bool) -> Any:
    tables = call.world.lists
    predicates = [_predicate(tables, query) for query in call.request["queries"]]
    if only_permitted and not call.caller.globally:
        predicates.append(lambda row: row.id in call.caller.objects)
    total, rows = page(all_of(candidates, predicates), call.request["query"])
    return listed(total, [_told(tables, row) for row in rows], tables.project_grants)


@rest("POST", _GRANTS + "/_search", "project.grant.read", m.LIST_PROJECT_GRANTS, check="project_id")
def _list(call: Call) -> Any:
    grants = call.world.lists.project_grants.by("project_id", call.request["project_id"])
    return _search(call, [row for row in grants if row.owner == call.caller.org_id], only_permitted=False)


@rest("POST", "/management/v1/projectgrants/_search", "project.grant.read", m.LIST_ALL_PROJECT_GRANTS)
def _list_all(call: Call) -> Any:
    grants = call.world.lists.project_grants.by("owner", call.caller.org_id)
    return _search(call, grants, only_permitted=True)


@rest("POST", "/management/v1/granted_projects/_search", "project.read", m.LIST_PROJECTS)
def _list_granted(call: Call) -> Any:
    grants = call.world.lists.project_grants.by("granted_org_id", call.caller.org_id)
    return _search(call, grants, only_permitted=True)


def _predicate(tables: Tables, query: Msg) -> Callable[[ProjectGrantRow], bool]:
    kind, inner = kind_of(query)
    if kind in ("project_name_query", "name_query"):
        return lambda row: matches(inner["method"], text_of(tables.projects.get(row.project_id), "name"), inner["name"])
    if kind == "role_key_query":
        return lambda row: inner["role_key"] in row.role_keys
    if kind == "project_id_query":
        return lambda row: row.project_id == inner["project_id"]
    if kind == "granted_org_id_query":
        return lambda row: row.granted_org_id == inner["granted_org_id"]
    return lambda row: row.owner == inner["resource_owner"]
