"""Administrators in the v2 API (InternalPermissionService, by Connect): the members of all organizations, projects and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid
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
from pulumi_zorg.emulator.members import commands
from pulumi_zorg.emulator.members import messages_v2 as messages
from pulumi_zorg.emulator.members.aggregate import MemberWriteModel
from pulumi_zorg.emulator.members.projection import MemberReadModel
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.read_models import ReadModels

_SERVICE = "zitadel.internal_permission.v2.InternalPermissionService/"


def _of(call: Call) -> tuple[str, tuple[Any, ...]]:
    """Return the kind of the request's resource as commands name it, and the first parameters of the commands."""
    resource, user_id = call.request["resource"], call.request["user_id"]
    grant = resource["project_grant"]
    if grant is not None:
        ids = grant["project_id"], "", "", grant["organization_id"]
        return "project_grant", (ProjectGrantWriteModel(call.instance, *ids), user_id)
    if resource["organization_id"] is not None:
        return "org", (resource["organization_id"], user_id)
    if resource["project_id"] is not None:
        return "project", (resource["project_id"], user_id)
    return "instance", (user_id,)


@connect(_SERVICE + "CreateAdministrator", AUTHENTICATED, messages.CREATE_ADMINISTRATOR)
def _create(call: Call) -> Any:
    kind, ids = _of(call)
    model = _ADD[kind](call, *ids, call.request["roles"])
    return message(creationDate=optional_timestamp(model.changed))


@connect(_SERVICE + "UpdateAdministrator", AUTHENTICATED, messages.UPDATE_ADMINISTRATOR)
def _update(call: Call) -> Any:
    kind, ids = _of(call)
    model = _CHANGE[kind](call, *ids, call.request["roles"])
    return message(changeDate=optional_timestamp(model.changed))


@connect(_SERVICE + "DeleteAdministrator", AUTHENTICATED, messages.DELETE_ADMINISTRATOR)
def _delete(call: Call) -> Any:
    kind, ids = _of(call)
    model = _REMOVE[kind](call, *ids)
    # A user that never was a member has no date.
    return message(deletionDate=optional_timestamp(model.changed if model.state == "REMOVED" else 0))


_Command = Callable[..., MemberWriteModel]
_ADD: dict[str, _Command] = {
    "org": commands.add_to_org,
    "instance": commands.add_to_instance,
    "project": commands.add_to_project,
    "project_grant": commands.add_to_project_grant,
}
_CHANGE: dict[str, _Command] = {
    "org": commands.change_in_org,
    "instance": commands.change_in_instance,
    "project": commands.change_in_project,
    "project_grant": commands.change_in_project_grant,
}
_REMOVE: dict[str, _Command] = {
    "org": commands.remove_from_org,
    "instance": commands.remove_from_instance,
    "project": commands.remove_from_project,
    "project_grant": commands.remove_from_project_grant,
}

#: Kind of member -> the permission to read it.
_READ = {
    "iam": "iam.member.read",
    "org": "org.member.read",
    "project": "project.member.read",
    "project_grant": "project.grant.member.read",
}

_SORTING: dict[str, Callable[[MemberReadModel], Any]] = {
    "ADMINISTRATOR_FIELD_NAME_USER_ID": lambda member: member.user_id,
    "ADMINISTRATOR_FIELD_NAME_CHANGE_DATE": lambda member: member.changed,
}


@connect(_SERVICE + "ListAdministrators", AUTHENTICATED, messages.LIST_ADMINISTRATORS)
def _list(call: Call) -> Any:
    read_models, request, window = call.instance.list_read_models, call.request, pagination(call.request)
    if any(query["role"] for query in request["filters"]) and not call.instance.profile.administrators_by_role:
        raise invalid("ORG-vR9nC", "List.Query.Invalid")
    listed = [member for member in read_models.members.all() if member.user_id in read_models.users.by_key]
    found = filter_all(listed, [_predicate(query) for query in request["filters"]])
    key = _SORTING.get(request["sorting_column"], lambda member: member.created)
    total, items = page(ordered(found, key, window), window)
    # The permission is checked after counting: the total includes members that the caller may not read.
    shown = [_to_message(read_models, member) for member in items if _readable(call, member)]
    return paginated_response(total, window, administrators=shown)


def _predicate(query: MessageDict) -> Callable[[MemberReadModel], bool]:
    kind, inner = kind_of(query)
    if kind == "in_user_ids_filter":
        return lambda member: member.user_id in inner["ids"]
    if kind == "user_organization_id":
        return lambda member: bool(member.user_owner == inner["id"])
    if kind == "role":
        return lambda member: inner["role_key"] in member.roles
    return _of_resource(inner)


def _of_resource(resource: MessageDict) -> Callable[[MemberReadModel], bool]:
    grant = resource["project_grant"]
    if grant is not None:
        return lambda member: (
            (member.kind, member.project_id, member.granted_org)
            == ("project_grant", grant["project_id"], grant["organization_id"])
        )
    if resource["instance"]:
        return lambda member: member.kind == "iam"
    kind = "org" if resource["organization_id"] else "project"
    object_id = resource["organization_id"] or resource["project_id"]
    return lambda member: (member.kind, member.object_id) == (kind, object_id)


def _readable(call: Call, member: MemberReadModel) -> bool:
    """Whether the caller may read it. One of a project grant is read by either organization, and by who reads those of the project."""
    places = [(member.owner, member.object_id)]
    if member.kind == "project_grant":
        places += [(member.granted_org, member.object_id), (member.owner, member.project_id)]
    return member.user_id == call.caller.user_id or any(call.may(_READ[member.kind], *place) for place in places)


def _to_message(read_models: ReadModels, member: MemberReadModel) -> dict[str, Any]:
    user = read_models.users.by_key[member.user_id]
    return {
        "creationDate": format_timestamp(member.created),
        "changeDate": format_timestamp(member.changed),
        "user": message(
            id=user.id,
            preferredLoginName=user.username,
            displayName=user.profile.get("displayName"),
            organizationId=user.owner,
        ),
        **_resource(read_models, member),
        **message(roles=member.roles),
    }


def _resource(read_models: ReadModels, member: MemberReadModel) -> dict[str, Any]:
    if member.kind == "iam":
        return {"instance": True}
    if member.kind == "org":
        org = read_models.orgs.get(member.object_id)
        return {"organization": message(id=member.object_id, name=joined_text(org, "name"))}
    name = joined_text(read_models.projects.get(member.project_id), "name")
    if member.kind == "project":
        return {"project": message(id=member.project_id, name=name, organizationId=member.owner)}
    return {
        "projectGrant": message(
            id=member.object_id,
            projectId=member.project_id,
            projectName=name,
            organizationId=member.owner,
            grantedOrganizationId=member.granted_org,
        )
    }
