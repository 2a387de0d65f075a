"""The operations on managers, which the v1 API calls members. Each level has its own endpoints."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import AliasChoices, Field

from pulumi_zorg.access.instance import Level
from pulumi_zorg.api.administrators import ADMINISTRATORS, Administrator
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.lists import PAGE_V2, ObjectList, TooLong, chunks, read_listed
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import Details, NonEmpty, ObjectRecord, RoleKeys, Wire
from pulumi_zorg.api.roles import AUTHORIZATIONS, authorization_filters
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    HeaderIgnored,
    InvalidArgument,
    NotFound,
    NotProven,
    clean,
)
from pulumi_zorg.resource_types.calls import Calls, remove_by_v2
from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.resource_types.manager.place import PARTS, Place
from pulumi_zorg.world.observed import Address

_PROJECT = "/management/v1/projects/{project_id}"
#: The path of the members of each level, and what their permissions begin with.
_MEMBERS = {
    Level.INSTANCE: ("/admin/v1/members", "iam.member"),
    Level.ORGANIZATION: ("/management/v1/orgs/me/members", "org.member"),
    Level.PROJECT: (f"{_PROJECT}/members", "project.member"),
    Level.PROJECT_GRANT: (_PROJECT + "/grants/{project_grant_id}/members", "project.grant.member"),
}


def _endpoints(method: str, end: str, permission: str) -> dict[Level, Endpoint]:
    return {
        level: Endpoint(method, f"{path}{end}", f"{begin}.{permission}") for level, (path, begin) in _MEMBERS.items()
    }


_ADD = _endpoints("POST", "", "write")
_CHANGE = _endpoints("PUT", "/{user_id}", "write")
_REMOVE = _endpoints("DELETE", "/{user_id}", "delete")
_SEARCH = _endpoints("POST", "/_search", "read")
#: The read of a project grant by its id.
_GRANT = Endpoint("GET", f"{_PROJECT}/grants/{{project_grant_id}}", "project.grant.read")
_HINT = "A manager needs a user that exists, and roles that ZITADEL has on this level."


class _Member(Wire):
    id: NonEmpty = Field(alias="userId")
    details: Details
    roles: RoleKeys = ()


class _Administered(Wire):
    """A project of an organization, or a project grant."""

    id: NonEmpty = Field(validation_alias=AliasChoices("grantId", "id"))
    project_id: str = ""
    details: Details


_PROJECTS = ObjectList(Endpoint("POST", "/management/v1/projects/_search", "project.read"), _Administered)
_GRANTS = ObjectList(Endpoint("POST", "/management/v1/projectgrants/_search", "project.grant.read"), _Administered)


class ManagerRecord(ObjectRecord):
    """A manager, as a list of members shows it, with what it administers.

    :ivar user_org: the organization of its user, where a list shows it.
    """

    noun = "manager"
    states: ClassVar[Mapping[str, bool | None]] = {}
    shown = ("user_id", *PARTS, "roles")

    user_id: NonEmpty
    project_id: str = ""
    project_grant_id: str = ""
    roles: RoleKeys = ()
    user_org: str = ""

    def properties(self) -> dict[str, Any]:
        """Return the manager's properties, in the state's form, without the ids that its level does not have."""
        return {name: value for name, value in super().properties().items() if value != ""}


_LISTS = {level: ObjectList(endpoint, _Member) for level, endpoint in _SEARCH.items()}


def _record(place: Place, user_id: str, roles: Sequence[str], details: Details, user_org: str = "") -> ManagerRecord:
    return ManagerRecord(
        id=place.id_of(user_id),
        details=Details(creation_date=details.creation_date, resource_owner=place.org_id),
        user_id=user_id,
        project_id=place.project_id,
        project_grant_id=place.project_grant_id,
        roles=tuple(roles),
        user_org=user_org,
    )


def managers_of(client: Client, place: Place, *queries: Mapping[str, Any]) -> Sequence[ManagerRecord]:
    """Return the managers of an instance, an organization, a project or a project grant. The list may lag.

    :raises HeaderIgnored: where the server lists those of another organization.
    :raises NotProven: where the organization does not own the project.
    :raises UnexpectedAnswer: where the server does not show all that it counts.
    """
    operation = f"Listing the managers of {clean(str(place))}"
    return client.operations.first(_LISTS_OF_PLACE, client, operation, place, queries)


def _managers_of_v1(
    client: Client, operation: str, place: Place, queries: Sequence[Mapping[str, Any]]
) -> Sequence[ManagerRecord]:
    org_id = place.org_id
    found = _LISTS[place.level].all(client.transport, operation, *queries, org=org_id or None, ids=place.ids)
    other = next((each.details.resource_owner for each in found if each.details.resource_owner != org_id), None)
    if org_id and other is not None:
        if place.level is Level.ORGANIZATION:
            raise HeaderIgnored(
                f"{operation}: the server answered for organization {clean(other)} instead. It, or something in front of it, ignores "
                "the header x-zitadel-orgid. Nothing was written."
            )
        raise NotProven(
            f"The managers of {clean(str(place))} have org_id {clean(other)}, not {clean(org_id)}; correct org_id."
        )
    if org_id and not found:
        client.verify_org_header(org_id)  # a list of another organization may be empty
    return [_record(place, each.id, each.roles, each.details) for each in found]


def manager_of(client: Client, place: Place, user_id: str) -> ManagerRecord | None:
    """Return a user's right to administer something; None where the list does not have it. See :func:`managers_of`."""
    found = managers_of(client, place, {"userIdQuery": {"userId": user_id}})
    return next((each for each in found if each.user_id == user_id), None)


