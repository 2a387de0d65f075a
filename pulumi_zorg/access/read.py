"""Reads what decides who can get in to an instance, in lists over all organizations.

Documents: https://zitadel.com/docs/apis/resources/org_service_v2 (ListOrganizations), user_service_v2 (ListUsers), project_service_v2
(ListProjects), authorization_service_v2 (ListAuthorizations), internal_permission_service_v2 (ListAdministrators) and
feature_service_v2 (GetInstanceFeatures). The v2 lists leave out what the caller may not see. What they count and do not show is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.access.instance import (
    Instance,
    Kind,
    Level,
    Manager,
    Organization,
    Project,
    ProjectGrant,
    User,
    UserGrant,
    UserState,
)
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Call
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean

_PAGE = 1_000  # the v2 API refuses more
_CONNECT = "/zitadel."


@dataclass(frozen=True)
class _List:
    """A list of the v2 API.

    :param collection: the name of the collection of :class:`Instance` that it fills.
    :param sorted_by: the column by which it is sorted: the oldest first, so that what is created meanwhile moves nothing to another page.
    """

    collection: str
    path: str
    rows: str = "result"
    sorted_by: str = ""


_ORGANIZATIONS = _List("organizations", "/v2/organizations/_search")
_USERS = _List("users", "/v2/users", sorted_by="USER_FIELD_NAME_CREATION_DATE")
_PROJECTS = _List(
    "projects", "/zitadel.project.v2.ProjectService/ListProjects", "projects", "PROJECT_FIELD_NAME_CREATION_DATE"
)
_USER_GRANTS = _List(
    "user_grants",
    "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations",
    "authorizations",
    "AUTHORIZATION_FIELD_NAME_CREATED_DATE",
)
_MANAGERS = _List(
    "managers",
    "/zitadel.internal_permission.v2.InternalPermissionService/ListAdministrators",
    "administrators",
    "ADMINISTRATOR_FIELD_NAME_CREATION_DATE",
)


def read_instance(
    client: Client, progress: Callable[[str, int, int], None] = lambda what, read, total: None
) -> Instance:
    """Return what the caller may see of the instance.

    :param progress: is given what is read, how many entries were, and how many there are.
    :raises ApiError: where a list is refused that everything rests on: of organizations, users, projects or user grants.
    """
    unlisted: dict[str, str] = {}

    def rows(listed: _List) -> Iterator[Mapping[str, Any]]:
        read = total = 0
        for total, row in _rows(client, listed):
            read += 1
            if read % _PAGE == 0:
                progress(listed.collection, read, total)
            yield row
        if read < total:
            unlisted[listed.collection] = (
                f"the server counts {total} {_words(listed)}, and shows {read} to this credential"
            )

    organizations = {each["id"]: _organization(each) for each in rows(_ORGANIZATIONS)}
    users = {each["userId"]: _user(each) for each in rows(_USERS)}
    projects: dict[str, Project] = {}
    project_grants: dict[str, ProjectGrant] = {}
    for each in rows(_PROJECTS):
        if "grantedOrganizationId" in each:
            granted = _project_grant(each)
            project_grants[granted.id] = granted
        else:
            projects[each["projectId"]] = _project(each)
    if "projects" in unlisted:  # one list has both
        unlisted["project_grants"] = unlisted["projects"]
    user_grants = {each["id"]: _user_grant(each, project_grants) for each in rows(_USER_GRANTS)}
    managers: tuple[Manager, ...] = ()
    try:
        managers = tuple(map(_manager, rows(_MANAGERS)))
    except ApiError as refused:
        unlisted["managers"] = f"{refused.status}: {clean(refused.said)}"
    return Instance(
        organizations,
        users,
        projects,
        project_grants,
        user_grants,
        managers,
        login_v2=_login_v2(client),
        unlisted=unlisted,
    )


def _words(listed: _List) -> str:
    return listed.collection.replace("_", " ")


def _rows(client: Client, listed: _List) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Return the number of all entries, and an entry, for each entry."""
    connect = listed.path.startswith(_CONNECT)
    paging, counted = ("pagination", "pagination") if connect else ("query", "details")
    operation, offset = f"Listing the {_words(listed)} of the instance", 0
    seen: set[str] = set()
    while True:
        body: dict[str, Any] = {paging: {"offset": str(offset), "limit": _PAGE, "asc": True}}
        if listed.sorted_by:
            body["sortingColumn"] = listed.sorted_by
        answer = client.transport.send(Call(operation, "POST", listed.path, body=body, reads=True))
        found = answer.get(listed.rows, [])
        try:
            total = int(answer[counted].get("totalResult", 0))
            for row in found:
                key = _key(listed, row)
                if key not in seen:
                    seen.add(key)
                    yield total, row
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnexpectedAnswer(
                f"{operation}: an entry has an unexpected format ({type(error).__name__})."
            ) from None
        offset += len(found)
        if not found or offset >= total:
            return


