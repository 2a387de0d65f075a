"""ProjectService: projects, their roles and project grants by the v2 API, in the Connect protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages_v2 as m
from . import project_grants, project_roles, projects
from .errors import ApiError
from .fields import LABELINGS
from .model import pb, when
from .project_grants import ProjectGrantModel
from .queries import all_of, kind_of, matches, ordered, page, paginated, pagination, text_of
from .routing import AUTHENTICATED, connect
from .schema import Msg
from .store import stamp
from .tables import ProjectGrantRow, ProjectRow, RoleRow, Tables
from .world import Call

_SERVICE = "zitadel.project.v2.ProjectService/"

# Projects.

#: What v2 calls the flags of a project, and what events and v1 call them.
_FLAGS = {
    "project_role_assertion": "projectRoleAssertion",
    "authorization_required": "projectRoleCheck",
    "project_access_required": "hasProjectCheck",
}


def _flags(request: Msg) -> dict[str, Any]:
    flags = {name: request[field] for field, name in _FLAGS.items() if request[field] is not None}
    if request["private_labeling_setting"] is not None:
        flags["privateLabelingSetting"] = LABELINGS.index(request["private_labeling_setting"])
    return flags


@connect(_SERVICE + "CreateProject", AUTHENTICATED, m.CREATE_PROJECT)
def _create(call: Call) -> Any:
    request = call.request
    project_id = request["project_id"] or call.world.store.new_id()
    details = projects.add(call, project_id, request["organization_id"], request["name"], _flags(request))
    return pb(projectId=project_id, creationDate=when(details.changed))


@connect(_SERVICE + "UpdateProject", AUTHENTICATED, m.UPDATE_PROJECT)
def _update(call: Call) -> Any:
    request = call.request
    details = projects.change(call, request["project_id"], "", request["name"] or "", _flags(request))
    return pb(changeDate=when(details.changed))


@connect(_SERVICE + "DeactivateProject", AUTHENTICATED, m.DEACTIVATE_PROJECT)
def _deactivate(call: Call) -> Any:
    return pb(changeDate=when(projects.deactivate(call, call.request["project_id"]).changed))


@connect(_SERVICE + "ActivateProject", AUTHENTICATED, m.ACTIVATE_PROJECT)
def _activate(call: Call) -> Any:
    return pb(changeDate=when(projects.reactivate(call, call.request["project_id"]).changed))


@connect(_SERVICE + "DeleteProject", AUTHENTICATED, m.DELETE_PROJECT)
def _delete(call: Call) -> Any:
    return pb(deletionDate=when(projects.remove(call, call.request["project_id"]).changed))


@connect(_SERVICE + "GetProject", "project.read", m.GET_PROJECT)
def _get(call: Call) -> Any:
    row = projects.by_id(call.world, call.request["project_id"])
    call.check("project.read", row.owner, row.id)
    return {"project": _project(row)}


def _project(row: ProjectRow) -> dict[str, Any]:
    flags = row.flags
    labeling = flags.get("privateLabelingSetting", 0)
    return pb(
        projectId=row.id,
        organizationId=row.owner,
        creationDate=stamp(row.created),
        changeDate=stamp(row.changed),
        name=row.name,
        state=f"PROJECT_STATE_{row.state}",
        projectRoleAssertion=flags.get("projectRoleAssertion"),
        authorizationRequired=flags.get("projectRoleCheck"),
        projectAccessRequired=flags.get("hasProjectCheck"),
        privateLabelingSetting=LABELINGS[labeling] if labeling else "",
    )


#: What the list of projects consists of: each project, and each project once more for each of its grants.
_Listed = tuple[ProjectRow, ProjectGrantRow | None]


@connect(_SERVICE + "ListProjects", "project.read", m.LIST_PROJECTS)
def _list(call: Call) -> Any:
    tables, request = call.world.lists, call.request
    owned: list[_Listed] = [(row, None) for row in tables.projects.rows.values()]
    granted: list[_Listed] = [
        (tables.projects.rows[grant.project_id], grant) for grant in tables.project_grants.rows.values()
    ]
    asked = pagination(request)
    found = all_of([*owned, *granted], [_predicate(query) for query in request["filters"]])
    key = _SORTING.get(request["sorting_column"], _created)
    total, rows = page(ordered(found, key, asked), asked)
    # The permission is checked after counting: the total says nothing about what the caller may read.
    return paginated(total, asked, projects=[_listed(tables, *row) for row in rows if _readable(call, *row)])


def _created(listed: _Listed) -> int:
    project, grant = listed
    return (grant or project).created


_SORTING: dict[str, Callable[[_Listed], Any]] = {
    "PROJECT_FIELD_NAME_ID": lambda listed: listed[0].id,
    "PROJECT_FIELD_NAME_CHANGE_DATE": lambda listed: (listed[1] or listed[0]).changed,
    "PROJECT_FIELD_NAME_NAME": lambda listed: listed[0].name,
}


def _predicate(query: Msg) -> Callable[[_Listed], bool]:
    kind, inner = kind_of(query)
    if kind == "project_name_filter":
        return lambda listed: matches(inner["method"], listed[0].name, inner["project_name"])
    if kind == "in_project_ids_filter":
        return lambda listed: listed[0].id in inner["ids"]
    org_id, wanted = inner["organization_id"], inner["type"]

    def belongs(listed: _Listed) -> bool:
        project, grant = listed
        owned = project.owner == org_id and wanted != "GRANTED"
        return owned or (grant is not None and grant.granted_org_id == org_id and wanted != "OWNED")

    return belongs


def _readable(call: Call, project: ProjectRow, grant: ProjectGrantRow | None) -> bool:
    if grant is not None:
        return _grant_readable(call, grant)
    return _may(call, "project.read", project.owner, project.id)


def _may(call: Call, permission: str, org_id: str, object_id: str) -> bool:
    try:
        call.check(permission, org_id, object_id)
    except ApiError:
        return False
    return True


def _listed(tables: Tables, project: ProjectRow, grant: ProjectGrantRow | None) -> dict[str, Any]:
    if grant is None:
        return _project(project)
    return {
        **_project(project),
        "creationDate": stamp(grant.created),
        "changeDate": stamp(grant.changed),
        "grantedOrganizationId": grant.granted_org_id,
        **pb(grantedOrganizationName=text_of(tables.orgs.get(grant.granted_org_id), "name")),
        "grantedState": f"GRANTED_PROJECT_STATE_{grant.state}",
    }


# Roles.


@connect(_SERVICE + "AddProjectRole", AUTHENTICATED, m.ADD_PROJECT_ROLE)
def _add_role(call: Call) -> Any:
    return pb(creationDate=when(project_roles.add(call, call.request).changed))


@connect(_SERVICE + "UpdateProjectRole", AUTHENTICATED, m.UPDATE_PROJECT_ROLE)
def _update_role(call: Call) -> Any:
    return pb(changeDate=when(project_roles.change(call, call.request).changed))


@connect(_SERVICE + "RemoveProjectRole", AUTHENTICATED, m.REMOVE_PROJECT_ROLE)
def _remove_role(call: Call) -> Any:
    details = project_roles.remove(call, call.request["project_id"], call.request["role_key"])
    return pb(removalDate=when(details.changed))


@connect(_SERVICE + "ListProjectRoles", "project.role.read", m.LIST_PROJECT_ROLES)
def _list_roles(call: Call) -> Any:
    request, asked = call.request, pagination(call.request)
    found = all_of(
        call.world.lists.roles.by("id", request["project_id"]), [_role_predicate(query) for query in request["filters"]]
    )
    key: Callable[[RoleRow], Any] = {
        "PROJECT_ROLE_FIELD_NAME_KEY": lambda row: row.key,
        "PROJECT_ROLE_FIELD_NAME_CHANGE_DATE": lambda row: row.changed,
    }.get(request["sorting_column"], lambda row: row.created)
    total, rows = page(ordered(found, key, asked), asked)
    # The real server asks for the permission on a project grant and takes the key of the role for the grant's id: a
    # permission that is bound to a project or a grant shows no role.
    told = [_role(row) for row in rows if _may(call, "project.grant.read", row.owner, row.key)]
    return paginated(total, asked, projectRoles=told)


def _role_predicate(query: Msg) -> Callable[[RoleRow], bool]:
    kind, inner = kind_of(query)
    if kind == "role_key_filter":
        return lambda row: matches(inner["method"], row.key, inner["key"])
    return lambda row: matches(inner["method"], row.display_name, inner["display_name"])


def _role(row: RoleRow) -> dict[str, Any]:
    return pb(
        projectId=row.id,
        key=row.key,
        creationDate=stamp(row.created),
        changeDate=stamp(row.changed),
        displayName=row.display_name,
        group=row.group,
    )


# Project grants. v2 names them by the organization that a project is granted to, and tells no id.


def _named(call: Call) -> ProjectGrantModel:
    return ProjectGrantModel(call.world, call.request["project_id"], "", "", call.request["granted_organization_id"])


@connect(_SERVICE + "CreateProjectGrant", AUTHENTICATED, m.CREATE_PROJECT_GRANT)
def _create_grant(call: Call) -> Any:
    request = call.request
    model = project_grants.add(call, request["project_id"], request["granted_organization_id"], request["role_keys"])
    return pb(creationDate=when(model.changed))


@connect(_SERVICE + "UpdateProjectGrant", AUTHENTICATED, m.UPDATE_PROJECT_GRANT)
def _update_grant(call: Call) -> Any:
    return pb(changeDate=when(project_grants.change(call, _named(call), call.request["role_keys"]).changed))


@connect(_SERVICE + "DeactivateProjectGrant", AUTHENTICATED, m.DEACTIVATE_PROJECT_GRANT)
def _deactivate_grant(call: Call) -> Any:
    return pb(changeDate=when(project_grants.set_state(call, _named(call), "", "INACTIVE").changed))


@connect(_SERVICE + "ActivateProjectGrant", AUTHENTICATED, m.ACTIVATE_PROJECT_GRANT)
def _activate_grant(call: Call) -> Any:
    return pb(changeDate=when(project_grants.set_state(call, _named(call), "", "ACTIVE").changed))


@connect(_SERVICE + "DeleteProjectGrant", AUTHENTICATED, m.DELETE_PROJECT_GRANT)
def _delete_grant(call: Call) -> Any:
    model = _named(call)
    if not model.exists:
        return pb(deletionDate=when(model.changed))
    of_project = call.world.lists.user_grants.by("project_id", model.id)
    grants = [row for row in of_project if row.owner == model.granted_org]
    return pb(deletionDate=when(project_grants.remove(call, model, grants).changed))


@connect(_SERVICE + "ListProjectGrants", "project.grant.read", m.LIST_PROJECT_GRANTS)
def _list_grants(call: Call) -> Any:
    tables, request, asked = call.world.lists, call.request, pagination(call.request)
    found = all_of(
        tables.project_grants.rows.values(), [_grant_predicate(tables, query) for query in request["filters"]]
    )
    key: Callable[[ProjectGrantRow], Any] = {
        "PROJECT_GRANT_FIELD_NAME_PROJECT_ID": lambda row: row.project_id,
        "PROJECT_GRANT_FIELD_NAME_CHANGE_DATE": lambda row: row.changed,
    }.get(request["sorting_column"], lambda row: row.created)
    total, rows = page(ordered(found, key, asked), asked)
    return paginated(total, asked, projectGrants=[_grant(tables, row) for row in rows if _grant_readable(call, row)])


def _grant_predicate(tables: Tables, query: Msg) -> Callable[[ProjectGrantRow], bool]:
    kind, inner = kind_of(query)
    if kind == "project_name_filter":
        return lambda row: matches(
            inner["method"], text_of(tables.projects.get(row.project_id), "name"), inner["project_name"]
        )
    if kind == "role_key_filter":
        return lambda row: inner["key"] in row.role_keys
    if kind == "in_project_ids_filter":
        return lambda row: row.project_id in inner["ids"]
    column = "owner" if kind == "organization_id_filter" else "granted_org_id"
    return lambda row: bool(getattr(row, column) == inner["id"])


def _grant_readable(call: Call, row: ProjectGrantRow) -> bool:
    return any(
        _may(call, "project.grant.read", org_id, object_id)
        for org_id, object_id in ((row.owner, row.id), (row.granted_org_id, row.id), (row.owner, row.project_id))
    )


def _grant(tables: Tables, row: ProjectGrantRow) -> dict[str, Any]:
    return pb(
        organizationId=row.owner,
        creationDate=stamp(row.created),
        changeDate=stamp(row.changed),
        grantedOrganizationId=row.granted_org_id,
        grantedOrganizationName=text_of(tables.orgs.get(row.granted_org_id), "name"),
        grantedRoleKeys=row.role_keys,
        projectId=row.project_id,
        projectName=text_of(tables.projects.get(row.project_id), "name"),
        state=f"PROJECT_GRANT_STATE_{row.state}",
    )