def _managers_of_v2(
    client: Client, operation: str, place: Place, queries: Sequence[Mapping[str, Any]]
) -> Sequence[ManagerRecord]:
    """Return the same by the list over the instance, of a user or of all.

    :param queries: those of v1: none, or the user.
    """
    filters = [{"inUserIdsFilter": {"ids": [each["userIdQuery"]["userId"]]}} for each in queries]
    if place.level is not Level.PROJECT_GRANT:
        filters.append({"resource": _resource(place)})
    found = map(_of_row, ADMINISTRATORS.all(client.transport, operation, *filters))
    of_place = [
        each for each in found if (each.project_id, each.project_grant_id) == (place.project_id, place.project_grant_id)
    ]
    other = next((each.org_id for each in of_place if each.org_id != place.org_id), None)
    if other is not None and place.project_id:
        raise NotProven(
            f"The managers of {clean(str(place))} have org_id {clean(other)}, not {clean(place.org_id)}; correct org_id."
        )
    return [each for each in of_place if each.org_id == place.org_id]


def _resource(place: Place, granted_org_id: str = "") -> dict[str, Any]:
    """Return what v2 calls a place."""
    resources: dict[Level, dict[str, Any]] = {
        Level.INSTANCE: {"instance": True},
        Level.ORGANIZATION: {"organizationId": place.org_id},
        Level.PROJECT: {"projectId": place.project_id},
        Level.PROJECT_GRANT: {"projectGrant": {"projectId": place.project_id, "organizationId": granted_org_id}},
    }
    return resources[place.level]


_SERVICE = "/zitadel.internal_permission.v2.InternalPermissionService/"
_ADD_V2, _CHANGE_V2, _REMOVE_V2 = (
    tuple(Endpoint("POST", f"{_SERVICE}{verb}Administrator", f"{begin}.{ends}") for _, begin in _MEMBERS.values())
    for verb, ends in (("Create", "write"), ("Update", "write"), ("Delete", "delete"))
)


def _write_v2(
    client: Client, endpoints: Sequence[Endpoint], operation: str, inputs: ManagerInputs, **body: Any
) -> None:
    place, granted = inputs.place, ""
    if place.level is Level.PROJECT_GRANT:
        granted = _granted_organization(client, operation, place)
    sent = {"userId": inputs.user_id, "resource": _resource(place, granted), **body}
    if endpoints is _REMOVE_V2:
        remove_by_v2(client, endpoints[0], operation, sent)
        return
    try:
        client.change(Wire, endpoints[0], operation, body=sent, hint=_HINT if body else "")
    except InvalidArgument as refused:
        raise refused.with_hint(_HINT if body else "") from None


def _granted_organization(client: Client, operation: str, place: Place) -> str:
    """Return the organization that a project grant is for, by which v2 names it. Lists show it with a manager, or a user grant, of it."""
    for row in ADMINISTRATORS.all(client.transport, operation):
        if row.project_grant is not None and row.project_grant.id == place.project_grant_id:
            return str(row.project_grant.granted_organization_id)
    made_by = authorization_filters(project_id=place.project_id, project_grant_id=place.project_grant_id)
    _, found = AUTHORIZATIONS.page(client.transport, operation, *made_by, limit=1)
    if not found:
        why = "this server does not have v1, and v2 shows the id of a project grant only with its managers and user grants: it has none"
        raise ApiError(operation, 501, None, why)
    return found[0].organization.id


