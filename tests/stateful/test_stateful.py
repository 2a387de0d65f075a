"""Random sequences; `ZORG_EXAMPLES` says how many (README.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from pulumi_zorg.engine import context
from tests.stateful.machine import COUNTED, Server, Stack

EXAMPLES = int(os.environ.get("ZORG_EXAMPLES", "12"))


@pytest.fixture(autouse=True)
def _leaves_no_server() -> Iterator[None]:
    yield
    Server.close()
    context.stop()


@pytest.mark.slow
@pytest.mark.timeout(10_000)
def test_the_laws_hold_on_random_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(
        Stack,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=16,
            deadline=None,
            database=None,
            # The same sequences each time, unless more are asked for: then others each time.
            derandomize="ZORG_EXAMPLES" not in os.environ,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    with capsys.disabled():
        print(f"\nstateful: {dict(sorted(COUNTED.items()))}")
    assert COUNTED["examples"] >= EXAMPLES
    assert COUNTED["clean runs"] > 0
    assert COUNTED["guard: passed"] > 0
    assert COUNTED["guard: refused"] > 0
