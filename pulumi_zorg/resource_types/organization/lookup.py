"""Finding organizations that exist: :func:`get_organization` and :func:`get_organizations`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_zorg.errors import NoMatch, NotFound, PermissionDenied
from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.api.records import OrganizationRecord


@dataclass(frozen=True)
class OrganizationResult:
    """An organization that exists.

    :ivar state: ``ORG_STATE_ACTIVE`` or ``ORG_STATE_INACTIVE``.
    """

    id: str
    name: str
    primary_domain: str
    active: bool
    state: str


def get_organization(
    *, name: str | None = None, id: str | None = None, domain: str | None = None
) -> OrganizationResult:
    """Return the organization with this name, id or domain. Exactly one of them is given.

    :param id: an organization that was created just now is found by its id. The list of names may lag.
    :param domain: its primary domain, or another one of its verified domains.
    :raises NoMatch: where there is none that the credential may see. The error lists similar names.
    :raises SeveralMatches: where there are several.
    :raises InputError: for a wrong argument, before anything is called.

    Documents: https://zitadel.com/docs/apis/resources/org_service_v2 (ListOrganizations) and
    https://zitadel.com/docs/apis/resources/mgmt (My organization).
    """
    question = lookup.Question("get_organization", locals())
    by, value = question.exactly_one_of("name", "id", "domain")

    def find(client: Client) -> OrganizationResult:
        what = f"organization with the {by} {lookup.quoted(value)}"

        def search(text: str, method: str = lookup.CONTAINS) -> Sequence[OrganizationRecord]:
            return client.organizations.search(f"Looking for the {what}", _query(by, text, method))

        if by == "id" and (record := _by_id(client, value, what)) is not None:
            return _result(record)
        # Not only the server decides whether a name is the one that was looked for.
        found = [each for each in search(value, lookup.EQUALS) if by == "domain" or value == getattr(each, by)]
        similar = lookup.similar_by(value, search) if by != "id" else tuple
        return _result(lookup.one(found, what, lookup.shown, similar))

    return question.answer(OrganizationResult, find)


def get_organization_output(
    *,
    name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    domain: pulumi.Input[str] | None = None,
) -> pulumi.Output[OrganizationResult]:
    """Return the same as :func:`get_organization`, for arguments that may be known later."""
    return lookup.as_output(get_organization, locals())


def get_organizations(
    *, name_contains: str | None = None, state: lookup.State | None = None
) -> tuple[OrganizationResult, ...]:
    """Return all organizations that match, sorted by name. None at all is no error.

    :param name_contains: a part of the name, in upper or lower case.
    :param state: ``active`` or ``inactive``.
    :raises UnexpectedAnswer: where the server counts more than the credential may see.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/org_service_v2 (ListOrganizations).
    """
    question = lookup.Question("get_organizations", locals())

    def find(client: Client) -> list[OrganizationResult]:
        queries = [_query("name", name_contains, lookup.CONTAINS)] if name_contains else []
        found = [_result(each) for each in client.organizations.search("Looking for organizations", *queries)]
        wanted = [each for each in found if state is None or each.active is (state == "active")]
        return sorted(wanted, key=lambda each: (each.name, each.id))

    return question.answers(OrganizationResult, "organizations", find)


def get_organizations_output(
    *, name_contains: pulumi.Input[str] | None = None, state: lookup.StateInput | None = None
) -> pulumi.Output[tuple[OrganizationResult, ...]]:
    """Return the same as :func:`get_organizations`, for arguments that may be known later."""
    return lookup.as_output(get_organizations, locals())


def _by_id(client: Client, org_id: str, what: str) -> OrganizationRecord | None:
    """Return the organization as a read by its id shows it, which does not lag; None for a caller who may not read it so.

    :raises NoMatch: where it was removed.
    """
    try:
        record = client.organizations.read(org_id)
    except (NotFound, PermissionDenied):
        return None
    if record.removed:
        raise NoMatch(f"There is no {what}: the server shows it as it shows removed ones.")
    return record


def _query(by: str, value: str, method: str) -> dict[str, Any]:
    return {f"{by}Query": {"id": value} if by == "id" else {by: value, "method": method}}


def _result(record: OrganizationRecord) -> OrganizationResult:
    return OrganizationResult(
        record.id, record.name, record.primary_domain, lookup.is_active(record.state), record.state
    )
