"""Projects in the v1 API (management)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.fields import LABELINGS
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, list_response, matches, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.projects import messages_v1 as messages
from pulumi_zorg.emulator.projects.commands import add, change, deactivate, reactivate, remove
from pulumi_zorg.emulator.projects.projection import ProjectReadModel
from pulumi_zorg.emulator.projects.queries import by_id

_FLAGS = {
    "project_role_assertion": "projectRoleAssertion",
    "project_role_check": "projectRoleCheck",
    "has_project_check": "hasProjectCheck",
}


def _flags(request: MessageDict) -> dict[str, Any]:
    flags = {name: request[field] for field, name in _FLAGS.items()}
    flags["privateLabelingSetting"] = LABELINGS.index(request["private_labeling_setting"])
    return flags


@rest("POST", "/management/v1/projects", "project.create", messages.ADD_PROJECT)
def _add(call: Call) -> Any:
    project_id = call.instance.store.new_id()
    details = add(call, project_id, call.caller.org_id, call.request["name"], _flags(call.request))
    return message(id=project_id, details=creation_details(details))


@rest("PUT", "/management/v1/projects/{id}", "project.write", messages.UPDATE_PROJECT, check="id")
def _update(call: Call) -> Any:
    request = call.request
    return {
        "details": change_details(change(call, request["id"], call.caller.org_id, request["name"], _flags(request)))
    }


@rest("POST", "/management/v1/projects/{id}/_deactivate", "project.write", messages.DEACTIVATE_PROJECT, check="id")
def _deactivate(call: Call) -> Any:
    return {"details": change_details(deactivate(call, call.request["id"], call.caller.org_id))}


@rest("POST", "/management/v1/projects/{id}/_reactivate", "project.write", messages.REACTIVATE_PROJECT, check="id")
def _reactivate(call: Call) -> Any:
    return {"details": change_details(reactivate(call, call.request["id"], call.caller.org_id))}


@rest("DELETE", "/management/v1/projects/{id}", "project.delete", messages.REMOVE_PROJECT, check="id")
def _remove(call: Call) -> Any:
    return {"details": change_details(remove(call, call.request["id"], call.caller.org_id))}


def _to_message(project: ProjectReadModel) -> dict[str, Any]:
    flags = project.flags
    labeling = flags.get("privateLabelingSetting", 0)
    return message(
        id=project.id,
        details=read_details(project),
        name=project.name,
        state=f"PROJECT_STATE_{project.state}",
        projectRoleAssertion=flags.get("projectRoleAssertion"),
        projectRoleCheck=flags.get("projectRoleCheck"),
        hasProjectCheck=flags.get("hasProjectCheck"),
        privateLabelingSetting=LABELINGS[labeling] if labeling else "",
    )


@rest("GET", "/management/v1/projects/{id}", "project.read", messages.GET_PROJECT, check="id")
def _get(call: Call) -> Any:
    project = by_id(call.instance, call.request["id"])
    if project.owner != call.caller.org_id and call.instance.profile.project_reads_by_organization:
        raise not_found("MANAG-SFf2a", "Errors.Project.NotFound")
    return {"project": _to_message(project)}


@rest("POST", "/management/v1/projects/_search", "project.read", messages.LIST_PROJECTS)
def _list(call: Call) -> Any:
    predicates: list[Callable[[ProjectReadModel], bool]] = [
        _project_predicate(query) for query in call.request["queries"]
    ]
    if not call.caller.is_global:
        predicates.append(lambda project: project.id in call.caller.object_ids)
    projects = call.instance.list_read_models.projects
    owned = call.instance.shown(projects.where("owner", call.caller.org_id))
    total, items = page(filter_all(owned, predicates), call.request["query"])
    return list_response(total, [_to_message(project) for project in items], projects)


def _project_predicate(query: MessageDict) -> Callable[[ProjectReadModel], bool]:
    kind, inner = kind_of(query)
    if kind == "name_query":
        return lambda project: matches(inner["method"], project.name, inner["name"])
    return lambda project: project.owner == inner["resource_owner"]
