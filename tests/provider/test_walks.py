"""How many modules a change passes, from the class in a program to the call of the API: what a newcomer has to read."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pulumi
import pytest
from pulumi.runtime import mocks

import pulumi_zorg as zorg
from tests.support.command import run_zorg
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
        if request.url.path.endswith("/deactivate"):
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


class _Walk:
    """Which modules are given an object that a list showed, or return it, in any of its forms.

    :param id: the object's id.
    """

    def __init__(self, id: str) -> None:
        self._id = id
        self.passed: list[str] = []

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if event not in ("call", "return") or not module.startswith("pulumi_zorg.") or module in self.passed:
            return
        if module.startswith(("pulumi_zorg.emulator", "pulumi_zorg.testing")):
            return
        given = (value for name, value in frame.f_locals.items() if name != "self") if event == "call" else [arg]
        if any(self._has(value) for value in given):
            self.passed.append(module)

    def _has(self, value: Any, depth: int = 2) -> bool:
        if isinstance(value, Mapping):
            value = tuple(value.values())
        if isinstance(value, list | tuple):
            return depth > 0 and any(self._has(each, depth - 1) for each in value)
        if not type(value).__module__.startswith("pulumi_zorg."):
            return False
        found = vars(value) if hasattr(value, "__dict__") else {}
        inside = [each for name, each in found.items() if name in ("observed", "unmanaged", "drifted")]
        return found.get("id") == self._id or (depth > 0 and any(self._has(each, depth - 1) for each in inside))


def test_an_entry_of_a_list_passes_few_modules_to_its_row(server: Server, tmp_path: Path) -> None:
    """A project that the stack does not manage, from the answer of the API to the printed report."""
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    found = server.admin.create_project(stack.id("acme"), "Portal")
    (tmp_path / "state.json").write_text(json.dumps(stack.state()))
    walk = _Walk(found)
    threading.setprofile(walk)
    sys.setprofile(walk)
    try:
        ended = run_zorg(
            "drift", "--state", "state.json", "--unmanaged", "--only", "Project", cwd=tmp_path, env=stack.env
        )
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # None ends it
    assert ended.code == 7, ended.err
    assert found in ended.out
    print("\n".join(walk.passed))
    # One of them compares the entry with the last events of the project, and one chooses between the versions of the API.
    assert len(walk.passed) <= 10, walk.passed
