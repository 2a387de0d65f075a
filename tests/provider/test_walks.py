"""How many modules a change passes, from the class in a program to the call of the API: what a newcomer has to read."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pulumi
import pytest
from pulumi.runtime import mocks

import pulumi_zorg as zorg
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import org


def _modules(frame: FrameType | None) -> list[str]:
    """The modules of this package on the call stack, the outermost first, each once."""
    names: list[str] = []
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith("pulumi_zorg."):
            names.append(name)
        frame = frame.f_back
    return list(dict.fromkeys(reversed(names)))


class _NoEngine(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return "1", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        return {}


def test_a_deactivation_passes_few_modules(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``active=False`` of an organization, with the modules of both processes."""
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    name = server.name("Acme")
    stack.declare(acme=org(name))
    stack.up()

    passed: list[str] = []
    send = httpx.Client.send

    def sent(self: httpx.Client, request: httpx.Request, **kwargs: Any) -> httpx.Response:
        if request.url.path.endswith("/orgs/me/_deactivate"):
            passed.extend(_modules(sys._getframe(1)))
        return send(self, request, **kwargs)

    monkeypatch.setattr(httpx.Client, "send", sent)
    stack.declare(acme=org(name, active=False))
    stack.up()
    assert passed[0] == "pulumi_zorg.providers.base"

    declared: list[str] = []
    register = pulumi.CustomResource.__init__

    def registered(self: Any, *args: Any, **kwargs: Any) -> None:
        declared.extend(_modules(sys._getframe(1)))
        register(self, *args, **kwargs)

    monkeypatch.setattr(pulumi.CustomResource, "__init__", registered)
    mocks.set_mocks(_NoEngine(), project="tests", stack="test")
    zorg.Organization("acme", name=name, active=False)
    both = [*declared, *(each for each in passed if each not in declared)]
    print("\n".join(both))
    assert len(both) <= 12, both
