"""What the unit tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import hypothesis
import pytest

from tests.unit.clients import Clients
from tests.unit.patience import Waits

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("zorg", deadline=None)
hypothesis.settings.load_profile("zorg")


@pytest.fixture(scope="session")
def _loop() -> asyncio.AbstractEventLoop:
    """One for all tests. To close it ends the threads of Pulumi's mocks, which leave their own loops open: a ResourceWarning."""
    return asyncio.new_event_loop()


@pytest.fixture(autouse=True)
def _event_loop(_loop: asyncio.AbstractEventLoop) -> None:
    """Set an event loop, which Pulumi's `set_mocks` needs. Since Python 3.14 a thread has none of its own (pulumi issue 24338)."""
    asyncio.set_event_loop(_loop)


@pytest.fixture
def clients() -> Iterator[Clients]:
    """Clients of a server, closed at the end."""
    with Clients() as clients:
        yield clients


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Waiting that takes no time, although the clock goes on."""
    return Waits(monkeypatch)
