"""The calls about user grants, which newer documents call authorizations: ``/management/v1/users/{userId}/grants``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.pages import PAGE_V2, all_pages, chunks, v1_query, v2_query
from pulumi_zorg.api.records import Details, ListDetails, NonEmpty, ObjectRecord, RoleKeys, Wire, check_id
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.resource_type import Calls
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs
from pulumi_zorg.world.observed import Address

__all__ = ["PhantomGrantRecord", "UserGrantCalls", "UserGrantRecord", "organization_of"]

_CREATE = Endpoint("POST", "/management/v1/users/{user_id}/grants", "user.grant.write")
_READ = Endpoint("GET", "/management/v1/users/{user_id}/grants/{id}", "user.grant.read")
_SET_ROLES = Endpoint("PUT", "/management/v1/users/{user_id}/grants/{id}", "user.grant.write")
_DEACTIVATE = Endpoint("POST", "/management/v1/users/{user_id}/grants/{id}/_deactivate", "user.grant.write")
_REACTIVATE = Endpoint("POST", "/management/v1/users/{user_id}/grants/{id}/_reactivate", "user.grant.write")
_REMOVE = Endpoint("DELETE", "/management/v1/users/{user_id}/grants/{id}", "user.grant.delete")
_SEARCH = Endpoint("POST", "/management/v1/users/grants/_search", "user.grant.read")
_LIST_V2 = Endpoint("POST", "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations", "user.grant.read")

_NEWEST = 20  # grants that are read to see whether a newer one is listed
_FEW = 1_000  # grants of one user for one project
# The server does not look at the user in the path of a grant; it must only not be empty.
_ANY_USER = "-"
_HINT = (
    "A grant needs a user that exists, roles that the project (or the project grant) has, and as org_id the organization that "
    "owns the project or one that the project is granted to."
)


class UserGrantRecord(ObjectRecord):
    """A user grant as ``GET /management/v1/users/{userId}/grants/{grantId}`` shows it.

    :ivar owners: the organizations of its user and its project, where a list shows them.
    """

    noun = "user grant"
    states = "USER_GRANT_STATE"
    shown = ("org_id", "user_id", "project_id", "role_keys")

    user_id: NonEmpty
    project_id: NonEmpty
    project_grant_id: str = ""
    role_keys: RoleKeys = ()
    owners: frozenset[str] = frozenset()

    def properties(self) -> dict[str, Any]:
        """Return the grant's properties, in the state's form."""
        properties = super().properties()
        if self.project_grant_id:
            properties["project_grant_id"] = self.project_grant_id
        return properties


class PhantomGrantRecord(UserGrantRecord):
    """A user grant that the event store has, while reads and lists of the server do not show it."""

    is_phantom = True

    @property
    def warning(self) -> str:
        """What a phantom is, and how to get rid of it."""
        return (
            f"user grant {self.id} of user {self.user_id} is a phantom: reads and lists of this server do not show it, but its "
            "event store has it, and no removal of it. It gives its user no roles. It stays in the state and can be changed and "
            "removed. To heal it, create it again (`pulumi up --replace` its URN)."
        )


class _Found(Wire):
    user_grant: UserGrantRecord


class _Listed(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[UserGrantRecord, ...] = ()


class _Created(Wire):
    user_grant_id: NonEmpty
    details: Details


class _Reference(Wire):
    id: NonEmpty
    organization_id: str = ""


class _Role(Wire):
    key: str


class _Authorization(Wire):
    """A user grant as ``AuthorizationService`` lists it. It does not name the project grant."""

    id: NonEmpty
    state: str = ""
    user: _Reference
    project: _Reference
    organization: _Reference
    roles: tuple[_Role, ...] = ()
    creation_date: datetime | None = None

    def record(self) -> UserGrantRecord:
        """Return the grant in the form of the v1 API."""
        return UserGrantRecord(
            id=self.id,
            details=Details(creation_date=self.creation_date, resource_owner=self.organization.id),
            state=f"USER_GRANT_{self.state}",
            user_id=self.user.id,
            project_id=self.project.id,
            role_keys=tuple(role.key for role in self.roles),
            owners=frozenset((self.user.organization_id, self.project.organization_id)) - {""},
        )


class _Authorizations(Wire):
    pagination: ListDetails = Field(default_factory=ListDetails)
    authorizations: tuple[_Authorization, ...] = ()


class UserGrantCalls(Calls[UserGrantInputs]):
    """The calls of the v1 API, and the v2 API's list over all organizations.

    Each names the grant's organization in the header. Documents: https://zitadel.com/docs/apis/resources/mgmt
    (Add, Update, Deactivate, Reactivate and Remove User Grant, User Grant By ID, Search User Grants) and
    https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations).
    """

    endpoints: ClassVar[Mapping[str, tuple[Endpoint, ...]]] = {
        "create": (_CREATE,),
        "update": (_SET_ROLES,),
        "deactivate": (_DEACTIVATE,),
        "reactivate": (_REACTIVATE,),
        "remove": (_REMOVE,),
        "read": (_READ,),
        "search": (_SEARCH,),
    }

    def read(self, client: Client, id: str, address: Address) -> UserGrantRecord:
        """Return the grant as the server shows it.

        :raises UnexpectedAnswer: where the answer is about another grant.
        """
        org_id = address.ids["org_id"]
        operation = f"Reading user grant {clean(id)} in organization {clean(org_id)}"
        user_id = address.ids.get("user_id", _ANY_USER)
        record = client.read(_Found, _READ, operation, org=org_id, ids={"user_id": user_id, "id": id}).user_grant
        check_id(record.id, id, record.noun, operation)
        check_owner(record.details, org_id, operation)
        client.learned["project_grant_id", record.org_id, record.project_id] = record.project_grant_id
        return record

    def create(self, client: Client, inputs: UserGrantInputs) -> str:
        where = f"roles in project {clean(inputs.project_id)}, in organization {clean(inputs.org_id)}"
        operation = f"Granting user {clean(inputs.user_id)} {where}"
        body: dict[str, Any] = {"projectId": inputs.project_id, "roleKeys": list(inputs.role_keys)}
        if inputs.project_grant_id:
            body["projectGrantId"] = inputs.project_grant_id
        org_id, user_id = inputs.org_id, inputs.user_id
        created = client.change(
            _Created, _CREATE, operation, org=org_id, body=body, hint=_HINT, ids={"user_id": user_id}
        )
        check_owner(created.details, org_id, operation)
        return created.user_grant_id

    def update(self, client: Client, id: str, inputs: UserGrantInputs, changed: Collection[str]) -> None:
        """Replace the roles."""
        body = {"roleKeys": list(inputs.role_keys)}
        self._write(client, _SET_ROLES, f"Setting the roles of user grant {clean(id)}", id, inputs, body)

    def deactivate(self, client: Client, id: str, inputs: UserGrantInputs) -> None:
        """Deactivate the grant: its roles leave new tokens, userinfo and introspection."""
        self._write(client, _DEACTIVATE, f"Deactivating user grant {clean(id)}", id, inputs)

    def reactivate(self, client: Client, id: str, inputs: UserGrantInputs) -> None:
        self._write(client, _REACTIVATE, f"Reactivating user grant {clean(id)}", id, inputs)

    def remove(self, client: Client, id: str, inputs: UserGrantInputs) -> None:
        self._write(client, _REMOVE, f"Removing user grant {clean(id)}", id, inputs)

    def search(self, client: Client, inputs: UserGrantInputs) -> Sequence[UserGrantRecord]:
        found = self.of_user(client, inputs.org_id, inputs.user_id, inputs.project_id)
        project_grant = inputs.project_grant_id or ""
        exact = tuple(each for each in found if each.project_grant_id == project_grant)
        # The server fills in the project grant of an organization that the project is granted to.
        return exact or (() if project_grant else found)

    def of_user(self, client: Client, org_id: str, user_id: str, project_id: str) -> Sequence[UserGrantRecord]:
        """Return the grants of the user for the project in the organization. The list may lag."""
        operation = f"Searching the grants of user {clean(user_id)} in organization {clean(org_id)}"
        body = {
            "query": {"limit": _FEW},
            "queries": [{"userIdQuery": {"userId": user_id}}, {"projectIdQuery": {"projectId": project_id}}],
        }
        return client.read(_Listed, _SEARCH, operation, org=org_id, body=body).result

    def list_organization(self, client: Client, org_id: str, at_most: int | None = None) -> Sequence[UserGrantRecord]:
        return self.search_organization(client, org_id, at_most=at_most)

    def list_newest(self, client: Client, org_id: str) -> Sequence[UserGrantRecord]:
        operation = f"Listing the newest user grants of organization {clean(org_id)}"
        filters = [{"organizationId": {"id": org_id}}]
        try:
            newest = _list(client, operation, 0, filters, asc=False, limit=_NEWEST)[1]
        except (ApiError, UnexpectedAnswer):  # servers before v4 do not have that list
            return self.list_organization(client, org_id)
        return [each for each in newest if each.org_id == org_id]

    def search_organization(
        self,
        client: Client,
        org_id: str,
        user_id: str | None = None,
        project_id: str | None = None,
        at_most: int | None = None,
    ) -> Sequence[UserGrantRecord]:
        """Return the grants in an organization: all, or those of a user or for a project. The list may lag.

        :param at_most: as for :func:`all_pages`.
        """
        operation = f"Listing the user grants of organization {clean(org_id)}"
        given = {"userId": user_id, "projectId": project_id}
        queries = [{f"{name}Query": {name: value}} for name, value in given.items() if value is not None]

        def page(offset: int) -> tuple[int, tuple[UserGrantRecord, ...]]:
            body = {"query": v1_query(offset), **({"queries": queries} if queries else {})}
            found = client.read(_Listed, _SEARCH, operation, org=org_id, body=body)
            return found.details.total_result, found.result

        # A server that ignores the header lists another organization's grants.
        return tuple(each for each in all_pages(page, operation, at_most) if each.org_id == org_id)

    def search_instance(
        self, client: Client, user_id: str | None = None, project_id: str | None = None
    ) -> Sequence[UserGrantRecord]:
        """Return the grants of a user or for a project in all organizations, with their project grants. The list may lag.

        The list over all organizations does not show the project grant. So the grants that can have one are read again,
        with one call for each organization that they are in.
        """
        filters: list[dict[str, Any]] = [{"inUserIds": {"ids": [user_id]}}] if user_id is not None else []
        if project_id is not None:
            filters.append({"projectId": {"id": project_id}})
        operation = "Searching user grants in all organizations"
        found = all_pages(lambda offset: _list(client, operation, offset, filters), operation)
        # A grant on a project of its own organization has no project grant.
        elsewhere = {each.org_id for each in found if each.owners - {each.org_id}}
        again = [
            each
            for org_id in sorted(elsewhere)
            for each in self.search_organization(client, org_id, user_id, project_id)
        ]
        return (*(each for each in found if each.org_id not in elsewhere), *again)

    def list_instance(self, client: Client, at_most: int | None = None) -> Sequence[UserGrantRecord]:
        operation = "Listing the user grants of the instance"
        return all_pages(lambda offset: _list(client, operation, offset, []), operation, at_most)

    def list_ids(self, client: Client, ids: Sequence[str]) -> Sequence[UserGrantRecord]:
        found: list[UserGrantRecord] = []
        for part in chunks(ids, PAGE_V2):
            found += _list(client, "Listing user grants by their ids", 0, [{"authorizationIds": {"ids": list(part)}}])[
                1
            ]
        return found

    def _write(
        self,
        client: Client,
        endpoint: Endpoint,
        operation: str,
        id: str,
        inputs: UserGrantInputs,
        body: dict[str, Any] | None = None,
    ) -> None:
        operation = f"{operation} in organization {clean(inputs.org_id)}"
        client.write(endpoint, operation, org=inputs.org_id, body=body, ids={"user_id": inputs.user_id, "id": id})


def organization_of(client: Client, grant_id: str) -> str | None:
    """Return the organization that a grant was made in; None where no grant of that id can be seen."""
    operation = f"Searching user grant {clean(grant_id)} in all organizations"
    found = client.read(
        _Authorizations, _LIST_V2, operation, body={"filters": [{"authorizationIds": {"ids": [grant_id]}}]}
    )
    return next((each.organization.id for each in found.authorizations if each.id == grant_id), None)


def _list(
    client: Client, operation: str, offset: int, filters: list[Any], *, asc: bool = True, limit: int = PAGE_V2
) -> tuple[int, list[UserGrantRecord]]:
    """Return the number of all user grants of the instance that the filters find, and a page of them."""
    body = {
        "pagination": {**v2_query(offset), "asc": asc, "limit": limit},
        # The oldest first, so that a grant that is created meanwhile moves no other grant to another page.
        "sortingColumn": "AUTHORIZATION_FIELD_NAME_CREATED_DATE",
        "filters": filters,
    }
    found = client.read(_Authorizations, _LIST_V2, operation, body=body)
    return found.pagination.total_result, [each.record() for each in found.authorizations]
