"""Organizations, users, applications and logins, as they were before an exchange of access.jsonl was recorded.

`World` sends the calls that were made but not recorded. It knows the objects by name, such as `org.c`.
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PASSWORD = "Recorded-1-password!"
REDIRECT = "http://localhost:9/cb"
VERIFIER = "a-verifier-that-is-long-enough-for-the-proof-of-a-key"
MANAGEMENT = "/management/v1"

_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
_AUTHORIZE = {
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "code_challenge": _CHALLENGE,
    "code_challenge_method": "S256",
    "state": "s",
}
_OIDC_APP = {
    "redirectUris": [REDIRECT],
    "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
    "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"],
    "appType": "OIDC_APP_TYPE_WEB",
    "authMethodType": "OIDC_AUTH_METHOD_TYPE_NONE",
    "devMode": True,
}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Login:
    """What a login, or a service account's credentials, have given."""

    access_token: str = ""
    refresh_token: str = ""


@dataclass
class Account:
    """A person or a service account, with everything that lets it in."""

    id: str
    org: str
    name: str
    secret: str = ""
    pat: str = ""
    key_id: str = ""
    #: Logins by name: `before`, `refreshed` and `new`.
    logins: dict[str, Login] = field(default_factory=dict)


class World:
    """One server with its objects by name, and the calls that make them.

    :ivar emulator: the server: an emulator, or the `url` and `token` of another one.
    :ivar tag: makes names unique on a server that has other objects.
    """

    def __init__(self, emulator: Any, client: httpx.Client, tag: str = "") -> None:
        self.emulator = emulator
        self.client = client
        self.tag = tag
        self.ids: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}
        #: The token of each session, by its id.
        self.session_tokens: dict[str, str] = {}
        self.admin = emulator.token

    def copy(self) -> World:
        """Return a world with the same objects, to which others can be added."""
        world = World(self.emulator, self.client, self.tag)
        world.ids, world.secrets, world.accounts = dict(self.ids), dict(self.secrets), dict(self.accounts)
        world.admin = self.admin
        return world

    def call(self, method: str, path: str, body: Any = None, org: str = "", token: str = "") -> httpx.Response:
        """Send a call, as the administrator unless a token is given."""
        headers = {"authorization": f"Bearer {token or self.admin}", **({"x-zitadel-orgid": org} if org else {})}
        return self.client.request(method, path, json=body, headers=headers)

    def made(self, path: str, body: Any = None, org: str = "", method: str = "POST") -> Any:
        """Send a call that must succeed, and return its answer."""
        response = self.call(method, path, {} if body is None else body, org)
        assert response.status_code < 300, (path, response.text)
        return response.json()

    # Objects.

    def org(self, name: str, title: str) -> str:
        """Create an organization."""
        self.ids[name] = self.made(f"{MANAGEMENT}/orgs", {"name": f"{title}{self.tag}"})["id"]
        return self.ids[name]

    def project(self, name: str, org: str, roles: tuple[str, ...] = (), title: str = "ax-p", **flags: bool) -> str:
        """Create a project with roles."""
        project = self.made(f"{MANAGEMENT}/projects", {"name": title, **flags}, self.ids[org])["id"]
        self.ids[name] = project
        for role in roles:
            self.role(project, self.ids[org], role)
        return str(project)

    def role(self, project: str, org: str, role: str) -> None:
        """Add a role to a project."""
        self.made(f"{MANAGEMENT}/projects/{project}/roles", {"roleKey": role, "displayName": role}, org)

    def oidc_app(self, name: str, project: str, org: str) -> None:
        """Add an OIDC application without a secret. Its client id gets the name with `client` before it."""
        path = f"{MANAGEMENT}/projects/{self.ids[project]}/apps/oidc"
        made = self.made(path, {"name": name, **_OIDC_APP}, self.ids[org])
        self.ids |= {name: made["appId"], f"client.{name}": made["clientId"]}

    def api_app(self, name: str, project: str, org: str) -> None:
        """Add an API application with a secret."""
        made = self.made(f"{MANAGEMENT}/projects/{self.ids[project]}/apps/api", {"name": name}, self.ids[org])
        self.ids |= {name: made["appId"], f"client.{name}": made["clientId"]}
        self.secrets[name] = made["clientSecret"]

    def grant_project(self, name: str, project: str, owner: str, org: str, roles: list[str]) -> None:
        """Grant a project to an organization."""
        body = {"grantedOrgId": self.ids[org], "roleKeys": roles}
        made = self.made(f"{MANAGEMENT}/projects/{self.ids[project]}/grants", body, self.ids[owner])
        self.ids[name] = made["grantId"]

    def grant_user(self, account: str, project: str, org: str, roles: list[str], project_grant: str = "") -> None:
        """Give a user a user grant. Its name is that of the account, with `grant` before it."""
        body = {"projectId": self.ids[project], "roleKeys": roles}
        if project_grant:
            body["projectGrantId"] = self.ids[project_grant]
        path = f"{MANAGEMENT}/users/{self.accounts[account].id}/grants"
        self.ids[f"grant.{account}"] = self.made(path, body, self.ids[org])["userGrantId"]

    def human(self, name: str, org: str, username: str, given: str = "H", family: str = "M") -> Account:
        """Create a person with a password."""
        username += self.tag
        body = {
            "organization": {"orgId": self.ids[org]},
            "username": username,
            "profile": {"givenName": given, "familyName": family},
            "email": {"email": f"{username}@example.com", "isVerified": True},
            "password": {"password": PASSWORD},
        }
        return self._account(name, org, username, self.made("/v2/users/human", body)["userId"])

    def machine(self, name: str, org: str, username: str, *, title: str = "ax", more: bool = True) -> Account:
        """Create a service account with a secret, and with a key and a personal access token if wanted."""
        username += self.tag
        body = {"userName": username, "name": title, "accessTokenType": "ACCESS_TOKEN_TYPE_JWT"}
        path, org_id = f"{MANAGEMENT}/users/machine", self.ids[org]
        account = self._account(name, org, username, self.made(path, body, org_id)["userId"])
        path = f"{MANAGEMENT}/users/{account.id}"
        account.secret = self.made(f"{path}/secret", {}, org_id, "PUT")["clientSecret"]
        if more:
            account.pat = self.made(f"{path}/pats", {}, org_id)["token"]
            public = (
                _key()
                .public_key()
                .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            )
            body = {"type": "KEY_TYPE_JSON", "publicKey": base64.b64encode(public).decode()}
            account.key_id = self.made(f"{path}/keys", body, org_id)["keyId"]
        return account

    def _account(self, name: str, org: str, username: str, user_id: str) -> Account:
        self.ids[name] = user_id
        self.accounts[name] = Account(user_id, org, username)
        return self.accounts[name]

    def member(self, path: str, account: str, role: str, org: str = "") -> None:
        """Make an account a manager."""
        body = {"userId": self.accounts[account].id, "roles": [role]}
        self.made(f"{path}/members", body, self.ids.get(org, ""))

    # Logins.

    def authorize(self, query: dict[str, str]) -> httpx.Response:
        """Start a login, as a browser does that an application has sent."""
        return self.client.get("/oauth/v2/authorize", params={**_AUTHORIZE, **query})

    def session(self, account: str) -> str:
        """Check the password of a person, and return the id of the session."""
        body = {"checks": {"user": {"userId": self.accounts[account].id}, "password": {"password": PASSWORD}}}
        made = self.call("POST", "/v2/sessions", body, token=self.accounts["login"].pat).json()
        self.session_tokens[made["sessionId"]] = made["sessionToken"]
        return str(made["sessionId"])

    def code(self, account: str, client: str, scope: str, session: str = "") -> str:
        """Log a person in, and return the code."""
        location = self.authorize({"client_id": self.ids[client], "scope": scope}).headers["location"]
        session = session or self.session(account)
        body = {"session": {"sessionId": session, "sessionToken": self.session_tokens[session]}}
        path = f"/v2/oidc/auth_requests/{location.partition('authRequest=')[2]}"
        return code_of(self.call("POST", path, body, token=self.accounts["login"].pat).json()["callbackUrl"])

    def exchange(self, client: str, code: str) -> httpx.Response:
        """Exchange a code for tokens."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.client.post("/oauth/v2/token", data={**form, "client_id": self.ids[client]})

    def log_in(self, account: str, client: str, scope: str, session: str = "") -> Login:
        """Log a person in, and return the tokens."""
        made = self.exchange(client, self.code(account, client, scope, session)).json()
        return Login(made["access_token"], made.get("refresh_token", ""))

    def refresh(self, account: str, client_id: str, scope: str) -> httpx.Response:
        """Use the refresh token of a person, and keep the new tokens."""
        login = self.accounts[account].logins["refreshed"]
        form = {"grant_type": "refresh_token", "refresh_token": login.refresh_token, "client_id": client_id}
        response = self.client.post("/oauth/v2/token", data={**form, "scope": scope})
        if response.status_code == 200:
            made = response.json()
            self.accounts[account].logins["refreshed"] = Login(made["access_token"], made["refresh_token"])
        return response

    def credentials(self, account: str, scope: str) -> httpx.Response:
        """Get a token for a service account by its secret, and keep it."""
        who = self.accounts[account]
        form = {"grant_type": "client_credentials", "scope": scope}
        response = self.client.post("/oauth/v2/token", data=form, auth=(who.name, who.secret))
        if response.status_code == 200:
            who.logins["new"] = Login(response.json()["access_token"])
        return response

    def assertion(self, account: str) -> str:
        """Return an assertion of a service account, signed with its key."""
        who, now = self.accounts[account], int(time.time())
        claims = {"iss": who.id, "sub": who.id, "aud": self.emulator.url, "iat": now, "exp": now + 600}
        return jwt.encode(claims, _key(), "RS256", {"kid": who.key_id})


def code_of(url: str) -> str:
    """Return the code of a callback's address."""
    return parse_qs(urlsplit(url).query)["code"][0]


def base_world(emulator: Any, client: httpx.Client, tag: str = "") -> World:
    """Return the objects that all scenarios share: the administrator, the login, and another project with an API application."""
    world = World(emulator, client, tag)
    me = world.call("GET", "/auth/v1/users/me").json()["user"]
    world.ids["org.default"] = me["details"]["resourceOwner"]
    world.machine("admin", "org.default", "ax-admin", title="ax-admin")
    world.member("/admin/v1", "admin", "IAM_OWNER")
    world.admin = world.accounts["admin"].pat
    world.machine("login", "org.default", "ax-login", title="ax-login")
    world.member("/admin/v1", "login", "IAM_LOGIN_CLIENT")
    world.org("org.base", "ax base")
    world.project("q", "org.base", title="ax-other")
    world.api_app("app.q", "q", "org.base")
    world.oidc_app("app.managers", "q", "org.base")
    return world
