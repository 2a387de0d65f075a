"""Helpers of the tests of the emulator: calls, and objects to create."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from pulumi_zorg.emulator import Emulator

SERVICE = "/zitadel.authorization.v2.AuthorizationService"
MANAGEMENT = "/management/v1"


@dataclass
class Answer:
    """An answer: status and body."""

    status: int
    body: Any

    @property
    def code(self) -> Any:
        """The gRPC code of an error."""
        return self.body.get("code")

    @property
    def error_id(self) -> str:
        """The id at the end of an error's message, or of a Connect error's details."""
        message: str = self.body.get("message", "")
        return message[message.rfind("(") + 1 : -1] if message.endswith(")") else ""

    @property
    def sequence(self) -> int:
        """The sequence of the aggregate after a command."""
        return int(self.body["details"]["sequence"])


@dataclass
class Caller:
    """Sends calls with a token."""

    client: httpx.Client
    token: str

    def __call__(self, method: str, path: str, org: str = "", body: Any = None) -> Answer:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        if org:
            headers["x-zitadel-orgid"] = org
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = body if isinstance(body, str) else json.dumps(body)
        response = self.client.request(method, path, content=content, headers=headers)
        is_json = response.headers.get("content-type", "").startswith(("application/json", "application/scim+json"))
        return Answer(response.status_code, response.json() if is_json else response.text)

    def made(self, method: str, path: str, org: str = "", body: Any = None) -> Any:
        """Send a call that must succeed, and return the body."""
        answer = self(method, path, org, body)
        assert answer.status == 200, (method, path, answer)
        return answer.body


@dataclass
class Grant:
    """A user grant, with its organization and its user."""

    org: str
    user: str
    id: str

    @property
    def path(self) -> str:
        """The path in the v1 API."""
        return f"{MANAGEMENT}/users/{self.user}/grants/{self.id}"


class Instance:
    """An emulator, and calls as its administrator (`iac`)."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client = httpx.Client(base_url=emulator.url, timeout=30)
        self.iac = Caller(self.client, emulator.token)
        self._count = 0

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def caller(self, token: str) -> Caller:
        """Return a caller with another token."""
        return Caller(self.client, token)

    def name(self, kind: str) -> str:
        """Return a unique name."""
        self._count += 1
        return f"{kind} {self._count}"

    def org(self) -> str:
        """Create an organization, and return its id."""
        return str(self.iac.made("POST", f"{MANAGEMENT}/orgs", body={"name": self.name("Org")})["id"])

    def project(self, org: str, *roles: str) -> str:
        """Create a project with roles, and return its id."""
        project = str(self.iac.made("POST", f"{MANAGEMENT}/projects", org, {"name": self.name("Project")})["id"])
        for role in roles:
            self.iac.made("POST", f"{MANAGEMENT}/projects/{project}/roles", org, {"roleKey": role, "displayName": role})
        return project

    def machine(self, org: str) -> str:
        """Create a service account, and return its id."""
        body = {"userName": self.name("machine").replace(" ", "-"), "name": "Machine", "accessTokenType": 0}
        return str(self.iac.made("POST", f"{MANAGEMENT}/users/machine", org, body)["userId"])

    def token(self, org: str, user: str) -> str:
        """Create a personal access token of a service account, and return its text."""
        return str(self.iac.made("POST", f"{MANAGEMENT}/users/{user}/pats", org, {})["token"])

    def grant(self, org: str, user: str, project: str, *roles: str, **more: str) -> Grant:
        """Create a user grant."""
        body = {"projectId": project, "roleKeys": list(roles), **more}
        made = self.iac.made("POST", f"{MANAGEMENT}/users/{user}/grants", org, body)
        return Grant(org, user, str(made["userGrantId"]))

    def events(self, aggregate: str) -> list[str]:
        """Return the types of the events of an aggregate, oldest first."""
        body = {"aggregateId": aggregate, "asc": True}
        found = self.iac.made("POST", "/admin/v1/events/_search", body=body).get("events", [])
        return [event["type"]["type"] for event in found]
