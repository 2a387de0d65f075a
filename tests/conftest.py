"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers import LIKENESSES, World, emulated, real, real_is_given
from tests.support.stack import Stack

#: The emulator in each of its likenesses, and a real server where one is given.
SERVERS = [*LIKENESSES, *(["real"] if real_is_given() else [])]


@pytest.fixture
def world() -> Iterator[World]:
    """A server like the newest, with a proxy in front of it."""
    with emulated() as world:
        yield world


@pytest.fixture(params=SERVERS)
def any_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each server in turn."""
    with real() if request.param == "real" else emulated(request.param) as world:
        yield world


@pytest.fixture
def stack(world: World, tmp_path: Path) -> Stack:
    """A stack on :func:`world`."""
    return Stack(tmp_path / "stack", world.proxy.url, world.token)


@pytest.fixture
def any_stack(any_world: World, tmp_path: Path) -> Stack:
    """A stack on each server in turn."""
    return Stack(tmp_path / "stack", any_world.proxy.url, any_world.token)
