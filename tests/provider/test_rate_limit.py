"""A server that limits the number of calls: everything is done later, without an error and with few lines."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.support import in_process
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, org

MANY = 30


@pytest.mark.slow
def test_a_stack_goes_up_and_down_on_a_server_that_limits_calls(
    server: Server, stack: InProcessStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "_LONGEST_SLEEP", 60.0)
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(MANY)]
    stack.declare(
        **{f"org{number}": org(f"Tenant {number}") for number in range(MANY)},
        **{f"grant{number}": grant(server.home, user, server.project, ["viewer"]) for number, user in enumerate(users)},
    )
    httpx.post(f"{server.proxy.target}/debug/rate-limit", json={"calls": 40}).raise_for_status()
    up = stack.must("up")
    httpx.post(f"{server.proxy.target}/debug/rate-limit", json={"calls": 10}).raise_for_status()
    stack.must("refresh")
    httpx.post(f"{server.proxy.target}/debug/rate-limit", json={"calls": 40}).raise_for_status()
    stack.must("destroy")
    refused = [each for each in server.proxy.exchanges if each.status == 429]
    assert len(refused) <= 0.3 * len(server.proxy.exchanges)
    lines = re.findall(r"takes no more calls for \d\.\d s \(429\): waiting", up.out)
    assert 1 <= len(lines) <= 4