def _create_v2(client: Client, inputs: ManagerInputs) -> str:
    operation = f"Making user {clean(inputs.user_id)} a manager of {clean(str(inputs.place))}"
    _write_v2(client, _ADD_V2, operation, inputs, roles=list(inputs.roles))
    return inputs.id


def _update_v2(client: Client, id: str, inputs: ManagerInputs, changed: Collection[str]) -> None:
    _write_v2(client, _CHANGE_V2, f"Changing the roles of manager {clean(id)}", inputs, roles=list(inputs.roles))


def _remove_by_v2(client: Client, id: str, inputs: ManagerInputs, changed: Collection[str]) -> None:
    _write_v2(client, _REMOVE_V2, f"Removing manager {clean(id)}", inputs)


def _write(
    client: Client, endpoints: Mapping[Level, Endpoint], operation: str, inputs: ManagerInputs, **body: Any
) -> None:
    """Make one call that changes a manager."""
    place, endpoint = inputs.place, endpoints[inputs.place.level]
    ids, hint = {**place.ids, "user_id": inputs.user_id}, _HINT if body else ""
    try:
        if place.level is Level.INSTANCE:
            client.change_details(endpoint, operation, body=body or None, ids=ids, hint=hint)
        else:
            client.write(endpoint, operation, org=place.org_id, body=body or None, ids=ids, hint=hint)
    except InvalidArgument as refused:  # a role that the server does not have
        raise refused.with_hint(hint) from None


def _create(client: Client, inputs: ManagerInputs) -> str:
    operation = f"Making user {clean(inputs.user_id)} a manager of {clean(str(inputs.place))}"
    try:
        _write(client, _ADD, operation, inputs, userId=inputs.user_id, roles=list(inputs.roles))
    except NotFound as refused:
        # Of a project grant, the server answers so where the user is a manager of it already.
        exists = inputs.place.level is Level.PROJECT_GRANT and manager_of(client, inputs.place, inputs.user_id)
        if not exists:
            raise
        raise AlreadyExists(operation, refused.status, refused.code, refused.said) from None
    return inputs.id


def _update(client: Client, id: str, inputs: ManagerInputs, changed: Collection[str]) -> None:
    _write(client, _CHANGE, f"Changing the roles of manager {clean(id)}", inputs, roles=list(inputs.roles))


def _remove(client: Client, id: str, inputs: ManagerInputs, changed: Collection[str]) -> None:
    place, operation = inputs.place, f"Removing manager {clean(id)}"
    if place.level is Level.PROJECT_GRANT:
        # The server takes the id of a removed project grant for that of the one that its organization has got since (July 2026), and
        # removes the user there. A read does not.
        client.read(Wire, _GRANT, operation, org=place.org_id, ids=place.ids)
    _write(client, _REMOVE, operation, inputs)


def _read(client: Client, id: str, address: Address) -> ManagerRecord:
    def find() -> ManagerRecord | None:
        return manager_of(client, Place.of(address.ids), address.ids["user_id"])

    operation, absent = f"Reading manager {clean(id)}", "the list of managers does not have the user"
    return read_listed(operation, id, find, client.operations.made, client.transport.sleep, absent)


def _search(client: Client, inputs: ManagerInputs) -> Sequence[ManagerRecord]:
    found = manager_of(client, inputs.place, inputs.user_id)
    return () if found is None else (found,)


def _of_row(row: Administrator) -> ManagerRecord:
    place = Place()
    if row.project_grant is not None:
        place = Place(row.project_grant.organization_id, row.project_grant.project_id, row.project_grant.id)
    elif row.project is not None:
        place = Place(row.project.organization_id, row.project.id)
    elif row.organization is not None:
        place = Place(row.organization.id)
    return _record(place, row.user.id, row.roles, Details(creation_date=row.creation_date), row.user.organization_id)


def _list_instance(client: Client, at_most: int | None = None) -> Sequence[ManagerRecord]:
    found = ADMINISTRATORS.all(client.transport, "Listing the managers of the instance", at_most=at_most)
    return [_of_row(each) for each in found]


