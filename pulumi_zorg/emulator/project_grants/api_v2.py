"""Project grants in the v2 API (ProjectService, by Connect).

v2 names a grant by the organization that the project is granted to, and reports no id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import internal
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.lists import (
    filter_all,
    joined_text,
    kind_of,
    ordered,
    page,
    paginated_response,
    pagination,
)
from pulumi_zorg.emulator.http.responses import message, optional_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.project_grants import commands
from pulumi_zorg.emulator.project_grants import messages_v2 as messages
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.project_grants.projection import ProjectGrantReadModel
from pulumi_zorg.emulator.project_grants.queries import can_read_grant
from pulumi_zorg.emulator.read_models import ReadModels

_SERVICE = "zitadel.project.v2.ProjectService/"


def _named(call: Call) -> ProjectGrantWriteModel:
    return ProjectGrantWriteModel(
        call.instance, call.request["project_id"], "", "", call.request["granted_organization_id"]
    )


@connect(_SERVICE + "CreateProjectGrant", AUTHENTICATED, messages.CREATE_PROJECT_GRANT)
def _create_grant(call: Call) -> Any:
    request = call.request
    model = commands.add(call, request["project_id"], request["granted_organization_id"], request["role_keys"])
    return message(creationDate=optional_timestamp(model.changed))


@connect(_SERVICE + "UpdateProjectGrant", AUTHENTICATED, messages.UPDATE_PROJECT_GRANT)
def _update_grant(call: Call) -> Any:
    return message(
        changeDate=optional_timestamp(commands.change(call, _named(call), call.request["role_keys"]).changed)
    )


@connect(_SERVICE + "DeactivateProjectGrant", AUTHENTICATED, messages.DEACTIVATE_PROJECT_GRANT)
def _deactivate_grant(call: Call) -> Any:
    return message(changeDate=optional_timestamp(commands.set_state(call, _named(call), "", "INACTIVE").changed))


@connect(_SERVICE + "ActivateProjectGrant", AUTHENTICATED, messages.ACTIVATE_PROJECT_GRANT)
def _activate_grant(call: Call) -> Any:
    return message(changeDate=optional_timestamp(commands.set_state(call, _named(call), "", "ACTIVE").changed))


@connect(_SERVICE + "DeleteProjectGrant", AUTHENTICATED, messages.DELETE_PROJECT_GRANT)
def _delete_grant(call: Call) -> Any:
    model = _named(call)
    if not model.exists:
        return message(deletionDate=optional_timestamp(model.changed))
    of_project = call.instance.list_read_models.user_grants.where("project_id", model.id)
    grants = [grant for grant in of_project if grant.owner == model.granted_org_id]
    return message(deletionDate=optional_timestamp(commands.remove(call, model, grants).changed))


@connect(_SERVICE + "ListProjectGrants", "project.grant.read", messages.LIST_PROJECT_GRANTS)
def _list_grants(call: Call) -> Any:
    read_models, request, window = call.instance.list_read_models, call.request, pagination(call.request)
    if any(query["project_name_filter"] is not None for query in request["filters"]):
        # A bug of the real server: its SQL names a table that the query does not join.
        raise internal("QUERY-PP02n", "Errors.Internal")
    listed = call.instance.shown(read_models.project_grants.all())
    found = filter_all(listed, [_grant_predicate(query) for query in request["filters"]])
    key: Callable[[ProjectGrantReadModel], Any] = {
        "PROJECT_GRANT_FIELD_NAME_PROJECT_ID": lambda grant: grant.project_id,
        "PROJECT_GRANT_FIELD_NAME_CHANGE_DATE": lambda grant: grant.changed,
    }.get(request["sorting_column"], lambda grant: grant.created)
    total, items = page(ordered(found, key, window), window)
    return paginated_response(
        total, window, projectGrants=[_grant(read_models, grant) for grant in items if can_read_grant(call, grant)]
    )


def _grant_predicate(query: MessageDict) -> Callable[[ProjectGrantReadModel], bool]:
    kind, inner = kind_of(query)
    if kind == "role_key_filter":
        return lambda grant: inner["key"] in grant.role_keys
    if kind == "in_project_ids_filter":
        return lambda grant: grant.project_id in inner["ids"]
    column = "owner" if kind == "organization_id_filter" else "granted_org_id"
    return lambda grant: bool(getattr(grant, column) == inner["id"])


def _grant(read_models: ReadModels, grant: ProjectGrantReadModel) -> dict[str, Any]:
    return message(
        organizationId=grant.owner,
        creationDate=format_timestamp(grant.created),
        changeDate=format_timestamp(grant.changed),
        grantedOrganizationId=grant.granted_org_id,
        grantedOrganizationName=joined_text(read_models.orgs.get(grant.granted_org_id), "name"),
        grantedRoleKeys=grant.role_keys,
        projectId=grant.project_id,
        projectName=joined_text(read_models.projects.get(grant.project_id), "name"),
        state=f"PROJECT_GRANT_STATE_{grant.state}",
    )
