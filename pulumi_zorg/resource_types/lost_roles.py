"""Takes roles that a project or a project grant has lost out of the user grants that still have them.

Servers before ZITADEL 4.16.0 can leave some of the roles with the users (GHSA-v859-c572-qh5p), and every server can miss a
project grant that was made a moment before. So what was promised is read, and brought about where it is not so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.records import Details, RoleKeys, Wire
from pulumi_zorg.api.retry import poll
from pulumi_zorg.errors import (
    ApiError,
    FailedPrecondition,
    HeaderIgnored,
    NotFound,
    PermissionDenied,
    RolesRemain,
    UnexpectedAnswer,
    clean,
)
from pulumi_zorg.resource_types.impact import count_text

__all__ = ["take_from_project_grants", "take_from_users"]

_READ = Endpoint("GET", "/management/v1/users/{user_id}/grants/{id}", "user.grant.read")
_SET_ROLES = Endpoint("PUT", "/management/v1/users/{user_id}/grants/{id}", "user.grant.write")
_PROJECT_GRANT = "/management/v1/projects/{project_id}/grants/{id}"
_READ_PROJECT_GRANT = Endpoint("GET", _PROJECT_GRANT, "project.grant.read")
_SET_PROJECT_GRANT = Endpoint("PUT", _PROJECT_GRANT, "project.grant.write")

#: Seconds within which a list shows a change.
_SHOWN_WITHIN = 5.0
#: So many user grants an error names.
_NAMED = 20
#: So many organizations are searched on a server without a list over all of them.
_MOST_SEARCHED = 20


class _UserGrant(Wire):
    id: str = ""
    user_id: str = ""
    details: Details = Field(default_factory=Details)
    role_keys: RoleKeys = ()


class _FoundUserGrant(Wire):
    record: _UserGrant = Field(alias="userGrant")


class _ProjectGrant(Wire):
    id: str = Field(alias="grantId")
    granted_org_id: str = ""
    role_keys: RoleKeys = Field((), alias="grantedRoleKeys")
    details: Details = Field(default_factory=Details)


class _FoundProjectGrant(Wire):
    record: _ProjectGrant = Field(alias="projectGrant")


_USER_GRANTS = ObjectList(Endpoint("POST", "/management/v1/users/grants/_search", "user.grant.read"), _UserGrant)
_PROJECT_GRANTS = ObjectList(
    Endpoint("POST", "/management/v1/projects/{id}/grants/_search", "project.grant.read"), _ProjectGrant
)


class _Holder(NamedTuple):
    """A user grant that has a role, as a list shows it."""

    id: str
    user_id: str
    org_id: str


def take_from_project_grants(
    client: Client, title: str, org_id: str, project_id: str, keys: Collection[str], kept: Collection[str]
) -> Sequence[str]:
    """Take roles that a project has lost out of the project grants that still have one.

    The event store has all project grants. Other callers get a list, which can lag.

    :param org_id: the organization that owns the project.
    :param kept: the roles that the project has. A call that leaves another one in a project grant is refused, so a role that an
        earlier run has lost goes too.
    :return: the organizations that the project is granted to.
    :raises RolesRemain: where some have them for good.
    """
    left: dict[str, str] = {}
    granted_to: dict[str, str] = {}
    for grant_id, granted_org_id, has in _project_grants(client, org_id, project_id):
        granted_to[granted_org_id] = grant_id
        if not set(keys) & set(has):
            continue
        try:
            _take_out_of_project_grant(client, org_id, project_id, grant_id, keys, kept)
        except (ApiError, HeaderIgnored, UnexpectedAnswer) as error:
            left[grant_id] = f"project grant {clean(grant_id)} to organization {clean(granted_org_id)} ({error})"
    if left:
        raise RolesRemain(_left(title, left, {}))
    return tuple(granted_to)


def _project_grants(client: Client, org_id: str, project_id: str) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Return the id, the granted organization and the roles of each grant of a project."""
    known = client.roles.read(project_id)
    if known is not None:
        return [(grant_id, each.granted_org_id, each.keys) for grant_id, each in known.grants.items()]
    operation = f"Listing the grants of project {clean(project_id)}"
    found = _PROJECT_GRANTS.all(client.transport, operation, org=org_id, ids={"id": project_id})
    return [(each.id, each.granted_org_id, each.role_keys) for each in found]


