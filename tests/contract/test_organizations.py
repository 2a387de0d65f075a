"""What each call about organizations does on each server: the emulator in all its profiles, and a real ZITADEL where one
is given. The product is built on nothing else of ZITADEL's behaviour."""

from __future__ import annotations

import pytest

from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    FailedPrecondition,
    HeaderIgnored,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from pulumi_zorg.testing import Fault
from tests.contract.lists import listed
from tests.support.calls import Organizations
from tests.support.servers import Server, emulated
from tests.unit.clients import Clients


def test_an_organization_is_created_active_and_read_back(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    name = server.name("Acme & Söhne")
    acme = Organizations(client).create(name)
    found = Organizations(client).read(acme)
    assert (found.id, found.name, found.state) == (acme, name, "ORG_STATE_ACTIVE")
    assert found.active
    assert not found.removed
    assert found.details.resource_owner == acme
    assert found.details.creation_date is not None
    assert found.primary_domain == server.admin.organization(acme)["primaryDomain"] != ""


def test_the_name_of_an_organization_is_taken_until_it_is_removed(every_server: Server, clients: Clients) -> None:
    client, name = clients.owner(every_server), every_server.name("Acme")
    acme = Organizations(client).create(name)
    with pytest.raises(AlreadyExists, match="Creating organization 'Acme"):
        Organizations(client).create(name)
    Organizations(client).remove(acme)
    assert Organizations(client).create(name) != acme


def test_an_organization_is_renamed_and_its_domain_with_it(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    before = Organizations(client).read(acme)
    Organizations(client).rename(acme, every_server.name("Emca"))
    after = Organizations(client).read(acme)
    assert after.name == every_server.name("Emca")
    assert after.primary_domain != before.primary_domain
    with pytest.raises(FailedPrecondition):
        Organizations(client).rename(acme, every_server.name("Emca"))


def test_a_name_that_another_organization_has_cannot_be_taken(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    Organizations(client).create(every_server.name("Acme"))
    acme = Organizations(client).create(every_server.name("Emca"))
    with pytest.raises(AlreadyExists):
        Organizations(client).rename(acme, every_server.name("Acme"))
    assert Organizations(client).read(acme).name == every_server.name("Emca")


def test_an_organization_is_deactivated_and_reactivated(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    Organizations(client).deactivate(acme)
    assert Organizations(client).read(acme).state == "ORG_STATE_INACTIVE"
    assert not Organizations(client).read(acme).active
    with pytest.raises(FailedPrecondition):
        Organizations(client).deactivate(acme)
    Organizations(client).rename(acme, every_server.name("Emca"))
    assert Organizations(client).read(acme).state == "ORG_STATE_INACTIVE"
    Organizations(client).reactivate(acme)
    assert Organizations(client).read(acme).active
    with pytest.raises(FailedPrecondition):
        Organizations(client).reactivate(acme)


def test_a_removed_organization_is_still_answered_but_takes_no_change(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    Organizations(client).remove(acme)
    assert Organizations(client).read(acme).removed
    for change in (
        lambda: Organizations(client).rename(acme, every_server.name("Emca")),
        lambda: Organizations(client).deactivate(acme),
        lambda: Organizations(client).reactivate(acme),
        lambda: Organizations(client).remove(acme),
    ):
        with pytest.raises(NotFound):
            change()


def test_an_inactive_organization_can_be_removed(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    Organizations(client).deactivate(acme)
    Organizations(client).remove(acme)
    assert every_server.shows(lambda: acme not in every_server.admin.organizations())


def test_an_unknown_organization_is_no_reason_to_think_that_it_is_gone(every_server: Server, clients: Clients) -> None:
    with pytest.raises(PermissionDenied, match="Reading organization 42"):
        Organizations(clients.owner(every_server)).read("42")


def test_organizations_are_found_by_their_whole_name(every_server: Server, clients: Clients) -> None:
    client, name = clients.owner(every_server), every_server.name("Acme")
    acme = Organizations(client).create(name)
    Organizations(client).create(f"{name} Inc")
    assert [(each.id, each.name) for each in listed(lambda: Organizations(client).by_name(name))] == [(acme, name)]
    assert Organizations(client).by_name(name.upper()) == []
    assert Organizations(client).by_name(every_server.name("Ac")) == []
    assert Organizations(client).by_name(every_server.name("Nobody")) == []
    Organizations(client).remove(acme)
    assert every_server.shows(lambda: Organizations(client).by_name(name) == [])


def test_an_owner_of_the_organization_alone_finds_it_by_its_name(any_server: Server, clients: Clients) -> None:
    acme = Organizations(clients.owner(any_server)).create(any_server.name("Acme"))
    client = clients.member(any_server, "ORG_OWNER", of=acme)
    assert [each.id for each in listed(lambda: Organizations(client).by_name(any_server.name("Acme")))] == [acme]


@pytest.mark.parametrize(
    "missing", [None, Fault("answer", path="^/v2/", times=None, status=404, body="404 page not found\n")]
)
def test_where_the_second_api_has_no_list_the_right_to_the_first_is_what_is_missing(
    clients: Clients, missing: Fault | None
) -> None:
    with emulated("seeds") as server:
        acme = Organizations(clients.owner(server)).create("Acme")
        server.proxy.add(*([missing] if missing else []))
        for roles, of in ((("ORG_OWNER",), acme), (("IAM_ORG_MANAGER",), None)):
            with pytest.raises(PermissionDenied, match=r"Searching organizations named 'Acme'.* the credential lacks"):
                Organizations(clients.member(server, *roles, of=of)).by_name("Acme")


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_name_that_is_none_is_refused(every_server: Server, clients: Clients, name: str) -> None:
    with pytest.raises(InvalidArgument):
        Organizations(clients.owner(every_server)).create(name)


def test_an_owner_of_the_organization_alone_removes_it(every_server: Server, clients: Clients) -> None:
    """By v2, or by the management API: the admin API says 404 to it, on an organization that is there."""
    acme = Organizations(clients.owner(every_server)).create(every_server.name("Acme"))
    client = clients.member(every_server, "ORG_OWNER", of=acme)
    every_server.proxy.clear()
    Organizations(client).remove(acme)
    removals = every_server.changes_of(acme, "remove")
    by_v2 = len(removals) == 1
    assert every_server.proxy.writes == removals + ([] if by_v2 else ["DELETE /management/v1/orgs/me"])
    named = {each.org for each in every_server.proxy.exchanges if each.path == "/management/v1/orgs/me"}
    assert named == (set() if by_v2 else {acme})
    assert every_server.shows(lambda: acme not in every_server.admin.organizations())


def test_a_manager_of_organizations_removes_them(every_server: Server, clients: Clients) -> None:
    """The admin API says 403 to it."""
    client = clients.member(every_server, "IAM_ORG_MANAGER")
    acme = Organizations(client).create(every_server.name("Acme"))
    Organizations(client).remove(acme)
    assert every_server.shows(lambda: acme not in every_server.admin.organizations())


@pytest.mark.parametrize("every_server", ["2025-12", "seeds"], indirect=True)
def test_the_second_way_is_not_taken_for_what_is_removed_already(every_server: Server, clients: Clients) -> None:
    client = clients.member(every_server, "IAM_ORG_MANAGER")
    acme = Organizations(client).create(every_server.name("Acme"))
    Organizations(client).remove(acme)
    every_server.proxy.clear()
    with pytest.raises((PermissionDenied, NotFound)):
        Organizations(client).remove(acme)
    assert every_server.proxy.writes == [f"DELETE /admin/v1/orgs/{acme}"], "that there is no v2 was found out before"


@pytest.mark.parametrize("every_server", ["2025-12", "seeds"], indirect=True)
def test_the_second_way_is_not_taken_where_the_header_is_lost(every_server: Server, clients: Clients) -> None:
    """It would remove the caller's own organization."""
    acme = Organizations(clients.owner(every_server)).create(every_server.name("Acme"))
    client = clients.member(every_server, "ORG_OWNER", of=acme)
    every_server.admin.add_member(every_server.home, client.caller.me().id, "ORG_OWNER")
    every_server.proxy.clear()
    every_server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match="Nothing was written"):
        Organizations(client).remove(acme)
    assert every_server.proxy.writes == every_server.changes_of(acme, "remove")
    assert {acme, every_server.home} <= set(every_server.admin.organizations())


def test_who_may_only_read_the_organization_does_not_remove_it(every_server: Server, clients: Clients) -> None:
    acme = Organizations(clients.owner(every_server)).create(every_server.name("Acme"))
    with pytest.raises(ApiError) as caught:
        Organizations(clients.member(every_server, "ORG_OWNER_VIEWER", of=acme)).remove(acme)
    assert isinstance(caught.value, PermissionDenied)
    assert acme in every_server.admin.organizations()


def test_the_default_organization_cannot_be_removed(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    default = client.caller.default_organization()
    assert default is not None
    with pytest.raises(FailedPrecondition):
        Organizations(client).remove(default)
