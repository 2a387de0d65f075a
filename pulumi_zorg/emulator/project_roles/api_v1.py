"""Roles of projects in the v1 API (management)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, list_response, matches, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.project_grants.queries import by_id
from pulumi_zorg.emulator.project_roles import messages_v1 as messages
from pulumi_zorg.emulator.project_roles.commands import add, change, remove, role_added
from pulumi_zorg.emulator.project_roles.projection import RoleReadModel
from pulumi_zorg.emulator.projects.aggregate import require_project

_ROLES = "/management/v1/projects/{project_id}/roles"
_ROLE = _ROLES + "/{role_key=**}"


@rest("POST", _ROLES, "project.role.write", messages.ADD_ROLE, check="project_id")
def _add(call: Call) -> Any:
    return {"details": creation_details(add(call, call.request, call.caller.org_id))}


@rest("POST", _ROLES + "/_bulk", "project.role.write", messages.BULK_ADD_ROLES, check="project_id")
def _bulk_add(call: Call) -> Any:
    project_id, roles = call.request["project_id"], call.request["roles"]
    project = require_project(call.instance.store, project_id, call.caller.org_id)
    for _ in roles:
        call.check("project.role.write", project.owner, project_id)
    new_events = [
        role_added(project_id, project.owner, role["key"], role["display_name"], role["group"]) for role in roles
    ]
    call.push(*new_events)
    # The real server answers from a model of no particular role, which sees none of the events: no sequence, no date.
    return {"details": creation_details(Details(owner=project.owner))}


@rest("PUT", _ROLE, "project.role.write", messages.UPDATE_ROLE, check="project_id")
def _update(call: Call) -> Any:
    return {"details": change_details(change(call, call.request, call.caller.org_id))}


@rest("DELETE", _ROLE, "project.role.delete", messages.REMOVE_ROLE, check="project_id")
def _remove(call: Call) -> Any:
    return {
        "details": change_details(
            remove(call, call.request["project_id"], call.request["role_key"], call.caller.org_id)
        )
    }


@rest("POST", _ROLES + "/_search", "project.role.read", messages.LIST_ROLES, check="project_id")
def _list(call: Call) -> Any:
    predicates: list[Callable[[RoleReadModel], bool]] = [_predicate(query) for query in call.request["queries"]]
    predicates.append(lambda role: role.owner == call.caller.org_id)
    roles = call.instance.list_read_models.roles
    return _listed(call, filter_all(roles.where("id", call.request["project_id"]), predicates))


@rest(
    "GET",
    "/management/v1/granted_projects/{project_id}/grants/{grant_id}/roles/_search",
    "project.role.read",
    messages.LIST_GRANTED_ROLES,
    check="grant_id",
)
def _list_granted(call: Call) -> Any:
    grant = by_id(call.instance, call.request["grant_id"])
    if grant.granted_org_id != call.caller.org_id:
        raise not_found("QUERY-n98GGs", "Errors.ProjectGrant.NotFound")
    roles = call.instance.list_read_models.roles.where("id", call.request["project_id"])
    return _listed(call, [role for role in roles if role.key in grant.role_keys])


def _listed(call: Call, found: list[RoleReadModel]) -> Any:
    total, items = page(found, call.request["query"])
    result = [
        message(key=role.key, details=read_details(role), displayName=role.display_name, group=role.group)
        for role in items
    ]
    return list_response(total, result, call.instance.list_read_models.roles)


def _predicate(query: MessageDict) -> Callable[[RoleReadModel], bool]:
    kind, inner = kind_of(query)
    if kind == "key_query":
        return lambda role: matches(inner["method"], role.key, inner["key"])
    return lambda role: matches(inner["method"], role.display_name, inner["display_name"])
