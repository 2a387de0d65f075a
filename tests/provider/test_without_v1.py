"""A server without the v1 API: each resource type lives its life by v2, and what v2 cannot is one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.each_type import EXAMPLES, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack
from tests.support.without_v1 import V1, refuse_v1

AnyStack = Stack | InProcessStack
#: v2 does not show the id of a project grant, so none is created without v1.
CREATED_BY_V1 = "project_grant"


@contextmanager
def v1_for_a_moment(server: Server, answer: str) -> Iterator[None]:
    """Let v1 answer meanwhile."""
    server.proxy.clear()
    yield
    refuse_v1(server, answer)


def _lives(server: Server, stack: AnyStack, kind: str, answer: str) -> None:
    it = example(kind, server)
    refuse_v1(server, answer)
    stack.declare(it=it.declare())
    if kind == CREATED_BY_V1:
        with v1_for_a_moment(server, answer):
            stack.up()
    stack.up()
    it_id = stack.id("it")
    assert it.is_active(it_id)
    assert stack.outputs("it") == it.outputs()
    stack.assert_settled()

    if it.has_states:
        stack.declare(it=it.declare(active=False))
        stack.up()
        assert not it.is_active(it_id)
        stack.assert_settled()

    stack.declare(it=it.declare(it.changed))
    stack.up()
    assert it.is_active(it_id)
    assert stack.outputs("it") == it.outputs(it.changed)
    stack.assert_settled()

    stack.declare(it=it.declare())
    stack.up()
    it.change_outside(it_id)
    assert server.shows(lambda: stack.preview("--refresh") == {"it": ["update", it.drifts]})
    stack.up("--refresh")
    stack.assert_settled()

    stack.destroy()
    assert it.is_gone(it_id)
    assert stack.resources() == {}
    assert [each for each in server.proxy.writes if V1 in each] == []


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_object_lives_its_life(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    _lives(any_server, any_stack, kind, "501")
