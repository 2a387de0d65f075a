"""Project grants: a project made available to another organization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import ApiError, not_found, precondition
from .model import Details, WriteModel, added, changed, pb, viewed
from .organizations import OrgModel
from .projects import ProjectModel, event_of, require_project
from .queries import all_of, kind_of, listed, matches, page, text_of
from .routing import rest
from .schema import Msg
from .store import Event, Unique
from .tables import ProjectGrantRow, Tables, UserGrantRow
from .user_grants_model import cascade_removal, cascade_roles
from .world import Call, World


class ProjectGrantModel(WriteModel):
    """A project grant as commands see it: part of the project's events.

    It is found by its id, or by the organization that the project is granted to: then the latest grant counts.
    """

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

    def __init__(self, world: World, project_id: str, owner: str, grant_id: str, granted_org: str = "") -> None:
        self.grant_id = grant_id
        self.granted_org = granted_org
        self._by_org = granted_org
        self.role_keys: list[str] = []
        self._others = world.like.details_follow_cascades
        super().__init__(world.store, project_id, owner)

    def accepts(self, event: Event) -> bool:
        """Events of other grants of the project do not count."""
        if event.type == "project.grant.added" and self._by_org:
            return bool(event.get("grantedOrgId") == self._by_org)
        if event.type.startswith("project.grant."):
            return bool(event.get("grantId") == self.grant_id)
        return self._others or event.aggregate_id == self.id

    def reduce(self, event: Event) -> None:
        """Roles and state."""
        if event.type == "project.grant.added":
            self.grant_id, self.granted_org = event.get("grantId"), event.get("grantedOrgId")
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


def _require_roles(world: World, project_id: str, granted_org: str, owner: str, role_keys: list[str]) -> ProjectModel:
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
    return project


def _check(call: Call, permission: str, owner: str, project_id: str, grant_id: str) -> None:
    """The permission on the grant or on its project."""
    try:
        call.check(permission, owner, grant_id)
    except ApiError:
        call.check(permission, owner, project_id)


# Commands. v1 names the organization of its header as the owner and the id of the grant, v2 the granted organization.


def add(call: Call, project_id: str, granted_org: str, role_keys: list[str], owner: str = "") -> ProjectGrantModel:
    """Grant a project to an organization."""
    grant_id = call.world.store.new_id()
    owner = _require_roles(call.world, project_id, granted_org, owner, role_keys).owner
    _check(call, "project.grant.write", owner, project_id, grant_id)
    if owner == granted_org:
        raise precondition("PROJECT-ckUpbvboAH", "Errors.Project.Grant.Invalid")
    payload = {"grantId": grant_id, "grantedOrgId": granted_org, **({"roleKeys": role_keys} if role_keys else {})}
    unique = Unique("project_grant", f"{granted_org}:{project_id}", "Errors.Project.Grant.AlreadyExists")
    events = call.push(event_of(project_id, owner, "project.grant.added", payload, unique))
    model = ProjectGrantModel(call.world, project_id, owner, grant_id)
    model.apply(events)
    return model


def _existing(model: ProjectGrantModel) -> ProjectGrantModel:
    if not model.exists:
        raise not_found("PROJECT-D8JxR", "Errors.Project.Grant.NotFound")
    return model


def change(call: Call, model: ProjectGrantModel, role_keys: list[str], *, cascade: bool = False) -> Details:
    """Set the roles; with `cascade` each user grant that loses one gets an event of its own."""
    _existing(model)
    _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
    _require_roles(call.world, model.id, model.granted_org, model.owner, role_keys)
    if model.role_keys != role_keys:
        payload = {"grantId": model.grant_id, **({"roleKeys": role_keys} if role_keys else {})}
        commands = [event_of(model.id, model.owner, "project.grant.changed", payload)]
        gone = {key for key in model.role_keys if key not in role_keys}
        if gone and cascade:
            grants = call.world.tables.user_grants.by("grant_id", model.grant_id)
            commands += cascade_roles(call.world, grants, gone)
        model.apply(call.push(*commands))
    return model.details


def set_state(call: Call, model: ProjectGrantModel, owner: str, state: str) -> Details:
    """Make a grant `ACTIVE` or `INACTIVE`; one that is so already answers as before."""
    require_project(call.world.store, model.id, owner)
    _existing(model)
    if model.state != state:
        _check(call, "project.grant.write", model.owner, model.id, model.grant_id)
        name = "reactivated" if state == "ACTIVE" else "deactivated"
        payload = {"grantId": model.grant_id}
        model.apply(call.push(event_of(model.id, model.owner, f"project.grant.{name}", payload)))
    return model.details


def remove(call: Call, model: ProjectGrantModel, grants: list[UserGrantRow]) -> Details:
    """Remove a grant and those user grants."""
    _check(call, "project.grant.delete", model.owner, model.id, model.grant_id)
    payload = {"grantId": model.grant_id}
    removed = event_of(model.id, model.owner, "project.grant.removed", payload, model.unique)
    model.apply(call.push(removed, *cascade_removal(call.world, grants)))
    return model.details


# v1.

_GRANTS = "/management/v1/projects/{project_id}/grants"
_GRANT = _GRANTS + "/{grant_id}"


def _named(call: Call) -> ProjectGrantModel:
    return ProjectGrantModel(call.world, call.request["project_id"], call.caller.org_id, call.request["grant_id"])


@rest("POST", _GRANTS, "project.grant.write", m.ADD_PROJECT_GRANT)
def _add(call: Call) -> Any:
    request = call.request
    model = add(call, request["project_id"], request["granted_org_id"], request["role_keys"], call.caller.org_id)
    return pb(grantId=model.grant_id, details=added(model.details))


@rest("PUT", _GRANT, "project.grant.write", m.UPDATE_PROJECT_GRANT)
def _update(call: Call) -> Any:
    return {"details": changed(change(call, _named(call), call.request["role_keys"], cascade=True))}


@rest("POST", _GRANT + "/_deactivate", "project.grant.write", m.DEACTIVATE_PROJECT_GRANT)
def _deactivate(call: Call) -> Any:
    return {"details": changed(set_state(call, _named(call), call.caller.org_id, "INACTIVE"))}


@rest("POST", _GRANT + "/_reactivate", "project.grant.write", m.REACTIVATE_PROJECT_GRANT)
def _reactivate(call: Call) -> Any:
    return {"details": changed(set_state(call, _named(call), call.caller.org_id, "ACTIVE"))}


@rest("DELETE", _GRANT, "project.grant.delete", m.REMOVE_PROJECT_GRANT)
def _remove(call: Call) -> Any:
    model = _existing(_named(call))
    return {"details": changed(remove(call, model, call.world.lists.user_grants.by("grant_id", model.grant_id)))}


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


def _readable(call: Call, refusal: str) -> ProjectGrantRow:
    row = call.world.tables.project_grants.get(call.request["grant_id"])
    if row is None:
        raise not_found("QUERY-n98GGs", "Errors.ProjectGrant.NotFound")
    if call.caller.org_id not in (row.owner, row.granted_org_id) and call.world.like.project_reads_by_organization:
        raise not_found(refusal, "Errors.ProjectGrant.NotFound")
    return row


@rest("GET", _GRANT, "project.grant.read", m.GET_PROJECT_GRANT)
def _get(call: Call) -> Any:
    return {"projectGrant": _told(call.world.tables, _readable(call, "MANAG-d3g31"))}


_GRANTED = "/management/v1/granted_projects/{project_id}/grants/{grant_id}"


@rest("GET", _GRANTED, "project.read", m.GET_GRANTED_PROJECT, check="grant_id")
def _get_granted(call: Call) -> Any:
    return {"grantedProject": _told(call.world.tables, _readable(call, "MANAG-drt2a"))}


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
