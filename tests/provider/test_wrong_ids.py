"""An answer to a create that names another object, as a gateway that mixes up answers sends it: nothing is done to that object."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
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
@pytest.mark.parametrize("where", ["beside", "elsewhere"])
@pytest.mark.parametrize("kind", CREATES)
def test_a_wrong_id_in_the_answer_to_a_create_changes_nobody(
    server: Server, stack: InProcessStack, kind: str, where: str, active: bool, effect: str
) -> None:
    admin, home = server.admin, server.home
    others: dict[str, Callable[[], str]] = {
        "project": lambda: server.project,
        "machine": lambda: admin.create_user(home, "other"),
        "grant": lambda: admin.create_grant(home, server.bob, server.project, ["viewer"]),
    }
    other, place = others[kind](), home
    if where == "elsewhere":
        place = admin.create_organization("Elsewhere")
        there = admin.create_project(place, "There") if kind != "machine" else ""
        other = {
            "project": lambda: there,
            "machine": lambda: admin.create_user(place, "there"),
            "grant": lambda: admin.create_grant(place, server.bob, there, []),
        }[kind]()

    def seen() -> Any:
        lists = {"project": admin.projects, "machine": admin.users, "grant": admin.grants}
        found = lists[kind](place)[other]
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
