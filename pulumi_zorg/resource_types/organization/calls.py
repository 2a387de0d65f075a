"""The operations on organizations: ``/v2/organizations``, and for servers without it ``/management/v1/orgs`` and ``/admin/v1/orgs``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import AliasChoices, Field

from pulumi_zorg.api.api_services import ORGANIZATIONS as ORGANIZATIONS_V2
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.organizations import (
    LIST_ORGANIZATIONS,
    READ_ORGANIZATION,
    SEARCH_ORGANIZATIONS,
    VISIBLE,
    FirstPage,
)
from pulumi_zorg.api.records import Details, NonEmpty, ObjectCreated, OrganizationRecord, Wire
from pulumi_zorg.errors import AlreadyExists, NotFound, PermissionDenied, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.calls import Calls, check_chosen, needs_for_chosen_id
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.world.observed import Address

_CREATE = Endpoint("POST", "/management/v1/orgs", "org.create")
#: With the first managers, and an id that the program chooses. It makes nobody else a manager.
_CREATE_V2 = Endpoint("POST", "/v2/organizations", "org.create")
_RENAME = Endpoint("POST", "/v2/organizations/{id}", "org.write")
_DEACTIVATE = Endpoint("POST", "/v2/organizations/{id}/deactivate", "org.write")
_REACTIVATE = Endpoint("POST", "/v2/organizations/{id}/activate", "org.write")
_REMOVE = Endpoint("DELETE", "/v2/organizations/{id}", "org.delete")
#: Those of v1, which name the organization in the header, apart from the removal by the admin API.
_RENAME_V1 = Endpoint("PUT", "/management/v1/orgs/me", "org.write")
_DEACTIVATE_V1 = Endpoint("POST", "/management/v1/orgs/me/_deactivate", "org.write")
_REACTIVATE_V1 = Endpoint("POST", "/management/v1/orgs/me/_reactivate", "org.write")
_REMOVE_BY_ADMIN = Endpoint("DELETE", "/admin/v1/orgs/{id}", "iam.write")
_REMOVE_MANAGER = Endpoint("DELETE", "/management/v1/orgs/me/members/{id}", "org.member.delete")
_REMOVE_OWN = Endpoint("DELETE", "/management/v1/orgs/me", "org.delete")

_HINT_ADMINS = "Each of admins must be the id of a user that exists."
_LONGEST_LABEL = 63  # characters of one part of a domain name


class _Created(Wire):
    id: NonEmpty = Field(alias="organizationId")
    details: Details


class _Changed(Wire):
    """What all answers of v2 to a change have. A removal of what is removed already has the year 1."""

    at: datetime = Field(validation_alias=AliasChoices("changeDate", "deletionDate"))


def _create(client: Client, inputs: OrganizationInputs) -> str:
    if inputs.admins is not None or inputs.custom_id is not None:
        return _create_v2(client, inputs)
    operation = f"Creating organization {clean(inputs.name)!r}"
    return _id_of(client, operation, client.change(ObjectCreated, _CREATE, operation, body={"name": inputs.name}))


def _create_v2(client: Client, inputs: OrganizationInputs) -> str:
    """Create it with managers: those that are declared, or else the caller, as v1 does."""
    operation, hint = f"Creating organization {clean(inputs.name)!r}", "" if inputs.admins is None else _HINT_ADMINS
    admins = (client.me.id,) if inputs.admins is None else inputs.admins
    body: dict[str, Any] = {"name": inputs.name, "admins": [{"userId": each} for each in admins]}
    if inputs.custom_id is not None:
        # The server of December 2025 knows the first name only. That of July 2026 has deprecated it.
        body |= {"orgId": inputs.custom_id, "organizationId": inputs.custom_id}
    create = partial(client.change, _Created, _CREATE_V2, operation, body=body, hint=hint)
    with needs_for_chosen_id(client, ORGANIZATIONS_V2, inputs) if inputs.custom_id else nullcontext():
        try:
            created = create()
        except AlreadyExists:
            if inputs.custom_id is None or not _forget_managers(client, inputs.custom_id, admins):
                raise
            created = create()
    return check_chosen(_id_of(client, operation, created), inputs, operation)


def _id_of(client: Client, operation: str, created: ObjectCreated | _Created) -> str:
    if created.details.resource_owner != created.id:
        raise UnexpectedAnswer(
            f"{operation}: the answer names organization {clean(created.id)}, but is about another one, so it is not ZITADEL's."
        )
    client.mark_created(created.id)
    return created.id


def _forget_managers(client: Client, id: str, admins: Sequence[str]) -> bool:
    """Return whether an organization had this id and was removed. Its managers are then managers no more.

    The server keeps them, although nobody is shown one, and refuses to make one of them a manager of the organization that gets
    the id again (409, recorded in July 2026).
    """
    with suppress(NotFound, PermissionDenied):
        if client.organizations.read(id).removed:
            for each in admins:
                operation = f"Removing user {clean(each)} from the managers of the removed organization {clean(id)}"
                client.change_details(_REMOVE_MANAGER, operation, org=id, ids={"id": each})
            return True
    return False


def _read(client: Client, id: str, address: Address) -> OrganizationRecord:
    return client.organizations.read(id)


def _rename(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    """Change the name, and with it the primary domain."""
    client.change(_Changed, _RENAME, _renaming(id, inputs), ids={"id": id}, body={"name": inputs.name})


def _rename_v1(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    client.write(_RENAME_V1, _renaming(id, inputs), org=id, body={"name": inputs.name})


def _renaming(id: str, inputs: OrganizationInputs) -> str:
    return f"Renaming organization {clean(id)} to {clean(inputs.name)!r}"


def _switch(
    verb: str, endpoint: Endpoint, client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]
) -> None:
    """Deactivate the organization: logins to the applications of its projects fail, and its users keep the rest. Or reactivate or
    remove it."""
    operation = f"{verb} organization {clean(id)}"
    if client.change(_Changed, endpoint, operation, ids={"id": id}).at.year == 1:
        raise NotFound(operation, 200, None, "it is removed already, or was never there")


def _switch_v1(
    verb: str, endpoint: Endpoint, client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]
) -> None:
    client.write(endpoint, f"{verb} organization {clean(id)}", org=id)


def _remove_by_admin(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    """Remove the organization by the admin API, which names it in the path."""
    # The answer's resource owner is the instance, so that it cannot be compared.
    client.change_details(_REMOVE_BY_ADMIN, f"Removing organization {clean(id)}", ids={"id": id})


def _remove_own(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    """Remove the organization by the management API. A read verifies that the server honours the header."""
    operation = f"Removing organization {clean(id)}"
    if client.organizations.read(id).removed:
        raise NotFound(operation, 404, None, "it is removed already")
    client.change_details(_REMOVE_OWN, operation, org=id)


def _search(by: Implementation[FirstPage], client: Client, inputs: OrganizationInputs) -> Sequence[OrganizationRecord]:
    query = {"nameQuery": {"name": inputs.name, "method": "TEXT_QUERY_METHOD_EQUALS"}}
    operation = f"Searching organizations named {clean(inputs.name)!r}"
    _, (_, found) = by.make(client.transport, operation, [query])
    return [each for each in found if each.name == inputs.name]


def _list_instance(client: Client, at_most: int | None = None) -> Sequence[OrganizationRecord]:
    """Return all organizations of the instance.

    :raises PermissionDenied: without ``iam.read``, a right on the instance (IAM_OWNER, IAM_OWNER_VIEWER).
    :raises UnexpectedAnswer: where the server shows none: an instance has at least the default organization.
    """
    operation = "Listing the organizations of the instance"
    found = client.organizations.whole(operation, at_most)
    if not found:
        raise UnexpectedAnswer(f"{operation}: the server shows none.", may_have_applied=False)
    return found


class OrganizationCalls(Calls[OrganizationInputs, OrganizationRecord]):
    """The operations. Changes are made by v2, which names the organization in the path: a header can be dropped by a proxy.

    Documents: https://zitadel.com/docs/apis/resources/org_service_v2 (Add, Update, Deactivate, Activate, Delete and List
    Organization). Creates without ``admins``, reads, and the changes on servers without those of v2 (before July 2026):
    https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove Organization) and
    https://zitadel.com/docs/apis/resources/admin (Remove Organization, Search Organizations).
    """

    implementations: Mapping[str, Sequence[Implementation[Any]]] = {
        "create": [
            Implementation((_CREATE, _CREATE_V2), _create),
            Implementation((_CREATE_V2,), _create_v2, Proves.ID),
        ],
        "update": [Implementation((_RENAME,), _rename, Proves.ID), Implementation((_RENAME_V1,), _rename_v1)],
        "deactivate": [
            Implementation((_DEACTIVATE,), partial(_switch, "Deactivating", _DEACTIVATE), Proves.ID),
            Implementation((_DEACTIVATE_V1,), partial(_switch_v1, "Deactivating", _DEACTIVATE_V1)),
        ],
        "reactivate": [
            Implementation((_REACTIVATE,), partial(_switch, "Reactivating", _REACTIVATE), Proves.ID),
            Implementation((_REACTIVATE_V1,), partial(_switch_v1, "Reactivating", _REACTIVATE_V1)),
        ],
        "remove": [
            Implementation((_REMOVE,), partial(_switch, "Removing", _REMOVE), Proves.ID, may_lack_right=True),
            Implementation((_REMOVE_BY_ADMIN,), _remove_by_admin, Proves.ID, may_lack_right=True),
            Implementation((_REMOVE_OWN,), _remove_own),
        ],
        # The read chooses between v1 and v2 itself: the core reads organizations too.
        "read": [Implementation((READ_ORGANIZATION,), _read), Implementation((VISIBLE.endpoint,), _read, Proves.ID)],
        "search": [
            Implementation(by.endpoints, partial(_search, by), by.proves, by.reads, by.may_lack_right)
            for by in SEARCH_ORGANIZATIONS
        ],
        "list_instance": [
            Implementation(tuple(each for by in LIST_ORGANIZATIONS for each in by.endpoints), _list_instance)
        ],
    }


def with_domain_of(client: Client, name: str) -> Sequence[OrganizationRecord]:
    """Return the organizations of another name whose primary domain is the one that ZITADEL makes from ``name``.

    :raises PermissionDenied: without a right on the instance, on a server that has no other list.
    """
    # ZITADEL turns spaces into hyphens and leaves out everything but letters, digits and hyphens.
    label = re.sub("[^a-z0-9-]", "", name.lower().replace(" ", "-"))[:_LONGEST_LABEL].strip("-")
    if not label:
        return ()
    query = {"domainQuery": {"domain": f"{label}.", "method": "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"}}
    operation = f"Searching organizations with the domain {clean(label)}"
    found = client.organizations.search(operation, query, whole=False)
    return [each for each in found if each.primary_domain.startswith(f"{label}.") and each.name != name]
