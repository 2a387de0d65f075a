"""Roles of projects in the v2 API (ProjectService, by Connect)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, matches, ordered, page, paginated_response, pagination
from pulumi_zorg.emulator.http.responses import message, optional_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.project_roles import commands
from pulumi_zorg.emulator.project_roles import messages_v2 as messages
from pulumi_zorg.emulator.project_roles.projection import RoleReadModel

_SERVICE = "zitadel.project.v2.ProjectService/"


@connect(_SERVICE + "AddProjectRole", AUTHENTICATED, messages.ADD_PROJECT_ROLE)
def _add_role(call: Call) -> Any:
    return message(creationDate=optional_timestamp(commands.add(call, call.request).changed))


@connect(_SERVICE + "UpdateProjectRole", AUTHENTICATED, messages.UPDATE_PROJECT_ROLE)
def _update_role(call: Call) -> Any:
    return message(changeDate=optional_timestamp(commands.change(call, call.request).changed))


@connect(_SERVICE + "RemoveProjectRole", AUTHENTICATED, messages.REMOVE_PROJECT_ROLE)
def _remove_role(call: Call) -> Any:
    details = commands.remove(call, call.request["project_id"], call.request["role_key"])
    return message(removalDate=optional_timestamp(details.changed))


@connect(_SERVICE + "ListProjectRoles", "project.role.read", messages.LIST_PROJECT_ROLES)
def _list_roles(call: Call) -> Any:
    request, window = call.request, pagination(call.request)
    found = filter_all(
        call.instance.list_read_models.roles.where("id", request["project_id"]),
        [_role_predicate(query) for query in request["filters"]],
    )
    key: Callable[[RoleReadModel], Any] = {
        "PROJECT_ROLE_FIELD_NAME_KEY": lambda role: role.key,
        "PROJECT_ROLE_FIELD_NAME_CHANGE_DATE": lambda role: role.changed,
    }.get(request["sorting_column"], lambda role: role.created)
    total, items = page(ordered(found, key, window), window)
    # The real server asks for the permission on a project grant and takes the key of the role for the grant's id: a
    # permission that is bound to a project or a grant shows no role.
    result = [_role(role) for role in items if call.may("project.grant.read", role.owner, role.key)]
    return paginated_response(total, window, projectRoles=result)


def _role_predicate(query: MessageDict) -> Callable[[RoleReadModel], bool]:
    kind, inner = kind_of(query)
    if kind == "role_key_filter":
        return lambda role: matches(inner["method"], role.key, inner["key"])
    return lambda role: matches(inner["method"], role.display_name, inner["display_name"])


def _role(role: RoleReadModel) -> dict[str, Any]:
    return message(
        projectId=role.id,
        key=role.key,
        creationDate=format_timestamp(role.created),
        changeDate=format_timestamp(role.changed),
        displayName=role.display_name,
        group=role.group,
    )
