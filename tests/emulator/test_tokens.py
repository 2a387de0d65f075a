"""Keys, assertions, secrets and personal access tokens: what is accepted, and what is refused."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emulator.instance import MANAGEMENT, Instance

_SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
_REFUSED = (400, "invalid_grant")


@dataclass
class _Account:
    """A service account with a key."""

    instance: Instance
    org: str
    user: str
    key_id: str
    key: Any

    def assertion(self, key: Any = None, header: dict[str, str] | None = None, **changed: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.user, "sub": self.user, "aud": self.instance.emulator.url, "iat": now, "exp": now + 600}
        claims = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(claims, key or self.key, "RS256", {"kid": self.key_id} | (header or {}))

    def ask(self, assertion: str, scope: str = _SCOPE) -> tuple[int, Any]:
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion, "scope": scope}
        response = self.instance.client.post("/oauth/v2/token", data=form)
        return response.status_code, response.json()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def account(instance: Instance) -> _Account:
    """A service account whose key the server generated."""
    org = instance.org()
    user = instance.machine(org)
    made = instance.iac.made("POST", f"{MANAGEMENT}/users/{user}/keys", org, {"type": "KEY_TYPE_JSON"})
    details = json.loads(base64.b64decode(made["keyDetails"]))
    assert (details["type"], details["keyId"], details["userId"]) == ("serviceaccount", made["keyId"], user)
    return _Account(instance, org, user, made["keyId"], details["key"])


def test_a_good_assertion(account: _Account) -> None:
    status, answer = account.ask(account.assertion())
    assert (status, answer["token_type"]) == (200, "Bearer")
    caller = account.instance.caller(answer["access_token"])
    assert caller.made("GET", "/auth/v1/users/me")["user"]["id"] == account.user
    keys = account.instance.client.get("/oauth/v2/keys").json()["keys"]
    claims = jwt.decode(
        answer["id_token"],
        jwt.PyJWK(keys[0]).key,
        ["RS256"],
        audience=account.instance.emulator.url,
        options={"verify_aud": False},
    )
    assert claims["sub"] == account.user


def test_a_key_of_ones_own(account: _Account) -> None:
    """With `publicKey`, the server returns no private key, and accepts assertions signed with the caller's key."""
    key = _new_key()
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = {"type": "KEY_TYPE_JSON", "publicKey": base64.b64encode(pem).decode()}
    path = f"{MANAGEMENT}/users/{account.user}/keys"
    made = account.instance.iac.made("POST", path, account.org, body)
    assert "key" not in json.loads(base64.b64decode(made.get("keyDetails", "e30=")))
    signed = account.assertion(key, {"kid": made["keyId"]})
    assert account.ask(signed)[0] == 200
    account.instance.iac.made("DELETE", f"{path}/{made['keyId']}", account.org)
    assert account.ask(signed)[0] == 400


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://elsewhere.example"},
        {"exp": int(time.time()) - 60},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"iat": int(time.time()) - 7200},
        {"iss": "somebody else"},
        {"sub": "999"},
        {"exp": None},
        {"iat": None},
        {"aud": None},
    ],
)
def test_a_wrong_claim(account: _Account, claims: dict[str, Any]) -> None:
    status, answer = account.ask(account.assertion(**claims))
    assert (status, answer["error"]) == _REFUSED


def test_a_wrong_signature(account: _Account) -> None:
    status, answer = account.ask(account.assertion(_new_key()))
    assert (status, answer["error"]) == _REFUSED


def test_a_signature_of_no_key_at_all(account: _Account) -> None:
    now = int(time.time())
    claims = {
        "iss": account.user,
        "sub": account.user,
        "aud": account.instance.emulator.url,
        "iat": now,
        "exp": now + 9,
    }
    # The algorithm "none" takes the key None, which the library's types do not allow.
    unsigned = jwt.encode(claims, None, "none", {"kid": account.key_id})  # type: ignore[arg-type]
    with_a_password = jwt.encode(claims, "x" * 32, "HS256", {"kid": account.key_id})
    for assertion in (unsigned, with_a_password, "no assertion", ""):
        status, answer = account.ask(assertion)
        assert (status, answer["error"]) == _REFUSED


