"""What has roles of a project: user grants and project grants, from which lost roles are taken out.

It is read by its id in v1. In v2, for servers without v1, lists show it: they name a project grant by the organization that has it, and
show no role that the project has lost, but find the user grants that have it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pydantic import AliasChoices, Field

from pulumi_zorg import errors
from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import Details, RoleKeys, Wire
from pulumi_zorg.api.roles import AUTHORIZATIONS, GRANTS_V2, Authorization, ListedGrant, authorization_filters
from pulumi_zorg.errors import NotFound, clean

_READ = Endpoint("GET", "/management/v1/users/{user_id}/grants/{id}", "user.grant.read")
_SET_ROLES = Endpoint("PUT", "/management/v1/users/{user_id}/grants/{id}", "user.grant.write")
_PROJECT_GRANT = "/management/v1/projects/{project_id}/grants/{id}"
_READ_PROJECT_GRANT = Endpoint("GET", _PROJECT_GRANT, "project.grant.read")
_SET_PROJECT_GRANT = Endpoint("PUT", _PROJECT_GRANT, "project.grant.write")

_SET_ROLES_V2 = Endpoint(
    "POST", "/zitadel.authorization.v2.AuthorizationService/UpdateAuthorization", "user.grant.write"
)
_SET_PROJECT_GRANT_V2 = Endpoint("POST", "/zitadel.project.v2.ProjectService/UpdateProjectGrant", "project.grant.write")


class _Grant(Wire):
    """A user grant or a project grant."""

    id: str = Field("", validation_alias=AliasChoices("id", "grantId"))
    user_id: str = ""
    granted_org_id: str = ""
    details: Details = Field(default_factory=Details)
    role_keys: RoleKeys = Field((), validation_alias=AliasChoices("roleKeys", "grantedRoleKeys"))


class _Found(Wire):
    grant: _Grant = Field(validation_alias=AliasChoices("userGrant", "projectGrant"))


USER_GRANTS = ObjectList(Endpoint("POST", "/management/v1/users/grants/_search", "user.grant.read"), _Grant)
_PROJECT_GRANTS = ObjectList(
    Endpoint("POST", "/management/v1/projects/{id}/grants/_search", "project.grant.read"), _Grant
)


@dataclass(frozen=True)
class Holder:
    """A user grant or a project grant that has a role.

    :param org_id: the organization that it is in.
    :param by_v1: the calls of v1 that read it and set its roles.
    :param by_v2: those of v2, for servers without v1. The first one is given the roles that are looked for.
    :param ids: the ids in the paths of its calls.
    """

    client: Client
    noun: str
    id: str
    org_id: str
    by_v1: tuple[Endpoint, Endpoint]
    by_v2: tuple[Callable[[Holder, Collection[str]], tuple[str, ...]], Callable[[Holder, Sequence[str]], None]]
    ids: dict[str, str]

    @property
    def _title(self) -> str:
        return f"{self.noun} {clean(self.id)} in organization {clean(self.org_id)}"

    def roles(self, keys: Collection[str]) -> tuple[str, ...]:
        """Return its roles as a read by its id shows them, which does not lag; none where it does not exist any more.

        :param keys: the roles that are looked for. v2 does not show a role that the project has lost, and finds who has it.
        """
        return self.client.operations.first(_READ_ROLES, self, keys)

    def _roles_by_v1(self, keys: Collection[str]) -> tuple[str, ...]:
        operation = f"Reading {self._title}"
        try:
            found = self.client.read(_Found, self.by_v1[0], operation, org=self.org_id, ids=self.ids).grant
        except NotFound as refused:
            if refused.is_missing_call:
                raise
            return ()
        check_owner(found.details, self.org_id, operation)
        return found.role_keys

    def take_out(self, keys: Collection[str], kept: Callable[[str], bool]) -> None:
        """Take the roles out of it, and verify that it does not have them.

        :param kept: whether it keeps a role.
        """
        has, operation = self.roles(keys), f"Taking roles out of {self._title}"
        if set(keys).isdisjoint(has):
            return  # the list lagged
        self.client.operations.first(_SET, self, operation, [key for key in has if kept(key)])
        left = set(keys) & set(self.roles(keys))
        if left:
            shown = ", ".join(sorted(left))
            raise errors.UnexpectedAnswer(f"{operation}: the server accepted it, and reads still show {shown}")

    def _set_by_v1(self, operation: str, keys: Sequence[str]) -> None:
        body = {"roleKeys": list(keys)}
        self.client.write(self.by_v1[1], operation, org=self.org_id, body=body, ids=self.ids)

    def _set_by_v2(self, operation: str, keys: Sequence[str]) -> None:
        self.by_v2[1](self, keys)

    def _roles_by_v2(self, keys: Collection[str]) -> tuple[str, ...]:
        return self.by_v2[0](self, keys)


_READ_ROLES = (
    Implementation((_READ, _READ_PROJECT_GRANT), Holder._roles_by_v1),
    Implementation((AUTHORIZATIONS.endpoint, GRANTS_V2.endpoint), Holder._roles_by_v2, Proves.ID),
)
_SET = (
    Implementation((_SET_ROLES, _SET_PROJECT_GRANT), Holder._set_by_v1),
    Implementation((_SET_ROLES_V2, _SET_PROJECT_GRANT_V2), Holder._set_by_v2, Proves.ID),
)


def _roles_of_user_grant(holder: Holder, keys: Collection[str]) -> tuple[str, ...]:
    def find(role: str | None = None) -> Sequence[Authorization]:
        filters = authorization_filters(ids=[holder.id], role=role)
        return AUTHORIZATIONS.page(holder.client.transport, f"Reading user grant {clean(holder.id)}", *filters)[1]

    shown = {role.key for each in find() for role in each.roles}
    return tuple(sorted(shown.union(key for key in keys if key not in shown and find(key))))


def _set_user_grant(holder: Holder, keys: Sequence[str]) -> None:
    operation = f"Taking roles out of user grant {clean(holder.id)}"
    holder.client.change(Wire, _SET_ROLES_V2, operation, body={"id": holder.id, "roleKeys": list(keys)})


def _roles_of_project_grant(holder: Holder, keys: Collection[str]) -> tuple[str, ...]:
    rows = _rows_of_project(holder.client, holder.ids["project_id"])
    return next((each.granted_role_keys for each in rows if each.id == holder.ids["granted_org_id"]), ())


def _set_project_grant(holder: Holder, keys: Sequence[str]) -> None:
    operation = f"Taking roles out of the grant of project {clean(holder.ids['project_id'])}"
    body = {"projectId": holder.ids["project_id"], "grantedOrganizationId": holder.ids["granted_org_id"]}
    holder.client.change(Wire, _SET_PROJECT_GRANT_V2, operation, body={**body, "roleKeys": list(keys)})


USER_GRANT = (_READ, _SET_ROLES), (_roles_of_user_grant, _set_user_grant)
PROJECT_GRANT = (_READ_PROJECT_GRANT, _SET_PROJECT_GRANT), (_roles_of_project_grant, _set_project_grant)


def project_grants(client: Client, org_id: str, project_id: str) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Return the id, the granted organization and the roles of each grant of a project."""
    known = client.roles.read(project_id)
    if known is not None:
        return [(grant_id, each.granted_org_id, each.keys) for grant_id, each in known.grants.items()]
    return client.operations.first(_LISTS_OF_PROJECT, client, org_id, project_id)


def _project_grants_v1(client: Client, org_id: str, project_id: str) -> Sequence[tuple[str, str, Sequence[str]]]:
    operation = f"Listing the grants of project {clean(project_id)}"
    found = _PROJECT_GRANTS.all(client.transport, operation, org=org_id, ids={"id": project_id})
    return [(each.id, each.granted_org_id, each.role_keys) for each in found]


def _project_grants_v2(client: Client, org_id: str, project_id: str) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Return the same, with the granted organization in place of the id, which v2 does not show."""
    return [(each.id, each.id, each.granted_role_keys) for each in _rows_of_project(client, project_id)]


def _rows_of_project(client: Client, project_id: str) -> Sequence[ListedGrant]:
    operation = f"Listing the grants of project {clean(project_id)}"
    return GRANTS_V2.all(client.transport, operation, {"inProjectIdsFilter": {"ids": [project_id]}})


_LISTS_OF_PROJECT = (
    Implementation((_PROJECT_GRANTS.endpoint,), _project_grants_v1),
    Implementation((GRANTS_V2.endpoint,), _project_grants_v2, Proves.ID),
)
