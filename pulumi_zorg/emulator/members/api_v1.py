"""Members of organizations, of the instance, of projects and of project grants in the v1 API (management and admin)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.eventstore.events import format_timestamp, now_micros
from pulumi_zorg.emulator.http.fields import EMPTY
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, list_response, matches, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.members import commands
from pulumi_zorg.emulator.members import messages_v1 as messages
from pulumi_zorg.emulator.members.aggregate import MemberWriteModel
from pulumi_zorg.emulator.members.permissions import PERMISSIONS
from pulumi_zorg.emulator.members.projection import MemberReadModel
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.read_models import ReadModels


def _added(model: MemberWriteModel) -> Any:
    return {"details": creation_details(model.details)}


def _changed(model: MemberWriteModel) -> Any:
    return {"details": change_details(model.details)}


def _to_message(read_models: ReadModels, member: MemberReadModel) -> dict[str, Any]:
    user = read_models.users.by_key[member.user_id]
    profile = user.profile
    return message(
        userId=member.user_id,
        details=read_details(member),
        roles=member.roles,
        preferredLoginName=user.username,
        email=profile.get("email"),
        firstName=profile.get("firstName"),
        lastName=profile.get("lastName"),
        displayName=profile.get("displayName") or user.name,
        userType="TYPE_HUMAN" if user.human else "TYPE_MACHINE",
        userResourceOwner=member.user_owner,
    )


def _list(call: Call, kind: str, object_id: str, owners: set[str] | None = None, project_id: str | None = None) -> Any:
    """Return the members of an object.

    :param owners: only those of an object that belongs to one of these organizations, or is granted to it.
    :param project_id: only those of a project grant of this project.
    """
    read_models = call.instance.list_read_models
    items = [member for member in read_models.members.where("object_id", object_id) if member.kind == kind]
    shown = [member for member in items if member.user_id in read_models.users.by_key]
    if project_id is not None:
        shown = [member for member in shown if member.project_id == project_id]
    if owners is not None:
        shown = [member for member in shown if owners & {member.owner, member.granted_org}]
    found = filter_all(shown, [_predicate(read_models, query) for query in call.request["queries"]])
    total, items = page(found, call.request["query"])
    return list_response(total, [_to_message(read_models, member) for member in items], read_models.members)


def _predicate(read_models: ReadModels, query: MessageDict) -> Callable[[MemberReadModel], bool]:
    kind, inner = kind_of(query)
    if kind == "user_id_query":
        return lambda member: bool(member.user_id == inner["user_id"])
    field, name = {
        "first_name_query": ("first_name", "firstName"),
        "last_name_query": ("last_name", "lastName"),
        "email_query": ("email", "email"),
    }[kind]
    return lambda member: matches(
        inner["method"], read_models.users.by_key[member.user_id].profile.get(name, ""), inner[field]
    )


def _roles(prefix: str) -> list[str]:
    return [role for role in PERMISSIONS if role.startswith(prefix)]


def _listed_roles(field: str, prefix: str) -> Any:
    roles, now = _roles(prefix), format_timestamp(now_micros())
    return {"details": {"totalResult": str(len(roles)), "viewTimestamp": now}, field: roles}


# Organizations.

_LIST_ORG, _ADD_ORG, _UPDATE_ORG, _REMOVE_ORG = messages.member_messages("OrgMember")


@rest("POST", "/management/v1/orgs/me/members/_search", "org.member.read", _LIST_ORG)
def _list_org(call: Call) -> Any:
    return _list(call, "org", call.caller.org_id)


@rest("POST", "/management/v1/orgs/me/members", "org.member.write", _ADD_ORG)
def _add_org(call: Call) -> Any:
    return _added(commands.add_to_org(call, call.caller.org_id, call.request["user_id"], call.request["roles"]))


@rest("PUT", "/management/v1/orgs/me/members/{user_id}", "org.member.write", _UPDATE_ORG)
def _update_org(call: Call) -> Any:
    return _changed(commands.change_in_org(call, call.caller.org_id, call.request["user_id"], call.request["roles"]))


@rest("DELETE", "/management/v1/orgs/me/members/{user_id}", "org.member.delete", _REMOVE_ORG)
def _remove_org(call: Call) -> Any:
    return _changed(commands.remove_from_org(call, call.caller.org_id, call.request["user_id"]))


@rest("POST", "/management/v1/orgs/members/roles/_search", "org.member.read", EMPTY)
def _list_org_roles(_: Call) -> Any:
    return {"result": _roles("ORG_")}


# The instance.

_LIST_IAM, _ADD_IAM, _UPDATE_IAM, _REMOVE_IAM = messages.member_messages("IAMMember")


@rest("POST", "/admin/v1/members/_search", "iam.member.read", _LIST_IAM)
def _list_iam(call: Call) -> Any:
    return _list(call, "iam", call.instance.instance_id)


@rest("POST", "/admin/v1/members", "iam.member.write", _ADD_IAM)
def _add_iam(call: Call) -> Any:
    return _added(commands.add_to_instance(call, call.request["user_id"], call.request["roles"]))


@rest("PUT", "/admin/v1/members/{user_id}", "iam.member.write", _UPDATE_IAM)
def _update_iam(call: Call) -> Any:
    return _changed(commands.change_in_instance(call, call.request["user_id"], call.request["roles"]))


@rest("DELETE", "/admin/v1/members/{user_id}", "iam.member.delete", _REMOVE_IAM)
def _remove_iam(call: Call) -> Any:
    return _changed(commands.remove_from_instance(call, call.request["user_id"]))


@rest("POST", "/admin/v1/members/roles/_search", "iam.member.read", EMPTY)
def _list_iam_roles(_: Call) -> Any:
    return _listed_roles("roles", "IAM_")


# Projects.

_LIST_PROJECT, _ADD_PROJECT, _UPDATE_PROJECT, _REMOVE_PROJECT = messages.member_messages("ProjectMember", "project_id")
_MEMBERS = "/management/v1/projects/{project_id}/members"


@rest("POST", _MEMBERS + "/_search", "project.member.read", _LIST_PROJECT, check="project_id")
def _list_project(call: Call) -> Any:
    return _list(call, "project", call.request["project_id"], {call.caller.org_id})


@rest("POST", _MEMBERS, "project.member.write", _ADD_PROJECT, check="project_id")
def _add_project(call: Call) -> Any:
    request = call.request
    ids = request["project_id"], request["user_id"]
    return _added(commands.add_to_project(call, *ids, request["roles"], call.caller.org_id))


@rest("PUT", _MEMBERS + "/{user_id}", "project.member.write", _UPDATE_PROJECT, check="project_id")
def _update_project(call: Call) -> Any:
    request = call.request
    ids = request["project_id"], request["user_id"]
    return _changed(commands.change_in_project(call, *ids, request["roles"], call.caller.org_id))


@rest("DELETE", _MEMBERS + "/{user_id}", "project.member.delete", _REMOVE_PROJECT, check="project_id")
def _remove_project(call: Call) -> Any:
    request = call.request
    return _changed(commands.remove_from_project(call, request["project_id"], request["user_id"], call.caller.org_id))


@rest("POST", "/management/v1/projects/members/roles/_search", "project.member.read", EMPTY)
def _list_project_roles(_: Call) -> Any:
    return {"result": [role for role in _roles("PROJECT_") if not role.startswith("PROJECT_GRANT_")]}


@rest("POST", "/management/v1/projects/grants/members/roles/_search", "project.grant.member.read", EMPTY)
def _list_project_grant_roles(_: Call) -> Any:
    return _listed_roles("result", "PROJECT_GRANT_")


# Project grants.

_LIST_GRANT, _ADD_GRANT, _UPDATE_GRANT, _REMOVE_GRANT = messages.member_messages(
    "ProjectGrantMember", "project_id", "grant_id"
)
_GRANT_MEMBERS = "/management/v1/projects/{project_id}/grants/{grant_id}/members"


def _grant(call: Call) -> ProjectGrantWriteModel:
    return ProjectGrantWriteModel(call.instance, call.request["project_id"], "", call.request["grant_id"])


@rest("POST", _GRANT_MEMBERS + "/_search", "project.grant.member.read", _LIST_GRANT)
def _list_grant(call: Call) -> Any:
    request = call.request
    return _list(call, "project_grant", request["grant_id"], {call.caller.org_id}, request["project_id"])


@rest("POST", _GRANT_MEMBERS, "project.grant.member.write", _ADD_GRANT)
def _add_grant(call: Call) -> Any:
    user_id, roles = call.request["user_id"], call.request["roles"]
    return _added(commands.add_to_project_grant(call, _grant(call), user_id, roles))


@rest("PUT", _GRANT_MEMBERS + "/{user_id}", "project.grant.member.write", _UPDATE_GRANT)
def _update_grant(call: Call) -> Any:
    user_id, roles = call.request["user_id"], call.request["roles"]
    return _changed(commands.change_in_project_grant(call, _grant(call), user_id, roles))


@rest("DELETE", _GRANT_MEMBERS + "/{user_id}", "project.grant.member.delete", _REMOVE_GRANT)
def _remove_grant(call: Call) -> Any:
    return _changed(commands.remove_from_project_grant(call, _grant(call), call.request["user_id"]))
