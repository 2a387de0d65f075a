"""Random sequences of calls, for the comparison of two servers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One call. Handles such as `{org0}` stand for ids, which differ between servers."""

    method: str
    path: str
    org: str = ""
    body: Any = None
    #: The handle for the id in the answer, and the field with the id.
    gives: str = ""
    field: str = ""
    #: Whether it is a read. Reads are repeated until the answers agree.
    read: bool = False
    #: Whether the sequence is not compared. It is that of the last cascade, in no defined order.
    any_sequence: bool = False
    #: Whether the order of the list is compared.
    ordered: bool = False
    #: The handle of the caller's token. The default is the administrator.
    caller: str = ""

    def __str__(self) -> str:
        org = f" [{self.org}]" if self.org else ""
        body = f" {json.dumps(self.body)}" if self.body is not None else ""
        caller = f" by {self.caller}" if self.caller else ""
        return f"{self.method} {self.path}{org}{body}{caller}"


@dataclass
class CallSequence:
    """Generates calls on objects that exist, were removed, or never existed."""

    dice: random.Random
    nonce: str
    counts: dict[str, int] = field(default_factory=dict)

    def new(self, kind: str) -> str:
        """Return the handle of an object that is about to be created."""
        number = self.counts.get(kind, 0)
        self.counts[kind] = number + 1
        return f"{kind}{number}"

    def some(self, kind: str) -> str:
        """Return a handle of a kind, rarely one of an object that never existed."""
        known = self.counts.get(kind, 0)
        if not known or self.dice.random() < 0.03:
            return "{never}"
        # Newer objects are chosen more often, so that more calls are about the same object.
        return f"{{{kind}{max(self.dice.randrange(known), self.dice.randrange(known))}}}"

    def org(self) -> str:
        """Return a header. There is always one, because the default organization has other objects too."""
        return self.some("org")

    def name(self) -> str:
        """Return a name that can be in use already."""
        return f"{self.nonce} {self.dice.choice('ABCDEF')}{self.dice.choice(['', ' ', '-x', ' Ü'])}"

    def roles(self) -> list[str]:
        """Return role keys, some of them unknown."""
        keys = ["viewer", "editor", "admin", *(["nope"] if self.dice.random() < 0.1 else [])]
        return [self.dice.choice(keys) for _ in range(self.dice.randrange(3))]

    def step(self) -> Step:
        """Return the next call."""
        early = self.counts.get("grant", 0) < 1
        makers: list[tuple[int, Callable[[], Step]]] = [
            (6 if early else 2, self._create_org),
            (4 if early else 2, self._create_project),
            (4 if early else 2, self._add_role),
            (4 if early else 2, self._create_user),
            (6 if early else 4, self._create_grant),
            (2, self._create_project_grant),
            (9, self._change_org),
            (9, self._change_grant),
            (3, self._change_user),
            (4, self._change_project),
            (3, self._change_project_grant),
            (2, self._remove_big),
            (12, self._read),
            (6, self._search),
            (5, self._events),
            (4, self._authorization),
            (3, self._member),
            (2, self._metadata),
        ]
        weights, choices = zip(*makers, strict=True)
        return self.dice.choices(choices, weights)[0]()

    def _create_org(self) -> Step:
        if self.dice.random() < 0.3:
            body: Any = {"name": self.name()}
            if self.dice.random() < 0.3:
                body["organizationId"] = f"{self.nonce}-own-{self.dice.randrange(2)}"
            return Step("POST", "/v2/organizations", body=body, gives=self.new("org"), field="organizationId")
        return Step("POST", "/management/v1/orgs", body={"name": self.name()}, gives=self.new("org"), field="id")

    def _create_project(self) -> Step:
        body = {"name": self.dice.choice(["Portal", "Shop"]), "projectRoleAssertion": self.dice.random() < 0.3}
        return Step("POST", "/management/v1/projects", self.org(), body, self.new("project"), "id")

    def _add_role(self) -> Step:
        path = f"/management/v1/projects/{self.some('project')}/roles"
        roles = [{"key": key, "displayName": key.title()} for key in ("viewer", "editor", "admin")]
        if self.dice.random() < 0.6:
            return Step("POST", f"{path}/_bulk", self.org(), {"roles": roles})
        return Step("POST", path, self.org(), {"roleKey": self.dice.choice(["viewer", "admin"]), "displayName": "V"})

    def _create_user(self) -> Step:
        name = f"{self.nonce}-{self.dice.randrange(6)}".lower()
        if self.dice.random() < 0.5:
            body: Any = {"userName": name, "name": "Machine"}
            return Step("POST", "/management/v1/users/machine", self.org(), body, self.new("user"), "userId")
        human = {"givenName": "Ann", "familyName": "B"}
        email = {"email": f"{name}@example.com", "isVerified": self.dice.random() < 0.8}
        body = {"organization": {"orgId": self.some("org")}, "username": name, "profile": human, "email": email}
        return Step("POST", "/v2/users/human", "", body, self.new("user"), "userId")

    def _create_grant(self) -> Step:
        body: Any = {"projectId": self.some("project"), "roleKeys": self.roles()}
        if self.dice.random() < 0.2:
            body["projectGrantId"] = self.some("pgrant")
        path = f"/management/v1/users/{self.some('user')}/grants"
        return Step("POST", path, self.org(), body, self.new("grant"), "userGrantId")

    def _create_project_grant(self) -> Step:
        body = {"grantedOrgId": self.some("org"), "roleKeys": self.roles()}
        path = f"/management/v1/projects/{self.some('project')}/grants"
        return Step("POST", path, self.org(), body, self.new("pgrant"), "grantId")

    def _change_org(self) -> Step:
        org = self.some("org")
        me = "/management/v1/orgs/me"
        return self.dice.choice(
            [
                Step("PUT", me, org, {"name": self.name()}),
                Step("POST", f"{me}/_deactivate", org, {}),
                Step("POST", f"{me}/_reactivate", org, {}),
                Step("POST", f"{me}/_deactivate", org, {}),
                Step("POST", f"{me}/_reactivate", org, {}),
                Step("POST", f"/v2/organizations/{org}/deactivate", body={}),
                Step("POST", f"/v2/organizations/{org}/activate", body={}),
                Step("POST", f"/v2/organizations/{org}", body={"name": self.name()}),
            ]
        )

    def _change_grant(self) -> Step:
        org, path = self.org(), f"/management/v1/users/{self.some('user')}/grants/{self.some('grant')}"
        return self.dice.choice(
            [
                Step("PUT", path, org, {"roleKeys": self.roles()}),
                Step("POST", f"{path}/_deactivate", org, {}),
                Step("POST", f"{path}/_reactivate", org, {}),
                Step("DELETE", path, org),
            ]
        )

    def _change_user(self) -> Step:
        org, path = self.org(), f"/management/v1/users/{self.some('user')}"
        v2 = f"/v2/users/{self.some('user')}"
        return self.dice.choice(
            [
                *(
                    Step("POST", f"{path}/{verb}", org, {})
                    for verb in ("_deactivate", "_reactivate", "_lock", "_unlock")
                ),
                *(Step("POST", f"{v2}/{verb}", body={}) for verb in ("deactivate", "reactivate", "lock", "unlock")),
                Step("PUT", f"{path}/username", org, {"userName": f"{self.nonce}-{self.dice.randrange(6)}".lower()}),
            ]
        )

    def _change_project(self) -> Step:
        org, path = self.org(), f"/management/v1/projects/{self.some('project')}"
        return self.dice.choice(
            [
                Step("POST", f"{path}/_deactivate", org, {}),
                Step("POST", f"{path}/_reactivate", org, {}),
                Step("PUT", path, org, {"name": self.dice.choice(["Portal", "Shop", "New"])}),
                Step("PUT", f"{path}/roles/viewer", org, {"displayName": self.dice.choice(["V", "W"])}),
                Step(
                    "DELETE", f"{path}/roles/{self.dice.choice(['viewer', 'editor', 'admin'])}", org, any_sequence=True
                ),
            ]
        )

    def _change_project_grant(self) -> Step:
        org, path = self.org(), f"/management/v1/projects/{self.some('project')}/grants/{self.some('pgrant')}"
        return self.dice.choice(
            [
                Step("PUT", path, org, {"roleKeys": self.roles()}, any_sequence=True),
                Step("POST", f"{path}/_deactivate", org, {}),
                Step("POST", f"{path}/_reactivate", org, {}),
                Step("DELETE", path, org, any_sequence=True),
            ]
        )

    def _remove_big(self) -> Step:
        org = self.some("org")
        return self.dice.choice(
            [
                Step("DELETE", f"/admin/v1/orgs/{org}"),
                Step("DELETE", "/management/v1/orgs/me", org)
                if org != "{never}"
                else Step("DELETE", "/admin/v1/orgs/1"),
                Step("DELETE", f"/v2/organizations/{org}"),
                Step("DELETE", f"/management/v1/users/{self.some('user')}", self.org(), any_sequence=True),
                Step("DELETE", f"/v2/users/{self.some('user')}", any_sequence=True),
                Step("DELETE", f"/management/v1/projects/{self.some('project')}", self.org(), any_sequence=True),
            ]
        )

    def _read(self) -> Step:
        org, user, project = self.org(), self.some("user"), self.some("project")
        paths = [
            ("/management/v1/orgs/me", org),
            (f"/admin/v1/orgs/{self.some('org')}", ""),
            (f"/management/v1/users/{user}/grants/{self.some('grant')}", org),
            (f"/management/v1/users/{user}/grants/{self.some('grant')}", org),
            (f"/management/v1/users/{user}", org),
            (f"/v2/users/{user}", ""),
            (f"/management/v1/projects/{project}", org),
            (f"/management/v1/projects/{project}/grants/{self.some('pgrant')}", org),
            (f"/management/v1/users/{user}/metadata/mark", org),
        ]
        path, header = self.dice.choice(paths)
        return Step("GET", path, header, read=True)

    def _search(self) -> Step:
        org, method = self.org(), self.dice.choice(["EQUALS", "CONTAINS", "STARTS_WITH_IGNORE_CASE", "ENDS_WITH"])
        text = {"EQUALS": f"{self.nonce} A", "ENDS_WITH": "A"}.get(method, self.nonce)
        named = {"name": text, "method": f"TEXT_QUERY_METHOD_{method}"}
        mine = {"name": self.nonce, "method": "TEXT_QUERY_METHOD_STARTS_WITH"}
        grants = self.dice.choice(
            [
                [],
                [{"projectIdQuery": {"projectId": self.some("project")}}],
                [{"userIdQuery": {"userId": self.some("user")}}],
                [{"roleKeyQuery": {"roleKey": "viewer"}}],
                [{"withGrantedQuery": {}}],
                [{"orgNameQuery": named | {"orgName": text}}],
                [{"userTypeQuery": {"type": "TYPE_HUMAN"}}],
                [{"firstNameQuery": {"firstName": "Ann"}}],
            ]
        )
        for query in grants:
            query.get("orgNameQuery", {}).pop("name", None)
        state = self.dice.choice(["ACTIVE", "INACTIVE", "UNSPECIFIED"])
        project = f"/management/v1/projects/{self.some('project')}"
        return self.dice.choice(
            [
                Step(
                    "POST",
                    "/admin/v1/orgs/_search",
                    "",
                    {"queries": [{"nameQuery": mine}, {"nameQuery": named}]},
                    read=True,
                ),
                Step(
                    "POST",
                    "/admin/v1/orgs/_search",
                    "",
                    {"queries": [{"nameQuery": mine}, {"stateQuery": {"state": f"ORG_STATE_{state}"}}]},
                    read=True,
                ),
                Step(
                    "POST",
                    "/v2/organizations/_search",
                    "",
                    {"queries": [{"idQuery": {"id": self.some("org")}}]},
                    read=True,
                ),
                Step("POST", "/v2/organizations/_search", "", {"queries": [{"nameQuery": mine}]}, read=True),
                Step("POST", "/management/v1/users/grants/_search", org, {"queries": grants}, read=True),
                Step("POST", "/management/v1/users/grants/_search", org, {}, read=True),
                Step("POST", "/management/v1/users/_search", org, {}, read=True),
                Step("POST", "/management/v1/projects/_search", org, {}, read=True),
                Step("POST", f"{project}/roles/_search", org, {}, read=True),
                Step("POST", f"{project}/grants/_search", org, {}, read=True),
                Step("POST", "/management/v1/projectgrants/_search", org, {}, read=True),
                Step("POST", "/management/v1/granted_projects/_search", org, {}, read=True),
                Step("POST", "/management/v1/orgs/me/members/_search", org, {}, read=True),
                Step(
                    "POST",
                    f"/management/v1/users/{self.some('user')}/memberships/_search",
                    org,
                    {},
                    read=True,
                    any_sequence=True,
                ),
                Step("POST", "/management/v1/orgs/me/changes/_search", org, {"query": {"limit": 5}}, read=True),
            ]
        )

    def _events(self) -> Step:
        kinds = ["org", "user", "project", "grant", "grant"]
        body: Any = {"aggregateId": self.some(self.dice.choice(kinds)), "asc": self.dice.random() < 0.7}
        if self.dice.random() < 0.3:
            body = {"resourceOwner": self.some("org"), "aggregateTypes": ["usergrant", "org"], "limit": 20, "asc": True}
        return Step("POST", "/admin/v1/events/_search", "", body, read=True)

    def _authorization(self) -> Step:
        service = "/zitadel.authorization.v2.AuthorizationService"
        grant = {"id": self.some("grant")}
        create = {
            "userId": self.some("user"),
            "projectId": self.some("project"),
            "organizationId": self.some("org"),
            "roleKeys": list(dict.fromkeys(self.roles())),
        }
        several = list(dict.fromkeys([self.some("grant"), self.some("grant")]))
        by_ids = {"filters": [{"authorizationIds": {"ids": several}}]}
        return self.dice.choice(
            [
                Step("POST", f"{service}/CreateAuthorization", "", create, self.new("grant"), "id"),
                Step("POST", f"{service}/DeactivateAuthorization", "", grant),
                Step("POST", f"{service}/ActivateAuthorization", "", grant),
                Step("POST", f"{service}/DeleteAuthorization", "", grant),
                Step("POST", f"{service}/UpdateAuthorization", "", grant | {"roleKeys": create["roleKeys"]}),
                Step("POST", f"{service}/ListAuthorizations", "", by_ids, read=True),
                Step(
                    "POST",
                    f"{service}/ListAuthorizations",
                    "",
                    {"filters": [{"organizationId": {"id": self.some("org")}}]},
                    read=True,
                ),
            ]
        )

    def _member(self) -> Step:
        org, user = self.org(), self.some("user")
        role = self.dice.choice(["ORG_OWNER", "ORG_OWNER_VIEWER", "IAM_OWNER", "NOPE"])
        members = "/management/v1/orgs/me/members"
        project = f"/management/v1/projects/{self.some('project')}/members"
        return self.dice.choice(
            [
                Step("POST", members, org, {"userId": user, "roles": [role]}),
                Step("PUT", f"{members}/{user}", org, {"roles": [role]}),
                Step("DELETE", f"{members}/{user}", org),
                Step("POST", project, org, {"userId": user, "roles": ["PROJECT_OWNER"]}),
                Step("DELETE", f"{project}/{user}", org),
                # Each instance has its own history, so the sequences differ.
                Step(
                    "POST", "/admin/v1/members", "", {"userId": user, "roles": ["IAM_OWNER_VIEWER"]}, any_sequence=True
                ),
                Step("DELETE", f"/admin/v1/members/{user}", any_sequence=True),
            ]
        )

    def _metadata(self) -> Step:
        org, path = self.org(), f"/management/v1/users/{self.some('user')}/metadata"
        value = self.dice.choice(["b25l", "dHdv"])
        return self.dice.choice(
            [
                Step("POST", f"{path}/mark", org, {"value": value}),
                Step("POST", f"{path}/_bulk", org, {"metadata": [{"key": "mark", "value": value}]}),
                Step("DELETE", f"{path}/mark", org),
                Step("POST", f"{path}/_search", org, {}, read=True),
            ]
        )
