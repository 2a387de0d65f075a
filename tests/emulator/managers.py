"""What happened on the recorded servers outside metadata.jsonl and members.jsonl, and who made each call.

The server answered metadata.jsonl first, and members.jsonl a second later. The account of the recording was called `bench-admin`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.replay import Replay

#: The files of this session.
FILES = ("metadata", "members")

_PROJECT_GRANT_LISTS = {
    "v1 project grant: list, another organization's header",
    "v1 project grant: list all, limit 2",
}

#: server -> lists without a sorting column in which its database had the rows in an order of its own: where space was free.
#: Their items are compared in any order. Those of a page are looked up in the whole list.
UNSORTED = {
    "2026-07": frozenset(
        {
            "v1 organization: list",
            "v1 organization: list, limit 2",
            "v1 organization: list by key",
            "v1 organization: as ORG_OWNER: list",
            "v1 organization: as IAM_OWNER_VIEWER: list",
            "v2 organization: list",
            "v1 organization: list all, limit 2",
            "v1 project: list all, limit 2",
            "its members, v2, admins: two, one with roles",
            *_PROJECT_GRANT_LISTS,
        }
    ),
    "2025-12": frozenset(_PROJECT_GRANT_LISTS),
}

_MANAGEMENT = "/management/v1"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


class Managers:
    """Makes the calls that were not recorded.

    :param server: the folder of the recordings.
    :param recorded: the exchanges of each file, which have the ids of the recorded server.
    """

    def __init__(self, replay: Replay, server: str, recorded: dict[str, list[dict[str, Any]]]) -> None:
        self.replay = replay
        self.server = server
        self.recorded = {name: {each["title"]: each for each in recorded[name]} for name in FILES}
        self.tokens: dict[str, str] = {}

    def token_for(self, title: str) -> str:
        """Return the token of the caller of an exchange."""
        for role in ("ORG_OWNER", "IAM_OWNER_VIEWER"):
            if f"as {role}:" in title:
                return self.tokens[role]
        return self.tokens["m" if title == "create an organization, v1" else "bench-admin"]

    def is_unsorted(self, title: str) -> bool:
        """Whether the recorded answer has a list in an order of its own."""
        return title in UNSORTED[self.server]

    def before(self, name: str, title: str) -> None:
        """Do what happened just before an exchange."""
        step = _STEPS[name].get(title)
        if step is not None:
            step(self)

    def _call(self, method: str, path: str, body: Any = None, org: str = "") -> Any:
        return self.replay.call(method, path, body, org, self.tokens.get("bench-admin", ""))

    def _machine(self, name: str, org: str = "") -> str:
        made = self._call("POST", f"{_MANAGEMENT}/users/machine", {"userName": name, "name": name}, org)
        return str(made["userId"])

    def _login(self, caller: str, user: str, org: str = "") -> None:
        answer = self._call("POST", f"{_MANAGEMENT}/users/{user}/pats", {}, org)
        self.tokens[caller] = answer["token"]

    # Metadata.

    def begin(self) -> None:
        """Create the account of the recording, and what metadata.jsonl works on."""
        admin = self._machine("bench-admin")
        self._call("POST", "/admin/v1/members", {"userId": admin, "roles": ["IAM_OWNER"]})
        self._login("bench-admin", admin)
        self.replay.earlier_project()
        org, other = (self._call("POST", f"{_MANAGEMENT}/orgs", {"name": name})["id"] for name in ("A", "B"))
        human = {
            "organization": {"orgId": org},
            "username": "u",
            "profile": {"givenName": "Ann", "familyName": "Berg"},
            "email": {"email": "u@example.com", "isVerified": True},
        }
        user = self._call("POST", "/v2/users/human", human)["userId"]
        owner, self.viewer = self._machine("ow", org), self._machine("vw", org)
        self._call("POST", f"{_MANAGEMENT}/orgs/me/members", {"userId": owner, "roles": ["ORG_OWNER"]}, org)
        self._call("POST", "/admin/v1/members", {"userId": self.viewer, "roles": ["IAM_OWNER_VIEWER"]})
        self._login("ORG_OWNER", owner, org)
        self._login("IAM_OWNER_VIEWER", self.viewer, org)
        requests = {title: each["request"] for title, each in self.recorded["metadata"].items()}
        self.replay.map.ids |= {
            requests["v1 organization: unknown key"]["org"]: org,
            requests["v1 organization: get, another organization's header"]["org"]: other,
            requests["v1 user: unknown key"]["path"].split("/")[4]: user,
        }
        self.org, self.user = org, user

    def deactivate_org(self) -> None:
        """Deactivate the organization with the metadata."""
        self._call("POST", f"{_MANAGEMENT}/orgs/me/_deactivate", {}, self.org)

    def reactivate_org(self) -> None:
        """Reactivate it."""
        self._call("POST", f"{_MANAGEMENT}/orgs/me/_reactivate", {}, self.org)

    def deactivate_user(self) -> None:
        """Deactivate the user with the metadata."""
        self._call("POST", f"{_MANAGEMENT}/users/{self.user}/_deactivate", {}, self.org)

    def remove_user(self) -> None:
        """Remove the user with the metadata."""
        self._call("DELETE", f"{_MANAGEMENT}/users/{self.user}", org=self.org)

    # Members.

    def age(self) -> None:
        """Bring the instance to the recorded sequence, by changes of a member, who is then removed."""
        events = self.recorded["members"]["events: members of the instance"]["response"]["events"]
        path, roles = f"/admin/v1/members/{self.viewer}", ["IAM_OWNER_VIEWER", "IAM_USER_MANAGER"]
        while int(self._call("PUT", path, {"roles": roles})["details"]["sequence"]) < int(events[0]["sequence"]) - 1:
            roles.reverse()
        # The recorded searches of events begin here.
        self.replay.start = _now()
        self._call("DELETE", path)

    def remember(self) -> None:
        """Remember the moment: July's list of the second organization shows that state."""
        self.moment = _now()

    def list_late(self) -> None:
        """Make lists late where the recorded one was."""
        if self.server == "2026-07":
            self._call("POST", "/debug/lag", {"since": self.moment})

    def list_in_time(self) -> None:
        """Let lists be in time again."""
        self._call("POST", "/debug/lag", {"seconds": 0})

    def _id(self, title: str, field: str = "userId") -> str:
        return self.replay.map.ids[self.recorded["members"][title]["response"][field]]

    @property
    def _org(self) -> str:
        return self._id("A", "id")

    @property
    def _project(self) -> str:
        return f"{_MANAGEMENT}/projects/{self._id('project', 'id')}"

    @property
    def _grant(self) -> str:
        return f"{self._project}/grants/{self._id('project grant', 'grantId')}"

    def _remove(self, path: str, *users: str, org: str = "") -> None:
        for title in users or ("machine user m", "human user h", "machine user x"):
            self._call("DELETE", f"{path}/{self._id(title)}", org=org)

    def clear_instance(self) -> None:
        """Remove the members of the instance that the calls of v1 have left."""
        self._remove("/admin/v1/members")

    def clear_instance_again(self) -> None:
        """Remove the member of the instance that the calls of v2 have left."""
        self._remove("/admin/v1/members", "human user h")

    def clear_org(self) -> None:
        """Remove the members of the organization."""
        self._remove(f"{_MANAGEMENT}/orgs/me/members", org=self._org)

    def clear_project(self) -> None:
        """Remove the members of the project."""
        self._remove(f"{self._project}/members", org=self._org)

    def clear_project_grant(self) -> None:
        """Remove the members of the project grant."""
        self._remove(f"{self._grant}/members", org=self._org)

    def deactivate_member(self) -> None:
        """Add a user to all levels, and deactivate it."""
        user = self._id("machine user d")
        for path, role, org in (
            ("/admin/v1/members", "IAM_OWNER_VIEWER", ""),
            (f"{_MANAGEMENT}/orgs/me/members", "ORG_OWNER_VIEWER", self._org),
            (f"{self._project}/members", "PROJECT_OWNER_VIEWER", self._org),
        ):
            self._call("POST", path, {"userId": user, "roles": [role]}, org)
        self._state("machine user d", "deactivate")

    def _state(self, title: str, *changes: str) -> None:
        for change in changes:
            self._call("POST", f"{_MANAGEMENT}/users/{self._id(title)}/_{change}", {}, self._org)

    def lock_member(self) -> None:
        """Lock the user instead."""
        self._state("machine user d", "reactivate", "lock")

    def remove_member(self) -> None:
        """Remove the user."""
        self._remove(f"{_MANAGEMENT}/users", "machine user d", org=self._org)

    def deactivate_another(self) -> None:
        """Deactivate another user, who is no member yet."""
        self._state("machine user d2", "deactivate")

    def promote(self) -> None:
        """Let a service account create organizations."""
        user = self._id("machine user m")
        self._call("POST", "/admin/v1/members", {"userId": user, "roles": ["IAM_OWNER"]})
        self._login("m", user, self._org)

    def demote(self) -> None:
        """Take this right away again."""
        self._remove("/admin/v1/members", "machine user m")

    def remove_project_grant(self) -> None:
        """Remove the project grant, which has a member."""
        for path, role in ((self._grant, "PROJECT_GRANT_OWNER"), (self._project, "PROJECT_OWNER")):
            body = {"userId": self._id("machine user x"), "roles": [role]}
            self._call("POST", f"{path}/members", body, self._org)
        self._call("DELETE", self._grant, org=self._org)

    def remove_project(self) -> None:
        """Remove the project, which has a member."""
        self._call("DELETE", self._project, org=self._org)


