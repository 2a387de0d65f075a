"""Organizations: ``/management/v1/orgs`` and ``/admin/v1/orgs``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from pulumi_zorg.client.transport import Call, Transport
from pulumi_zorg.errors import HeaderIgnored, NotFound, PermissionDenied, UnexpectedAnswer, clean
from pulumi_zorg.models import Details, ObjectCreated, OrganizationRecord, Wire, parse

__all__ = ["Organizations"]

_ME = "/management/v1/orgs/me"
_LONGEST_LABEL = 63  # characters of one part of a domain name


class _Found(Wire):
    org: OrganizationRecord


class _Listed(Wire):
    result: tuple[OrganizationRecord, ...] = ()


class _Changed(Wire):
    details: Details


class Organizations:
    """The calls about organizations.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove
    Organization) and https://zitadel.com/docs/apis/resources/admin (Remove Organization, Search Organizations).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, org_id: str) -> OrganizationRecord:
        """Return the organization as the server shows it to a call that names it in the header.

        A removed organization is shown as well; see :attr:`OrganizationRecord.removed`.

        :raises HeaderIgnored: where the answer is about another organization.
        """
        operation = f"Reading organization {clean(org_id)}"
        answer = self._transport.send(Call(operation, "GET", _ME, org=org_id, reads=True))
        record = parse(_Found, answer, operation).org
        if record.id != org_id:
            raise HeaderIgnored(
                f"{operation}: the server answered for organization {clean(record.id)} instead. It, or something in front of it, "
                "ignores the header x-zitadel-orgid, so that every change would hit the wrong organization. Nothing was "
                "written. Let the header through, or use a server that honours it."
            )
        return record

    def create(self, name: str) -> str:
        """Create an active organization and return its id."""
        operation = f"Creating organization {clean(name)!r}"
        answer = self._transport.send(Call(operation, "POST", "/management/v1/orgs", body={"name": name}))
        created = parse(ObjectCreated, answer, operation)
        if created.details.resource_owner != created.id:
            raise UnexpectedAnswer(
                f"{operation}: the answer names organization {clean(created.id)}, but is about another one, so it is not ZITADEL's."
            )
        return created.id

    def rename(self, org_id: str, name: str) -> None:
        """Change the name, and with it the primary domain."""
        self._write(f"Renaming organization {clean(org_id)} to {clean(name)!r}", "PUT", _ME, org_id, {"name": name})

    def deactivate(self, org_id: str) -> None:
        """Deactivate the organization: its users can no longer log in on ZITADEL's pages."""
        self._write(f"Deactivating organization {clean(org_id)}", "POST", f"{_ME}/_deactivate", org_id)

    def reactivate(self, org_id: str) -> None:
        """Reactivate the organization."""
        self._write(f"Reactivating organization {clean(org_id)}", "POST", f"{_ME}/_reactivate", org_id)

    def remove(self, org_id: str) -> None:
        """Remove the organization with its users, projects and grants.

        By the admin API, which names the organization in the path; where that is not permitted, by the
        management API. The caller must have verified that the server honours the header.
        """
        operation = f"Removing organization {clean(org_id)}"
        try:
            answer = self._transport.send(Call(operation, "DELETE", f"/admin/v1/orgs/{quote(org_id, safe='')}"))
        except (PermissionDenied, NotFound) as refused:
            # Without a right on the instance the admin API answers 403, or 404 "membership not found".
            if self.read(org_id).removed:
                raise
            try:
                answer = self._transport.send(Call(operation, "DELETE", _ME, org=org_id))
            except PermissionDenied:
                raise refused from None
        # The answer's resource owner is the instance, so that it cannot be compared.
        parse(_Changed, answer, operation)

    def by_name(self, name: str) -> tuple[OrganizationRecord, ...]:
        """Return the organizations of exactly that name that the caller may see. The list may lag.

        :raises PermissionDenied: without a right on the instance, on a server that has no other list.
        """
        query: dict[str, Any] = {"nameQuery": {"name": name, "method": "TEXT_QUERY_METHOD_EQUALS"}}
        found = self._search(f"Searching organizations named {clean(name)!r}", query)
        return tuple(record for record in found if record.name == name)

    def with_domain_of(self, name: str) -> tuple[OrganizationRecord, ...]:
        """Return the organizations of another name whose primary domain is the one that ZITADEL makes from ``name``.

        :raises PermissionDenied: as :meth:`by_name`.
        """
        # ZITADEL turns spaces into hyphens and leaves out everything but letters, digits and hyphens.
        label = re.sub("[^a-z0-9-]", "", name.lower().replace(" ", "-"))[:_LONGEST_LABEL].strip("-")
        if not label:
            return ()
        query = {"domainQuery": {"domain": f"{label}.", "method": "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"}}
        found = self._search(f"Searching organizations with the domain {clean(label)}", query)
        return tuple(each for each in found if each.primary_domain.startswith(f"{label}.") and each.name != name)

    def _search(self, operation: str, query: dict[str, Any]) -> tuple[OrganizationRecord, ...]:
        """Return the organizations that the query finds and that the caller may see."""
        try:
            path, body = "/admin/v1/orgs/_search", {"queries": [query]}
            answer = self._transport.send(Call(operation, "POST", path, body=body, reads=True))
        except (PermissionDenied, NotFound) as refused:
            # Without a right on the instance, the list of the v2 API has what the caller may see.
            body = {"queries": [query]}
            try:
                answer = self._transport.send(
                    Call(operation, "POST", "/v2/organizations/_search", body=body, reads=True)
                )
            except (NotFound, UnexpectedAnswer):
                # An older server has no such list, and may not even answer as ZITADEL does. The right is what is missing.
                raise refused from None
        return parse(_Listed, answer, operation).result

    def _write(self, operation: str, method: str, path: str, org_id: str, body: dict[str, Any] | None = None) -> None:
        answer = self._transport.send(Call(operation, method, path, org=org_id, body=body))
        check_owner(parse(_Changed, answer, operation).details, org_id, operation)


def check_owner(details: Details, org_id: str, operation: str) -> None:
    """Verify the organization that the server says it acted on.

    :raises HeaderIgnored: where that is another organization.
    :raises UnexpectedAnswer: where the answer does not say.
    """
    if not details.resource_owner:
        raise UnexpectedAnswer(
            f"{operation}: the answer does not say which organization it is about, so it is not ZITADEL's."
        )
    if details.resource_owner != org_id:
        raise HeaderIgnored(
            f"{operation}: the server says it acted on organization {clean(details.resource_owner)} instead. Look at that "
            "organization now: the change may have been made there. The server, or something in front of it, ignores the "
            "header x-zitadel-orgid."
        )
