"""Fixtures of the tests of the emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_zorg.emulator import Emulator
from tests.emulator.instance import Instance


@pytest.fixture(scope="package")
def instance() -> Iterator[Instance]:
    """One emulator for all tests that create everything that they need."""
    with Emulator() as emulator:
        instance = Instance(emulator)
        yield instance
        instance.close()
