"""Reads what decides who can get in to an instance, in lists over all organizations.

Documents: https://zitadel.com/docs/apis/resources/org_service_v2 (ListOrganizations), user_service_v2 (ListUsers), project_service_v2
(ListProjects), authorization_service_v2 (ListAuthorizations), internal_permission_service_v2 (ListAdministrators) and
feature_service_v2 (GetInstanceFeatures). The v2 lists leave out what the caller may not see. What they count and do not show is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pulumi_zorg.access.instance import (
    COLLECTIONS,
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
    by_id,
)
from pulumi_zorg.api.administrators import ADMINISTRATORS, Administrator
from pulumi_zorg.api.api_services import AUTHORIZATIONS as AUTHORIZATION_SERVICE
from pulumi_zorg.api.api_services import needs_service
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, ObjectList, Row, TooLong, chunks
from pulumi_zorg.api.organizations import VISIBLE
from pulumi_zorg.api.projects import PROJECTS, ListedProject
from pulumi_zorg.api.records import OrganizationRecord
from pulumi_zorg.api.roles import AUTHORIZATIONS, Authorization, authorization_filters
from pulumi_zorg.api.searches import USERS
from pulumi_zorg.api.users import FoundUser
from pulumi_zorg.errors import ApiError, NotFound, PermissionDenied, UnexpectedAnswer, clean

Answer = TypeVar("Answer")

_WAY_OUT = "ZITADEL has it since v4. Without it, it cannot be found out who can get in."
_MORE_PAGES = 10  # of events, for the roles of few projects that were changed often
#: Lists that are read at the same time.
_AT_ONCE = 2
#: How often a list is read that changes meanwhile.
_TRIES = 3
_HIDDEN = "the credential has no right on the instance, and the lists leave out what it may not see"
#: Projects whose user grants, and organizations whose users, are listed where the lists of the instance are too long.
_PARTS = 5


def read_instance(
    client: Client, progress: Callable[[str, int, int], None] = lambda what, read, total: None
) -> Instance:
    """Return what the caller may see of the instance.

    :param progress: is given what is read, how many entries were, and how many there are, after each page.
    :raises ApiError: where a list is refused that everything rests on: of organizations, users, projects or user grants.
    :raises LookupFailed: where the server does not have these lists.
    """
    with needs_service(client.transport, AUTHORIZATION_SERVICE, _WAY_OUT):
        return _with_named(_read(client, progress))


def read_some(client: Client, pages: int) -> Instance:
    """Return what the caller may see of the instance in few calls, for a preview. The rights of managers are not read.

    :param pages: how many calls a list may take. Of a longer one, only the first page is read. :func:`read_more` then adds what
        a change concerns.
    """
    return _with_named(_read(client, lambda what, read, total: None, pages))


def read_more(
    client: Client,
    instance: Instance,
    pages: int,
    *,
    projects: Collection[str] = (),
    organizations: Collection[str] = (),
    users: Collection[str] = (),
) -> Instance:
    """Return the instance with the user grants on projects, the users of organizations, and single users, where lists are too long.

    :param pages: how many calls one list may take.
    """
    if instance.unlisted.get("managers") == _HIDDEN:
        return instance  # no list shows more
    transport, whole = client.transport, set(instance.whole)

    def part(collection: str, listed: ObjectList[Row], ids: Collection[str], query: Callable[[str], Any]) -> list[Row]:
        missing = sorted(each for each in ids if instance.why_not_whole(collection, each) is not None)
        found: list[Row] = []
        for each in missing if len(missing) <= _PARTS else ():
            with suppress(ApiError, UnexpectedAnswer, TooLong):
                what = f"Listing the {collection.replace('_', ' ')} of {clean(each)}"
                found += listed.all(transport, what, *query(each), at_most=pages)
                whole.add((collection, each))
        return found

    grants = part("user_grants", AUTHORIZATIONS, projects, lambda key: authorization_filters(project_id=key))
    of_organizations = part(
        "users", USERS, organizations, lambda key: [{"organizationIdQuery": {"organizationId": key}}]
    )
    given = _with_project_grants(by_id(map(_user_grant, grants)), instance.projects, instance.project_grants)
    instance = instance.having("user_grants", *given.values()).having("users", *map(_user, of_organizations))
    if "users" in instance.unlisted:
        on_projects = (each.user_id for each in instance.user_grants.values() if each.project_id in projects)
        missing = {*users, *on_projects} - instance.users.keys()
        for ids in [*chunks(sorted(missing), PAGE_V2)][:pages]:
            with suppress(ApiError):
                query = {"inUserIdsQuery": {"userIds": list(ids)}}
                instance = instance.having(
                    "users", *map(_user, USERS.page(transport, "Listing users by their ids", query)[1])
                )
    # Who is listed lives in an organization that exists. Counting it as active hides nobody who loses access.
    named = {each.org_id for several in (instance.users, instance.projects) for each in several.values()}
    lacking = named - instance.organizations.keys() - {""}
    return replace(instance.having("organizations", *map(Organization, lacking)), whole=frozenset(whole))


def _with_named(instance: Instance) -> Instance:
    """Return the instance with what its lists name and do not have, of which nothing else is known.

    It was created or removed while the lists were read, or the server misses it in the list for good, though it exists.
    """
    grants, of_projects = instance.user_grants.values(), instance.project_grants.values()
    users, projects = instance.users.values(), instance.projects.values()
    for collection, ids, unseen in (
        (
            "users",
            {each.user_id for each in grants} | {each.user_id for each in instance.managers},
            lambda key: User(key, "", kind=None, state=None),
        ),
        (
            "projects",
            {each.project_id for each in grants} | {each.project_id for each in of_projects},
            lambda key: Project(key, "", active=None, role_check=None, project_check=None),
        ),
        (
            "organizations",
            {each.org_id for several in (users, projects, grants, of_projects) for each in several},
            lambda key: Organization(key, active=None),
        ),
    ):
        if collection not in instance.unlisted:
            lacking = ids - getattr(instance, collection).keys() - {""}
            instance = instance.having(collection, *map(unseen, lacking))
    return instance


@dataclass
class _Lists:
    """The lists of an instance.

    :param progress: see :func:`read_instance`.
    :param pages: see :func:`read_some`. With it, a list that the server refuses is one that is not whole.
    :param unlisted: see :class:`Instance`.
    """

    client: Client
    progress: Callable[[str, int, int], None]
    pages: int | None
    unlisted: dict[str, str]

    def of(self, collection: str, listed: ObjectList[Row], convert: Callable[[Row], Answer]) -> tuple[Answer, ...]:
        """Return the objects that a list shows."""
        try:
            return tuple(map(convert, self._entries(collection, listed)))
        except ApiError as refused:
            if self.pages is None and collection != "managers":
                raise
            self.unlisted[collection] = f"{refused.status}: {clean(refused.said)}"
            return ()

    def _entries(self, collection: str, listed: ObjectList[Row]) -> Iterator[Row]:
        what, seen, tries = collection.replace("_", " "), set[str](), 0
        offset, total, shown, last = 0, 1, set[str](), ""
        while offset < total:
            # A page begins with the last entry of the one before it, if nothing was removed that moved the rest of the list. Where
            # entries are left out of pages, the list is known not to be whole, and pages do not meet.
            overlap = 1 if offset and collection not in self.unlisted else 0
            operation = f"Listing the {what} of the instance"
            total, page = listed.page(self.client.transport, operation, offset=offset - overlap)
            keys: list[str] = [each.id for each in page]  # type: ignore[attr-defined]  # each entry of a list has one
            if overlap and keys[:1] != [last]:
                tries += 1
                if tries == _TRIES:
                    self.unlisted[collection] = "the list changed while it was read: run the command again"
                    return
                offset, total, shown = 0, 1, set()
                continue
            offset += len(page) - overlap
            if self.pages is not None and total > self.pages * max(len(page), 1):
                self.unlisted[collection] = f"the instance has {total} {what}, and a preview does not list so many"
                total = offset
            self.progress(what, offset, total)
            shown.update(keys)
            for key, each in zip(keys, page, strict=True):
                if key not in seen:  # what moved to the next page meanwhile is read once
                    seen.add(key)
                    yield each
            if len(page) <= overlap:
                break
            last = keys[-1]
        if len(shown) < total:
            self.unlisted[collection] = f"the server counts {total} {what}, and shows {len(shown)} to this credential"


def _read(client: Client, progress: Callable[[str, int, int], None], pages: int | None = None) -> Instance:
    unlisted = {} if client.caller.sees_instance() else dict.fromkeys(COLLECTIONS, _HIDDEN)
    lists = _Lists(client, progress, pages, unlisted)
    # Two at once: an answer is parsed while the server makes the next one.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        user_grants = pool.submit(lists.of, "user_grants", AUTHORIZATIONS, _user_grant)
        users = pool.submit(lists.of, "users", USERS, _user)
        both = pool.submit(lists.of, "projects", PROJECTS, _project)
        organizations = pool.submit(lists.of, "organizations", VISIBLE, _organization)
        managers = pool.submit(lists.of, "managers", ADMINISTRATORS, _manager) if pages is None else None
        login_v2 = pool.submit(_login_v2, client)
        # The first error stops the rest: a server that does not answer is waited for once.
        reads: list[Future[Any]] = [
            user_grants,
            users,
            both,
            organizations,
            login_v2,
            *([managers] if managers else []),
        ]
        done, waiting = wait(reads, None, FIRST_EXCEPTION)
        for each in waiting:
            each.cancel()
        for each in done:
            each.result()
    if "projects" in unlisted:  # one list has both
        unlisted["project_grants"] = unlisted["projects"]
    projects = by_id(each for each in both.result() if isinstance(each, Project))
    project_grants = by_id(each for each in both.result() if isinstance(each, ProjectGrant))
    return Instance(
        by_id(organizations.result()),
        by_id(users.result()),
        projects,
        project_grants,
        _with_project_grants(by_id(user_grants.result()), projects, project_grants),
        () if managers is None else managers.result(),
        login_v2=login_v2.result(),
        unlisted=unlisted,
    )


def _with_project_grants(
    user_grants: dict[str, UserGrant], projects: Mapping[str, Project], project_grants: Mapping[str, ProjectGrant]
) -> dict[str, UserGrant]:
    """Return the user grants with the project grants that allow them. Those of the project's owner need none."""
    for each in user_grants.values():
        by, project = f"{each.project_id}:{each.org_id}", projects.get(each.project_id)
        if by in project_grants and (project is None or each.org_id != project.org_id):
            user_grants[each.id] = replace(each, project_grant_id=by)
    return user_grants


