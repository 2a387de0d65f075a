"""What the servers show of an id that nobody has, and of an object that was removed."""

from __future__ import annotations

from functools import partial

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import PermissionDenied
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.proof import Missing, find_missing, may_exist
from tests.support.servers import Server
from tests.support.types import PROJECT_GRANT, USER_GRANT
from tests.unit.clients import Clients

NOBODY = "9999"


def _missing(client: Client, type: str, **properties: str) -> Missing | None:
    return find_missing(client, RESOURCE_TYPES[type].events, properties, partial(may_exist, client))


def test_an_id_that_nobody_has(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    named = {"org_id": server.home, "user_id": server.ann, "project_id": server.project}
    assert _missing(client, USER_GRANT, **named) is None
    for name in named:
        found = _missing(client, USER_GRANT, **{**named, name: NOBODY})
        assert found is not None
        assert (found.property, found.certain) == (name, True)
    found = _missing(client, USER_GRANT, **named, project_grant_id=NOBODY)
    assert found is not None
    assert (found.property, found.certain) == ("project_grant_id", True)
    found = _missing(client, PROJECT_GRANT, org_id=server.home, project_id=server.project, granted_org_id=NOBODY)
    assert found is not None
    assert (found.property, found.certain) == ("granted_org_id", True)


def test_a_removed_user(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    cleo = server.admin.create_user(server.home, f"cleo{server.tag}")
    named = {"org_id": server.home, "user_id": cleo, "project_id": server.project}
    assert _missing(client, USER_GRANT, **named) is None
    server.admin.call("DELETE", f"/management/v1/users/{cleo}", org=server.home)
    assert _missing(client, USER_GRANT, **named) == Missing("user_id", f"is {cleo}: that user was removed", True)


def test_a_caller_without_the_event_store_is_never_certain(every_server: Server, clients: Clients) -> None:
    server = every_server
    client = clients.member(server, "ORG_OWNER", of=server.home)
    named = {"org_id": server.home, "user_id": NOBODY, "project_id": server.project}
    found = _missing(client, USER_GRANT, **named)
    assert found is not None
    assert (found.property, found.certain) == ("user_id", False)


def test_the_server_says_of_an_organization_that_it_does_not_exist(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    with pytest.raises(PermissionDenied, match="No organization of this instance has the id") as caught:
        client.organizations.read(NOBODY)
    assert caught.value.no_organization
    assert "lacks the right" not in str(caught.value)


def test_a_project_grant_that_was_made_after_the_project_was_read(every_server: Server, clients: Clients) -> None:
    """Another program may make it during the run."""
    server, client = every_server, clients.owner(every_server)
    project_id = server.admin.create_project(server.home, server.name("Shop"), ["viewer"])
    other = server.admin.create_organization(server.name("Other"))
    assert client.roles.known(project_id) is not None
    made = server.admin.grant_project(server.home, project_id, other, ["viewer"])
    named = {"org_id": other, "user_id": server.ann, "project_id": project_id, "project_grant_id": made}
    assert _missing(client, USER_GRANT, **named) is None
