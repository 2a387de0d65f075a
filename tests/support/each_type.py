"""One example of each resource type: how a test declares it, changes it, and looks at it past Pulumi.

The tests that run for every type (test_life_of_each_type.py, test_faults_of_each_type.py) know a type only by its example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
import pytest

from pulumi_zorg.testing import Fault
from tests.support.managers import place
from tests.support.servers import Server

__all__ = ["EXAMPLES", "WITH_STATES", "Example", "example"]

_COMMON = {"active": True, "adopt": False, "deletion_policy": "remove"}


class Example:
    """An object of one type, and what it needs, on one server.

    :ivar args: the arguments that declare it.
    :ivar changed: arguments that an update changes in place.
    :ivar moved: arguments that replace the object; empty for a type of which none does.
    """

    #: What the test program calls the type.
    kind: ClassVar[str]
    #: What errors call an object.
    noun: ClassVar[str]
    #: What the names of its states begin with.
    states: ClassVar[str]
    #: A regular expression of the path that a create is sent to.
    create_path: ClassVar[str]
    #: A regular expression of the paths of the other writes about an object, besides deactivate and reactivate.
    write_path: ClassVar[str]
    #: The method of an update.
    update_method: ClassVar[str] = "PUT"
    #: A property that somebody changes outside Pulumi; see :meth:`change_outside`.
    drifts: ClassVar[str]
    #: The arguments of ``get``, besides the id.
    address: ClassVar[tuple[str, ...]] = ()
    #: Whether it can be active and inactive.
    has_states: ClassVar[bool] = True

    def __init__(self, server: Server) -> None:
        self.server, self.admin, self.home = server, server.admin, server.home
        self.args: dict[str, Any] = {}
        self.changed: dict[str, Any] = {}
        self.moved: dict[str, Any] = {}
        self.prepare()

    def prepare(self) -> None:
        """Create what the object needs, and set :attr:`args`, :attr:`changed` and :attr:`moved`."""
        raise NotImplementedError

    def declare(self, *changes: Mapping[str, Any], opts: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
        """Declare the object, with these changes."""
        given = dict(self.args)
        for each in (*changes, args):
            given |= each
        return {"kind": self.kind, "args": given, "opts": opts or {}}

    def get(self, id: str, *export: str) -> dict[str, Any]:
        """Declare a ``get`` of an object."""
        declared = self.declare()
        address = {name: declared["args"][name] for name in self.address}
        return {**declared, "args": address, "get": id, "export": list(export)}

    def outputs(self, *changes: Mapping[str, Any], **args: Any) -> dict[str, Any]:
        """The outputs of the object that :meth:`declare` declares with these changes."""
        given = {**_COMMON, **self.args}
        for each in (*changes, args):
            given |= each
        return {**given, "state": f"{self.states}_{'ACTIVE' if given['active'] else 'INACTIVE'}"}

    @property
    def another(self) -> dict[str, Any]:
        """Arguments that one step brings about: the deactivation, or another update of what has no states."""
        return {"active": False} if self.has_states else self.changed

    @property
    def inactive(self) -> dict[str, Any]:
        """Arguments that declare it inactive; none of what has no states."""
        return {"active": False} if self.has_states else {}

    @property
    def another_path(self) -> str:
        """A regular expression of the path of the call that makes :attr:`another`."""
        return "deactivate$" if self.has_states else self.write_path

    def is_another(self, id: str) -> bool:
        """Whether the server shows the object as :attr:`another` declares it."""
        return not self.is_active(id)

    def hide(self, id: str) -> None:
        """Let no read and no list show the object, until :meth:`show`."""
        self.admin.call("POST", "/debug/phantoms", {"ids": [id]})

    def show(self) -> None:
        """End :meth:`hide`."""
        self.admin.call("POST", "/debug/phantoms", {"ids": []})

    @property
    def unknown_id(self) -> str:
        """The id of an object that does not exist."""
        return "424242"

    # The writes that the product makes, as ``METHOD path``

    def path(self, id: str, **args: Any) -> str:
        """The path of the calls about an object."""
        raise NotImplementedError

    def create_writes(self, **args: Any) -> list[str]:
        """The writes that create the active object."""
        raise NotImplementedError

    def finish_writes(self, id: str) -> list[str]:
        """The writes that set what a create cannot set."""
        return []

    def update_writes(self, id: str) -> list[str]:
        """The writes that make :attr:`changed` of the object that :attr:`args` declare."""
        return [f"PUT {self.path(id)}"]

    def restore_writes(self, id: str) -> list[str]:
        """The writes that undo :attr:`changed`."""
        return self.update_writes(id)

    def undo_writes(self, id: str) -> list[str]:
        """The writes that undo :meth:`change_outside`."""
        return [f"PUT {self.path(id)}"]

    def remove_writes(self, id: str, **args: Any) -> list[str]:
        """The writes that remove it."""
        return [f"DELETE {self.path(id, **args)}"]

    def deactivate_writes(self, id: str) -> list[str]:
        """The writes that deactivate it."""
        return [f"POST {self.path(id)}/_deactivate"]

    def reactivate_writes(self, id: str) -> list[str]:
        """The writes that reactivate it."""
        return [f"POST {self.path(id)}/_reactivate"]

    # Outside Pulumi

    def make(self) -> str:
        """Create the object as :attr:`args` declare it, and return its id."""
        raise NotImplementedError

    def ids(self) -> set[str]:
        """The objects of this type that the test has made, by a list."""
        raise NotImplementedError

    def record(self, id: str) -> dict[str, Any]:
        """The object as the server shows it."""
        raise NotImplementedError

    def set_active(self, id: str, active: bool) -> None:
        """Deactivate or reactivate it."""
        raise NotImplementedError

    def change_outside(self, id: str) -> None:
        """Change the property :attr:`drifts`."""
        raise NotImplementedError

    def remove(self, id: str) -> None:
        """Remove it."""
        raise NotImplementedError

    def is_active(self, id: str) -> bool:
        """Whether the server shows it as active."""
        return str(self.record(id)["state"]).endswith("_ACTIVE")

    def is_gone(self, id: str) -> bool:
        """Whether neither the list nor a read by id shows it."""
        try:
            shown = self.record(id)
        except httpx.HTTPStatusError:
            shown = {}
        return "state" not in shown and self.server.shows(lambda: id not in self.ids())


class OrganizationExample(Example):
    kind, noun, states = "org", "organization", "ORG_STATE"
    create_path, write_path, drifts = r"/management/v1/orgs$", r"/(orgs/me|orgs/\d+|v2/organizations/\d+)$", "name"
    update_method = "POST"

    def prepare(self) -> None:
        self.before = self.server.organizations()
        self.args = {"name": self.server.name("Tenant")}
        self.changed = {"name": self.server.name("Tenant Inc")}

    def outputs(self, *changes: Mapping[str, Any], **args: Any) -> dict[str, Any]:
        found = super().outputs(*changes, **args)
        domain = next(
            each["primaryDomain"] for each in self.admin.organizations().values() if each["name"] == found["name"]
        )
        return {"allow_lockout": False, **found, "primary_domain": domain}

    def path(self, id: str, **args: Any) -> str:
        return f"/v2/organizations/{id}"

    def create_writes(self, **args: Any) -> list[str]:
        return ["POST /management/v1/orgs"]

    def update_writes(self, id: str) -> list[str]:
        return self.server.changes_of(id, "rename")

    def undo_writes(self, id: str) -> list[str]:
        return self.server.changes_of(id, "rename")

    def remove_writes(self, id: str, **args: Any) -> list[str]:
        return self.server.changes_of(id, "remove")

    def deactivate_writes(self, id: str) -> list[str]:
        return self.server.changes_of(id, "deactivate")

    def reactivate_writes(self, id: str) -> list[str]:
        return self.server.changes_of(id, "activate")

    def make(self) -> str:
        return self.admin.create_organization(self.args["name"])

    def ids(self) -> set[str]:
        return self.server.organizations() - self.before

    def record(self, id: str) -> dict[str, Any]:
        return self.admin.organization(id)

    def set_active(self, id: str, active: bool) -> None:
        (self.admin.reactivate_organization if active else self.admin.deactivate_organization)(id)

    def change_outside(self, id: str) -> None:
        self.admin.rename_organization(id, self.server.name("Elsewhere"))

    def remove(self, id: str) -> None:
        self.admin.remove_organization(id)


class UserExample(Example):
    """A person or a service account."""

    states, address = "USER_STATE", ("org_id",)

    def path(self, id: str, **args: Any) -> str:
        return f"/management/v1/users/{id}"

    def ids(self) -> set[str]:
        mine = {*self.admin.users(self.home), *self.admin.users(self.other)}
        return mine - self.before

    def record(self, id: str) -> dict[str, Any]:
        try:
            return self.admin.user(self.home, id)
        except httpx.HTTPStatusError:
            return self.admin.user(self.other, id)

    def set_active(self, id: str, active: bool) -> None:
        self.admin.change_user_state(self.home, id, "reactivate" if active else "deactivate")

    def remove(self, id: str) -> None:
        self.admin.remove_user(self.home, id)


class MachineUserExample(UserExample):
    kind, noun = "machine", "machine user"
    create_path, write_path = r"/users/machine$", r"/users/\d+(/machine|/username)?$"
    drifts = "description"

    def prepare(self) -> None:
        self.other = self.admin.create_organization(self.server.name("Other"))
        self.before = set(self.admin.users(self.home))
        self.args = {
            "org_id": self.home,
            "user_name": f"robot{self.server.tag}",
            "name": "Robot",
            "description": "deploys",
            "access_token_type": "ACCESS_TOKEN_TYPE_BEARER",
        }
        self.changed = {
            "name": "Robot 2",
            "user_name": f"robot2{self.server.tag}",
            "description": "ships",
            "access_token_type": "ACCESS_TOKEN_TYPE_JWT",
        }
        self.moved = {"org_id": self.other}

    def create_writes(self, **args: Any) -> list[str]:
        return ["POST /management/v1/users/machine"]

    def update_writes(self, id: str) -> list[str]:
        return [f"PUT {self.path(id)}/username", f"PUT {self.path(id)}/machine"]

    def undo_writes(self, id: str) -> list[str]:
        return [f"PUT {self.path(id)}/machine"]

    def make(self) -> str:
        body = {"userName": self.args["user_name"], "name": "Robot", "description": "deploys"}
        return str(self.admin.call("POST", "/management/v1/users/machine", body, org=self.home)["userId"])

    def change_outside(self, id: str) -> None:
        self.admin.call("PUT", f"{self.path(id)}/machine", {"name": "Robot", "description": "sleeps"}, org=self.home)


class HumanUserExample(UserExample):
    kind, noun = "human", "human user"
    create_path, write_path = r"/v2/users/human$", r"/(management/v1|v2)/users/(human/)?\d+(/email|/phone)?$"
    drifts = "family_name"

    def prepare(self) -> None:
        try:
            self.admin.call("POST", "/v2/users", {"query": {"limit": 1}})
        except httpx.HTTPStatusError:
            pytest.skip("people are created by the v2 API, which this server does not have")
        self.other = self.admin.create_organization(self.server.name("Other"))
        self.before = set(self.admin.users(self.home))
        tag = self.server.tag
        self.args = {
            "org_id": self.home,
            "user_name": f"carl{tag}",
            "given_name": "Carl",
            "family_name": "Berg",
            "email": f"carl{tag}@example.com",
            "email_verified": True,
            "nick_name": "Charly",
            "display_name": "Carl B.",
            "preferred_language": "de",
            "gender": "GENDER_MALE",
            "phone": "+41791234567",
            "deletion_policy": "remove",
        }
        self.changed = {
            "user_name": f"karl{tag}",
            "given_name": "Karl",
            "email": f"karl{tag}@example.com",
            "preferred_language": "de-CH",
            "phone": "+41797654321",
        }
        self.moved = {"org_id": self.other}

    def create_writes(self, **args: Any) -> list[str]:
        return ["POST /v2/users/human"]

    def update_writes(self, id: str) -> list[str]:
        return [f"PUT /v2/users/human/{id}", f"POST /v2/users/{id}/email", f"POST /v2/users/{id}/phone"]

    def undo_writes(self, id: str) -> list[str]:
        return [f"PUT /v2/users/human/{id}"]

    def make(self) -> str:
        names = {"givenName": "Carl", "familyName": "Berg", "nickName": "Charly", "displayName": "Carl B."}
        profile = {**names, "preferredLanguage": "de", "gender": "GENDER_MALE"}
        phone = {"phone": self.args["phone"]}
        return self.admin.create_human(self.home, self.args["user_name"], profile=profile, phone=phone)

    def change_outside(self, id: str) -> None:
        profile = {"givenName": "Carl", "familyName": "Hill"}
        self.admin.call("PUT", f"/v2/users/human/{id}", {"profile": profile})


class ProjectExample(Example):
    kind, noun, states = "project", "project", "PROJECT_STATE"
    create_path = r"/management/v1/projects$"
    write_path, drifts = r"/management/v1/projects/\d+(/roles/(?!_search).*)?$", "project_role_assertion"
    address = ("org_id",)
    #: What the roles of `args` and of `changed` are in the state.
    normal: ClassVar[dict[str, dict[str, str]]] = {
        "admin": {"display_name": "Admin", "group": "staff"},
        "viewer": {"display_name": "Viewer", "group": ""},
    }
    normal_changed: ClassVar[dict[str, dict[str, str]]] = {
        "editor": {"display_name": "Editor", "group": ""},
        "viewer": {"display_name": "Reader", "group": ""},
    }

    def prepare(self) -> None:
        self.other = self.admin.create_organization(self.server.name("Other"))
        self.args = {
            "org_id": self.home,
            "name": "Shop",
            "roles": {"viewer": "Viewer", "admin": {"display_name": "Admin", "group": "staff"}},
            "project_role_assertion": True,
            "has_project_check": False,
            "private_labeling_setting": "PRIVATE_LABELING_SETTING_UNSPECIFIED",
        }
        self.changed = {
            "name": "Shop 2",
            "roles": {"viewer": "Reader", "editor": {"display_name": "Editor"}},
            "has_project_check": True,
            "private_labeling_setting": "PRIVATE_LABELING_SETTING_ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY",
        }
        self.moved = {"org_id": self.other}

    def outputs(self, *changes: Mapping[str, Any], **args: Any) -> dict[str, Any]:
        found = super().outputs(*changes, **args)
        defaults = {
            "project_role_check": False,
            "has_project_check": False,
            "private_labeling_setting": "PRIVATE_LABELING_SETTING_UNSPECIFIED",
        }
        roles = self.normal_changed if found["roles"] == self.changed["roles"] else self.normal
        # What the program leaves out of a project that it adopts stays as it is.
        left = {name: value for name, value in defaults.items() if name not in found}
        return {**defaults, **found, "roles": roles, **({"__filled": left} if found["adopt"] else {})}

    def path(self, id: str, **args: Any) -> str:
        return f"/management/v1/projects/{id}"

    def create_writes(self, **args: Any) -> list[str]:
        return ["POST /management/v1/projects"]

    def finish_writes(self, id: str) -> list[str]:
        return [f"POST {self.path(id)}/roles/_bulk"]

    def update_writes(self, id: str) -> list[str]:
        roles = f"{self.path(id)}/roles"
        return [f"DELETE {roles}/admin", f"PUT {roles}/viewer", f"POST {roles}/_bulk", f"PUT {self.path(id)}"]

    def restore_writes(self, id: str) -> list[str]:
        roles = f"{self.path(id)}/roles"
        return [f"DELETE {roles}/editor", f"PUT {roles}/viewer", f"POST {roles}/_bulk", f"PUT {self.path(id)}"]

    def make(self) -> str:
        made = self.admin.create_project(self.home, "Shop")
        self.admin.add_project_role(self.home, made, "viewer", "Viewer")
        self.admin.add_project_role(self.home, made, "admin", "Admin", "staff")
        self.admin.set_project_flags(self.home, made, projectRoleAssertion=True)
        return made

    def ids(self) -> set[str]:
        mine = {*self.admin.projects(self.home), *self.admin.projects(self.other)}
        return mine - {self.server.project}

    def record(self, id: str) -> dict[str, Any]:
        try:
            return self.admin.project(self.home, id)
        except httpx.HTTPStatusError:
            return self.admin.project(self.other, id)

    def set_active(self, id: str, active: bool) -> None:
        (self.admin.reactivate_project if active else self.admin.deactivate_project)(self.home, id)

    def change_outside(self, id: str) -> None:
        self.admin.set_project_flags(self.home, id, projectRoleAssertion=False)

    def remove(self, id: str) -> None:
        self.admin.remove_project(self.home, id)


class ProjectGrantExample(Example):
    kind, noun, states = "project_grant", "project grant", "PROJECT_GRANT_STATE"
    create_path, write_path, drifts = r"/projects/\d+/grants$", r"/projects/\d+/grants/\d+$", "role_keys"
    address = ("org_id", "project_id")

    def prepare(self) -> None:
        self.granted = self.admin.create_organization(self.server.name("Granted"))
        self.other = self.admin.create_organization(self.server.name("Other"))
        self.args = {
            "org_id": self.home,
            "project_id": self.server.project,
            "granted_org_id": self.granted,
            "role_keys": ["admin", "viewer"],
        }
        self.changed, self.moved = {"role_keys": ["editor"]}, {"granted_org_id": self.other}

    def path(self, id: str, **args: Any) -> str:
        return f"/management/v1/projects/{self.server.project}/grants/{id}"

    def create_writes(self, **args: Any) -> list[str]:
        return [f"POST /management/v1/projects/{self.server.project}/grants"]

    def update_writes(self, id: str) -> list[str]:
        return [f"PUT {self.path(id)}"] * 2  # each call takes one role out

    def restore_writes(self, id: str) -> list[str]:
        return [f"PUT {self.path(id)}"]

    def make(self) -> str:
        return self.admin.grant_project(self.home, self.server.project, self.granted, ["viewer", "admin"])

    def ids(self) -> set[str]:
        return set(self.admin.project_grants(self.home))

    def record(self, id: str) -> dict[str, Any]:
        return self.admin.project_grant(self.home, self.server.project, id)

    def set_active(self, id: str, active: bool) -> None:
        switch = self.admin.reactivate_project_grant if active else self.admin.deactivate_project_grant
        switch(self.home, self.server.project, id)

    def change_outside(self, id: str) -> None:
        self.admin.set_project_grant_roles(self.home, self.server.project, id, ["viewer"])

    def remove(self, id: str) -> None:
        self.admin.remove_project_grant(self.home, self.server.project, id)


class UserGrantExample(Example):
    kind, noun, states = "grant", "user grant", "USER_GRANT_STATE"
    create_path, write_path, drifts = r"/users/\d+/grants$", r"/users/\d+/grants/\d+$", "role_keys"
    address = ("org_id",)

    def prepare(self) -> None:
        self.args = {
            "org_id": self.home,
            "user_id": self.server.ann,
            "project_id": self.server.project,
            "role_keys": ["admin", "viewer"],
        }
        self.changed, self.moved = {"role_keys": ["editor"]}, {"user_id": self.server.bob}

    def path(self, id: str, **args: Any) -> str:
        return f"/management/v1/users/{args.get('user_id', self.server.ann)}/grants/{id}"

    def create_writes(self, **args: Any) -> list[str]:
        return [f"POST /management/v1/users/{args.get('user_id', self.server.ann)}/grants"]

    def make(self) -> str:
        return self.admin.create_grant(self.home, self.server.ann, self.server.project, ["viewer", "admin"])

    def ids(self) -> set[str]:
        return set(self.admin.grants(self.home))

    def record(self, id: str) -> dict[str, Any]:
        return self.admin.grant(self.home, self.server.ann, id)

    def set_active(self, id: str, active: bool) -> None:
        (self.admin.reactivate_grant if active else self.admin.deactivate_grant)(self.home, self.server.ann, id)

    def change_outside(self, id: str) -> None:
        self.admin.set_roles(self.home, self.server.ann, id, ["viewer"])

    def remove(self, id: str) -> None:
        self.admin.remove_grant(self.home, self.server.ann, id)


class ManagerExample(Example):
    kind, noun, states, has_states = "manager", "manager", "", False
    create_path, write_path, drifts = r"/orgs/me/members$", r"/orgs/me/members/\d+$", "roles"

    def prepare(self) -> None:
        self.place = place(self.server, "organization")
        self.before = set(self.place.roles())
        self.args = {
            "org_id": self.home,
            "user_id": self.server.ann,
            "roles": ["ORG_OWNER_VIEWER", "ORG_USER_MANAGER"],
        }
        self.changed, self.moved = {"roles": ["ORG_SETTINGS_MANAGER"]}, {"user_id": self.server.bob}

    def outputs(self, *changes: Mapping[str, Any], **args: Any) -> dict[str, Any]:
        found = super().outputs(*changes, **args)
        return {
            "allow_lockout": False,
            **{name: each for name, each in found.items() if name not in ("active", "state")},
        }

    @property
    def unknown_id(self) -> str:
        return self.place.id("424242")

    def path(self, id: str, **args: Any) -> str:
        return f"{self.place.path}/{args.get('user_id', self.server.ann)}"

    def create_writes(self, **args: Any) -> list[str]:
        return [f"POST {self.place.path}"]

    def make(self) -> str:
        self.place.admin = self.admin
        return self.place.add(self.server.ann, *self.args["roles"])

    def ids(self) -> set[str]:
        return {self.place.id(each) for each in self.place.roles().keys() - self.before}

    def record(self, id: str) -> dict[str, Any]:
        found = self.place.roles()
        return {"roles": found[id.rpartition(":")[2]]} if id in self.ids() else {}

    def set_active(self, id: str, active: bool) -> None:
        """It has no states."""

    def is_another(self, id: str) -> bool:
        return bool(self.record(id) == self.changed)

    def hide(self, id: str) -> None:
        nothing, headers = '{"details": {}, "pagination": {}}', {"Content-Type": "application/json"}
        lists = r"/members/_search$|/ListAdministrators$"
        self.server.proxy.add(Fault("answer", "POST", lists, times=None, status=200, body=nothing, headers=headers))

    def show(self) -> None:
        self.server.proxy.clear()

    def is_active(self, id: str) -> bool:
        return bool(self.record(id))

    def change_outside(self, id: str) -> None:
        self.place.change(self.server.ann, "ORG_USER_MANAGER")

    def remove(self, id: str) -> None:
        self.place.remove(self.server.ann)


EXAMPLES: dict[str, type[Example]] = {
    each.kind: each
    for each in (
        OrganizationExample,
        MachineUserExample,
        HumanUserExample,
        ProjectExample,
        ProjectGrantExample,
        UserGrantExample,
        ManagerExample,
    )
}
#: Those that can be active and inactive.
WITH_STATES = [kind for kind, each in EXAMPLES.items() if each.has_states]


def example(kind: str, server: Server) -> Example:
    """Return the example of a type, with what it needs."""
    return EXAMPLES[kind](server)
