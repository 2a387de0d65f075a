"""What the contract tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.clients import Clients


@pytest.fixture
def clients() -> Iterator[Clients]:
    """Clients of a server, closed at the end."""
    with Clients() as clients:
        yield clients
