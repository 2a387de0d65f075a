"""Fixtures of all tests."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi
import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor

from tests.support.servers import PROFILES, Server, emulated, real, real_is_given
from tests.support.stack import Stack

#: The newest emulator, and a real server where one is given.
ANY = ["2026-07", *(["real"] if real_is_given() else [])]
#: The emulator in each of its profiles, and a real server where one is given.
EVERY = [*PROFILES, *(["real"] if real_is_given() else [])]


def pytest_configure() -> None:
    """Let the engine interrupt its processes.

    A shell makes what it starts in the background ignore SIGINT, and children inherit that. The engine then waits five seconds
    for each of them.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


#: The modules with the longest tests.
LONGEST = ("test_readmes_of_examples.py", "test_generated_programs.py", "test_stateful.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first, then those with the engine: a long test that begins last leaves the other workers idle."""

    def later(item: pytest.Item) -> tuple[bool, bool]:
        with_engine = "engine" in item.path.parts or item.get_closest_marker("engine") is not None
        return item.path.name not in LONGEST, not with_engine

    items.sort(key=later)


def pytest_collection_finish() -> None:
    """Keep what was collected out of the garbage collector's sight: it is large, and stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_mocks_are_left() -> Iterator[None]:
    """Pulumi's mocks are global to a process, and answer lookups: a test leaves none to the next one."""
    yield
    if isinstance(pulumi.runtime.settings.get_monitor(), MockMonitor):
        pulumi.runtime.settings.reset_options()


@pytest.fixture(scope="session", autouse=True)
def _one_certificate_is_trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All traffic is plain http on loopback, and loading all certificates takes 40 ms of CPU time for each client."""
    end = "-----END CERTIFICATE-----\n"
    file = tmp_path_factory.mktemp("certificates") / "one.pem"
    file.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(file))
        yield


@contextmanager
def started(name: str) -> Iterator[Server]:
    """A server of that profile, or the real one."""
    with real() if name == "real" else emulated(name) as server:
        yield server


@pytest.fixture
def server() -> Iterator[Server]:
    """A server like the newest, with a proxy in front of it."""
    with emulated() as server:
        yield server


@pytest.fixture(params=ANY)
def any_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server like the newest, and a real one where it is given."""
    with started(request.param) as server:
        yield server


@pytest.fixture(params=EVERY)
def every_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind, and a real one where it is given."""
    with started(request.param) as server:
        yield server


@pytest.fixture(params=PROFILES)
def profile_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind to itself: on a shared one, what others remove is looked into as well, and costs calls."""
    with emulated(request.param) as server:
        yield server


@pytest.fixture
def stack(server: Server, tmp_path: Path) -> Stack:
    """A stack on :func:`server`."""
    return Stack(tmp_path / "stack", server.proxy.url, server.token)


@pytest.fixture
def any_stack(any_server: Server, tmp_path: Path) -> Stack:
    """A stack on :func:`any_server`."""
    return Stack(tmp_path / "stack", any_server.proxy.url, any_server.token)


@pytest.fixture
def every_stack(every_server: Server, tmp_path: Path) -> Stack:
    """A stack on :func:`every_server`."""
    return Stack(tmp_path / "stack", every_server.proxy.url, every_server.token)
