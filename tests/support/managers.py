"""Managers of each level, past the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi_zorg.testing import AdminClient
from tests.support.servers import Server

__all__ = ["LEVELS", "Place", "place"]

#: The level, and two roles of it.
LEVELS = {
    "instance": ("IAM_OWNER_VIEWER", "IAM_USER_MANAGER"),
    "organization": ("ORG_OWNER_VIEWER", "ORG_USER_MANAGER"),
    "project": ("PROJECT_OWNER", "PROJECT_OWNER_VIEWER"),
    "project_grant": ("PROJECT_GRANT_OWNER", "PROJECT_GRANT_OWNER_VIEWER"),
}


@dataclass
class Place:
    """What managers of one level administer.

    :param args: the arguments that name it.
    :param path: the path of its members.
    :param prefix: what the id of a manager begins with.
    :param admin: another caller than the server's.
    """

    server: Server
    args: dict[str, str]
    path: str
    prefix: str
    admin: AdminClient | None = None

    @property
    def org(self) -> str | None:
        """The organization of the header."""
        return self.args.get("org_id")

    def id(self, user_id: str) -> str:
        """The id of a manager."""
        return f"{self.prefix}:{user_id}"

    def call(self, method: str, end: str = "", body: Any = None) -> Any:
        """Make a call about its members."""
        return (self.admin or self.server.admin).call(method, f"{self.path}{end}", body, org=self.org)

    def add(self, user_id: str, *roles: str) -> str:
        """Make a user a manager."""
        self.call("POST", body={"userId": user_id, "roles": roles})
        return self.id(user_id)

    def change(self, user_id: str, *roles: str) -> None:
        """Set the roles of a manager."""
        self.call("PUT", f"/{user_id}", {"roles": roles})

    def remove(self, user_id: str) -> None:
        """Remove a manager."""
        self.call("DELETE", f"/{user_id}")

    def roles(self) -> dict[str, list[str]]:
        """The roles of each manager, by user."""
        found = self.call("POST", "/_search", {}).get("result", [])
        return {each["userId"]: sorted(each.get("roles", [])) for each in found}


def place(server: Server, level: str) -> Place:
    """Return something of a level."""
    home, project = server.home, server.project
    if level == "instance":
        return Place(server, {}, "/admin/v1/members", "instance")
    if level == "organization":
        return Place(server, {"org_id": home}, "/management/v1/orgs/me/members", f"organization:{home}")
    args = {"org_id": home, "project_id": project}
    path = f"/management/v1/projects/{project}"
    if level == "project":
        return Place(server, args, f"{path}/members", f"project:{home}:{project}")
    granted = server.admin.create_organization(server.name("Granted"))
    grant = server.admin.grant_project(home, project, granted, ["viewer"])
    prefix = f"project_grant:{home}:{project}:{grant}"
    return Place(server, {**args, "project_grant_id": grant}, f"{path}/grants/{grant}/members", prefix)
