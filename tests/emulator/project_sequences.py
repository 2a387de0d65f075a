"""Random sequences that also call ProjectService (v2), and the changes of projects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.emulator.sequences import Step
from tests.emulator.wider_sequences import WiderCallSequence

_SERVICE = "/zitadel.project.v2.ProjectService/"
_LABELINGS = (
    "PRIVATE_LABELING_SETTING_UNSPECIFIED",
    "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY",
    "PRIVATE_LABELING_SETTING_ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY",
)


class ProjectCallSequence(WiderCallSequence):
    """A wider sequence that starts with projects and project grants, and in which every third call is about them."""

    def step(self) -> Step:
        """Return the next call."""
        for kind, create in (
            ("org", self._create_org),
            ("project", self._create_project),
            ("pgrant", self._create_project_grant),
        ):
            if self.counts.get(kind, 0) < 2:
                return create()
        if self.dice.random() > 0.33:
            return super().step()
        makers: list[tuple[int, Callable[[], Step]]] = [
            (1, self._create_v2),
            (3, self._change_v2),
            (2, self._flags),
            (2, self._role_v2),
            (3, self._project_grant_v2),
            (4, self._list_projects),
            (3, self._list_project_grants),
            (2, self._list_roles),
            (2, self._project_changes),
        ]
        weights, choices = zip(*makers, strict=True)
        return self.as_some_caller(self.dice.choices(choices, weights)[0]())

    def _service(self, procedure: str, body: Any, **more: Any) -> Step:
        return Step("POST", _SERVICE + procedure, self.dice.choice(["", self.some("org")]), body, **more)

    def _any_flags(self, *names: str) -> dict[str, Any]:
        flags: dict[str, Any] = {name: self.dice.random() < 0.5 for name in names if self.dice.random() < 0.5}
        if self.dice.random() < 0.4:
            flags["privateLabelingSetting"] = self.dice.choice(_LABELINGS)
        return flags

    def _flags_v2(self) -> dict[str, Any]:
        return self._any_flags("projectRoleAssertion", "authorizationRequired", "projectAccessRequired")

    def _flags(self) -> Step:
        body = {"name": self.dice.choice(["Portal", "portal", " Portal", "Shop"])}
        flags = self._any_flags("projectRoleAssertion", "projectRoleCheck", "hasProjectCheck")
        return Step("PUT", f"/management/v1/projects/{self.some('project')}", self.org(), body | flags)

    def _create_v2(self) -> Step:
        body = {"organizationId": self.some("org"), "name": self.dice.choice(["Portal", "shop"]), **self._flags_v2()}
        if self.dice.random() < 0.2:
            body["projectId"] = f"{self.nonce}-project"
        return self._service("CreateProject", body, gives=self.new("project"), field="projectId")

    def _change_v2(self) -> Step:
        body: dict[str, Any] = {"projectId": self.some("project")}
        if self.dice.random() < 0.5:
            name = {"name": self.dice.choice(["Portal", "Shop"])} if self.dice.random() < 0.5 else {}
            return self._service("UpdateProject", body | name | self._flags_v2())
        procedures = ["ActivateProject", "ActivateProject", "DeactivateProject", "DeactivateProject", "DeleteProject"]
        return self._service(self.dice.choice(procedures), body)

    def _role_v2(self) -> Step:
        body: dict[str, Any] = {"projectId": self.some("project")}
        body["roleKey"] = self.dice.choice(["viewer", "editor", "admin", "a/b"])
        procedure = self.dice.choice(["AddProjectRole", "UpdateProjectRole", "RemoveProjectRole"])
        if procedure != "RemoveProjectRole":
            body["displayName"] = self.dice.choice(["One", "Two"])
            if self.dice.random() < 0.5:
                body["group"] = self.dice.choice(["", "g"])
        return self._service(procedure, body)

    def _project_grant_v2(self) -> Step:
        body: dict[str, Any] = {"projectId": self.some("project"), "grantedOrganizationId": self.some("org")}
        names = ["Create", "Update", "Deactivate", "Activate", "Delete"]
        name = self.dice.choices(names, [4, 3, 2, 2, 1])[0]
        if name in ("Create", "Update"):
            body["roleKeys"] = self.roles()
        return self._service(f"{name}ProjectGrant", body)

    def _pagination(self) -> dict[str, Any]:
        page: dict[str, Any] = {"asc": self.dice.random() < 0.5}
        if self.dice.random() < 0.4:
            page |= {"limit": self.dice.choice([1, 2, 1001]), "offset": str(self.dice.choice([0, 0, 1, 7]))}
        return {"pagination": page}

    def _some_ids(self) -> dict[str, Any]:
        ids = [self.some("project") for _ in range(self.dice.randrange(4))]
        return {"inProjectIdsFilter": {"ids": list(dict.fromkeys(ids))}}

    def _list_projects(self) -> Step:
        kind = self.dice.choice(["OWNED", "GRANTED", "OWNED_OR_GRANTED", "TYPE_UNSPECIFIED"])
        of_org = {"organizationIdFilter": {"organizationId": self.some("org"), "type": kind}}
        filters: list[Any] = [self.dice.choice([of_org, self._some_ids()])]
        if self.dice.random() < 0.3:
            filters.append({"projectNameFilter": self._filter("projectName", "Portal")})
        if self.dice.random() < 0.1:
            return self._service("GetProject", {"projectId": self.some("project")}, read=True)
        return self._service("ListProjects", {"filters": filters, **self._pagination()}, read=True)

    def _list_project_grants(self) -> Step:
        kinds: list[dict[str, Any]] = [
            {"organizationIdFilter": {"id": self.some("org")}},
            {"grantedOrganizationIdFilter": {"id": self.some("org")}},
            self._some_ids(),
        ]
        filters = self.dice.sample(kinds, self.dice.choice([1, 1, 2]))
        if self.dice.random() < 0.2:
            filters.append({"roleKeyFilter": {"key": self.dice.choice(["viewer", "nope"])}})
        if self.dice.random() < 0.05:
            filters.append({"projectNameFilter": self._filter("projectName", "Portal")})
        return self._service("ListProjectGrants", {"filters": filters, **self._pagination()}, read=True)

    def _list_roles(self) -> Step:
        body: dict[str, Any] = {"projectId": self.some("project")}
        if self.dice.random() < 0.4:
            kinds = [
                {"roleKeyFilter": self._filter("key", "viewer")},
                {"displayNameFilter": self._filter("displayName", "One")},
            ]
            body["filters"] = [self.dice.choice(kinds)]
        granted = f"/management/v1/granted_projects/{self.some('project')}/grants/{self.some('pgrant')}/roles/_search"
        return self.dice.choice(
            [self._service("ListProjectRoles", body, read=True), Step("GET", granted, self.org(), read=True)]
        )

    def _project_changes(self) -> Step:
        path = f"/management/v1/projects/{self.some('project')}"
        if self.dice.random() < 0.4:
            path += f"/grants/{self.some('pgrant')}"
        query = self.dice.choice(
            ["", "?query.limit=2", "?query.sequence=2&query.asc=true", "?query.asc=1", "?query.limit=x"]
        )
        return Step("POST", f"{path}/changes/_search{query}", self.org(), {"query": {"limit": 1}}, read=True)
