"""Commands on members of organizations, the instance, projects and project grants, for the v1 and v2 APIs.

Each kind has its own error ids, and its own order of checks.
"""

from __future__ import annotations

from collections.abc import Callable

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import already_exists, invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.events import Unique
from pulumi_zorg.emulator.members.aggregate import MemberWriteModel, is_member
from pulumi_zorg.emulator.members.permissions import unknown_roles
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel, organization_member_added
from pulumi_zorg.emulator.project_grants.aggregate import ProjectGrantWriteModel
from pulumi_zorg.emulator.projects.aggregate import require_project
from pulumi_zorg.emulator.users.aggregate import UserWriteModel, require_user


def _change(
    call: Call, model: MemberWriteModel, roles: list[str], check: Callable[[], None], missing: tuple[str, str]
) -> MemberWriteModel:
    if not model.exists:
        raise not_found(*missing)
    check()
    if model.roles != roles:
        model.apply(call.push(model.event("changed", roles)))
    return model


def _remove(call: Call, model: MemberWriteModel, check: Callable[[], None]) -> MemberWriteModel:
    if model.exists:
        check()
        model.apply(call.push(model.event("removed", None, Unique(*model.unique))))
    return model


# Organizations.


def _org(call: Call, org_id: str, user_id: str) -> MemberWriteModel:
    return MemberWriteModel(call.instance.store, "org", org_id, user_id, org_id)


def add_to_org(call: Call, org_id: str, user_id: str, roles: list[str]) -> MemberWriteModel:
    """Add a member to an organization."""
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
    model = _org(call, org_id, user_id)
    model.apply(call.push(organization_member_added(org_id, user_id, roles)))
    return model


def change_in_org(call: Call, org_id: str, user_id: str, roles: list[str]) -> MemberWriteModel:
    """Set the roles of a member of an organization."""
    if not roles:
        raise invalid("Org-LiaZi", "Errors.Org.MemberInvalid")
    if unknown_roles(roles, "ORG_"):
        raise invalid(call.instance.profile.unknown_org_role, "Errors.Org.MemberInvalid")
    missing = ("Org-D8JxR", "Errors.NotFound")
    return _change(
        call, _org(call, org_id, user_id), roles, lambda: call.check("org.member.write", org_id, org_id), missing
    )


def remove_from_org(call: Call, org_id: str, user_id: str) -> MemberWriteModel:
    """Remove a member from an organization. Nothing happens if the user is none."""
    return _remove(call, _org(call, org_id, user_id), lambda: call.check("org.member.delete", org_id, org_id))


# The instance.


def _iam(call: Call, user_id: str) -> MemberWriteModel:
    instance_id = call.instance.instance_id
    return MemberWriteModel(call.instance.store, "instance", instance_id, user_id, instance_id)


def _check_iam(call: Call, permission: str) -> Callable[[], None]:
    return lambda: call.check(permission, call.instance.instance_id, call.instance.instance_id)


def add_to_instance(call: Call, user_id: str, roles: list[str]) -> MemberWriteModel:
    """Add a member to the instance. No role is allowed here."""
    instance = call.instance
    _check_iam(call, "iam.member.write")()
    if unknown_roles(roles, "IAM_"):
        raise invalid("INSTANCE-4m0fS", "Errors.Instance.MemberInvalid")
    if not UserWriteModel(instance.store, user_id).exists:
        raise precondition("INSTA-GSXOn", "Errors.User.NotFound")
    if is_member(instance.store, "instance", instance.instance_id, user_id):
        raise already_exists("INSTA-pFDwe", "Errors.Instance.Member.AlreadyExists")
    model = _iam(call, user_id)
    unique = Unique(*model.unique, "Errors.Member.AlreadyExists")
    model.apply(call.push(model.event("added", roles, unique)))
    return model


def change_in_instance(call: Call, user_id: str, roles: list[str]) -> MemberWriteModel:
    """Set the roles of a member of the instance."""
    if not roles:
        raise invalid("INSTANCE-LiaZi", "Errors.Instance.MemberInvalid")
    if unknown_roles(roles, "IAM_"):
        raise invalid("INSTANCE-3m9fs", "Errors.Instance.MemberInvalid")
    missing = ("INSTANCE-D8JxR", "Errors.NotFound")
    return _change(call, _iam(call, user_id), roles, _check_iam(call, "iam.member.write"), missing)


def remove_from_instance(call: Call, user_id: str) -> MemberWriteModel:
    """Remove a member from the instance. Nothing happens if the user is none, but the caller needs the right all the same."""
    check = _check_iam(call, "iam.member.delete")
    check()
    return _remove(call, _iam(call, user_id), check)


