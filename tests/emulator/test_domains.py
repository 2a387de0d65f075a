"""Organizations with different names and the same generated domain: the second one is refused without a write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_zorg.emulator import PROFILES, Emulator
from tests.emulator.instance import MANAGEMENT, Answer, Instance

_ME = f"{MANAGEMENT}/orgs/me"
_CONNECT = "/zitadel.org.v2.OrganizationService"
_TAKEN = "Domain already exists (V3-DKcYh)"


@pytest.fixture(scope="module", params=PROFILES)
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator with each server profile."""
    with Emulator(like=request.param) as emulator:
        yield emulator


@pytest.fixture
def own(emulator: Emulator) -> Iterator[Instance]:
    """An instance without other organizations."""
    emulator.reset()
    instance = Instance(emulator)
    yield instance
    instance.close()


def _create(instance: Instance, name: str) -> Answer:
    return instance.iac("POST", f"{MANAGEMENT}/orgs", body={"name": name})


def _domain(instance: Instance, org: str) -> Any:
    return instance.iac.made("GET", _ME, org)["org"]["primaryDomain"]


def _refused(answer: Answer) -> tuple[int, Any, str]:
    return answer.status, answer.code, answer.body["message"]


@pytest.mark.parametrize("name", ["Acme Inc", "acme-inc", "Acme Inc!", "ACME, INC"])
def test_a_name_whose_domain_is_taken_cannot_be_given_to_a_new_organization(own: Instance, name: str) -> None:
    org = _create(own, "Acme, Inc.").body["id"]
    assert _domain(own, org) == "acme-inc.localhost"
    events = len(own.events(""))
    assert _refused(_create(own, name)) == (409, 6, _TAKEN)
    assert len(own.events("")) == events
    found = own.iac.made("POST", "/admin/v1/orgs/_search", body={})["result"]
    assert [item["name"] for item in found] == ["ZITADEL", "Acme, Inc."]


def test_a_name_whose_domain_is_taken_cannot_be_given_to_another_organization(own: Instance) -> None:
    _create(own, "Acme, Inc.")
    other = _create(own, "Other").body["id"]
    events = own.events(other)
    assert _refused(own.iac("PUT", _ME, other, {"name": "Acme Inc"})) == (409, 6, _TAKEN)
    assert (own.events(other), _domain(own, other)) == (events, "other.localhost")


def test_an_organization_can_change_to_a_name_with_its_own_domain(own: Instance) -> None:
    org = _create(own, "Acme, Inc.").body["id"]
    own.iac.made("PUT", _ME, org, {"name": "Acme Inc"})
    assert own.events(org)[-1] == "org.changed"
    assert _domain(own, org) == "acme-inc.localhost"


@pytest.mark.parametrize("how", ["renamed", "removed"])
def test_renaming_or_removing_an_organization_releases_its_domain(own: Instance, how: str) -> None:
    org = _create(own, "Acme, Inc.").body["id"]
    if how == "renamed":
        own.iac.made("PUT", _ME, org, {"name": "Other"})
    else:
        own.iac.made("DELETE", _ME, org)
    assert _create(own, "Acme Inc").status == 200


def test_v2_refuses_a_name_whose_domain_is_taken(instance: Instance) -> None:
    name, other = instance.name("Acme, Inc."), instance.org()
    instance.iac.made("POST", f"{MANAGEMENT}/orgs", body={"name": name})
    alike = name.replace(",", "")
    answer = instance.iac("POST", "/v2/organizations", body={"name": alike})
    assert _refused(answer) == (409, 6, _TAKEN)
    assert _refused(instance.iac("POST", f"/v2/organizations/{other}", body={"name": alike})) == (409, 6, _TAKEN)
    answer = instance.iac("POST", f"{_CONNECT}/AddOrganization", body={"name": alike})
    assert _refused(answer) == (409, "already_exists", _TAKEN)
    answer = instance.iac("POST", f"{_CONNECT}/UpdateOrganization", body={"organizationId": other, "name": alike})
    assert _refused(answer) == (409, "already_exists", _TAKEN)
