"""Lists of a real server lag behind what was just done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

T = TypeVar("T")


def listed(read: Callable[[], T]) -> T:
    """What a list shows, once it shows anything: on a real server lists lag behind."""
    patient = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(20),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    found: T = patient(read)
    return found
