"""Which roles a project and its project grants have, and which user grants have a role.

The list of user grants, which newer documents call authorizations, is over all organizations.
Document: https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations). Servers before ZITADEL v4 do not
have it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from pulumi_zorg.api.events import BEGINNING, Events
from pulumi_zorg.api.lists import PAGE_V2, Found, ObjectList
from pulumi_zorg.api.operations import Call, Endpoint, Operations
from pulumi_zorg.api.records import Event, NonEmpty, RoleKeys, Wire
from pulumi_zorg.errors import ApiError, NotFound, PermissionDenied, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


class _Reference(Wire):
    id: NonEmpty
    organization_id: str = ""


class _Role(Wire):
    key: str


class Authorization(Wire):
    """A user grant as the list shows it. It does not name the project grant."""

    id: NonEmpty
    state: str = ""
    user: _Reference
    project: _Reference
    organization: _Reference
    roles: tuple[_Role, ...] = ()
    creation_date: datetime | None = None
    change_date: datetime | None = None


#: The oldest first, so that a grant that is created meanwhile moves no other grant to another page.
AUTHORIZATIONS = ObjectList(
    Endpoint("POST", "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations", "user.grant.read"),
    Authorization,
    rows="authorizations",
    sorted_by="AUTHORIZATION_FIELD_NAME_CREATED_DATE",
    size=PAGE_V2,
)


class ListedGrant(Wire):
    """A project grant as the list of v2 shows it, which does not have its id."""

    project_id: NonEmpty
    organization_id: NonEmpty
    granted_organization_id: NonEmpty
    granted_role_keys: RoleKeys = ()
    state: str = ""
    creation_date: datetime | None = None

    @property
    def id(self) -> str:
        """What distinguishes it in a list of the grants of one project."""
        return self.granted_organization_id


#: Of one project. Entries of several projects are not distinguished.
GRANTS_V2 = ObjectList(
    Endpoint("POST", "/zitadel.project.v2.ProjectService/ListProjectGrants", "project.grant.read"),
    ListedGrant,
    rows="projectGrants",
    size=PAGE_V2,
)


def authorization_filters(
    *,
    ids: Sequence[str] | None = None,
    user_id: str | None = None,
    project_id: str | None = None,
    role: str | None = None,
    project_grant_id: str | None = None,
    org_id: str | None = None,
    user_org_id: str | None = None,
    state: str | None = None,
) -> list[dict[str, Any]]:
    """Return the filters of the list. None is no filter."""
    filters: dict[str, dict[str, Any]] = {
        "authorizationIds": {"ids": ids},
        "inUserIds": {"ids": None if user_id is None else [user_id]},
        "projectId": {"id": project_id},
        "roleKey": {"key": role, "method": "TEXT_FILTER_METHOD_EQUALS"},
        "projectGrantId": {"id": project_grant_id},
        "organizationId": {"id": org_id},
        "userOrganizationId": {"id": user_org_id},
        "state": {"state": state},
    }
    return [{name: each} for name, each in filters.items() if None not in each.values()]


#: The events of a project that say which roles it and its project grants have.
ROLE_EVENTS = (
    "project.added",
    "project.changed",
    "project.removed",
    "project.role.added",
    "project.role.changed",
    "project.role.removed",
    "project.grant.added",
    "project.grant.changed",
    "project.grant.cascade.changed",
    "project.grant.removed",
)


@dataclass(frozen=True)
class GrantedRoles:
    """The roles that a project grant lets an organization give."""

    granted_org_id: str
    keys: tuple[str, ...]


class Role(Wire):
    """A role of a project."""

    key: NonEmpty
    display_name: str = ""
    group: str = ""

    @property
    def id(self) -> str:
        """What distinguishes it in a list."""
        return self.key

    @property
    def declared(self) -> dict[str, str]:
        """The role in the state's form."""
        return {"display_name": self.display_name, "group": self.group}


