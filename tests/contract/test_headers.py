"""Extra headers on a server: they name the instance where the address does not, and decide what its issuer is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import httpx
import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import CredentialError, UnexpectedAnswer
from pulumi_zorg.settings.config import Credential, PersonalAccessToken, Secret, Settings
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from tests.support.servers import Server

#: A host name that no instance has.
NOWHERE = "nosuch.example"


Connect = Callable[..., Client]


@pytest.fixture
def client(any_server: Server) -> Iterator[Connect]:
    """Makes clients that talk to the server itself: the proxy has a host name of its own."""
    url = any_server.proxy.target
    with ExitStack() as made:

        def connect(credential: Credential, headers: Mapping[str, str] = {}, audience: str = url) -> Client:
            named = tuple((name, Secret(value)) for name, value in headers.items())
            found = Client.connect(Settings(url, credential, audience, headers=named, retry_deadline=2.0))
            return made.enter_context(closing(found))

        yield connect


def known_by(server: Server) -> str:
    """The host name of the instance, with its port. The emulator has all host names, until it is given one."""
    host = urlsplit(server.proxy.target)
    httpx.post(f"{server.proxy.target}/debug/hosts", json={"hosts": [host.hostname]})  # a real server has no such page
    return host.netloc


@pytest.mark.parametrize("name", ["Host", "x-zitadel-instance-host"])
def test_a_header_names_the_instance(any_server: Server, client: Connect, name: str) -> None:
    netloc, token = known_by(any_server), PersonalAccessToken(Secret(any_server.token))
    wrong = client(token, {name: NOWHERE})
    with pytest.raises(UnexpectedAnswer, match=rf"no instance with the host name {NOWHERE} ") as caught:
        wrong.organizations.read(any_server.home)
    assert "application/json: unable to set instance using origin" in str(caught.value)
    assert not caught.value.may_have_applied
    right = client(token, {"Host": NOWHERE, name: netloc})
    assert right.organizations.read(any_server.home).id == any_server.home
    assert right.me.id == client(token).me.id


def test_the_issuer_follows_the_host_header(any_server: Server, client: Connect) -> None:
    """So the audience of a key is not the address any more."""
    admin, home = any_server.admin, any_server.home
    known_by(any_server)
    user = admin.create_user(home, f"robot{any_server.tag}")
    admin.add_instance_member(user, "IAM_OWNER_VIEWER")
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    made = admin.call("POST", f"/management/v1/users/{user}/keys", body, org=home)
    key = ServiceAccountKey.model_validate(json.loads(base64.b64decode(made["keyDetails"])))
    host = str(urlsplit(any_server.proxy.target).hostname)
    issuer = f"{urlsplit(any_server.proxy.target).scheme}://{host}"
    discovery = client(key, {"Host": host}).transport.get_public("Reading", "/.well-known/openid-configuration")
    assert discovery.json()["issuer"] == issuer
    with pytest.raises(
        CredentialError, match=rf"the issuer is {any_server.proxy.target} \(zorg:audience where it differs"
    ):
        client(key, {"Host": host}).caller.me()
    assert client(key, {"Host": host}, issuer).caller.me().id == user
    elsewhere = client(key, {"Host": NOWHERE}, issuer)
    with pytest.raises(
        UnexpectedAnswer, match=rf"for a token: the server has no instance with the host name {NOWHERE} \(text/plain"
    ):
        elsewhere.caller.me()
