"""A credential without rights on a server without the v1 API: lists are empty for it, and nothing is forgotten."""

from __future__ import annotations

import pytest

from tests.support.each_type import EXAMPLES, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.without_v1 import refuse_v1


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("deletion_policy", ["remove", "deactivate"])
def test_nothing_is_forgotten(any_server: Server, any_stack: InProcessStack, kind: str, deletion_policy: str) -> None:
    server, stack, it = any_server, any_stack, example(kind, any_server)
    if not it.has_states and deletion_policy == "deactivate":
        pytest.skip("it has no states")
    stack.declare(it=it.declare(deletion_policy=deletion_policy))
    stack.up()
    it_id = stack.id("it")
    user = server.admin.create_user(server.home, f"nobody{server.tag}")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, user)
    refuse_v1(server)
    before = stack.resources()
    for command in ("refresh", "destroy"):
        run = stack.run(command, "--yes", "--skip-preview")
        assert run.code != 0, f"{command}: {run.out}"
        assert stack.resources() == before
    stack.declare(it=it.declare(it.changed, deletion_policy=deletion_policy))
    assert stack.fails()
    assert it.is_active(it_id)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_who_may_only_read_removes_nothing(any_server: Server, any_stack: InProcessStack, kind: str) -> None:
    server, stack, it = any_server, any_stack, example(kind, any_server)
    stack.declare(it=it.declare())
    stack.up()
    user = server.admin.create_user(server.home, f"viewer{server.tag}")
    server.admin.add_instance_member(user, "IAM_OWNER_VIEWER")
    stack.env["ZITADEL_TOKEN"] = server.wait_for_rights(server.admin.create_token(server.home, user), server.home)
    refuse_v1(server)
    before = stack.resources()
    assert server.shows(lambda: stack.run("refresh", "--yes", "--skip-preview").code == 0)
    assert stack.run("destroy", "--yes", "--skip-preview").shows("PermissionDenied")
    assert stack.resources() == before
    assert it.is_active(stack.id("it"))


@pytest.mark.parametrize("kind", [each for each in EXAMPLES if each not in ("org", "project_grant")])
def test_an_owner_of_the_organization_is_enough(any_server: Server, any_stack: InProcessStack, kind: str) -> None:
    server, it = any_server, example(kind, any_server)
    user = server.admin.create_user(server.home, f"owner{server.tag}")
    server.admin.add_member(server.home, user, "ORG_OWNER")
    token = server.wait_for_rights(server.admin.create_token(server.home, user), server.home)
    any_stack.env["ZITADEL_TOKEN"] = token
    refuse_v1(server)
    any_stack.declare(it=it.declare())
    assert server.shows(lambda: any_stack.run("up").code == 0), "userinfo refuses a new token for a moment"
    made = any_stack.id("it")
    any_stack.assert_settled()
    any_stack.destroy()
    assert it.is_gone(made)
