"""What holds for all calls, on each server: the header that says which organization, and the credential."""

from __future__ import annotations

import base64
import json

import pytest
from pydantic import SecretStr

from pulumi_zorg.config import ClientCredentials, ServiceAccountKey
from pulumi_zorg.errors import (
    CredentialError,
    HeaderIgnored,
    Unreachable,
)
from pulumi_zorg.testing import Fault
from tests.support.calls import Organizations
from tests.support.servers import World
from tests.unit.clients import Clients


def test_where_the_header_is_lost_it_is_noticed_before_anything_is_written(
    every_world: World, clients: Clients
) -> None:
    client = clients.owner(every_world)
    acme = Organizations(client).create(every_world.name("Acme"))
    every_world.proxy.clear()
    every_world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match="Nothing was written"):
        Organizations(client).read(acme)
    with pytest.raises(HeaderIgnored):
        client.verify_org_header(acme)
    assert every_world.proxy.writes == []


def test_that_the_header_is_honoured_is_made_sure_of_once(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    every_world.proxy.clear()
    for _ in range(3):
        client.verify_org_header(every_world.home)
    assert [each.path for each in every_world.proxy.exchanges] == ["/management/v1/orgs/me"]


def test_a_doubt_about_the_header_is_not_taken_for_an_answer(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    every_world.proxy.add(Fault("strip", times=1))
    with pytest.raises(HeaderIgnored):
        client.verify_org_header(every_world.home)
    client.verify_org_header(every_world.home)


def test_a_write_that_hit_another_organization_is_told(every_world: World, clients: Clients) -> None:
    """The answer to a write says on whom the server acted."""
    world = every_world
    client = clients.member(world, "IAM_OWNER")
    other = Organizations(client).create(world.name("Acme"))
    world.proxy.clear()
    world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match=f"acted on organization {world.home} instead"):
        Organizations(client).rename(other, world.name("Emca"))
    assert world.console.organization(other)["name"] == world.name("Acme")
    assert world.console.organization(world.home)["name"] == world.name("Emca")


def test_a_lost_answer_to_a_write_is_not_asked_for_again(every_world: World, clients: Clients) -> None:
    client = clients.owner(every_world)
    acme = Organizations(client).create(every_world.name("Acme"))
    every_world.proxy.clear()
    every_world.proxy.add(Fault("drop", method="POST", path="_deactivate"))
    with pytest.raises(Unreachable) as caught:
        Organizations(client).deactivate(acme)
    assert caught.value.may_have_applied
    assert every_world.proxy.writes == ["POST /management/v1/orgs/me/_deactivate"]
    assert not Organizations(client).read(acme).active


def service_account(world: World) -> tuple[str, str]:
    """A service account that owns the instance: its acme and its user name."""
    name = f"robot{world.tag}"
    user = world.console.create_user(world.home, name)
    world.console.add_instance_member(user, "IAM_OWNER")
    return user, name


def test_a_service_account_key_opens_the_api(every_world: World, clients: Clients) -> None:
    user, _ = service_account(every_world)
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    answer = every_world.console.call("POST", f"/management/v1/users/{user}/keys", body, org=every_world.home)
    text = base64.b64decode(answer["keyDetails"]).decode()
    client = clients.of(every_world, ServiceAccountKey.model_validate_json(text))
    for _ in range(2):
        assert client.identity.me().id == user
    assert Organizations(client).read(every_world.home).active
    assert [each.path for each in every_world.proxy.exchanges].count("/oauth/v2/token") == 1

    wrong = ServiceAccountKey.model_validate_json(json.dumps({**json.loads(text), "keyId": "42"}))
    with pytest.raises(CredentialError, match="service-account key 42"):
        clients.of(every_world, wrong).identity.me()


def test_client_credentials_open_the_api(every_world: World, clients: Clients) -> None:
    user, _ = service_account(every_world)
    answer = every_world.console.call("PUT", f"/management/v1/users/{user}/secret", org=every_world.home)
    client_id, secret = answer["clientId"], answer["clientSecret"]
    client = clients.of(every_world, ClientCredentials(client_id, SecretStr(secret)))
    assert client.identity.me().id == user
    assert Organizations(client).read(every_world.home).active

    with pytest.raises(CredentialError, match=f"the client credentials of {client_id}") as caught:
        clients.of(every_world, ClientCredentials(client_id, SecretStr("not-the-secret"))).identity.me()
    assert "not-the-secret" not in str(caught.value)
