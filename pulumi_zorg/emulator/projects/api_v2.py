"""Projects in the v2 API (ProjectService, by Connect)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.fields import LABELINGS
from pulumi_zorg.emulator.http.lists import (
    filter_all,
    joined_text,
    kind_of,
    matches,
    ordered,
    page,
    paginated_response,
    pagination,
)
from pulumi_zorg.emulator.http.responses import message, optional_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.project_grants.projection import ProjectGrantReadModel
from pulumi_zorg.emulator.project_grants.queries import can_read_grant
from pulumi_zorg.emulator.projects import commands, queries
from pulumi_zorg.emulator.projects import messages_v2 as messages
from pulumi_zorg.emulator.projects.projection import ProjectReadModel
from pulumi_zorg.emulator.read_models import ReadModels

_SERVICE = "zitadel.project.v2.ProjectService/"

#: v2's names of the flags of a project -> the names that events and v1 use.
_FLAGS = {
    "project_role_assertion": "projectRoleAssertion",
    "authorization_required": "projectRoleCheck",
    "project_access_required": "hasProjectCheck",
}


def _flags(request: MessageDict) -> dict[str, Any]:
    flags = {name: request[field] for field, name in _FLAGS.items() if request[field] is not None}
    if request["private_labeling_setting"] is not None:
        flags["privateLabelingSetting"] = LABELINGS.index(request["private_labeling_setting"])
    return flags


@connect(_SERVICE + "CreateProject", AUTHENTICATED, messages.CREATE_PROJECT)
def _create(call: Call) -> Any:
    request = call.request
    project_id = request["project_id"] or call.instance.store.new_id()
    details = commands.add(call, project_id, request["organization_id"], request["name"], _flags(request))
    return message(projectId=project_id, creationDate=optional_timestamp(details.changed))


@connect(_SERVICE + "UpdateProject", AUTHENTICATED, messages.UPDATE_PROJECT)
def _update(call: Call) -> Any:
    request = call.request
    details = commands.change(call, request["project_id"], "", request["name"] or "", _flags(request))
    return message(changeDate=optional_timestamp(details.changed))


@connect(_SERVICE + "DeactivateProject", AUTHENTICATED, messages.DEACTIVATE_PROJECT)
def _deactivate(call: Call) -> Any:
    return message(changeDate=optional_timestamp(commands.deactivate(call, call.request["project_id"]).changed))


@connect(_SERVICE + "ActivateProject", AUTHENTICATED, messages.ACTIVATE_PROJECT)
def _activate(call: Call) -> Any:
    return message(changeDate=optional_timestamp(commands.reactivate(call, call.request["project_id"]).changed))


@connect(_SERVICE + "DeleteProject", AUTHENTICATED, messages.DELETE_PROJECT)
def _delete(call: Call) -> Any:
    return message(deletionDate=optional_timestamp(commands.remove(call, call.request["project_id"]).changed))


@connect(_SERVICE + "GetProject", "project.read", messages.GET_PROJECT)
def _get(call: Call) -> Any:
    project = queries.by_id(call.instance, call.request["project_id"])
    call.check("project.read", project.owner, project.id)
    return {"project": _project(project)}


def _project(project: ProjectReadModel) -> dict[str, Any]:
    flags = project.flags
    labeling = flags.get("privateLabelingSetting", 0)
    return message(
        projectId=project.id,
        organizationId=project.owner,
        creationDate=format_timestamp(project.created),
        changeDate=format_timestamp(project.changed),
        name=project.name,
        state=f"PROJECT_STATE_{project.state}",
        projectRoleAssertion=flags.get("projectRoleAssertion"),
        authorizationRequired=flags.get("projectRoleCheck"),
        projectAccessRequired=flags.get("hasProjectCheck"),
        privateLabelingSetting=LABELINGS[labeling] if labeling else "",
    )


#: An item of the list of projects: a project, or a project with one of its grants.
_Listed = tuple[ProjectReadModel, ProjectGrantReadModel | None]


@connect(_SERVICE + "ListProjects", "project.read", messages.LIST_PROJECTS)
def _list(call: Call) -> Any:
    read_models, request = call.instance.list_read_models, call.request
    owned: list[_Listed] = [(project, None) for project in call.instance.shown(read_models.projects.all())]
    granted: list[_Listed] = [
        (read_models.projects.by_key[grant.project_id], grant)
        for grant in call.instance.shown(read_models.project_grants.all())
        if grant.project_id not in call.instance.phantoms
    ]
    window = pagination(request)
    found = filter_all([*owned, *granted], [_predicate(query) for query in request["filters"]])
    key = _SORTING.get(request["sorting_column"], _created)
    total, items = page(ordered(found, key, window), window)
    # The permission is checked after counting: the total includes projects that the caller may not read.
    return paginated_response(
        total, window, projects=[_listed(read_models, *item) for item in items if _readable(call, *item)]
    )


def _created(item: _Listed) -> int:
    project, grant = item
    return (grant or project).created


_SORTING: dict[str, Callable[[_Listed], Any]] = {
    "PROJECT_FIELD_NAME_ID": lambda item: item[0].id,
    "PROJECT_FIELD_NAME_CHANGE_DATE": lambda item: (item[1] or item[0]).changed,
    "PROJECT_FIELD_NAME_NAME": lambda item: item[0].name,
}


def _predicate(query: MessageDict) -> Callable[[_Listed], bool]:
    kind, inner = kind_of(query)
    if kind == "project_name_filter":
        return lambda item: matches(inner["method"], item[0].name, inner["project_name"])
    if kind == "in_project_ids_filter":
        return lambda item: item[0].id in inner["ids"]
    org_id, expected = inner["organization_id"], inner["type"]

    def belongs(item: _Listed) -> bool:
        project, grant = item
        owned = project.owner == org_id and expected != "GRANTED"
        return owned or (grant is not None and grant.granted_org_id == org_id and expected != "OWNED")

    return belongs


def _readable(call: Call, project: ProjectReadModel, grant: ProjectGrantReadModel | None) -> bool:
    if grant is not None:
        return can_read_grant(call, grant)
    return call.may("project.read", project.owner, project.id)


def _listed(read_models: ReadModels, project: ProjectReadModel, grant: ProjectGrantReadModel | None) -> dict[str, Any]:
    if grant is None:
        return _project(project)
    return {
        **_project(project),
        "creationDate": format_timestamp(grant.created),
        "changeDate": format_timestamp(grant.changed),
        "grantedOrganizationId": grant.granted_org_id,
        **message(grantedOrganizationName=joined_text(read_models.orgs.get(grant.granted_org_id), "name")),
        "grantedState": f"GRANTED_PROJECT_STATE_{grant.state}",
    }