#: file -> title of an exchange -> what happened just before it.
_STEPS: dict[str, dict[str, Callable[[Managers], None]]] = {
    "metadata": {
        "v1 organization: unknown key": Managers.begin,
        "v1 organization: inactive organization: set": Managers.deactivate_org,
        "events: organization": Managers.reactivate_org,
        "v1 user: inactive organization: set": Managers.deactivate_org,
        "events: user": Managers.reactivate_org,
        "v1 user: set, inactive user": Managers.deactivate_user,
        "v1 user: get, removed user": Managers.remove_user,
    },
    "members": {
        "A": Managers.age,
        "v2 instance: create": Managers.clear_instance,
        "v1 organization: add": Managers.clear_instance_again,
        "v1 organization: add, another organization's header": Managers.remember,
        "v1 organization: list, another organization's header": Managers.list_late,
        "v1 organization: list": Managers.list_in_time,
        "v2 organization: create": Managers.clear_org,
        "v2 project: create": Managers.clear_project,
        "v2 project grant: create": Managers.clear_project_grant,
        "v2 list, user deactivated": Managers.deactivate_member,
        "v2 list, user locked": Managers.lock_member,
        "v2 list, user removed": Managers.remove_member,
        "v1 organization: add an inactive user": Managers.deactivate_another,
        "create an organization, v1": Managers.promote,
        "events: members of the organization": Managers.demote,
        "v2 list, project grant removed": Managers.remove_project_grant,
        "v2 list, project removed": Managers.remove_project,
    },
}
