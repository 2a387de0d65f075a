"""Fixtures of the emulator's own tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_zorg.emulator import Emulator
from tests.emulator.instance import Instance


@pytest.fixture(scope="package")
def instance() -> Iterator[Instance]:
    """One for all tests that make everything they need themselves."""
    with Emulator() as emulator:
        instance = Instance(emulator)
        yield instance
        instance.close()
