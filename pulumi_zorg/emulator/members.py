"""Manager roles: members of organizations, of the instance, of projects and of project grants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import already_exists, invalid, not_found, precondition
from .fields import EMPTY
from .model import WriteModel, added, changed, pb, viewed
from .organizations import OrgModel, member_added
from .project_grants import ProjectGrantModel
from .projects import require_project
from .queries import all_of, kind_of, listed, matches, page
from .roles import PERMISSIONS, unknown_roles
from .routing import rest
from .schema import Msg
from .store import Command, Event, EventStore, Unique
from .tables import MemberRow, Tables
from .users_model import require_user, user_exists
from .world import Call, World


class MemberModel(WriteModel):
    """A member as commands see it.

    Who went in a cascade still counts as a member here, as on the real server, whose models do not know the event. Only
    that of members of project grants does, and counts the end of the grant or the project as the member's too.
    """

    def __init__(
        self, store: EventStore, kind: str, object_id: str, user_id: str, owner: str = "", grant: str = ""
    ) -> None:
        self.kind = kind
        self.user_id = user_id
        self.grant_id = grant
        self.roles: list[str] = []
        # What other folds have as a constant of their class, this one has for each kind of member.
        self.aggregate_type = kind.partition(".")[0]  # type: ignore[misc]
        names = ("member.added", "member.changed", "member.removed", "member.cascade.removed")
        ends = ("project.grant.removed", "project.removed") if kind == "project.grant" else ()
        # A constant of the class elsewhere, as above.
        self.types = frozenset({*(f"{kind}.{name}" for name in names), *ends})  # type: ignore[misc]
        super().__init__(store, object_id, owner)

    def accepts(self, event: Event) -> bool:
        """Only events of this member count, and of what the member is in."""
        if event.type in self.types and event.type in ("project.grant.removed", "project.removed"):
            return event.type == "project.removed" or bool(event.get("grantId") == self.grant_id)
        return (
            event.type in self.types
            and event.get("userId") == self.user_id
            and event.get("grantId", "") == self.grant_id
        )

    def reduce(self, event: Event) -> None:
        """Roles and state."""
        if event.type.endswith(("member.added", "member.changed")):
            self.roles = event.get("roles", [])
            self.state = "ACTIVE" if event.type.endswith("added") else self.state
        elif self.kind == "project.grant" or not event.type.endswith("cascade.removed"):
            self.roles, self.state = [], "REMOVED"

    def event(self, name: str, roles: list[str] | None = None, *uniques: Unique) -> Command:
        """An event of this member."""
        payload: dict[str, Any] = {"userId": self.user_id}
        if roles is not None:
            payload["roles"] = roles
        if self.grant_id:
            payload["grantId"] = self.grant_id
        return Command(self.aggregate_type, self.id, self.owner, f"{self.kind}.member.{name}", payload, uniques)

    @property
    def unique(self) -> tuple[str, str]:
        """Kind and field of what may exist once."""
        if self.grant_id:
            return "project_grant_member", f"{self.id}:{self.user_id}:{self.grant_id}"
        return "member", f"{self.id}:{self.user_id}"


def cascade_members(world: World, user_id: str) -> list[Command]:
    """The events that take all manager roles of a removed user away."""
    names = {"org": "org", "iam": "instance", "project": "project", "project_grant": "project.grant"}
    commands = []
    for kind, name in names.items():
        for row in world.lists.members.by("user_id", user_id):
            if row.kind == kind:
                commands.append(_cascade(row, name))
    return commands


def _cascade(row: MemberRow, name: str) -> Command:
    payload = {"userId": row.user_id}
    aggregate_id, unique = row.object_id, Unique("member", f"{row.object_id}:{row.user_id}")
    if row.kind == "project_grant":
        payload["grantId"] = row.object_id
        aggregate_id = row.project_id
        unique = Unique("project_grant_member", f"{row.project_id}:{row.user_id}:{row.object_id}")
    aggregate_type = name.partition(".")[0]
    return Command(aggregate_type, aggregate_id, row.owner, f"{name}.member.cascade.removed", payload, (unique,))


def _change(call: Call, model: MemberModel, check: Callable[[], None], missing: tuple[str, str]) -> Any:
    if not model.exists:
        raise not_found(*missing)
    check()
    roles = call.request["roles"]
    if model.roles != roles:
        model.apply(call.push(model.event("changed", roles)))
    return {"details": changed(model.details)}


def _remove(call: Call, model: MemberModel, check: Callable[[], None]) -> Any:
    if model.exists:
        check()
        model.apply(call.push(model.event("removed", None, Unique(*model.unique))))
    return {"details": changed(model.details)}


def _told(tables: Tables, row: MemberRow) -> dict[str, Any]:
    user = tables.users.rows[row.user_id]
    profile = user.profile
    return pb(
        userId=row.user_id,
        details=viewed(row),
        roles=row.roles,
        preferredLoginName=user.username,
        email=profile.get("email"),
        firstName=profile.get("firstName"),
        lastName=profile.get("lastName"),
        displayName=profile.get("displayName") or user.name,
        userType="TYPE_HUMAN" if user.human else "TYPE_MACHINE",
        userResourceOwner=row.user_owner,
    )


def _list(call: Call, kind: str, object_id: str) -> Any:
    tables = call.world.lists
    rows = [row for row in tables.members.by("object_id", object_id) if row.kind == kind]
    shown = [row for row in rows if row.user_id in tables.users.rows]
    found = all_of(shown, [_predicate(tables, query) for query in call.request["queries"]])
    total, rows = page(found, call.request["query"])
    return listed(total, [_told(tables, row) for row in rows], tables.members)


def _predicate(tables: Tables, query: Msg) -> Callable[[MemberRow], bool]:
    kind, inner = kind_of(query)
    if kind == "user_id_query":
        return lambda row: bool(row.user_id == inner["user_id"])
    field, name = {
        "first_name_query": ("first_name", "firstName"),
        "last_name_query": ("last_name", "lastName"),
        "email_query": ("email", "email"),
    }[kind]
    return lambda row: matches(inner["method"], tables.users.rows[row.user_id].profile.get(name, ""), inner[field])


# Organizations.

_LIST_ORG, _ADD_ORG, _UPDATE_ORG, _REMOVE_ORG = m.member_messages("OrgMember")


def _org(call: Call) -> MemberModel:
    return MemberModel(call.world.store, "org", call.caller.org_id, call.request["user_id"], call.caller.org_id)


@rest("POST", "/management/v1/orgs/me/members/_search", "org.member.read", _LIST_ORG)
def _list_org(call: Call) -> Any:
    return _list(call, "org", call.caller.org_id)


@rest("POST", "/management/v1/orgs/me/members", "org.member.write", _ADD_ORG)
def _add_org(call: Call) -> Any:
    org_id, user_id, roles = call.caller.org_id, call.request["user_id"], call.request["roles"]
    if not OrgModel(call.world.store, org_id).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    call.check("org.member.write", org_id, org_id)
    if not roles:
        raise invalid("ORG-4Mlfs", "Errors.Invalid.Argument")
    if unknown_roles(roles, "ORG_") and unknown_roles(roles, "SELF_MANAGEMENT_GLOBAL"):
        raise invalid("Org-4N8es", "Errors.Org.MemberInvalid")
    if not user_exists(call.world.store, user_id):
        raise precondition("ORG-GoXOn", "Errors.User.NotFound")
    if _is_member(call.world.store, "org", org_id, user_id):
        raise already_exists("ORG-poWwe", "Errors.Org.Member.AlreadyExists")
    model = _org(call)
    model.apply(call.push(member_added(org_id, user_id, roles)))
    return {"details": added(model.details)}


def _is_member(store: EventStore, kind: str, object_id: str, user_id: str) -> bool:
    found = False
    for event in store.aggregate(kind, object_id):
        if event.get("userId") == user_id and event.type.startswith(f"{kind}.member."):
            if event.type.endswith("member.added"):
                found = True
            elif event.type.endswith("removed"):
                found = False
    return found


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


# The instance.

_LIST_IAM, _ADD_IAM, _UPDATE_IAM, _REMOVE_IAM = m.member_messages("IAMMember")


def _iam(call: Call) -> MemberModel:
    world = call.world
    return MemberModel(world.store, "instance", world.instance_id, call.request["user_id"], world.instance_id)


def _check_iam(call: Call, permission: str) -> Callable[[], None]:
    return lambda: call.check(permission, call.world.instance_id, call.world.instance_id)


@rest("POST", "/admin/v1/members/_search", "iam.member.read", _LIST_IAM)
def _list_iam(call: Call) -> Any:
    return _list(call, "iam", call.world.instance_id)


@rest("POST", "/admin/v1/members", "iam.member.write", _ADD_IAM)
def _add_iam(call: Call) -> Any:
    world, user_id, roles = call.world, call.request["user_id"], call.request["roles"]
    _check_iam(call, "iam.member.write")()
    if unknown_roles(roles, "IAM_"):
        raise invalid("INSTANCE-4m0fS", "Errors.Instance.MemberInvalid")
    if not user_exists(world.store, user_id):
        raise precondition("INSTA-GSXOn", "Errors.User.NotFound")
    if _is_member(world.store, "instance", world.instance_id, user_id):
        raise already_exists("INSTA-pFDwe", "Errors.Instance.Member.AlreadyExists")
    model = _iam(call)
    unique = Unique(*model.unique, "Errors.Member.AlreadyExists")
    model.apply(call.push(model.event("added", roles, unique)))
    return {"details": added(model.details)}


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


# Projects.

_LIST_PROJECT, _ADD_PROJECT, _UPDATE_PROJECT, _REMOVE_PROJECT = m.member_messages("ProjectMember", "project_id")
_MEMBERS = "/management/v1/projects/{project_id}/members"


def _project(call: Call) -> MemberModel:
    request = call.request
    return MemberModel(call.world.store, "project", request["project_id"], request["user_id"], call.caller.org_id)


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
    require_user(call.world.store, request["user_id"])
    project = require_project(call.world.store, request["project_id"], call.caller.org_id)
    model = _project(call)
    call.check("project.member.write", project.owner, project.id)
    if model.exists:
        raise already_exists("PROJECT-PtXi1", "Errors.Project.Member.AlreadyExists")
    unique = Unique(*model.unique, "Errors.Member.AlreadyExists")
    model.apply(call.push(model.event("added", request["roles"], unique)))
    return {"details": added(model.details)}


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


# Project grants.

_LIST_GRANT, _ADD_GRANT, _UPDATE_GRANT, _REMOVE_GRANT = m.member_messages(
    "ProjectGrantMember", "project_id", "grant_id"
)
_GRANT_MEMBERS = "/management/v1/projects/{project_id}/grants/{grant_id}/members"


def _grant(call: Call) -> tuple[ProjectGrantModel, MemberModel]:
    request, store = call.request, call.world.store
    grant = ProjectGrantModel(call.world, request["project_id"], "", request["grant_id"])
    model = MemberModel(store, "project.grant", grant.id, request["user_id"], grant.owner, grant.grant_id)
    return grant, model


@rest("POST", _GRANT_MEMBERS + "/_search", "project.grant.member.read", _LIST_GRANT)
def _list_grant(call: Call) -> Any:
    return _list(call, "project_grant", call.request["grant_id"])


@rest("POST", _GRANT_MEMBERS, "project.grant.member.write", _ADD_GRANT)
def _add_grant(call: Call) -> Any:
    request, key = call.request, "Errors.Project.Grant.Member.Invalid"
    _check_roles(request["roles"], "PROJECT_GRANT_", ("PROJECT-8fi7G", key), ("PROJECT-m9gKK", key))
    require_user(call.world.store, request["user_id"])
    grant, model = _grant(call)
    if not grant.exists:
        raise not_found("PROJECT-D8JxR", "Errors.Project.Grant.NotFound")
    if model.exists:
        raise not_found("PROJECT-37fug", "Errors.AlreadyExists")
    call.check("project.grant.member.write", grant.granted_org, grant.grant_id)
    unique = Unique(*model.unique, "Errors.Project.Member.AlreadyExists")
    model.apply(call.push(model.event("added", request["roles"], unique)))
    return {"details": added(model.details)}


@rest("PUT", _GRANT_MEMBERS + "/{user_id}", "project.grant.member.write", _UPDATE_GRANT)
def _update_grant(call: Call) -> Any:
    key = "Errors.Project.Grant.Member.Invalid"
    _check_roles(call.request["roles"], "PROJECT_GRANT_", ("PROJECT-109fs", key), ("PROJECT-m0sDf", key))
    grant, model = _grant(call)
    return _change(
        call,
        model,
        lambda: call.check("project.grant.member.write", grant.granted_org, grant.grant_id),
        ("PROJECT-37fug", "Errors.NotFound"),
    )


@rest("DELETE", _GRANT_MEMBERS + "/{user_id}", "project.grant.member.delete", _REMOVE_GRANT)
def _remove_grant(call: Call) -> Any:
    grant, model = _grant(call)
    return _remove(call, model, lambda: call.check("project.grant.member.delete", grant.granted_org, grant.grant_id))
