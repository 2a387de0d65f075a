"""An answer to a create that names another object, as a gateway that mixes up answers sends it: nothing is done to that object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.each_type import example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, machine, project

CREATES = {
    "project": ("/projects$", "id"),
    "machine": ("/users/machine$", "userId"),
    "grant": ("/grants$", "userGrantId"),
}


@pytest.mark.parametrize("effect", ["answer", "replace"])
@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("kind", CREATES)
def test_a_wrong_id_in_the_answer_to_a_create_changes_nobody(
    server: Server, stack: InProcessStack, kind: str, active: bool, effect: str
) -> None:
    admin, home = server.admin, server.home
    others = {
        "project": lambda: server.project,
        "machine": lambda: admin.create_user(home, "other"),
        "grant": lambda: admin.create_grant(home, server.bob, server.project, ["viewer"]),
    }
    other = others[kind]()

    def seen() -> Any:
        lists = {"project": admin.projects, "machine": admin.users, "grant": admin.grants}
        found = lists[kind](home)[other]
        return {name: each for name, each in found.items() if name != "details"}

    before, (path, field) = seen(), CREATES[kind]
    at = "2026-07-01T00:00:00Z"
    details = {"resourceOwner": home, "sequence": "1", "creationDate": at, "changeDate": at}
    answer = {"status": 200, "body": json.dumps({field: other, "details": details})}
    server.proxy.add(Fault(effect, method="POST", path=path, headers={"Content-Type": "application/json"}, **answer))
    declared = {
        "project": lambda: project(home, "New", active=active),
        "machine": lambda: machine(home, "new", active=active),
        "grant": lambda: grant(home, server.ann, server.project, ["editor"], active=active),
    }
    stack.declare(it=declared[kind]())
    assert stack.fails().shows("the answer names an object that is not what was created")
    assert stack.resources() == {}
    assert seen() == before


@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize("of", ["nothing", "another organization", "another type"])
@pytest.mark.parametrize("kind", ["org", "machine", "human", "project", "project_grant", "grant"])
def test_an_id_that_is_not_of_what_was_created_is_in_no_state(
    server: Server, stack: InProcessStack, kind: str, of: str, active: bool
) -> None:
    it, admin = example(kind, server), server.admin
    elsewhere = admin.create_organization("Elsewhere")
    in_another = {
        "org": lambda: server.project,
        "machine": lambda: admin.create_user(elsewhere, "other"),
        "human": lambda: admin.create_human(elsewhere, "other"),
        "project": lambda: admin.create_project(elsewhere, "Other"),
        "project_grant": lambda: admin.grant_project(
            elsewhere, admin.create_project(elsewhere, "Other"), server.home, []
        ),
        "grant": lambda: admin.create_grant(elsewhere, server.bob, admin.create_project(elsewhere, "Other"), []),
    }
    of_another = {"human": lambda: server.ann, "machine": lambda: admin.create_human(server.home, "other")}
    other = {
        "nothing": lambda: "424242",
        "another organization": in_another[kind],
        "another type": of_another.get(kind, lambda: server.ann),
    }[of]()
    before = it.ids()
    fields = dict.fromkeys(("id", "userId", "grantId", "userGrantId"), other)
    body = json.dumps(
        {**fields, "details": {"resourceOwner": other if kind == "org" else server.home, "sequence": "1"}}
    )
    headers = {"Content-Type": "application/json"}
    server.proxy.add(Fault("replace", method="POST", path=it.create_path, status=200, headers=headers, body=body))
    stack.declare(it=it.declare(active=active))
    assert stack.fails().shows("the answer names an object that is not what was created")
    assert stack.resources() == {}
    stack.up()
    assert it.ids() - before == {stack.id("it")}
    stack.assert_settled()


def test_an_id_that_no_read_has_shown_is_not_resumed(server: Server, stack: InProcessStack) -> None:
    other = server.admin.create_user(server.home, "other")
    body = json.dumps({"userId": other, "details": {"resourceOwner": server.home, "sequence": "1"}})
    headers = {"Content-Type": "application/json"}
    server.proxy.add(
        Fault("replace", path="/users/machine$", status=200, headers=headers, body=body),
        Fault("answer", "GET", f"/users/{other}$", status=403, body="<html>no</html>", times=None),
    )
    stack.declare(it=machine(server.home, "new", active=False))
    stack.fails()
    server.proxy.clear()
    stack.up()
    users = {each["userName"]: each["state"] for each in server.admin.users(server.home).values()}
    assert (users["other"], users["new"]) == ("USER_STATE_ACTIVE", "USER_STATE_INACTIVE")
    assert stack.id("it") != other
