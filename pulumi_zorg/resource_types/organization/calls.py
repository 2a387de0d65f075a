"""The operations on organizations: ``/management/v1/orgs`` and ``/admin/v1/orgs``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

from pydantic import Field

from pulumi_zorg.api.api_services import ORGANIZATIONS as ORGANIZATIONS_V2
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.organizations import ORGANIZATIONS, READ_ORGANIZATION, SEARCH_ORGANIZATIONS, FirstPage
from pulumi_zorg.api.records import Details, NonEmpty, ObjectCreated, OrganizationRecord, Wire
from pulumi_zorg.errors import AlreadyExists, NotFound, PermissionDenied, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.calls import Calls, check_chosen, needs_for_chosen_id
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.world.observed import Address

_CREATE = Endpoint("POST", "/management/v1/orgs", "org.create")
#: With the first managers, and an id that the program chooses. It makes nobody else a manager.
_CREATE_V2 = Endpoint("POST", "/v2/organizations", "org.create")
_RENAME = Endpoint("PUT", "/management/v1/orgs/me", "org.write")
_DEACTIVATE = Endpoint("POST", "/management/v1/orgs/me/_deactivate", "org.write")
_REACTIVATE = Endpoint("POST", "/management/v1/orgs/me/_reactivate", "org.write")
_REMOVE = Endpoint("DELETE", "/admin/v1/orgs/{id}", "iam.write")
_REMOVE_MANAGER = Endpoint("DELETE", "/management/v1/orgs/me/members/{id}", "org.member.delete")
_REMOVE_OWN = Endpoint("DELETE", "/management/v1/orgs/me", "org.delete")

_HINT_ADMINS = "Each of admins must be the id of a user that exists."
_LONGEST_LABEL = 63  # characters of one part of a domain name


class _Created(Wire):
    id: NonEmpty = Field(alias="organizationId")
    details: Details


def _create(client: Client, inputs: OrganizationInputs) -> str:
    operation = f"Creating organization {clean(inputs.name)!r}"
    body: dict[str, Any] = {"name": inputs.name}
    created: ObjectCreated | _Created
    if inputs.admins is None and inputs.custom_id is None:
        created = client.change(ObjectCreated, _CREATE, operation, body=body)
    else:
        # Left out, the credential's own user administers it, as by the v1 API.
        admins = (client.me.id,) if inputs.admins is None else inputs.admins
        body["admins"] = [{"userId": each} for each in admins]
        if inputs.custom_id is not None:
            # The server of December 2025 knows the first name only. That of July 2026 has deprecated it.
            body |= {"orgId": inputs.custom_id, "organizationId": inputs.custom_id}
        create = partial(client.change, _Created, _CREATE_V2, operation, body=body, hint=_HINT_ADMINS)
        with needs_for_chosen_id(client, ORGANIZATIONS_V2, inputs) if inputs.custom_id else nullcontext():
            try:
                created = create()
            except AlreadyExists:
                if inputs.custom_id is None or not _forget_managers(client, inputs.custom_id, admins):
                    raise
                created = create()
    if created.details.resource_owner != created.id:
        raise UnexpectedAnswer(
            f"{operation}: the answer names organization {clean(created.id)}, but is about another one, so it is not ZITADEL's."
        )
    client.mark_created(created.id)
    return check_chosen(created.id, inputs, operation)


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
    operation = f"Renaming organization {clean(id)} to {clean(inputs.name)!r}"
    client.write(_RENAME, operation, org=id, body={"name": inputs.name})


def _deactivate(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    """Deactivate the organization: logins to the applications of its projects fail, and its users keep the rest."""
    client.write(_DEACTIVATE, f"Deactivating organization {clean(id)}", org=id)


def _reactivate(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    client.write(_REACTIVATE, f"Reactivating organization {clean(id)}", org=id)


def _remove(client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
    """Remove the organization by the admin API, which names it in the path."""
    # The answer's resource owner is the instance, so that it cannot be compared.
    client.change_details(_REMOVE, f"Removing organization {clean(id)}", ids={"id": id})


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
    found = ORGANIZATIONS.all(client.transport, operation, at_most=at_most)
    if not found:
        raise UnexpectedAnswer(f"{operation}: the server shows none.", may_have_applied=False)
    return found


class OrganizationCalls(Calls[OrganizationInputs, OrganizationRecord]):
    """The operations as the v1 API has them.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove
    Organization) and https://zitadel.com/docs/apis/resources/admin (Remove Organization, Search Organizations). With ``admins`` or
    ``custom_id``, an organization is created by https://zitadel.com/docs/apis/resources/org_service_v2 (AddOrganization).
    """

    implementations: Mapping[str, Sequence[Implementation[Any]]] = {
        "create": [Implementation((_CREATE, _CREATE_V2), _create)],
        "update": [Implementation((_RENAME,), _rename)],
        "deactivate": [Implementation((_DEACTIVATE,), _deactivate)],
        "reactivate": [Implementation((_REACTIVATE,), _reactivate)],
        "remove": [
            Implementation((_REMOVE,), _remove, proves=Proves.ID, needs_right_on_instance=True),
            Implementation((_REMOVE_OWN,), _remove_own),
        ],
        "read": [Implementation((READ_ORGANIZATION,), _read)],
        "search": [
            Implementation(by.endpoints, partial(_search, by), by.proves, by.reads, by.needs_right_on_instance)
            for by in SEARCH_ORGANIZATIONS
        ],
        "list_instance": [Implementation((ORGANIZATIONS.endpoint,), _list_instance)],
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
