"""Members of organizations, of the instance, of projects and of project grants in the v1 API (management and admin)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import already_exists, invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.events import Unique
from pulumi_zorg.emulator.http.fields import EMPTY
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, list_response, matches, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.members import messages_v1 as messages
from pulumi_zorg.emulator.members.aggregate import MemberWriteModel, is_member
from pulumi_zorg.emulator.members.permissions import PERMISSIONS, unknown_roles
from pulumi_zorg.emulator.members.projection import MemberReadModel
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel, organization_member_added
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.projects.aggregate import require_project
from pulumi_zorg.emulator.read_models import ReadModels
from pulumi_zorg.emulator.users.aggregate import UserWriteModel, require_user


def _change(call: Call, model: MemberWriteModel, check: Callable[[], None], missing: tuple[str, str]) -> Any:
    if not model.exists:
        raise not_found(*missing)
    check()
    roles = call.request["roles"]
    if model.roles != roles:
        model.apply(call.push(model.event("changed", roles)))
    return {"details": change_details(model.details)}


def _remove(call: Call, model: MemberWriteModel, check: Callable[[], None]) -> Any:
    if model.exists:
        check()
        model.apply(call.push(model.event("removed", None, Unique(*model.unique))))
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


def _list(call: Call, kind: str, object_id: str) -> Any:
    read_models = call.instance.list_read_models
    items = [member for member in read_models.members.where("object_id", object_id) if member.kind == kind]
    shown = [member for member in items if member.user_id in read_models.users.by_key]
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


_LIST_ORG, _ADD_ORG, _UPDATE_ORG, _REMOVE_ORG = messages.member_messages("OrgMember")


def _org(call: Call) -> MemberWriteModel:
    return MemberWriteModel(call.instance.store, "org", call.caller.org_id, call.request["user_id"], call.caller.org_id)


@rest("POST", "/management/v1/orgs/me/members/_search", "org.member.read", _LIST_ORG)
def _list_org(call: Call) -> Any:
    return _list(call, "org", call.caller.org_id)


@rest("POST", "/management/v1/orgs/me/members", "org.member.write", _ADD_ORG)
def _add_org(call: Call) -> Any:
    org_id, user_id, roles = call.caller.org_id, call.request["user_id"], call.request["roles"]
    if not OrganizationWriteModel(call.instance.store, org_id).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    call.check("org.member.write", org_id, org_id)
    if not roles:
        raise invalid("ORG-4Mlfs", "Errors.Invalid.Argument")
    if unknown_roles(roles, "ORG_") and unknown_roles(roles, "SELF_MANAGEMENT_GLOBAL"):
        raise invalid("Org-4N8es", "Errors.Org.MemberInvalid")
    if not UserWriteModel(call.instance.store, user_id).exists:
        raise precondition("ORG-GoXOn", "Errors.User.NotFound")
    if is_member(call.instance.store, "org", org_id, user_id):
        raise already_exists("ORG-poWwe", "Errors.Org.Member.AlreadyExists")
    model = _org(call)
    model.apply(call.push(organization_member_added(org_id, user_id, roles)))
    return {"details": creation_details(model.details)}


@rest("PUT", "/management/v1/orgs/me/members/{user_id}", "org.member.write", _UPDATE_ORG)
def _update_org(call: Call) -> Any:
    roles, org_id = call.request["roles"], call.caller.org_id
    if not roles:
        raise invalid("Org-LiaZi", "Errors.Org.MemberInvalid")
    if unknown_roles(roles, "ORG_"):
        raise invalid("INST-m9fG8", "Errors.Org.MemberInvalid")
    return _change(
        call, _org(call), lambda: call.check("org.member.write", org_id, org_id), ("Org-D8JxR", "Errors.NotFound")
    )


@rest("DELETE", "/management/v1/orgs/me/members/{user_id}", "org.member.delete", _REMOVE_ORG)
def _remove_org(call: Call) -> Any:
    org_id = call.caller.org_id
    return _remove(call, _org(call), lambda: call.check("org.member.delete", org_id, org_id))


@rest("POST", "/management/v1/orgs/members/roles/_search", "org.member.read", EMPTY)
def _list_org_roles(_: Call) -> Any:
    return {"result": [role for role in PERMISSIONS if role.startswith("ORG_")]}


_LIST_IAM, _ADD_IAM, _UPDATE_IAM, _REMOVE_IAM = messages.member_messages("IAMMember")


def _iam(call: Call) -> MemberWriteModel:
    instance = call.instance
    return MemberWriteModel(
        instance.store, "instance", instance.instance_id, call.request["user_id"], instance.instance_id
    )


def _check_iam(call: Call, permission: str) -> Callable[[], None]:
    return lambda: call.check(permission, call.instance.instance_id, call.instance.instance_id)


@rest("POST", "/admin/v1/members/_search", "iam.member.read", _LIST_IAM)
def _list_iam(call: Call) -> Any:
    return _list(call, "iam", call.instance.instance_id)


@rest("POST", "/admin/v1/members", "iam.member.write", _ADD_IAM)
def _add_iam(call: Call) -> Any:
    instance, user_id, roles = call.instance, call.request["user_id"], call.request["roles"]
    _check_iam(call, "iam.member.write")()
    if unknown_roles(roles, "IAM_"):
        raise invalid("INSTANCE-4m0fS", "Errors.Instance.MemberInvalid")
    if not UserWriteModel(instance.store, user_id).exists:
        raise precondition("INSTA-GSXOn", "Errors.User.NotFound")
    if is_member(instance.store, "instance", instance.instance_id, user_id):
        raise already_exists("INSTA-pFDwe", "Errors.Instance.Member.AlreadyExists")
    model = _iam(call)
    unique = Unique(*model.unique, "Errors.Member.AlreadyExists")
    model.apply(call.push(model.event("added", roles, unique)))
    return {"details": creation_details(model.details)}


@rest("PUT", "/admin/v1/members/{user_id}", "iam.member.write", _UPDATE_IAM)
def _update_iam(call: Call) -> Any:
    roles = call.request["roles"]
    if not roles:
        raise invalid("INSTANCE-LiaZi", "Errors.Instance.MemberInvalid")
    if unknown_roles(roles, "IAM_"):
        raise invalid("INSTANCE-3m9fs", "Errors.Instance.MemberInvalid")
    return _change(call, _iam(call), _check_iam(call, "iam.member.write"), ("INSTANCE-D8JxR", "Errors.NotFound"))


@rest("DELETE", "/admin/v1/members/{user_id}", "iam.member.delete", _REMOVE_IAM)
def _remove_iam(call: Call) -> Any:
    return _remove(call, _iam(call), _check_iam(call, "iam.member.delete"))


_LIST_PROJECT, _ADD_PROJECT, _UPDATE_PROJECT, _REMOVE_PROJECT = messages.member_messages("ProjectMember", "project_id")
_MEMBERS = "/management/v1/projects/{project_id}/members"


def _project(call: Call) -> MemberWriteModel:
    request = call.request
    return MemberWriteModel(
        call.instance.store, "project", request["project_id"], request["user_id"], call.caller.org_id
    )


def _check_roles(roles: list[str], prefix: str, missing: tuple[str, str], wrong: tuple[str, str]) -> None:
    if not roles:
        raise invalid(*missing)
    if unknown_roles(roles, prefix):
        raise invalid(*wrong)


@rest("POST", _MEMBERS + "/_search", "project.member.read", _LIST_PROJECT, check="project_id")
def _list_project(call: Call) -> Any:
    return _list(call, "project", call.request["project_id"])


@rest("POST", _MEMBERS, "project.member.write", _ADD_PROJECT, check="project_id")
def _add_project(call: Call) -> Any:
    request, key = call.request, "Errors.Project.Member.Invalid"
    _check_roles(request["roles"], "PROJECT_", ("PROJECT-W8m4l", key), ("PROJECT-3m9ds", key))
    require_user(call.instance.store, request["user_id"])
    project = require_project(call.instance.store, request["project_id"], call.caller.org_id)
    model = _project(call)
    call.check("project.member.write", project.owner, project.id)
    if model.exists:
        raise already_exists("PROJECT-PtXi1", "Errors.Project.Member.AlreadyExists")
    unique = Unique(*model.unique, "Errors.Member.AlreadyExists")
    model.apply(call.push(model.event("added", request["roles"], unique)))
    return {"details": creation_details(model.details)}


@rest("PUT", _MEMBERS + "/{user_id}", "project.member.write", _UPDATE_PROJECT, check="project_id")
def _update_project(call: Call) -> Any:
    key = "Errors.Project.Member.Invalid"
    _check_roles(call.request["roles"], "PROJECT_", ("PROJECT-LiaZi", key), ("PROJECT-3m9d", key))
    model = _project(call)
    return _change(
        call,
        model,
        lambda: call.check("project.member.write", model.owner, model.id),
        ("PROJECT-D8JxR", "Errors.NotFound"),
    )


@rest("DELETE", _MEMBERS + "/{user_id}", "project.member.delete", _REMOVE_PROJECT, check="project_id")
def _remove_project(call: Call) -> Any:
    model = _project(call)
    return _remove(call, model, lambda: call.check("project.member.delete", model.owner, model.id))


_LIST_GRANT, _ADD_GRANT, _UPDATE_GRANT, _REMOVE_GRANT = messages.member_messages(
    "ProjectGrantMember", "project_id", "grant_id"
)
_GRANT_MEMBERS = "/management/v1/projects/{project_id}/grants/{grant_id}/members"


def _grant(call: Call) -> tuple[ProjectGrantWriteModel, MemberWriteModel]:
    request, store = call.request, call.instance.store
    grant = ProjectGrantWriteModel(call.instance, request["project_id"], "", request["grant_id"])
    model = MemberWriteModel(store, "project.grant", grant.id, request["user_id"], grant.owner, grant.grant_id)
    return grant, model


@rest("POST", _GRANT_MEMBERS + "/_search", "project.grant.member.read", _LIST_GRANT)
def _list_grant(call: Call) -> Any:
    return _list(call, "project_grant", call.request["grant_id"])


@rest("POST", _GRANT_MEMBERS, "project.grant.member.write", _ADD_GRANT)
def _add_grant(call: Call) -> Any:
    request, key = call.request, "Errors.Project.Grant.Member.Invalid"
    _check_roles(request["roles"], "PROJECT_GRANT_", ("PROJECT-8fi7G", key), ("PROJECT-m9gKK", key))
    require_user(call.instance.store, request["user_id"])
    grant, model = _grant(call)
    if not grant.exists:
        raise not_found("PROJECT-D8JxR", "Errors.Project.Grant.NotFound")
    if model.exists:
        raise not_found("PROJECT-37fug", "Errors.AlreadyExists")
    call.check("project.grant.member.write", grant.granted_org_id, grant.grant_id)
    unique = Unique(*model.unique, "Errors.Project.Member.AlreadyExists")
    model.apply(call.push(model.event("added", request["roles"], unique)))
    return {"details": creation_details(model.details)}


@rest("PUT", _GRANT_MEMBERS + "/{user_id}", "project.grant.member.write", _UPDATE_GRANT)
def _update_grant(call: Call) -> Any:
    key = "Errors.Project.Grant.Member.Invalid"
    _check_roles(call.request["roles"], "PROJECT_GRANT_", ("PROJECT-109fs", key), ("PROJECT-m0sDf", key))
    grant, model = _grant(call)
    return _change(
        call,
        model,
        lambda: call.check("project.grant.member.write", grant.granted_org_id, grant.grant_id),
        ("PROJECT-37fug", "Errors.NotFound"),
    )


@rest("DELETE", _GRANT_MEMBERS + "/{user_id}", "project.grant.member.delete", _REMOVE_GRANT)
def _remove_grant(call: Call) -> Any:
    grant, model = _grant(call)
    return _remove(call, model, lambda: call.check("project.grant.member.delete", grant.granted_org_id, grant.grant_id))