def _take_out_of_project_grant(
    client: Client, org_id: str, project_id: str, grant_id: str, keys: Collection[str], kept: Collection[str]
) -> None:
    operation = f"Taking roles out of project grant {clean(grant_id)} in organization {clean(org_id)}"
    ids = {"project_id": project_id, "id": grant_id}

    def read() -> tuple[str, ...]:
        try:
            found = client.read(_FoundProjectGrant, _READ_PROJECT_GRANT, operation, org=org_id, ids=ids).record
        except NotFound:
            return ()  # it went with its organization, which has no event of the project
        check_owner(found.details, org_id, operation)
        return found.role_keys

    has = read()
    if set(keys) & set(has):
        body = {"roleKeys": [key for key in has if key in kept]}
        client.write(_SET_PROJECT_GRANT, operation, org=org_id, body=body, ids=ids)
        left = set(keys) & set(read())
        if left:
            raise UnexpectedAnswer(
                f"{operation}: the server accepted it, and reads still show {', '.join(sorted(left))}"
            )


def take_from_users(
    client: Client,
    title: str,
    project_id: str,
    keys: Collection[str],
    *,
    project_grant_id: str | None = None,
    org_ids: Sequence[str] = (),
) -> None:
    """Verify that no user grant of a project has one of these roles, and take them out where one has.

    :param title: what the roles were taken out of, in a sentence.
    :param project_grant_id: only the user grants made by this project grant.
    :param org_ids: the organizations in which there can be such user grants, for a server that lists only one at a time.
    :raises RolesRemain: where some have them for good.
    """
    search = _Search(client, project_id, tuple(sorted(keys)), project_grant_id, tuple(org_ids))
    hidden = poll(
        search.look, lambda hidden: not any(hidden.values()), within=_SHOWN_WITHIN, sleep=client.transport.sleep
    )
    if search.refused or any(hidden.values()):
        raise RolesRemain(_left(title, search.refused, hidden))
    for what in search.not_searched:
        client.transport.notice(f"warning: {title}: it is not known whether {what} still have roles that it lost.")