def test_an_unknown_key(account: _Account) -> None:
    status, answer = account.ask(account.assertion(header={"kid": "999"}))
    assert (status, answer["error"]) == _REFUSED


def test_without_the_audience(account: _Account) -> None:
    """The token works for userinfo, and not for the API."""
    _, answer = account.ask(account.assertion(), "openid")
    caller = account.instance.caller(answer["access_token"])
    assert caller("GET", "/oidc/v1/userinfo").status == 200
    assert caller("GET", "/auth/v1/users/me").status == 401


def test_a_secret(instance: Instance) -> None:
    org = instance.org()
    user = instance.machine(org)
    secret = instance.iac.made("PUT", f"{MANAGEMENT}/users/{user}/secret", org, {})
    good = {"grant_type": "client_credentials", "scope": _SCOPE}
    pair = (secret["clientId"], secret["clientSecret"])
    assert instance.client.post("/oauth/v2/token", data=good, auth=pair).status_code == 200
    in_form = good | {"client_id": pair[0], "client_secret": pair[1]}
    assert instance.client.post("/oauth/v2/token", data=in_form).status_code == 200
    assert instance.client.post("/oauth/v2/token", data=good, auth=(pair[0], "wrong")).status_code == 400
    instance.iac.made("DELETE", f"{MANAGEMENT}/users/{user}/secret", org)
    assert instance.client.post("/oauth/v2/token", data=good, auth=pair).status_code == 400


def test_a_person_that_was_locked_looks_like_a_service_account_without_a_secret(instance: Instance) -> None:
    """The model of service accounts skips the creation of a person, and not its later states. See differential.py."""
    org = instance.org()
    email = {"email": "ann@example.com", "isEmailVerified": True}
    person = {"userName": instance.name("ann"), "profile": {"firstName": "Ann", "lastName": "Berg"}, "email": email}
    user = instance.iac.made("POST", f"{MANAGEMENT}/users/human", org, person)["userId"]
    assert instance.iac("DELETE", f"{MANAGEMENT}/users/{user}/secret", org).error_id == "COMMAND-x7s802"
    instance.iac.made("POST", f"{MANAGEMENT}/users/{user}/_lock", org, {})
    assert instance.iac("DELETE", f"{MANAGEMENT}/users/{user}/secret", org).error_id == "COMMAND-coi82n"


def test_a_personal_access_token(instance: Instance) -> None:
    org = instance.org()
    user = instance.machine(org)
    made = instance.iac.made("POST", f"{MANAGEMENT}/users/{user}/pats", org, {})
    caller = instance.caller(made["token"])
    assert caller("GET", "/auth/v1/users/me").status == 200
    listed = instance.iac.made("POST", f"{MANAGEMENT}/users/{user}/pats/_search", org, {})["result"]
    assert [token["id"] for token in listed] == [made["tokenId"]]
    instance.iac.made("DELETE", f"{MANAGEMENT}/users/{user}/pats/{made['tokenId']}", org)
    assert caller("GET", "/auth/v1/users/me").status == 401


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "Zm9vOmJhcjpiYXo"])
def test_no_token(instance: Instance, token: str) -> None:
    answer = instance.caller(token)("GET", f"{MANAGEMENT}/orgs/me")
    assert (answer.status, answer.code) == (401, 16)


def test_a_personal_access_token_of_an_inactive_user(instance: Instance) -> None:
    """A real server of July 2026 adds one, and takes it for the API, but not for userinfo. One from before is dead."""
    org = instance.org()
    user = instance.machine(org)
    before = instance.caller(instance.token(org, user))
    instance.iac.made("POST", f"{MANAGEMENT}/users/{user}/_deactivate", org, {})
    added = instance.caller(instance.token(org, user))
    assert (before("GET", "/auth/v1/users/me").status, added("GET", "/auth/v1/users/me").status) == (401, 200)
    answer = added("GET", "/oidc/v1/userinfo")
    assert (answer.status, answer.body["error_description"]) == (401, "no active user")
    instance.iac.made("POST", f"{MANAGEMENT}/users/{user}/_reactivate", org, {})
    statuses = [caller("GET", "/oidc/v1/userinfo").status for caller in (before, added)]
    assert statuses == [401, 200]
