"""Project grants in the v1 API (management)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.lists import filter_all, joined_text, kind_of, list_response, matches, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.project_grants import messages_v1 as messages
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.project_grants.commands import _existing, add, change, remove, set_state
from pulumi_zorg.emulator.project_grants.projection import ProjectGrantReadModel
from pulumi_zorg.emulator.project_grants.queries import by_id
from pulumi_zorg.emulator.projects.messages_v1 import LIST_PROJECTS
from pulumi_zorg.emulator.read_models import ReadModels

_GRANTS = "/management/v1/projects/{project_id}/grants"
_GRANT = _GRANTS + "/{grant_id}"


def _named(call: Call) -> ProjectGrantWriteModel:
    return ProjectGrantWriteModel(
        call.instance, call.request["project_id"], call.caller.org_id, call.request["grant_id"]
    )


@rest("POST", _GRANTS, "project.grant.write", messages.ADD_PROJECT_GRANT)
def _add(call: Call) -> Any:
    request = call.request
    model = add(call, request["project_id"], request["granted_org_id"], request["role_keys"], call.caller.org_id)
    return message(grantId=model.grant_id, details=creation_details(model.details))


@rest("PUT", _GRANT, "project.grant.write", messages.UPDATE_PROJECT_GRANT)
def _update(call: Call) -> Any:
    return {"details": change_details(change(call, _named(call), call.request["role_keys"], cascade=True))}


@rest("POST", _GRANT + "/_deactivate", "project.grant.write", messages.DEACTIVATE_PROJECT_GRANT)
def _deactivate(call: Call) -> Any:
    return {"details": change_details(set_state(call, _named(call), call.caller.org_id, "INACTIVE"))}


@rest("POST", _GRANT + "/_reactivate", "project.grant.write", messages.REACTIVATE_PROJECT_GRANT)
def _reactivate(call: Call) -> Any:
    return {"details": change_details(set_state(call, _named(call), call.caller.org_id, "ACTIVE"))}


@rest("DELETE", _GRANT, "project.grant.delete", messages.REMOVE_PROJECT_GRANT)
def _remove(call: Call) -> Any:
    model = _existing(_named(call))
    return {
        "details": change_details(
            remove(call, model, call.instance.list_read_models.user_grants.where("project_grant_id", model.grant_id))
        )
    }


def _to_message(read_models: ReadModels, grant: ProjectGrantReadModel) -> dict[str, Any]:
    return message(
        grantId=grant.id,
        grantedOrgId=grant.granted_org_id,
        grantedOrgName=joined_text(read_models.orgs.get(grant.granted_org_id), "name"),
        grantedRoleKeys=grant.role_keys,
        state=f"PROJECT_GRANT_STATE_{grant.state}",
        projectId=grant.project_id,
        projectName=joined_text(read_models.projects.get(grant.project_id), "name"),
        projectOwnerId=grant.owner,
        projectOwnerName=joined_text(read_models.orgs.get(grant.owner), "name"),
        details=read_details(grant),
    )


def _readable(call: Call, refusal: str) -> ProjectGrantReadModel:
    grant = by_id(call.instance, call.request["grant_id"])
    if (
        call.caller.org_id not in (grant.owner, grant.granted_org_id)
        and call.instance.profile.project_reads_by_organization
    ):
        raise not_found(refusal, "Errors.ProjectGrant.NotFound")
    return grant


@rest("GET", _GRANT, "project.grant.read", messages.GET_PROJECT_GRANT)
def _get(call: Call) -> Any:
    return {"projectGrant": _to_message(call.instance.read_models, _readable(call, "MANAG-d3g31"))}


_GRANTED = "/management/v1/granted_projects/{project_id}/grants/{grant_id}"


@rest("GET", _GRANTED, "project.read", messages.GET_GRANTED_PROJECT, check="grant_id")
def _get_granted(call: Call) -> Any:
    return {"grantedProject": _to_message(call.instance.read_models, _readable(call, "MANAG-drt2a"))}


def _search(call: Call, candidates: list[ProjectGrantReadModel], *, only_permitted: bool) -> Any:
    read_models = call.instance.list_read_models
    predicates = [_predicate(read_models, query) for query in call.request["queries"]]
    if only_permitted and not call.caller.is_global:
        predicates.append(lambda grant: grant.id in call.caller.object_ids)
    total, items = page(filter_all(call.instance.shown(candidates), predicates), call.request["query"])
    return list_response(total, [_to_message(read_models, grant) for grant in items], read_models.project_grants)


@rest("POST", _GRANTS + "/_search", "project.grant.read", messages.LIST_PROJECT_GRANTS, check="project_id")
def _list(call: Call) -> Any:
    grants = call.instance.list_read_models.project_grants.where("project_id", call.request["project_id"])
    return _search(call, [grant for grant in grants if grant.owner == call.caller.org_id], only_permitted=False)


@rest("POST", "/management/v1/projectgrants/_search", "project.grant.read", messages.LIST_ALL_PROJECT_GRANTS)
def _list_all(call: Call) -> Any:
    grants = call.instance.list_read_models.project_grants.where("owner", call.caller.org_id)
    return _search(call, grants, only_permitted=True)


@rest("POST", "/management/v1/granted_projects/_search", "project.read", LIST_PROJECTS)
def _list_granted(call: Call) -> Any:
    grants = call.instance.list_read_models.project_grants.where("granted_org_id", call.caller.org_id)
    return _search(call, grants, only_permitted=True)


def _predicate(read_models: ReadModels, query: MessageDict) -> Callable[[ProjectGrantReadModel], bool]:
    kind, inner = kind_of(query)
    if kind in ("project_name_query", "name_query"):
        return lambda grant: matches(
            inner["method"], joined_text(read_models.projects.get(grant.project_id), "name"), inner["name"]
        )
    if kind == "role_key_query":
        return lambda grant: inner["role_key"] in grant.role_keys
    if kind == "project_id_query":
        return lambda grant: grant.project_id == inner["project_id"]
    if kind == "granted_org_id_query":
        return lambda grant: grant.granted_org_id == inner["granted_org_id"]
    return lambda grant: grant.owner == inner["resource_owner"]