@dataclass
class ProjectRoles:
    """A project, its roles by their keys, and its project grants by their ids."""

    org_id: str
    name: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    grants: dict[str, GrantedRoles] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the roles, sorted."""
        return tuple(sorted(self.roles))


class _ProjectGrant(Wire):
    id: NonEmpty = Field(alias="grantId")
    project_id: NonEmpty
    granted_org_id: str = ""
    role_keys: RoleKeys = Field((), alias="grantedRoleKeys")


class Roles:
    """The roles of projects. The event store has them without a lag, for a caller with the permission to read it."""

    def __init__(self, transport: Transport, events: Events, operations: Operations) -> None:
        self._transport, self._events, self._operations = transport, events, operations
        self._read: dict[str, ProjectRoles] = {}
        self._taken: dict[tuple[str, str], set[str]] = {}
        self._lock = threading.Lock()
        self._refused = False

    def read(self, project_id: str) -> ProjectRoles | None:
        """Return the roles of a project; None where it does not exist, or for a caller who may not read the event store."""
        if self._refused:
            return None
        try:
            events = self._events.of(project_id, ROLE_EVENTS)
        except (PermissionDenied, NotFound):
            self._refused = True
            return None
        found = roles_from(events).get(project_id)
        with self._lock:
            if found is None:
                self._read.pop(project_id, None)
            else:
                self._read[project_id] = found
        return found

    def known(self, project_id: str) -> ProjectRoles | None:
        """Return what this process has read of a project, or read it. It may have got roles since."""
        with self._lock:
            found = self._read.get(project_id)
        return found or self.read(project_id)

    def read_all(self, project_ids: Iterable[str], at_most: int) -> None:
        """Read the roles of many projects at once, for :meth:`known`. It reads none where that takes too many calls.

        :param at_most: how many calls it may take.
        :raises ApiError: for a caller who may not read the event store.
        """
        events = self._events.since(BEGINNING, ROLE_EVENTS, at_most=at_most)
        found = roles_from(events or ())
        with self._lock:
            self._read.update((each, found[each]) for each in project_ids if each in found)

    def forget(self, project_id: str) -> None:
        """The roles of the project change: they are read again."""
        with self._lock:
            self._read.pop(project_id, None)

    def granted_now(self, project_id: str, project_grant_id: str, keys: Iterable[str]) -> None:
        """This process has set the roles of a project grant, or is about to set roles that have at least these."""
        with self._lock:
            project = self._read.get(project_id)
            if project is not None and project_grant_id in project.grants:
                granted = replace(project.grants[project_grant_id], keys=tuple(keys))
                self._read[project_id] = replace(project, grants={**project.grants, project_grant_id: granted})

    def granted(self, org_id: str, project_id: str, project_grant_id: str) -> GrantedRoles | None:
        """Return the roles of a project grant as a read by its id shows them; None for a caller who may not read it.

        :param org_id: the organization that owns the project, or that it is granted to.
        """
        operation = f"Reading project grant {clean(project_grant_id)}"
        path = f"/management/v1/projects/{quote(project_id, safe='')}/grants/{quote(project_grant_id, safe='')}"
        try:
            call = Call(operation, "GET", path, org=org_id, reads=True)
            found = self._transport.fetch(_ProjectGrant, call, "projectGrant")
        except (PermissionDenied, NotFound):
            return None
        except (ApiError, UnexpectedAnswer) as refused:
            if not self._operations.lacks(refused):
                raise
            return None
        if (found.id, found.project_id) != (project_grant_id, project_id):
            return None
        return GrantedRoles(found.granted_org_id, found.role_keys)

    def is_known(self, project_id: str) -> bool:
        """Whether :meth:`known` makes no call."""
        with self._lock:
            return self._refused or project_id in self._read

    def take(self, what: str, id: str, keys: Iterable[str]) -> None:
        """Remember that this process takes roles out of an object, before the calls that do it.

        :param what: the property by which others name the object, like ``project_id``.
        """
        with self._lock:
            self._taken.setdefault((what, id), set()).update(keys)

    def taken(self, what: str, id: str) -> frozenset[str]:
        """Return the roles that this process took out of an object. See :meth:`take`."""
        with self._lock:
            return frozenset(self._taken.get((what, id), ()))

    def holders(self, project_id: str, key: str, project_grant_id: str | None = None) -> Found[Authorization]:
        """Return the user grants of a project that have a role, in all organizations. The list may lag.

        :param project_grant_id: only those made by this project grant.
        :raises NotFound: on servers before v4, which do not have the list.
        """
        operation = f"Searching the user grants with role {clean(key)!r} of project {clean(project_id)}"
        filters = authorization_filters(project_id=project_id, role=key, project_grant_id=project_grant_id)
        shown: list[Authorization] = []
        total = offset = 0
        while offset <= total:
            # A page leaves out what the caller may not see, and the total counts it.
            total, page = AUTHORIZATIONS.page(self._transport, operation, *filters, offset=offset)
            shown += page
            offset += AUTHORIZATIONS.size
        return Found(max(total, len(shown)), tuple(shown))


def roles_from(events: Iterable[Event]) -> Mapping[str, ProjectRoles]:
    """Return the roles of projects by their ids, as events show them. A removed project is left out.

    :param events: of each project the oldest first.
    """
    found: dict[str, ProjectRoles] = {}
    for event in events:
        project_id, payload = event.aggregate.id, event.payload
        if event.kind == "project.removed":
            found.pop(project_id, None)
            continue
        if event.kind == "project.added":
            found[project_id] = ProjectRoles(event.aggregate.resource_owner)
        project = found.get(project_id)
        if project is not None:
            _apply(project, event.kind, payload)
    return found


def _apply(project: ProjectRoles, kind: str, payload: Mapping[str, Any]) -> None:
    key, grant_id = str(payload.get("key", "")), str(payload.get("grantId", ""))
    given = tuple(payload.get("roleKeys") or ())
    match kind:
        case "project.added" | "project.changed":
            project.name = str(payload.get("name") or project.name)
        case "project.role.added" | "project.role.changed":
            before = project.roles[key].model_dump() if kind == "project.role.changed" and key in project.roles else {}
            shown = {"display_name": payload.get("displayName"), "group": payload.get("group")}
            changed = {name: value for name, value in shown.items() if value is not None}
            project.roles[key] = Role.model_validate({**before, "key": key, **changed})
        case "project.role.removed":
            project.roles.pop(key, None)
        case "project.grant.added":
            project.grants[grant_id] = GrantedRoles(str(payload.get("grantedOrgId", "")), given)
        case "project.grant.changed" | "project.grant.cascade.changed":
            if grant_id in project.grants:
                project.grants[grant_id] = GrantedRoles(project.grants[grant_id].granted_org_id, given)
        case "project.grant.removed":
            project.grants.pop(grant_id, None)