class _Search:
    """The search for the user grants that still have one of the roles.

    :ivar refused: why the roles could not be taken out of a user grant, by its id.
    :ivar not_searched: what could not be searched.
    """

    def __init__(
        self,
        client: Client,
        project_id: str,
        keys: tuple[str, ...],
        project_grant_id: str | None,
        org_ids: tuple[str, ...],
    ) -> None:
        self._client, self._project_id, self._keys = client, project_id, keys
        self._project_grant_id, self._org_ids = project_grant_id, org_ids
        self._settled: set[str] = set()
        self.refused: dict[str, str] = {}
        self.not_searched: tuple[str, ...] = ()

    def look(self) -> dict[str, int]:
        """Take the roles out of the user grants that a list shows. Return how many it hides, by the role that they have."""
        try:
            return {key: self._look_everywhere(key) for key in self._keys}
        except (NotFound, UnexpectedAnswer):  # servers before v4 do not have that list
            self._look_in_organizations()
            return {}

    def _look_everywhere(self, key: str) -> int:
        found = self._client.roles.holders(self._project_id, key, self._project_grant_id)
        self._settle(_Holder(each.id, each.user.id, each.organization.id) for each in found.shown)
        return found.total - len(found.shown)

    def _look_in_organizations(self) -> None:
        body: list[dict[str, Any]] = [{"projectIdQuery": {"projectId": self._project_id}}]
        if self._project_grant_id is not None:
            body.append({"projectGrantIdQuery": {"projectGrantId": self._project_grant_id}})
        self.not_searched = tuple(
            f"user grants of organization {clean(each)}" for each in self._org_ids[_MOST_SEARCHED:]
        )
        for org_id in self._org_ids[:_MOST_SEARCHED]:
            operation = f"Searching user grants in organization {clean(org_id)}"
            for key in self._keys:
                queries = [*body, {"roleKeyQuery": {"roleKey": key, "method": "TEXT_QUERY_METHOD_EQUALS"}}]
                try:
                    _, found = _USER_GRANTS.page(self._client.transport, operation, *queries, org=org_id)
                except (NotFound, PermissionDenied):
                    self.not_searched = (*self.not_searched, f"user grants of organization {clean(org_id)}")
                    break
                here = [each for each in found if each.details.resource_owner == org_id]
                self._settle(_Holder(each.id, each.user_id, org_id) for each in here)

    def _settle(self, holders: Iterable[_Holder]) -> None:
        for each in holders:
            if each.id in self._settled or each.id in self.refused:
                continue
            try:
                self._take_out(each)
            except (ApiError, HeaderIgnored, UnexpectedAnswer) as error:
                where = f"user {clean(each.user_id)} in organization {clean(each.org_id)}"
                self.refused[each.id] = f"user grant {clean(each.id)} of {where} ({error})"
            else:
                self._settled.add(each.id)

    def _take_out(self, holder: _Holder) -> None:
        """Take the roles out of a user grant, and verify that it does not have them."""
        roles = self._roles_of(holder)
        if roles is None or not set(self._keys) & set(roles):
            return  # the list lagged
        org_id, ids = holder.org_id, {"user_id": holder.user_id, "id": holder.id}
        kept = [key for key in roles if key not in self._keys]
        operation = f"Taking roles out of user grant {clean(holder.id)} in organization {clean(org_id)}"
        try:
            self._client.write(_SET_ROLES, operation, org=org_id, body={"roleKeys": kept}, ids=ids)
        except FailedPrecondition:
            # The server refuses a call that leaves a role there which was lost before. That one goes too.
            grantable = self._grantable(org_id)
            if grantable is None or grantable.issuperset(kept):
                raise
            body = {"roleKeys": [key for key in kept if key in grantable]}
            self._client.write(_SET_ROLES, operation, org=org_id, body=body, ids=ids)
        left = set(self._keys) & set(self._roles_of(holder) or ())
        if left:
            raise UnexpectedAnswer(
                f"{operation}: the server accepted it, and reads still show {', '.join(sorted(left))}"
            )

    def _grantable(self, org_id: str) -> frozenset[str] | None:
        """Return the roles that a user grant in the organization can have; None where the caller lacks the permission to read that."""
        known = self._client.roles.read(self._project_id)
        if known is None:
            return None
        granted = [each.keys for each in known.grants.values() if each.granted_org_id == org_id != known.org_id]
        return frozenset(known.keys).intersection(*granted)

    def _roles_of(self, holder: _Holder) -> tuple[str, ...] | None:
        """Return the roles of a user grant as a read by its id shows them, which does not lag; None where it is gone."""
        org_id = holder.org_id
        operation = f"Reading user grant {clean(holder.id)} in organization {clean(org_id)}"
        ids = {"user_id": holder.user_id, "id": holder.id}
        try:
            found = self._client.read(_FoundUserGrant, _READ, operation, org=org_id, ids=ids).record
        except NotFound:
            return None
        check_owner(found.details, org_id, operation)
        return found.role_keys


def _left(title: str, refused: dict[str, str], hidden: dict[str, int]) -> str:
    """Return the sentences about who still has which roles."""
    named = list(refused.values())
    more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    unseen = [
        f"{count_text(count, 'user grant')} with {clean(key)!r} that the credential may not see"
        for key, count in sorted(hidden.items())
        if count
    ]
    who = "; ".join([*named[:_NAMED], *unseen])
    return (
        f"{title} has lost roles, and some of them are still in: {who}{more}. New tokens still have them. Take the roles "
        "out of these grants with a credential that may change them there, or deactivate the user grants. Then run `pulumi up` "
        "again."
    )
