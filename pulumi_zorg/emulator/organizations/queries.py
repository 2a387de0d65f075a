"""Queries on organizations, for the v1 and v2 APIs."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.errors import denied, not_found
from pulumi_zorg.emulator.http.lists import filter_all, kind_of, matches
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.organizations.projection import OrganizationReadModel


def require_known_organization(instance: Instance, org_id: str) -> None:
    """Check that an organization exists or existed, as every call with an organization in its header does.

    :raises ApiError: 403, if no organization ever had that id.
    """
    if not instance.store.aggregate("org", org_id):
        raise denied("AUTH-Bs7Ds", "Organisation doesn't exist")


def named_organization(instance: Instance, sent: MessageDict) -> str:
    """Return the id of the organization that a request of v2 names, by its id or by a domain. Empty if it names none.

    :raises ApiError: 404, if no organization has the domain.
    """
    domain = sent["org_domain"]
    if not domain:
        return sent["org_id"] or ""
    for org in instance.read_models.orgs.all():
        if org.domains.get(domain):
            return org.id
    raise not_found("QUERY-SBMbf", "Errors.Org.NotFound")


def by_id(instance: Instance, org_id: str) -> OrganizationReadModel:
    """Read an organization by id. A removed one is found too, with the state `REMOVED`.

    :raises ApiError: 404, if no organization ever had that id.
    """
    org = OrganizationReadModel.from_history(instance.store.aggregate("org", org_id))
    if org is None:
        raise not_found("QUERY-leq5Q", "Errors.Org.NotFound")
    return org


def search(instance: Instance, queries: list[MessageDict], states: dict[str, str]) -> list[OrganizationReadModel]:
    """Return the organizations that match all queries.

    :param states: the API's names of states -> the names that read models use.
    """
    return filter_all(instance.list_read_models.orgs.all(), [_predicate(instance, query, states) for query in queries])


def _predicate(instance: Instance, query: MessageDict, states: dict[str, str]) -> Any:
    kind, inner = kind_of(query)
    if kind == "name_query":
        return lambda org: matches(inner["method"], org.name, inner["name"])
    if kind == "domain_query":
        return lambda org: any(
            is_verified and matches(inner["method"], domain, inner["domain"])
            for domain, is_verified in org.domains.items()
        )
    if kind == "state_query":
        return lambda org: org.state == states.get(inner["state"])
    if kind == "id_query":
        return lambda org: org.id == inner["id"]
    return lambda org: org.id == instance.default_org_id
