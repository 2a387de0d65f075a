"""The operations on user grants, which newer documents call authorizations: ``/management/v1/users/{userId}/grants``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, ObjectList, chunks, read_listed
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import Details, NonEmpty, ObjectRecord, RoleKeys, Wire, states_of
from pulumi_zorg.api.roles import AUTHORIZATIONS, Authorization, authorization_filters
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.calls import ManagementCalls, management_endpoints
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs
from pulumi_zorg.world.observed import Address

_NEWEST = 20  # grants that are read to see whether a newer one is listed
# The server does not look at the user in the path of a grant; it must only not be empty.
_ANY_USER = "-"


class UserGrantRecord(ObjectRecord):
    """A user grant as ``GET /management/v1/users/{userId}/grants/{grantId}`` shows it.

    :ivar granted_org_id: the organization in which its user was made.
    :ivar project_org_id: the organization of its project, where a list over all organizations shows it.
    :ivar shows_project_grant: whether it has the project grant of a user grant that has one.
    """

    noun = "user grant"
    states = states_of("USER_GRANT_STATE")
    shown = ("org_id", "user_id", "project_id", "role_keys")

    user_id: NonEmpty
    project_id: NonEmpty
    project_grant_id: str = ""
    granted_org_id: str = ""
    role_keys: RoleKeys = ()
    project_org_id: str = ""
    shows_project_grant: bool = True

    @property
    def owners(self) -> frozenset[str]:
        """The organizations of its user and its project, as far as a list over all organizations shows them."""
        return frozenset() if self.shows_project_grant else frozenset((self.granted_org_id, self.project_org_id)) - {""}

    @property
    def removed_with(self) -> frozenset[str] | None:
        # Without a project grant, the project belongs to the organization that the user grant is in.
        own = self.org_id if self.shows_project_grant and not self.project_grant_id else ""
        found = frozenset((self.granted_org_id, self.project_org_id or own))
        return None if "" in found else found

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


def _record(row: Authorization) -> UserGrantRecord:
    """Return a grant of the list over all organizations in the form of the v1 API."""
    return UserGrantRecord(
        id=row.id,
        details=Details(creation_date=row.creation_date, resource_owner=row.organization.id),
        state=f"USER_GRANT_{row.state}",
        user_id=row.user.id,
        project_id=row.project.id,
        granted_org_id=row.user.organization_id,
        role_keys=tuple(role.key for role in row.roles),
        project_org_id=row.project.organization_id,
        shows_project_grant=False,
    )


def _list_instance(client: Client, at_most: int | None = None, **only: str | None) -> Sequence[UserGrantRecord]:
    """Return the grants in all organizations.

    :param only: the user, the project, … that they are about. See :func:`authorization_filters`.
    """
    operation = "Searching user grants in all organizations" if only else "Listing the user grants of the instance"
    return AUTHORIZATIONS.all(
        client.transport, operation, *authorization_filters(**only), at_most=at_most, into=_record
    )


def _list_ids(client: Client, ids: Sequence[str]) -> Sequence[UserGrantRecord]:
    found: list[UserGrantRecord] = []
    for part in chunks(ids, PAGE_V2):
        filters = authorization_filters(ids=list(part))
        _, page = AUTHORIZATIONS.page(client.transport, "Listing user grants by their ids", *filters)
        found += map(_record, page)
    return found


_SERVICE = "/zitadel.authorization.v2.AuthorizationService/"
_CREATE_V2 = Endpoint("POST", f"{_SERVICE}CreateAuthorization", "user.grant.write")
_UPDATE_V2 = Endpoint("POST", f"{_SERVICE}UpdateAuthorization", "user.grant.write")
_SWITCHES_V2 = {
    "deactivate": Endpoint("POST", f"{_SERVICE}DeactivateAuthorization", "user.grant.write"),
    "reactivate": Endpoint("POST", f"{_SERVICE}ActivateAuthorization", "user.grant.write"),
    "remove": Endpoint("POST", f"{_SERVICE}DeleteAuthorization", "user.grant.delete"),
}


class _Created(Wire):
    id: NonEmpty


def _list_organization_v2(
    client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
) -> Sequence[UserGrantRecord]:
    """Return the grants of an organization, without their project grants. See :meth:`ManagementCalls.list`."""
    given = {name: value for each in queries for query in each.values() for name, value in query.items()}
    operation = f"Listing the user grants of organization {clean(org_id)}"
    filters = authorization_filters(org_id=org_id, user_id=given.get("userId"), project_id=given.get("projectId"))
    found = AUTHORIZATIONS.all(client.transport, operation, *filters, at_most=at_most)
    return [each for each in map(_record, found) if each.org_id == org_id]


def verify_project_grants(records: Sequence[UserGrantRecord]) -> None:
    """Verify that a list shows the project grants of those user grants that have one.

    :raises ApiError: on a server without v1.
    """
    for each in records:
        if not each.project_grant_id and each.project_org_id not in ("", each.org_id):
            why = "this server does not have v1, and v2 does not show its project grant"
            raise ApiError(f"Reading user grant {clean(each.id)}", 501, None, why)


def _list_none(client: Client, id: str) -> bool:
    counted, _ = AUTHORIZATIONS.page(
        client.transport, "Looking for a removed user grant", *authorization_filters(ids=[id])
    )
    return counted == 0


class UserGrantCalls(ManagementCalls[UserGrantInputs, UserGrantRecord]):
    """The operations as the v1 API has them, and the v2 API's list over all organizations.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Update, Deactivate, Reactivate and Remove User Grant,
    User Grant By ID, Search User Grants) and
    https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations, and for servers without v1 the same calls).
    """

    v1 = management_endpoints(
        "/management/v1/users/{user_id}/grants", "user.grant", "/management/v1/users/grants/_search"
    )
    record = UserGrantRecord
    shown_as, created_as = "userGrant", "userGrantId"
    switches_v2 = _SWITCHES_V2
    hint = (
        "A grant needs a user that exists, roles that the project (or the project grant) has, and as org_id the organization that "
        "owns the project or one that the project is granted to."
    )

    @cached_property
    def implementations(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        listed = (AUTHORIZATIONS.endpoint,)
        return {
            **super().implementations,
            "list_instance": [Implementation(listed, _list_instance, Proves.ID, reads=True)],
            "list_ids": [Implementation(listed, _list_ids, Proves.ID, reads=True)],
            "list_none": [Implementation(listed, _list_none, Proves.ID, reads=True)],
            "list_newest": [
                Implementation(listed, _list_newest, Proves.ID, reads=True, may_lack_right=True),
                Implementation(self.v1["search"], self.list_organization, reads=True),
            ],
        }

    @cached_property
    def v2(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        return {
            **super().v2,
            "create": (Implementation((_CREATE_V2,), self._create_v2, Proves.ID),),
            "update": (Implementation((_UPDATE_V2,), self._update_v2, Proves.ID),),
            "read": (Implementation((AUTHORIZATIONS.endpoint,), self._read_v2, Proves.ID),),
            "search": (Implementation((AUTHORIZATIONS.endpoint,), self._search, Proves.ID),),
        }

    @cached_property
    def lists_v2(self) -> Sequence[Implementation[Sequence[UserGrantRecord]]]:
        return (Implementation((AUTHORIZATIONS.endpoint,), _list_organization_v2, Proves.ID),)

    def _create_v2(self, client: Client, inputs: UserGrantInputs) -> str:
        """Create the grant. The server fills in the project grant, of which there is one for each project and organization."""
        body = {"userId": inputs.user_id, "projectId": inputs.project_id, "organizationId": inputs.org_id}
        sent = {**body, "roleKeys": list(inputs.role_keys)}
        return client.change(_Created, _CREATE_V2, self.creating(inputs), body=sent, hint=self.hint).id

    def _read_v2(self, client: Client, id: str, address: Address) -> UserGrantRecord:
        """Return the grant. The list does not show its project grant, and only finds what has a certain one."""
        known = self.known(id, address)
        operation = self.operation("Reading", id, known["org_id"])

        def find(project_grant_id: str | None = None) -> Authorization | None:
            filters = authorization_filters(ids=[id], project_grant_id=project_grant_id)
            _, found = AUTHORIZATIONS.page(client.transport, operation, *filters)
            return next((each for each in found if each.id == id), None)

        record = _record(read_listed(operation, id, find, client.operations.made, client.transport.sleep))
        self.verify(record, known)
        project_grant = known.get("project_grant_id", "")
        has_it = bool(project_grant) and find(project_grant) is not None
        return record.model_copy(update={"project_grant_id": project_grant}) if has_it else record

    def _update_v2(self, client: Client, id: str, inputs: UserGrantInputs, changed: Collection[str]) -> None:
        body = {"id": id, "roleKeys": list(inputs.role_keys)}
        client.change(Wire, _UPDATE_V2, self.operation("Changing", id, inputs.org_id), body=body, hint=self.hint)

    def path(self, id: str, known: Mapping[str, Any]) -> dict[str, str]:
        return {"id": id, "user_id": known.get("user_id") or _ANY_USER}

    def body(self, inputs: UserGrantInputs) -> dict[str, Any]:
        return {"roleKeys": list(inputs.role_keys)}

    def create_body(self, inputs: UserGrantInputs) -> dict[str, Any]:
        project_grant = {"projectGrantId": inputs.project_grant_id} if inputs.project_grant_id else {}
        return {"projectId": inputs.project_id, **self.body(inputs), **project_grant}

    def creating(self, inputs: UserGrantInputs) -> str:
        where = f"roles in project {clean(inputs.project_id)}, in organization {clean(inputs.org_id)}"
        return f"Granting user {clean(inputs.user_id)} {where}"

    def read(self, client: Client, id: str, address: Address) -> UserGrantRecord:
        record = super().read(client, id, address)
        if record.granted_org_id:
            client.organization_of_user[record.user_id] = record.granted_org_id
        return record

    def note_organizations_of_users(self, client: Client, org_id: str) -> None:
        """Note in which organizations the users were made who have user grants in one, once in a process. One page of them is read."""
        operation = f"Listing the user grants of organization {clean(org_id)}"
        with client.noting_users:
            if org_id in client.noted_users_of:
                return
            client.noted_users_of.add(org_id)
            with suppress(ApiError, UnexpectedAnswer):  # then each user is read
                _, found = ObjectList(self.v1["search"][0], self.record).page(client.transport, operation, org=org_id)
                noted = {each.user_id: each.granted_org_id for each in found if each.granted_org_id}
                client.organization_of_user.update(noted)

    def search_organization(
        self, client: Client, org_id: str, user_id: str | None = None, project_id: str | None = None
    ) -> Sequence[UserGrantRecord]:
        """Return the grants in an organization: all, or those of a user or for a project. The list may lag."""
        given = {"userId": user_id, "projectId": project_id}
        queries = [{f"{name}Query": {name: value}} for name, value in given.items() if value is not None]
        return self.list(client, org_id, *queries)

    def search_instance(
        self, client: Client, user_id: str | None = None, project_id: str | None = None
    ) -> Sequence[UserGrantRecord]:
        """Return the grants of a user or for a project in all organizations, with their project grants. The list may lag.

        The list over all organizations does not show the project grant. So the grants that can have one are read again,
        with one call for each organization that they are in.
        """
        found = _list_instance(client, user_id=user_id, project_id=project_id)
        # A grant on a project of its own organization has no project grant.
        elsewhere = {each.org_id for each in found if each.owners - {each.org_id}}
        again: list[UserGrantRecord] = []
        for org_id in sorted(elsewhere):
            again += self.search_organization(client, org_id, user_id, project_id)
        return (*(each for each in found if each.org_id not in elsewhere), *again)

    def _search(self, client: Client, inputs: UserGrantInputs) -> Sequence[UserGrantRecord]:
        found = self.search_organization(client, inputs.org_id, inputs.user_id, inputs.project_id)
        project_grant = inputs.project_grant_id or ""
        exact = tuple(each for each in found if each.project_grant_id == project_grant)
        # The server fills in the project grant of an organization that the project is granted to.
        return exact or (() if project_grant else found)


def active_of_users_in(client: Client, org_id: str) -> Sequence[UserGrantRecord]:
    """Return the active user grants of the users of an organization, in all organizations, as far as the caller may see them."""
    operation = f"Listing the user grants of the users of organization {clean(org_id)}"
    filters = authorization_filters(user_org_id=org_id, state="STATE_ACTIVE")
    found: dict[str, Authorization] = {}
    total = offset = 0
    while offset == 0 or offset < total:
        # The server counts entries that it does not show to the caller.
        total, page = AUTHORIZATIONS.page(client.transport, operation, *filters, offset=offset)
        found.update((each.id, each) for each in page if each.user.organization_id == org_id)
        offset += PAGE_V2
    return [each for each in map(_record, found.values()) if each.active is not False]


def _list_newest(client: Client, org_id: str) -> Sequence[UserGrantRecord]:
    operation = f"Listing the newest user grants of organization {clean(org_id)}"
    filters = authorization_filters(org_id=org_id)
    _, newest = AUTHORIZATIONS.page(client.transport, operation, *filters, asc=False, limit=_NEWEST)
    return [each for each in map(_record, newest) if each.org_id == org_id]


def organization_of(client: Client, grant_id: str) -> str | None:
    """Return the organization that a grant was made in; None where no grant of that id can be seen."""
    operation = f"Searching user grant {clean(grant_id)} in all organizations"
    _, found = AUTHORIZATIONS.page(client.transport, operation, *authorization_filters(ids=[grant_id]))
    return next((each.organization.id for each in found if each.id == grant_id), None)
