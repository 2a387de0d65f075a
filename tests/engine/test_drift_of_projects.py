"""Which paths of a project's roles `zorg drift` ignores, compared with what the engine's refresh ignores."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_zorg.drift.compare import changes_of
from pulumi_zorg.engine.state import State
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from tests.support.servers import Server
from tests.support.stack import Stack, project
from tests.unit.clients import Clients

pytestmark = pytest.mark.engine

ROLES = {"admin": {"display_name": "Admin", "group": "staff"}, "viewer": "Viewer"}
#: The ignored paths, and what is changed outside Pulumi.
PATHS = ("roles", 'roles["viewer"]', "roles.viewer", "roles.viewer.group", "roles.editor", "roles.*", "name")
CHANGES = ("a renamed role", "another group", "a new role", "a removed role")


def change(server: Server, project_id: str, what: str) -> None:
    at = server.home, project_id
    if what == "a renamed role":
        server.admin.change_project_role(*at, "viewer", "Reader")
    elif what == "another group":
        server.admin.change_project_role(*at, "viewer", "Viewer", "guests")
    elif what == "a new role":
        server.admin.add_project_role(*at, "editor", "Editor")
    else:
        server.admin.remove_project_role(*at, "viewer")


def test_an_ignored_path_of_roles_means_the_same_as_to_the_engine(server: Server, stack: Stack) -> None:
    cases = {f"p{number}": (path, what) for number, (path, what) in enumerate((p, c) for p in PATHS for c in CHANGES)}
    stack.declare(
        **{
            name: project(server.home, name, roles=ROLES, opts={"ignore_changes": [path]})
            for name, (path, _) in cases.items()
        }
    )
    stack.up()
    state = {
        each.urn.rsplit("::", 1)[1]: each for each in State.of(json.loads(stack.must("stack", "export").out)).resources
    }
    for name, (_, what) in cases.items():
        change(server, state[name].id, what)
    with Clients() as clients:
        client = clients.owner(server)
        found: dict[str, Any] = {
            name: RESOURCE_TYPES[each.token].find(client, each.id, each.address) for name, each in state.items()
        }
    ours = {name for name, each in state.items() if changes_of(each, found[name].properties)}
    run = stack.must("refresh", "--preview-only", "--json")
    steps = json.loads(run.out[run.out.index("{") :])["steps"]
    theirs = {step["urn"].rsplit("::", 1)[1] for step in steps if step["op"] == "update"}
    assert {cases[name] for name in ours} == {cases[name] for name in theirs}
