"""What somebody changes outside Pulumi, in ZITADEL's console, on objects of each resource type."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tests.stateful.engine import Resource
from tests.stateful.kinds import KINDS
from tests.stateful.laws import Laws

__all__ = ["CHANGES", "ConsoleChanges"]

_NUMBERS = itertools.count()
_ALL = frozenset(KINDS)
#: What somebody changes outside Pulumi, and of which kinds.
CHANGES: dict[str, frozenset[str]] = {
    "rename": frozenset({"org", "project", "machine", "human"}),
    "lock": frozenset({"machine", "human"}),
    "unlock": frozenset({"machine", "human"}),
    "profile": frozenset({"machine", "human"}),
    "flag": frozenset({"project"}),
    "roles": _ALL - {"org", "machine", "human"},
    "deactivate": _ALL - {"manager"},
    "reactivate": _ALL - {"manager"},
    "remove": _ALL,
    "phantom": frozenset({"grant"}),
    "hand on": frozenset({"project", "project_grant"}),
}


class ConsoleChanges(Laws):
    """The changes."""

    def change_in_console(self, resource: Resource, what: str) -> None:
        """Make a change that is one of :data:`CHANGES` for the kind."""
        getattr(self, f"_change_{resource.kind}")(resource, what)

    def _new_name(self) -> str:
        return f"By hand {next(_NUMBERS)} {self.tag}"

    def _change_org(self, resource: Resource, what: str) -> None:
        if what == "rename":
            self.admin.rename_organization(resource.id, self._new_name())
        else:
            getattr(self.admin, f"{what}_organization")(resource.id)

    def _change_machine(self, resource: Resource, what: str) -> None:
        body = {"name": "Bot", "description": f"By hand {next(_NUMBERS)}"}
        self._change_user(resource, what, "PUT", f"/management/v1/users/{resource.id}/machine", body)

    def _change_human(self, resource: Resource, what: str) -> None:
        names = {"givenName": "Ann", "familyName": f"By hand {next(_NUMBERS)}", "nickName": f"n{next(_NUMBERS)}"}
        self._change_user(resource, what, "PUT", f"/v2/users/human/{resource.id}", {"profile": names})

    def _change_user(self, resource: Resource, what: str, *profile: Any) -> None:
        prefix = resource.outputs["user_name"][:4]
        if what == "rename":
            name = {"userName": f"{prefix}{self._new_name()}"}
            self.admin.call("PUT", f"/management/v1/users/{resource.id}/username", name, org=self.home)
        elif what == "profile":
            self.admin.call(*profile, org=self.home)
        elif what == "remove":
            self.admin.remove_user(self.home, resource.id)
        else:
            self.admin.change_user_state(self.home, resource.id, what)

    def _change_project(self, resource: Resource, what: str) -> None:
        project = self.home, resource.id
        if what == "rename":
            self.admin.rename_project(*project, self._new_name())
        elif what == "flag":
            now = self.kinds["project"].truth(resource.id)["has_project_check"]
            self.admin.set_project_flags(*project, hasProjectCheck=not now)
        elif what == "hand on":
            self._hand_on_project(resource.id)
        elif what == "roles":
            has = self.admin.project_roles(*project)
            if "viewer" in has:
                self.admin.remove_project_role(*project, "viewer")
            else:
                self.admin.add_project_role(*project, "viewer")
            for key in sorted(has.keys() - {"viewer"}):
                self.admin.change_project_role(*project, key, "By hand", "hands")
        else:
            getattr(self.admin, f"{what}_project")(*project)

    def _change_project_grant(self, resource: Resource, what: str) -> None:
        grant = self.home, self.project, resource.id
        if what == "hand on":
            found = self.admin.project_grant(*grant)
            self._hand_on(found["grantedOrgId"], self.project, resource.id, found.get("grantedRoleKeys", []))
        elif what == "roles":
            has = self.kinds["project_grant"].truth(resource.id)["role_keys"]
            self.admin.set_project_grant_roles(*grant, [] if has else ["admin"])
        else:
            getattr(self.admin, f"{what}_project_grant")(*grant)

    def _change_grant(self, resource: Resource, what: str) -> None:
        grant = self.home, resource.outputs["user_id"], resource.id
        if what == "roles":
            self.admin.set_roles(*grant, [] if self.admin.grant(*grant).get("roleKeys") else ["admin"])
        elif what == "phantom":
            self.admin.call("POST", "/debug/phantoms", {"ids": [resource.id]})
        else:
            getattr(self.admin, f"{what}_grant")(*grant)

    def _change_manager(self, resource: Resource, what: str) -> None:
        members, user_id = "/management/v1/orgs/me/members", resource.outputs["user_id"]
        if what == "remove":
            self.admin.call("DELETE", f"{members}/{user_id}", org=self.home)
        else:
            has = self.kinds["manager"].truth(resource.id)["roles"]
            other = "ORG_SETTINGS_MANAGER" if has == ["ORG_OWNER_VIEWER"] else "ORG_OWNER_VIEWER"
            self.admin.call("PUT", f"{members}/{user_id}", {"roles": [other]}, org=self.home)

    def _hand_on_project(self, project_id: str) -> None:
        """The project is granted to a partner, which gives its roles to a user. The removal of a role misses that."""
        roles = sorted(self.admin.project_roles(self.home, project_id))
        granted = {
            each["grantedOrgId"]
            for each in self.admin.project_grants(self.home).values()
            if each["projectId"] == project_id
        }
        partner = next((each for each in self.partners if each not in granted), None)
        if partner is None or not roles:
            return
        project_grant = self.admin.grant_project(self.home, project_id, partner, roles)
        self._hand_on(partner, project_id, project_grant, roles)
        self.missed.add(project_grant)
        self.admin.call("POST", "/debug/missed-by-cascades", {"ids": sorted(self.missed)})

    def _hand_on(self, partner: str, project_id: str, project_grant: str, roles: Sequence[str]) -> None:
        """The partner gives the roles to a user of its own."""
        user = self.admin.create_user(partner, f"p{next(_NUMBERS)}{self.tag}")
        self.admin.create_grant(partner, user, project_id, roles, project_grant)