def read_roles(client: Client, project_ids: Collection[str]) -> frozenset[str]:
    """Return the keys of the roles of these projects; none for a caller who may not read the event store."""
    try:
        client.roles.read_all(project_ids, at_most=len(project_ids) + _MORE_PAGES)
    except (PermissionDenied, NotFound):
        return frozenset()
    read = (client.roles.known(each) for each in project_ids if client.roles.is_known(each))
    return frozenset(key for found in read if found is not None for key in found.keys)


def _organization(row: OrganizationRecord) -> Organization:
    return Organization(row.id, row.name, _active(row.state))


def _user(row: FoundUser) -> User:
    name, kind = "", None
    if row.machine is not None:
        name, kind = row.machine.name, Kind.SERVICE_ACCOUNT
    elif row.human is not None:
        name, kind = row.human.profile.display_name, Kind.PERSON
    state = None
    with suppress(ValueError):  # one that this release does not know
        state = UserState(row.state.removeprefix("USER_STATE_").lower())
    return User(row.id, row.details.resource_owner, row.preferred_login_name or row.username, name, kind, state)


def _project(row: ListedProject) -> Project | ProjectGrant:
    """Return a project, or a project grant, of which there is one for each project and organization."""
    org_id = row.granted_organization_id
    if org_id:
        return ProjectGrant(f"{row.project_id}:{org_id}", row.project_id, org_id, _active(row.granted_state))
    checks = row.project_role_check, row.has_project_check
    return Project(row.project_id, row.organization_id, row.name, _active(row.state), *checks)


def _user_grant(row: Authorization) -> UserGrant:
    roles = tuple(role.key for role in row.roles)
    active, changed = _active(row.state), row.change_date
    return UserGrant(row.id, row.organization.id, row.user.id, row.project.id, roles, active, changed=changed)


def _manager(row: Administrator) -> Manager:
    user_id, roles, changed = row.user.id, row.roles, row.change_date
    if row.project_grant is not None:
        on = row.project_grant
        grant = f"{on.project_id}:{on.granted_organization_id}"
        return Manager(user_id, Level.PROJECT_GRANT, grant, roles, on.organization_id, changed)
    if row.project is not None:
        return Manager(user_id, Level.PROJECT, row.project.id, roles, row.project.organization_id, changed)
    if row.organization is not None:
        return Manager(user_id, Level.ORGANIZATION, row.organization.id, roles, row.organization.id, changed)
    return Manager(user_id, Level.INSTANCE, "", roles, changed=changed)


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