def _list_ids(client: Client, ids: Sequence[str]) -> Sequence[ManagerRecord]:
    found: list[ManagerRecord] = []
    for part in chunks(dict.fromkeys(each.rpartition(":")[2] for each in ids), PAGE_V2):
        of_users = {"inUserIdsFilter": {"ids": list(part)}}
        found += map(_of_row, ADMINISTRATORS.all(client.transport, "Listing managers by their users", of_users))
    return [each for each in found if each.id in set(ids)]


def _list_by_instance(client: Client, org_id: str, at_most: int | None = None) -> Sequence[ManagerRecord]:
    return [each for each in _list_instance(client, at_most) if each.org_id == org_id]


def _list_by_place(client: Client, org_id: str, at_most: int | None = None) -> Sequence[ManagerRecord]:
    operation = f"Listing what has managers in organization {clean(org_id)}"
    places = [Place(org_id)]
    for listed in (_PROJECTS, _GRANTS):
        for each in listed.all(client.transport, operation, org=org_id):
            if each.details.resource_owner != org_id:
                raise HeaderIgnored(f"{operation}: the server ignores the header x-zitadel-orgid.")
            places.append(Place(org_id, each.project_id or each.id, each.id if each.project_id else ""))
    if at_most is not None and len(places) + 2 > at_most:
        raise TooLong
    return [each for place in places for each in managers_of(client, place)]


#: The reads and searches are lists in v2 too.
_LISTS_OF_PLACE = (
    Implementation(tuple(_SEARCH.values()), _managers_of_v1),
    Implementation((ADMINISTRATORS.endpoint,), _managers_of_v2, Proves.ID),
)


class ManagerCalls(Calls[ManagerInputs, ManagerRecord]):
    """The operations as the v1 API has them, the v2 API's list over the instance, and for servers without v1 its other calls.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Remove and List Members of organizations, projects and
    project grants), https://zitadel.com/docs/apis/resources/admin (the same of the instance) and
    https://zitadel.com/docs/apis/resources/internal_permission_service_v2 (List, Create, Update and Delete Administrators).
    """

    implementations: Mapping[str, Sequence[Implementation[Any]]] = {
        "create": [Implementation(tuple(_ADD.values()), _create), Implementation(_ADD_V2, _create_v2, Proves.ID)],
        "update": [Implementation(tuple(_CHANGE.values()), _update), Implementation(_CHANGE_V2, _update_v2, Proves.ID)],
        "remove": [
            Implementation(tuple(_REMOVE.values()), _remove),
            Implementation(_REMOVE_V2, _remove_by_v2, Proves.ID),
        ],
        # The list of a place chooses between v1 and v2 itself.
        "read": [
            Implementation(tuple(_SEARCH.values()), _read),
            Implementation((ADMINISTRATORS.endpoint,), _read, Proves.ID),
        ],
        "search": [
            Implementation(tuple(_SEARCH.values()), _search),
            Implementation((ADMINISTRATORS.endpoint,), _search, Proves.ID),
        ],
        "list_instance": [Implementation((ADMINISTRATORS.endpoint,), _list_instance, Proves.ID, reads=True)],
        "list_ids": [Implementation((ADMINISTRATORS.endpoint,), _list_ids, Proves.ID, reads=True)],
        # An ORG_OWNER is not shown all that the list over the instance counts.
        "list_organization": [
            Implementation((ADMINISTRATORS.endpoint,), _list_by_instance, Proves.ID, reads=True),
            Implementation(tuple(_SEARCH.values()), _list_by_place, reads=True),
        ],
    }

    def permissions(self, operation: str) -> tuple[frozenset[str], ...]:
        """Return what an operation needs in an organization. See :meth:`permissions_on_instance`."""
        found = self.implementations[operation][0]
        return tuple(frozenset({each.permission}) for each in found.endpoints if not _is_on_instance(each))

    def permissions_on_instance(self, operation: str) -> tuple[frozenset[str], ...]:
        found = self.implementations[operation][0]
        return tuple({frozenset({each.permission}) for each in found.endpoints if _is_on_instance(each)})

    def list_organization(self, client: Client, org_id: str, at_most: int | None = None) -> Sequence[ManagerRecord]:
        found: Sequence[ManagerRecord] = self._first(client, "list_organization", org_id, at_most)
        return found


def _is_on_instance(endpoint: Endpoint) -> bool:
    return endpoint.permission.startswith("iam.")
