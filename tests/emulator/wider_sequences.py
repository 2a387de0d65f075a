"""More kinds of calls for the comparison: limited callers, credentials, filters of lists and events, wrong bodies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from tests.emulator.sequences import CallSequence, Step

_TEXT_METHODS = (
    "EQUALS",
    "EQUALS_IGNORE_CASE",
    "STARTS_WITH",
    "STARTS_WITH_IGNORE_CASE",
    "CONTAINS",
    "CONTAINS_IGNORE_CASE",
    "ENDS_WITH",
    "ENDS_WITH_IGNORE_CASE",
)
_EVENT_TYPES = (
    "org.added",
    "org.deactivated",
    "org.changed",
    "user.grant.added",
    "user.grant.cascade.removed",
    "user.grant.removed",
    "project.role.added",
    "user.deactivated",
    "nonsense",
)
_ORG_SERVICE = "/zitadel.org.v2.OrganizationService"
_AUTHORIZATIONS = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"
_MANAGEMENT = "/management/v1"


class WiderCallSequence(CallSequence):
    """A sequence with other callers than the administrator."""

    def step(self) -> Step:
        """Return the next call."""
        roll = self.dice.random()
        if roll < 0.55:
            step = super().step()
        elif roll < 0.58:
            step = self._wrong_body()
        else:
            makers: list[tuple[int, Callable[[], Step]]] = [
                (3, self._hire),
                (2, self._promote),
                (3, self._human),
                (3, self._credential),
                (2, self._user_v2),
                (3, self._org_elsewhere),
                (3, self._grant_lists),
                (2, self._authorization_lists),
                (3, self._user_lists),
                (2, self._other_lists),
                (3, self._member_lists),
                (3, self._event_filters),
                (1, self._bulk),
                (2, self._me),
                (2, self._project_grant_member),
            ]
            weights, choices = zip(*makers, strict=True)
            step = self.dice.choices(choices, weights)[0]()
        return self.as_some_caller(step)

    def as_some_caller(self, step: Step) -> Step:
        """Return the call, sometimes by another caller than the administrator."""
        hired = self.counts.get("token", 0)
        if hired and not step.caller and not step.gives.startswith("token") and self.dice.random() < 0.3:
            step = dataclasses.replace(step, caller=f"{{token{self.dice.randrange(hired)}}}")
        return step

    def _match(self, field: str, text: str) -> dict[str, str]:
        method = self.dice.choice(_TEXT_METHODS)
        changed = self.dice.choice([text, text.lower(), text[: len(text) // 2], text[len(text) // 2 :], text.upper()])
        return {field: changed, "method": f"TEXT_QUERY_METHOD_{method}"}

    def _username(self) -> str:
        return f"{self.nonce}-{self.dice.randrange(6)}".lower()

    def _hire(self) -> Step:
        path = f"{_MANAGEMENT}/users/{self.some('user')}/pats"
        return Step("POST", path, self.org(), {}, self.new("token"), "token")

    def _promote(self) -> Step:
        """Give a caller with a token a role."""
        role = self.dice.choice(
            ["ORG_OWNER", "ORG_OWNER_VIEWER", "ORG_USER_MANAGER", "ORG_USER_PERMISSION_EDITOR", "ORG_PROJECT_CREATOR"]
        )
        user = {"userId": self.some("user")}
        project = f"{_MANAGEMENT}/projects/{self.some('project')}/members"
        project_role = self.dice.choice(["PROJECT_OWNER", "PROJECT_OWNER_VIEWER"])
        instance_role = self.dice.choice(["IAM_OWNER_VIEWER", "IAM_ORG_MANAGER", "IAM_USER_MANAGER"])
        return self.dice.choice(
            [
                Step("POST", f"{_MANAGEMENT}/orgs/me/members", self.org(), user | {"roles": [role]}),
                Step("POST", f"{_MANAGEMENT}/orgs/me/members", self.org(), user | {"roles": [role]}),
                Step("POST", project, self.org(), user | {"roles": [project_role]}),
                Step("POST", "/admin/v1/members", "", user | {"roles": [instance_role]}, any_sequence=True),
            ]
        )

    def _human(self) -> Step:
        name = self._username()
        body: dict[str, Any] = {
            "userName": name,
            "profile": {"firstName": "Ann", "lastName": "B"},
            "email": {"email": f"{name}@example.com", "isEmailVerified": self.dice.random() < 0.7},
        }
        password = self.dice.choice(["", "Password1!", "weak"])
        if self.dice.random() < 0.5:
            body |= {"initialPassword": password} if password else {}
            return Step("POST", f"{_MANAGEMENT}/users/human", self.org(), body, self.new("user"), "userId")
        if password:
            body |= {"password": password, "passwordChangeRequired": self.dice.random() < 0.3}
        return Step("POST", f"{_MANAGEMENT}/users/human/_import", self.org(), body, self.new("user"), "userId")

    def _credential(self) -> Step:
        org, path = self.org(), f"{_MANAGEMENT}/users/{self.some('user')}"
        return self.dice.choice(
            [
                Step("PUT", f"{path}/secret", org, {}),
                Step("DELETE", f"{path}/secret", org),
                Step("POST", f"{path}/keys", org, {"type": "KEY_TYPE_JSON"}, self.new("key"), "keyId"),
                Step("POST", f"{path}/keys", org, {}),
                Step("GET", f"{path}/keys/{self.some('key')}", org, read=True),
                Step("POST", f"{path}/keys/_search", org, {}, read=True),
                Step("DELETE", f"{path}/keys/{self.some('key')}", org),
                Step("POST", f"{path}/pats/_search", org, {}, read=True),
            ]
        )

    def _user_v2(self) -> Step:
        body: dict[str, Any] = {"organizationId": self.some("org"), "username": self._username()}
        if self.dice.random() < 0.5:
            body["machine"] = {"name": "Machine", "description": "of v2"}
        else:
            body["human"] = {
                "profile": {"givenName": "Zoe", "familyName": "C", "nickName": "Z"},
                "email": {"email": f"{self._username()}@example.com"},
            }
            if self.dice.random() < 0.7:
                body["human"]["email"]["isVerified"] = True
        return Step("POST", "/v2/users/new", "", body, self.new("user"), "id")

    def _org_elsewhere(self) -> Step:
        org = self.some("org")
        by_id = {"organizationId": org}
        beta = f"/v2beta/organizations/{org}"
        return self.dice.choice(
            [
                Step("POST", f"{_ORG_SERVICE}/UpdateOrganization", "", by_id | {"name": self.name()}),
                Step("POST", f"{_ORG_SERVICE}/DeactivateOrganization", "", by_id),
                Step("POST", f"{_ORG_SERVICE}/ActivateOrganization", "", by_id),
                Step(
                    "POST", f"{_ORG_SERVICE}/ListOrganizations", "", {"queries": [{"idQuery": {"id": org}}]}, read=True
                ),
                Step("POST", beta, "", {"name": self.name()}),
                Step("POST", f"{beta}/deactivate", "", {}),
                Step("POST", f"{beta}/activate", "", {}),
                Step("GET", f"/admin/v1/orgs/_is_unique?name={self.name().replace(' ', '%20')}", read=True),
                Step("GET", f"{_MANAGEMENT}/global/orgs/_by_domain?domain={self.nonce.lower()}-a.localhost", read=True),
            ]
        )

    def _grant_lists(self) -> Step:
        kinds: list[dict[str, Any]] = [
            {"projectIdQuery": {"projectId": self.some("project")}},
            {"userIdQuery": {"userId": self.some("user")}},
            {"projectGrantIdQuery": {"projectGrantId": self.some("pgrant")}},
            {"withGrantedQuery": {"withGranted": self.dice.random() < 0.5}},
            {"roleKeyQuery": self._match("roleKey", "viewer")},
            {"userNameQuery": self._match("userName", self._username())},
            {"firstNameQuery": self._match("firstName", "Ann")},
            {"lastNameQuery": self._match("lastName", "B")},
            {"emailQuery": self._match("email", f"{self._username()}@example.com")},
            {"orgNameQuery": self._match("orgName", self.name())},
            {"orgDomainQuery": self._match("orgDomain", f"{self.nonce.lower()}-a.localhost")},
            {"projectNameQuery": self._match("projectName", "Portal")},
            {"displayNameQuery": self._match("displayName", "Ann B")},
            {"userTypeQuery": {"type": self.dice.choice(["TYPE_HUMAN", "TYPE_MACHINE"])}},
            {"inUserIdsQuery": {"inUserIds": [self.some("user"), self.some("user")]}},
        ]
        queries = self.dice.sample(kinds, self.dice.choice([1, 1, 2]))
        return Step("POST", f"{_MANAGEMENT}/users/grants/_search", self.org(), {"queries": queries}, read=True)

    def _filter(self, field: str, text: str) -> dict[str, str]:
        found = self._match(field, text)
        return found | {"method": found["method"].replace("TEXT_QUERY", "TEXT_FILTER")}

    def _authorization_lists(self) -> Step:
        kinds: list[dict[str, Any]] = [
            {"state": {"state": self.dice.choice(["STATE_ACTIVE", "STATE_INACTIVE"])}},
            {"inUserIds": {"ids": [self.some("user")]}},
            {"userOrganizationId": {"id": self.some("org")}},
            {"userPreferredLoginName": self._filter("loginName", self._username())},
            {"userDisplayName": self._filter("displayName", "Ann B")},
            {"projectId": {"id": self.some("project")}},
            {"projectName": self._filter("name", "Portal")},
            {"roleKey": self._filter("key", "viewer")},
            {"projectGrantId": {"id": self.some("pgrant")}},
        ]
        # One filter limits the answer to the objects of this sequence.
        mine = self.dice.choice(
            [
                {"organizationId": {"id": self.some("org")}},
                {"authorizationIds": {"ids": list(dict.fromkeys([self.some("grant"), self.some("grant")]))}},
            ]
        )
        return Step("POST", _AUTHORIZATIONS, "", {"filters": [mine, self.dice.choice(kinds)]}, read=True)

    def _user_lists(self) -> Step:
        kinds: list[dict[str, Any]] = [
            {"userNameQuery": self._match("userName", self._username())},
            {"firstNameQuery": self._match("firstName", "Ann")},
            {"lastNameQuery": self._match("lastName", "B")},
            {"nickNameQuery": self._match("nickName", "Z")},
            {"displayNameQuery": self._match("displayName", "Ann B")},
            {"emailQuery": self._match("emailAddress", f"{self._username()}@example.com")},
            {"stateQuery": {"state": f"USER_STATE_{self.dice.choice(['ACTIVE', 'INACTIVE', 'LOCKED', 'INITIAL'])}"}},
            {"typeQuery": {"type": self.dice.choice(["TYPE_HUMAN", "TYPE_MACHINE"])}},
            {"loginNameQuery": self._match("loginName", self._username())},
            {"inUserIdsQuery": {"userIds": [self.some("user"), self.some("user")]}},
            {"inUserEmailsQuery": {"userEmails": [f"{self._username()}@example.com"]}},
        ]
        one, other = self.dice.sample(kinds, 2)
        queries = self.dice.choice(
            [[one], [one, other], [{"orQuery": {"queries": [one, other]}}], [{"notQuery": {"query": one}}]]
        )
        path = f"{_MANAGEMENT}/users/_search"
        if self.dice.random() < 0.5:
            mine = {"organizationIdQuery": {"organizationId": self.some("org")}}
            if "stateQuery" in one or "stateQuery" in other:
                queries = []
            return Step("POST", "/v2/users", "", {"queries": [mine, *queries]}, read=True)
        if self.dice.random() < 0.3:
            body = {
                "sortingColumn": "USER_FIELD_NAME_USER_NAME",
                "query": {"limit": 3, "asc": self.dice.random() < 0.5},
            }
            return Step("POST", path, self.org(), body, read=True, ordered=True)
        return Step("POST", path, self.org(), {"queries": queries}, read=True)

    def _other_lists(self) -> Step:
        org, project = self.org(), f"{_MANAGEMENT}/projects/{self.some('project')}"
        mine = {"nameQuery": {"name": self.nonce, "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}
        by_name = {
            "queries": [mine],
            "sortingColumn": "ORG_FIELD_NAME_NAME",
            "query": {"limit": self.dice.choice([2, 100]), "offset": str(self.dice.randrange(3)), "asc": True},
        }
        by_name_v2 = by_name | {"sortingColumn": "ORGANIZATION_FIELD_NAME_NAME"}
        name_query = {"nameQuery": self._match("name", "Portal")}
        domain = {"domainQuery": self._match("domain", f"{self.nonce.lower()}-b.localhost")}
        project_queries = self.dice.choice(
            [[name_query], [{"projectResourceOwnerQuery": {"resourceOwner": self.some("org")}}]]
        )
        role_queries = self.dice.choice(
            [[{"keyQuery": self._match("key", "viewer")}], [{"displayNameQuery": self._match("displayName", "Viewer")}]]
        )
        grant_queries = self.dice.choice(
            [
                [{"projectNameQuery": self._match("name", "Portal")}],
                [{"roleKeyQuery": self._match("roleKey", "viewer")}],
                [{"projectIdQuery": {"projectId": self.some("project")}}],
                [{"grantedOrgIdQuery": {"grantedOrgId": self.some("org")}}],
            ]
        )
        return self.dice.choice(
            [
                Step("POST", "/admin/v1/orgs/_search", "", by_name, read=True, ordered=True),
                Step("POST", "/v2/organizations/_search", "", by_name_v2, read=True, ordered=True),
                Step("POST", "/admin/v1/orgs/_search", "", {"queries": [mine, domain]}, read=True),
                Step("POST", "/v2/organizations/_search", "", {"queries": [mine, domain]}, read=True),
                Step("POST", f"{_MANAGEMENT}/projects/_search", org, {"queries": project_queries}, read=True),
                Step("POST", f"{_MANAGEMENT}/granted_projects/_search", org, {"queries": project_queries}, read=True),
                Step("POST", f"{project}/roles/_search", org, {"queries": role_queries}, read=True),
                Step("POST", f"{_MANAGEMENT}/projectgrants/_search", org, {"queries": grant_queries}, read=True),
            ]
        )

    def _member_lists(self) -> Step:
        org = self.org()
        queries = self.dice.choice(
            [
                [],
                [{"firstNameQuery": self._match("firstName", "Ann")}],
                [{"emailQuery": self._match("email", f"{self._username()}@example.com")}],
                [{"userIdQuery": {"userId": self.some("user")}}],
            ]
        )
        kinds: list[list[dict[str, Any]]] = [
            [],
            [{"orgQuery": {"orgId": self.some("org")}}],
            [{"projectQuery": {"projectId": self.some("project")}}],
            [{"projectGrantQuery": {"projectGrantId": self.some("pgrant")}}],
        ]
        body = {"queries": queries}
        of_user = f"{_MANAGEMENT}/users/{self.some('user')}/memberships/_search"
        memberships = {"queries": self.dice.choice(kinds)}
        project = f"{_MANAGEMENT}/projects/{self.some('project')}"
        granted = f"{project}/grants/{self.some('pgrant')}/members/_search"
        return self.dice.choice(
            [
                Step("POST", f"{_MANAGEMENT}/orgs/me/members/_search", org, body, read=True),
                Step("POST", f"{project}/members/_search", org, body, read=True),
                Step("POST", granted, org, body, read=True),
                Step("POST", of_user, org, memberships, read=True, any_sequence=True),
            ]
        )

    def _event_filters(self) -> Step:
        body: dict[str, Any] = {"asc": self.dice.random() < 0.5, "limit": self.dice.choice([1, 3, 50])}
        body[self.dice.choice(["aggregateId", "resourceOwner"])] = self.some("org")
        if self.dice.random() < 0.4:
            body["eventTypes"] = [self.dice.choice(_EVENT_TYPES), self.dice.choice(_EVENT_TYPES)]
        if self.dice.random() < 0.4:
            body["aggregateTypes"] = [self.dice.choice(["org", "user", "project", "usergrant"])]
        if self.dice.random() < 0.2:
            body["editorUserId"] = self.some("user")
        if self.dice.random() < 0.2:
            body["sequence"] = str(self.dice.randrange(4))
        if self.dice.random() < 0.1:
            body["from"] = "2020-01-01T00:00:00Z"
        elif self.dice.random() < 0.1:
            body["range"] = {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}
        if self.dice.random() < 0.2:
            return Step(
                "POST",
                f"{_MANAGEMENT}/users/{self.some('user')}/changes/_search",
                self.org(),
                {"query": {"limit": 5, "asc": True}},
                read=True,
            )
        return Step("POST", "/admin/v1/events/_search", "", body, read=True)

    def _bulk(self) -> Step:
        org = self.org()
        grants = [self.some("grant") for _ in range(self.dice.randrange(3))]
        keys = {"keys": [self.dice.choice(["mark", "other"])]}
        return self.dice.choice(
            [
                Step("DELETE", f"{_MANAGEMENT}/user_grants/_bulk", org, {"grantId": grants}),
                Step("DELETE", f"{_MANAGEMENT}/users/{self.some('user')}/metadata/_bulk", org, keys),
            ]
        )

    def _me(self) -> Step:
        """Return a read of a caller about itself. The administrator is left out: it has objects of other sequences."""
        token = self.some("token")
        return self.dice.choice(
            [
                Step("GET", "/auth/v1/users/me", self.org(), read=True, caller=token),
                Step("POST", "/auth/v1/permissions/zitadel/me/_search", self.org(), {}, read=True, caller=token),
                Step("POST", "/auth/v1/memberships/me/_search", "", {}, read=True, any_sequence=True, caller=token),
                Step("GET", f"{_MANAGEMENT}/users/_is_unique?userName={self._username()}", self.org(), read=True),
                Step(
                    "GET",
                    f"{_MANAGEMENT}/global/users/_by_login_name?loginName={self._username()}",
                    self.org(),
                    read=True,
                ),
            ]
        )

    def _project_grant_member(self) -> Step:
        project, user = self.some("project"), self.some("user")
        path = f"{_MANAGEMENT}/projects/{project}/grants/{self.some('pgrant')}/members"
        role = self.dice.choice(["PROJECT_GRANT_OWNER", "PROJECT_GRANT_OWNER_VIEWER", "PROJECT_OWNER"])
        own = f"{_MANAGEMENT}/projects/{project}/members/{user}"
        return self.dice.choice(
            [
                Step("POST", path, self.org(), {"userId": user, "roles": [role]}),
                Step("PUT", f"{path}/{user}", self.org(), {"roles": [role]}),
                Step("DELETE", f"{path}/{user}", self.org()),
                Step("PUT", own, self.org(), {"roles": [self.dice.choice(["PROJECT_OWNER", "PROJECT_OWNER_VIEWER"])]}),
            ]
        )

    def _wrong_body(self) -> Step:
        """Return a call with a wrong body."""
        step = super().step()
        # Without its filter, the answer would contain objects of other sequences.
        whole_instance = step.path.startswith(("/admin/v1/", "/v2/organizations/_", _AUTHORIZATIONS)) and step.read
        if step.method not in ("POST", "PUT") or whole_instance:
            return step
        wrong: list[Any] = [f"{self.nonce}-text", 7, None, True, [1], {"unknown": 1}, {"a": {}}, "x" * 201, ""]
        body: Any
        if isinstance(step.body, dict) and step.body and self.dice.random() < 0.7:
            body = step.body | {self.dice.choice(list(step.body)): self.dice.choice(wrong)}
        else:
            body = self.dice.choice([[], "text", {"unknown": 1}, {}, 3])
        return dataclasses.replace(step, body=body, any_sequence=True)
