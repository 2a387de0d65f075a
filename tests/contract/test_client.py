"""What holds for all calls, on each server: the header that says which organization, and the credential."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from pulumi_zorg.errors import (
    CredentialError,
    HeaderIgnored,
    Unreachable,
)
from pulumi_zorg.settings.credentials import ClientCredentials, Secret
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from pulumi_zorg.testing import Fault
from tests.support.calls import Organizations, UserGrants
from tests.support.servers import Server
from tests.unit.clients import Clients


def test_where_the_header_is_lost_it_is_noticed_before_anything_is_written(
    every_server: Server, clients: Clients
) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    every_server.proxy.clear()
    every_server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match="Nothing was written"):
        Organizations(client).read(acme)
    with pytest.raises(HeaderIgnored):
        client.verify_org_header(acme)
    assert every_server.proxy.writes == []


def test_that_the_header_is_honoured_is_made_sure_of_once(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    every_server.proxy.clear()
    for _ in range(3):
        client.verify_org_header(every_server.home)
    assert [each.path for each in every_server.proxy.exchanges] == ["/management/v1/orgs/me"]


def test_resources_that_need_it_at_the_same_time_make_sure_of_the_header_once(
    every_server: Server, clients: Clients
) -> None:
    client = clients.owner(every_server)
    every_server.proxy.clear()
    every_server.proxy.add(Fault("delay", seconds=0.2))
    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(client.verify_org_header, [every_server.home] * 4))
    assert answers == [True] * 4
    assert len(every_server.proxy.exchanges) == 1


def test_a_doubt_about_the_header_is_not_taken_for_an_answer(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    every_server.proxy.add(Fault("strip", times=1))
    with pytest.raises(HeaderIgnored):
        client.verify_org_header(every_server.home)
    client.verify_org_header(every_server.home)


def test_nothing_is_written_where_the_header_does_not_arrive(every_server: Server, clients: Clients) -> None:
    server = every_server
    client = clients.member(server, "IAM_OWNER")
    other = server.admin.create_organization(server.name("Acme"))
    ann = server.admin.create_user(other, f"ann3{server.tag}")
    server.proxy.clear()
    server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match="Nothing was written"):
        UserGrants(client).deactivate(other, "42", ann)
    assert server.proxy.writes == []


@pytest.mark.parametrize("every_server", ["2025-12", "seeds"], indirect=True)
def test_a_write_that_hit_another_organization_is_reported(every_server: Server, clients: Clients) -> None:
    """The header arrived once, and not with the write. Its answer says on whom the server acted."""
    server = every_server
    client = clients.member(server, "IAM_OWNER")
    other = Organizations(client).create(server.name("Acme"))
    client.verify_org_header(other)
    server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored, match=f"acted on organization {server.home} instead"):
        Organizations(client).rename(other, server.name("Emca"))
    assert server.admin.organization(other)["name"] == server.name("Acme")
    assert server.admin.organization(server.home)["name"] == server.name("Emca")


def test_a_lost_answer_to_a_write_is_not_asked_for_again(every_server: Server, clients: Clients) -> None:
    client = clients.owner(every_server)
    acme = Organizations(client).create(every_server.name("Acme"))
    every_server.proxy.clear()
    every_server.proxy.add(Fault("drop", path=f"{every_server.changes_of(acme, 'deactivate')[-1].split()[1]}$"))
    with pytest.raises(Unreachable) as caught:
        Organizations(client).deactivate(acme)
    assert caught.value.may_have_applied
    assert every_server.proxy.writes == every_server.changes_of(acme, "deactivate")
    assert not Organizations(client).read(acme).active


def service_account(server: Server) -> tuple[str, str]:
    """A service account that owns the instance: its acme and its user name."""
    name = f"robot{server.tag}"
    user = server.admin.create_user(server.home, name)
    server.admin.add_instance_member(user, "IAM_OWNER")
    return user, name


def test_a_service_account_key_opens_the_api(every_server: Server, clients: Clients) -> None:
    user, _ = service_account(every_server)
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    answer = every_server.admin.call("POST", f"/management/v1/users/{user}/keys", body, org=every_server.home)
    text = base64.b64decode(answer["keyDetails"]).decode()
    client = clients.of(every_server, ServiceAccountKey.model_validate_json(text))
    for _ in range(2):
        assert client.caller.me().id == user
    assert Organizations(client).read(every_server.home).active
    assert [each.path for each in every_server.proxy.exchanges].count("/oauth/v2/token") == 1

    wrong = ServiceAccountKey.model_validate_json(json.dumps({**json.loads(text), "keyId": "42"}))
    with pytest.raises(CredentialError, match="service-account key 42"):
        clients.of(every_server, wrong).caller.me()


def test_client_credentials_open_the_api(every_server: Server, clients: Clients) -> None:
    user, _ = service_account(every_server)
    answer = every_server.admin.call("PUT", f"/management/v1/users/{user}/secret", org=every_server.home)
    client_id, secret = answer["clientId"], answer["clientSecret"]

    def is_known() -> bool:
        with suppress(CredentialError):
            return clients.of(every_server, ClientCredentials(client_id, Secret(secret))).caller.me().id == user
        return False

    assert every_server.shows(is_known), "it lags on a real server"
    client = clients.of(every_server, ClientCredentials(client_id, Secret(secret)))
    assert Organizations(client).read(every_server.home).active

    with pytest.raises(CredentialError, match=f"the client credentials of {client_id}") as caught:
        clients.of(every_server, ClientCredentials(client_id, Secret("not-the-secret"))).caller.me()
    assert "not-the-secret" not in str(caught.value)
