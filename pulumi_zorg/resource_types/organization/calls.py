"""The calls about organizations: ``/management/v1/orgs`` and ``/admin/v1/orgs``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.organizations import READ_ORGANIZATION
from pulumi_zorg.api.pages import all_pages, v1_query
from pulumi_zorg.api.records import Details, ListDetails, ObjectCreated, OrganizationRecord, Wire
from pulumi_zorg.errors import NotFound, PermissionDenied, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.resource_type import Calls
from pulumi_zorg.world.observed import Address

__all__ = ["OrganizationCalls", "with_domain_of"]

_CREATE = Endpoint("POST", "/management/v1/orgs", "org.create")
_RENAME = Endpoint("PUT", "/management/v1/orgs/me", "org.write")
_DEACTIVATE = Endpoint("POST", "/management/v1/orgs/me/_deactivate", "org.write")
_REACTIVATE = Endpoint("POST", "/management/v1/orgs/me/_reactivate", "org.write")
_REMOVE = Endpoint("DELETE", "/admin/v1/orgs/{id}", "iam.write")
_REMOVE_OWN = Endpoint("DELETE", "/management/v1/orgs/me", "org.delete")
_SEARCH = Endpoint("POST", "/admin/v1/orgs/_search", "iam.read")
_SEARCH_V2 = Endpoint("POST", "/v2/organizations/_search", "org.read")

_LONGEST_LABEL = 63  # characters of one part of a domain name


class _Listed(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[OrganizationRecord, ...] = ()


class _Removed(Wire):
    details: Details


class OrganizationCalls(Calls[OrganizationInputs]):
    """The calls of the v1 API.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove
    Organization) and https://zitadel.com/docs/apis/resources/admin (Remove Organization, Search Organizations).
    """

    endpoints: ClassVar[Mapping[str, tuple[Endpoint, ...]]] = {
        "create": (_CREATE,),
        "update": (_RENAME,),
        "deactivate": (_DEACTIVATE,),
        "reactivate": (_REACTIVATE,),
        "remove": (_REMOVE, _REMOVE_OWN),
        "read": (READ_ORGANIZATION,),
        "search": (_SEARCH, _SEARCH_V2),
    }
    one_call_is_enough = frozenset({"remove", "search"})

    def read(self, client: Client, id: str, address: Address) -> OrganizationRecord:
        return client.organizations.read(id)

    def create(self, client: Client, inputs: OrganizationInputs) -> str:
        operation = f"Creating organization {clean(inputs.name)!r}"
        created = client.change(ObjectCreated, _CREATE, operation, body={"name": inputs.name})
        if created.details.resource_owner != created.id:
            raise UnexpectedAnswer(
                f"{operation}: the answer names organization {clean(created.id)}, but is about another one, so it is not ZITADEL's."
            )
        client.mark_created(created.id)
        return created.id

    def update(self, client: Client, id: str, inputs: OrganizationInputs, changed: Collection[str]) -> None:
        """Change the name, and with it the primary domain."""
        operation = f"Renaming organization {clean(id)} to {clean(inputs.name)!r}"
        client.write(_RENAME, operation, org=id, body={"name": inputs.name})

    def deactivate(self, client: Client, id: str, inputs: OrganizationInputs) -> None:
        """Deactivate the organization: logins to the applications of its projects fail, and its users keep the rest."""
        client.write(_DEACTIVATE, f"Deactivating organization {clean(id)}", org=id)

    def reactivate(self, client: Client, id: str, inputs: OrganizationInputs) -> None:
        client.write(_REACTIVATE, f"Reactivating organization {clean(id)}", org=id)

    def remove(self, client: Client, id: str, inputs: OrganizationInputs) -> None:
        """Remove the organization with its users, projects and grants.

        By the admin API, which names the organization in the path; where that is not permitted, by the
        management API. The caller must have verified that the server honours the header.
        """
        operation = f"Removing organization {clean(id)}"
        try:
            # The answer's resource owner is the instance, so that it cannot be compared.
            client.change(_Removed, _REMOVE, operation, ids={"id": id})
        except (PermissionDenied, NotFound) as refused:
            # Without a right on the instance the admin API answers 403, or 404 "membership not found".
            if client.organizations.read(id).removed:
                raise
            try:
                client.change(_Removed, _REMOVE_OWN, operation, org=id)
            except PermissionDenied:
                raise refused from None

    def search(self, client: Client, inputs: OrganizationInputs) -> Sequence[OrganizationRecord]:
        """Return the organizations of exactly that name that the caller may see. The list may lag.

        :raises PermissionDenied: without a right on the instance, on a server that has no other list.
        """
        query: dict[str, Any] = {"nameQuery": {"name": inputs.name, "method": "TEXT_QUERY_METHOD_EQUALS"}}
        found = _search(client, f"Searching organizations named {clean(inputs.name)!r}", query)
        return tuple(record for record in found if record.name == inputs.name)

    def list_instance(self, client: Client, at_most: int | None = None) -> Sequence[OrganizationRecord]:
        """Return all organizations of the instance. See :class:`Calls` for ``at_most``.

        :raises PermissionDenied: without ``iam.read``, a right on the instance (IAM_OWNER, IAM_OWNER_VIEWER).
        :raises UnexpectedAnswer: where the server shows none: an instance has at least the default organization.
        """
        operation = "Listing the organizations of the instance"

        def page(offset: int) -> tuple[int, tuple[OrganizationRecord, ...]]:
            body = {"query": v1_query(offset), "sortingColumn": "ORG_FIELD_NAME_NAME"}
            found = client.read(_Listed, _SEARCH, operation, body=body)
            return found.details.total_result, found.result

        found = all_pages(page, operation, at_most)
        if not found:
            raise UnexpectedAnswer(f"{operation}: the server shows none.", may_have_applied=False)
        return found


def with_domain_of(client: Client, name: str) -> tuple[OrganizationRecord, ...]:
    """Return the organizations of another name whose primary domain is the one that ZITADEL makes from ``name``.

    :raises PermissionDenied: without a right on the instance, on a server that has no other list.
    """
    # ZITADEL turns spaces into hyphens and leaves out everything but letters, digits and hyphens.
    label = re.sub("[^a-z0-9-]", "", name.lower().replace(" ", "-"))[:_LONGEST_LABEL].strip("-")
    if not label:
        return ()
    query = {"domainQuery": {"domain": f"{label}.", "method": "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"}}
    found = _search(client, f"Searching organizations with the domain {clean(label)}", query)
    return tuple(each for each in found if each.primary_domain.startswith(f"{label}.") and each.name != name)


def _search(client: Client, operation: str, query: dict[str, Any]) -> tuple[OrganizationRecord, ...]:
    """Return the organizations that the query finds and that the caller may see."""
    body = {"queries": [query]}
    try:
        return client.read(_Listed, _SEARCH, operation, body=body).result
    except (PermissionDenied, NotFound) as refused:
        # Without a right on the instance, the list of the v2 API has what the caller may see.
        try:
            return client.read(_Listed, _SEARCH_V2, operation, body=body).result
        except (NotFound, UnexpectedAnswer):
            # An older server has no such list, and may not even answer as ZITADEL does. The right is what is missing.
            raise refused from None
