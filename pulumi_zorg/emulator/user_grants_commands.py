"""What changes user grants, for v1 and for AuthorizationService."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import denied, invalid, not_found, precondition
from .model import Details
from .store import EventStore, Unique
from .user_grants_model import UserGrantModel
from .world import Call

#: Checks the right to a grant by project, project grant and resource owner.
Check = Callable[[str, str, str], None]


class _Preconditions:
    """What must hold before a grant is made or changed: one walk over the events of the user and the project."""

    def __init__(self, store: EventStore, user_id: str, project_id: str, project_grant_id: str, owner: str) -> None:
        self.user_exists = False
        self.project_exists = False
        self.project_owner = ""
        self.grant_id = ""
        self._project_roles: list[str] = []
        self._grant_roles: list[str] = []
        self._wanted_grant, self._wanted_owner = project_grant_id, owner
        events = [*store.aggregate("user", user_id), *store.aggregate("project", project_id)]
        for event in sorted(events, key=lambda event: event.position):
            self._walk(event.type, event.resource_owner, event.payload or {})

    @property
    def role_keys(self) -> list[str]:
        """The roles a grant may have: those of the project grant, or all of the project."""
        return self._grant_roles if self.grant_id else self._project_roles

    def _walk(self, event_type: str, owner: str, payload: dict[str, Any]) -> None:
        if event_type in ("user.human.added", "user.machine.added"):
            self.user_exists = True
        elif event_type == "user.removed":
            self.user_exists = False
        elif event_type == "project.added":
            self.project_exists = self.project_exists or not self._wanted_owner or self._wanted_owner == owner
            self.project_owner = owner
        elif event_type == "project.removed":
            self.project_exists = False
            self._project_roles, self._grant_roles = [], []
        elif event_type == "project.role.added":
            self._project_roles.append(payload["key"])
        elif event_type == "project.role.removed":
            self._project_roles = [key for key in self._project_roles if key != payload["key"]]
        elif event_type == "project.grant.added":
            if self._is_wanted(payload["grantId"], payload["grantedOrgId"]):
                self.grant_id, self._grant_roles = payload["grantId"], payload.get("roleKeys", [])
        elif event_type.startswith("project.grant.") and payload.get("grantId") == self.grant_id:
            if event_type == "project.grant.changed":
                self._grant_roles = payload.get("roleKeys", [])
            elif event_type == "project.grant.removed":
                self.grant_id, self._grant_roles = "", []

    def _is_wanted(self, grant_id: str, granted_org: str) -> bool:
        if not self._wanted_grant and not self._wanted_owner:
            return False
        return self._wanted_grant in ("", grant_id) and self._wanted_owner in ("", granted_org)


def _require(store: EventStore, model: UserGrantModel, role_keys: list[str]) -> None:
    found = _Preconditions(store, model.user_id, model.project_id, model.project_grant_id, model.owner)
    model.owner = model.owner or found.project_owner
    model.project_grant_id = model.project_grant_id or found.grant_id
    if not found.user_exists:
        raise precondition("COMMAND-4f8sg", "Errors.User.NotFound")
    owned = model.owner in ("", found.project_owner)
    if owned and not found.project_exists:
        raise precondition("COMMAND-3n77S", "Errors.Project.NotFound")
    if not owned and not found.grant_id:
        raise precondition("COMMAND-4m9ff", "Errors.Project.Grant.NotFound")
    if any(key not in found.role_keys for key in role_keys):
        raise precondition("COMMAND-mm9F4", "Errors.Project.Role.NotFound")


def check_v1(call: Call) -> Check:
    """v1 has checked the permission already; one that is bound to projects must name this one."""

    def check(project_id: str, project_grant_id: str, _owner: str) -> None:
        objects = call.caller.objects
        if call.caller.globally or (project_grant_id and project_grant_id in objects) or project_id in objects:
            return
        raise denied("EVENT-Shu7e", "Errors.UserGrant.NoPermissionForProject")

    return check


def check_v2(call: Call, permission: str) -> Check:
    """v2 asks for the permission on the grant's project, in the grant's organization."""

    def check(project_id: str, project_grant_id: str, owner: str) -> None:
        call.check(permission, owner, project_grant_id or project_id)

    return check


def add(call: Call, model: UserGrantModel, role_keys: list[str], check: Check) -> Details:
    """Make the grant that the model describes."""
    if not model.project_id or not model.user_id:
        raise invalid("COMMAND-kVfMa", "Errors.UserGrant.Invalid")
    _require(call.world.store, model, role_keys)
    check(model.project_id, model.project_grant_id, model.owner)
    payload: dict[str, Any] = {"projectId": model.project_id, "userId": model.user_id}
    if model.project_grant_id:
        payload["grantId"] = model.project_grant_id
    if role_keys:
        payload["roleKeys"] = role_keys
    unique = Unique("user_grant", model.unique, "Errors.UserGrant.AlreadyExists")
    model.apply(call.push(model.event("added", payload, unique)))
    return model.details


def new(call: Call, owner: str, user_id: str, project_id: str, project_grant_id: str = "") -> UserGrantModel:
    """A grant that is not there yet."""
    model = UserGrantModel(call.world.store, call.world.store.new_id(), owner)
    model.user_id, model.project_id, model.project_grant_id = user_id, project_id, project_grant_id
    return model


def change(call: Call, grant_id: str, role_keys: list[str], check: Check, *, v2: bool = False) -> Details:
    """Set the role keys.

    The organization of the caller's header does not matter here, unlike in all other calls on a grant. Unchanged roles
    in the same order are a refusal in v1 and success in v2.
    """
    model = UserGrantModel(call.world.store, grant_id)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.UserGrant.NotFound")
    if model.role_keys == role_keys:
        if v2:
            return model.details
        raise precondition("COMMAND-Rs8fy", "Errors.UserGrant.NotChanged")
    _require(call.world.store, model, role_keys)
    check(model.project_id, model.project_grant_id, model.owner)
    if v2:
        command = model.event("cascade.changed", {"roleKeys": role_keys} if role_keys else {})
    else:
        command = model.event("changed", {"roleKeys": role_keys, "userId": model.user_id})
    model.apply(call.push(command))
    return model.details


def deactivate(call: Call, grant_id: str, owner: str, check: Check) -> Details:
    """Switch a grant off; one that is off already answers as before, or refuses on servers of the older kind."""
    model = UserGrantModel(call.world.store, grant_id, owner)
    if not model.exists:
        raise not_found("COMMAND-3M9sd", "Errors.UserGrant.NotFound")
    if model.state != "ACTIVE":
        if call.world.like.strict_user_grant_state:
            raise precondition("COMMAND-1S9gx", "Errors.UserGrant.NotActive")
        return model.details
    check(model.project_id, model.project_grant_id, model.owner)
    model.apply(call.push(model.event("deactivated")))
    return model.details


def reactivate(call: Call, grant_id: str, owner: str, check: Check) -> Details:
    """Switch a grant on again."""
    model = UserGrantModel(call.world.store, grant_id, owner)
    if not model.exists:
        raise not_found("COMMAND-Lp0gs", "Errors.UserGrant.NotFound")
    if model.state != "INACTIVE":
        if call.world.like.strict_user_grant_state:
            raise precondition("COMMAND-1ML0v", "Errors.UserGrant.NotInactive")
        return model.details
    check(model.project_id, model.project_grant_id, model.owner)
    model.apply(call.push(model.event("reactivated")))
    return model.details


def remove(call: Call, grant_ids: list[str], owner: str, check: Check, *, v2: bool = False) -> Details:
    """Remove grants, all or none."""
    models = [UserGrantModel(call.world.store, grant_id, owner) for grant_id in grant_ids]
    commands = []
    for model in models:
        if not model.exists:
            if v2:
                return model.details
            raise not_found("COMMAND-1My0t", "Errors.UserGrant.NotFound")
        check(model.project_id, model.project_grant_id, model.owner)
        payload = {"projectId": model.project_id, "userId": model.user_id}
        if model.project_grant_id:
            payload["grantId"] = model.project_grant_id
        commands.append(model.event("removed", payload, Unique("user_grant", model.unique)))
    models[0].apply(call.push(*commands))
    return models[0].details
