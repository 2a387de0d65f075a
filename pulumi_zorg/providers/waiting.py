"""Looks again and again, for what a server, or another resource, takes some time to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

__all__ = ["look_until"]

T = TypeVar("T")


def look_until(
    look: Callable[[], T], enough: Callable[[T], bool], *, within: float, sleep: Callable[[float], None]
) -> T:
    """What is seen once it is enough; else what was seen last.

    :param within: seconds after which no further look is had.
    :param sleep: waits for that many seconds.
    """

    def last(state: tenacity.RetryCallState) -> T:
        assert state.outcome is not None  # noqa: S101 - narrows the type for the checker: there was a look
        seen: T = state.outcome.result()
        return seen

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda seen: not enough(seen)),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
        stop=tenacity.stop_before_delay(within),
        retry_error_callback=last,
        sleep=sleep,
    )
    found: T = retrying(look)
    return found
