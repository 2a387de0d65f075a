"""What the laws need to know of each resource type: its identity, what exists, and how an object really is.

It is read past the provider, with a client that shares no code with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

if TYPE_CHECKING:
    from tests.stateful.engine import Resource
    from tests.stateful.laws import Laws

__all__ = ["KINDS", "Kind"]


class Kind:
    """One resource type."""

    #: The properties that are unique; a name is unique among all objects of an example.
    unique_by: ClassVar[str] = "name"
    #: Whether another identity replaces the object instead of changing it.
    replaced: ClassVar[bool] = False

    def __init__(self, laws: Laws) -> None:
        self.laws, self.admin = laws, laws.admin

    @classmethod
    def key(cls, properties: Mapping[str, Any]) -> Any:
        """The identity."""
        return properties.get(cls.unique_by)

    def live(self) -> set[str]:
        """The ids of the objects of the example that exist, whoever made them."""
        raise NotImplementedError

    def truth(self, id: str) -> dict[str, Any]:
        """The properties that a program declares, as they are."""
        raise NotImplementedError

    def shown_as_active(self, id: str) -> bool | None:
        """What a read by its id shows of the flag, which roles in tokens follow; None where it does not show the object."""
        found: bool = self.truth(id)["active"]
        return found

    def is_gone(self, resource: Resource) -> bool:
        """Whether the object was removed, directly or with another one."""
        raise NotImplementedError

    def kept(self, resource: Resource, lost: frozenset[str]) -> list[str]:
        """Who still has one of these roles of the object, or through it."""
        return []

    def events(self, **query: Any) -> list[dict[str, Any]]:
        """Events, oldest first."""
        body = {"asc": True, "limit": 1000, **query}
        found: list[dict[str, Any]] = self.admin.call("POST", "/admin/v1/events/_search", body).get("events", [])
        return found


class OrganizationKind(Kind):
    """Organizations, by their names."""

    def live(self) -> set[str]:
        found = self.admin.organizations()
        return {each for each in found if self.laws.tag in found[each]["name"]} - self.laws.furniture

    def truth(self, id: str) -> dict[str, Any]:
        found = self.admin.organization(id)
        return {"name": found["name"], "active": found.get("state") == "ORG_STATE_ACTIVE"}

    def is_gone(self, resource: Resource) -> bool:
        return bool(self.events(aggregateId=resource.id, eventTypes=["org.removed"]))


class ProjectKind(Kind):
    """Projects of the home, by their names."""

    def live(self) -> set[str]:
        return set(self.admin.projects(self.laws.home)) - {self.laws.project}

    def truth(self, id: str) -> dict[str, Any]:
        found, roles = (read(self.laws.home, id) for read in (self.admin.project, self.admin.project_roles))
        return {
            "name": found["name"],
            "active": found["state"] == "PROJECT_STATE_ACTIVE",
            "has_project_check": found.get("hasProjectCheck", False),
            "roles": {
                key: {"display_name": role["displayName"], "group": role.get("group", "")}
                for key, role in roles.items()
            },
        }

    def is_gone(self, resource: Resource) -> bool:
        return bool(self.events(aggregateId=resource.id, eventTypes=["project.removed"]))

    def kept(self, resource: Resource, lost: frozenset[str]) -> list[str]:
        granted = [
            f"project grant {each}"
            for each, found in self.admin.project_grants(self.laws.home).items()
            if found["projectId"] == resource.id and lost & set(found.get("grantedRoleKeys", []))
        ]
        return granted + _users_with(self, lost, projectId=resource.id)


class ProjectGrantKind(Kind):
    """Grants of the home's project, by the organization that it is granted to."""

    unique_by = "granted_org_id"
    replaced = True

    def live(self) -> set[str]:
        found = self.admin.project_grants(self.laws.home)
        return {each for each, granted in found.items() if granted["projectId"] == self.laws.project}

    def truth(self, id: str) -> dict[str, Any]:
        found = self.admin.project_grant(self.laws.home, self.laws.project, id)
        active = found["state"] == "PROJECT_GRANT_STATE_ACTIVE"
        return {"role_keys": sorted(found.get("grantedRoleKeys", [])), "active": active}

    def kept(self, resource: Resource, lost: frozenset[str]) -> list[str]:
        return _users_with(self, lost, projectGrantId=resource.id)

    def is_gone(self, resource: Resource) -> bool:
        if resource.outputs["granted_org_id"] in self.laws.removed:
            return True  # without an event of its own
        events = self.events(aggregateId=self.laws.project, eventTypes=["project.grant.removed"])
        return any(each["payload"]["grantId"] == resource.id for each in events)


def _users_with(kind: Kind, lost: frozenset[str], **of: str) -> list[str]:
    """The user grants of these objects that have one of the roles, in all organizations of the example."""
    return [
        f"user grant {each}"
        for org_id in (kind.laws.home, *kind.laws.partners)
        for each, found in kind.admin.grants(org_id).items()
        if all(found.get(name) == value for name, value in of.items()) and lost & set(found.get("roleKeys", []))
    ]


