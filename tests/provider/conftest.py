"""Tests of the provider without the engine. Those marked ``engine_too`` run on the real engine as well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ANY, EVERY, started
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack

_LEVELS: dict[str, type[InProcessStack] | type[Stack]] = {"provider": InProcessStack, "engine": Stack}

_MARKS: dict[str, list[pytest.MarkDecorator]] = {"provider": [], "engine": [pytest.mark.engine]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The level and the server.

    A test that is marked ``every_profile`` runs on the emulator in each of its profiles. The others run on the newest, because the
    profiles differ in single calls, which tests/contract tests. ``ZORG_EVERY_PROFILE`` marks them all. The engine runs on the newest.
    """
    if "level" not in metafunc.fixturenames:
        return
    levels = list(_LEVELS) if metafunc.definition.get_closest_marker("engine_too") else ["provider"]
    if "every_server" in metafunc.fixturenames:
        every = metafunc.definition.get_closest_marker("every_profile") or os.environ.get("ZORG_EVERY_PROFILE")
        servers = {"provider": EVERY if every else ANY, "engine": ANY}
        pairs = [pytest.param(level, each, marks=_MARKS[level]) for level in levels for each in servers[level]]
        metafunc.parametrize(("level", "every_server"), pairs, indirect=["every_server"])
    else:
        metafunc.parametrize("level", [pytest.param(level, marks=_MARKS[level]) for level in levels])


@pytest.fixture
def every_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server that belongs to the level."""
    with started(request.param) as server:
        yield server


@pytest.fixture
def stack(level: str, server: Server, tmp_path: Path) -> InProcessStack | Stack:
    """A stack on :func:`server`."""
    return _LEVELS[level](tmp_path / "stack", server.proxy.url, server.token)


@pytest.fixture
def any_stack(level: str, any_server: Server, tmp_path: Path) -> InProcessStack | Stack:
    """A stack on :func:`any_server`."""
    return _LEVELS[level](tmp_path / "stack", any_server.proxy.url, any_server.token)


@pytest.fixture
def every_stack(level: str, every_server: Server, tmp_path: Path) -> InProcessStack | Stack:
    """A stack on :func:`every_server`."""
    return _LEVELS[level](tmp_path / "stack", every_server.proxy.url, every_server.token)
