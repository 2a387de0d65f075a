"""What the unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from tests.unit.clients import Clients
from tests.unit.patience import Waits

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("zorg", deadline=None)
hypothesis.settings.load_profile("zorg")


@pytest.fixture
def clients() -> Iterator[Clients]:
    """Clients of a server, closed at the end."""
    with Clients() as clients:
        yield clients


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Waiting that takes no time, although the clock goes on."""
    return Waits(monkeypatch)