# Projects. v1 passes the organization of the header as the owner. v2 passes none.


def _check_roles(roles: list[str], prefix: str, missing: tuple[str, str], wrong: tuple[str, str]) -> None:
    if not roles:
        raise invalid(*missing)
    if unknown_roles(roles, prefix):
        raise invalid(*wrong)


def _project(call: Call, project_id: str, user_id: str, owner: str) -> MemberWriteModel:
    return MemberWriteModel(call.instance.store, "project", project_id, user_id, owner)


def add_to_project(call: Call, project_id: str, user_id: str, roles: list[str], owner: str = "") -> MemberWriteModel:
    """Add a member to a project."""
    key = "Errors.Project.Member.Invalid"
    _check_roles(roles, "PROJECT_", ("PROJECT-W8m4l", key), ("PROJECT-3m9ds", key))
    require_user(call.instance.store, user_id)
    project = require_project(call.instance.store, project_id, owner)
    model = _project(call, project_id, user_id, project.owner)
    call.check("project.member.write", project.owner, project.id)
    if model.exists:
        raise already_exists("PROJECT-PtXi1", "Errors.Project.Member.AlreadyExists")
    unique = Unique(*model.unique, "Errors.Member.AlreadyExists")
    model.apply(call.push(model.event("added", roles, unique)))
    return model


def change_in_project(call: Call, project_id: str, user_id: str, roles: list[str], owner: str = "") -> MemberWriteModel:
    """Set the roles of a member of a project."""
    key = "Errors.Project.Member.Invalid"
    _check_roles(roles, "PROJECT_", ("PROJECT-LiaZi", key), ("PROJECT-3m9d", key))
    model = _project(call, project_id, user_id, owner)
    missing = ("PROJECT-D8JxR", "Errors.NotFound")
    return _change(call, model, roles, lambda: call.check("project.member.write", model.owner, model.id), missing)


def remove_from_project(call: Call, project_id: str, user_id: str, owner: str = "") -> MemberWriteModel:
    """Remove a member from a project. Nothing happens if the user is none."""
    model = _project(call, project_id, user_id, owner)
    return _remove(call, model, lambda: call.check("project.member.delete", model.owner, model.id))


# Project grants. v1 names a grant by its id, v2 by the organization that the project is granted to.


def _of_grant(call: Call, grant: ProjectGrantWriteModel, user_id: str, grant_id: str = "") -> MemberWriteModel:
    named = grant_id or grant.grant_id
    return MemberWriteModel(call.instance.store, "project.grant", grant.id, user_id, grant.owner, named)


def add_to_project_grant(call: Call, grant: ProjectGrantWriteModel, user_id: str, roles: list[str]) -> MemberWriteModel:
    """Add a member to a project grant."""
    key = "Errors.Project.Grant.Member.Invalid"
    _check_roles(roles, "PROJECT_GRANT_", ("PROJECT-8fi7G", key), ("PROJECT-m9gKK", key))
    require_user(call.instance.store, user_id)
    if not grant.exists:
        raise not_found("PROJECT-D8JxR", "Errors.Project.Grant.NotFound")
    model = _of_grant(call, grant, user_id, grant.named)
    if model.exists:
        raise not_found("PROJECT-37fug", "Errors.AlreadyExists")
    call.check("project.grant.member.write", grant.granted_org_id, grant.grant_id)
    unique = Unique(*model.unique, "Errors.Project.Member.AlreadyExists")
    model.apply(call.push(model.event("added", roles, unique)))
    return model


def change_in_project_grant(
    call: Call, grant: ProjectGrantWriteModel, user_id: str, roles: list[str]
) -> MemberWriteModel:
    """Set the roles of a member of a project grant."""
    key = "Errors.Project.Grant.Member.Invalid"
    _check_roles(roles, "PROJECT_GRANT_", ("PROJECT-109fs", key), ("PROJECT-m0sDf", key))

    def check() -> None:
        call.check("project.grant.member.write", grant.granted_org_id, grant.grant_id)

    model = _of_grant(call, grant, user_id, grant.named)
    return _change(call, model, roles, check, ("PROJECT-37fug", "Errors.NotFound"))


def remove_from_project_grant(call: Call, grant: ProjectGrantWriteModel, user_id: str) -> MemberWriteModel:
    """Remove a member from a project grant. Nothing happens if the user is none."""

    def check() -> None:
        call.check("project.grant.member.delete", grant.granted_org_id, grant.grant_id)

    return _remove(call, _of_grant(call, grant, user_id), check)
