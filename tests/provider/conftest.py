"""Tests of the provider without the engine. Those marked ``engine_too`` run on the real engine as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ANY, EVERY, server
from tests.support.in_process import InProcessStack
from tests.support.servers import World
from tests.support.stack import Stack

_LEVELS: dict[str, type[InProcessStack] | type[Stack]] = {"provider": InProcessStack, "engine": Stack}

_MARKS: dict[str, list[pytest.MarkDecorator]] = {"provider": [], "engine": [pytest.mark.engine]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The level, and for a test on every server: the engine only on the newest."""
    if "level" not in metafunc.fixturenames:
        return
    levels = list(_LEVELS) if metafunc.definition.get_closest_marker("engine_too") else ["provider"]
    if "every_world" in metafunc.fixturenames:
        servers = {"provider": EVERY, "engine": ANY}
        pairs = [pytest.param(level, each, marks=_MARKS[level]) for level in levels for each in servers[level]]
        metafunc.parametrize(("level", "every_world"), pairs, indirect=["every_world"])
    else:
        metafunc.parametrize("level", [pytest.param(level, marks=_MARKS[level]) for level in levels])


@pytest.fixture
def every_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The server that belongs to the level."""
    with server(request.param) as world:
        yield world


@pytest.fixture
def stack(level: str, world: World, tmp_path: Path) -> InProcessStack | Stack:
    """A stack on :func:`world`."""
    return _LEVELS[level](tmp_path / "stack", world.proxy.url, world.token)


@pytest.fixture
def any_stack(level: str, any_world: World, tmp_path: Path) -> InProcessStack | Stack:
    """A stack on :func:`any_world`."""
    return _LEVELS[level](tmp_path / "stack", any_world.proxy.url, any_world.token)


@pytest.fixture
def every_stack(level: str, every_world: World, tmp_path: Path) -> InProcessStack | Stack:
    """A stack on :func:`every_world`."""
    return _LEVELS[level](tmp_path / "stack", every_world.proxy.url, every_world.token)
