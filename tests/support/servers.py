"""The servers that tests run against, and what a test finds in them."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import httpx

from pulumi_zorg.testing import AdminClient, FaultProxy

if TYPE_CHECKING:
    from pulumi_zorg.emulator import Emulator, Snapshot

_BY_V1 = {
    "rename": "PUT /management/v1/orgs/me",
    "deactivate": "POST /management/v1/orgs/me/_deactivate",
    "activate": "POST /management/v1/orgs/me/_reactivate",
    "remove": "DELETE /admin/v1/orgs/{id}",
}

ProfileName = Literal["2026-07", "2025-12", "seeds"]
PROFILES: tuple[ProfileName, ...] = get_args(ProfileName)


class Furniture(NamedTuple):
    """The ids of what a test finds in a server."""

    home: str
    project: str
    ann: str
    bob: str


@dataclass
class Server:
    """A server with a proxy in front of it, and things in it that grants need.

    :param proxy: what the product is to talk to; records the calls and lets them go wrong.
    :param admin: changes made outside Pulumi, past the proxy.
    :param tag: makes names unique on a server that other tests use too.
    """

    proxy: FaultProxy
    admin: AdminClient
    token: str
    tag: str
    home: str
    project: str
    ann: str
    bob: str

    @property
    def own_user(self) -> str:
        """The user of the credential."""
        return str(self.admin.call("GET", "/auth/v1/users/me")["user"]["id"])

    def organizations(self) -> set[str]:
        """The organizations of this test; others run beside it on a real server."""
        return {each for each, found in self.admin.organizations().items() if self.tag in found["name"]}

    def changes_of(self, org_id: str, *changes: str) -> list[str]:
        """The writes that make changes of an organization in one run: `rename`, `deactivate`, `activate` and `remove`.

        A server that cannot change organizations by v2 is tried once for each of them.
        """
        found = []
        for each in changes:
            method, by_v2 = ("DELETE" if each == "remove" else "POST"), f"/v2/organizations/{org_id}"
            found.append(f"{method} {by_v2}" + (f"/{each}" if each in ("deactivate", "activate") else ""))
            if not self._changes_organizations_by_v2:
                found.append(_BY_V1[each].format(id=org_id))
        return found

    @cached_property
    def _changes_organizations_by_v2(self) -> bool:
        try:
            self.admin.call("POST", "/v2/organizations/42/deactivate")
        except httpx.HTTPStatusError as refused:
            return bool(refused.response.json()["message"] != "Not Found")
        return True

    def create_person(self, org_id: str, user_name: str, email: str | None = None, *, verified: bool = True) -> str:
        """Creates a user who is a person, and gives its id; :meth:`AdminClient.create_user` creates service accounts."""
        body = {
            "userName": user_name,
            "profile": {"firstName": user_name, "lastName": "Berg"},
            "email": {"email": email or f"{user_name}@example.com", "isEmailVerified": verified},
        }
        return str(self.admin.call("POST", "/management/v1/users/human", body, org=org_id)["userId"])

    def shows(self, seen: Callable[[], bool]) -> bool:
        """Whether the server's lists come to show it: on a real server they lag behind."""
        until = time.monotonic() + 20
        while not seen():
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def has_rights(self, token: str, org_id: str) -> bool:
        """Whether the holder of a token has a role in the organization, or on the instance."""
        with AdminClient(self.proxy.target, token) as holder, suppress(httpx.HTTPStatusError):
            return bool(holder.call("POST", "/auth/v1/permissions/zitadel/me/_search", org=org_id).get("result"))
        return False

    def wait_for_rights(self, token: str, *org_ids: str) -> str:
        """Waits until the holder of a new token has rights in these organizations: memberships lag on a real server."""
        assert self.shows(lambda: all(self.has_rights(token, org_id) for org_id in org_ids))
        return token

    def name(self, name: str) -> str:
        """A name that nobody else uses."""
        return f"{name} {self.tag}" if self.tag else name


@dataclass
class _Furnished:
    """An emulator that runs, and what a test finds in it."""

    emulator: Emulator
    snapshot: Snapshot
    furniture: Furniture


#: Emulators that are not in use. To stop one takes a tenth of a second, and to furnish one takes ten calls.
_idle: dict[str, list[_Furnished]] = {}


@contextmanager
def emulated(like: ProfileName = "2026-07") -> Iterator[Server]:
    """An emulator that nobody else uses, with a new instance."""
    idle = _idle.setdefault(like, [])
    furnished = idle.pop() if idle else _new(like)
    url, token = furnished.emulator.url, furnished.emulator.token
    try:
        with AdminClient(url, token) as admin, FaultProxy(url) as proxy:
            yield Server(proxy, admin, token, "", *furnished.furniture)
    finally:
        furnished.emulator.reset(furnished.snapshot)
        idle.append(furnished)


def _new(like: ProfileName) -> _Furnished:
    from pulumi_zorg.emulator import Emulator

    emulator = Emulator(like=like).start()
    with AdminClient(emulator.url, emulator.token) as admin:
        furniture = _furnish(admin, "")
    return _Furnished(emulator, emulator.snapshot(), furniture)


@contextmanager
def real() -> Iterator[Server]:
    """The real server that ``ZITADEL_TEST_URL`` and ``ZITADEL_TEST_TOKEN`` name; leaves nothing behind."""
    url, token = os.environ["ZITADEL_TEST_URL"], os.environ["ZITADEL_TEST_TOKEN"]
    tag = uuid.uuid4().hex[:8]
    with AdminClient(url, token) as admin, FaultProxy(url) as proxy:
        try:
            yield Server(proxy, admin, token, tag, *_furnish(admin, tag))
        finally:
            for org_id, organization in admin.organizations().items():
                if tag in organization["name"]:
                    # The list lags: what it shows may be removed by now.
                    with suppress(httpx.HTTPStatusError):
                        admin.remove_organization(org_id)


def real_is_given() -> bool:
    """Whether there is a real server to test against."""
    return bool(os.environ.get("ZITADEL_TEST_URL") and os.environ.get("ZITADEL_TEST_TOKEN"))


def _furnish(admin: AdminClient, tag: str) -> Furniture:
    """Create a project with three roles and two users, in an organization that is not the credential's own."""
    home = admin.create_organization(f"Furniture {tag}".strip())
    project = admin.create_project(home, "Portal", ("admin", "editor", "viewer"))
    return Furniture(home, project, admin.create_user(home, f"ann{tag}"), admin.create_user(home, f"bob{tag}"))
