"""Which organizations a process has removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from pulumi_zorg.api.client import Removals
from pulumi_zorg.resource_types.user_grant.declaration import TYPE
from pulumi_zorg.world.observed import Address, Removal
from tests.support.servers import Server
from tests.unit.clients import Clients


def test_a_removal_that_runs_is_awaited() -> None:
    removals, begun, may_end = Removals(), Event(), Event()

    def remove() -> None:
        with removals.of("acme"):
            begun.set()
            assert may_end.wait(10)

    with ThreadPoolExecutor() as pool:
        removing = pool.submit(remove)
        assert begun.wait(10)
        asked = pool.submit(removals.include, "acme")
        assert not removals.include("globex")
        assert not asked.done()
        may_end.set()
        assert asked.result(10)
        removing.result(10)
    assert removals.include("acme")


def test_an_organization_that_two_resources_remove_at_the_same_time_is_removed() -> None:
    """A state can have it twice, and `pulumi destroy` deletes both."""
    removals = Removals()
    with removals.of("1"), removals.of("1"):
        pass
    assert removals.include("1")
    first, second = removals.of("1"), removals.of("1")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert removals.include("1")


def test_a_removal_that_failed_is_none() -> None:
    removals = Removals()
    with pytest.raises(ValueError, match="refused"), removals.of("acme"):
        raise ValueError("refused")
    assert not removals.include("acme")


def test_an_object_is_removed_with_its_organization_which_the_same_run_removes_during_the_proof(
    server: Server, clients: Clients
) -> None:
    """The organization is shown at the first call of the proof, and each later call is refused."""
    admin = server.admin
    acme = admin.create_organization("Acme")
    shop = admin.create_project(acme, "Shop", ["viewer"])
    grant = admin.create_grant(acme, server.ann, shop, ["viewer"])
    owner = admin.create_user(server.home, "owner")
    admin.add_member(acme, owner, "ORG_OWNER")
    client = clients.holder(server, admin.create_token(server.home, owner))
    known = {
        "org_id": acme,
        "user_id": server.ann,
        "project_id": shop,
        "project_grant_id": None,
        "role_keys": ["viewer"],
    }
    admin.remove_grant(acme, server.ann, grant)

    def remove_before_a_list(method: str, path: str) -> None:
        if path.endswith("/users/grants/_search"):
            server.proxy.before = lambda method, path: None
            with client.removals.of(acme):
                admin.remove_organization(acme)

    server.proxy.before = remove_before_a_list
    found = TYPE.find(client, grant, Address.of(known))
    assert isinstance(found, Removal)
    assert found.describe() == f"user grant {grant} was removed with organization {acme}, which this run has removed"