def _key(listed: _List, row: Mapping[str, Any]) -> str:
    """Return what distinguishes an entry: one that moved to the next page meanwhile is read once."""
    if listed is _PROJECTS:
        return f"{row['projectId']} {row.get('grantedOrganizationId', '')}"
    if listed is _MANAGERS:
        manager = _manager(row)
        return f"{manager.level.value} {manager.object_id} {manager.user_id}"
    return str(row["userId" if listed is _USERS else "id"])


def _organization(row: Mapping[str, Any]) -> Organization:
    return Organization(row["id"], row.get("name", ""), _active(row.get("state", "")))


def _user(row: Mapping[str, Any]) -> User:
    machine = row.get("machine")
    name = (
        machine.get("name", "")
        if machine is not None
        else row.get("human", {}).get("profile", {}).get("displayName", "")
    )
    state = None
    with suppress(ValueError):
        state = UserState(str(row.get("state", "")).removeprefix("USER_STATE_").lower())
    login = row.get("preferredLoginName") or row.get("username", "")
    kind = Kind.SERVICE_ACCOUNT if machine is not None else Kind.PERSON if "human" in row else None
    return User(row["userId"], row["details"]["resourceOwner"], login, name, kind, state)


def _project(row: Mapping[str, Any]) -> Project:
    role_check, project_check = row.get("authorizationRequired", False), row.get("projectAccessRequired", False)
    return Project(
        row["projectId"],
        row["organizationId"],
        row.get("name", ""),
        _active(row.get("state", "")),
        role_check,
        project_check,
    )


def _project_grant(row: Mapping[str, Any]) -> ProjectGrant:
    """The list does not show the id of a project grant. There is one for each project and organization."""
    org_id, project_id = row["grantedOrganizationId"], row["projectId"]
    return ProjectGrant(f"{project_id}:{org_id}", project_id, org_id, _active(row.get("grantedState", "")))


def _user_grant(row: Mapping[str, Any], project_grants: Mapping[str, ProjectGrant]) -> UserGrant:
    org_id, project = row["organization"]["id"], row["project"]
    by = f"{project['id']}:{org_id}"
    return UserGrant(
        row["id"],
        org_id,
        row["user"]["id"],
        project["id"],
        tuple(role["key"] for role in row.get("roles", ())),
        _active(row.get("state", "")),
        by if by in project_grants and org_id != project.get("organizationId") else None,
    )


def _manager(row: Mapping[str, Any]) -> Manager:
    user_id, roles = row["user"]["id"], tuple(row.get("roles", ()))
    if "projectGrant" in row:
        on = row["projectGrant"]
        org_id = on["grantedOrganizationId"]
        return Manager(user_id, Level.PROJECT_GRANT, f"{on['projectId']}:{org_id}", roles, on.get("organizationId", ""))
    if "project" in row:
        on = row["project"]
        return Manager(user_id, Level.PROJECT, on["id"], roles, on.get("organizationId", ""))
    if "organization" in row:
        return Manager(user_id, Level.ORGANIZATION, row["organization"]["id"], roles, row["organization"]["id"])
    return Manager(user_id, Level.INSTANCE, "", roles)


def _active(state: str) -> bool | None:
    """Return whether a state is active, in the words of all services; None for one that this release does not know."""
    if state.endswith("_ACTIVE") and not state.endswith("_INACTIVE"):
        return True
    return False if state.endswith("_INACTIVE") else None


def _login_v2(client: Client) -> bool | None:
    try:
        return client.access.login_v2_required()
    except (ApiError, UnexpectedAnswer):
        return None