class UserGrantKind(Kind):
    """User grants in the home, by their users. Reads do not show phantoms, so events have the truth."""

    unique_by = "user_id"
    replaced = True

    def live(self) -> set[str]:
        live: set[str] = set()
        for event in self.events(resourceOwner=self.laws.home, aggregateTypes=["usergrant"]):
            kind, grant_id = event["type"]["type"], event["aggregate"]["id"]
            if kind == "user.grant.added" and event["payload"]["userId"] not in self.laws.removed:
                live.add(grant_id)
            elif kind.endswith("removed"):
                live.discard(grant_id)
        return live

    def truth(self, id: str) -> dict[str, Any]:
        roles: list[str] = []
        active = True
        for event in self.events(aggregateId=id):
            kind = event["type"]["type"]
            if kind in ("user.grant.added", "user.grant.changed", "user.grant.cascade.changed"):
                roles = event.get("payload", {}).get("roleKeys") or []
            elif kind.endswith("deactivated"):
                active = False
            elif kind.endswith("reactivated"):
                active = True
        return {"role_keys": sorted(roles), "active": active}

    def shown_as_active(self, id: str) -> bool | None:
        try:
            # The server does not look at the user in the path.
            return bool(self.admin.grant(self.laws.home, "-", id)["state"] == "USER_GRANT_STATE_ACTIVE")
        except httpx.HTTPStatusError:
            return None

    def is_gone(self, resource: Resource) -> bool:
        if resource.outputs.get("user_id") in self.laws.removed:
            return True  # a phantom goes with its user without an event of its own
        kinds = ["user.grant.removed", "user.grant.cascade.removed"]
        return bool(self.events(aggregateId=resource.id, eventTypes=kinds))


class UserKind(Kind):
    """Users of one type in the home, by their user names."""

    unique_by = "user_name"
    #: What user names begin with.
    prefix: ClassVar[str]

    def live(self) -> set[str]:
        found = self.admin.users(self.laws.home)
        return {each for each in found if found[each]["userName"].lower().startswith(self.prefix)}

    def truth(self, id: str) -> dict[str, Any]:
        found = self.admin.user(self.laws.home, id)
        flags = {"USER_STATE_ACTIVE": True, "USER_STATE_INACTIVE": False}
        # A locked one has no access, whatever the program declares, and stays locked.
        flag = {"active": flags[found["state"]]} if found["state"] in flags else {}
        return {"user_name": found["userName"], **flag, **self.profile(found)}

    def profile(self, found: dict[str, Any]) -> dict[str, Any]:
        """What else a program declares."""
        raise NotImplementedError

    def shown_as_active(self, id: str) -> bool | None:
        return self.truth(id).get("active")

    def is_gone(self, resource: Resource) -> bool:
        return bool(self.events(aggregateId=resource.id, eventTypes=["user.removed"]))

    def locked(self) -> set[str]:
        """The ids of those that are locked."""
        found = self.admin.users(self.laws.home)
        return {each for each in self.live() if found[each]["state"] == "USER_STATE_LOCKED"}


class MachineUserKind(UserKind):
    """Service accounts."""

    prefix = "bot "

    def profile(self, found: dict[str, Any]) -> dict[str, Any]:
        return {"name": found["machine"]["name"], "description": found["machine"].get("description", "")}


class HumanUserKind(UserKind):
    """People."""

    prefix = "ann "

    def profile(self, found: dict[str, Any]) -> dict[str, Any]:
        profile, email = found["human"]["profile"], found["human"]["email"]["email"]
        names = {"family_name": profile["lastName"], "nick_name": profile.get("nickName", "")}
        return {"given_name": profile["firstName"], **names, "email": email}


class ManagerKind(Kind):
    """Managers of the home, by their users, without the one who created it. They have no state."""

    unique_by = "user_id"
    replaced = True

    def _members(self) -> dict[str, list[str]]:
        found = self.admin.call("POST", "/management/v1/orgs/me/members/_search", {}, org=self.laws.home)["result"]
        return {f"organization:{self.laws.home}:{each['userId']}": sorted(each["roles"]) for each in found}

    def live(self) -> set[str]:
        return {each for each in self._members() if not each.endswith(f":{self.laws.own_user}")}

    def truth(self, id: str) -> dict[str, Any]:
        found = self._members()
        assert id in found, f"manager {id} does not exist"
        return {"roles": found[id]}

    def shown_as_active(self, id: str) -> bool | None:
        return None

    def is_gone(self, resource: Resource) -> bool:
        return resource.id not in self.live()


KINDS: dict[str, type[Kind]] = {
    "org": OrganizationKind,
    "machine": MachineUserKind,
    "human": HumanUserKind,
    "project": ProjectKind,
    "project_grant": ProjectGrantKind,
    "grant": UserGrantKind,
    "manager": ManagerKind,
}
