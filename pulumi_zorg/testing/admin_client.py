"""A client for changes outside Pulumi, such as an administrator makes in ZITADEL's console.

It shares no code with the client that the resources use, so that a wrong assumption cannot be in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

__all__ = ["AdminClient"]

_PROJECT_FLAGS = ("projectRoleAssertion", "projectRoleCheck", "hasProjectCheck", "privateLabelingSetting")


class AdminClient:
    """Reads and changes an instance of ZITADEL.

    :param url: the address of the instance.
    :param token: the personal access token to use.
    :raises httpx.HTTPStatusError: from every method, if the server answers with an error.
    """

    def __init__(self, url: str, token: str) -> None:
        loopback = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=not loopback,  # do not use a proxy of the environment for loopback
        )

    def __enter__(self) -> AdminClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def call(self, method: str, path: str, body: Any = None, org: str | None = None) -> Any:
        """Send any call, and return its answer as JSON."""
        if body is None and method in ("POST", "PUT"):
            body = {}
        response = self._http.request(method, path, json=body, headers={"x-zitadel-orgid": org} if org else {})
        response.raise_for_status()
        return response.json()

    # Organizations.

    def create_organization(self, name: str) -> str:
        """Create an organization, and return its id."""
        return str(self.call("POST", "/management/v1/orgs", {"name": name})["id"])

    def organization(self, org_id: str) -> dict[str, Any]:
        """Return an organization as the server shows it."""
        found: dict[str, Any] = self.call("GET", "/management/v1/orgs/me", org=org_id)["org"]
        return found

    def organizations(self) -> dict[str, dict[str, Any]]:
        """Return all organizations by id, without removed ones."""
        body = {"query": {"limit": 1000, "asc": True}}
        listed = self.call("POST", "/admin/v1/orgs/_search", body).get("result", [])
        return {each["id"]: each for each in listed}

    def rename_organization(self, org_id: str, name: str) -> None:
        """Rename an organization."""
        self.call("PUT", "/management/v1/orgs/me", {"name": name}, org=org_id)

    def deactivate_organization(self, org_id: str) -> None:
        """Deactivate an organization."""
        self.call("POST", "/management/v1/orgs/me/_deactivate", org=org_id)

    def reactivate_organization(self, org_id: str) -> None:
        """Reactivate an organization."""
        self.call("POST", "/management/v1/orgs/me/_reactivate", org=org_id)

    def remove_organization(self, org_id: str) -> None:
        """Remove an organization with everything in it."""
        self.call("DELETE", f"/admin/v1/orgs/{org_id}")

    def make_login_names_end_with_domain(self, org_id: str) -> None:
        """Give an organization domain settings of its own, with ``userLoginMustBeDomain``."""
        self.call("POST", f"/admin/v1/orgs/{org_id}/policies/domain", {"userLoginMustBeDomain": True})

    # Projects and their roles.

    def create_project(self, org_id: str, name: str, roles: Sequence[str] = ()) -> str:
        """Create a project with roles, and return its id."""
        project_id = str(self.call("POST", "/management/v1/projects", {"name": name}, org=org_id)["id"])
        if roles:
            body = {"roles": [{"key": role, "displayName": role} for role in roles]}
            self.call("POST", f"/management/v1/projects/{project_id}/roles/_bulk", body, org=org_id)
        return project_id

    def project(self, org_id: str, project_id: str) -> dict[str, Any]:
        """Return a project as the server shows it. A flag that is not set is left out."""
        found: dict[str, Any] = self.call("GET", f"/management/v1/projects/{project_id}", org=org_id)["project"]
        return found

    def projects(self, org_id: str) -> dict[str, dict[str, Any]]:
        """Return all projects of an organization by id."""
        body = {"query": {"limit": 1000, "asc": True}}
        listed = self.call("POST", "/management/v1/projects/_search", body, org=org_id).get("result", [])
        return {each["id"]: each for each in listed}

    def rename_project(self, org_id: str, project_id: str, name: str) -> None:
        """Rename a project, and keep its flags."""
        self._change_project(org_id, project_id, name=name)

    def set_project_flags(self, org_id: str, project_id: str, **flags: bool | str) -> None:
        """Set flags of a project, and keep its name and its other flags.

        :param flags: by the names of the v1 API: ``projectRoleAssertion``, ``projectRoleCheck``, ``hasProjectCheck``, and
            ``privateLabelingSetting`` with the name of an enum value.
        """
        self._change_project(org_id, project_id, **flags)

    def _change_project(self, org_id: str, project_id: str, **changes: bool | str) -> None:
        # The server resets every flag that a change leaves out.
        found = self.project(org_id, project_id)
        kept = {name: found[name] for name in ("name", *_PROJECT_FLAGS) if name in found}
        self.call("PUT", f"/management/v1/projects/{project_id}", kept | changes, org=org_id)

    def deactivate_project(self, org_id: str, project_id: str) -> None:
        """Deactivate a project."""
        self.call("POST", f"/management/v1/projects/{project_id}/_deactivate", org=org_id)

    def reactivate_project(self, org_id: str, project_id: str) -> None:
        """Reactivate a project."""
        self.call("POST", f"/management/v1/projects/{project_id}/_reactivate", org=org_id)

    def remove_project(self, org_id: str, project_id: str) -> None:
        """Remove a project, with its roles, its project grants and all user grants of them."""
        self.call("DELETE", f"/management/v1/projects/{project_id}", org=org_id)

    def project_roles(self, org_id: str, project_id: str) -> dict[str, dict[str, Any]]:
        """Return all roles of a project by key, each with ``displayName`` and, if it has one, ``group``."""
        body = {"query": {"limit": 1000, "asc": True}}
        path = f"/management/v1/projects/{project_id}/roles/_search"
        return {each["key"]: each for each in self.call("POST", path, body, org=org_id).get("result", [])}

    def add_project_role(self, org_id: str, project_id: str, key: str, display_name: str = "", group: str = "") -> None:
        """Add a role to a project. Without a display name it is the key."""
        body = {"roleKey": key, "displayName": display_name or key, "group": group}
        self.call("POST", f"/management/v1/projects/{project_id}/roles", body, org=org_id)

    def change_project_role(self, org_id: str, project_id: str, key: str, display_name: str, group: str = "") -> None:
        """Set the display name and the group of a role."""
        body = {"displayName": display_name, "group": group}
        self.call("PUT", f"/management/v1/projects/{project_id}/roles/{quote(key, safe='')}", body, org=org_id)

    def remove_project_role(self, org_id: str, project_id: str, key: str) -> None:
        """Remove a role from a project, and so from its project grants and from all user grants of the project."""
        self.call("DELETE", f"/management/v1/projects/{project_id}/roles/{quote(key, safe='')}", org=org_id)

    # Project grants.

    def grant_project(self, org_id: str, project_id: str, granted_org_id: str, roles: Sequence[str]) -> str:
        """Grant a project to another organization, and return the id of the project grant."""
        body = {"grantedOrgId": granted_org_id, "roleKeys": list(roles)}
        return str(self.call("POST", f"/management/v1/projects/{project_id}/grants", body, org=org_id)["grantId"])

    def project_grant(self, org_id: str, project_id: str, project_grant_id: str) -> dict[str, Any]:
        """Return a project grant as the server shows it. Without any role, it has no ``grantedRoleKeys``."""
        path = f"/management/v1/projects/{project_id}/grants/{project_grant_id}"
        found: dict[str, Any] = self.call("GET", path, org=org_id)["projectGrant"]
        return found

    def project_grants(self, org_id: str) -> dict[str, dict[str, Any]]:
        """Return all grants of the projects of an organization by id."""
        body = {"query": {"limit": 1000, "asc": True}}
        listed = self.call("POST", "/management/v1/projectgrants/_search", body, org=org_id).get("result", [])
        return {each["grantId"]: each for each in listed}

    def set_project_grant_roles(
        self, org_id: str, project_id: str, project_grant_id: str, roles: Sequence[str]
    ) -> None:
        """Replace the roles of a project grant. User grants on it lose the roles that are left out."""
        path = f"/management/v1/projects/{project_id}/grants/{project_grant_id}"
        self.call("PUT", path, {"roleKeys": list(roles)}, org=org_id)

    def deactivate_project_grant(self, org_id: str, project_id: str, project_grant_id: str) -> None:
        """Deactivate a project grant."""
        self.call("POST", f"/management/v1/projects/{project_id}/grants/{project_grant_id}/_deactivate", org=org_id)

    def reactivate_project_grant(self, org_id: str, project_id: str, project_grant_id: str) -> None:
        """Reactivate a project grant."""
        self.call("POST", f"/management/v1/projects/{project_id}/grants/{project_grant_id}/_reactivate", org=org_id)

    def remove_project_grant(self, org_id: str, project_id: str, project_grant_id: str) -> None:
        """Remove a project grant and all user grants on it."""
        self.call("DELETE", f"/management/v1/projects/{project_id}/grants/{project_grant_id}", org=org_id)

    # Users and members.

    def create_user(self, org_id: str, user_name: str) -> str:
        """Create a service account, and return its id."""
        body = {"userName": user_name, "name": user_name}
        return str(self.call("POST", "/management/v1/users/machine", body, org=org_id)["userId"])

    def create_human(self, org_id: str, user_name: str, **more: Any) -> str:
        """Create an active person, and return the id.

        :param more: what the call sends besides, like ``phone``, or in place of the default, like ``profile``.
        """
        body = {
            "organization": {"orgId": org_id},
            "username": user_name,
            "profile": {"givenName": "Ann", "familyName": "Berg"},
            "email": {"email": f"{user_name}@example.com", "isVerified": True},
        }
        return str(self.call("POST", "/v2/users/human", {**body, **more})["userId"])

    def user(self, org_id: str, user_id: str) -> dict[str, Any]:
        """Return a user as a read by its id shows it."""
        found: dict[str, Any] = self.call("GET", f"/management/v1/users/{user_id}", org=org_id)["user"]
        return found

    def users(self, org_id: str) -> dict[str, dict[str, Any]]:
        """Return the users of an organization, by id."""
        listed = self.call("POST", "/management/v1/users/_search", {"query": {"limit": 1000}}, org=org_id)
        return {each["id"]: each for each in listed.get("result", [])}

    def change_user_state(self, org_id: str, user_id: str, verb: str) -> None:
        """Change the state of a user: ``deactivate``, ``reactivate``, ``lock`` or ``unlock``."""
        self.call("POST", f"/management/v1/users/{user_id}/_{verb}", org=org_id)

    def remove_user(self, org_id: str, user_id: str) -> None:
        """Remove a user and all its grants."""
        self.call("DELETE", f"/management/v1/users/{user_id}", org=org_id)

    def create_token(self, org_id: str, user_id: str) -> str:
        """Create a personal access token of a service account, and return its text."""
        body = {"expirationDate": "2099-01-01T00:00:00Z"}
        return str(self.call("POST", f"/management/v1/users/{user_id}/pats", body, org=org_id)["token"])

    def add_member(self, org_id: str, user_id: str, *roles: str) -> None:
        """Make a user a member of an organization, with roles such as ``ORG_OWNER``."""
        self.call("POST", "/management/v1/orgs/me/members", {"userId": user_id, "roles": roles}, org=org_id)

    def add_instance_member(self, user_id: str, *roles: str) -> None:
        """Make a user a member of the instance, with roles such as ``IAM_OWNER_VIEWER``."""
        self.call("POST", "/admin/v1/members", {"userId": user_id, "roles": roles})

    # User grants.

    def create_grant(
        self, org_id: str, user_id: str, project_id: str, roles: Sequence[str], project_grant_id: str = ""
    ) -> str:
        """Give a user roles in a project, and return the id of the user grant."""
        body = {"projectId": project_id, "roleKeys": list(roles), "projectGrantId": project_grant_id}
        return str(self.call("POST", f"/management/v1/users/{user_id}/grants", body, org=org_id)["userGrantId"])

    def grant(self, org_id: str, user_id: str, grant_id: str) -> dict[str, Any]:
        """Return a user grant as the server shows it."""
        found: dict[str, Any] = self.call("GET", f"/management/v1/users/{user_id}/grants/{grant_id}", org=org_id)[
            "userGrant"
        ]
        return found

    def grants(self, org_id: str) -> dict[str, dict[str, Any]]:
        """Return all user grants of an organization by id."""
        body = {"query": {"limit": 1000, "asc": True}}
        listed = self.call("POST", "/management/v1/users/grants/_search", body, org=org_id).get("result", [])
        return {each["id"]: each for each in listed}

    def set_roles(self, org_id: str, user_id: str, grant_id: str, roles: Sequence[str]) -> None:
        """Replace the roles of a user grant."""
        self.call("PUT", f"/management/v1/users/{user_id}/grants/{grant_id}", {"roleKeys": list(roles)}, org=org_id)

    def deactivate_grant(self, org_id: str, user_id: str, grant_id: str) -> None:
        """Deactivate a user grant."""
        self.call("POST", f"/management/v1/users/{user_id}/grants/{grant_id}/_deactivate", org=org_id)

    def reactivate_grant(self, org_id: str, user_id: str, grant_id: str) -> None:
        """Reactivate a user grant."""
        self.call("POST", f"/management/v1/users/{user_id}/grants/{grant_id}/_reactivate", org=org_id)

    def remove_grant(self, org_id: str, user_id: str, grant_id: str) -> None:
        """Remove a user grant."""
        self.call("DELETE", f"/management/v1/users/{user_id}/grants/{grant_id}", org=org_id)
